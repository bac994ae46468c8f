"""How much rows differ from one another in what is said: distinct n-grams and near-duplicates."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aj.contract import Contract
from aj.messages import Row
from datasets_build.drawn.worded.teachers.wording import slots_of
from datasets_build.mix.near import NearIndex, shingles_of

THRESHOLD = 0.8
"""Similarity from which two rows count as the same thing said twice: the mix's, but of the words, not the calls."""


@dataclass(frozen=True, slots=True)
class Distinct:
    """Share of different n-grams among all n-grams, for n = 1, 2, 3."""

    one: float
    two: float
    three: float


@dataclass(frozen=True, slots=True)
class Variety:
    rows: int
    same_id: int
    """rows beyond the first of an identity"""
    users: Distinct
    answers: Distinct
    near_duplicates: int
    """rows that say nearly what one kept before them says"""

    @property
    def near_duplicate_rate(self) -> float:
        return self.near_duplicates / self.rows if self.rows else 0.0


def variety(rows: Sequence[Row], contract: Contract) -> Variety:
    """Figures over all rows; two rows of equal texts are near-duplicates too."""
    users: list[list[str]] = []
    answers: list[list[str]] = []
    near, repeated = NearIndex(THRESHOLD), 0
    for row in rows:
        slots = slots_of(row.messages, contract)
        users += [slot.text.lower().split() for slot in slots if slot.place == "user"]
        answers += [slot.text.lower().split() for slot in slots if slot.place == "answer"]
        said = set(shingles_of((slot.text for slot in slots), row.mode))
        repeated += near.admit_shingles(row.id, said) is not None
    return Variety(len(rows), len(rows) - len({row.id for row in rows}), distinct(users), distinct(answers), repeated)


def distinct(texts: Iterable[Sequence[str]]) -> Distinct:
    shares = []
    texts = list(texts)
    for size in (1, 2, 3):
        grams = [tuple(words[i : i + size]) for words in texts for i in range(len(words) - size + 1)]
        shares.append(len(set(grams)) / len(grams) if grams else 0.0)
    return Distinct(*shares)
