"""Which samples two models decide differently: what was asked, what each replied, and what is wrong with it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aj.errors import AJError
from aj.visible import beginning, visible
from verdict.compare import read_both
from verdict.conversations import request_of, written
from verdict.epochs import Epoch, values_of
from verdict.samples import read_samples
from verdict.scores import TaskScores

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, slots=True)
class Reply:
    """One model's part of a sample, in one epoch."""

    value: float
    """The metric, 0..1; NaN if this epoch has none."""
    code: str | None
    """The failure code; None if nothing is wrong, or if the log names no codes."""
    why: str
    """The scorer's explanation."""
    text: str
    """All that the model wrote, turn by turn."""
    log: str
    """The file that holds the sample, for `inspect view`."""


@dataclass(frozen=True, slots=True)
class Flip:
    """A sample that A and B score differently."""

    task: str
    metric: str
    sample: str
    epoch: int
    """The first one in which the two differ."""
    request: str
    """The last thing that the user said before the models replied."""
    a: Reply
    b: Reply

    @property
    def broken(self) -> bool:
        return self.b.value < self.a.value


@dataclass(frozen=True, slots=True)
class CodeCount:
    """How many samples of a task fail with a code, in each model."""

    task: str
    code: str
    a: int
    b: int
    fixed: int
    """Samples that have it in A alone."""
    broken: int
    """Samples that have it in B alone."""


def flips(base: Path, candidate: Path, only: str | None = None) -> list[Flip]:
    """The samples whose first metric differs, or the metric that `only` names as task/metric; broken ones first.

    A sample that differs only in how often it was asked is left out.

    Raises:
        EvidenceError: as `verdict.compare.compare`.
        AJError: the logs have no such metric.
    """
    both = read_both(base, candidate)
    named = [(a, b, metric) for a, b in both for metric in a.metrics if f"{a.task}/{metric}" == only]
    if only and not named:
        there = ", ".join(f"{a.task}/{metric}" for a, _ in both for metric in a.metrics)
        raise AJError(f"The logs have no metric {only}; name one of {there}.")
    chosen = named or [(a, b, a.metrics[0]) for a, b in both if a.metrics]
    return sorted((flip for one in chosen for flip in _flips(*one)), key=lambda flip: not flip.broken)


def _flips(a: TaskScores, b: TaskScores, metric: str) -> Iterator[Flip]:
    differing = [
        name
        for name, one in a.samples.items()
        if (other := b.samples.get(name)) and metric in one.values and metric in other.values
        if one.values[metric] != other.values[metric]
    ]
    left, right = read_samples(a.path, differing), read_samples(b.path, differing)
    for name in differing:
        replies = _replies(left[name], metric, a.path), _replies(right[name], metric, b.path)
        for epoch in sorted(replies[0].keys() & replies[1].keys()):
            one, other = replies[0][epoch], replies[1][epoch]
            if abs(one.value - other.value) > 0:  # not where one of them is NaN
                yield Flip(a.task, metric, name, epoch, request_of(left[name][0]), one, other)
                break


def _replies(epochs: Sequence[dict[str, Any]], metric: str, path: Path) -> dict[int, Reply]:
    return {sample["epoch"]: reply_of(sample, metric, path) for sample in epochs}


def reply_of(sample: dict[str, Any], metric: str, path: Path) -> Reply:
    """A model's part of one sample epoch, as its log (`path`) holds it."""
    value = values_of(Epoch.of_sample(sample), path).get(metric, math.nan)
    scores = list((sample.get("scores") or {}).values())
    codes = (code for score in scores if (code := (score.get("metadata") or {}).get("code")))
    why = "\n".join(told for score in scores if (told := score.get("explanation")))
    return Reply(value, next(codes, None), why, written(sample), str(path))


def code_counts(base: Path, candidate: Path) -> list[CodeCount]:
    """Every failure code of the samples that both models have, those first that B has more often than A."""
    rows = [row for a, b in read_both(base, candidate) for row in _code_counts(a, b)]
    return sorted(rows, key=lambda row: (row.a - row.b, row.task, row.code))


def _code_counts(a: TaskScores, b: TaskScores) -> list[CodeCount]:
    both = [(set(a.samples[name].codes), set(b.samples[name].codes)) for name in a.samples.keys() & b.samples.keys()]
    codes = sorted({code for left, right in both for code in left | right})
    return [
        CodeCount(
            a.task,
            code,
            a=sum(code in left for left, _ in both),
            b=sum(code in right for _, right in both),
            fixed=sum(code in left and code not in right for left, right in both),
            broken=sum(code in right and code not in left for left, right in both),
        )
        for code in codes
    ]


def to_record(found: Sequence[Flip], counts: Sequence[CodeCount]) -> dict[str, Any]:
    """For `--format json`."""
    return {"flips": [asdict(flip) | {"broken": flip.broken} for flip in found], "codes": [*map(asdict, counts)]}


LINES = 6
"""Of a reply, in the terminal."""


def shown(
    found: Sequence[Flip], counts: Sequence[CodeCount], a: str = "A", b: str = "B", only: str | None = None
) -> "RenderableType":
    """For the terminal: the failure codes, if the logs have any, then every flip with both replies; `only` as above."""
    from rich.console import Group
    from rich.text import Text

    from verdict.tables import Sheet

    codes = Sheet(f"Failures by code: {a} (A) against {b} (B)", ["task", "code"], ["A", "B", "fixed", "broken"])
    for row in counts:
        style = "red" if row.b > row.a else "green" if row.b < row.a else ""
        codes.add(row.task, row.code, *map(str, (row.a, row.b, row.fixed, row.broken)), style=style)
    lines = [text for flip in found for text in _panel(flip)]
    return Group(*([codes] if counts else []), *lines, Text(_summary(found, only)))


def _panel(flip: Flip) -> Iterator["RenderableType"]:
    from rich.padding import Padding
    from rich.text import Text

    def line(text: str, indent: int, style: str = "") -> Padding:
        return Padding(Text(text, style=style), (0, 0, 0, indent))

    fate = "BROKEN" if flip.broken else "FIXED"
    epoch = f", epoch {flip.epoch}" if flip.epoch > 1 else ""
    yield Text(f"\n{fate}  {flip.task}/{flip.metric}  {visible(flip.sample)}{epoch}", style="bold")
    yield line(f"request: {beginning(flip.request, LINES)}", 2)
    for name, reply in (("A", flip.a), ("B", flip.b)):
        code = f" {visible(reply.code)}" if reply.code else ""
        yield line(f"{name} = {reply.value:g}{code}", 2, "green" if reply.value == 1 else "red")
        yield line(beginning(reply.text, LINES), 4)
        if reply.code:
            yield line(f"why: {beginning(reply.why, LINES)}", 4, "dim")


def _summary(found: Sequence[Flip], only: str | None) -> str:
    if not found:
        where = only or "the first metric of its task; --metric TASK/METRIC asks for another one"
        return f"\nNo sample flipped in {where}."
    broken = sum(flip.broken for flip in found)
    folders = sorted({str(Path(log).parent) for flip in found for log in (flip.a.log, flip.b.log)})
    views = " or ".join(f"`inspect view --log-dir {folder}`" for folder in folders)
    many = "1 sample" if len(found) == 1 else f"{len(found)} samples"
    return f"\n{many} flipped: {broken} broken, {len(found) - broken} fixed; whole conversations: {views}"
