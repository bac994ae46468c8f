"""Spelling: how carelessly a user types. Names, paths and numbers keep their letters."""

import re
from collections.abc import Callable, Mapping, Sequence
from random import Random

from aj.files import Strict


class Spelling(Strict):
    """Words as a hurried user writes them; see `requests.yaml`."""

    short: dict[str, str]
    slips: dict[str, str]


def toned(text: str, persona: str, terms: Sequence[str], spelling: Spelling, rng: Random) -> str:
    """The request as that persona would type it; each habit is there or not, by chance."""
    if persona == "casual_developer":
        habits = ((0.75, str.lower), (0.35, _swapping(spelling.short, rng)), (0.2, _slip(spelling.slips, rng)))
    elif persona == "stressed_oncall":
        habits = ((0.3, str.lower), (0.12, str.upper), (0.3, _slip(spelling.slips, rng)))
    elif persona == "senior_engineer":
        habits = ((0.2, str.lower),)
    else:
        return text
    for chance, change in habits:
        if rng.random() < chance:
            text = outside(text, terms, change)
    return text


def outside(text: str, terms: Sequence[str], change: Callable[[str], str]) -> str:
    """The text with everything changed but the terms."""
    if not terms:
        return change(text)
    pattern = "|".join(re.escape(term) for term in sorted(terms, key=len, reverse=True))
    parts = re.split(f"({pattern})", text)
    return "".join(part if place % 2 else change(part) for place, part in enumerate(parts))


def _swapping(words: Mapping[str, str], rng: Random) -> Callable[[str], str]:
    """Every other of these words, in its other spelling."""

    def change(text: str) -> str:
        return _any_of(words).sub(lambda m: words[m[0].lower()] if rng.random() < 0.5 else m[0], text)

    return change


def _slip(words: Mapping[str, str], rng: Random) -> Callable[[str], str]:
    """One of these words misspelt, where there is one."""

    def change(text: str) -> str:
        found = list(_any_of(words).finditer(text))
        if not found:
            return text
        place = rng.choice(found)
        return text[: place.start()] + words[place[0].lower()] + text[place.end() :]

    return change


def _any_of(words: Mapping[str, str]) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w'-])(?:{'|'.join(map(re.escape, words))})(?![\w'-])", re.IGNORECASE)
