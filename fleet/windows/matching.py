"""Wildcards and regular expressions, without regard to case unless asked, and never longer than a line may take."""

from fnmatch import translate
from functools import lru_cache
from math import prod

import regex

from fleet.windows.failure import Budget, Failure, refused

MAX_PATTERN = 1_000
"""Characters of an expression."""
MAX_COUNT = 1_000
"""Product of all quantifiers such as a{20}: one within another is unrolled, and takes memory before any match."""


def like(text: str, wildcard: str, cased: bool = False) -> bool:
    """Whether a text fits `*` and `?` and `[a-z]` as a whole. Takes time in proportion to the text."""
    return _wildcard(wildcard[:MAX_PATTERN], cased).match(text) is not None


@lru_cache(256)
def _wildcard(pattern: str, cased: bool) -> regex.Pattern[str]:
    return regex.compile(translate(pattern), 0 if cased else regex.IGNORECASE)


class Matcher:
    """One regular expression."""

    def __init__(self, pattern: str, budget: Budget, cased: bool = False, simple: bool = False) -> None:
        """`simple` takes the pattern as plain text.

        Raises:
            Failure: it is no regular expression.
        """
        self._budget = budget
        self._compiled = _expression(regex.escape(pattern) if simple else pattern, cased)

    def search(self, text: str) -> "regex.Match[str] | None":
        """The first match.

        Raises:
            Failure: looking took longer than the line has.
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
        """Every match replaced; $1 and ${name} stand for groups."""
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
    """How often the innermost piece could be written out, if every counted quantifier stood around it."""
    counts = regex.findall(r"\{(\d*),?(\d*)\}", pattern)
    return prod(max(int(low[:9] or 1), int(high[:9] or 1)) for low, high in counts)
