"""The samples that two logs share, paired, by slice."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from verdict.columns import column
from verdict.scores import ALL, TaskScores, in_order
from verdict.stats import MeanEstimate, by_family, difference_of_families, numbered, score_of_families


@dataclass(frozen=True, slots=True)
class Pairs:
    """The values of a metric for samples that have it in both logs; as long as one another, and never empty."""

    a: np.ndarray
    b: np.ndarray
    families: np.ndarray
    """Each sample's family, by number; a sample without a family forms its own."""

    def difference(self) -> MeanEstimate:
        """The difference B - A."""
        return difference_of_families(*by_family(self.b - self.a, self.families))

    def score(self) -> MeanEstimate:
        """The score of B."""
        return score_of_families(*by_family(self.b, self.families))


@dataclass(frozen=True, slots=True)
class Shared:
    """The samples that two logs share, which all metrics have in common."""

    a: np.ndarray
    """Their places in the first log."""
    b: np.ndarray
    """And in the second one."""
    families: np.ndarray
    slices: dict[str, np.ndarray]
    """`name=value`, in order -> which of them are in it."""


def paired(a: TaskScores, b: TaskScores, metric: str) -> dict[str, Pairs]:
    """The pairs by slice: `all` first, then `name=value` in order; slices without any are left out."""
    both = shared(a, b)
    one, other = column(a, metric).values[both.a], column(b, metric).values[both.b]
    scored = ~(np.isnan(one) | np.isnan(other))
    parts = {ALL: scored.nonzero()[0]}
    parts |= {name: places[scored[places]] for name, places in both.slices.items()}
    return {name: Pairs(one[part], other[part], both.families[part]) for name, part in parts.items() if len(part)}


@lru_cache(maxsize=8)  # the tasks of one comparison, each of whose metrics asks
def shared(a: TaskScores, b: TaskScores) -> Shared:
    """The samples that are in both logs, in the order of the first."""
    there = {name: place for place, name in enumerate(b.samples)}
    both = [(place, there[name], sample) for place, (name, sample) in enumerate(a.samples.items()) if name in there]
    places: dict[tuple[str, str], list[int]] = {}
    for place, (_, _, sample) in enumerate(both):
        for part in sample.slices.items():
            places.setdefault(part, []).append(place)
    parts = {f"{name}={value}": np.array(found) for (name, value), found in places.items()}
    return Shared(
        np.array([one for one, _, _ in both], dtype=int),
        np.array([other for _, other, _ in both], dtype=int),
        numbered(sample.family or sample.id for _, _, sample in both),
        {name: parts[name] for name in sorted(parts, key=in_order)},
    )
