"""Checks whether two eval folders are evidence for a verdict, and lists every reason why not."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aj.collector import uncollected
from aj.errors import EvidenceError
from verdict.frozen import asked_by, unlike_the_suite
from verdict.paired import shared
from verdict.policy import Limits
from verdict.runs import BASE, read_manifest, unlike_the_base, unlike_the_run
from verdict.samples import Recorded, edited, misnumbered, read_recorded, unsealed, untold
from verdict.scores import TaskScores, short
from verdict.sealed import in_order
from verdict.trained import leaks

Arm = Mapping[str, TaskScores]
"""The logs of one model, by task."""

SHARED = {
    "contract": "contract",
    "samples": "samples",
    "suite": "suite",
    "asked": "asking code",
    "serving": "serving",
    "versions": "package versions",
}
"""Metadata that must exist and be equal in both arms, and its names in sentences."""

TELLING = "evaluate with `aj eval`, or with `inspect eval evals/TASK.py --model aj/RUN`"
"""What makes logs that say all of this."""

IDENTITY = ("model_name", "run", "adapter", "dataset", "serving")
"""Metadata that must be equal in all logs of one arm."""


Inside = tuple[Recorded | None, list[str]]
"""What a log's samples say, None if its seal says that they are in order; and signs that it was changed."""


def read_whole(scores: TaskScores) -> tuple[Recorded, list[str]]:
    """What the samples of a log say, and signs that it does not say what the eval wrote.

    Raises:
        EvidenceError: the samples cannot be read.
    """
    recorded = read_recorded(scores.path)
    return recorded, list(_changed(scores, recorded))


@uncollected()
def problems(
    base: Arm,
    candidate: Arm,
    gated: Mapping[str, Sequence[str]],
    limits: Limits,
    logs: Path,
    suites: Path,
    read: Callable[[TaskScores], Inside] | None = None,
    asked: Mapping[str, Collection[str]] | None = None,
    sizes: Mapping[str, int] | None = None,
) -> list[str]:
    """Why `base` and `candidate` cannot be compared; empty if they can.

    `gated` maps each required task to its gated metrics; `logs` is the folder that contains runs/ and datasets/,
    `suites` that of the frozen samples. `read`: what is inside a log, where that is known already. `asked`: where only
    some of the samples were (`verdict.joined`), and no more may be. `sizes`: how many will be in all, by task; the
    shares that are allowed are shares of these.

    Raises:
        EvidenceError: the samples of a log cannot be read.
        DataError: a file of frozen samples cannot be read.
    """
    missing = [
        f"{name} has no log of {task}; run `aj eval` for it."
        for name, arm in (("the reference", base), ("the candidate", candidate))
        for task in gated
        if task not in arm
    ]
    if missing:
        return missing
    found: list[str] = []
    for task, metrics in gated.items():
        both = base[task], candidate[task]
        frozen = None if limits.any_logs else suites / f"{task}.jsonl"
        inside_both = [read(log) for log in both] if read else _inside(*both, frozen)
        for name, arm, (inside, changed) in zip(
            ("the reference", "the candidate"), (base, candidate), inside_both, strict=True
        ):
            told = [*incomplete(arm[task], metrics, limits, sizes[task] if sizes else None), *changed]
            if not limits.any_logs:
                told += _ungraded(arm[task], inside, metrics)
                told += unlike_the_suite(arm[task], inside, suites, asked and asked[task])
            found += [f"{task}, {name}: {problem}" for problem in told]
        found += [f"{task}: {problem}" for problem in _incomparable(*both, metrics, limits)]
        one, other = (inside.inputs if inside else {} for inside, _ in inside_both)
        if apart := sum(text != other.get(key) for key, text in one.items()):
            found.append(f"{task}: {apart} samples have another input in each log; evaluate both in the same way.")
    for name, arm in (("the reference", base), ("the candidate", candidate)):
        found += [f"{name}: {problem}" for problem in _mixed(list(arm.values()), limits)]
    return found + list(_of_whom(base, candidate, list(gated), logs, suites))


def _inside(a: TaskScores, b: TaskScores, frozen: Path | None) -> list[Inside]:
    """What is inside the two logs of a task, which are read whole unless both are as they were sealed."""
    if in_order(a, b, frozen):
        return [(None, list(_retuned(log))) for log in (a, b)]
    return [read_whole(log) for log in (a, b)]


def incomplete(scores: TaskScores, metrics: Sequence[str], limits: Limits, size: int | None = None) -> Iterator[str]:
    """Problems of one log; `size` is the number of samples of which the allowed shares are, by default the log's."""
    if scores.status != "success":
        yield f"its status is {scores.status}, not success; run the eval again."
    columns = scores.columns
    epochs = int(columns.epochs.sum())
    if epochs != scores.expected or not epochs:
        yield f"it has {epochs} of {scores.expected} sample epochs; run the eval again."
        return
    of = epochs * (size or len(scores.samples)) / len(scores.samples)
    errors = int(columns.errors.sum())
    if errors > limits.max_errors * of:
        yield f"{errors} of {epochs} samples ended in an error (allowed: {limits.max_errors:.0%}); see `inspect view`."
    for metric in metrics:
        told = columns.metric(metric)
        values = told.values[told.scored > 0]
        lacking = epochs - errors - int(told.scored.sum() + told.unasked.sum())
        if lacking > limits.max_unscored * of:
            allowed = f"allowed: {limits.max_unscored:.0%}"
            yield f"{lacking} of {epochs} sample epochs have no value for {metric} ({allowed}); fix its scorer."
        if uneven := int(np.count_nonzero((told.scored > 0) & (told.unasked > 0))):
            yield f"{uneven} samples ask for {metric} in some epochs only; fix its scorer."
        if not np.all((values >= 0) & (values <= 1)):  # nor is a value that is no number
            yield f"{metric} has values outside 0..1; fix its scorer."
    unscored = int(columns.unscored.sum())
    if unscored > limits.max_unscored * of:
        allowed = f"allowed: {limits.max_unscored:.0%}"
        yield f"{unscored} of {epochs} sample epochs are unscored ({allowed}); see `inspect view`."


def _ungraded(scores: TaskScores, recorded: Recorded | None, metrics: Sequence[str]) -> Iterator[str]:
    """Scores that this project's graders did not give."""
    if not one_grader(scores):
        yield f"its scores do not all name the same grader; run `aj rescore {scores.path.parent}`."
    for metric in metrics:
        if recorded and metric in recorded.words:
            yield f"{recorded.words[metric]} values of {metric} are words, not numbers; fix its scorer."


def _changed(scores: TaskScores, recorded: Recorded) -> Iterator[str]:
    """Signs that a log does not say what the eval wrote."""
    rescore = f"move {scores.path.parent} elsewhere and run `aj rescore` on it"
    if recorded.edits:
        yield f"{len(recorded.edits)} scores were edited by hand: {edited(recorded.edits)}; {rescore}."
    if problem := unsealed(scores, recorded):
        yield problem
    if apart := untold(scores, recorded):
        yield f"{apart} samples say something else than the log's summaries of them; {rescore}."
    if scores.graders != recorded.graders:
        one, other = (_graders(told) for told in (scores.graders, recorded.graders))
        yield f"its summaries name other graders ({one}) than its samples ({other}); {rescore}."
    if uneven := misnumbered(recorded, scores.settings["eval settings"]["epochs"]):
        yield f"{uneven} samples are not in the log once for each epoch; run the eval again."
    yield from _retuned(scores)


def _retuned(scores: TaskScores) -> Iterator[str]:
    if scores.retuned:
        yield f"{', '.join(scores.retuned)} changed while the eval ran (`inspect ctl config`); run it again."


def _incomparable(a: TaskScores, b: TaskScores, metrics: Sequence[str], limits: Limits) -> Iterator[str]:
    """Problems between the two logs of one task."""
    again = "evaluate both in the same way"
    if a.version != b.version:
        yield f"task version {a.version} against {b.version}; {again}."
    for key, name in SHARED.items():
        one, other = (_shared(scores.metadata, key) for scores in (a, b))
        if limits.any_logs and not one and not other:
            continue
        if not one or not other:
            yield f"a log does not name its {name}; {TELLING}."
        elif one != other:
            yield f"{name} differs ({short(one)} against {short(other)}); {again}."
    if a.graders != b.graders and (limits.any_logs or (one_grader(a) and one_grader(b))):
        yield graded_apart(a, b)
    for key in a.settings:
        if a.settings[key] != b.settings[key]:
            yield f"{key} differs ({short(a.settings[key])} against {short(b.settings[key])}); {again}."
    same = shared(a, b)
    for metric in metrics:
        one, other = a.columns.metric(metric), b.columns.metric(metric)
        # What could not be scored does not say what was asked of it, and is counted by `incomplete`.
        told = ((one.scored + one.unasked) > 0)[same.a] & ((other.scored + other.unasked) > 0)[same.b]
        if apart := int(np.count_nonzero(told & ((one.unasked > 0)[same.a] != (other.unasked > 0)[same.b]))):
            yield f"{apart} samples ask for {metric} in only one of the logs; {again}."
        both = int(np.count_nonzero((one.scored > 0)[same.a] & (other.scored > 0)[same.b]))
        if both < limits.min_samples:
            yield f"{both} samples have {metric} in both logs, but {limits.min_samples} are needed; use a larger suite."


def _shared(metadata: Mapping[str, Any], key: str) -> Any:
    """What two logs must have in common; of `serving`, that is the server, while the model differs by nature."""
    value = metadata.get(key)
    return value.get("server", value) if key == "serving" and isinstance(value, dict) else value


def one_grader(scores: TaskScores) -> bool:
    """Whether all scores of each scorer name the same grader."""
    return all(len(names) == 1 and names[0] for names in scores.graders.values())


def graded_apart(a: TaskScores, b: TaskScores) -> str:
    """The sentence for two logs that were graded by different code."""
    one, other = (_graders(log.graders) for log in (a, b))
    folders = f"`aj rescore {a.path.parent}` and `aj rescore {b.path.parent}`"
    return f"the two logs were graded by different code ({one} against {other}); run {folders}, then compare those."


def _graders(named: Mapping[str, Sequence[str]]) -> str:
    return ", ".join(name for names in named.values() for name in names) or "none"


def _mixed(arm: Sequence[TaskScores], limits: Limits) -> Iterator[str]:
    """Logs of a folder must be of one model: a folder with the best tasks of several models would pass anything."""
    for key in IDENTITY:
        values = {short(scores.metadata.get(key)) for scores in arm}
        if len(values) > 1:
            yield f"its logs have different values of {key} ({', '.join(sorted(values))}); keep one model per folder."
    if len({short(scores.metadata.get("contract")) for scores in arm}) > 1:
        yield "its logs were made under several contracts; evaluate again."
    if not limits.any_logs and not all(scores.metadata.get("run") for scores in arm):
        yield f"a log does not say which run it evaluates; {TELLING}."


def _of_whom(base: Arm, candidate: Arm, tasks: Sequence[str], logs: Path, suites: Path) -> Iterator[str]:
    """Are the logs of the run that would be promoted, and of what it must beat? Was it trained on the suite?"""
    arms = {
        "the reference": base[tasks[0]].metadata.get("run"),
        "the candidate": candidate[tasks[0]].metadata.get("run"),
    }
    reference, run = arms.values()
    if not run or not reference:
        return  # `_mixed` says so
    if run == BASE or not candidate[tasks[0]].metadata.get("adapter"):
        yield "the candidate is a base model without an adapter; there is nothing to promote."
        return
    if run == reference:
        yield f"the reference and the candidate are the same run ({run}); there is nothing to compare."
    try:
        own = read_manifest(logs / "runs" / str(run))
        other = None if reference == BASE else read_manifest(logs / "runs" / str(reference))
    except EvidenceError as error:
        yield str(error)
        return
    left, right = ([arm[task] for task in tasks] for arm in (base, candidate))
    of_another = unlike_the_run(left, other) if other else unlike_the_base(left, own)
    yield from (f"the reference: {problem}" for problem in of_another)
    yield from (f"the candidate: {problem}" for problem in unlike_the_run(right, own))
    yield from leaks(logs / "datasets" / str(own.get("dataset")), own, *asked_by(tasks, suites))
