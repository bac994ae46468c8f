"""Arguments of a record's own tools: null where nothing need be said is left out."""

from typing import Any

from msgspec.structs import replace

from aj.messages import Call
from aj.schemas import BadSchema, argument_fault, without_nulls
from datasets_build.lint.own_tools import tool_named, validator_of
from datasets_build.reading.transcripts import Transcript, Turn
from datasets_build.repair.passes import Bench, Mended


def leave_out_nulls(item: Transcript, bench: Bench) -> Mended:
    """The pass: a call that fits its tool once what is null is left out is called without it."""
    codes: list[str] = []

    def mended(turn: Turn) -> Turn:
        code, call = _without_nulls(turn.call, item.tools) if turn.call else ("", None)
        codes.extend([code] if code else [])
        return replace(turn, call=call) if call else turn

    return Mended(replace(item, turns=tuple(map(mended, item.turns))), tuple(codes))


def _without_nulls(call: Call, tools: tuple[dict[str, Any], ...]) -> tuple[str, Call | None]:
    """What was wrong with the call, and the call without its nulls; None where that would not help, or not matter."""
    tool = tool_named(call.tool, tools)
    try:
        validator = validator_of(tool) if tool else None
    except BadSchema:
        return "", None
    fault = argument_fault(validator, call.params) if validator else None
    stated = without_nulls(validator, call.params) if validator and fault else None
    return (fault.code, replace(call, params=stated)) if fault and stated is not None else ("", None)
