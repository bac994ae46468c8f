"""Seals finished logs, and finds those that are as they were sealed: what is in order need not be read again.

A seal names the log's own bytes only if every sample was read when it was taken, and nothing was amiss. While the bytes
are the same, the same would be found: header and summaries are all that is left to read.
"""

from dataclasses import asdict, replace
from pathlib import Path

from aj.files import SAMPLES, digest, digest_file
from verdict.frozen import records, reworded
from verdict.samples import Seal, misnumbered, read_recorded, seal_of, untold
from verdict.scores import TaskScores, read_folder


def seals(folder: Path, suites: Path = SAMPLES) -> dict[str, dict[str, str]]:
    """The seal of each log in a finished eval's folder, for its `done.json`; `suites` is the folder of frozen samples.

    Raises:
        EvidenceError: a log cannot be read.
        DataError: a file of frozen samples cannot be read.
    """
    return {scores.path.name: asdict(seal(scores, suites)) for scores in read_folder(folder).values()}


def seal(scores: TaskScores, suites: Path) -> Seal:
    """The seal of one log; raises as `seals` does."""
    file = digest_file(scores.path)  # first: a log that changes from here on is not the one that is named
    recorded = read_recorded(scores.path)
    epochs = scores.settings["eval settings"]["epochs"]
    if recorded.edits or recorded.words or untold(scores, recorded) or misnumbered(recorded, epochs):
        return recorded.seal
    frozen = suites / f"{scores.task}.jsonl"
    asks = digest_file(frozen) if frozen.is_file() and not reworded(recorded, records(frozen)) else ""
    return replace(recorded.seal, file=file, inputs=digest(recorded.inputs), asks=asks)


def in_order(a: TaskScores, b: TaskScores, frozen: Path | None) -> bool:
    """Whether both logs of a task are those that were sealed with nothing amiss, and both asked the same.

    `frozen`: the file whose samples they must have asked; None if any will do.
    """
    one, other = seal_of(a), seal_of(b)
    if not (one and other and one.file and other.file) or one.inputs != other.inputs:
        return False
    if frozen and not (frozen.is_file() and one.asks == other.asks == digest_file(frozen)):
        return False
    return one.file == digest_file(a.path) and other.file == digest_file(b.path)
