"""One source alone: its records as rows and pairs in files of their own, each loss counted, with its reason beside."""

import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TextIO

from aj.contract import Contract
from aj.messages import Pair, Row, pair_to_record, row_to_record
from datasets_build.transcripts import Parsed
from scorers.checks.rows import check_pair, check_row

Change = Callable[[Parsed], Parsed]
Refuse = Callable[[Row | Pair], str | None]
"""The name of the filter that refuses an item, or None."""

TELL_EVERY = 100
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
) -> Iterator[Converted]:
    """Every conversation of every record of the files, in order.

    Args:
        foreign: what to do with tools that are not the contract's; see `repair.settle`.
        shapes: names in `shapes.SHAPES` that records may have; any when empty.
        change: applied to what a record says before it is repaired, as privacy is.

    Raises:
        DataError: a file cannot be read.
    """
    from datasets_build.reading import Unreadable, read_records

    for path in paths:
        for record in read_records(path):
            where = f"{path}:{record.line}"
            if isinstance(record, Unreadable):
                yield Converted(None, where, code=record.code, why=record.why)
            else:
                for item in _parsed(record.value, shapes):
                    yield _settled(change(item) if change else item, where, contract, foreign)


def _parsed(value: dict[str, Any], shapes: Collection[str]) -> Iterator[Parsed]:
    from datasets_build.shapes import parse, shape_of
    from datasets_build.transcripts import Unusable

    if shapes and (shape := shape_of(value)) is not None and shape not in shapes:
        yield Unusable("other_shape", f"the record has the shape {shape}, not {' or '.join(shapes)}")
    else:
        yield from parse(value)


def _settled(item: Parsed, where: str, contract: Contract, foreign: Literal["map", "keep"]) -> Converted:
    from datasets_build.repair import settle

    settled = settle(item, contract, foreign)
    if settled.value is None:
        return Converted(None, where, code=settled.code or "rejected", why=settled.why)
    made = replace(settled.value, metadata={**settled.value.metadata, "file": where})
    return Converted(made, where, settled.repaired)


def own(item: Row | Pair) -> Row | Pair:
    """A generated item that says whose words it has."""
    return replace(item, metadata={**OWN, **item.metadata})


def checked(item: Converted, contract: Contract) -> Converted:
    """A generated row or pair by the checks that `settle` has held a converted one against."""
    if item.value is None:
        return item
    found = check_row(item.value, contract) if isinstance(item.value, Row) else check_pair(item.value, contract)
    return Converted(None, item.where, code=found[0].code, why=found[0].why) if found else item


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
        OSError: a file cannot be written.
    """
    funnel, seen = Funnel(), set[tuple[type, str]]()
    with _whole(output, pairs or beside(output, "pairs"), beside(output, "rejects")) as (rows, pairs_file, rejects):
        for item in items:
            funnel.read += 1
            if funnel.read % TELL_EVERY == 0:
                tell(funnel.read)
            line, item = _line(item)
            if item.value is None:
                funnel.outcomes[f"rejected:{item.code}"] += 1
                rejects.write(json.dumps({"where": item.where, "code": item.code, "why": item.why}) + "\n")
                continue
            funnel.converted += 1
            funnel.mended += bool(item.repaired)
            funnel.repaired.update(set(item.repaired))
            key = (type(item.value), item.value.id)
            if key in seen:
                funnel.outcomes["duplicate"] += 1
            elif name := refuse(item.value):
                funnel.outcomes[f"filtered:{name}"] += 1
            else:
                seen.add(key)
                funnel.outcomes["kept"] += 1
                (rows if isinstance(item.value, Row) else pairs_file).write(line)
        funnel.check()
    return funnel


def beside(output: Path, what: str) -> Path:
    """`rows.jsonl` -> `rows.<what>.jsonl`."""
    return output.with_name(f"{output.stem if output.suffix == '.jsonl' else output.name}.{what}.jsonl")


def _line(item: Converted) -> tuple[str, Converted]:
    """The line of a row or pair; what JSON in UTF-8 cannot hold is a reject."""
    if item.value is None:
        return "", item
    try:
        record = row_to_record(item.value) if isinstance(item.value, Row) else pair_to_record(item.value)
        line = json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n"
        line.encode()
    except (ValueError, RecursionError) as error:
        return "", Converted(None, item.where, code="not_json", why=f"cannot be written as JSON ({error})")
    return line, item


@contextmanager
def _whole(*paths: Path) -> Iterator[list[TextIO]]:
    """Files that appear together under their names when the block ends well, and not at all otherwise."""
    staged: list[Path] = []
    try:
        with ExitStack() as stack:
            files: list[TextIO] = []
            for path in paths:
                path.parent.mkdir(parents=True, exist_ok=True)
                handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
                staged.append(Path(name))
                files.append(stack.enter_context(os.fdopen(handle, "w", encoding="utf-8")))
            yield files
            for file in files:
                file.flush()
                os.fchmod(file.fileno(), 0o644)  # mkstemp's 0600 would lock colleagues out
                os.fsync(file.fileno())
        for name, path in zip(staged, paths, strict=True):
            os.replace(name, path)
    finally:
        for name in staged:
            name.unlink(missing_ok=True)
