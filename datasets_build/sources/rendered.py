"""Rows and pairs of a built data set as they are exported for TRL (`trl/`, `parquet/`): rendered for a contract.

Results are the user's messages there, in the marks of the contract; what AJ says is the wire text.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from aj.contract import load_contract
from aj.messages import Layout, Mode
from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Parsed, Preference, Transcript, Turn
from datasets_build.sources.chats.marks import is_learned
from datasets_build.sources.chats.written import split_calls
from datasets_build.sources.foreign import Serial, Spoken, trimmed

CONTRACTS = ("aj", "native")
"""Whose marks a result may stand in."""


def matches(value: Mapping[str, Any]) -> bool:
    return {"part", "mode", "layout", "metadata"} <= value.keys() and isinstance(value["metadata"], str)


def parse(value: Mapping[str, Any]) -> Iterator[Parsed]:
    try:
        yield _read(value)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        yield Refused("bad_row", f"not a row as this project exports it ({type(error).__name__}: {str(error)[:80]})")
    except Refused as refused:
        yield refused


def _read(value: Mapping[str, Any]) -> Parsed:
    mode: Mode = value["mode"]
    layout: Layout = value["layout"]
    if mode not in get_args(Mode) or layout not in get_args(Layout):
        raise ValueError(f"mode {mode!r}, layout {layout!r}")
    metadata = json.loads(value["metadata"])
    tools = json.loads(value["tools"])
    messages = value["prompt"] if "rejected" in value else value["messages"]
    system = "\n\n".join(one["content"] for one in messages if one["role"] == "system")
    turns = [_turn(one) for one in messages if one["role"] != "system"]
    if "rejected" in value:
        chosen, rejected = (_turn(value[name][0]) for name in ("chosen", "rejected"))
        return Preference(tuple(turns), chosen, rejected, mode, layout, metadata)
    if tools:
        return Transcript(_with_tools(turns, tuple(tools)), mode, layout, system, tuple(tools), metadata)
    return Transcript(tuple(turns), mode, layout, system, metadata=metadata)


def _turn(message: Mapping[str, Any]) -> Turn:
    role, text = message["role"], message["content"]
    if role not in ("user", "assistant") or not isinstance(text, str):
        raise ValueError(f"a message of {role!r}")
    for name in CONTRACTS if role == "user" else ():
        wire = load_contract(name).wire
        if text.startswith(wire.result_open) and text.endswith(wire.result_close):
            return Turn("tool", text[len(wire.result_open) : len(text) - len(wire.result_close)])
    learned = role == "user" or is_learned(message)
    return Turn(role, text, target=learned, context=not learned)


def _with_tools(turns: list[Turn], tools: tuple[dict[str, Any], ...]) -> tuple[Turn, ...]:
    """The turns of a row with its own tools, whose calls are in the text."""
    serial = Serial(tools)
    for turn in turns:
        if turn.role == "user":
            serial.user(turn.text)
        elif turn.role == "tool":
            serial.result(None, turn.text)
        else:
            words, calls = split_calls(turn.text, ())
            serial.say(Spoken(words, learned=turn.target))
            for call in calls:
                serial.call(call.tool, call.arguments, learned=turn.target)
    return trimmed(serial.close())[0]
