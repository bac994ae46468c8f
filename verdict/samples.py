"""What the samples of a log say themselves: a log's header and its summaries can be edited apart from them."""

import json
import re
import zipfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from aj.collector import uncollected
from aj.errors import EvidenceError
from aj.files import digest
from verdict.epochs import Epoch, Sample, graders_of, samples_of
from verdict.scores import TaskScores, read_folder
from verdict.summaries import parse

WRAPPING = ("events", "events_data", "attachments")
"""Parts of a sample that Inspect writes in another way each time it rewrites a log; nothing is scored by them."""

GRADING = ("scorers", "metrics", "headline_metric")
"""Parts of a header's spec that say how answers were scored."""

LABELS = ("version", "results", "stats", "tags", "metadata", "log_updates", "reductions", "location", "etag", "samples")
"""Parts of a header that follow from others, or that may be edited later without harm: evidence never reads them."""

UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile, EOFError)
"""What reading a damaged log raises."""

_MEMBER = re.compile(r"samples/(?P<id>.*)_epoch_\d+\.json", re.DOTALL)
"""A sample in a log: its id and its epoch."""

DONE = "done.json"
"""Written last into the folder of a finished eval, with the seals of its logs."""


@dataclass(frozen=True, slots=True)
class Seal:
    """Digests of everything in a log that bears on a verdict, taken when it is written."""

    answers: str
    """What was asked and answered, and how; scoring again leaves it as it is."""
    scores: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the gate learns from a log's samples, beyond their scores."""

    seal: Seal
    samples: Mapping[str, Sample]
    epochs: dict[str, tuple[int, ...]]
    """Sample -> the epochs it was asked in."""
    inputs: dict[str, str]
    """Sample -> the text of its input, epoch by epoch."""
    edits: tuple[str, ...]
    """One entry for each score that was edited by hand: who did it, and why."""
    graders: dict[str, tuple[str, ...]]
    """Scorer -> the graders that its scores name."""
    words: dict[str, int]
    """Metric -> sample epochs whose value is a word, which Inspect would read as a number ("yes" as 1)."""


@uncollected()
def read_recorded(path: Path) -> Recorded:
    """Read every sample of a log.

    Raises:
        EvidenceError: the log cannot be read, or two of its scorers give one metric.
    """
    answers: list[str] = []
    scores: list[str] = []
    found: list[Epoch] = []
    epochs: dict[str, tuple[int, ...]] = {}
    inputs: dict[str, str] = {}
    edits: list[str] = []
    words: Counter[str] = Counter()
    try:
        header, samples = _open(path)
        for sample in samples:
            epoch = Epoch.of_sample(sample)
            found.append(epoch)
            epochs[epoch.id] = (*epochs.get(epoch.id, ()), sample["epoch"])
            inputs[epoch.id] = inputs.get(epoch.id, "") + _text(sample["input"])
            edits += _edits(sample)
            words.update(_words(epoch))
            answers.append(digest({key: value for key, value in sample.items() if key not in (*WRAPPING, "scores")}))
            scores.append(digest(epoch.id, sample["epoch"], sample.get("scores")))
        seal = _seal(header, answers, scores)
    except UNREADABLE as error:
        raise unreadable(path, error) from error
    return Recorded(seal, samples_of(found, path), epochs, inputs, tuple(edits), graders_of(found), dict(words))


def unreadable(path: Path, error: BaseException) -> EvidenceError:
    """The error of a log that cannot be read."""
    return EvidenceError(f"{path} cannot be read ({error!r}); run its eval again.")


def _seal(header: dict[str, Any], answers: list[str], scores: list[str]) -> Seal:
    told = {key: _dense(value) for key, value in header.items() if key not in LABELS}
    spec = told.pop("eval")
    graded = {key: spec.pop(key, None) for key in GRADING}
    return Seal(digest(told, spec, sorted(answers)), digest(graded, sorted(scores)))


def seal_of(scores: TaskScores) -> Seal | None:
    """The seal of a log of `aj eval` or `aj rescore`; None if it has none."""
    if not scores.metadata.get("answers"):
        return None
    try:
        return Seal(**json.loads((scores.path.parent / DONE).read_text(encoding="utf-8"))["seals"][scores.path.name])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def seals(folder: Path) -> dict[str, dict[str, str]]:
    """The seal of each log in a finished eval's folder, for its `done.json`."""
    return {scores.path.name: asdict(read_recorded(scores.path).seal) for scores in read_folder(folder).values()}


def unsealed(scores: TaskScores, recorded: Recorded, answers_only: bool = False) -> str | None:
    """Why a log is not the one that `aj eval` or `aj rescore` wrote; None if it is, or if neither claims it.

    Their logs say whose `answers` they hold. A log of plain `inspect eval` does not, and has no seal.
    """
    if not scores.metadata.get("answers"):
        return None
    folder, seal = scores.path.parent, seal_of(scores)
    if seal is None:
        return f"{folder / DONE} has no seal of it; delete {folder} and run `aj eval` again."
    if seal.answers != recorded.seal.answers:
        return f"it was changed after it was written; delete {folder} and run `aj eval` again."
    if seal.scores != recorded.seal.scores and not answers_only:
        return f"its scores were changed after they were written; move {folder} elsewhere and run `aj rescore` on it."
    return None


def untold(scores: TaskScores, recorded: Recorded) -> int:
    """Samples that are not in the log as its summaries tell them."""
    names = scores.samples.keys() | recorded.samples.keys()
    return sum(scores.samples.get(name) != recorded.samples.get(name) for name in names)


def misnumbered(recorded: Recorded, epochs: int) -> int:
    """Samples that are not in the log once for each epoch."""
    return sum(sorted(numbers) != list(range(1, epochs + 1)) for numbers in recorded.epochs.values())


def edited(edits: tuple[str, ...]) -> str:
    """Who edited scores, and why, most edits first."""
    return ", ".join(f"{count} by {who}" for who, count in Counter(edits).most_common(3))


def read_samples(path: Path, names: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """The epochs of these samples as the log holds them, by id; nothing else of the log is read.

    Raises:
        EvidenceError: the log cannot be read.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    try:
        for sample in _open(path, names)[1]:
            if (name := str(sample["id"])) in names:
                found.setdefault(name, []).append(sample)
    except UNREADABLE as error:
        raise unreadable(path, error) from error
    return {name: sorted(epochs, key=lambda sample: sample["epoch"]) for name, epochs in found.items()}


def _open(path: Path, names: Collection[str] | None = None) -> tuple[dict[str, Any], Iterator[dict[str, Any]]]:
    """The header of a log and its samples, as JSON."""
    if path.suffix == ".json":
        log = json.loads(path.read_bytes())
        return log, iter(log["samples"])
    # Inspect compresses with zstd, which zipfile reads once Inspect is imported (`read_folder` has done so).
    archive = zipfile.ZipFile(path)
    return json.loads(archive.read("header.json")), _members(archive, names)


def _members(archive: zipfile.ZipFile, names: Collection[str] | None) -> Iterator[dict[str, Any]]:
    """The samples of these names; all of them where None is given."""
    with archive:
        for member in archive.infolist():
            if (match := _MEMBER.fullmatch(member.filename)) and (names is None or match["id"] in names):
                yield parse(archive.read(member))


def _edits(sample: dict[str, Any]) -> Iterator[str]:
    for score in (sample.get("scores") or {}).values():
        if history := score.get("history"):
            told = next((edit["provenance"] for edit in reversed(history) if edit.get("provenance")), {})
            yield f"{told.get('author') or 'somebody'} ({told.get('reason') or 'no reason given'})"


def _words(epoch: Epoch) -> Iterator[str]:
    for scorer, (value, _) in epoch.scores.items():
        parts = value if isinstance(value, dict) else {scorer: value}
        yield from (metric for metric, part in parts.items() if isinstance(part, str))


def _text(asked: Any) -> str:
    """An input as text: without the names that Inspect gives each message."""
    if isinstance(asked, str):
        return asked
    return "".join(f"{message['role']}: {_content(message['content'])}\n" for message in asked)


def _content(content: Any) -> str:
    return content if isinstance(content, str) else json.dumps(content, sort_keys=True)


def _dense(value: Any) -> Any:
    """A header's value without empty parts, which Inspect fills in when it rewrites a log."""
    if isinstance(value, dict):
        kept = {key: _dense(part) for key, part in value.items()}
        return {key: part for key, part in kept.items() if part is not None and part != {} and part != []}
    return [_dense(part) for part in value] if isinstance(value, list) else value
