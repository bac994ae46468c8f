"""Checks for rows that declare their own tools: calls against their schemas, answers for AJ's voice.

AJ's conduct and the eight patterns concern AJ's tools only. Whether an answer is grounded is not checked either: in
other fields, answers state sums, other units and common knowledge (a compound's melting point, a rule of thumb), which
cannot be distinguished from made-up facts; half of Toucan's answers do so.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import orjson
from jsonschema_rs import Draft202012Validator

from aj.findings import Finding
from aj.messages import Call
from aj.schemas import BadSchema, argument_error, compile_schema
from aj.wire import NO_TOOL
from datasets_build.reading.transcripts import Turn
from scorers.checks.leaks import check_no_result
from scorers.checks.voice import check_own_voice


def check_own(turn: Turn, tools: Sequence[dict[str, Any]]) -> list[Finding]:
    """What is wrong with a turn that is trained on, in a row with these tools."""
    if turn.call:
        return _check_call(turn.call, tools)
    return [*check_no_result(turn.text), *check_own_voice(turn.text)]


def _check_call(call: Call, tools: Sequence[dict[str, Any]]) -> list[Finding]:
    if call.tool.lower() == NO_TOOL:
        return [Finding("tool_none", f'the tool is "{NO_TOOL}"', "answer without a call")]
    declared = next((tool for tool in tools if tool.get("name") == call.tool), None)
    if declared is None:
        return [Finding("unknown_tool", f"there is no such tool ({call.tool})", "use a tool that the record declares")]
    validator = _validator_of(declared.get("parameters"))
    why = argument_error(validator, call.params) if validator else None
    if why is None:
        return []
    return [
        Finding(
            "bad_argument",
            f"an argument does not fit the tool's schema ({call.tool}: {why[:80]})",
            "give what the tool takes",
        )
    ]


def _validator_of(parameters: Any) -> Draft202012Validator | None:
    """None for a schema that is invalid or too large: there is nothing to check a call against."""
    if not isinstance(parameters, dict) or not parameters:
        return None
    try:
        return _compiled(orjson.dumps(parameters, option=orjson.OPT_NON_STR_KEYS))
    except TypeError:  # a number beyond 64 bits, or nested deeper than 254
        return None


@lru_cache(2048)
def _compiled(schema: bytes) -> Draft202012Validator | None:
    try:
        return compile_schema(orjson.loads(schema))
    except BadSchema:
        return None
