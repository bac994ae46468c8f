"""What the sources of an answer show: numbers, how many lines and words there are, states."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cached_property, lru_cache
from itertools import islice

from aj.state import SHORT
from scorers.checks.said.names import is_word, stands
from scorers.checks.said.spelling import plain

_DECIMAL = re.compile(r"(?<![\d.])\d{1,15}\.\d{1,15}(?![\d.]*\d)")
_DECIMALS = 1_000
"""The most decimals of the sources that are also accepted in rounded form."""
_SHOWN_BY = {
    "active": r"active|running|(?:re)?start\w*|up|listen\w*|alive|loaded|pid|%cpu|available agents|connected",
    "inactive": r"inactive|stop\w*|dead|exited|down|not running|not found|no such|kill\w*|terminated|not active",
    "failed": r"fail\w*|errors?|fatal|exited|dead|killed|crashed|could not|cannot|can't|unable|refused|denied",
    "enabled": r"enable\w*",
    "disabled": r"disable\w*|not enabled",
}
STATES = {
    "active": "active",
    "running": "active",
    "inactive": "inactive",
    "stopped": "inactive",
    "exited": "inactive",
} | {state: state for state in ("failed", "enabled", "disabled")}
"""A word for a state -> the state."""
_SHOWS = {state: re.compile(rf"\b(?:{words})\b") for state, words in _SHOWN_BY.items()}


class Sources:
    """What the sources show, worked out when it is asked for."""

    def __init__(self, sources: Sequence[str]) -> None:
        self.sources = sources
        self._times: dict[str, set[int]] = {}

    @cached_property
    def text(self) -> str:
        """All sources in one spelling and lower case."""
        return "\n".join(_spelled(text) if len(text) < SHORT else _spelled.__wrapped__(text) for text in self.sources)

    def names(self, name: str) -> bool:
        return stands(self.text, name.lower())

    def state(self, word: str) -> bool:
        """Whether a state, in this or other words, is shown."""
        return _SHOWS[STATES[word]].search(self.text) is not None

    @cached_property
    def sizes(self) -> set[int]:
        """Numbers of lines, with and without a heading, of each source and of each of its blocks."""
        blocks = [block for text in self.sources for block in (text, *text.split("\n\n"))]
        lines = [sum(1 for line in block.splitlines() if line.strip()) for block in blocks]
        return {size - heading for size in lines for heading in (0, 1)}

    def hosts(self, number: str) -> bool:
        """Whether a number of agents or hosts is told."""
        return re.search(rf"\b{number}\s+(?:\w+\s+)?(?:agent|host|server|machine|node|box)", self.text) is not None

    def times(self, word: str) -> set[int]:
        """How often a word occurs in each of the sources and in all, as itself and by lines."""
        stem = word.removesuffix("s")
        if len(stem) < 3:
            return set()
        if stem not in self._times:
            lines = [sum(1 for line in text.splitlines() if stem in line) for text in self._texts]
            self._times[stem] = {*lines, sum(lines), *(text.count(stem) for text in self._texts), self.text.count(stem)}
        return self._times[stem]

    @cached_property
    def _texts(self) -> list[str]:
        return [text.lower() for text in self.sources]

    def number(self, number: str) -> bool:
        """Whether a number is shown. Some tables have the unit in the header: 87.3 under %CPU may become 87.3%, and
        61.0 may become 61%, but 3.1G may not become 3.1M. Without a unit, it may be rounded."""
        if self._ends(number.lower()):
            return True
        bare = number.rstrip("KMGT%")
        if bare == number:
            return number in self._rounded
        spelled = (bare,) if "." in bare else (f"{bare}.0", f"{bare}.00")
        return any(
            not (self.text[end : end + 1] == "%" or is_word(self.text[end : end + 1]) or _digits_follow(self.text, end))
            for one in spelled
            for end in _alone(one, self.text)
        )

    def _ends(self, number: str) -> bool:
        return any(not _digits_follow(self.text, end) for end in _alone(number, self.text))

    @cached_property
    def _rounded(self) -> set[str]:
        """9.0000 is 9.0 and 9; 87.26 is 87.3 and 87."""
        decimals = islice((match[0] for match in _DECIMAL.finditer(self.text)), _DECIMALS)
        return {f"{Decimal(one):.{places}f}" for one in decimals for places in range(len(one.partition(".")[2]))}


@lru_cache(256)
def _spelled(text: str) -> str:
    """Remembered, since each answer of a conversation has the sources of those before it."""
    return plain(text).lower()


def _alone(number: str, known: str) -> Iterator[int]:
    """The end of every occurrence without a digit or point before it. No regex: compiling one takes longer."""
    place = known.find(number)
    while place >= 0:
        before = known[place - 1 : place]
        if not (before == "." or before.isdecimal()):
            yield place + len(number)
        place = known.find(number, place + 1)


def _digits_follow(text: str, place: int) -> bool:
    after = text[place : place + 2]
    return after[:1].isdecimal() or (after[:1] == "." and after[1:].isdecimal())
