"""One record: its bytes, the object in them, and the faults that were overlooked in reading it."""

import codecs
import json
import math
import re
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from msgspec import Struct

from datasets_build.ledger import Refused

MAX_RECORD = 32 * 2**20
"""Bytes of one record. A chat export is one element of some MB; `[{},{},…]` takes 25 times its bytes as objects."""
MAX_DEPTH = 100
"""Brackets inside brackets: below the recursion limit of all code that walks a value later."""

BOM = codecs.BOM_UTF8
_DIGITS = bytes(ord("0") if byte in b"0123456789" else ord(" ") for byte in range(256))
_LONG = b"0" * 19
"""Where every digit is 0, this may be an integer beyond 64 bits; a search for 19 digits takes ten times as long."""

_QUOTE = rb"\u0022"
"""A quote by its number."""


class Raw(NamedTuple):
    """One record as it is in the file, and the line where it starts."""

    line: int
    data: bytes | Refused
    """Its bytes, or why they cannot be read."""

    @property
    def size(self) -> int:
        """Bytes that wait to be decoded."""
        return 0 if isinstance(self.data, Refused) else len(self.data)


class Record(Struct, frozen=True):
    """What a line, or an element of an array, holds."""

    path: Path
    line: int
    value: dict[str, Any] | Refused
    """One JSON object, or why there is none: not_json, not_an_object, too_large, too_deep, broken_gzip or
    broken_table."""
    faults: tuple[str, ...] = ()
    """What was overlooked in reading it: bom, control_character, bad_utf8, lone_surrogate, not_a_number,
    duplicate_key (the last one counts)."""


def unmarked(data: bytes) -> bytes:
    """Without the byte order marks that it starts with: whole ones, since a stray byte of one is a fault."""
    while data.startswith(BOM):
        data = data.removeprefix(BOM)
    return data


def decode(path: Path, raw: Raw) -> Record:
    """One record from its bytes: strictly if possible, else overlooking faults that leave no doubt about the value."""
    if isinstance(raw.data, Refused):
        return Record(path, raw.line, raw.data)
    try:
        value, faults = _read(raw.data)
    except Refused as refused:
        return Record(path, raw.line, refused)
    return Record(path, raw.line, value, faults)


def _read(data: bytes) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The object, and the faults that were overlooked. Raises Refused."""
    faults: tuple[str, ...] = ()
    if data.startswith(BOM):
        data, faults = unmarked(data), ("bom",)
    try:
        value = orjson.loads(data)
        # orjson silently takes the last of two equal keys; then fewer quotes come back than went in, unless one went in
        # by its number. An integer beyond 64 bits becomes a float.
        quotes = orjson.dumps(value).count(b'"') == data.count(b'"') and _QUOTE not in data
        if quotes and _LONG not in data.translate(_DIGITS):
            return _checked(value, data), faults
    except ValueError:
        pass
    seen: dict[str, None] = dict.fromkeys(faults)
    return _checked(_decode_leniently(data, seen), data), tuple(seen)


def _checked(value: Any, data: bytes) -> dict[str, Any]:
    if not isinstance(value, dict):
        kinds = {"list": "an array", "str": "a text", "NoneType": "null", "bool": "true or false"}
        kind = kinds.get(type(value).__name__, "a number")
        raise Refused("not_an_object", f"{kind} takes the place of an object")
    if data.count(b"{") + data.count(b"[") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise Refused("too_deep", f"nested more than {MAX_DEPTH} deep")
    return value


def _depth(value: Any) -> int:
    """How deep objects and arrays are nested; stops counting past MAX_DEPTH."""
    level, depth = [value], 0
    while depth <= MAX_DEPTH:
        level = [v for v in level if isinstance(v, dict | list)]
        if not level:
            return depth
        depth += 1
        level = [inner for v in level for inner in (v.values() if isinstance(v, dict) else v)]
    return depth


def _decode_leniently(data: bytes, seen: dict[str, None]) -> Any:
    """The value; what was overlooked is added to `seen`."""
    text = data.decode("utf-8", "replace")
    if "\ufffd" in text and "\ufffd".encode() not in data:
        seen["bad_utf8"] = None
    try:
        try:
            value = _loads(text, seen, strict=True)
        except json.JSONDecodeError as error:
            if not error.msg.startswith("Invalid control character"):
                raise
            seen["control_character"] = None
            value = _loads(text, seen, strict=False)
        return _without_surrogates(value, seen) if re.search(r"\\u[dD][89a-fA-F]", text) else value
    except RecursionError as error:
        raise Refused("too_deep", f"nested more than {MAX_DEPTH} deep") from error
    except ValueError as error:
        what = error.msg if isinstance(error, json.JSONDecodeError) else "a number is too long"
        place = f" at character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else ""
        raise Refused("not_json", f"not JSON: {what}{place}") from error


def _loads(text: str, seen: dict[str, None], strict: bool) -> Any:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) < len(items):
            seen["duplicate_key"] = None
        return found

    def no_number(name: str) -> None:
        seen["not_a_number"] = None  # JSON has no NaN and no Infinity; it has null

    def number(digits: str) -> float | None:
        return found if math.isfinite(found := float(digits)) else no_number(digits)

    return json.loads(text, strict=strict, object_pairs_hook=pairs, parse_constant=no_number, parse_float=number)


def _without_surrogates(value: Any, seen: dict[str, None]) -> Any:
    """Half of a character cannot be written to any file, so it becomes U+FFFD."""
    text = json.dumps(value, ensure_ascii=False)
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if whole == text:
        return value
    seen["lone_surrogate"] = None
    return json.loads(whole)
