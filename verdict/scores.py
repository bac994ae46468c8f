"""Reads Inspect's logs into plain frozen records: one per task, one per sample (averaged over its epochs)."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aj.errors import EvidenceError

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog, EvalSampleSummary

ALL = "all"
"""The slice with all samples."""

TRANSPORT = {
    *("max_retries", "timeout", "attempt_timeout", "stream_idle_timeout"),
    *("max_connections", "adaptive_connections", "batch", "cache"),
}
"""Generation settings about the transport of requests, not their content (a cache is keyed by adapter)."""


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
    """Epochs that ended in an error."""
    unscored: int
    """Epochs whose scorer could not decide."""


@dataclass(frozen=True, slots=True)
class TaskScores:
    """One log."""

    path: Path
    task: str
    version: str
    status: str
    """Inspect's: started, success, cancelled or error; `invalidated` if someone marked the log so."""
    model: str
    """Display name: the log's `model_name`, otherwise Inspect's name of the model."""
    metadata: dict[str, Any]
    settings: dict[str, Any]
    """What decides what is asked and how it is judged: generation, task arguments, scorers, graders, limits."""
    subset: bool
    """Whether `--limit` or `--sample-id` selected samples."""
    expected: int
    """Sample epochs of a complete log."""
    graders: dict[str, tuple[str, ...]]
    """Scorer -> the graders that its scores name; "" if one names none."""
    samples: dict[str, Sample]
    """By id."""

    @property
    def metrics(self) -> list[str]:
        """Headline first."""
        return list(dict.fromkeys(metric for sample in self.samples.values() for metric in sample.values))

    def slices(self, metric: str) -> dict[str, list[Sample]]:
        """Scored samples by slice: `all` first, then `name=value` in order."""
        scored = [sample for sample in self.samples.values() if metric in sample.values]
        groups: dict[str, list[Sample]] = {}
        for sample in scored:
            for name, value in sample.slices.items():
                groups.setdefault(f"{name}={value}", []).append(sample)
        return {ALL: scored, **dict(sorted(groups.items()))}


def read_folder(folder: Path) -> dict[str, TaskScores]:
    """The logs in one model's eval folder, by task.

    A log that did not succeed counts only if no other log of its task did (an interrupted suite leaves such logs).

    Raises:
        EvidenceError: there is no log, one cannot be read, or a task has two successful logs: choosing between them
            would be choosing the verdict.
    """
    paths = sorted(folder.glob("*.eval"))
    if not paths:
        raise EvidenceError(f"{folder} contains no eval logs; run `aj eval` first.")
    found: dict[str, TaskScores] = {}
    for scores in map(read_log, paths):
        other = found.get(scores.task)
        if other and other.status == scores.status == "success":
            raise EvidenceError(
                f"{folder} has two successful logs of {scores.task} ({other.path.name}, {scores.path.name}); "
                "move one away."
            )
        if not other or other.status != "success":
            found[scores.task] = scores
    return found


def read_log(path: Path) -> TaskScores:
    """Read one `.eval` file.

    Raises:
        EvidenceError: the file is missing, truncated or not an Inspect log.
    """
    from inspect_ai.log import read_eval_log, read_eval_log_sample_summaries

    try:
        log = read_eval_log(str(path), header_only=True)
        summaries = read_eval_log_sample_summaries(str(path))
    except Exception as error:  # zip, zstd, JSON and schema errors have no common base
        raise EvidenceError(f"{path} cannot be read ({error}); run its eval again.") from error
    spec = log.eval
    return TaskScores(
        path=path,
        task=spec.task.rsplit("/", 1)[-1],
        version=str(spec.task_version),
        status="invalidated" if log.invalidated else log.status,
        model=str(log.metadata.get("model_name") or spec.model),
        metadata=log.metadata,
        settings=_settings(log),
        subset=spec.config.limit is not None or spec.config.sample_id is not None,
        expected=(spec.dataset.samples or 0) * (spec.config.epochs or 1),
        graders=_graders(summaries),
        samples=_samples(summaries),
    )


def _settings(log: "EvalLog") -> dict[str, Any]:
    spec = log.eval
    generation = log.plan.config.merge(spec.model_generate_config).model_dump(exclude_none=True, mode="json")
    limits = {name: getattr(spec.config, name) for name in ("message_limit", "token_limit", "turn_limit")}
    return {
        "generation": {key: value for key, value in generation.items() if key not in TRANSPORT},
        "task arguments": spec.task_args,
        "solver": [step.model_dump(mode="json") for step in log.plan.steps],
        "scorers": [scorer.model_dump(mode="json", exclude_none=True) for scorer in spec.scorers or []],
        "graders": {role: str(model) for role, model in (spec.model_roles or {}).items()},
        "limits": {name: limit for name, limit in limits.items() if limit is not None},
        "epochs": spec.config.epochs or 1,
    }


def _graders(summaries: "Iterable[EvalSampleSummary]") -> dict[str, tuple[str, ...]]:
    named: dict[str, set[str]] = {}
    for summary in summaries:
        scores = {} if summary.error else summary.scores or {}
        for scorer, score in scores.items():
            named.setdefault(scorer, set()).add(str((score.metadata or {}).get("grader", "")))
    return {scorer: tuple(sorted(names)) for scorer, names in named.items()}


def _samples(summaries: "Iterable[EvalSampleSummary]") -> dict[str, Sample]:
    epochs: dict[str, list[EvalSampleSummary]] = {}
    for summary in summaries:
        epochs.setdefault(str(summary.id), []).append(summary)
    return {key: _sample(key, group) for key, group in epochs.items()}


def _sample(key: str, epochs: "list[EvalSampleSummary]") -> Sample:
    scored = [_values(epoch) for epoch in epochs]
    metrics = dict.fromkeys(metric for values in scored for metric in values)
    metadata = epochs[0].metadata
    slices = metadata.get("slice")
    errors = sum(1 for epoch in epochs if epoch.error)
    return Sample(
        id=key,
        values={metric: _mean(values[metric] for values in scored if metric in values) for metric in metrics},
        slices={str(name): str(value) for name, value in slices.items()} if isinstance(slices, dict) else {},
        family=_text(metadata.get("family")),
        template=_text(metadata.get("template")),
        split=_text(metadata.get("split")),
        codes=tuple(code for epoch in epochs for code in _codes(epoch)),
        epochs=len(epochs),
        errors=errors,
        unscored=sum(1 for values in scored if not values) - errors,
    )


def _values(epoch: "EvalSampleSummary") -> dict[str, float]:
    """The metrics of one epoch; empty if it ended in an error or its scorer could not decide."""
    from inspect_ai.scorer import value_to_float

    if epoch.error:
        return {}
    numbers: dict[str, float] = {}
    to_float = value_to_float()
    for scorer, score in (epoch.scores or {}).items():
        parts = score.value if isinstance(score.value, dict) else {scorer: score.value}
        numbers |= {metric: to_float(value) for metric, value in parts.items() if isinstance(value, str | int | float)}
    return {metric: value for metric, value in numbers.items() if not math.isnan(value)}


def _codes(epoch: "EvalSampleSummary") -> Iterable[str]:
    for score in (epoch.scores or {}).values():
        code = (score.metadata or {}).get("code")
        if code:
            yield str(code)


def _mean(values: Iterable[float]) -> float:
    numbers = list(values)
    return math.fsum(numbers) / len(numbers)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
