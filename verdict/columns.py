"""A log's values by metric, as arrays: what is asked of all of a hundred thousand samples is then one step."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from verdict.epochs import Sample
from verdict.scores import TaskScores


@dataclass(frozen=True, slots=True)
class MetricColumn:
    """One metric; each array has an entry for each sample of the log, in its order."""

    values: np.ndarray
    """NaN where no epoch has one."""
    scored: np.ndarray
    """Epochs that have one."""
    unasked: np.ndarray
    """Epochs that do not ask for it."""


@lru_cache(maxsize=16)  # the tasks of two arms, each of whose metrics asks
def columns(scores: TaskScores) -> dict[str, MetricColumn]:
    """Every metric that a sample names."""
    samples = list(scores.samples.values())
    return {
        metric: MetricColumn(
            np.array([sample.values.get(metric, np.nan) for sample in samples]),
            _counts(samples, lambda sample: sample.scored, metric),
            _counts(samples, lambda sample: sample.unasked, metric),
        )
        for metric in scores.named
    }


def column(scores: TaskScores, metric: str) -> MetricColumn:
    """That of a metric; empty of values where no sample names it."""
    if found := columns(scores).get(metric):
        return found
    none = np.zeros(len(scores.samples), dtype=int)
    return MetricColumn(np.full(len(scores.samples), np.nan), none, none)


def _counts(samples: list[Sample], counts: Callable[[Sample], dict[str, int]], metric: str) -> np.ndarray:
    return np.array([counts(sample).get(metric, 0) for sample in samples], dtype=int)
