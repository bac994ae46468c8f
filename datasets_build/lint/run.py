"""Lints files: every record in order, on all cores if that is faster, in memory that does not grow with the rows."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from aj.contract import load_contract
from datasets_build.cores import cores, in_order
from datasets_build.lint.config import LintConfig
from datasets_build.lint.items import calls_known_tool, lint_record
from datasets_build.lint.rules import load_rules
from datasets_build.reading.books import is_book
from datasets_build.reading.files import read_raw
from datasets_build.reading.records import Raw, decode

BATCH_ROWS = 1000
BATCH_BYTES = 2**20
WORTH_A_POOL = 16 * 2**20
"""Bytes above which several processes save more time than it takes to start them."""

Progress = Callable[[int, int], None]
"""Called with the rows and bytes that were read since the last call."""


class Listed(NamedTuple):
    """One finding with its place."""

    file: str
    line: int
    code: str
    message: str
    fixable: bool


@dataclass(frozen=True, slots=True)
class Work:
    """Some records of one file, for one process."""

    path: Path
    raws: tuple[Raw, ...]
    contract: str
    allowed: frozenset[str]
    keep: int | None
    """How many findings of each code are listed; None lists all."""


@dataclass(slots=True)
class Outcome:
    """What was found in some or all records."""

    rows: int = 0
    books: int = 0
    """Lines of quarantines, rejects and locks, which are no rows and are skipped."""
    faulty: int = 0
    """Rows with a finding."""
    known_tool: int = 0
    """Rows that call a tool of the contract by its name."""
    by_code: Counter[str] = field(default_factory=Counter)
    """Rows by code."""
    by_file: Counter[str] = field(default_factory=Counter)
    """Rows with a finding, by file."""
    rows_of_file: Counter[str] = field(default_factory=Counter)
    listed: list[Listed] = field(default_factory=list)

    def add(self, other: "Outcome", keep: int) -> None:
        """Count what another outcome counted, and keep at most `keep` findings of each code."""
        self.rows += other.rows
        self.books += other.books
        self.faulty += other.faulty
        self.known_tool += other.known_tool
        for mine, theirs in (
            (self.by_code, other.by_code),
            (self.by_file, other.by_file),
            (self.rows_of_file, other.rows_of_file),
        ):
            mine.update(theirs)
        kept = Counter(one.code for one in self.listed)
        for one in other.listed:
            if kept[one.code] < keep:
                kept[one.code] += 1
                self.listed.append(one)


def lint_files(
    paths: Sequence[Path], config: LintConfig, keep: int | None = None, progress: Progress | None = None
) -> Iterator[Outcome]:
    """The outcome of every batch of records, in the order of files and lines.

    Args:
        keep: the most findings of a code that each batch lists; None lists all.
    """
    work = _work(paths, config, keep)
    pool = sum(path.stat().st_size for path in paths) >= WORTH_A_POOL and cores() > 1
    for size, outcome in in_order(_linted, work) if pool else map(_linted, work):
        if progress:
            progress(outcome.rows, size)
        yield outcome


def _work(paths: Sequence[Path], config: LintConfig, keep: int | None) -> Iterator[Work]:
    for path in paths:
        allowed = config.allowed(path)
        batch: list[Raw] = []
        size = 0
        for raw in read_raw(path):
            batch.append(raw)
            size += raw.size
            if len(batch) >= BATCH_ROWS or size >= BATCH_BYTES:
                yield Work(path, tuple(batch), config.contract, allowed, keep)
                batch, size = [], 0
        if batch:
            yield Work(path, tuple(batch), config.contract, allowed, keep)


def _linted(work: Work) -> tuple[int, Outcome]:
    return sum(raw.size for raw in work.raws), lint_batch(work)


def lint_batch(work: Work) -> Outcome:
    """Lint some records; this may run in any process."""
    contract, rules, outcome = load_contract(work.contract), load_rules(), Outcome()
    file, kept = str(work.path), Counter[str]()
    for raw in work.raws:
        record = decode(work.path, raw)
        if isinstance(record.value, dict) and is_book(record.value):
            outcome.books += 1
            continue
        outcome.rows += 1
        items, found = lint_record(record, contract)
        outcome.known_tool += any(calls_known_tool(item, contract) for item in items)
        reported = [one for one in found if one.finding.code in work.allowed]
        if not reported:
            continue
        outcome.faulty += 1
        outcome.by_code.update({one.finding.code for one in reported})
        for turn, finding in ((one.turn, one.finding) for one in reported):
            kept[finding.code] += 1
            if work.keep is None or kept[finding.code] <= work.keep:
                place = f"turn {turn + 1}: " if turn >= 0 else ""
                message = f"{place}{finding.why}; {finding.fix}"
                outcome.listed.append(Listed(file, record.line, finding.code, message, rules[finding.code].fixable))
    if outcome.rows:
        outcome.rows_of_file[file] = outcome.rows
        outcome.by_file[file] = outcome.faulty
    return outcome
