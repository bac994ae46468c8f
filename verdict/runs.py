"""Is what was scored what would be promoted? A run's folder, its manifest, and the logs that claim to be of it."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aj.errors import EvidenceError
from aj.files import HASH_LENGTH, digest_model, digest_weights
from verdict.scores import TaskScores, short

BASE = "base"
"""The `run` of an eval without a trained adapter."""


@dataclass(frozen=True, slots=True)
class ExamScore:
    """What the checkpoint that became a run's result scored in the exam of its training."""

    metric: str
    """TASK/METRIC."""
    score: float
    """From 0 to 1."""
    checkpoint: str
    """The stage and the step: `SFT step 400`."""

    @property
    def told(self) -> str:
        """For a cell of a table under the metric's name."""
        return f"{self.score:.3f}, {self.checkpoint}"


def exam_score(manifest: Mapping[str, Any]) -> ExamScore | None:
    """The result of the last stage of a finished run; None if the run took no exam."""
    chosen = (manifest.get("exam") or {}).get("chosen")
    if not chosen:
        return None
    stage, told = list(chosen.items())[-1]
    (metric,) = told.keys() - {"step"}
    return ExamScore(metric, told[metric], f"{stage} step {told['step']}")


def read_manifest(run: Path) -> dict[str, Any]:
    """The manifest of a finished run, after checking that the run's files are those recorded there.

    Raises:
        EvidenceError: the run is missing or unfinished, or a file that a server loads has changed since.
    """
    manifest = read_object(run / "manifest.json")
    again = "train the run again"
    if manifest.get("hash") != run.name:
        raise EvidenceError(f"{run / 'manifest.json'} belongs to run {manifest.get('hash')}; {again}.")
    is_merged = (run / "merged").is_dir()
    if is_merged != bool(manifest.get("merged")):
        raise EvidenceError(f"{run} has another kind of model than its manifest records; {again}.")
    try:
        weights = {name: digest_weights(run / name) for name in ("adapter", *(["merged"] if is_merged else []))}
        files = digest_model(run / ("merged" if is_merged else "adapter"))
    except OSError as error:
        raise EvidenceError(f"{run} cannot be read ({error.strerror}: {error.filename}); {again}.") from error
    for name, found in weights.items():
        recorded = manifest.get(name)
        if not isinstance(recorded, str) or recorded[:HASH_LENGTH] != found:
            raise EvidenceError(f"{run / name} does not contain the weights that its manifest records; {again}.")
    served = manifest.get("serving")  # earlier runs lack it: they can be evaluated, and are no evidence
    if isinstance(served, dict) and served.get("revision" if is_merged else "adapter") != files:
        raise EvidenceError(
            f"{run} has another configuration, tokenizer or chat template than its manifest records; {again}."
        )
    return manifest


def unlike_the_run(arm: Sequence[TaskScores], manifest: Mapping[str, Any]) -> Iterator[str]:
    """Why logs that name a run are not of that run."""
    run = manifest["hash"]
    if not isinstance(manifest.get("serving"), dict):
        yield f"the manifest of {run} does not say how the run is served; train the run again."
        return
    again = f"run `aj eval {run}`"
    # A run's folder or its served name: both hold the hash.
    named = re.compile(rf"(?<![0-9A-Za-z]){re.escape(run)}(?![0-9A-Za-z])")
    for scores in arm:
        if not named.search(scores.answered_by):
            yield f"{scores.task} was answered by {scores.answered_by}, which is not run {run}; {again}."
    metadata = arm[0].metadata
    told = {key: (metadata.get(key), manifest.get(key)) for key in ("adapter", "contract", "dataset")}
    told["model"] = (_model(arm[0]), manifest["serving"])
    for key, (scored, recorded) in told.items():
        if scored != recorded:
            one, other = _differing(scored, recorded)
            yield f"the {key} that was scored ({one}) is not the run's ({other}); {again}."


def unlike_the_base(arm: Sequence[TaskScores], manifest: Mapping[str, Any]) -> Iterator[str]:
    """Why logs of an untrained model are not of the base of a run, served as the run is."""
    base = manifest.get("base") or {}
    again = f"run `aj eval base:{manifest['hash']}`"
    for scores in arm:
        if scores.answered_by.partition(":")[0].rsplit("/", 1)[-1] != Path(str(base.get("name"))).name:
            yield f"{scores.task} was answered by {scores.answered_by}, which is not the candidate's base; {again}."
    if _model(arm[0]) != base.get("serving"):
        scored, recorded = _differing(_model(arm[0]), base.get("serving"))
        yield f"it ({scored}) is not the candidate's base, served as the candidate is ({recorded}); {again}."


def _differing(one: Any, other: Any) -> tuple[str, str]:
    """Two values in a sentence; of two objects, the parts in which they differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = [key for key in {**one, **other} if one.get(key) != other.get(key)]
        one, other = ({key: told.get(key) for key in keys} for told in (one, other))
    return short(one), short(other)


def _model(scores: TaskScores) -> Any:
    serving = scores.metadata.get("serving")
    return serving.get("model") if isinstance(serving, dict) else None


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file of a run or a data set; raises EvidenceError when there is none."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise EvidenceError(f"{path} is missing; without it nothing can be promoted.") from error
    except (OSError, ValueError) as error:
        raise EvidenceError(f"{path} cannot be read ({error}); delete it and make it again.") from error
    if not isinstance(value, dict):
        raise EvidenceError(f"{path} is not a JSON object; delete it and make it again.")
    return value
