"""Joins one arm's logs of a task: the batches that were asked one after the other, or some samples of a whole log."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from aj.errors import EvidenceError
from verdict.costs import total
from verdict.evidence import IDENTITY, SHARED, read_whole
from verdict.samples import Recorded
from verdict.scores import TaskScores, read_log

SAME = (*SHARED, *IDENTITY, "endpoint")
"""Metadata that must be equal in all batches."""
ORDER = "order of samples"
"""The one setting in which batches differ by nature."""


def join(paths: Sequence[Path], asked: Collection[str]) -> tuple[TaskScores, Recorded, list[str]]:
    """The samples in `asked` as if one log had them, and what is wrong with the logs that they come from.

    Raises:
        EvidenceError: there is no log, or one cannot be read.
    """
    if not paths:
        raise EvidenceError("a batch was not asked; run the same command again.")
    logs = [read_log(path) for path in paths]
    inside = [read_whole(log) for log in logs]
    first = logs[0]
    told = [
        f"{log.path.name}: {problem}" for log, (_, changed) in zip(logs, inside, strict=True) for problem in changed
    ]
    told += [
        f"{log.path.name}: its {key} is not that of {first.path.name}; delete {log.path.parent}, then run again."
        for log in logs[1:]
        for key in (*SAME, *first.settings)
        if _about(log, key) != _about(first, key)
    ]
    names = [name for log in logs for name in log.samples if name in asked]
    if twice := len(names) - len(set(names)):
        told.append(f"{twice} samples were asked in several batches.")
    samples = {name: log.samples[name] for log in logs for name in log.samples if name in asked}
    epochs = first.settings["eval settings"]["epochs"]
    scores = replace(
        first,
        status=next((log.status for log in logs if log.status != "success"), "success"),
        settings=first.settings | {ORDER: sorted(asked)},
        retuned=tuple(sorted({name for log in logs for name in log.retuned})),
        expected=len(asked) * epochs,
        limited=True,
        cost=total(log.cost for log in logs),
        graders=_all_graders(logs),
        samples=samples,
    )
    return scores, _together([recorded for recorded, _ in inside], asked), told


def _about(log: TaskScores, key: str) -> object:
    if key == ORDER:
        return None
    return log.settings[key] if key in log.settings else log.metadata.get(key)


def _all_graders(logs: Sequence[TaskScores] | Sequence[Recorded]) -> dict[str, tuple[str, ...]]:
    return {
        scorer: tuple(sorted({name for log in logs for name in log.graders.get(scorer, ())}))
        for scorer in {scorer: None for log in logs for scorer in log.graders}
    }


def _together(batches: Sequence[Recorded], asked: Collection[str]) -> Recorded:
    return Recorded(
        seal=batches[0].seal,
        samples={name: sample for batch in batches for name, sample in batch.samples.items() if name in asked},
        epochs={name: numbers for batch in batches for name, numbers in batch.epochs.items() if name in asked},
        inputs={name: text for batch in batches for name, text in batch.inputs.items() if name in asked},
        graders=_all_graders(batches),
        edits=tuple(edit for batch in batches for edit in batch.edits),
        words={
            metric: sum(batch.words.get(metric, 0) for batch in batches) for batch in batches for metric in batch.words
        },
    )
