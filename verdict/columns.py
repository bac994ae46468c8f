"""What all samples of a log say, as arrays: what is asked of a hundred thousand of them is then one step."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from verdict.epochs import Sample


@dataclass(frozen=True, slots=True)
class MetricColumn:
    """One metric; each array has an entry for each sample of the log, in its order."""

    values: np.ndarray
    """NaN where no epoch has one."""
    scored: np.ndarray
    """Epochs that have one."""
    unasked: np.ndarray
    """Epochs that do not ask for it."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The samples of a log; each array and list has an entry for each of them, in the log's order."""

    places: dict[str, int]
    """Id -> the sample's entry."""
    metrics: dict[str, MetricColumn]
    """Every metric that a sample names, be it to say that it does not ask for it; headline first."""
    epochs: np.ndarray
    errors: np.ndarray
    unscored: np.ndarray
    slices: Sequence[dict[str, str]]
    """Samples that are alike share theirs."""
    families: Sequence[str | None]
    templates: Sequence[str | None]
    splits: Sequence[str | None]

    def metric(self, name: str) -> MetricColumn:
        """That of a metric; empty of values where no sample names it."""
        return self.metrics.get(name) or blank(len(self.places))

    def places_by_slice(self) -> dict[tuple[str, str], np.ndarray]:
        """Name and value -> the entries of the samples that have it, in order."""
        found: dict[tuple[str, str], list[np.ndarray]] = {}
        for slices, places in _alike(self.slices):
            for part in slices.items():
                found.setdefault(part, []).append(places)
        return {part: np.sort(np.concatenate(places)) for part, places in found.items()}


def blank(count: int) -> MetricColumn:
    """The column of a metric that no sample names."""
    return MetricColumn(np.full(count, np.nan), np.zeros(count, int), np.zeros(count, int))


def columns_of(samples: Mapping[str, "Sample"]) -> Columns:
    """From samples that were made one by one."""
    told = list(samples.values())
    named = dict.fromkeys(metric for sample in told for metric in sample.scored)
    metrics = {metric: blank(len(told)) for metric in named}
    fill(metrics, enumerate(told))
    return Columns(
        {name: place for place, name in enumerate(samples)},
        metrics,
        np.array([sample.epochs for sample in told], int),
        np.array([sample.errors for sample in told], int),
        np.array([sample.unscored for sample in told], int),
        [sample.slices for sample in told],
        [sample.family for sample in told],
        [sample.template for sample in told],
        [sample.split for sample in told],
    )


def fill(metrics: Mapping[str, MetricColumn], samples: Iterable[tuple[int, "Sample"]]) -> None:
    """Enter what single samples say of these metrics, each at its place."""
    for place, sample in samples:
        for metric, column in metrics.items():
            column.values[place] = sample.values.get(metric, np.nan)
            column.scored[place] = sample.scored.get(metric, 0)
            column.unasked[place] = sample.unasked.get(metric, 0)


def _alike(slices: Sequence[dict[str, str]]) -> Iterable[tuple[dict[str, str], np.ndarray]]:
    """The dicts that samples share, each with the places of the samples that do, in order."""
    if not slices:
        return []
    _, firsts, which, counts = np.unique(
        np.fromiter(map(id, slices), np.int64, len(slices)), return_index=True, return_inverse=True, return_counts=True
    )
    places = np.split(np.argsort(which, kind="stable"), np.cumsum(counts)[:-1])
    return zip([slices[first] for first in firsts], places, strict=True)
