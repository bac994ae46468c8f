"""Hints: what stands in a text wherever a check finds something, looked for all at once.

Most texts hold nothing of what most checks look for. So a check states a hint that each of its finds has, and leaves a
text without it alone. One pass looks for the hints of all checks, in hyperscan: 0.7 µs per kilobyte, and 0.3 µs for
each hint that is there, where one look for one word takes as long.

    _HISTORY_HINT = hint(*in_any_case("[previous message]", "[my response]"))

    def check_history(text):
        if not hints_in(text) & _HISTORY_HINT: ...
"""

import re
from functools import cache, lru_cache
from itertools import count
from threading import Lock
from typing import Any

import hyperscan

_LONG = 4000
"""Texts of so many characters are not remembered. Of shorter ones the checks of a row read the same few."""
_REMEMBERED = 64
_ALIKE = (("ſ", "s"), ("ı", "i"), ("İ", "i"), ("\N{KELVIN SIGN}", "k"))
"""Letters that `re.IGNORECASE` takes for one of ASCII."""

_numbers = count()
_patterns: list[tuple[int, bytes]] = []
"""Each with the number of its hint."""
_lock = Lock()
"""A database searches one text at a time."""


def in_any_case(*words: str) -> tuple[bytes, ...]:
    """Patterns for `hint`: these words in upper or lower case, as `re.IGNORECASE` has it."""
    return tuple(b"(?i)" + re.escape(word.encode()) for word in words)


@cache
def hint(*patterns: bytes) -> int:
    """The bit that stands for these patterns in `hints_in`. With `|`, several hints are asked for at once.

    Args:
        patterns: one of them matches the UTF-8 of each text that has the hint; without look-arounds, and classes are of
            bytes. Whatever else they match costs time and changes nothing.
    """
    number = next(_numbers)
    _patterns.extend((number, pattern) for pattern in patterns)
    _database.cache_clear()
    _remembered.cache_clear()
    return 1 << number


def hints_in(text: str) -> int:
    """The bits of all hints that stand in a text."""
    return _remembered(text) if len(text) < _LONG else _look(text)


def _look(text: str) -> int:
    if not text.isascii():
        for letter, plain in _ALIKE:
            text = text.replace(letter, plain)
    numbers: list[int] = []
    with _lock:
        _database().scan(text.encode("utf-8", "surrogatepass"), match_event_handler=_note, context=numbers)
    found = 0
    for number in numbers:
        found |= 1 << number
    return found


_remembered = lru_cache(_REMEMBERED)(_look)


def _note(number: int, start: int, end: int, flags: int, numbers: Any) -> None:
    numbers.append(number)


@lru_cache(1)
def _database() -> hyperscan.Database:
    """All hints that are known by now: compiled in some hundredths of a second, at the first text."""
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    numbers, expressions = zip(*_patterns, strict=True)
    once = [hyperscan.HS_FLAG_SINGLEMATCH] * len(_patterns)
    database.compile(expressions=expressions, ids=numbers, flags=once)
    database.scratch = hyperscan.Scratch(database)
    return database
