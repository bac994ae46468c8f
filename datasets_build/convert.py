"""One source alone: its records as rows and pairs in files of their own, each loss counted, with its reason beside."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from aj.contract import Contract
from aj.messages import Pair, Row, pair_to_record, row_to_record
from aj.whole import whole_files
from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Parsed
from scorers.checks.rows import check_pair, check_row

if TYPE_CHECKING:
    from datasets_build.drawn.worded.generate import Rejected
    from datasets_build.reading.records import Raw

Change = Callable[[Parsed], Parsed]
Refuse = Callable[[Row | Pair], str | None]
"""The name of the filter that refuses an item, or None."""

TELL_EVERY = 100
BATCH_ROWS, BATCH_BYTES = 500, 2**20
"""What one process is given at a time."""
WORTH_A_POOL = 8 * 2**20
"""Bytes from which more processes save more than they cost to start."""
_LINE = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
OWN = {"licence": "Apache-2.0", "teacher": "template"}
"""Of rows that this project words itself."""


@dataclass(frozen=True, slots=True)
class Converted:
    """One conversation of a source: a row or a pair, or why there is none."""

    value: Row | Pair | None
    where: str = ""
    """`file:line` of its record, or whatever else finds it again."""
    repaired: tuple[str, ...] = ()
    """Codes of what was repaired."""
    code: str = ""
    why: str = ""
    line: str = ""
    """The value as a line of a file, once it is `finished`."""
    opens: bool = True
    """It is the first of its record: records are counted by it."""
    lost_pair: bool = False
    """There is no value, and it would have been a pair."""

    @property
    def is_pair(self) -> bool:
        return self.lost_pair or isinstance(self.value, Pair)


@dataclass
class Funnel:
    """What became of everything that was read."""

    read: int = 0
    converted: int = 0
    repaired: Counter[str] = field(default_factory=Counter)
    """By code; a conversation may have several."""
    mended: int = 0
    """Conversations with at least one repair."""
    outcomes: Counter[str] = field(default_factory=Counter)
    """kept, duplicate, filtered:NAME and rejected:CODE; they add up to `read`."""

    def to_record(self) -> dict[str, int]:
        """In the order in which things happen; what was lost, by its reason."""
        outcomes = {"duplicate": 0, "kept": 0} | self.outcomes
        order = ("rejected", "duplicate", "filtered", "kept")
        ordered = sorted(outcomes.items(), key=lambda item: (order.index(item[0].partition(":")[0]), item[0]))
        mended = {f"repaired:{code}": count for code, count in sorted(self.repaired.items())}
        return {"read": self.read, "converted": self.converted, "repaired": self.mended, **mended, **dict(ordered)}

    def check(self) -> None:
        """Raises AssertionError when something was lost: our own fault."""
        rejected = sum(count for name, count in self.outcomes.items() if name.startswith("rejected:"))
        assert self.read == self.outcomes.total(), f"lost: {self}"
        assert self.converted == self.read - rejected, f"lost: {self}"


def convert_files(
    paths: Sequence[Path],
    contract: Contract,
    foreign: Literal["map", "keep"] = "map",
    shapes: Collection[str] = (),
    change: Change | None = None,
    root: Path | None = None,
) -> Iterator[Converted]:
    """Every conversation of every record of the files, in order.

    Args:
        foreign: what to do with tools that are not the contract's; see `repair.settle`.
        shapes: names in `shapes.SHAPES` that records may have; any when empty.
        change: applied to what a record says before it is repaired, as privacy is.
        root: a folder that all paths lie in, to tell places from there.

    Raises:
        DataError: a file cannot be read.
    """
    from datasets_build.cores import cores, in_order
    from datasets_build.reading.files import read_raw

    convert = Conversion(contract, foreign, tuple(shapes), change, root)
    if change or cores() < 2 or sum(path.stat().st_size for path in paths if path.exists()) < WORTH_A_POOL:
        for path in paths:
            for raw in read_raw(path):
                yield from convert(path, raw)
        return
    given = (contract.model_dump(), foreign, tuple(shapes), root)
    for batch in in_order(_convert_batch, _batches(paths), _prepare, given):
        yield from batch


@dataclass(frozen=True, slots=True)
class Conversion:
    """How a record becomes conversations."""

    contract: Contract
    foreign: Literal["map", "keep"]
    shapes: tuple[str, ...]
    change: Change | None = None
    root: Path | None = None

    def __call__(self, path: Path, raw: "Raw") -> Iterator[Converted]:
        from datasets_build.reading.records import decode

        record = decode(path, raw)
        where = f"{path.relative_to(self.root) if self.root else path}:{record.line}"
        if isinstance(record.value, Refused):
            yield Converted(None, where, code=record.value.code, why=record.value.why)
            return
        for number, item in enumerate(_parsed(record.value, self.shapes)):
            changed = self.change(item) if self.change else item
            settled = finished(_settled(changed, where, self.contract, self.foreign))
            yield settled if number == 0 else replace(settled, opens=False)


_conversion: list[Conversion] = []
"""This process's, where it is one of several."""


def _prepare(
    contract: dict[str, Any], foreign: Literal["map", "keep"], shapes: tuple[str, ...], root: Path | None
) -> None:
    # As plain data: a contract's compiled validators do not travel between processes.
    _conversion[:] = [Conversion(Contract.model_validate(contract), foreign, shapes, root=root)]


def _convert_batch(batch: "tuple[Path, list[Raw]]") -> list[Converted]:
    path, raws = batch
    return [item for raw in raws for item in _conversion[0](path, raw)]


def _batches(paths: Sequence[Path]) -> "Iterator[tuple[Path, list[Raw]]]":
    from datasets_build.reading.files import read_raw

    for path in paths:
        batch: list[Raw] = []
        size = 0
        for raw in read_raw(path):
            batch.append(raw)
            size += raw.size
            if len(batch) >= BATCH_ROWS or size >= BATCH_BYTES:
                yield path, batch
                batch, size = [], 0
        if batch:
            yield path, batch


def _parsed(value: dict[str, Any], shapes: Collection[str]) -> Iterator[Parsed]:
    from datasets_build.sources.shapes import parse, shape_of

    if shapes and (shape := shape_of(value)) is not None and shape not in shapes:
        yield Refused("other_shape", f"the record has the shape {shape}, not {' or '.join(shapes)}")
    else:
        yield from parse(value)


def _settled(item: Parsed, where: str, contract: Contract, foreign: Literal["map", "keep"]) -> Converted:
    from datasets_build.reading.transcripts import Preference
    from datasets_build.repair.settle import settle

    settled = settle(item, contract, foreign)
    if isinstance(settled.value, Refused):
        lost_pair = isinstance(item, Preference)
        return Converted(None, where, code=settled.value.code, why=settled.value.why, lost_pair=lost_pair)
    made = replace(settled.value, metadata={**settled.value.metadata, "file": where})
    return Converted(made, where, settled.repaired)


def own(item: Row | Pair) -> Row | Pair:
    """A generated item that says whose words it has."""
    return replace(item, metadata={**OWN, **item.metadata})


def worded(made: "Iterable[Row | Rejected]") -> Iterator[Converted]:
    """What the worded generator makes; licensed as this project's where the words are its own too."""
    for item in made:
        if isinstance(item, Row):
            yield Converted(own(item) if item.metadata.get("teacher") == OWN["teacher"] else item)
        else:
            yield Converted(None, item.origin, code=item.code, why=item.why)


def checked(item: Converted, contract: Contract) -> Converted:
    """A generated row or pair by the checks that `settle` has held a converted one against."""
    if item.value is None:
        return item
    found = check_row(item.value, contract) if isinstance(item.value, Row) else check_pair(item.value, contract)
    return _lost(item, found[0].code, found[0].why) if found else item


def finished(item: Converted) -> Converted:
    """With its line; what JSON in UTF-8 cannot hold is a reject."""
    if item.value is None or item.line:
        return item
    try:
        record = row_to_record(item.value) if isinstance(item.value, Row) else pair_to_record(item.value)
        line = _LINE.encode(record) + "\n"
        line.encode()
    except (ValueError, RecursionError) as error:
        return _lost(item, "not_json", f"cannot be written as JSON ({error})")
    return replace(item, line=line)


def _lost(item: Converted, code: str, why: str) -> Converted:
    return Converted(None, item.where, code=code, why=why, opens=item.opens, lost_pair=item.is_pair)


def write_converted(
    items: Iterable[Converted],
    output: Path,
    pairs: Path | None = None,
    refuse: Refuse = lambda _: None,
    tell: Callable[[int], None] = lambda _: None,
) -> Funnel:
    """Write rows to `output`, pairs and rejects beside it: all three files, or none when it is interrupted.

    Args:
        pairs: where pairs go; `<output>.pairs.jsonl` when not given.
        tell: is told the number read, now and then.

    Raises:
        AJError: a file cannot be written.
    """
    funnel, seen = Funnel(), {Row: set[int](), Pair: set[int]()}  # numbers: of a million rows each takes 70 bytes
    with whole_files(output, pairs or beside(output, "pairs"), beside(output, "rejects")) as (
        rows,
        pairs_file,
        rejects,
    ):
        for item in map(finished, items):
            funnel.read += 1
            if funnel.read % TELL_EVERY == 0:
                tell(funnel.read)
            if item.value is None:
                funnel.outcomes[f"rejected:{item.code}"] += 1
                rejects.write(json.dumps({"where": item.where, "code": item.code, "why": item.why}) + "\n")
                continue
            funnel.converted += 1
            funnel.mended += bool(item.repaired)
            funnel.repaired.update(set(item.repaired))
            identity, known = int(item.value.id, 16), seen[type(item.value)]
            if identity in known:
                funnel.outcomes["duplicate"] += 1
            elif name := refuse(item.value):
                funnel.outcomes[f"filtered:{name}"] += 1
            else:
                known.add(identity)
                funnel.outcomes["kept"] += 1
                (rows if isinstance(item.value, Row) else pairs_file).write(item.line)
        funnel.check()
    return funnel


def beside(output: Path, what: str) -> Path:
    """`rows.jsonl` -> `rows.<what>.jsonl`."""
    return output.with_name(f"{output.stem if output.suffix == '.jsonl' else output.name}.{what}.jsonl")
