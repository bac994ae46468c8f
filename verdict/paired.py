"""The samples that two logs share, paired, by slice."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

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
    one, other = a.columns.metric(metric).values[both.a], b.columns.metric(metric).values[both.b]
    scored = ~(np.isnan(one) | np.isnan(other))
    parts = {ALL: scored.nonzero()[0]}
    parts |= {name: places[scored[places]] for name, places in both.slices.items()}
    return {name: Pairs(one[part], other[part], both.families[part]) for name, part in parts.items() if len(part)}


@lru_cache(maxsize=8)  # the tasks of one comparison, each of whose metrics asks
def shared(a: TaskScores, b: TaskScores) -> Shared:
    """The samples that are in both logs, in the order of the first."""
    names, there = a.columns.places, b.columns.places
    others = np.fromiter((there.get(name, -1) for name in names), int, len(names))
    places = (others >= 0).nonzero()[0]
    families = [family or name for family, name in zip(a.columns.families, names, strict=True)]
    new = np.full(len(names), -1)
    new[places] = np.arange(len(places))
    slices = {f"{name}={value}": new[found] for (name, value), found in a.columns.places_by_slice().items()}
    slices = {name: found[found >= 0] for name, found in slices.items()}
    return Shared(
        places,
        others[places],
        numbered(families[place] for place in places.tolist()),
        {name: slices[name] for name in sorted(slices, key=in_order) if len(slices[name])},
    )
