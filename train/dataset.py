"""Reads a data set folder and checks it against its lock."""

import json
from dataclasses import dataclass
from pathlib import Path

from aj.errors import DataError
from aj.files import digest_file
from aj.messages import Pair, Row, read_pairs, read_rows

LEARNED = ("sft.jsonl", "dpo.jsonl")


@dataclass(frozen=True, slots=True)
class DataSet:
    hash: str
    contract: str
    """The hash of the contract that it was built for."""
    files: dict[str, str]
    """What is learned from, by name: digests, as the lock gives them."""
    rows: list[Row]
    pairs: list[Pair]


def read_dataset(folder: Path) -> DataSet:
    """Read `sft.jsonl` and `dpo.jsonl`.

    Raises:
        DataError: there is no data set, a file is not the one that the lock names, or a line is not a row.
    """
    lock = folder / "lock.json"
    try:
        locked = json.loads(lock.read_text(encoding="utf-8"))
        name, contract, files = locked["hash"], locked["contract"]["hash"], locked["files"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{folder} is no finished data set ({lock.name}: {error}); run `aj build`.") from error
    # Rows first: a corrupt line is reported by its number, which says more than a wrong hash of the file.
    rows = read_rows(folder / "sft.jsonl")
    pairs = read_pairs(folder / "dpo.jsonl") if (folder / "dpo.jsonl").exists() else []
    for file, expected in files.items():
        if not (folder / file).is_file() or digest_file(folder / file) != expected:
            raise DataError(
                f"{folder / file} is not the file its lock.json names; delete the folder and run `aj build` again."
            )
    learned = {file: digest for file, digest in files.items() if file in LEARNED}
    return DataSet(name, contract, learned, rows, pairs)
