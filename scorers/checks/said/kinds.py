"""What a value looks like in a text: numbers with units, versions, states, words."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from scorers.checks.said.spelling import NUMBERS
from scorers.checks.said.states import POLES

QUOTE = r"[`'\"*]*"
_WORDS = {number: word for word, number in NUMBERS.items()}
_NUMBER = re.compile(r"(\d+)(?:\.(\d+))?([%kmgt]?)")
_A_VERSION = re.compile(r"v?\d+(?:\.\d+){2,}(?:-[\w.-]+)?")
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?[%kmgt]?(?![\w.-]*\w)")
PERCENTAGE = re.compile(r"(?<![\w.])\d+(?:\.\d+)?%")
VERSION = re.compile(r"v?\d+(?:\.\d+){2,}(?:-[\w.-]*\w)?")
TERM = re.compile(r"[^`]+(?=`)")
STATE = re.compile(
    r"\b(?:" + "|".join(sorted({word for poles in POLES.values() for side in poles for word in side})) + r")\b"
)
_IS_UP = re.compile(
    r"(?:\b(?:is|not|never|longer|are|be|been|back|still|now|again|currently|all|both|came|comes?|gets?|got|stays?|"
    r"brought|it|status|state)|[:=(,|—–-]|^)[\s`'\"*]*$"
)


class Mention(NamedTuple):
    """Where a claim mentions a value."""

    claim: str
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.claim[self.start : self.end]

    @property
    def before(self) -> str:
        return self.claim[: self.start]

    @property
    def sentence_start(self) -> int:
        """Where its sentence begins."""
        return max((end.end() for end in re.finditer(r"[.;!?\n](?=\s)", self.before)), default=0)

    @property
    def sentence(self) -> str:
        after = re.compile(r"[.;!?\n](?=\s)").search(self.claim, self.start)
        return self.claim[self.sentence_start : after.start() if after else len(self.claim)]


def is_measured(value: str) -> bool:
    """Whether a value is a number or a version."""
    return bool(_NUMBER.fullmatch(value) or _A_VERSION.fullmatch(value))


def kind_of(value: str) -> re.Pattern[str]:
    """Matches any value of the same kind."""
    if _A_VERSION.fullmatch(value):
        return VERSION
    if _NUMBER.fullmatch(value.replace(",", "")):
        return NUMBER
    return STATE if STATE.fullmatch(value) else TERM


def places(claim: str, value: str) -> Iterator[Mention]:
    """Where a claim has a value, in any form of it."""
    for match in pattern_of(value).finditer(claim):
        if value != "up" or is_up(claim, match.start()):
            yield Mention(claim, *match.span())


@lru_cache(4096)
def pattern_of(value: str) -> re.Pattern[str]:
    """Matches a value as a whole: 61.0% may be written as 61%, 2 as "two", 1234 as 1,234."""
    if number := _NUMBER.fullmatch(value):
        whole, fraction, unit = number.groups()
        digits = re.sub(r"(?<=\d)(?=(?:\d{3})+$)", ",?", whole)
        if fraction is not None:
            kept = fraction.rstrip("0")
            digits += rf"\.{kept}0*" if kept else r"(?:\.0+)?"
        elif not unit and int(whole) in _WORDS:
            digits = rf"(?:{digits}|{_WORDS[int(whole)]})"
        return re.compile(rf"(?<![\w.])(?<!\d,){digits}{unit}(?![\w%]|[.,]\d)")
    words = [re.escape(word) for word in value.split(" ")]
    spaced = rf"{QUOTE}[ -]{QUOTE}" if re.match(r"\d+ [a-z]+$", value) else rf"{QUOTE} +{QUOTE}"
    first, last = value[:1], value[-1:]
    begins = r"(?<![\w.])(?<!\w-)" if first.isalnum() or first == "_" else ""
    if _A_VERSION.fullmatch(value):
        begins += "v?"
    ends = r"(?!\w|-\w|\.\d)" if last.isalnum() or last == "_" else ""
    return re.compile(begins + spaced.join(words) + ends)


def is_up(claim: str, place: int) -> bool:
    """Whether "up" is a state there; others look things up."""
    return _IS_UP.search(claim, 0, place) is not None
