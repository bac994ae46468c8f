"""Is a request one of the evals' wordings, whatever fills its slots?"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fleet.software import software
from scenarios.requests import ORDINALS

ENOUGH = 5
"""Words of its own with which a wording is found inside a longer request. Of a shorter one, the whole request is it."""

_SLOT = re.compile(r"(?<!\$)\{([a-z_]+)\}")
_EDGES = " \t`'\"?!.,:;()<>-"
_ONE, _SEVERAL = r"\S+", r"\S+(?: \S+){0,39}?"
_LONG = {"command", "phrase", "thing"}
"""Slots that several words fill."""


@dataclass(frozen=True, slots=True)
class Wordings:
    """The wordings of a file, each under the rarest of its words: a request without that word is not looked at."""

    by_word: dict[str, tuple[re.Pattern[str], ...]]

    @classmethod
    def read(cls, path: Path) -> "Wordings":
        """Raises OSError when the file cannot be read."""
        texts = [line for line in path.read_text(encoding="utf-8").splitlines() if _own(line)]
        common = Counter(word for text in texts for word in set(_own(text)))
        found: dict[str, list[re.Pattern[str]]] = {}
        for text in texts:
            found.setdefault(min(_own(text), key=lambda word: (common[word], word)), []).append(_pattern(text))
        return cls({word: tuple(patterns) for word, patterns in found.items()})

    def fits(self, request: str) -> bool:
        """Whether the request is one of the wordings, or holds one that is long enough."""
        words = list(_words(request))
        plain = " ".join(words)
        patterns = (pattern for key in set(map(_key, words)) for pattern in self.by_word.get(key, ()))
        return any(pattern.fullmatch(plain) for pattern in patterns)


def _words(text: str) -> Iterator[str]:
    """Lower-case words, without the punctuation around them."""
    return (word for part in text.lower().split() if (word := part.strip(_EDGES)))


def _key(word: str) -> str:
    """A word as wordings are compared by it: every number is the same."""
    return re.sub(r"\d+", "0", word)


def _own(text: str) -> list[str]:
    """The words of a wording that no slot is part of."""
    return [_key(word) for word in _words(_SLOT.sub("\0", text)) if "\0" not in word]


def _pattern(text: str) -> re.Pattern[str]:
    body = " ".join(_part(word) for word in _words(text))
    return re.compile(rf"(?:.* )?{body}(?: .*)?" if len(_own(text)) >= ENOUGH else body)


def _part(word: str) -> str:
    """A word of a wording as a regular expression: its slots open, its numbers any."""
    pieces = _SLOT.split(word)
    return "".join(_filled(piece) if index % 2 else _fixed(piece) for index, piece in enumerate(pieces))


def _fixed(piece: str) -> str:
    return re.sub(r"\d+", r"\\d+", re.escape(piece))


@cache
def _filled(slot: str) -> str:
    """What fills a slot. Those of short wordings are narrow: "the {file} one" must not be "the highest one"."""
    if slot in _LONG:
        return _SEVERAL
    if slot == "file":
        return r"\S*[./\\]\S*"
    known = {"service": (*software().linux, *software().windows), "nth": (*ORDINALS, "last")}.get(slot)
    return f"(?:{'|'.join(re.escape(name.lower()) for name in sorted(known))})" if known else _ONE
