"""Toucan-1.5M (Apache-2.0): conversations of a teacher with tools of public MCP servers.

The teachers' configs (Kimi-K2, OSS, Qwen3) have nine text columns, most of them serialised JSON; the SFT config has the
roles `tool_call` and `tool_response`, a call being the text of a Python dict. Projections with fewer columns
are read too.
"""

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from datasets_build.ledger import Refused
from datasets_build.reading.thoughts import holds_thought, split_thought
from datasets_build.reading.transcripts import Parsed, Transcript, one_conversation
from datasets_build.sources.declared import declare, tools_in
from datasets_build.sources.foreign import Serial, Spoken, read_json, trimmed

SOURCE, LICENCE = "toucan", "Apache-2.0"

TEACHER_STEP = "4.1"
"""The step of the source's pipeline that writes the conversation; the others write and grade the question."""

MAX_COLUMN = 4_000_000
"""Characters of one column; the longest conversations of the source have some 400,000."""

MAX_LITERAL = 100_000


def matches(value: Mapping[str, Any]) -> bool:
    columns = ("available_tools", "target_tools", "subset_name", "response_quality_assessment")
    return "messages" in value and any(isinstance(value.get(column), str) for column in columns)


def parse(value: Mapping[str, Any]) -> Iterator[Parsed]:
    return one_conversation(_transcript, value)


def _transcript(value: Mapping[str, Any]) -> Transcript:
    messages = _column(value, "messages")
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise Refused("bad_messages", "'messages' is not a list of messages")
    system = "\n\n".join(_text(message) for message in messages if message.get("role") == "system")
    tools = _tools(value, system)
    serial = Serial(tools)
    for message in messages:
        _read(message, serial)
    turns, cut = trimmed(serial.close())
    return Transcript(
        turns,
        mode="step" if tools else "chat",
        system=system,
        tools=tools,
        metadata=_metadata(value) | ({"cut": cut} if cut else {}),
    )


def _column(value: Mapping[str, Any], name: str) -> Any:
    """The content of a column, which is serialised JSON or already read."""
    column = value.get(name)
    if not isinstance(column, str):
        return column
    if len(column) > MAX_COLUMN:
        raise Refused("too_long", f"the column {name!r} has {len(column):,} characters")
    try:
        return read_json(column) if column.strip() else None
    except ValueError as error:
        raise Refused("broken_json", f"the column {name!r} is not JSON ({str(error)[:80]})") from error


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if content is None:
        return ""
    if not isinstance(content, str):
        raise Refused("bad_messages", f"a message's content is a {type(content).__name__}, not text")
    return content


def _tools(value: Mapping[str, Any], system: str) -> tuple[dict[str, Any], ...]:
    """From the columns; if those are missing, from the system text."""
    for column in ("available_tools", "tools"):
        if isinstance(tools := _column(value, column), list):
            return declare(tools)
    return tools_in(system)


def _read(message: Mapping[str, Any], serial: Serial) -> None:
    role, text = message.get("role"), _text(message)
    if role == "system":
        return
    if role == "user":
        if not text.strip():
            raise Refused("bad_messages", "a turn of the user is empty")
        serial.user(text)
    elif role == "assistant":
        serial.say(_said(message, text))
        if message.get("function_call") is not None:
            _call(message["function_call"], serial)
        for call in _listed(message.get("tool_calls")):
            _call(call.get("function"), serial)
    elif role == "tool_call":
        for call in _listed(_literal(text)):
            _call(call, serial)
    elif role in ("function", "tool", "tool_response"):
        serial.result(message.get("name"), text)
    else:
        raise Refused("bad_role", f"a message's role is {str(role)[:40]!r}")


def _said(message: Mapping[str, Any], text: str) -> Spoken:
    stated = message.get("reasoning_content")
    thought, said = split_thought(text)
    if holds_thought(said):
        raise Refused("unclosed_think", "a thought of the assistant is not closed")
    return Spoken(said.strip(), "\n\n".join(filter(None, (stated.strip() if isinstance(stated, str) else "", thought))))


def _call(function: Any, serial: Serial) -> None:
    if not isinstance(function, dict):
        raise Refused("broken_call", "a call is not an object")
    serial.call(function.get("name"), function.get("arguments"))


def _listed(value: Any) -> list[dict[str, Any]]:
    """A call or a list of calls as a list."""
    calls = value if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(call, dict) for call in calls):
        raise Refused("broken_call", "a call is not an object")
    return calls


def _literal(text: str) -> Any:
    """A call of the SFT config: JSON, or a Python dict as text, which is read as a literal and never evaluated."""
    if len(text) > MAX_LITERAL:
        raise Refused("broken_call", f"a call has {len(text):,} characters")
    try:
        return read_json(text)
    except ValueError:
        pass  # usually it is Python's form
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise Refused("broken_call", f"a call's text cannot be read ({type(error).__name__})") from error


def _metadata(value: Mapping[str, Any]) -> dict[str, Any]:
    metadata: dict[str, Any] = {"source": SOURCE, "licence": LICENCE, "teacher": _teacher(value)}
    for key, name in (("origin", "uuid"), ("subset", "subset_name"), ("target_tools", "target_tools")):
        if isinstance(text := value.get(name), str) and text:
            metadata[key] = text
    quality = _quality(value)
    return metadata | ({"quality": quality} if quality else {})


def _teacher(value: Mapping[str, Any]) -> str:
    """The model that wrote the conversation, if the record names it; a recipe may name it instead."""
    metadata = _graded(value, "metadata")
    steps = metadata.get("synthetic_data_gen_configs")
    if isinstance(steps, str):
        try:
            steps = _literal(steps)
        except Refused:
            return "unknown"
    for step in steps if isinstance(steps, list) else []:
        settings = step.get("generation_params") if isinstance(step, dict) else None
        if isinstance(settings, dict) and settings.get("step") == TEACHER_STEP:
            return str(settings.get("model_path") or step.get("model") or "unknown")
    return "unknown"


def _graded(value: Mapping[str, Any], column: str) -> dict[str, Any]:
    """A column beside the conversation; a broken one does no harm to the conversation and counts as empty."""
    try:
        found = _column(value, column)
    except Refused:
        return {}
    return found if isinstance(found, dict) else {}


def _quality(value: Mapping[str, Any]) -> dict[str, float | bool]:
    """The source's own grades: completeness and conciseness from 1 to 5, the share of wanted tools used, their order.

    Rows in which the right answer is to decline have no grades.
    """
    grades = _graded(value, "response_quality_assessment")
    found: dict[str, float | bool] = {}
    for name in ("completeness", "conciseness"):
        grade = grades.get(name)
        score = grade.get("score") if isinstance(grade, dict) else grade
        if isinstance(score, int | float) and not isinstance(score, bool):
            found[name] = score
    share, order = grades.get("desired_tools_used_percentage"), grades.get("order_correctness")
    if isinstance(share, int | float) and not isinstance(share, bool) and share >= 0:
        found["desired_tools_used_percentage"] = share
    if isinstance(order, bool):
        found["order_correctness"] = order
    return found
