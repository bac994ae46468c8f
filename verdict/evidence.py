"""Checks whether two eval folders are evidence for a verdict, and lists every reason why not."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from aj.errors import EvidenceError
from aj.files import HASH_LENGTH, digest_weights
from verdict.frozen import unlike_the_suite
from verdict.policy import Limits
from verdict.samples import Recorded, edited, misnumbered, read_recorded, unsealed, untold
from verdict.scores import TaskScores

BASE = "base"
"""The `run` of an eval without a trained adapter."""

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

IDENTITY = ("model_name", "run", "adapter", "dataset")
"""Metadata that must be equal in all logs of one arm."""


def problems(
    base: Arm, candidate: Arm, gated: Mapping[str, Sequence[str]], limits: Limits, logs: Path, suites: Path
) -> list[str]:
    """Why `base` and `candidate` cannot be compared; empty if they can.

    `gated` maps each required task to its gated metrics; `logs` is the folder that contains runs/ and datasets/,
    `suites` that of the frozen samples.

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
        recorded = [read_recorded(arm[task].path) for arm in (base, candidate)]
        for name, arm, inside in zip(("the reference", "the candidate"), (base, candidate), recorded, strict=True):
            told = [*_incomplete(arm[task], metrics, limits), *_changed(arm[task], inside)]
            told += unlike_the_suite(arm[task], inside, suites)
            found += [f"{task}, {name}: {problem}" for problem in told]
        found += [f"{task}: {problem}" for problem in _incomparable(base[task], candidate[task], metrics, limits)]
        if apart := sum(recorded[0].inputs[key] != recorded[1].inputs.get(key) for key in recorded[0].inputs):
            found.append(f"{task}: {apart} samples have another input in each log; evaluate both in the same way.")
    for name, arm in (("the reference", base), ("the candidate", candidate)):
        found += [f"{name}: {problem}" for problem in _mixed(list(arm.values()))]
    return found + list(_not_the_run(base, candidate, list(gated), logs))


def _incomplete(scores: TaskScores, metrics: Sequence[str], limits: Limits) -> Iterator[str]:
    """Problems of one log."""
    if scores.status != "success":
        yield f"its status is {scores.status}, not success; run the eval again."
    samples = scores.samples.values()
    epochs = sum(sample.epochs for sample in samples)
    if epochs != scores.expected or not epochs:
        yield f"it has {epochs} of {scores.expected} sample epochs; run the eval again."
        return
    errors = sum(sample.errors for sample in samples)
    if errors > limits.max_errors * epochs:
        yield f"{errors} of {epochs} samples ended in an error (allowed: {limits.max_errors:.0%}); see `inspect view`."
    for metric in metrics:
        values = [sample.values[metric] for sample in samples if metric in sample.values]
        told = sum(sample.scored.get(metric, 0) + sample.unasked.get(metric, 0) for sample in samples)
        lacking = epochs - errors - told
        if lacking > limits.max_unscored * epochs:
            allowed = f"allowed: {limits.max_unscored:.0%}"
            yield f"{lacking} of {epochs} sample epochs have no value for {metric} ({allowed}); fix its scorer."
        if uneven := sum(1 for sample in samples if sample.scored.get(metric) and sample.unasked.get(metric)):
            yield f"{uneven} samples ask for {metric} in some epochs only; fix its scorer."
        if not all(math.isfinite(value) and 0 <= value <= 1 for value in values):
            yield f"{metric} has values outside 0..1; fix its scorer."
    if not one_grader(scores):
        yield f"its scores do not all name the same grader; run `aj rescore {scores.path.parent}`."
    unscored = sum(sample.unscored for sample in samples)
    if unscored > limits.max_unscored * epochs:
        allowed = f"allowed: {limits.max_unscored:.0%}"
        yield f"{unscored} of {epochs} sample epochs are unscored ({allowed}); see `inspect view`."


def _changed(scores: TaskScores, recorded: Recorded) -> Iterator[str]:
    """Signs that a log does not say what the eval wrote."""
    rescore = f"move {scores.path.parent} elsewhere and run `aj rescore` on it"
    if recorded.edits:
        yield f"{len(recorded.edits)} scores were edited by hand: {edited(recorded.edits)}; {rescore}."
    if problem := unsealed(scores, recorded):
        yield problem
    if apart := untold(scores, recorded):
        yield f"{apart} samples say something else than the log's summaries of them; {rescore}."
    if uneven := misnumbered(recorded, scores.settings["eval settings"]["epochs"]):
        yield f"{uneven} samples are not in the log once for each epoch; run the eval again."
    if scores.retuned:
        yield f"{', '.join(scores.retuned)} changed while the eval ran (`inspect ctl config`); run it again."


def _incomparable(a: TaskScores, b: TaskScores, metrics: Sequence[str], limits: Limits) -> Iterator[str]:
    """Problems between the two logs of one task."""
    again = "evaluate both in the same way"
    if a.version != b.version:
        yield f"task version {a.version} against {b.version}; {again}."
    for key, name in SHARED.items():
        one, other = (_shared(scores.metadata, key) for scores in (a, b))
        if not one or not other:
            yield f"a log does not name its {name}; evaluate with `aj eval`."
        elif one != other:
            yield f"{name} differs ({_short(one)} against {_short(other)}); {again}."
    if one_grader(a) and one_grader(b) and a.graders != b.graders:
        yield graded_apart(a, b)
    for key in a.settings:
        if a.settings[key] != b.settings[key]:
            yield f"{key} differs ({_short(a.settings[key])} against {_short(b.settings[key])}); {again}."
    same = [(a.samples[key], b.samples[key]) for key in a.samples.keys() & b.samples.keys()]
    for metric in metrics:
        if apart := sum(1 for x, y in same if bool(x.unasked.get(metric)) != bool(y.unasked.get(metric))):
            yield f"{apart} samples ask for {metric} in only one of the logs; {again}."
        both = sum(1 for x, y in same if metric in x.values and metric in y.values)
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
    one, other = (", ".join(name for names in log.graders.values() for name in names) or "none" for log in (a, b))
    folders = f"`aj rescore {a.path.parent}` and `aj rescore {b.path.parent}`"
    return f"the two logs were graded by different code ({one} against {other}); run {folders}, then compare those."


def _mixed(arm: Sequence[TaskScores]) -> Iterator[str]:
    """Logs of a folder must be of one model: a folder with the best tasks of several models would pass anything."""
    for key in IDENTITY:
        values = {_short(scores.metadata.get(key)) for scores in arm}
        if len(values) > 1:
            yield f"its logs have different values of {key} ({', '.join(sorted(values))}); keep one model per folder."
    if len({_short(scores.metadata.get("contract")) for scores in arm}) > 1:
        yield "its logs were made under several contracts; evaluate again."
    if not all(scores.metadata.get("run") for scores in arm):
        yield "a log does not say which run it evaluates; evaluate with `aj eval`."


def _not_the_run(base: Arm, candidate: Arm, tasks: Sequence[str], logs: Path) -> Iterator[str]:
    """Is the scored adapter the one that would be promoted, and was it trained on nothing that the suite asks?"""
    metadata = candidate[tasks[0]].metadata
    run = metadata.get("run")
    if not run:
        return  # `_mixed` says so
    if run == BASE or not metadata.get("adapter"):
        yield "the candidate is a base model without an adapter; there is nothing to promote."
        return
    if run == base[tasks[0]].metadata.get("run"):
        yield f"the reference and the candidate are the same run ({run}); there is nothing to compare."
    try:
        manifest = read_manifest(logs / "runs" / str(run))
    except EvidenceError as error:
        yield str(error)
        return
    for key in ("adapter", "contract", "dataset"):
        if metadata.get(key) != manifest.get(key):
            scored, recorded = _short(metadata.get(key)), _short(manifest.get(key))
            yield f"the {key} that was scored ({scored}) is not the run's ({recorded}); run `aj eval {run}`."
    yield from _leaked(candidate, tasks, logs / "datasets" / str(manifest.get("dataset")) / "lock.json", manifest)


def _leaked(candidate: Arm, tasks: Sequence[str], path: Path, manifest: Mapping[str, Any]) -> Iterator[str]:
    try:
        lock = _read_object(path)
    except EvidenceError as error:
        yield str(error)
        return
    trained = lock.get("templates")
    if lock.get("hash") != manifest.get("dataset") or not isinstance(trained, list) or not trained:
        yield f"{path} does not name the templates of this data set; build it again."
        return
    asked = {sample.template for task in tasks for sample in candidate[task].samples.values()}
    if leaked := sorted(str(template) for template in asked & set(trained)):
        some = ", ".join(leaked[:3])
        yield f"{len(leaked)} templates of the suite were trained on ({some}); build the data set without them."


def read_manifest(run: Path) -> dict[str, Any]:
    """The manifest of a finished run, after checking that its weights are those recorded there.

    Raises:
        EvidenceError: the run is missing or unfinished, or its weights have changed since.
    """
    manifest = _read_object(run / "manifest.json")
    _check_weights(run / "adapter", manifest.get("adapter"))
    if manifest.get("merged"):
        _check_weights(run / "merged", manifest["merged"])
    if manifest.get("hash") != run.name:
        raise EvidenceError(f"{run / 'manifest.json'} belongs to run {manifest.get('hash')}; train the run again.")
    return manifest


def _check_weights(folder: Path, recorded: Any) -> None:
    try:
        found = digest_weights(folder)
    except OSError as error:
        raise EvidenceError(f"{folder} cannot be read ({error.strerror}); train the run again.") from error
    if not isinstance(recorded, str) or recorded[:HASH_LENGTH] != found:
        raise EvidenceError(f"{folder} does not contain the weights that its manifest records; train the run again.")


def _read_object(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise EvidenceError(f"{path} is missing; without it nothing can be promoted.") from error
    except (OSError, ValueError) as error:
        raise EvidenceError(f"{path} cannot be read ({error}); delete it and make it again.") from error
    if not isinstance(value, dict):
        raise EvidenceError(f"{path} is not a JSON object; delete it and make it again.")
    return value


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return text if len(text) <= 80 else text[:77] + "..."
