"""Matches wildcards and regular expressions by .NET's rules, without regard to case by default, within the line's
time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import regex

from fleet.windows.failure import Budget, Failure, Unmodelled, refused
from fleet.windows.regex_classes import InvalidPattern, quoted
from fleet.windows.regex_translation import TooLarge, Translated, Translator

MAX_PATTERN = 1_000
"""Longest pattern, in characters."""
SPECIAL = regex.compile(r"(?<!`)[*?\[]")
ESCAPED = regex.compile(r"`(.)")
REFERENCE = regex.compile(r"\$(?:(\d+)|\{(\w+)\}|([$&`'+_]))")


class BadPattern(Failure):
    """A regular expression that .NET cannot parse."""

    def __init__(self, pattern: str, why: str) -> None:
        self.pattern = pattern
        message = f'parsing "{pattern}" - {why}'
        super().__init__(message, "System.ArgumentException", "OperationStopped", ":", "ArgumentException")


# --- wildcards ------------------------------------------------------------------------------------------------------


def like(text: str, wildcard: str, cased: bool = False) -> bool:
    """Whether the whole text matches a wildcard of `*`, `?`, `[a-z]` and escapes such as `` `* ``. Takes time
    proportional to the text.

    Raises:
        Failure: a bracket is not closed, or its range runs backwards.
    """
    return _wildcard(wildcard[:MAX_PATTERN], cased).fullmatch(text) is not None


def is_wildcard(text: str) -> bool:
    """Whether a text has a wildcard that is not escaped."""
    return SPECIAL.search(text) is not None


def unescaped(wildcard: str) -> str:
    """The text that a wildcard without special characters stands for."""
    return ESCAPED.sub(r"\1", wildcard) if "`" in wildcard else wildcard


@lru_cache(512)
def _wildcard(pattern: str, cased: bool) -> regex.Pattern[str]:
    """The parser of System.Management.Automation.WildcardPattern: no class is negated, and a bracket that opens one
    may be its first member."""
    parts: list[str] = []
    members: list[tuple[str, bool]] | None = None
    escaped = False
    for char in pattern:
        if members is not None and char == "]" and members and not escaped:
            parts.append(_wildcard_class(members, pattern))
            members = None
        elif char == "`" and not escaped:
            escaped = True
            continue
        elif members is not None:
            members.append((char, char == "-" and not escaped))
        elif char == "[" and not escaped:
            members = []
        else:
            parts.append({"*": ".*?", "?": "."}.get(char, quoted(char)) if not escaped else quoted(char))
        escaped = False
    if members is not None:
        raise _bad_wildcard(pattern)
    if escaped and pattern != "`":
        parts.append("`")
    return regex.compile("".join(parts), regex.DOTALL if cased else regex.DOTALL | regex.IGNORECASE)


def _wildcard_class(members: list[tuple[str, bool]], pattern: str) -> str:
    parts, place = [], 0
    while place < len(members):
        char = members[place][0]
        if place + 2 < len(members) and members[place + 1][1]:
            last = members[place + 2][0]
            if char > last:
                raise _bad_wildcard(pattern)
            parts.append(f"{quoted(char)}-{quoted(last)}")
            place += 3
        else:
            parts.append(quoted(char))
            place += 1
    return f"[{''.join(parts)}]"


def _bad_wildcard(pattern: str) -> Failure:
    text = f"The specified wildcard character pattern is not valid: {pattern}"
    return Failure(text, "RuntimeException", "OperationStopped", ":", "WildcardPatternException")


# --- regular expressions --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RegexMatch:
    """One match."""

    start: int
    end: int
    groups: dict[str, str]
    """.NET's group names, in its order, "0" first -> what they matched; groups that took no part are missing"""
    names: tuple[str, ...]
    """of all groups"""

    @property
    def text(self) -> str:
        return self.groups["0"]


class Matcher:
    """A compiled regular expression."""

    def __init__(
        self, pattern: str, budget: Budget, cased: bool = False, simple: bool = False, options: str = ""
    ) -> None:
        """`simple` takes the pattern as plain text; `options` are letters of (?imnsx).

        Raises:
            BadPattern: the pattern is not a valid regular expression.
            Failure: it is beyond our limits.
        """
        self._budget = budget
        given = f"(?{options}){pattern}" if options and not simple else pattern
        self._translated, self._compiled, self._stepped = _expression(
            "".join(map(quoted, pattern)) if simple else given, pattern, cased
        )

    def search(self, text: str) -> RegexMatch | None:
        """The first match, if any.

        Raises:
            Failure: matching took longer than the line's remaining time.
        """
        return next(self.matches(text), None)

    def fits(self, text: str) -> bool:
        """Whether there is a match.

        Raises:
            Failure: matching took longer than the line's remaining time.
        """
        self._budget.spend(len(text))
        try:
            found = self._compiled.search(text, timeout=self._budget.seconds) is not None
            self._budget.spend(steps=found)
            return found
        except TimeoutError:
            raise refused("The pipeline has been stopped.") from None

    def matches(self, text: str) -> Iterator[RegexMatch]:
        """All matches, one after the other; after an empty one, .NET looks on from the next character."""
        self._budget.spend(len(text))
        names = ("0", *self._translated.groups.values())
        compiled, place = self._compiled, 0
        try:
            while place <= len(text) and (match := compiled.search(text, place, timeout=self._budget.seconds)):
                self._budget.spend()
                yield RegexMatch(match.start(), match.end(), self._groups(match), names)
                empty = match.start() == match.end()
                place = match.end() + empty
                compiled = self._stepped if empty else self._compiled
        except TimeoutError:
            raise refused("The pipeline has been stopped.") from None

    def _groups(self, match: "regex.Match[str]") -> dict[str, str]:
        held = ((name, match[f"g{number}"]) for number, name in self._translated.groups.items())
        return {"0": match[0], **{name: text for name, text in held if text is not None}}

    def split(self, text: str, limit: int = 0) -> list[str]:
        """The parts between the matches, with what groups matched; at most `limit` parts, 0 for all."""
        if limit == 1:
            return [text]
        parts, start = [], 0
        for count, found in enumerate(self.matches(text), 2):
            parts += [text[start : found.start], *self._captures(found)]
            start = found.end
            if count == limit:
                break
        return [*parts, text[start:]]

    def _captures(self, found: RegexMatch) -> list[str]:
        """What the groups matched, as Regex.Split adds it: it takes the places of groups for their numbers."""
        numbered = self._translated.groups
        return [
            found.groups.get(numbered.get(place, ""), "")
            for place, name in enumerate(numbered.values(), 1)
            if name in found.groups
        ]

    def replace(self, text: str, replacement: str) -> str:
        """The text with every match replaced; $1, ${name}, $& and so on refer to what was matched."""
        pieces, start = [], 0
        fill = self._filler(text, replacement)
        for found in self.matches(text):
            pieces += [text[start : found.start], fill(found)]
            start = found.end
            self._budget.spend(len(pieces[-1]))
        return "".join([*pieces, text[start:]])

    def _filler(self, text: str, replacement: str) -> Callable[[RegexMatch], str]:
        known = {"0", *self._translated.groups.values(), *map(str, self._translated.groups)}
        names = {str(number): name for number, name in self._translated.groups.items()}

        def fill(found: RegexMatch) -> str:
            def one(match: "regex.Match[str]") -> str:
                name = match[1] or match[2]
                if name is not None:
                    return found.groups.get(names.get(name, name), "") if name in known else match[0]
                return {
                    "$": "$",
                    "&": found.text,
                    "`": text[: found.start],
                    "'": text[found.end :],
                    "+": found.groups.get(names[max(names, key=int)], "") if names else found.text,
                    "_": text,
                }[match[3]]

            return REFERENCE.sub(one, replacement)

        return fill


@lru_cache(256)
def _expression(pattern: str, shown: str, cased: bool) -> tuple[Translated, regex.Pattern[str], regex.Pattern[str]]:
    """An expression, translated and compiled, and once more for where the search took a step: there \\G fails."""
    if len(pattern) > MAX_PATTERN:
        raise refused("The pipeline has been stopped.")
    try:
        translated = Translator(pattern, cased).translate()
        flags = 0 if cased else regex.IGNORECASE
        compiled = regex.compile(translated.pattern, flags)
        stepped = translated.pattern.replace(r"\G", "(?!)")
        return translated, compiled, regex.compile(stepped, flags) if stepped != translated.pattern else compiled
    except InvalidPattern as invalid:
        raise BadPattern(shown, str(invalid)) from None
    except (TooLarge, RecursionError):
        raise refused("The pipeline has been stopped.") from None
    except regex.error:
        raise Unmodelled(f"regex {shown}") from None
