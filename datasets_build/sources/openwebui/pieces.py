"""The pieces of a message before they become turns: words, thoughts, calls and results, in the order shown."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard

from datasets_build.sources.foreign import read_json
from datasets_build.sources.openwebui.tree import Node, content_text, name_of


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece; `text` is what was said, thought or returned."""

    kind: Literal["words", "thought", "call", "result"]
    text: str = ""
    tool: str = ""
    params: dict[str, Any] | None = None
    """A call's arguments; None if they are unknown or not a JSON object."""
    key: str = ""
    """The id that a call shares with its result; empty if they are matched by name and order."""


def arguments(value: Any) -> dict[str, Any] | None:
    """Arguments as an object, read from an object, from JSON, or from JSON in a JSON string; from nothing, {}.

    Returns:
        None for anything but a JSON object, and for JSON that could not be written again.
    """
    for _ in range(3):
        if not isinstance(value, str):
            break
        if not value.strip():
            return {}
        try:
            value = read_json(value)
        except ValueError:
            return None
    if not isinstance(value, dict):
        return None
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return value


def pieces_of_message(node: Node) -> list[Piece]:
    """The pieces of a message that states its calls itself: ChatGPT's `recipient` and tool messages, `tool_calls`."""
    raw, author = node.raw, node.raw.get("author")
    if node.role == "tool":
        name = author.get("name") if isinstance(author, dict) else raw.get("name")
        return [Piece("result", node.text, tool=name_of(name), key=name_of(raw.get("tool_call_id")))]
    recipient = raw.get("recipient")
    if isinstance(recipient, str) and recipient not in ("", "all"):
        params = {"code": node.text} if recipient == "python" else arguments(node.text)
        return [Piece("call", tool=recipient, params=params)]
    calls = raw.get("tool_calls")
    stated = [call for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
    words = [Piece("words", node.text.strip())] if node.text.strip() else []
    return [*words, *map(_of_tool_call, stated)]


def states_calls(node: Node) -> bool:
    """Whether a message is to be read by `pieces_of_message`."""
    recipient = node.raw.get("recipient")
    spoken = recipient is None or recipient in ("", "all")
    return node.role == "tool" or not spoken or bool(node.raw.get("tool_calls"))


def _of_tool_call(call: dict[str, Any]) -> Piece:
    function = call.get("function")
    stated = function if isinstance(function, dict) else call
    params = arguments(stated.get("arguments", ""))
    return Piece("call", tool=name_of(stated.get("name")), params=params, key=name_of(call.get("id")))


def pieces_of_output(items: Sequence[Any]) -> list[Piece]:
    """The pieces of `message.output`, the newest form; `content` is only a rendering of it."""
    return [piece for item in items if isinstance(item, dict) for piece in _of_item(item)]


def is_output(value: Any) -> TypeGuard[list[Any]]:
    """Whether a message's `output` holds items that `pieces_of_output` reads."""
    return isinstance(value, list) and any(isinstance(item, dict) and item.get("type") in _KNOWN for item in value)


def is_unfinished(items: Sequence[Any]) -> bool:
    """Whether an item of an output was still being written."""
    return any(isinstance(item, dict) and item.get("status") in ("in_progress", "incomplete") for item in items)


_KNOWN = ("message", "function_call", "reasoning", "open_webui:code_interpreter", "code_interpreter")


def _of_item(item: dict[str, Any]) -> Iterator[Piece]:
    kind, key, name = item.get("type"), name_of(item.get("call_id")), name_of(item.get("name"))
    if kind == "message" and (text := content_text(item.get("content")).strip()):
        yield Piece("words", text)
    elif kind == "reasoning" and (text := content_text(item.get("summary")) or content_text(item.get("content"))):
        yield Piece("thought", text.strip())
    elif kind == "function_call":
        yield Piece("call", tool=name, params=arguments(item.get("arguments", "")), key=key)
    elif kind == "function_call_output":
        yield Piece("result", content_text(item.get("output")), key=key)
    elif kind in ("open_webui:code_interpreter", "code_interpreter"):
        code, output = item.get("code"), item.get("output")
        yield Piece("call", tool="code_interpreter", params={"code": code} if isinstance(code, str) else None)
        if output:
            text = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)
            yield Piece("result", text, tool="code_interpreter")
