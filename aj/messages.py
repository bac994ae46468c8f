"""The conversation type that all parts exchange, stored in the ecosystem's form.

A row is a conversation in one mode: OpenAI-style messages, where a call's arguments are an object (never a string)
and a tool's result is a `tool` message. It contains no system text and no wire text: `aj.wire` renders both for a
contract at the last moment, for training and evals alike.
"""

import json
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

from msgspec import Struct, field
from msgspec.structs import replace

from aj.errors import DataError
from aj.files import digest, read_jsonl

Role = Literal["user", "assistant", "tool"]
Mode = Literal["step", "chat", "plan", "intent"]
Layout = Literal["dialogue", "state_block"]
_MODES, _LAYOUTS = get_args(Mode), get_args(Layout)


class Call(Struct, frozen=True):
    """One use of a tool. `note` is AJ's short remark to the user, `reasoning` is private."""

    tool: str
    params: dict[str, Any] = field(default_factory=dict)
    note: str | None = None
    reasoning: str | None = None


class Message(Struct, frozen=True):
    """One turn, with at most one call (the runtime drops all others); `tool` names the tool of a result."""

    role: Role
    content: str = ""
    call: Call | None = None
    tool: str | None = None
    learned: bool = True
    """Whether a turn of AJ's is a target; one that is not is context only, and is written with OpenAI's `weight: 0`."""


class Row(Struct, frozen=True, dict=True):
    """A conversation to train on.

    `layout` says how the prompt shows the past: as turns (all assistant turns that are `learned` are targets), or as
    one state block (only the last assistant turn is a target).
    """

    messages: tuple[Message, ...]
    mode: Mode = "step"
    layout: Layout = "dialogue"
    metadata: dict[str, Any] = field(default_factory=dict)
    """source, template, persona, licence, teacher and so on; not part of the identity."""
    tools: tuple[dict[str, Any], ...] = ()
    """The row's own tools, {"name", "description", "parameters": JSON Schema}, for a row with foreign tools.
    Empty for AJ's rows, which use the contract's tools."""

    @cached_property
    def id(self) -> str:
        """Hash of everything that is trained on."""
        own = [_tools_text(self.tools)] if self.tools else []  # the ids of AJ's rows are older than this field
        return digest(self.mode, self.layout, [to_record(m) for m in self.messages], *own)


class Pair(Struct, frozen=True, dict=True):
    """A preference: one prompt and two final assistant turns. `rejected` is raw model output, verbatim."""

    messages: tuple[Message, ...]
    chosen: Message
    rejected: str
    mode: Mode = "step"
    layout: Layout = "dialogue"
    metadata: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def id(self) -> str:
        return digest(self.mode, self.layout, [to_record(m) for m in (*self.messages, self.chosen)], self.rejected)


def user(text: str) -> Message:
    return Message("user", text)


def reply(text: str) -> Message:
    return Message("assistant", text)


def calls(tool: str, params: dict[str, Any] | None = None, note: str | None = None) -> Message:
    return Message("assistant", call=Call(tool, params or {}, note))


def result(tool: str, output: str) -> Message:
    return Message("tool", output, tool=tool)


def without_note(message: Message) -> Message:
    """The turn without the note of its call."""
    return replace(message, call=replace(message.call, note=None)) if message.call else message


def to_record(message: Message) -> dict[str, Any]:
    """OpenAI form. A call's note becomes `content`, its reasoning `reasoning_content`."""
    record: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool:
        record["name"] = message.tool
    if message.call:
        record["content"] = message.call.note or ""
        if message.call.reasoning:
            record["reasoning_content"] = message.call.reasoning
        function = {"name": message.call.tool, "arguments": message.call.params}
        record["tool_calls"] = [{"type": "function", "function": function}]
    if not message.learned:
        record["weight"] = 0
    return record


_ROLES: dict[str, Role] = {role: role for role in get_args(Role)}


def from_record(record: dict[str, Any]) -> Message:
    """The inverse of `to_record`.

    Raises:
        ValueError: the record is not a message: wrong role, several calls, arguments that are not an object, a weight
            that is neither 0 nor 1.
    """
    content = record.get("content") or ""
    stated = record.get("role")
    role = _ROLES.get(stated) if isinstance(stated, str) else None
    if role is None:
        raise ValueError(f"role {stated!r} is none of {', '.join(_ROLES)}")
    if not isinstance(content, str):
        raise ValueError(f"content is a {type(content).__name__}, not text")
    if (weight := record.get("weight", 1)) not in (0, 1, None):
        raise ValueError(f"weight {weight!r} is neither 0 nor 1")
    learned = role != "assistant" or weight != 0
    tool_calls = record.get("tool_calls") or []
    if not tool_calls:
        return Message(role, content, tool=record.get("name"), learned=learned)
    if not isinstance(tool_calls, list) or len(tool_calls) > 1:
        raise ValueError("tool_calls must be a list of one call, since the runtime takes one per turn")
    function = tool_calls[0].get("function") if isinstance(tool_calls[0], dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("arguments"), dict):
        raise ValueError("a call's arguments must be an object, not a string")
    call = Call(str(function.get("name")), function["arguments"], content or None, record.get("reasoning_content"))
    return Message(role, call=call, learned=learned)


def row_to_record(row: Row) -> dict[str, Any]:
    """One line of `sft.jsonl`. Own tools are a JSON string: `datasets` would pad differing schemas with nulls."""
    record: dict[str, Any] = {
        "id": row.id,
        "mode": row.mode,
        "layout": row.layout,
        "messages": [to_record(message) for message in row.messages],
        "metadata": row.metadata,
    }
    return record | {"tools": _tools_text(row.tools)} if row.tools else record


def row_from_record(record: dict[str, Any]) -> Row:
    """Raises ValueError if the record is not a row, or if its id does not match its content."""
    row = Row(_messages(record), *_form(record), _metadata(record), _tools(record))
    _check_id(record, row.id)
    return row


def pair_to_record(pair: Pair) -> dict[str, Any]:
    """One line of `dpo.jsonl`."""
    return {
        "id": pair.id,
        "mode": pair.mode,
        "layout": pair.layout,
        "messages": [to_record(message) for message in pair.messages],
        "chosen": to_record(pair.chosen),
        "rejected": pair.rejected,
        "metadata": pair.metadata,
    }


def pair_from_record(record: dict[str, Any]) -> Pair:
    """Raises ValueError if the record is not a pair, or if its id does not match its content."""
    chosen, rejected = record.get("chosen"), record.get("rejected")
    if not isinstance(chosen, dict) or not isinstance(rejected, str):
        raise ValueError("a pair needs 'chosen' (a message) and 'rejected' (text)")
    pair = Pair(_messages(record), from_record(chosen), rejected, *_form(record), _metadata(record))
    _check_id(record, pair.id)
    return pair


def read_rows(path: Path) -> list[Row]:
    """Raises DataError with file and line if a line is not a row."""
    return [_placed(path, number, row_from_record, record) for number, record in read_jsonl(path)]


def read_pairs(path: Path) -> list[Pair]:
    """Raises DataError with file and line if a line is not a pair."""
    return [_placed(path, number, pair_from_record, record) for number, record in read_jsonl(path)]


def _placed(path: Path, number: int, convert: Any, record: dict[str, Any]) -> Any:
    try:
        return convert(record)
    except ValueError as error:
        raise DataError(f"{path}:{number}: {error}; correct the line, or build the data set again.") from error


def _messages(record: dict[str, Any]) -> tuple[Message, ...]:
    messages = record.get("messages")
    if not isinstance(messages, list) or not all(isinstance(m, dict) for m in messages) or not messages:
        raise ValueError("'messages' must be a list of at least one message")
    return tuple(from_record(message) for message in messages)


def _form(record: dict[str, Any]) -> tuple[Mode, Layout]:
    mode, layout = record.get("mode", "step"), record.get("layout", "dialogue")
    if mode not in _MODES:
        raise ValueError(f"mode {mode!r} is none of {', '.join(_MODES)}")
    if layout not in _LAYOUTS:
        raise ValueError(f"layout {layout!r} is none of {', '.join(_LAYOUTS)}")
    return mode, layout


def _metadata(record: dict[str, Any]) -> dict[str, Any]:
    metadata = record.get("metadata", {})
    if not isinstance(metadata, dict):
        raise ValueError("'metadata' must be an object")
    return metadata


def _tools_text(tools: tuple[dict[str, Any], ...]) -> str:
    return json.dumps(tools, ensure_ascii=False)


def _tools(record: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """Raises ValueError unless own tools are a JSON string with a list of objects; missing or null means no tools."""
    text = record.get("tools")
    if text is None:
        return ()
    try:
        tools = json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError("'tools' must be a JSON string") from error
    if not isinstance(tools, list) or not all(isinstance(tool, dict) for tool in tools):
        raise ValueError("'tools' must contain a list of objects")
    return tuple(tools)


def _check_id(record: dict[str, Any], found: str) -> None:
    if record.get("id", found) != found:
        raise ValueError(f"id {record['id']!r} does not match the content ({found}): the line was changed or corrupted")
