"""What a record does not say of itself: the mode that a reply was written for, its source and its licence.

The mode is inferred from the reply:

- one of the contract's intent words alone: intent;
- an object (JSON or a Python dict, alone in a fence or without one): plan if it holds a list of steps, else step; an
  object in the code of an explanation says nothing, unless it calls a tool that AJ has or had;
- a list in reply to a system prompt that asks for a plan, or a list of `{"step": …}` objects: plan;
- prose, if the system prompt or the instruction asks for a call in JSON and does not also allow plain text: step, so
  that a how-to is recognised as a missing call;
- any other prose: chat. Most earlier prompts ("You are AJ, an expert …") ask for no form, and were answered with
  objects for tasks and prose for questions; that prose is not a failure.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from aj.contract import load_contract
from aj.hints import hint, hints_in, in_any_case
from aj.messages import Mode
from datasets_build.ledger import Refused
from datasets_build.reading.examples import is_shown
from datasets_build.reading.loose import read_object
from datasets_build.reading.numbering import is_list, is_steps
from scorers.checks.replies import said_word
from scorers.checks.voice import prose

_ASKS_FOR_A_CALL = re.compile(
    r"available tools:"
    r"|(?:respond|reply|answer) (?:only )?(?:with|in) (?:a |one |single |valid )*JSON\b[^.\n]{0,200}\b(?:tool|action)\b"
    r"|(?:a|one|the) JSON (?:object|call)[^.\n]{0,200}['\"`](?:tool|action)['\"`]",
    re.IGNORECASE,
)
_CALL_HINT = hint(*in_any_case("json", "available tools:"))
_ALLOWS_TEXT = re.compile(r"\bplain text\b|\bor (?:in )?prose\b", re.IGNORECASE)
_ASKS_FOR_A_PLAN = re.compile(
    r"\bcreate a plan\b|\bplan the task\b|\bbreaks? (?:down )?tasks? (?:down )?into steps\b", re.IGNORECASE
)
_PLAN_HINT = hint(*in_any_case("create a plan", "plan the task", "into steps"))
_STEPS_HINT = hint(r"['\"](?:steps|plan)['\"]|\\[uUxN0-7]")
"""One of the keys, or escapes that may be one."""
_STEP = re.compile(r"\{\s*['\"]step['\"]\s*:")
_OBJECT = re.compile(r"\s*(?:<think>[\s\S]{0,20000}?</think>\s*)?(?:\{|```\w*\s*\{(?:[^`]|`(?!``))*```\s*\Z)")
_CALL = re.compile(r"\{\s*['\"](?:tool|action|name|params|step)['\"]\s*:(?:\s*['\"](\w+)['\"])?")


def mode_of(response: str, system: str = "", instruction: str = "") -> Mode:
    """The mode that a response was written for; the module's docstring has the rules."""
    if said_word(response, load_contract()) in _intent_words():
        return "intent"
    if _is_plan(response, system):
        return "plan"
    if _OBJECT.match(response) or _calls(response):
        return "plan" if _has_steps(response) else "step"
    return "step" if _asks_for_a_call(system, instruction) else "chat"


def _is_plan(response: str, system: str) -> bool:
    asked = _asks_for_a_plan(system)
    if not asked and "step" not in response:
        return False  # as most rows: their lines need not be looked at
    lines = [line for line in response.splitlines() if line.strip()]
    return (asked or all(map(_STEP.search, lines))) and is_list(lines)


def _asks_for_a_plan(system: str) -> bool:
    return bool(hints_in(system) & _PLAN_HINT and _ASKS_FOR_A_PLAN.search(system))


def _asks_for_a_call(*asked: str) -> bool:
    possible = any(hints_in(text) & _CALL_HINT for text in asked)
    return possible and any(map(_ASKS_FOR_A_CALL.search, asked)) and not any(map(_ALLOWS_TEXT.search, asked))


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
    """Whether there is a call in the words of a response, or one in its code that is not shown as an example, of a tool
    that AJ has or had."""
    if "{" not in response or not (found := list(_CALL.finditer(response))):
        return False
    words, contract = prose(response), load_contract()
    known = (*contract.tool_by_name, *contract.aliases.retired_tools)
    said = (call for call in found if words[call.start()] == "{" or call[1] in known)
    return any(not is_shown(response, call.start()) for call in said)


def _has_steps(response: str) -> bool:
    if not hints_in(response) & _STEPS_HINT:
        return False
    try:
        reading = read_object(response)
    except (Refused, RecursionError):
        return False
    return reading is not None and any(is_steps(reading.record.get(key)) for key in ("steps", "plan"))
