"""Checks for rows that declare their own tools: calls against their schemas, answers for AJ's voice.

AJ's conduct and the eight patterns concern AJ's tools only. Whether an answer is grounded is not checked either: in
other fields, answers state sums, other units and common knowledge (a compound's melting point, a rule of thumb), which
cannot be distinguished from made-up facts; half of Toucan's answers do so.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import orjson
from jsonschema_rs import Validator

from aj.findings import Finding
from aj.messages import Call
from aj.schemas import BadSchema, argument_fault, compile_schema
from aj.wire import NO_TOOL
from datasets_build.reading.transcripts import Turn
from scorers.checks.leaks import check_no_result
from scorers.checks.voice import check_own_voice


def check_own(turn: Turn, tools: Sequence[dict[str, Any]]) -> list[Finding]:
    """What is wrong with a turn that is trained on, in a row with these tools."""
    if turn.call:
        return _check_call(turn.call, tools)
    return [*check_no_result(turn.text), *check_own_voice(turn.text)]


def check_schemas(tools: Sequence[dict[str, Any]]) -> Iterator[Finding]:
    """The tools whose calls cannot be checked."""
    for tool in tools:
        try:
            validator_of(tool)
        except BadSchema as error:
            what = (
                f"no call can be checked against the tool's schema ({str(tool.get('name'))[:40]}: {str(error)[:120]})"
            )
            yield Finding("bad_schema", what, "correct the tool's parameters, or leave the row out")


def tool_named(name: str, tools: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    return next((tool for tool in tools if tool.get("name") == name), None)


def validator_of(tool: dict[str, Any]) -> Validator:
    """A validator of the tool's arguments; without parameters it takes none.

    Raises:
        BadSchema: it is invalid or too large.
    """
    parameters = tool.get("parameters") or {"type": "object", "properties": {}}
    if not isinstance(parameters, dict):
        raise BadSchema(f"its parameters are a {type(parameters).__name__}")
    try:
        text = orjson.dumps(parameters, option=orjson.OPT_NON_STR_KEYS)
    except TypeError as error:  # a number beyond 64 bits, or nested deeper than 254
        raise BadSchema(str(error)) from error
    if isinstance(found := _compiled(text), str):
        raise BadSchema(found)
    return found


@lru_cache(2048)
def _compiled(schema: bytes) -> Validator | str:
    """Or why there is none: an error that is raised anew each time would be compiled anew each time."""
    try:
        return compile_schema(orjson.loads(schema))
    except BadSchema as error:
        return str(error)


def _check_call(call: Call, tools: Sequence[dict[str, Any]]) -> list[Finding]:
    if call.tool.lower() == NO_TOOL:
        return [Finding("tool_none", f'the tool is "{NO_TOOL}"', "answer without a call")]
    if (declared := tool_named(call.tool, tools)) is None:
        return [Finding("unknown_tool", f"there is no such tool ({call.tool})", "use a tool that the record declares")]
    try:
        fault = argument_fault(validator_of(declared), call.params)
    except BadSchema:  # `check_schemas` says so, of the row
        return []
    if fault is None:
        return []
    why, fix = _FAULTS[fault.code]
    return [Finding(fault.code, f"{why} ({call.tool}: {fault.why[:80]})", fix)]


_FAULTS = {
    "bad_argument": ("an argument does not fit the tool's schema", "give what the tool takes"),
    "null_argument": ("an argument that may be left out is null", "leave it out"),
}
