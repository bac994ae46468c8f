"""Is a log about the frozen samples, all of them, as they stand in their file? Labels in a log are not trusted."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from aj.files import digest_file, read_jsonl
from verdict.samples import Recorded
from verdict.scores import TaskScores

SUITES = ("small", "full")


def frozen_samples(path: Path, suite: str) -> list[dict[str, Any]]:
    """The samples of a suite in a task's file.

    Raises:
        DataError: a line is not JSON.
    """
    return [record for record in _read(path) if suite == "full" or record["small"]]


def _read(path: Path) -> Sequence[dict[str, Any]]:
    return _as_it_is(path, digest_file(path) if path.is_file() else "")


@lru_cache(maxsize=8)  # both arms, and the search for leaks, ask for the same
def _as_it_is(path: Path, digest: str) -> Sequence[dict[str, Any]]:
    return tuple(record for _, record in read_jsonl(path))


def records(path: Path) -> dict[str, dict[str, Any]]:
    """All samples of a task's file by id; raises as `frozen_samples` does."""
    return {str(record["id"]): record for record in frozen_samples(path, "full")}


def reworded(recorded: Recorded, frozen: Mapping[str, dict[str, Any]]) -> int:
    """How many of these frozen samples ask something else in a log that has them."""
    asked = ((record, recorded.inputs[name]) for name, record in frozen.items() if name in recorded.inputs)
    return sum(_request(record) not in text for record, text in asked)


def unlike_the_suite(
    scores: TaskScores, recorded: Recorded | None, suites: Path, asked: Collection[str] | None = None
) -> Iterator[str]:
    """Problems of one log; `suites` is the folder of the frozen samples, `TASK.jsonl`; `asked`: only these were to be.

    `recorded`: what its samples say, unless its seal says that they ask what the file does.

    Raises:
        DataError: a line of the file is not JSON.
    """
    path, suite = suites / f"{scores.task}.jsonl", scores.metadata.get("suite")
    if suite not in SUITES:
        yield f"it was run on the suite {suite}, not on small or full; run `aj eval` for one of those."
        return
    if not path.is_file() or scores.metadata.get("samples") != digest_file(path):
        yield f"its samples are not those of {path} (they were frozen anew, or elsewhere); run `aj eval` again."
        return
    frozen = _labels(path, digest_file(path), suite)
    if asked is not None:
        frozen = {name: labels for name, labels in frozen.items() if name in asked}
    if missing := frozen.keys() - scores.samples.keys():
        yield f"{len(missing)} of {len(frozen)} samples of the suite {suite} are not in it; run it without --limit."
    if foreign := scores.samples.keys() - frozen.keys():
        yield f"{len(foreign)} of its samples are not in the suite {suite}; run `aj eval` again."
    if relabelled := _relabelled(scores, frozen):
        yield f"{relabelled} samples have another template, family, slice or split than in {path}; run `aj eval` again."
    same = {name: record for name, record in records(path).items() if name in frozen} if recorded else {}
    if recorded and (others := reworded(recorded, same)):
        yield f"{others} samples ask something else than in {path}; run `aj eval` again."


def asked_by(tasks: Sequence[str], suites: Path) -> tuple[set[str], set[str]]:
    """The templates and the requests of all frozen samples of some tasks."""
    templates: set[str] = set()
    requests: set[str] = set()
    for path in (suites / f"{task}.jsonl" for task in tasks):
        for record in _read(path) if path.is_file() else ():
            templates.add(record["template"])
            if "scenario" in record:
                templates.add(record["scenario"]["template"])
            requests.update([turn["content"] for turn in record["messages"] if turn["role"] == "user"])
    return templates, requests


_Labels = tuple[str | None, str | None, str | None, dict[str, str]]
"""A sample's template, family, split and slices."""


@lru_cache(maxsize=8)  # both arms ask for the same
def _labels(path: Path, digest: str, suite: str) -> Mapping[str, _Labels]:
    return {
        str(record["id"]): (
            record["template"],
            record["template"],
            "eval",
            {name: str(value) for name, value in record["slice"].items()},
        )
        for record in frozen_samples(path, suite)
    }


def _relabelled(scores: TaskScores, frozen: Mapping[str, _Labels]) -> int:
    """How many samples of a log do not say of themselves what their record does."""
    told = scores.columns
    labels = zip(told.templates, told.families, told.splits, told.slices, strict=True)
    return sum(frozen.get(name, label) != label for name, label in zip(told.places, labels, strict=True))


def _request(record: dict[str, Any]) -> str:
    """The user's last words, which every layout of a prompt shows as they are."""
    return next(turn["content"] for turn in reversed(record["messages"]) if turn["role"] == "user")
