"""Hints: what stands in a text wherever a check finds something, looked for all at once.

Most texts hold nothing of what most checks look for. So a check states a hint that each of its finds has, and leaves a
text without it alone. One pass looks for the hints of all checks, in hyperscan: 1.5 µs per kilobyte, and 0.3 µs for
each hint that is there, where `in` takes half as long to find a word.

    _HISTORY_HINT = hint(*in_any_case("[previous message]", "[my response]"))

    def check_history(text):
        if not hints_in(text) & _HISTORY_HINT: ...
"""

from functools import cache, cached_property, lru_cache
from itertools import count
from threading import Lock
from typing import Any

import hyperscan

_LONG = 4000
"""Texts of so many characters are not remembered. Of shorter ones the checks of a row read the same few."""
_FLAGS = (
    hyperscan.HS_FLAG_UTF8
    | hyperscan.HS_FLAG_SINGLEMATCH
    | hyperscan.HS_FLAG_ALLOWEMPTY
    | hyperscan.HS_FLAG_PREFILTER  # what it cannot do, such as look-arounds, it takes for found
)


class HintSearch:
    """Hints that are looked for together."""

    def __init__(self) -> None:
        self._patterns: list[tuple[int, bytes]] = []
        """Each with the number of its hint."""
        self._numbers = count()
        self._lock = Lock()
        """A database searches one text at a time."""
        self._remembered = lru_cache(64)(self._look)
        self.hint = cache(self._hint)

    def _hint(self, *patterns: str) -> int:
        """The bit that stands for these patterns in `hints_in`. With `|`, several hints are asked for at once.

        Args:
            patterns: one of them matches in each text that has the hint, where `\\w`, `\\d`, `\\s` and `\\b` know ASCII
                alone. Whatever else they match costs time and changes nothing.
        """
        number = next(self._numbers)
        self._patterns.extend((number, pattern.encode()) for pattern in patterns)
        self._remembered.cache_clear()
        self.__dict__.pop("_database", None)
        return 1 << number

    def hints_in(self, text: str) -> int:
        """The bits of all hints that are known by now and stand in a text."""
        return self._remembered(text) if len(text) < _LONG else self._look(text)

    def _look(self, text: str) -> int:
        data = text.encode() if text.isascii() else _as_bytes(text)
        numbers: list[int] = []
        with self._lock:
            self._database.scan(data, _note, 0, numbers)
        found = 0
        for number in numbers:
            found |= 1 << number
        return found

    @cached_property
    def _database(self) -> hyperscan.Database:
        """All hints that are known by now: compiled in some hundredths of a second, at the first text."""
        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        numbers, expressions = zip(*self._patterns, strict=True)
        database.compile(expressions=expressions, ids=numbers, flags=[_FLAGS] * len(numbers))
        database.scratch = hyperscan.Scratch(database)
        return database


_CHECKS = HintSearch()
hint, hints_in = _CHECKS.hint, _CHECKS.hints_in
"""Of all checks."""


def in_any_case(*patterns: str) -> tuple[str, ...]:
    """The patterns, in upper or lower case as `re.IGNORECASE` has it."""
    return tuple(f"(?i){pattern}" for pattern in patterns)


def _as_bytes(text: str) -> bytes:
    text = text.replace("ı", "i").replace("İ", "i")  # so has `re.IGNORECASE` it, and not Unicode
    try:
        return text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _note(number: int, start: int, end: int, flags: int, numbers: Any) -> None:
    numbers.append(number)
