"""Reads the object in a text that was written loosely: in a fence or tags, as a Python literal, with a brace missing.

Nothing is guessed: a text that can be read in two ways is not read at all. Nothing is evaluated: Python literals go
through `ast.literal_eval`, and their length is bounded.
"""

import json
import re
from typing import Any

from msgspec import Struct

from datasets_build.ledger import Refused
from datasets_build.reading.examples import in_sentence, is_shown
from datasets_build.reading.literals import read_literal
from datasets_build.reading.thoughts import split_thought

LITERAL_LIMIT = 20_000
"""Characters of a Python literal that are read; the parser needs much more memory than the text."""

_OBJECT = re.compile(r"\{\s*[\"'}]")
_PYTHON = re.compile(
    r"""
    [{,]\s*' | :\s*(?:'|True\b|False\b|None\b) |
    "(?=[^"]*')[^"]*(?:\\x(?:[0189][0-9a-f]|7f|a0|ad)|\\U000[0-9a-f]{5})  # and not "C:\x86"
    """,
    re.VERBOSE,
)
"""Signs of a Python literal: its words, its quotes, and what it alone escapes so within the other quotes."""
_OPEN_FENCE = re.compile(r"(?:```|~~~)[\w+#.-]*\s*\Z")
_CLOSE_FENCE = re.compile(r"\A\s*(?:```|~~~)")
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")


class Reading(Struct, frozen=True):
    """The one object of a text, and the words around it."""

    record: dict[str, Any]
    before: str = ""
    after: str = ""
    thought: str = ""
    """The text between `<think>` tags before it."""
    shown: bool = False
    """Whether the words show it as an example, or go on in its line: it is then part of what they say."""


def read_object(text: str) -> Reading | None:
    """The first object in a text, out of its fence and its tags; None if none can be read with certainty.

    Raises:
        Refused: the object has a key twice (`duplicate_key`), or a second object follows (`several_calls`).
    """
    thought, body = split_thought(text.strip())
    found = _OBJECT.search(body)
    if found is None:
        return None
    start = found.start()
    record, end = _decode(body, start)
    if record is None:
        return None
    before, after = body[:start], body[end:]
    told = bool(before) and not before.startswith("<think>")
    shown = told and (is_shown(body, start) or in_sentence(before, after))
    if opening := _OPEN_FENCE.search(before):
        before, after = before[: opening.start()], _CLOSE_FENCE.sub("", after, count=1)
    for tag in ("<tool_call>", "<functioncall>"):
        before = before.strip().removesuffix(tag)
    for tag in ("</tool_call>", "</functioncall>"):
        after = after.strip().removeprefix(tag)
    if _OBJECT.search(after):
        raise Refused("several_calls", "the turn holds more than one object")
    before = before.strip()
    if before.startswith("<think>"):  # never closed: all text before the object is the thought
        thought, before = before.removeprefix("<think>").strip(), ""
    return Reading(record, before, after.strip(), thought, shown)


def _decode(body: str, start: int) -> tuple[dict[str, Any] | None, int]:
    """The object at `start` and where it ends; raw control characters within strings are kept."""
    try:
        record, end = _DECODER.raw_decode(body, start)
    except (ValueError, RecursionError):
        return _mend(body, start)
    return record, end


def _pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in items}) < len(items):
        raise Refused("duplicate_key", "the object has a key twice")
    return dict(items)


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, strict=False)


def _mend(body: str, start: int) -> tuple[dict[str, Any] | None, int]:
    """What has one reading only: a Python literal, a comma too many, braces that are missing at the end."""
    end = body.rfind("}") + 1
    if end > start and _PYTHON.search(body, start) and end - start <= LITERAL_LIMIT:
        record = _literal(body[start:end])
        if record is not None:
            return record, end
    closed, end = _closed(body, start)
    try:
        return json.loads(closed, object_pairs_hook=_pairs, strict=False), end
    except (ValueError, RecursionError):
        return None, start


def _literal(text: str) -> dict[str, Any] | None:
    try:
        value = read_literal(text)
        json.dumps(value)  # sets, bytes and complex numbers are literals too, but no JSON
    except (ValueError, TypeError, RecursionError):
        return None
    return value if isinstance(value, dict) and all(isinstance(key, str) for key in value) else None


def _closed(body: str, start: int) -> tuple[str, int]:
    """The object at `start` without trailing commas and with the closing braces that the text lacks, and its end.

    If a string or a bare value is cut off, the text is unchanged, and not JSON: it is unknown what is missing.
    """
    stack: list[str] = []
    commas: list[int] = []
    inside = skip = False
    end = len(body)
    for place in range(start, len(body)):
        char = body[place]
        if skip:
            skip = False
        elif char == "\\":
            skip = inside
        elif char == '"':
            inside = not inside
        elif not inside and char in "{[":
            stack.append("}" if char == "{" else "]")
        elif not inside and char in "}]":
            if stack.pop() != char:
                return body[start:], len(body)
            if not stack:
                end = place + 1
                break
        elif not inside and char == ",":
            commas.append(place)
    text = body[start:end].removesuffix("```").rstrip()
    if inside or (stack and text[-1] not in '"}]'):
        return text, end
    text += "".join(reversed(stack))
    extra = {comma - start for comma in commas if _TRAILING_COMMA.match(text, comma - start)}
    return "".join(char for place, char in enumerate(text) if place not in extra) if extra else text, end
