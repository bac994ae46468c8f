"""Toucan-1.5M (Apache-2.0): conversations of a teacher with tools of public MCP servers.

The teachers' configs (Kimi-K2, OSS, Qwen3) have nine text columns, most of them serialised JSON; the SFT config has the
roles `tool_call` and `tool_response`, a call being the text of a Python dict. Projections with fewer columns
are read too.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Parsed, Transcript, one_conversation
from datasets_build.sources.chats.messages import messages_of
from datasets_build.sources.chats.said import Talk
from datasets_build.sources.chats.turns import transcript_of
from datasets_build.sources.chats.written import read_literal
from datasets_build.sources.declared import declare, tools_in
from datasets_build.sources.foreign import read_json

SOURCE, LICENCE = "toucan", "Apache-2.0"

TEACHER_STEP = "4.1"
"""The step of the source's pipeline that writes the conversation; the others write and grade the question."""

MAX_COLUMN = 4_000_000
"""Characters of one column; the longest conversations of the source have some 400,000."""


def matches(value: Mapping[str, Any]) -> bool:
    columns = ("available_tools", "target_tools", "subset_name", "response_quality_assessment")
    return "messages" in value and any(isinstance(value.get(column), str) for column in columns)


def parse(value: Mapping[str, Any]) -> Iterator[Parsed]:
    return one_conversation(_transcript, value)


def _transcript(value: Mapping[str, Any]) -> Transcript:
    said = messages_of(value, _column(value, "messages"))
    system = "\n\n".join(one.text for one in said if one.role == "system")
    return transcript_of(Talk(tuple(said), _tools(value, system), _metadata(value)))


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


def _tools(value: Mapping[str, Any], system: str) -> tuple[dict[str, Any], ...]:
    """From the columns; if those are missing, from the system text."""
    for column in ("available_tools", "tools"):
        if isinstance(tools := _column(value, column), list):
            return declare(tools)
    return tools_in(system)


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
            steps = read_literal(steps)
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
