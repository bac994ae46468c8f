"""The samples that two logs share, paired, by slice."""

from collections.abc import Sequence
from dataclasses import dataclass

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

    def of(self, places: Sequence[int]) -> "Pairs":
        """Some of them."""
        chosen = np.array(places)
        return Pairs(self.a[chosen], self.b[chosen], self.families[chosen])

    def difference(self) -> MeanEstimate:
        """The difference B - A."""
        return difference_of_families(*by_family(self.b - self.a, self.families))

    def score(self) -> MeanEstimate:
        """The score of B."""
        return score_of_families(*by_family(self.b, self.families))


def paired(a: TaskScores, b: TaskScores, metric: str) -> dict[str, Pairs]:
    """The pairs by slice: `all` first, then `name=value` in order; slices without any are left out."""
    both = [
        (one, one.values[metric], two.values[metric])
        for one in a.samples.values()
        if metric in one.values and (two := b.samples.get(one.id)) and metric in two.values
    ]
    if not both:
        return {}
    samples, left, right = zip(*both, strict=True)
    whole = Pairs(np.array(left), np.array(right), numbered(sample.family or sample.id for sample in samples))
    places: dict[tuple[str, str], list[int]] = {}
    for place, sample in enumerate(samples):
        for part in sample.slices.items():
            places.setdefault(part, []).append(place)
    parts = {f"{name}={value}": whole.of(found) for (name, value), found in places.items()}
    return {ALL: whole, **{name: parts[name] for name in sorted(parts, key=in_order)}}
