"""Finished logs that were read whole and are in order: while their bytes are the same, nobody need read them so again.

`aj eval` and `aj rescore` note them in `read.json`, beside the seals. What is left to read is header and summaries.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from aj.files import SAMPLES, digest, digest_file, write_json
from verdict.frozen import records, reworded
from verdict.samples import DONE, Seal, misnumbered, read_recorded, seal_of, untold
from verdict.scores import TaskScores, read_log

READ = "read.json"
"""Beside `done.json`: log -> its `Vouched`."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """Digests of a log in which nothing was amiss, and of what reading its samples found."""

    file: str
    """Of the log's bytes."""
    seal: str
    inputs: str
    """Of what was asked, sample by sample."""
    asks: str
    """Of the file with the frozen samples whose requests these are; "" if it is no such file."""


def note_in_order(folder: Path, suites: Path = SAMPLES) -> None:
    """Read the sealed logs of a finished eval's folder whole, and note those that are in order.

    `suites` is the folder of the frozen samples.

    Raises:
        EvidenceError: a log cannot be read.
        DataError: a file of frozen samples cannot be read.
    """
    sealed = json.loads((folder / DONE).read_text(encoding="utf-8"))["seals"]
    found = {name: vouched for name in sealed if (vouched := _vouched(folder / name, suites))}
    write_json(folder / READ, {name: asdict(vouched) for name, vouched in found.items()})


def in_order(a: TaskScores, b: TaskScores, frozen: Path | None) -> bool:
    """Whether both logs of a task are those that were noted as in order, and both asked the same.

    `frozen`: the file whose samples they must have asked; None if any will do.
    """
    one, other = _noted(a), _noted(b)
    if not (one and other) or one.inputs != other.inputs:
        return False
    if frozen and not (frozen.is_file() and one.asks == other.asks == digest_file(frozen)):
        return False
    with ThreadPoolExecutor() as pool:  # a digest leaves Python free for another
        return [one.file, other.file] == list(pool.map(digest_file, (a.path, b.path)))


def _vouched(path: Path, suites: Path) -> Vouched | None:
    file = digest_file(path)  # first: a log that changes from here on is not the one that is noted
    scores = read_log(path)
    recorded = read_recorded(path)
    epochs = scores.settings["eval settings"]["epochs"]
    as_sealed = seal_of(scores) == recorded.seal
    if not as_sealed or recorded.edits or recorded.words or untold(scores, recorded) or misnumbered(recorded, epochs):
        return None
    frozen = suites / f"{scores.task}.jsonl"
    asks = digest_file(frozen) if frozen.is_file() and not reworded(recorded, records(frozen)) else ""
    return Vouched(file, _digest(recorded.seal), digest(recorded.inputs), asks)


def _noted(scores: TaskScores) -> Vouched | None:
    seal = seal_of(scores)
    try:
        noted = Vouched(**json.loads((scores.path.parent / READ).read_text(encoding="utf-8"))[scores.path.name])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return noted if seal and noted.seal == _digest(seal) else None


def _digest(seal: Seal) -> str:
    return digest(asdict(seal))
