"""How much rows differ from one another in what is said: distinct n-grams and near-duplicates."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rensa import RMinHash, RMinHashLSH  # pyright: ignore[reportAttributeAccessIssue] (Rust, no stubs)

from aj.contract import Contract
from aj.messages import Row
from datasets_build.worded.teachers.wording import slots_of

THRESHOLD = 0.8
"""Jaccard similarity of word 3-shingles from which two rows count as the same thing said twice."""
PERMUTATIONS = 128
RECALL = 0.999
"""Share of pairs at the threshold that the index must find; the number of bands follows from it."""


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
    """rows that say nearly what a row before them says"""

    @property
    def near_duplicate_rate(self) -> float:
        return self.near_duplicates / self.rows if self.rows else 0.0


def variety(rows: Sequence[Row], contract: Contract) -> Variety:
    """Figures over all rows; two rows of equal texts are near-duplicates too."""
    users: list[list[str]] = []
    answers: list[list[str]] = []
    whole: list[set[str]] = []
    for row in rows:
        slots = slots_of(row.messages, contract)
        users += [slot.text.lower().split() for slot in slots if slot.place == "user"]
        answers += [slot.text.lower().split() for slot in slots if slot.place == "answer"]
        whole.append(shingles(" ".join(slot.text for slot in slots).lower().split()))
    return Variety(
        len(rows), len(rows) - len({row.id for row in rows}), distinct(users), distinct(answers), repeated(whole)
    )


def distinct(texts: Iterable[Sequence[str]]) -> Distinct:
    shares = []
    texts = list(texts)
    for size in (1, 2, 3):
        grams = [tuple(words[i : i + size]) for words in texts for i in range(len(words) - size + 1)]
        shares.append(len(set(grams)) / len(grams) if grams else 0.0)
    return Distinct(*shares)


def shingles(words: Sequence[str], size: int = 3) -> set[str]:
    """Runs of `size` words; a shorter text is one run."""
    return {" ".join(words[i : i + size]) for i in range(max(len(words) - size + 1, 1))}


def repeated(sets: Sequence[set[str]], threshold: float = THRESHOLD) -> int:
    """How many sets are at least so similar to one before them: MinHash finds the candidates, the sets decide."""
    index = RMinHashLSH(threshold, PERMUTATIONS, bands(threshold))
    hashes = RMinHash.from_token_sets(sets, PERMUTATIONS, 1)
    index.insert_many(hashes)
    count = 0
    for place, near in enumerate(index.query_all(hashes)):
        count += any(other < place and jaccard(sets[other], sets[place]) >= threshold for other in near)
    return count


def jaccard(left: set[str], right: set[str]) -> float:
    return len(left & right) / len(left | right)


def bands(threshold: float, permutations: int = PERMUTATIONS, recall: float = RECALL) -> int:
    """The fewest bands (the most selective index) that find that share of the pairs at the threshold."""
    fitting = [count for count in range(1, permutations + 1) if permutations % count == 0]
    for count in fitting:
        if 1 - (1 - threshold ** (permutations // count)) ** count >= recall:
            return count
    return permutations
