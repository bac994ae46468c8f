"""Reads Inspect's logs into plain frozen records, one per task, with one per sample in it."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from aj.collector import uncollected
from aj.errors import EvidenceError
from verdict.columns import Columns, columns_of
from verdict.costs import Cost, cost_of
from verdict.epochs import Epoch, Sample, Samples, graders_of
from verdict.settings import retuned, settings
from verdict.summaries import read_told

ALL = "all"
"""The slice with all samples."""


@dataclass(frozen=True, slots=True, eq=False)  # caches ask for the same log, not for one that says the same
class TaskScores:
    """One log."""

    path: Path
    task: str
    version: str
    created: str
    """When the eval began, as ISO 8601."""
    status: str
    """Inspect's: started, success, cancelled or error; `invalidated` if someone marked the log so."""
    model: str
    """Display name: the log's `model_name`, otherwise Inspect's name of the model."""
    answered_by: str
    """Inspect's name of the model."""
    metadata: dict[str, Any]
    """As the eval wrote it, without what was edited in later."""
    settings: dict[str, Any]
    """What both arms must share (`verdict.settings`)."""
    retuned: tuple[str, ...]
    """Settings that were changed while the eval ran."""
    expected: int
    """Sample epochs of a complete log."""
    limited: bool
    """Only some samples of the task were asked for (`--limit`, `--sample-id`)."""
    cost: Cost
    graders: dict[str, tuple[str, ...]]
    """Scorer -> the graders that its scores name; "" if one names none."""
    samples: Mapping[str, Sample]
    """By id."""

    @property
    def columns(self) -> Columns:
        """What all samples say, as arrays."""
        return self.samples.columns if isinstance(self.samples, Samples) else _columns(self)

    @property
    def metrics(self) -> list[str]:
        """Those that a sample has, headline first."""
        return [name for name, column in self.columns.metrics.items() if column.scored.any()]

    def slices(self, metric: str) -> dict[str, list[Sample]]:
        """Scored samples by slice: `all` first, then `name=value` in order."""
        scored = [sample for sample in self.samples.values() if metric in sample.values]
        groups: dict[str, list[Sample]] = {}
        for sample in scored:
            for name, value in sample.slices.items():
                groups.setdefault(f"{name}={value}", []).append(sample)
        return {ALL: scored, **{name: groups[name] for name in sorted(groups, key=in_order)}}


@lru_cache(maxsize=16)  # the tasks of two arms, each of whose metrics asks
def _columns(scores: TaskScores) -> Columns:
    return columns_of(scores.samples)


def in_order(name: str) -> list[tuple[bool, int, str]]:
    """Sorts names with numbers as a person would: 1, 2, 4, 16."""
    parts = re.split(r"([0-9]+)", name)
    return [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]


_STAMPED = re.compile(r"\d{4}-\d\d-\d\dT.*\.json")
"""Name of a log that Inspect wrote as JSON; other JSON files lie beside logs."""


def logs_in(path: Path) -> list[Path]:
    """A log file itself, or the logs in a folder and below it, oldest first."""
    if path.is_file():
        return [path]
    found = (file for file in path.rglob("*") if file.suffix == ".eval" or _STAMPED.fullmatch(file.name))
    return sorted(found, key=lambda file: (file.name, file))


def read_models(path: Path) -> list[dict[str, TaskScores]]:
    """The newest logs of every model in a folder (or a log file), by task; what succeeded comes before what did not.

    Raises:
        EvidenceError: there is no log, or one cannot be read.
    """
    models: dict[str, dict[str, TaskScores]] = {}
    for scores in _read_all(path):
        tasks = models.setdefault(scores.answered_by, {})
        if scores.status == "success" or tasks.get(scores.task, scores).status != "success":
            tasks[scores.task] = scores
    return list(models.values())


def read_folder(path: Path) -> dict[str, TaskScores]:
    """The logs in one model's eval folder (or a log file), by task.

    A log that did not succeed counts only if no other log of its task did (an interrupted suite leaves such logs).

    Raises:
        EvidenceError: there is no log, one cannot be read, the logs are of several models, or a task has two
            successful logs: choosing between them would be choosing the verdict.
    """
    found: dict[str, TaskScores] = {}
    for scores in _read_all(path):
        other = found.get(scores.task)
        if found and (model := next(iter(found.values())).answered_by) != scores.answered_by:
            raise EvidenceError(
                f"{path} has logs of several models ({model}, {scores.answered_by}); give the folder or the log of one."
            )
        if other and other.status == scores.status == "success":
            raise EvidenceError(
                f"{path} has two successful logs of {scores.task} ({other.path.name}, {scores.path.name}); "
                "move one away."
            )
        if not other or other.status != "success":
            found[scores.task] = scores
    return found


def _read_all(path: Path) -> Iterator[TaskScores]:
    paths = logs_in(path)
    if not paths:
        raise EvidenceError(f"{path} contains no eval logs; run `aj eval` first.")
    return map(read_log, paths)


@uncollected()
def read_log(path: Path) -> TaskScores:
    """Read one log, `.eval` or `.json`.

    Raises:
        EvidenceError: the file is missing, truncated or not an Inspect log.
    """
    try:
        log, summaries = read_told(path)
        epochs = [Epoch.of_summary(summary) for summary in summaries]
        cost = cost_of(summaries, log.eval.model)
    except Exception as error:  # zip, zstd, JSON and schema errors have no common base
        raise EvidenceError(f"{path} cannot be read ({error}); run its eval again.") from error
    spec = log.eval
    metadata = spec.metadata or {}
    return TaskScores(
        path=path,
        task=spec.task.rsplit("/", 1)[-1],
        version=str(spec.task_version),
        created=spec.created,
        status="invalidated" if log.invalidated else log.status,
        model=str(metadata.get("model_name") or spec.model),
        answered_by=spec.model,
        metadata=metadata,
        settings=settings(log),
        retuned=retuned(log),
        expected=(spec.dataset.samples or 0) * (spec.config.epochs or 1),
        limited=spec.config.limit is not None or spec.config.sample_id is not None,
        cost=cost,
        graders=graders_of(epochs),
        samples=Samples(epochs, path),
    )


def short(value: Any) -> str:
    """A value in a sentence, at most 80 characters long."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return text if len(text) <= 80 else text[:77] + "..."
