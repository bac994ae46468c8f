"""Splits the text of an assistant's message, as a chat shows it, into pieces: words, thoughts, calls, results.

For most tool calls, Open-WebUI keeps no record except the text that it showed:

- `<details type="tool_calls" done id name arguments result>`: attributes are JSON, escaped for HTML, often encoded
  twice; the result is an attribute or the body; `done="false"` or no result is a call that never ended;
- `<details type="reasoning">` and `<details type="code_interpreter" output>`;
- plain `<details>` with the summary "… Executing Tool: x" (its parameters in a fence) or "… Tool Result: x";
- AJ's own blocks, which `aj` reads.

It takes one pass over the text: each search continues where the last one ended, and a needle that was not found is not
searched for again, so a message of 400,000 characters with a hundred tool logs takes milliseconds.
"""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from datasets_build.sources.openwebui.aj import Scan, clean, read_block
from datasets_build.sources.openwebui.pieces import Piece, arguments

_ATTRIBUTE = re.compile(r"\s+([\w-]{1,40})(?:=(?:\"([^\"]*)\"|'([^']*)'))?")
_TAG_END = re.compile(r"\s*/?>")
_TOOL = re.compile(r"(?:(?P<call>Executing Tool)|(?P<result>Tool (?:Result|Error))): ?(?P<name>[^\s<]{1,200})")
_SUMMARY = re.compile(r"\s*<summary>([^<]{0,400})</summary>")
_OPEN, _CLOSE = "<details", "</details>"


@dataclass(frozen=True, slots=True)
class _Details:
    """One `<details>` element."""

    start: int
    end: int
    attributes: dict[str, str]
    summary: str
    text: str
    inside: tuple[int, int]
    """The place of its body in `text`."""
    closed: bool

    @property
    def body(self) -> str:
        return self.text[slice(*self.inside)]


def pieces_of(text: str) -> list[Piece]:
    """The pieces of a message, in order."""
    return [piece for piece in _split(text) if piece.kind != "words" or piece.text]


def _split(text: str) -> Iterator[Piece]:
    scan = Scan(text)
    said, place = 0, 0
    while True:
        tag, block = scan.find(_OPEN, place), scan.heading(place)
        if tag < 0 and block is None:
            break
        if block is not None and (tag < 0 or block.start() < tag):
            start, (end, found) = block.start(), read_block(scan, block) or (block.end(), None)
        else:
            start, (end, found) = tag, _meaning(_read_details(scan, tag), tag)
        if found is None:  # not about a tool: it belongs to the words around it
            place = end
            continue
        yield from clean(text[said:start])
        yield from found
        said = place = end
    yield from clean(text[said:])


# --- details --------------------------------------------------------------------------------------------------------


def _read_details(scan: Scan, start: int) -> _Details | None:
    """The element at `start`; None if it is not a tag. An element that is never closed runs to the end."""
    text, place, attributes = scan.text, start + len(_OPEN), {}
    while match := _ATTRIBUTE.match(text, place):
        attributes[match[1]] = html.unescape(match[2] if match[2] is not None else match[3] or "")
        place = match.end()
    closing = _TAG_END.match(text, place)
    if closing is None:
        return None
    inside = closing.end()
    summary = _SUMMARY.match(text, inside)
    body = summary.end() if summary else inside
    # A result may hold `</details>` itself, so a fence in the body is read to its own end first.
    fenced = -1 if attributes.get("type") else _end_of_fences(scan, body)
    end = scan.find(_CLOSE, max(body, fenced))
    stop = end if end >= 0 else len(text)
    return _Details(
        start,
        stop + len(_CLOSE) if end >= 0 else stop,
        attributes,
        summary[1].strip() if summary else "",
        text,
        (body, stop),
        end >= 0,
    )


def _end_of_fences(scan: Scan, place: int) -> int:
    """The end of the fence that a plugin's block opens: before the `</details>` of the block."""
    opening = scan.find("```", place)
    closing = scan.find(_CLOSE, place)
    if opening < 0 or closing < 0 or opening > closing:
        return place
    ends = [end for mark in ("\n```\n\n</details>", "\n```\n</details>") if (end := scan.find(mark, opening)) >= 0]
    return min(ends) if ends else place


def _meaning(details: _Details | None, tag: int) -> tuple[int, list[Piece] | None]:
    """(where to continue, the pieces); None for the pieces if the element is not about a tool."""
    if details is None:
        return tag + len(_OPEN), None
    kind = details.attributes.get("type", "")
    if kind == "reasoning":
        lines = html.unescape(details.body).strip().splitlines()
        thought = "\n".join(line.removeprefix(">").removeprefix(" ") for line in lines)
        return details.end, [Piece("thought", thought)]
    if kind == "tool_calls":
        return details.end, _native(details)
    if kind == "code_interpreter":
        return details.end, _interpreter(details)
    if match := _TOOL.search(details.summary):
        return details.end, [_plugin(details, match)]
    # Words: continue after the opening tag, since an element about a tool may be inside.
    return details.start + len(_OPEN), None


def _native(details: _Details) -> list[Piece]:
    given = details.attributes
    name, key = given.get("name", ""), given.get("id", "")
    call = Piece("call", tool=name, params=arguments(given.get("arguments", "")), key=key)
    if given.get("done") != "true" or not details.closed:
        return [call]
    result = given["result"] if "result" in given else html.unescape(details.body.strip())
    return [call, Piece("result", _unquoted(result), tool=name, key=key)]


def _interpreter(details: _Details) -> list[Piece]:
    fence = re.search(r"```[^\n]*\n", details.body)
    code = details.body[fence.end() :].rstrip().removesuffix("```").rstrip("\n") if fence else ""
    call = Piece("call", tool="code_interpreter", params={"code": html.unescape(code)} if code else None)
    output = details.attributes.get("output")
    return [call] if output is None else [call, Piece("result", output, tool="code_interpreter")]


def _plugin(details: _Details, match: re.Match[str]) -> Piece:
    fence = re.search(r"```[^\n]*\n", details.body)
    inner = details.body[fence.end() :] if fence else details.body
    end = inner.rfind("\n```") if fence else -1
    inner = inner[:end] if end >= 0 else inner.strip().removesuffix("```").strip()
    kind: Literal["call", "result"] = "call" if match["call"] else "result"
    if kind == "call":
        return Piece(kind, tool=match["name"], params=arguments(inner))
    return Piece(kind, inner, tool=match["name"])


def _unquoted(result: str) -> str:
    """The text of a result that was stored as a JSON string; any other result unchanged."""
    try:
        value: Any = json.loads(result)
        return value.encode().decode() if isinstance(value, str) else result
    except (ValueError, RecursionError):  # no JSON, or half of a surrogate pair
        return result
