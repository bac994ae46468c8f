"""The text around a call: the first object in a completion, and what is wrong with the text outside it."""

import json
import re
from functools import lru_cache
from typing import Any

from aj.contract import Contract
from aj.findings import Finding


class Unreadable(ValueError):
    """The text contains no readable object; the message is the finding's code."""


def reply_start(text: str, contract: Contract) -> int:
    """Where a reply begins: after the first closing tag of thoughts, where the runtime cuts; 0 without one."""
    tag = f"</{contract.wire.think_tag}>"
    place = text.find(tag)
    return place + len(tag) if place >= 0 else 0


def lint_text(text: str, contract: Contract) -> list[Finding]:
    """Deviations of the raw text, anywhere in it (also inside an answer)."""
    found = list(made_up(text, contract))
    if "\\" not in text:
        return found
    if match := re.search(r"(?<!\\)(?:\\\\)*\\u[0-9a-fA-F]{4}", text) if "\\u" in text else None:
        found.append(contract.finding("escaped_unicode", span=match.span()))
    # `\n` before a lower-case letter may start a folder's name; otherwise it ends a line, as in "C:\n- 20% used".
    if match := re.search(r"(?<![A-Za-z0-9])[A-Za-z]:\\(?:[^\\\"/n]|n[a-z])", text) if ":\\" in text else None:
        found.append(contract.finding("lone_backslash", match[0], match.span()))
    return found


def made_up(text: str, contract: Contract) -> list[Finding]:
    """What the runtime rejects as made-up output: fences, output headings, phrases."""
    found, marks = [], contract.made_up
    fence, patterns, any_mark = _compiled(marks.fences, marks.patterns, marks.phrases)
    if "```" in text and (match := fence.search(text)):
        found.append(contract.finding("code_fence", match[0], match.span()))
    # The leftmost mark is reported. Most texts have none, and testing for each mark takes a tenth of the time.
    if any(phrase in text for phrase in marks.phrases) or any(pattern.search(text) for pattern in patterns):
        match = any_mark.search(text)
        assert match is not None
        found.append(contract.finding("made_up_output", match[0], match.span()))
    return found


@lru_cache
def _compiled(
    fences: tuple[str, ...], patterns: tuple[str, ...], phrases: tuple[str, ...]
) -> tuple[re.Pattern[str], tuple[re.Pattern[str], ...], re.Pattern[str]]:
    """A contract's marks of made-up output: fences, each pattern, and any pattern or phrase."""
    fence = re.compile(rf"```(?:{'|'.join(map(re.escape, fences))})\b")
    return fence, tuple(map(re.compile, patterns)), re.compile("|".join([*patterns, *map(re.escape, phrases)]))


def extract(text: str, contract: Contract) -> tuple[dict[str, Any], list[str]]:
    """The first object in the text, and codes for what surrounds it."""
    wire, around = contract.wire, []
    body = text.strip()
    if not body:
        raise Unreadable("empty_output")
    if body.startswith(f"<{wire.think_tag}>"):
        tag = re.escape(wire.think_tag)
        if match := re.match(rf"<{tag}>.*?</{tag}>\s*", body, re.DOTALL):
            body = body[match.end() :]
        else:
            around.append("unclosed_think")
    opening = body.find(wire.open.strip())
    start = body.find("{", opening) if opening >= 0 else -1
    if start < 0:
        raise Unreadable("no_call")
    record, end = _decode(body, start)
    before, after = body[:start].strip(), body[end:].strip()
    before = before.removesuffix(wire.open.strip()).strip()
    after = after.removeprefix(wire.close.strip()).strip()
    if before and "unclosed_think" not in around and wire.keys.note:
        around.append("prose_before_call")
    if after:
        around.append("several_calls" if "{" in after else "prose_after_call")
    return record, around


def _pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(items)
    if len(found) < len(items):
        raise Unreadable("duplicate_key")
    return found


def _no_constant(name: str) -> None:
    raise Unreadable("broken_json")  # NaN and Infinity are Python's, not JSON's


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_no_constant)


def _decode(body: str, start: int) -> tuple[dict[str, Any], int]:
    try:
        record, end = _DECODER.raw_decode(body, start)
        # Half of a surrogate pair cannot be written. Without escapes, the text itself shows that.
        if "\\u" in body or body.count("{") + body.count("[") > 100:
            json.dumps(record, ensure_ascii=False).encode()
        else:
            body[start:end].encode()
    except Unreadable:
        raise
    except (ValueError, RecursionError) as error:
        python = re.match(r"\{\s*'|\{.*?:\s*(?:'|True\b|False\b|None\b)", body[start:], re.DOTALL)
        raise Unreadable("python_dict" if python else "broken_json") from error
    return record, end
