"""What a row teaches: the documented patterns shown by one of its turns, judged from the row alone.

A model's output is judged in a conversation whose discovery is known (`scorers.checks.patterns`). Many rows describe
the past in words instead: agents are listed in the user's text, and tools have old names. Whatever is certain there
counts too.
"""

import json
import re
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from aj.acts import DISCOVER, REACHES, act_of, call_of
from aj.contract import Contract
from aj.findings import codes
from aj.hints import hint, hints_in
from aj.messages import Message, result
from aj.state import Agent, agents_listed, discovered
from aj.wire import Judgement
from scorers.checks.patterns import issues
from scorers.checks.said.counts import miscounts

_SHOWN = re.compile(
    r"\b(?:agents|\w{1,30}_agents (?:returned|found|shows|showed)|"
    r"(?:available|discovered|online|connected|known) (?:servers|hosts|machines))"
    r"(?: available| discovered| online| connected)?[ ]?(?:\(\d{1,4}\))?: ?([^\n]{1,2000})",
    re.IGNORECASE,
)
_MACHINES = ("gents", "ervers", "osts", "achines")
_SHOWN_HINT = hint(
    r"\) @ ",  # a line of a discovery
    r"(?i)(?:agents|_agents (?:returned|found|shows|showed)|servers|hosts|machines)"
    r"(?: available| discovered| online| connected)? ?(?:\([^)]{1,20}\))?:",
)
_NAME = re.compile(r"`?([\w.-]{1,80})`?(?: \((\w{1,20})\))?\.?")
_CONTEXT = re.compile(r"Context: (.*?)(?:\nTask: |\Z)", re.DOTALL)
"""What AJ's earlier rows and preferences say of the session, before the task."""
_TOLD = re.compile(
    r"\b(?:list_agents|agents|servers|hosts|machines|boxes)\b[^.:\n]{0,60}: ?([^\n]{1,2000}?)(?:\.\s|\.?$)",
    re.IGNORECASE | re.MULTILINE,
)
_NOBODY = ("none", "no", "n/a", "unknown", "nothing")
_KNOWLEDGE = re.compile(
    r"\W{0,3}(?:what|how (?!many|much)|why|explain|when|where|which|describe|difference|tell me about)\b", re.IGNORECASE
)
_DICT_ITEM = re.compile(r"^[ \t]{0,20}(?:[-*•]|\d{1,3}[.)]) {0,3}\{ {0,3}['\"]\w{1,40}['\"] {0,3}:", re.MULTILINE)
_QUOTED = re.compile(r"'[^']{0,4000}'|\"[^\"]{0,4000}\"")
_REACHES = re.compile(r"\b(?:ssh|scp|sftp|rsync|telnet|psexec|winrs|Invoke-Command|Enter-PSSession|\w+_on_\w+)\b", re.I)
_INVENTED_HINT = hint(r"run_on_remote|remote_(?:run|exec)")
_INVENTED = re.compile(r"\brun_on_remote\b|\bremote_(?:run|exec)\b")


def agents_shown(text: str) -> tuple[Agent, ...]:
    """The agents that a text lists as known: a discovery's lines, a state block, or names after "agents:"."""
    if not hints_in(text) & _SHOWN_HINT or not any(map(text.__contains__, _MACHINES)):
        return _in_context(text)
    return agents_listed(text) or _first_named(_SHOWN, text) or _in_context(text)


def told_discovery(messages: Sequence[Message], contract: Contract) -> list[Message]:
    """The discovery that the context of the first request tells in words, as turns; none if it tells of none."""
    agents = _in_context(messages[0].content) if messages else ()
    return as_discovery(agents, contract) if agents else []


def _in_context(text: str) -> tuple[Agent, ...]:
    """The agents that AJ's session knew, as the context before a task tells."""
    context = _CONTEXT.match(text) if text.startswith("Context: ") else None
    return (agents_listed(context[1]) or _first_named(_TOLD, context[1])) if context else ()


def _first_named(form: re.Pattern[str], text: str) -> tuple[Agent, ...]:
    return next(filter(None, (_named(match[1]) for match in form.finditer(text))), ())


def _named(listed: str) -> tuple[Agent, ...]:
    """The agents of an enumeration; none if an item is anything but a name."""
    names = [_NAME.fullmatch(item.strip()) for item in re.split(r", (?:and )?| and ", listed.strip())]
    if not all(names) or any(name and name[1].lower() in _NOBODY for name in names):
        return ()
    return tuple(Agent(name[1].rstrip("."), name[2] or "linux") for name in names if name)


def as_discovery(agents: Sequence[Agent], contract: Contract) -> list[Message]:
    """Agents as a discovery and its result, so that every check that looks for one finds them."""
    lines = (agent.line if agent.address else replace(agent, address="unknown").line for agent in agents)
    call = call_of(DISCOVER, contract)
    return [Message("assistant", call=call), result(call.tool, "\n".join(lines))]


def patterns_taught(
    text: str, judgement: Judgement | None, past: Sequence[Message], contract: Contract, request: str
) -> list[str]:
    """The patterns that a target's text shows, without duplicates, in the order of `issues`.

    Args:
        text: the turn as it is written.
        judgement: what it says as a call; None for a turn of another mode.
        past: the turns before, with the agents that the row lists in words as a discovery.
        request: what the user asked for last.
    """
    agents = discovered(past, contract)
    found = dict.fromkeys(issues(text, judgement, agents, contract)) if judgement else {}
    if "code_block_instead_of_action" in found and _KNOWLEDGE.match(request):
        del found["code_block_instead_of_action"]  # a knowledge question asks for no action
    if "hallucinated_commands" in found and judgement and (act := act_of(judgement.dispatched, contract)):
        bare = _QUOTED.sub(" ", act.command)
        if not _REACHES.search(act.command) and not any(agent.id in bare for agent in agents or ()):
            del found["hallucinated_commands"]  # a host's name in a text to be written does not address a machine
    found |= dict.fromkeys(_in_words(text, judgement, agents, contract))
    return list(found)


def _in_words(
    text: str, judgement: Judgement | None, agents: Sequence[Agent] | None, contract: Contract
) -> Iterator[str]:
    items = "{" in text and ("\n" in text or text[0] != "{")
    if (items and _DICT_ITEM.search(text)) or steps_are_objects(text):
        yield "plan_as_dict"
    if judgement and hints_in(text) & _INVENTED_HINT and _INVENTED.search(text):
        yield "hallucinated_commands"
    if judgement and agents is None and "retired_tool" in codes(judgement.findings) and _reached_agents(text, contract):
        yield "missing_list_agents"
    if agents and (judgement is None or judgement.dispatched is None) and miscounts(text, len(agents)):
        yield "wrong_count"


def _reached_agents(text: str, contract: Contract) -> bool:
    """Whether a text names a tool by which the earlier data reached agents."""
    return any(f'"{earlier.tool}"' in text for kind, earlier in contract.aliases.earlier.items() if kind in REACHES)


def steps_are_objects(text: str) -> bool:
    """Whether an object has the form `{"steps": [{"step": 1, "action": …}, …]}`, whatever else it holds. The list may
    be called "plan"; under any other name, its dicts must have a "step"."""
    if ('"step' not in text and '"plan"' not in text) or not text.lstrip().startswith("{"):
        return False
    try:
        record = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return False
    lists = [(key, steps) for key, steps in record.items() if isinstance(steps, list)]
    dicts = ((key, step) for key, steps in lists for step in steps if isinstance(step, dict))
    return any(key in ("steps", "plan") or "step" in step for key, step in dicts)
