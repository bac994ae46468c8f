"""`aj lint --fix`: repaired copies of data files, a quarantine with the reasons, and a diff to review.

Secrets, addresses and names are replaced by look-alikes before the repair. Files are streamed: only one record is in
memory at a time. The output folder appears as a whole, by rename; the inputs are never written to.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from aj.contract import Contract
from aj.errors import AJError, DataError
from aj.messages import Pair, Row, pair_to_record, row_to_record
from aj.whole import whole_folder
from datasets_build.ledger import Funnel, Refused
from datasets_build.reading.files import SUFFIXES, in_folder, read_records
from datasets_build.reading.records import Record
from datasets_build.reading.transcripts import Change, Parsed, Preference, Turn
from datasets_build.repair.diff import hunk, turns_of
from datasets_build.repair.settle import Settled, marked, settle
from datasets_build.sources.shapes import parse

FileProgress = Callable[[Path, int], None]
"""Called after each record with the file and the number of its records that were read."""


@dataclass(frozen=True, slots=True)
class FixReport:
    """What became of each file: a conversation of a record, or a line that could not be read, is kept or rejected."""

    output: Path
    files: dict[Path, Funnel]

    @property
    def total(self) -> Funnel:
        """All files as one."""
        total = Funnel()
        for funnel in self.files.values():
            total.add(funnel)
        return total


def fix_files(
    paths: Sequence[Path],
    output: Path,
    contract: Contract,
    progress: FileProgress | None = None,
    seed: int | None = 0,
) -> FixReport:
    """Repair every item of every file.

    Writes to `output`: for each file `<name>.jsonl` (rows), and `<name>.pairs.jsonl` if it gave pairs;
    `quarantine.jsonl` with what was rejected (file, line, code, why, and the record as it was, without look-alikes),
    which lint skips; `changes.diff`, what AJ says before and after each repair. A row with tools of its own keeps them:
    lint has judged it by those.

    Args:
        paths: files, or folders, of which all data files are taken.
        seed: of the look-alikes; a value gets the same one in all files. With None, nothing is replaced, and a record
            with a secret or a private address is quarantined.

    Raises:
        AJError: the output folder is not empty, lies inside an input folder, or cannot be written; or this machine
            cannot search for secrets.
        DataError: a file cannot be read, or there is none.
    """
    files = _named(paths)
    _check_output(paths, output)
    with whole_folder(output) as folder, ExitStack() as open_files:
        quarantine = open_files.enter_context(_writer(folder / "quarantine.jsonl"))
        shared = (quarantine, open_files.enter_context(_writer(folder / "changes.diff")))
        change = _look_alikes(seed) if seed is not None else None
        funnels = {path: _fix(path, folder / name, shared, contract, progress, change) for name, path in files.items()}
    return FixReport(output, funnels)


@dataclass(slots=True)
class _Files:
    """The open files of a run: two for all inputs, and two for the current input."""

    quarantine: IO[str]
    changes: IO[str]
    rows: IO[str]
    pairs: IO[str] | None = None


def _look_alikes(seed: int) -> Change:
    """Put look-alikes where there are none yet; addresses and names of the simulated fleet are nobody's, and stay."""
    from datasets_build.privacy.replacer import REPLACED, Replacer

    replacer = Replacer(seed)

    def change(item: Parsed) -> Parsed:
        if isinstance(item, Refused) or item.metadata.get("templates"):
            return item
        return item if item.metadata.get("private") == REPLACED["private"] else replacer.replace(item)

    return change


def _fix(
    path: Path,
    target: Path,
    shared: tuple[IO[str], IO[str]],
    contract: Contract,
    progress: FileProgress | None,
    change: Change | None,
) -> Funnel:
    funnel = Funnel()
    with ExitStack() as open_files:
        files = _Files(*shared, open_files.enter_context(_writer(target)))
        for number, record in enumerate(read_records(path), start=1):
            for place, (item, settled) in enumerate(_settled(record, contract, change)):
                funnel.take(settled.value, settled.repaired, opens=place == 0)
                if isinstance(settled.value, Refused):
                    _line(files.quarantine, _rejected(record, settled.value))
                    continue
                if isinstance(settled.value, Pair) and files.pairs is None:
                    files.pairs = open_files.enter_context(_writer(target.with_suffix(".pairs.jsonl")))
                _keep(settled.value, files)
                funnel.end("kept")
                if settled.repaired:
                    files.changes.write(hunk(f"{path}:{record.line}", item, settled.value, settled.repaired, contract))
            if progress:
                progress(path, number)
    funnel.check(str(path))
    return funnel


def _keep(value: Row | Pair, files: _Files) -> None:
    if isinstance(value, Row):
        _line(files.rows, row_to_record(value))
    elif files.pairs is not None:
        _line(files.pairs, pair_to_record(value))


def _settled(record: Record, contract: Contract, change: Change | None) -> Iterator[tuple[Parsed, Settled]]:
    """Every item of a record. Faults that were overlooked in reading count as repaired, and so does `private`."""
    if isinstance(record.value, Refused):
        yield record.value, settle(record.value, contract)
        return
    for item in parse(record.value):
        shown = change(item) if change else item
        settled = settle(shown, contract, "keep")
        private = ("private",) if _said(shown) != _said(item) else ()
        yield item, marked(settled, (*record.faults, *private))


def _said(item: Parsed) -> Sequence[Turn]:
    return (*turns_of(item), item.rejected) if isinstance(item, Preference) else turns_of(item)


def _rejected(record: Record, refused: Refused) -> dict[str, Any]:
    original = None if isinstance(record.value, Refused) else record.value
    return {
        "file": str(record.path),
        "line": record.line,
        "code": refused.code,
        "why": refused.why,
        "record": original,
    }


# --- files ----------------------------------------------------------------------------------------------------------


def _named(paths: Sequence[Path]) -> dict[str, Path]:
    """Every input file by the name of its repaired copy; two that would share a name keep their endings."""
    found: dict[str, Path] = {}
    for path in paths:
        files = in_folder(path) if path.is_dir() else [path]
        for file in files:
            relative = file.relative_to(path) if path.is_dir() else Path(file.name)
            name = str(relative.with_name(_stem(relative.name) + ".jsonl"))
            if name in found or name == "quarantine.jsonl":
                name = f"{relative}.jsonl"
            if name in found:
                raise AJError(f"{file} and {found[name]} would be written to the same file; fix them separately.")
            found[name] = file
    if not found:
        raise DataError(
            f"No data files in {', '.join(map(str, paths)) or 'nothing'}; name data files, or folders that hold some."
        )
    return found


def _stem(name: str) -> str:
    ending = max((ending for ending in SUFFIXES if name.lower().endswith(ending)), key=len, default="")
    return name[: len(name) - len(ending)]


def _check_output(paths: Sequence[Path], output: Path) -> None:
    place = output.resolve()
    for path in paths:
        if path.is_dir() and place.is_relative_to(path.resolve()):
            raise AJError(f"{output} is inside the input folder {path}; name an output folder outside it.")
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise AJError(f"{output} exists and is not an empty folder; name another one.")


@contextmanager
def _writer(path: Path) -> Iterator[IO[str]]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        yield file


def _line(file: IO[str], record: dict[str, Any]) -> None:
    file.write(json.dumps(record, ensure_ascii=False) + "\n")
