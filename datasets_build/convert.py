"""Files become offers: every conversation of every record as a row or a pair, or refused with the reason."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from msgspec.structs import replace

from aj.contract import Contract
from datasets_build.ledger import Refused
from datasets_build.offer import Offer, finished
from datasets_build.reading.transcripts import Change, Parsed

if TYPE_CHECKING:
    from datasets_build.privacy.replacer import Replacer
    from datasets_build.reading.records import Raw

BATCH_ROWS, BATCH_BYTES = 500, 2**20
"""What one process is given at a time."""
WORTH_A_POOL = 8 * 2**20
"""Bytes above which several processes save more time than it takes to start them."""


def convert_files(
    paths: Sequence[Path],
    contract: Contract,
    foreign: Literal["map", "keep"] = "map",
    shapes: Collection[str] = (),
    change: Change | None = None,
    root: Path | None = None,
    look_alikes: int | None = None,
) -> Iterator[Offer]:
    """Every conversation of every record of the files, in order.

    Args:
        foreign: what to do with tools that are not the contract's; see `repair.settle`.
        shapes: names in `shapes.SHAPES` that records may have; any when empty.
        change: applied to what a record says before it is repaired, such as the removal of private data.
        root: a folder above all paths, to which places are relative.
        look_alikes: the seed of look-alikes for what is private in a conversation that would be refused for it.

    Raises:
        DataError: a file cannot be read.
        AJError: look-alikes are wanted, and this machine cannot search for secrets.
    """
    from datasets_build.cores import cores, in_order
    from datasets_build.reading.files import read_raw

    convert = Conversion(contract, foreign, tuple(shapes), change, root, look_alikes)
    if change or cores() < 2 or sum(path.stat().st_size for path in paths if path.exists()) < WORTH_A_POOL:
        for path in paths:
            for raw in read_raw(path):
                yield from convert(path, raw)
        return
    given = (contract.model_dump(), foreign, tuple(shapes), root, look_alikes)
    for batch in in_order(_convert_batch, _batches(paths), _prepare, given):
        yield from batch


@dataclass(frozen=True, slots=True)
class Conversion:
    """How a record becomes offers."""

    contract: Contract
    foreign: Literal["map", "keep"]
    shapes: tuple[str, ...]
    change: Change | None = None
    root: Path | None = None
    look_alikes: int | None = None

    def __call__(self, path: Path, raw: "Raw") -> Iterator[Offer]:
        from datasets_build.reading.records import decode

        record = decode(path, raw)
        where = f"{path.relative_to(self.root) if self.root else path}:{record.line}"
        if isinstance(record.value, Refused):
            yield Offer(record.value.at(where))
            return
        for number, item in enumerate(_parsed(record.value, self.shapes)):
            changed = self.change(item) if self.change else item
            offer = finished(self._settled(changed, where))
            yield offer if number == 0 else replace(offer, opens=False)

    def _settled(self, item: Parsed, where: str) -> Offer:
        from datasets_build.reading.transcripts import Preference
        from datasets_build.repair.settle import marked, settle

        settled = settle(item, self.contract, self.foreign)
        if self.look_alikes is not None and isinstance(settled.value, Refused) and settled.value.code in _PRIVATE:
            shown = _replacer(self.look_alikes).replace(item)
            settled = marked(settle(shown, self.contract, self.foreign), ("private",))
        if isinstance(settled.value, Refused):
            return Offer(settled.value.at(where), refused_pair=isinstance(item, Preference))
        made = replace(settled.value, metadata={**settled.value.metadata, "file": where})
        return Offer(made, where, settled.repaired)


_PRIVATE = ("private_address", "secret")
"""The codes of what a look-alike can take the place of."""


@lru_cache(1)
def _replacer(seed: int) -> "Replacer":
    from datasets_build.privacy.replacer import Replacer

    return Replacer(seed)


_conversion: list[Conversion] = []
"""This process's, where it is one of several."""


def _prepare(
    contract: dict[str, Any],
    foreign: Literal["map", "keep"],
    shapes: tuple[str, ...],
    root: Path | None,
    look_alikes: int | None,
) -> None:
    # As plain data: a contract's compiled validators cannot be sent to another process.
    _conversion[:] = [Conversion(Contract.model_validate(contract), foreign, shapes, None, root, look_alikes)]


def _convert_batch(batch: "tuple[Path, list[Raw]]") -> list[Offer]:
    path, raws = batch
    return [offer for raw in raws for offer in _conversion[0](path, raw)]


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
        yield Refused(
            "other_shape", f"the record has the shape {shape}, which another source reads; see `aj data --help`"
        )
    else:
        yield from parse(value)
