"""`aj lint --fix`: repaired copies of data files, what was left out with its reason, and a diff to review.

Secrets, addresses and names are replaced by look-alikes before the repair. Streams: one record is held at a time. The
output folder appears whole, by rename; the inputs are never written to.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from aj.contract import Contract
from aj.errors import AJError, DataError
from aj.messages import Pair, Row, pair_to_record, row_to_record
from aj.whole import whole_folder
from datasets_build.reading.files import SUFFIXES, in_folder, read_records
from datasets_build.reading.records import Record, Unreadable
from datasets_build.reading.transcripts import Parsed, Preference, Turn, Unusable
from datasets_build.repair.diff import hunk, turns_of
from datasets_build.repair.settle import Settled, settle
from datasets_build.sources.shapes import parse

Progress = Callable[[Path, int], None]
"""Told the file and how many of its records were read, after each one."""


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file. An item is one conversation of a record, or a line that could not be read."""

    path: Path
    records: int
    items: int
    converted: int
    """Right as they were; only their form changed."""
    repaired: dict[str, int]
    """Items by what was repaired in them; an item can count under several codes."""
    repaired_items: int
    rejected: dict[str, int]

    @property
    def rejected_items(self) -> int:
        return sum(self.rejected.values())


@dataclass(frozen=True, slots=True)
class FixReport:
    output: Path
    files: tuple[FileReport, ...]

    @property
    def total(self) -> FileReport:
        """All files as one."""
        repaired: Counter[str] = Counter()
        rejected: Counter[str] = Counter()
        for file in self.files:
            repaired.update(file.repaired)
            rejected.update(file.rejected)
        records, items, converted, repaired_items = (
            sum(getattr(file, name) for file in self.files)
            for name in ("records", "items", "converted", "repaired_items")
        )
        return FileReport(self.output, records, items, converted, dict(repaired), repaired_items, dict(rejected))


Change = Callable[[Parsed], Parsed]


def fix_files(
    paths: Sequence[Path],
    output: Path,
    contract: Contract,
    progress: Progress | None = None,
    seed: int | None = 0,
) -> FixReport:
    """Repair every item of every file.

    Writes to `output`: for each file `<name>.jsonl` (rows), and `<name>.pairs.jsonl` if it gave pairs;
    `quarantine.jsonl` with what was rejected (file, line, code, why, and the record as it was: look-alikes are in none
    of them), which lint passes over; `changes.diff`, what AJ says before and after each repair.

    Args:
        paths: files, or folders whose data files are all taken.
        seed: of the look-alikes: a value gets the same one in all files. None replaces nothing, and what holds a
            secret or a private address is quarantined.

    Raises:
        AJError: the output folder is not empty, lies inside an input folder, or cannot be written; or secrets cannot be
            looked for on this machine.
        DataError: a file cannot be read, or there is none.
    """
    files = _named(paths)
    _check_output(paths, output)
    with whole_folder(output) as folder, ExitStack() as open_files:
        quarantine = open_files.enter_context(_writer(folder / "quarantine.jsonl"))
        shared = (quarantine, open_files.enter_context(_writer(folder / "changes.diff")))
        change = _look_alikes(seed) if seed is not None else None
        reports = [_fix(path, folder / name, shared, contract, progress, change) for name, path in files.items()]
    return FixReport(output, tuple(reports))


@dataclass(slots=True)
class _Files:
    """The open files of a run: one set for all inputs, and the two of the input at hand."""

    quarantine: IO[str]
    changes: IO[str]
    rows: IO[str]
    pairs: IO[str] | None = None


def _look_alikes(seed: int) -> Change:
    """Look-alikes in what has none yet; the simulated fleet's addresses and names are nobody's, and stay."""
    from datasets_build.privacy.replacer import REPLACED, Replacer

    replacer = Replacer(seed)

    def change(item: Parsed) -> Parsed:
        if isinstance(item, Unusable) or item.metadata.get("templates"):
            return item
        return item if item.metadata.get("private") == REPLACED["private"] else replacer.replace(item)

    return change


def _fix(
    path: Path,
    target: Path,
    shared: tuple[IO[str], IO[str]],
    contract: Contract,
    progress: Progress | None,
    change: Change | None,
) -> FileReport:
    counts: Counter[str] = Counter()
    repaired: Counter[str] = Counter()
    rejected: Counter[str] = Counter()
    with ExitStack() as open_files:
        files = _Files(*shared, open_files.enter_context(_writer(target)))
        for record in read_records(path):
            counts["records"] += 1
            for item, settled in _settled(record, contract, change):
                counts["items"] += 1
                if settled.value is None:
                    rejected[settled.code] += 1
                    _line(files.quarantine, _rejected(path, record, settled))
                    continue
                if isinstance(settled.value, Pair) and files.pairs is None:
                    files.pairs = open_files.enter_context(_writer(target.with_suffix(".pairs.jsonl")))
                _keep(settled.value, files)
                counts["repaired" if settled.repaired else "converted"] += 1
                repaired.update(settled.repaired)
                if settled.repaired:
                    files.changes.write(hunk(f"{path}:{record.line}", item, settled, contract))
            if progress:
                progress(path, counts["records"])
    lost = counts["items"] - counts["converted"] - counts["repaired"] - sum(rejected.values())
    assert lost == 0, f"{path}: {lost} items are neither written nor quarantined"
    return FileReport(
        path=path,
        records=counts["records"],
        items=counts["items"],
        converted=counts["converted"],
        repaired=dict(repaired),
        repaired_items=counts["repaired"],
        rejected=dict(rejected),
    )


def _keep(value: Row | Pair, files: _Files) -> None:
    if isinstance(value, Row):
        _line(files.rows, row_to_record(value))
    elif files.pairs is not None:
        _line(files.pairs, pair_to_record(value))


def _settled(
    record: Record | Unreadable, contract: Contract, change: Change | None
) -> Iterator[tuple[Parsed, Settled]]:
    """Every item of a record; what had to be overlooked to read it counts as repaired, and so does `private`."""
    if isinstance(record, Unreadable):
        item = Unusable(record.code, record.why)
        yield item, settle(item, contract)
        return
    for item in parse(record.value):
        shown = change(item) if change else item
        settled = settle(shown, contract)
        private = ("private",) if _said(shown) != _said(item) else ()
        if (record.faults or private) and settled.value is not None:
            codes = tuple(dict.fromkeys((*record.faults, *private, *settled.repaired)))
            value = replace(settled.value, metadata={**settled.value.metadata, "repaired": list(codes)})
            settled = replace(settled, value=value, repaired=codes)
        yield item, settled


def _said(item: Parsed) -> Sequence[Turn]:
    return (*turns_of(item), item.rejected) if isinstance(item, Preference) else turns_of(item)


def _rejected(path: Path, record: Record | Unreadable, settled: Settled) -> dict[str, Any]:
    original = record.value if isinstance(record, Record) else None
    return {
        "file": str(path),
        "line": record.line,
        "code": settled.code,
        "why": settled.why,
        "record": original,
    }


# --- files ----------------------------------------------------------------------------------------------------------


def _named(paths: Sequence[Path]) -> dict[str, Path]:
    """Every input file under the name that its repaired copy gets; two that would share a name keep their endings."""
    found: dict[str, Path] = {}
    for path in paths:
        files = in_folder(path) if path.is_dir() else [path]
        for file in files:
            relative = file.relative_to(path) if path.is_dir() else Path(file.name)
            name = str(relative.with_name(_stem(relative.name) + ".jsonl"))
            if name in found or name == "quarantine.jsonl":
                name = f"{relative}.jsonl"
            if name in found:
                raise AJError(f"{file} and {found[name]} would be written to one file; fix them one after the other.")
            found[name] = file
    if not found:
        raise DataError(
            f"No data files in {', '.join(map(str, paths)) or 'nothing'}; give files, or folders with some."
        )
    return found


def _stem(name: str) -> str:
    ending = max((ending for ending in SUFFIXES if name.lower().endswith(ending)), key=len, default="")
    return name[: len(name) - len(ending)]


def _check_output(paths: Sequence[Path], output: Path) -> None:
    place = output.resolve()
    for path in paths:
        if path.is_dir() and place.is_relative_to(path.resolve()):
            raise AJError(f"{output} lies inside the input folder {path}; name an output folder outside of it.")
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise AJError(f"{output} exists and is not an empty folder; name another one.")


@contextmanager
def _writer(path: Path) -> Iterator[IO[str]]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        yield file


def _line(file: IO[str], record: dict[str, Any]) -> None:
    file.write(json.dumps(record, ensure_ascii=False) + "\n")
