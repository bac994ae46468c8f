"""One sample in one epoch, as a log tells it, and a sample's scores averaged over its epochs."""

import math
from collections.abc import Callable, Iterable, Iterator, KeysView, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from aj.errors import EvidenceError
from verdict.columns import Columns, blank, fill
from verdict.summaries import Summary

MACHINE_LIMITS = ("time", "working", "cost", "operator")
"""Limits of Inspect that say nothing about the model: a sample that one cut short ended in an error."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The scores of one sample, averaged over the epochs that have one."""

    id: str
    values: dict[str, float]
    """Metric -> 0..1; a metric that no epoch scored is missing."""
    slices: dict[str, str]
    family: str | None
    """Samples of a family fail together, so it is the unit of standard errors. None if the log does not say."""
    template: str | None
    split: str | None
    """eval, or train for samples of the practice suite."""
    codes: tuple[str, ...]
    """One failure code per wrong epoch."""
    epochs: int
    errors: int
    """Epochs that ended in an error, or that a limit of time or money or a person cut short."""
    unscored: int
    """Epochs whose scorer could not decide."""
    scored: dict[str, int]
    """Metric -> epochs that have it, in the scorer's order."""
    unasked: dict[str, int]
    """Metric -> epochs in which the sample does not ask for it: NaN in a dict score."""


class Epoch(msgspec.Struct, frozen=True):
    """One sample in one epoch, as its summary or the sample itself tells it."""

    id: str
    metadata: dict[str, Any]
    scores: dict[str, tuple[Any, dict[str, Any]]]
    """Scorer -> value and metadata; empty if the epoch ended in an error."""
    error: bool

    @classmethod
    def of_summary(cls, summary: Summary) -> "Epoch":
        error = bool(summary.error) or summary.limit in MACHINE_LIMITS
        scores = {} if error else summary.scores or {}
        given = {scorer: (score.value, score.metadata or {}) for scorer, score in scores.items()}
        return cls(str(summary.id), summary.metadata or {}, given, error)

    @classmethod
    def of_sample(cls, sample: dict[str, Any]) -> "Epoch":
        """From a log's sample, as JSON."""
        error = bool(sample.get("error")) or (sample.get("limit") or {}).get("type") in MACHINE_LIMITS
        scores = {} if error else sample.get("scores") or {}
        given = {scorer: (score["value"], score.get("metadata") or {}) for scorer, score in scores.items()}
        return cls(str(sample["id"]), sample.get("metadata") or {}, given, error)


class Samples(Mapping[str, Sample]):
    """The samples of a log by id. Each is made when somebody asks for it: most who do ask for the columns only."""

    def __init__(self, epochs: Iterable[Epoch], path: Path) -> None:
        """Raises EvidenceError when two scorers give one metric."""
        groups: dict[str, list[Epoch]] = {}
        for epoch in epochs:
            groups.setdefault(epoch.id, []).append(epoch)
        self._plain: dict[str, dict[str, float]] = {}
        self._codes: dict[str, tuple[str, ...]] = {}
        self._made: dict[str, Sample] = {}
        alike: dict[tuple[str, ...], tuple[list[int], list[float]]] = {}
        for place, (name, group) in enumerate(groups.items()):
            if (plain := _plain(group)) is None:
                self._made[name] = _sample(name, group, path)
                continue
            value, about = plain
            self._plain[name] = value
            if code := about.get("code"):
                self._codes[name] = (str(code),)
            places, values = alike.get(metrics := tuple(value)) or alike.setdefault(metrics, ([], []))
            places.append(place)
            values.extend(value.values())
        self.columns = _columns(groups, self._made, alike)

    def __getitem__(self, name: str) -> Sample:
        if (made := self._made.get(name)) is None:
            made = self._made[name] = self._make(name, self._plain[name])
        return made

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns.places)

    def __len__(self) -> int:
        return len(self.columns.places)

    def keys(self) -> KeysView[str]:
        return self.columns.places.keys()

    def _make(self, name: str, value: dict[str, float]) -> Sample:
        told, place = self.columns, self.columns.places[name]
        values, scored, unasked = _averaged([value])
        return Sample(
            id=name,
            values=values,
            slices=told.slices[place],
            family=told.families[place],
            template=told.templates[place],
            split=told.splits[place],
            codes=self._codes.get(name, ()),
            epochs=1,
            errors=0,
            unscored=0,
            scored=scored,
            unasked=unasked,
        )


def _plain(epochs: list[Epoch]) -> tuple[dict[str, float], dict[str, Any]] | None:
    """Of a sample that was asked once, the value and the metadata of its score, if one scorer gave numbers, as of
    nearly all; otherwise None."""
    if len(epochs) == 1 and len(epochs[0].scores) == 1:
        ((value, about),) = epochs[0].scores.values()
        if type(value) is dict and {*map(type, value.values())} == _FLOATS:
            return value, about
    return None


def _columns(
    groups: Mapping[str, list[Epoch]],
    made: Mapping[str, Sample],
    alike: Mapping[tuple[str, ...], tuple[list[int], list[float]]],
) -> Columns:
    """`alike`: the metrics of plain samples -> their places, and their values, sample by sample."""
    size, about = len(groups), [epochs[0].metadata for epochs in groups.values()]
    places = dict(zip(groups, range(size), strict=True))
    named = [(of[0], metrics) for metrics, (of, _) in alike.items()]
    named += [(places[name], tuple(sample.scored)) for name, sample in made.items()]
    metrics = {metric: blank(size) for metric in dict.fromkeys(one for _, names in sorted(named) for one in names)}
    for names, (of, values) in alike.items():
        at = np.array(of)
        for metric, told in zip(names, np.array(values).reshape(len(of), -1).T, strict=True):
            metrics[metric].values[at] = told
            metrics[metric].scored[at] = ~np.isnan(told)
            metrics[metric].unasked[at] = np.isnan(told)
    fill(metrics, ((places[name], sample) for name, sample in made.items()))
    epochs, errors, unscored = np.ones(size, int), np.zeros(size, int), np.zeros(size, int)
    for name, sample in made.items():
        at = places[name]
        epochs[at], errors[at], unscored[at] = sample.epochs, sample.errors, sample.unscored
    return Columns(
        places,
        metrics,
        epochs,
        errors,
        unscored,
        slices=[_texts(told.get("slice")) for told in about],
        families=_labels(about, "family"),
        templates=_labels(about, "template"),
        splits=_labels(about, "split"),
    )


def _labels(about: Iterable[dict[str, Any]], key: str) -> list[str | None]:
    told = [one.get(key) for one in about]
    return told if _LABELS.issuperset(map(type, told)) else [_text(value) for value in told]


_LABELS = {str, type(None)}


def samples_of(epochs: Iterable[Epoch], path: Path) -> Samples:
    """Samples by id; raises EvidenceError when two scorers give one metric."""
    return Samples(epochs, path)


def graders_of(epochs: Iterable[Epoch]) -> dict[str, tuple[str, ...]]:
    """Scorer -> the graders that its scores name; "" if one names none."""
    named: dict[str, set[str]] = {}
    for epoch in epochs:
        for scorer, (_, about) in epoch.scores.items():
            named.setdefault(scorer, set()).add(str(about.get("grader", "")))
    return {scorer: tuple(sorted(names)) for scorer, names in named.items()}


def _sample(key: str, epochs: list[Epoch], path: Path) -> Sample:
    given = [values_of(epoch, path) for epoch in epochs]
    values, scored, unasked = _averaged(given)
    metadata = epochs[0].metadata
    errors = sum([epoch.error for epoch in epochs])
    return Sample(
        id=key,
        values=values,
        slices=_texts(metadata.get("slice")),
        family=_text(metadata.get("family")),
        template=_text(metadata.get("template")),
        split=_text(metadata.get("split")),
        codes=_codes(epochs),
        epochs=len(epochs),
        errors=errors,
        unscored=given.count({}) - errors,
        scored=scored,
        unasked=unasked,
    )


def _averaged(given: list[dict[str, float]]) -> tuple[dict[str, float], dict[str, int], dict[str, int]]:
    """By metric: the mean over the epochs that have it, how many these are, and how many do not ask for it."""
    if len(given) == 1:  # as in nearly all logs, of which some are large
        (told,) = given
        if math.isfinite(sum(told.values())):  # so none is NaN
            return told, _counts(tuple(told), 1), _counts(tuple(told), 0)
    numbers: dict[str, list[float]] = {}
    for told in given:
        for metric, value in told.items():
            numbers.setdefault(metric, []).append(value)
    asked = {metric: [value for value in values if not math.isnan(value)] for metric, values in numbers.items()}
    return (
        {metric: math.fsum(values) / len(values) for metric, values in asked.items() if values},
        {metric: len(values) for metric, values in asked.items()},
        {metric: len(values) - len(asked[metric]) for metric, values in numbers.items()},
    )


@lru_cache
def _counts(metrics: tuple[str, ...], count: int) -> dict[str, int]:
    """Shared by all samples that are alike: a hundred thousand have two each."""
    return dict.fromkeys(metrics, count)


def values_of(epoch: Epoch, path: Path) -> dict[str, float]:
    """The metrics of one epoch; NaN for one that the sample does not ask for.

    Empty if the epoch ended in an error or its scorer could not decide.
    """
    found: dict[str, float] = {}
    for scorer, (value, _) in epoch.scores.items():
        numbers = _numbers(value if isinstance(value, dict) else {scorer: value})
        if twice := found.keys() & numbers.keys():
            raise EvidenceError(
                f"{path}: two scorers give {sorted(twice)[0]} ({', '.join(epoch.scores)}), and one would hide the "
                "other; score again with one of them (`inspect score --action overwrite`)."
            )
        if isinstance(value, dict) or not all(map(math.isnan, numbers.values())):
            found = {**found, **numbers} if found else numbers
    return found


_FLOATS = {float}


def _numbers(parts: dict[str, Any]) -> dict[str, float]:
    if {*map(type, parts.values())} == _FLOATS:  # as nearly all are
        return parts
    to_float = _to_float()
    return {metric: to_float(part) for metric, part in parts.items() if isinstance(part, (str, int, float))}


@cache
def _to_float() -> Callable[[Any], float]:
    from inspect_ai.scorer import value_to_float

    return value_to_float()


def _codes(epochs: list[Epoch]) -> tuple[str, ...]:
    return tuple([str(code) for epoch in epochs for _, about in epoch.scores.values() if (code := about.get("code"))])


def _texts(slices: Any) -> dict[str, str]:
    if not isinstance(slices, dict):
        return {}
    return _shared(tuple(map(str, slices)), tuple(map(str, slices.values())))


@lru_cache(maxsize=4096)
def _shared(names: tuple[str, ...], values: tuple[str, ...]) -> dict[str, str]:
    """One for all samples that are alike."""
    return dict(zip(names, values, strict=True))


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
