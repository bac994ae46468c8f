"""The leaderboard: every model's score by task, metric and slice, computed from the logs each time."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from aj.visible import visible
from verdict.compare import TAIL
from verdict.epochs import Sample
from verdict.policy import load_policy
from verdict.scores import ALL, TaskScores, in_order, read_models
from verdict.stats import score_estimate


@dataclass(frozen=True, slots=True)
class Entry:
    """A model on the board, with its newest logs by task."""

    name: str
    """No other entry has it."""
    tasks: dict[str, TaskScores]

    @property
    def first(self) -> TaskScores:
        return next(iter(self.tasks.values()))

    def told(self, key: str) -> str:
        """What the logs' metadata says of the model or of how it was asked; empty if they say nothing."""
        value = self.first.metadata.get(key)
        return "" if value is None else visible(str(value))


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One score, with its 95% interval; samples from one template count as one family."""

    model: str
    task: str
    metric: str
    slice: str
    mean: float
    low: float
    high: float
    n: int
    """Samples with a score."""
    flaw: str
    """Why it must not be ranked with the others, below which it stands; empty if it may."""


Today = Mapping[str, tuple[str, str]]
"""Task -> its samples and its grader of today."""


def entries(folders: Sequence[Path]) -> list[Entry]:
    """The models in these folders or logs. What one name stands for twice is told apart by suite, or else by folder.

    Raises:
        EvidenceError: a folder has no log, or a log cannot be read.
    """
    arms = [(folder, scores) for folder in folders for scores in read_models(folder)]
    plain = [_model(scores) for _, scores in arms]
    by_suite = [f"{name} ({_suite(scores)})" for name, (_, scores) in zip(plain, arms, strict=True)]
    by_folder = [f"{name} ({folder.name})" for name, (folder, _) in zip(plain, arms, strict=True)]
    by_path = [f"{name} ({folder})" for name, (folder, _) in zip(plain, arms, strict=True)]
    names = _unlike(_unlike(_unlike(plain, by_suite), by_folder), by_path)
    return [Entry(visible(name), scores) for name, (_, scores) in zip(names, arms, strict=True)]


def _model(scores: dict[str, TaskScores]) -> str:
    first = next(iter(scores.values()))
    return f"{first.model} (practice)" if _suite(scores) == "practice" else first.model


def _suite(scores: dict[str, TaskScores]) -> str:
    return str(next(iter(scores.values())).metadata.get("suite"))


def _unlike(names: Sequence[str], longer: Sequence[str]) -> list[str]:
    """`names`, where one occurs twice the longer form of it."""
    counts = Counter(names)
    return [name if counts[name] == 1 else long for name, long in zip(names, longer, strict=True)]


def rank(models: Sequence[Entry], today: Today | None = None, slices: bool = True) -> list[BoardRow]:
    """Task by task, those of the default policy first, as it has them; headline metric first, best model first; rows
    with a flaw come after those without.

    `aj compare` refuses to compare a log with other samples or another grader than `today`'s. A task that `today` does
    not name is taken as it is. Without `slices`, only the rows over all samples.
    """
    rows = [
        row for entry in models for task in entry.tasks.values() for row in _rows(entry.name, task, today or {}, slices)
    ]
    tasks = list(dict.fromkeys([*load_policy().gated, *(row.task for row in rows)]))
    metrics = list(dict.fromkeys((row.task, row.metric) for row in rows))

    def place(row: BoardRow) -> tuple[Any, ...]:
        line = metrics.index((row.task, row.metric)), row.slice != ALL, in_order(row.slice)
        return tasks.index(row.task), *line, bool(row.flaw), -row.mean, row.model

    return sorted(rows, key=place)


def _rows(model: str, scores: TaskScores, today: Today, slices: bool) -> list[BoardRow]:
    flaw = _flaw(scores, today)
    epochs = max((sample.epochs for sample in scores.samples.values()), default=1)
    rows = [
        _row(model, scores.task, metric, name, [(sample, sample.values[metric]) for sample in samples], flaw)
        for metric in scores.metrics
        for name, samples in scores.slices(metric).items()
        if slices or name == ALL
    ]
    if epochs > 1:
        rows += [_always(model, scores, metric, epochs, flaw) for metric in scores.metrics]
    return rows


def _always(model: str, scores: TaskScores, metric: str, epochs: int, flaw: str) -> BoardRow:
    """pass^k: the share of samples that are right in each of k epochs (Yao et al. 2024, tau-bench)."""
    always = [(sample, float(sample.values[metric] == 1)) for sample in scores.slices(metric)[ALL]]
    return _row(model, scores.task, f"{metric}^{epochs}", ALL, always, flaw)


def _flaw(scores: TaskScores, today: Today) -> str:
    epochs = sum(sample.epochs for sample in scores.samples.values())
    found = {(str(scores.metadata.get("samples")), name) for names in scores.graders.values() for name in names}
    if scores.status != "success":
        return f"its log is {scores.status}: run the eval again"
    if scores.limited:
        return f"limited to {len(scores.samples)} samples: run the eval without a limit"
    if epochs != scores.expected:
        return f"{epochs} of {scores.expected} sample epochs: run the eval again"
    if scores.task in today and today[scores.task] not in found:
        return "other samples or another grader than today's: run `aj rescore FOLDER`, or `aj eval` again"
    return ""


def _row(model: str, task: str, metric: str, name: str, scored: Sequence[tuple[Sample, float]], flaw: str) -> BoardRow:
    values = [value for _, value in scored]
    if not all(0 <= value <= 1 for value in values):
        flaw = "; ".join(filter(None, ["values outside 0..1: its interval does not hold", flaw]))
    estimate = score_estimate(values, [sample.family or sample.id for sample, _ in scored])
    bounds = estimate.low(TAIL), estimate.high(TAIL)
    names = visible(task), visible(metric), visible(name)
    return BoardRow(model, *names, estimate.mean, *bounds, estimate.n, flaw)


def headlines(rows: Sequence[BoardRow]) -> list[BoardRow]:
    """The rows over all samples of the headline metrics."""
    headline = is_headline(rows)
    return [row for row in rows if row.slice == ALL and headline(row.task, row.metric)]


def is_headline(rows: Sequence[BoardRow]) -> Callable[[str, str], bool]:
    """Tells by task and metric: what the default policy gates; the first metric of a task that it does not name."""
    gated = load_policy().gated
    first: dict[str, list[str]] = {}
    for row in rows:
        first.setdefault(row.task, [row.metric])
    return lambda task, metric: metric in gated.get(task, first[task])


Grid = dict[str, dict[str, BoardRow]]
"""Model -> task/metric -> row."""


def grid(rows: Sequence[BoardRow]) -> tuple[list[str], Grid]:
    """The headline metrics as task/metric, and their rows; the model with the best mean over tasks comes first."""
    chosen = headlines(rows)
    heads = list(dict.fromkeys(f"{row.task}/{row.metric}" for row in chosen))
    found: Grid = {}
    for row in chosen:
        found.setdefault(row.model, {})[f"{row.task}/{row.metric}"] = row

    def place(item: tuple[str, dict[str, BoardRow]]) -> tuple[bool, float]:
        cells = item[1].values()
        return is_flawed(cells), -sum(row.mean for row in cells) / len(heads)

    return heads, dict(sorted(found.items(), key=place))


def is_flawed(rows: Any) -> bool:
    return any(row.flaw for row in rows)


def to_records(rows: Sequence[BoardRow]) -> list[dict[str, Any]]:
    """For `--format json`: the fields of a row, and whether it may be compared with the others."""
    return [asdict(row) | {"comparable": not row.flaw} for row in rows]


MARK = " †"
"""Marks a score that must not be compared with the others."""


def note(rows: Sequence[BoardRow]) -> str:
    """What the mark means; empty when no row has it."""
    told = sorted({row.flaw for row in rows if row.flaw})
    return f"† not ranked with the others: {'; '.join(told)}" if told else ""


def cell(row: BoardRow) -> str:
    """The score and its interval in a table of text."""
    return f"{row.mean:.2f} ({row.low:.2f}–{row.high:.2f}){MARK if row.flaw else ''}"
