"""Reads what was written loosely: the object in a text, history flattened into one message, output told as prose.

Nothing is guessed: a text that can be read in two ways is not read at all. Nothing is run: Python literals go through
`ast.literal_eval`, on bounded text.
"""

import ast
import json
import re
from dataclasses import dataclass
from typing import Any

from aj.messages import Role

LITERAL_LIMIT = 20_000
"""Characters of a Python literal that are read; the parser needs much more memory than the text."""

_OBJECT = re.compile(r"\{\s*[\"'}]")
_PYTHON = re.compile(r"\{\s*'|:\s*(?:'|True\b|False\b|None\b)")
_OPEN_FENCE = re.compile(r"```[\w+#.-]*\s*\Z")
_CLOSE_FENCE = re.compile(r"\A\s*```")
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_THOUGHT = re.compile(r"\s*<think>(.*?)</think>\s*", re.DOTALL)
_MARK = re.compile(
    r"^\[(?:(?P<context>Conversation context): ?(?P<about>[^\n]*)\]$"
    r"|(?P<mark>Previous message|My response|Current message)\]: ?)",
    re.MULTILINE,
)
_RULE = re.compile(r"\n+---\s*\Z")
_WRITTEN = re.compile(
    r"^(?:\*\*(?P<tool>[\w ]{1,40}?) (?:output|results?):\*\*|(?:Output|Results?):)[ \t]*\n+"
    r"```[\w+#.-]*\n(?P<body>.*?)^```[ \t]*$\n?",
    re.DOTALL | re.MULTILINE,
)


class Refused(Exception):
    """What was read cannot become part of a row; carries the reason's code."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code
        self.why = why


@dataclass(frozen=True, slots=True)
class Reading:
    """The one object of a text, and the words around it."""

    record: dict[str, Any]
    before: str = ""
    after: str = ""
    thought: str = ""
    """What stands between `<think>` tags before it."""


# --- objects --------------------------------------------------------------------------------------------------------


def read_object(text: str) -> Reading | None:
    """The first object in a text, out of its fence and its tags; None if there is none that can be read for certain.

    Raises:
        Refused: a key stands twice in the object (`duplicate_key`), or a second object follows (`several_calls`).
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
    if opening := _OPEN_FENCE.search(before):
        before, after = before[: opening.start()], _CLOSE_FENCE.sub("", after, count=1)
    for tag in ("<tool_call>", "<functioncall>"):
        before = before.strip().removesuffix(tag)
    for tag in ("</tool_call>", "</functioncall>"):
        after = after.strip().removeprefix(tag)
    if _OBJECT.search(after):
        raise Refused("several_calls", "more than one object stands in the turn")
    before = before.strip()
    if before.startswith("<think>"):  # never closed: all that stands before the object is the thought
        thought, before = before.removeprefix("<think>").strip(), ""
    return Reading(record, before, after.strip(), thought)


def split_thought(text: str) -> tuple[str, str]:
    """(what stands between leading `<think>` tags, the rest)."""
    match = _THOUGHT.match(text)
    return (match[1].strip(), text[match.end() :]) if match else ("", text)


def _decode(body: str, start: int) -> tuple[dict[str, Any] | None, int]:
    """The object at `start` and where it ends; raw control characters within strings are read as they stand."""
    decoder = json.JSONDecoder(object_pairs_hook=_pairs, strict=False)
    try:
        record, end = decoder.raw_decode(body, start)
    except (ValueError, RecursionError):
        return _mend(body, start)
    return record, end


def _pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in items}) < len(items):
        raise Refused("duplicate_key", "a key stands twice in the object")
    return dict(items)


def _mend(body: str, start: int) -> tuple[dict[str, Any] | None, int]:
    """What has one reading only: a Python literal, a comma too many, braces that are missing at the end."""
    end = body.rfind("}") + 1
    if end > start and _PYTHON.search(body, start) and end - start <= LITERAL_LIMIT:
        record = _literal(body[start:end])
        if record is not None:
            return record, end
    closed = _closed(body[start:])
    if closed is None:
        return None, start
    try:
        record = json.loads(closed, object_pairs_hook=_pairs, strict=False)
    except (ValueError, RecursionError):
        return None, start
    return record, len(body)


def _literal(text: str) -> dict[str, Any] | None:
    try:
        value = ast.literal_eval(text)
        json.dumps(value)  # sets, bytes and complex numbers are literals too, but no JSON
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None
    return value if isinstance(value, dict) and all(isinstance(key, str) for key in value) else None


def _closed(text: str) -> str | None:
    """The object with its missing closing braces and without trailing commas; None if a string is cut off."""
    text = text.removesuffix("```").rstrip()
    stack: list[str] = []
    outside, inside, skip = [], False, False
    for place, char in enumerate(text):
        if skip:
            skip = False
        elif char == "\\":
            skip = inside
        elif char == '"':
            inside = not inside
        elif not inside and char in "{[":
            stack.append("}" if char == "{" else "]")
        elif not inside and char in "}]":
            if not stack or stack.pop() != char:
                return None
        elif not inside and char == ",":
            outside.append(place)
    if inside or (stack and text[-1] not in '"}]'):
        return None
    text += "".join(reversed(stack))
    extra = {place for place in outside if _TRAILING_COMMA.match(text, place)}
    return "".join(char for place, char in enumerate(text) if place not in extra) if extra else text


# --- flattened texts ------------------------------------------------------------------------------------------------


def split_history(text: str) -> tuple[str, list[tuple[Role, str]]] | None:
    """History that was flattened into one message: (what it was said to be about, its turns in order).

    The marks are `[Conversation context: …]`, `[Previous message]:`, `[My response]:` and `[Current message]:`, each
    at the start of a line. None if the text has none.

    Raises:
        Refused: the marks do not alternate and end on the current message: who said what is not certain.
    """
    marks = [*_MARK.finditer(text)]
    if not any(mark["mark"] for mark in marks):
        return None
    roles: dict[str | None, Role] = {"Previous message": "user", "My response": "assistant", "Current message": "user"}
    about = next((mark["about"] for mark in marks if mark["context"]), "")
    said = [mark for mark in marks if mark["mark"]]
    ends = [*(mark.start() for mark in said[1:]), len(text)]
    turns: list[tuple[Role, str]] = [
        (roles[mark["mark"]], _RULE.sub("", text[mark.end() : end].strip()).strip())
        for mark, end in zip(said, ends, strict=True)
    ]
    wanted: list[Role] = ["user" if place % 2 == 0 else "assistant" for place in range(len(turns))]
    lead = text[: said[0].start()]
    stray = lead[marks[0].end() :] if marks[0]["context"] else lead
    alternate = [role for role, _ in turns] == wanted and all(content for _, content in turns)
    if not alternate or said[-1]["mark"] != "Current message" or stray.strip():
        raise Refused("flattened_history", "who said what in the flattened history is not certain")
    return about, turns


def split_written(text: str) -> tuple[list[str], list[str]]:
    """Tool output that the assistant wrote himself: (the n+1 pieces around it, the n outputs).

    Forms: `**<tool> output:**` or a line `Output:`, then a fenced block.
    """
    pieces, outputs, place = [], [], 0
    for match in _WRITTEN.finditer(text):
        pieces.append(text[place : match.start()].strip())
        outputs.append(match["body"].rstrip("\n"))
        place = match.end()
    return [*pieces, text[place:].strip()], outputs
