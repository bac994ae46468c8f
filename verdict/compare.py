"""Compares two models sample by sample, for every task, metric and slice that both have."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from aj.collector import uncollected
from aj.errors import EvidenceError
from aj.visible import visible
from verdict.costs import Cost, total
from verdict.evidence import graded_apart
from verdict.noise import WITHIN, Noise, known
from verdict.paired import Pairs, paired
from verdict.scores import ALL, TaskScores, read_folder
from verdict.tables import Sheet

TAIL = 0.025
"""Probability outside the interval on each side: the intervals shown are 95%."""


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One row of the table; `low` and `high` bound the paired difference b - a with 95% confidence."""

    task: str
    metric: str
    slice: str
    n: int
    """Samples scored in both."""
    families: int
    a: float
    b: float
    diff: float
    low: float
    high: float
    within_noise: bool | None = None
    """Whether the difference may be noise; None for slices, and where the noise was not measured."""


def compare(base: Path, candidate: Path) -> list[ComparisonRow]:
    """Compare two eval folders, paired by sample; raises EvidenceError as `read_both` does."""
    return compare_all(read_both(base, candidate))


@uncollected()
def compare_all(both: Sequence[tuple[TaskScores, TaskScores]]) -> list[ComparisonRow]:
    """Compare the logs of two models, task by task.

    Raises:
        EvidenceError: the noise that is stored beside them cannot be read, or a score is outside 0..1.
    """
    for log in chain.from_iterable(both):
        _check_scale(log)
    noise = known({a.task: a for a, _ in both}, {b.task: b for _, b in both})
    return [_marked(row, noise.get(f"{row.task}/{row.metric}")) for a, b in both for row in compare_task(a, b)]


def _marked(row: ComparisonRow, noise: Noise | None) -> ComparisonRow:
    if noise is None or row.slice != ALL:
        return row
    return replace(row, within_noise=noise.explains(row.diff, row.n))


def read_both(base: Path, candidate: Path) -> list[tuple[TaskScores, TaskScores]]:
    """The logs of two eval folders, task by task.

    Raises:
        EvidenceError: they share no task or no sample, or a task's version, samples, asking code or grader differ.
    """
    left, right = read_folder(base), read_folder(candidate)
    shared = [task for task in left if task in right]
    if not shared:
        raise EvidenceError(
            f"{base} and {candidate} share no task; found {_names(left)} and {_names(right)}; run `aj eval` for both."
        )
    for task in shared:
        check_comparable(left[task], right[task])
    return [(left[task], right[task]) for task in shared]


def check_comparable(a: TaskScores, b: TaskScores) -> None:
    """Raises EvidenceError as `read_both` does."""
    for what, one, other in (
        ("versions", a.version, b.version),
        ("frozen samples", a.metadata.get("samples"), b.metadata.get("samples")),
        ("asking code", a.metadata.get("asked"), b.metadata.get("asked")),
    ):
        if one != other:
            raise EvidenceError(f"{a.task}: the two logs have different {what} ({one}, {other}); run `aj eval` again.")
    if a.graders != b.graders:
        raise EvidenceError(f"{a.task}: {graded_apart(a, b)}")
    if a.samples.keys().isdisjoint(b.samples.keys()):
        raise EvidenceError(f"{a.task}: the two logs share no sample; evaluate both on the same suite.")


def _check_scale(log: TaskScores) -> None:
    for metric in log.metrics:
        values = log.columns.metric(metric).values
        if np.any((values < 0) | (values > 1)):
            raise EvidenceError(
                f"{log.path}: {metric} has values outside 0..1, where no interval holds; scale them in the scorer, "
                "then run `inspect score --action overwrite` on the log."
            )


def compare_task(a: TaskScores, b: TaskScores) -> list[ComparisonRow]:
    """The rows of two logs that can be compared."""
    return [_row(a.task, metric, name, pairs) for metric in a.metrics for name, pairs in paired(a, b, metric).items()]


def _row(task: str, metric: str, name: str, pairs: Pairs) -> ComparisonRow:
    estimate = pairs.difference()
    means = float(pairs.a.mean()), float(pairs.b.mean())
    bounds = estimate.low(TAIL), estimate.high(TAIL)
    return ComparisonRow(task, metric, name, len(pairs.a), estimate.families, *means, estimate.mean, *bounds)


def _names(scores: dict[str, TaskScores]) -> str:
    return ", ".join(scores) or "none"


def to_records(rows: Sequence[ComparisonRow]) -> list[dict[str, Any]]:
    """For `--format json`."""
    return [asdict(row) for row in rows]


def costs(both: Sequence[tuple[TaskScores, TaskScores]]) -> tuple[Cost, Cost]:
    """What each of the two cost over all tasks."""
    return total(a.cost for a, _ in both), total(b.cost for _, b in both)


def table(
    rows: Sequence[ComparisonRow],
    a: str = "A",
    b: str = "B",
    slices: bool = True,
    costs: tuple[Cost, Cost] | None = None,
) -> Sheet:
    """For the terminal: green where B is shown to be better, red where worse (95%, each row on its own)."""
    heads = ["n", a, b, "difference", "interval"]
    notes = [WITHIN] if any(row.within_noise for row in rows) else []
    notes += [f"{visible(a)}: {costs[0]}", f"{visible(b)}: {costs[1]}"] if costs else []
    title = f"{a} against {b}, paired, 95% intervals"
    sheet = Sheet(title, ["task", "metric", "slice"], heads, "\n".join(notes))
    for row in rows:
        if row.slice != ALL and not slices:
            continue
        style = "green" if row.low > 0 else "red" if row.high < 0 else ""
        change = f"{'≈ ' if row.within_noise else ''}{row.diff:+.3f}", f"{row.low:+.3f} … {row.high:+.3f}"
        numbers = f"{row.n}", f"{row.a:.3f}", f"{row.b:.3f}"
        sheet.add(row.task, row.metric, row.slice, *numbers, *change, style=style)
    return sheet
