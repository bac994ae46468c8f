"""Matches wildcards and regular expressions, case-insensitive by default and within the line's time budget."""

from fnmatch import translate
from functools import lru_cache
from math import prod

import regex

from fleet.windows.failure import Budget, Failure, refused

MAX_PATTERN = 1_000
"""Longest regular expression, in characters."""
MAX_COUNT = 1_000
"""Largest product of counted quantifiers such as a{20}: nested ones are unrolled and take memory before any match."""


def like(text: str, wildcard: str, cased: bool = False) -> bool:
    """Whether the whole text matches a wildcard of `*`, `?` and `[a-z]`. Takes time proportional to the text."""
    return _wildcard(wildcard[:MAX_PATTERN], cased).match(text) is not None


@lru_cache(256)
def _wildcard(pattern: str, cased: bool) -> regex.Pattern[str]:
    return regex.compile(translate(pattern), 0 if cased else regex.IGNORECASE)


class Matcher:
    """A compiled regular expression."""

    def __init__(self, pattern: str, budget: Budget, cased: bool = False, simple: bool = False) -> None:
        """`simple` treats the pattern as plain text.

        Raises:
            Failure: the pattern is not a valid regular expression.
        """
        self._budget = budget
        self._compiled = _expression(regex.escape(pattern) if simple else pattern, cased)

    def search(self, text: str) -> "regex.Match[str] | None":
        """The first match, if any.

        Raises:
            Failure: matching took longer than the line's remaining time.
        """
        self._budget.spend(len(text))
        try:
            return self._compiled.search(text, timeout=self._budget.seconds)
        except TimeoutError:
            raise refused("The pipeline has been stopped.") from None

    def split(self, text: str) -> list[str]:
        self._budget.spend(len(text))
        try:
            return [part or "" for part in self._compiled.split(text, timeout=self._budget.seconds)]
        except TimeoutError:
            raise refused("The pipeline has been stopped.") from None

    def replace(self, text: str, replacement: str) -> str:
        """The text with every match replaced; $1 and ${name} refer to groups."""
        self._budget.spend(len(text))
        parts = regex.split(r"\$(\d{1,2}|\{\w+\}|[$&])", replacement)

        def fill(match: "regex.Match[str]") -> str:
            filled = "".join(_group(match, part) if place % 2 else part for place, part in enumerate(parts))
            self._budget.spend(len(filled))
            return filled

        try:
            return self._compiled.sub(fill, text, timeout=self._budget.seconds)
        except TimeoutError:
            raise refused("The pipeline has been stopped.") from None


def _group(match: "regex.Match[str]", name: str) -> str:
    if name in "$&":
        return "$" if name == "$" else match[0]
    key = name.strip("{}")
    try:
        return match[int(key) if key.isdigit() else key] or ""
    except IndexError:
        return f"${name}"


@lru_cache(256)
def _expression(pattern: str, cased: bool) -> regex.Pattern[str]:
    try:
        if len(pattern) > MAX_PATTERN or _repeats(pattern) > MAX_COUNT:
            raise regex.error("Quantifier is too large")
        return regex.compile(pattern, 0 if cased else regex.IGNORECASE)
    except (regex.error, RecursionError, OverflowError) as error:
        text = f'parsing "{pattern[:80]}" - {str(error).partition(" at position")[0]}.'
        raise Failure(text, "InvalidRegularExpression", "InvalidOperation") from None


def _repeats(pattern: str) -> int:
    """How many copies the innermost piece could expand to if all counted quantifiers were nested."""
    counts = regex.findall(r"\{(\d*),?(\d*)\}", pattern)
    return prod(max(int(low[:9] or 1), int(high[:9] or 1)) for low, high in counts)
