"""Grades a finished eval again with today's graders: no model is asked, and the old logs stay."""

import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aj.errors import AJError, EvidenceError
from aj.files import write_json
from aj.whole import whole_folder
from evals.suite import TASKS
from loop.evaluate import done, graded_folder
from verdict.runs import read_object
from verdict.samples import DONE, read_recorded, unsealed
from verdict.scores import TaskScores, read_folder
from verdict.sealed import note_in_order

if TYPE_CHECKING:
    from inspect_ai import Task
    from inspect_ai.log import EvalLog

NO_MODEL = "mockllm/model"
"""Inspect needs a model for scorers, and would start the server of the one that answered."""


def rescore(folder: Path, report: Callable[[str], None] = lambda _: None) -> Path:
    """Grade the logs of an eval folder again, into the folder that `aj eval` would use today.

    `report` is called with each task as it starts. The new folder appears complete; if it exists, it is returned.

    Raises:
        EvidenceError: the logs are not a finished eval of `aj eval`, their answers were changed since, or today's code
            would ask something else.
    """
    scores = read_folder(folder)
    if missing := [task for task in TASKS if task not in scores or scores[task].status != "success"]:
        raise EvidenceError(f"{folder} has no finished log of {', '.join(missing)}; run `aj eval` again.")
    target = graded_folder(_whose(folder, scores))
    if (target / DONE).exists():
        return target
    if target.exists():
        raise AJError(f"{target} contains the same eval, unfinished; finish it with `aj eval`.")
    _grade(scores, target, report)
    return target


def rescore_batch(folder: Path, target: Path) -> None:
    """The same for a batch, which has samples of some tasks, into `target`; it keeps what asking it took.

    Raises:
        EvidenceError: as `rescore` does.
    """
    scores = read_folder(folder)
    _whose(folder, scores)
    seconds = read_object(folder / DONE)["seconds"]
    _grade(scores, target, seconds=seconds)


def _whose(folder: Path, scores: Mapping[str, TaskScores]) -> str:
    """The identity of the answers in a folder; raises EvidenceError if it is not said, or they were changed."""
    given = {str(log.metadata.get("answers") or "") for log in scores.values()}
    if len(given) != 1 or not all(given):
        raise EvidenceError(f"{folder} does not say whose answers it contains; run `aj eval` again.")
    for log in scores.values():
        if problem := unsealed(log, read_recorded(log.path), answers_only=True):
            raise EvidenceError(f"{log.path}: {problem}")
    return given.pop()


def _grade(
    scores: Mapping[str, TaskScores], target: Path, report: Callable[[str], None] = lambda _: None, **about: Any
) -> None:
    """Grade logs into a new folder, whose `done.json` also says what is in `about`."""
    with whole_folder(target) as made:
        for log in scores.values():
            report(f"{log.task} …")
            _rescore(log, made / log.path.name)
        first = next(iter(scores.values()))
        told = done(made, first.model, first.metadata["suite"], first.metadata["answers"], _in_order(scores))
        write_json(made / DONE, told | about)
        note_in_order(made)


def _in_order(scores: Mapping[str, TaskScores]) -> list[str]:
    return [task for task in TASKS if task in scores]


def _rescore(scores: TaskScores, target: Path) -> None:
    from inspect_ai import score
    from inspect_ai.log import read_eval_log, write_eval_log

    log = read_eval_log(str(scores.path), resolve_attachments=True)
    task = _same_task(log, scores)
    samples = log.samples or []
    # A sample that ended in an error has no answer to grade, but Inspect would grade it anyway.
    log.samples = [sample for sample in samples if not sample.error]
    with redirect_stdout(sys.stderr):
        graded = score(log, task.scorer or [], action="overwrite", model=NO_MODEL, display="none", copy=False)
    again = {(sample.id, sample.epoch): sample for sample in graded.samples or []}
    graded.samples = [again.get((sample.id, sample.epoch), sample) for sample in samples]
    if graded.results and scores.expected:
        graded.results.total_samples = scores.expected
    write_eval_log(graded, str(target))


def _same_task(log: "EvalLog", scores: TaskScores) -> "Task":
    """Today's task with the arguments of the log; raises EvidenceError if it would ask something else."""
    make: Callable[..., Task] = getattr(import_module(f"evals.{scores.task}"), scores.task)
    task = make(**log.eval.task_args)
    today: dict[str, Any] = task.metadata or {}
    for key, name in (("contract", "contract"), ("samples", "samples"), ("asked", "code that asks")):
        if scores.metadata.get(key) != today.get(key):
            was, now = scores.metadata.get(key), today.get(key)
            raise EvidenceError(f"{scores.path}: the {name} has changed since ({was} then, {now} now); run `aj eval`.")
    return task
