"""The calls in Glaive, `<functioncall> {"name": "f", "arguments": '{"k": "v"}'}`: read with certainty or refused.

The arguments are JSON inside single quotes, which is not JSON: apostrophes within are not escaped, or escaped as
`\\'`. Since a call ends its turn, the last quote is the closing one, and the text inside must be strict JSON.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from datasets_build.ledger import Refused
from datasets_build.sources.foreign import read_arguments, read_json

MARK = "<functioncall>"

_HEAD = re.compile(r'\{\s*"name"\s*:\s*"([^"\\\n]{1,200})"\s*,\s*"(?:arguments|parameters)"\s*:\s*\'')
_OTHER = re.compile(r"^AI to ?= ?([\w.-]{1,200}): ?(?=\{)", re.MULTILINE)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
"""A JSON string, even one that never ends: it always matches, so the search never starts again in its middle."""
_ESCAPED_APOSTROPHE = re.compile(r"(?<!\\)((?:\\\\)*)\\'")


@dataclass(frozen=True, slots=True)
class Written:
    """One turn's text taken apart."""

    before: str
    """The words before the call, or all words if there is no call."""
    name: str | None = None
    arguments: dict[str, Any] | None = None


def read_turn(text: str) -> Written:
    """An assistant turn as words and at most one call.

    Raises:
        Refused: broken_call, truncated_call, arguments_not_object, several_calls, text_after_call.
    """
    before, mark, body = text.partition(MARK)
    if mark:
        if MARK in body:
            raise Refused("several_calls", "one turn holds more than one call")
        return Written(before.strip(), *_read_call(body.strip()))
    if match := _OTHER.search(text):
        return Written(text[: match.start()].strip(), match[1], read_arguments(text[match.end() :]))
    if re.search(r"\bAI to ?=", text):
        raise Refused("broken_call", "a call in the form 'AI to= name: {…}' cannot be read")
    return Written(text.strip())


def _read_call(body: str) -> tuple[str, dict[str, Any]]:
    if head := _HEAD.match(body):
        return head[1], _quoted(body[head.end() :])
    try:
        end = json.JSONDecoder(strict=False).raw_decode(body)[1] if body.startswith("{") else 0
        record = read_json(body[:end])
    except (ValueError, RecursionError) as error:
        code = "truncated_call" if _is_cut(body) else "broken_call"
        raise Refused(code, f"a call cannot be read ({str(error)[:80]})") from error
    if body[end:].strip("} \t\r\n"):
        raise Refused("text_after_call", f"text follows a call: {body[end:][:40]!r}")
    return _from_object(record)


def _from_object(record: Any) -> tuple[str, dict[str, Any]]:
    name = record.get("name") if isinstance(record, dict) else None
    keys = [key for key in ("arguments", "parameters") if isinstance(record, dict) and key in record]
    if not isinstance(name, str) or len(keys) != 1 or len(record) > 2:
        raise Refused("broken_call", "a call is not an object of a name and its arguments")
    return name, read_arguments(record[keys[0]])


def _quoted(rest: str) -> dict[str, Any]:
    """The arguments; `rest` is the text after the opening quote, up to the end of the turn."""
    inner = rest.rstrip("} \t\r\n")
    if not inner.endswith("'"):
        raise Refused("truncated_call", "a call breaks off inside its arguments")
    return read_arguments(_ESCAPED_APOSTROPHE.sub(r"\1'", inner[:-1]))


def _is_cut(body: str) -> bool:
    """Whether more braces open than close, strings aside."""
    outside = _STRING.sub("", body)
    return outside.count("{") > outside.count("}")
