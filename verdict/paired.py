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
    """What all metrics of two logs have in common, sample by sample."""

    values: tuple[list[dict[str, float]], list[dict[str, float]]]
    """Each log's values of each sample."""
    families: np.ndarray
    slices: dict[str, np.ndarray]
    """`name=value`, in order -> the places of its samples."""

    def pairs(self, metric: str) -> dict[str, Pairs]:
        """As `paired` gives them."""
        a, b = (np.array([values.get(metric, np.nan) for values in side]) for side in self.values)
        scored = ~(np.isnan(a) | np.isnan(b))
        parts = {ALL: scored.nonzero()[0]}
        parts |= {name: places[scored[places]] for name, places in self.slices.items()}
        return {name: Pairs(a[part], b[part], self.families[part]) for name, part in parts.items() if len(part)}


def paired(a: TaskScores, b: TaskScores, metric: str) -> dict[str, Pairs]:
    """The pairs by slice: `all` first, then `name=value` in order; slices without any are left out."""
    return _shared(a, b).pairs(metric)


@lru_cache(maxsize=8)  # the tasks of one comparison, each of whose metrics asks
def _shared(a: TaskScores, b: TaskScores) -> Shared:
    both = [(one, other) for one in a.samples.values() if (other := b.samples.get(one.id))]
    places: dict[tuple[str, str], list[int]] = {}
    for place, (sample, _) in enumerate(both):
        for part in sample.slices.items():
            places.setdefault(part, []).append(place)
    parts = {f"{name}={value}": np.array(found) for (name, value), found in places.items()}
    return Shared(
        ([one.values for one, _ in both], [other.values for _, other in both]),
        numbered(sample.family or sample.id for sample, _ in both),
        {name: parts[name] for name in sorted(parts, key=in_order)},
    )
