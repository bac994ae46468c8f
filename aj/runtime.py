"""What AJ's runtime makes of a step's completion: it repairs some faults, refuses others, and answers the rest with an
error, after which the task goes on.

The runtime is more lenient than the contract, and reads escapes in its own way. `tests/aj/runtime_forms.yaml` has its
behaviour form by form, with the lines of its source.
"""

import json
import re
from typing import Any, Literal

from msgspec import Struct

from aj.acts import kind_of
from aj.contract import Contract
from aj.extract import made_up, object_start, reply_start
from aj.hints import hint
from aj.meaning import NEEDS
from aj.messages import Call
from aj.schemas import argument_error

RuntimeOutcome = Literal["runs", "unknown_tool", "bad_arguments", "parse_error", "rejected"]

UNNAMED = "unknown"
"""The tool of an object that names none."""

_UNREAD_ESCAPE = re.compile(r'(?<!\\)\\(?![\\nrt"])')
"""A backslash that the runtime doubles before it reads the JSON: all but these escapes stay as they are written."""
ITS_OWN_ESCAPE = hint(r'\\(?:[^\\nrt"]|\z)')
"""Without such a backslash, the runtime reads the same object as everyone."""
_TOKEN = re.compile(r'\\.|["{}]', re.DOTALL)


class Reaction(Struct, frozen=True):
    """What the runtime does with a completion."""

    outcome: RuntimeOutcome
    call: Call | None = None
    """What it reads as a call; None where that ends the task (parse_error, rejected)."""
    error: str = ""
    """What comes back instead of a result (unknown_tool, bad_arguments)."""


def react(text: str, contract: Contract, read: dict[str, Any] | None = None) -> Reaction:
    """What the runtime does with any completion.

    Args:
        read: the completion's first object, if it is known.
    """
    start = reply_start(text, contract)
    body = text[start:].strip()
    if made_up(body, contract) or _is_prose(body, contract):
        return Reaction("rejected")
    record = read or _first_object(body, contract)
    thoughts = start and text[:start].partition(f"<{contract.wire.think_tag}>")[2]
    call = _stated(record, contract, bool(thoughts)) if record is not None else None
    return dispatched(call, contract) if call else Reaction("parse_error")


def _is_prose(body: str, contract: Contract) -> bool:
    wire = contract.wire
    marked = "{" in body and any(f'"{key}"' in body for key in (wire.keys.tool, *wire.call_marks))
    return not marked and len(body) > wire.prose_limit


def _first_object(body: str, contract: Contract) -> dict[str, Any] | None:
    """The first object whose braces balance, with a repeated key's last value; None if it is no JSON."""
    start = object_start(body, contract)
    if start < 0:
        return None
    text = _UNREAD_ESCAPE.sub(r"\\\\", body[start : _balanced_end(body, start)])
    try:
        record = json.loads(text)
        (json.dumps(record, ensure_ascii=False) if "\\u" in text else text).encode()  # half of a pair reaches no tool
    except (ValueError, RecursionError):
        return None
    return record


def _balanced_end(body: str, start: int) -> int:
    """The end of the object that begins at `start`; that of the text if its braces never balance."""
    depth, quoted = 0, False
    for token in _TOKEN.finditer(body, start):
        mark = token[0]
        if mark == '"':
            quoted = not quoted
        elif not quoted and mark in "{}":
            depth += 1 if mark == "{" else -1
            if not depth:
                return token.end()
    return len(body)


def _stated(record: dict[str, Any], contract: Contract, thoughtful: bool) -> Call | None:
    """The call that an object states; None if a part of it has a type that the runtime fails on.

    Args:
        thoughtful: the completion has thoughts, which take the place of a note.
    """
    keys, aliases = contract.wire.keys, contract.aliases
    tool = _first(record, (keys.tool, *aliases.tool_keys)) or UNNAMED
    params = record.get(keys.params, {}) or _lifted(record, contract)
    note = "" if thoughtful else _first(record, (*keys.spoken, *aliases.notes)) or ""
    if not isinstance(tool, str) or not isinstance(params, dict) or not isinstance(note, str):
        return None
    if len(tool) > aliases.sentences.above:
        tool = next((name for name in aliases.sentences.tools if name in tool.lower()), UNNAMED)
    return Call(tool, params, note or None)


def _first(record: dict[str, Any], keys: tuple[str, ...]) -> Any:
    """The first value that is not empty, as the runtime looks for one key after the other."""
    return next((value for key in keys if (value := record.get(key))), None)


def _lifted(record: dict[str, Any], contract: Contract) -> Any:
    """Without parameters, the first flat one that the runtime looks for; all others are lost."""
    found = next((key for key in contract.aliases.lifted if key in record), None)
    return {contract.aliases.lifted[found]: record[found]} if found else record.get(contract.wire.keys.params, {})


def dispatched(call: Call, contract: Contract) -> Reaction:
    """The call as its tool gets it, without what the tool does not look at, or the error in place of a result."""
    tool = contract.tool_by_name.get(call.tool)
    if tool is None:
        known = ", ".join(contract.tool_by_name)
        return Reaction("unknown_tool", call, f"ERROR: Unknown tool: {call.tool}. Available: {known}")
    declared = tool.parameters.get("properties", {})
    given = {name: value for name, value in call.params.items() if name in declared and value is not None}
    taken = Call(call.tool, given, call.note)
    kind = kind_of(taken, contract)
    if kind in ("finish", "think", "discover"):
        return Reaction("runs", taken)  # whatever its parameters are
    needed = [contract.acts[kind].parameters[field] for field in NEEDS[kind]] if kind else []
    if missing := next((name for name in needed if not given.get(name)), None):
        return Reaction("bad_arguments", taken, f"ERROR: No {missing} provided")
    if (why := argument_error(contract.validators[call.tool], given)) is not None:
        return Reaction("bad_arguments", taken, f"ERROR: {why}")
    return Reaction("runs", taken)
