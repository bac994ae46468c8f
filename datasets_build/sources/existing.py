"""Earlier AJ data, unchanged: `{system, instruction, response}` and `{messages, metadata}`.

History that was flattened into `instruction` (`[Previous message]: …`, `Context: … Task: …`) stays in the user's text.

The records do not name a mode, so it is inferred from the response:

- one of the contract's intent words alone: intent;
- an object (JSON or a Python dict, alone in a fence or without one): plan if it holds a list of steps, else step; an
  object in the code of an explanation says nothing, unless it calls a tool that AJ has or had;
- a list in reply to a system prompt that asks for a plan, or a list of `{"step": …}` objects: plan;
- prose, if the system prompt or the instruction asks for a call in JSON and does not also allow plain text: step, so
  that a how-to is recognised as a missing call;
- any other prose: chat. Most earlier prompts ("You are AJ, an expert …") ask for no form, and were answered with
  objects for tasks and prose for questions; that prose is not a failure.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from aj.contract import load_contract
from aj.messages import Call, Mode
from datasets_build.ledger import Refused
from datasets_build.reading.loose import read_object
from datasets_build.reading.transcripts import Parsed, Transcript, Turn, one_conversation
from datasets_build.sources import native
from scorers.checks.replies import said_word
from scorers.checks.voice import prose

_ASKS_FOR_A_CALL = re.compile(
    r"available tools:"
    r"|(?:respond|reply|answer) (?:only )?(?:with|in) (?:a |one |single |valid )*JSON\b[^.\n]{0,200}\b(?:tool|action)\b"
    r"|(?:a|one|the) JSON (?:object|call)[^.\n]{0,200}['\"`](?:tool|action)['\"`]",
    re.IGNORECASE,
)
_ALLOWS_TEXT = re.compile(r"\bplain text\b|\bor (?:in )?prose\b", re.IGNORECASE)
_ASKS_FOR_A_PLAN = re.compile(
    r"\bcreate a plan\b|\bplan the task\b|\bbreaks? (?:down )?tasks? (?:down )?into steps\b", re.IGNORECASE
)
_LIST = re.compile(r"\s*(?:\d+[.)]|[-*•]) \S")
_STEP = re.compile(r"\{\s*['\"]step['\"]\s*:")
_OBJECT = re.compile(r"\s*(?:<think>[\s\S]{0,20000}?</think>\s*)?(?:\{|```\w*\s*\{(?:[^`]|`(?!``))*```\s*\Z)")
_CALL = re.compile(r"\{\s*['\"](?:tool|action|name|params|step)['\"]\s*:(?:\s*['\"](\w+)['\"])?")


def matches(value: Mapping[str, Any]) -> bool:
    if "response" in value and "instruction" in value:
        return True
    return isinstance(value.get("messages"), list) and not native.matches(value)


def parse(value: Mapping[str, Any]) -> Iterator[Parsed]:
    return one_conversation(_transcript, value)


def mode_of(response: str, system: str = "", instruction: str = "") -> Mode:
    """The mode that a response was written for; the module's docstring has the rules."""
    if said_word(response, load_contract()) in _intent_words():
        return "intent"
    lines = [line for line in response.splitlines() if line.strip()]
    listed = bool(lines) and all(_LIST.match(line) for line in lines)
    if listed and (_ASKS_FOR_A_PLAN.search(system) or all(_STEP.search(line) for line in lines)):
        return "plan"
    if _OBJECT.match(response) or _calls(response):
        return "plan" if _has_steps(response) else "step"
    asked = f"{system}\n{instruction}"
    return "step" if _ASKS_FOR_A_CALL.search(asked) and not _ALLOWS_TEXT.search(asked) else "chat"


def metadata_of(value: Mapping[str, Any]) -> dict[str, Any]:
    """What the record says about itself; data without a licence is the owner's."""
    given = value.get("metadata")
    stated = dict(given) if isinstance(given, dict) else {}
    stated = {"source": "existing", "licence": stated.pop("license", "owner"), **stated}
    if "origin" not in stated and isinstance(value.get("id"), str | int):
        stated["origin"] = str(value["id"])
    return stated


@cache
def _intent_words() -> tuple[str, ...]:
    return next((mode.words for mode in load_contract().modes.values() if mode.reply == "word"), ())


def _calls(response: str) -> bool:
    """Whether there is a call in the words of a response, or one of a tool that AJ has or had in its code."""
    if "{" not in response or not (found := list(_CALL.finditer(response))):
        return False
    words, contract = prose(response), load_contract()
    known = (*contract.tool_by_name, *contract.aliases.retired_tools)
    return any(call[1] in known or words[call.start()] == "{" for call in found)


def _has_steps(response: str) -> bool:
    if not any(sign in response for sign in ("steps", "plan", "\\u")):
        return False  # neither key can be in it, not even as escapes: most rows need not be read for this
    try:
        reading = read_object(response)
    except (Refused, RecursionError):
        return False
    return reading is not None and any(isinstance(reading.record.get(key), list) for key in ("steps", "plan"))


def _transcript(value: Mapping[str, Any]) -> Transcript:
    if "response" in value and "instruction" in value:
        return _instruction(value)
    if isinstance(value.get("messages"), list):
        return _dialogue(value, value["messages"])
    raise Refused("unknown_shape", "neither 'instruction' and 'response' nor 'messages'")


def _instruction(value: Mapping[str, Any]) -> Transcript:
    instruction, response = value["instruction"], _text(value["response"])
    system = value.get("system") if isinstance(value.get("system"), str) else ""
    if not isinstance(instruction, str) or response is None:
        raise Refused("no_text", "'instruction' or 'response' is not a text")
    turns = (Turn("user", instruction), Turn("assistant", response))
    mode = mode_of(response, system or "", instruction)
    return Transcript(turns, mode, system=system or "", metadata=metadata_of(value))


def _text(value: Any) -> str | None:
    """The response; one that was stored as an object becomes its JSON."""
    if isinstance(value, dict | list):
        try:
            return json.dumps(value, ensure_ascii=False)
        except (ValueError, RecursionError):
            return None
    return value if isinstance(value, str) else None


# --- messages -------------------------------------------------------------------------------------------------------


def _dialogue(value: Mapping[str, Any], messages: list[Any]) -> Transcript:
    system: list[str] = []
    turns: list[Turn] = []
    tools: dict[str, str] = {}
    for message in messages:
        if not isinstance(message, dict):
            raise Refused("no_text", "a message is not an object")
        content = _content(message.get("content"))
        role = message.get("role")
        if role in ("system", "developer"):
            system.append(content)
        elif role == "user":
            turns.append(Turn("user", content))
        elif role in ("tool", "function"):
            named = message.get("name") or tools.get(str(message.get("tool_call_id")))
            turns.append(Turn("tool", content, tool=named if isinstance(named, str) else None))
        elif role == "assistant":
            turns += _assistant(message, content, tools)
        else:
            raise Refused("unknown_role", f"role {str(role)[:40]!r} is none of system, user, assistant, tool")
    if not any(turn.role == "assistant" for turn in turns):
        raise Refused("no_target", "the conversation has no assistant turn")
    return Transcript(tuple(turns), _mode(turns, system), system="\n\n".join(system), metadata=metadata_of(value))


def _mode(turns: list[Turn], system: list[str]) -> Mode:
    """Step if anything is called; otherwise the mode of the last response."""
    if any(turn.call or turn.role == "tool" for turn in turns):
        return "step"
    last = next(turn.text for turn in reversed(turns) if turn.role == "assistant")
    asked = next((turn.text for turn in reversed(turns) if turn.role == "user"), "")
    return mode_of(last, "\n".join(system), asked)


def _content(content: Any) -> str:
    """The text of a message, which may be a list of text parts."""
    if content is None:
        return ""
    if isinstance(content, list):
        content = "\n".join(texts) if (texts := _texts(content)) is not None else None
    if not isinstance(content, str):
        raise Refused("no_text", "a message's content is not a text")
    return content


def _texts(parts: list[Any]) -> list[str] | None:
    found = [part.get("text") if isinstance(part, dict) else part for part in parts]
    texts = [part for part in found if isinstance(part, str)]
    return texts if len(texts) == len(parts) else None


def _assistant(message: Mapping[str, Any], content: str, tools: dict[str, str]) -> list[Turn]:
    """The turn, or one turn for each call; ids of calls and their tools are added to `tools`."""
    stated = message.get("tool_calls") or (
        [{"function": message["function_call"]}] if message.get("function_call") else []
    )
    turns: list[Turn] = []
    if not isinstance(stated, list):
        raise Refused("bad_argument", "a tool call is not an object with a name")
    for one in stated:
        function = one.get("function", one) if isinstance(one, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise Refused("bad_argument", "a tool call is not an object with a name")
        tools[str(one.get("id"))] = function["name"]
        turns.append(Turn("assistant", "" if turns else content, Call(function["name"], _arguments(function))))
    return turns or [Turn("assistant", content)]


def _arguments(function: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as an object; those that cannot be read stay a text, under their own name."""
    arguments = function.get("arguments", function.get("parameters"))
    if isinstance(arguments, str) and arguments.strip():
        try:
            arguments = json.loads(arguments, strict=False)
        except (ValueError, RecursionError):
            return {"arguments": function["arguments"]}
    if isinstance(arguments, dict):
        return arguments
    return {} if arguments in (None, "") else {"arguments": arguments}
