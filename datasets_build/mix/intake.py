"""Where every row comes in: counted, checked, kept on disk. In = out + rejects, for every source and part."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from aj.contract import Contract
from aj.findings import Finding, codes
from aj.messages import Pair, Row, pair_to_record, row_to_record
from datasets_build.convert import Converted, finished
from datasets_build.mix.contamination import Asked
from datasets_build.mix.filters import Measure, refused_by
from datasets_build.mix.near import NearIndex
from datasets_build.mix.pool import Kind, Spool
from datasets_build.recipe import Filters
from scorers.checks.rows import check_pair, check_row

Tell = Callable[[str, int], None]
"""Progress: a part's name, and how many conversations of it were read."""

TELL_EVERY = 200


@dataclass
class Counts:
    """What became of one source or part; `outcomes` add up to `read`."""

    records: int = 0
    read: int = 0
    """Conversations; a record has one or several."""
    converted: int = 0
    """Of these, the ones that gave a row or a pair, whatever became of it."""
    repaired: int = 0
    """Of those, the ones that were not right as they stood."""
    repairs: Counter[str] = field(default_factory=Counter)
    """By code; a row may have several."""
    outcomes: Counter[str] = field(default_factory=Counter)
    seen: set[int] = field(default_factory=set)
    """Ids (48 bits) of what was taken in: inside of one part a second copy is a duplicate at once, of another part's
    rows only when that one was kept. A row that waits unused takes no other part's place."""

    def funnel(self) -> dict[str, int]:
        return {"read": self.read, **dict(sorted(self.outcomes.items(), key=lambda item: (item[0] != "kept", item)))}


class Rejects:
    """`rejects.jsonl`, written as the rejects come: no row of them stays in memory."""

    def __init__(self, path: Path) -> None:
        self._file: TextIO = path.open("w", encoding="utf-8", errors="backslashreplace")

    def __enter__(self) -> "Rejects":
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def write(self, record: dict[str, Any]) -> None:
        self._file.write(json.dumps(record, ensure_ascii=False, default=str) + "\n")


@dataclass
class Intake:
    """The builder's one gate. A row is offered (`take`), later looked at (`judge`), and then kept or refused."""

    contract: Contract
    spool: Spool
    rejects: Rejects
    asked: Asked
    measure: Measure
    near: dict[Kind, NearIndex]
    """Empty when the recipe does not ask for it."""
    tell: Tell
    unchecked: tuple[str, ...] = ()
    counts: dict[str, Counts] = field(default_factory=dict)
    _kept: set[str] = field(default_factory=set)

    def of(self, name: str) -> Counts:
        return self.counts.setdefault(name, Counts())

    def take(self, name: str, offer: Converted, filters: Filters | None = None) -> int | None:
        """Count an offer and put its row on disk: its number there, or None when it goes no further."""
        counts = self.of(name)
        counts.read += 1
        counts.records += offer.opens
        if counts.read % TELL_EVERY == 0:
            self.tell(name, counts.read)
        offer = finished(offer)
        item = offer.value
        if item is None:
            self._refuse(name, f"rejected:{offer.code}", {"where": offer.where, "why": offer.why})
            return None
        counts.converted += 1
        counts.repaired += bool(offer.repaired)
        counts.repairs.update(set(offer.repaired))
        if filters and (filter_ := refused_by(filters, item, self.contract, self.measure)):
            counts.outcomes[f"filtered:{filter_}"] += 1  # no fault of the row's: counted, not listed
            return None
        identity = int(item.id, 16)
        if identity in counts.seen:
            counts.outcomes["duplicate"] += 1
            return None
        counts.seen.add(identity)
        return self.spool.add(offer.line)

    def judge(self, name: str, item: Row | Pair, compare: bool = True) -> bool:
        """Whether a row is kept: it passes the checks, is not of the evals, and is like none kept before."""
        index = self.near.get("sft" if isinstance(item, Row) else "dpo")
        if item.id in self._kept:
            self.of(name).outcomes["duplicate"] += 1
            return False
        if name not in self.unchecked and (findings := self._findings(item)):
            told = {"codes": codes(findings), "why": findings[0].why, "row": _record(item)}
            self._refuse(name, f"rejected:{findings[0].code}", told)
            return False
        if met := self.asked.met_in(item, self.contract):
            self._refuse(name, f"contaminated:{met}", {"why": f"a {met} of the evals", "row": _record(item)})
            return False
        if index and not compare:
            index.add(item)
        elif index and (like := index.admit(item)):
            self._refuse(name, "near_duplicate", {"id": item.id, "why": f"like {like}"})
            return False
        self._kept.add(item.id)
        self.of(name).outcomes["kept"] += 1
        return True

    def straight(self, name: str, items: Iterable[Row | Pair]) -> Iterator[int]:
        """A source that is kept whole, but for what is rejected or there already."""
        self.of(name)
        for item in items:
            number = self.take(name, Converted(item))
            if number is not None and self.judge(name, item, compare=False):
                yield number

    def check(self) -> None:
        """Raises AssertionError when a row was lost: the builder's own fault."""
        for name, counts in self.counts.items():
            assert counts.read == counts.outcomes.total(), f"{name} lost rows: {counts}"
            assert counts.records <= counts.read, f"{name} has more records than conversations: {counts}"
            assert counts.repaired <= counts.converted <= counts.read, f"{name} counts more than it read: {counts}"

    def _findings(self, item: Row | Pair) -> list[Finding]:
        return check_row(item, self.contract) if isinstance(item, Row) else check_pair(item, self.contract)

    def _refuse(self, name: str, outcome: str, told: dict[str, Any]) -> None:
        self.of(name).outcomes[outcome] += 1
        code = outcome.partition(":")[2] or outcome
        self.rejects.write({"source": name, "codes": [code], **told})


def _record(item: Row | Pair) -> dict[str, Any]:
    return row_to_record(item) if isinstance(item, Row) else pair_to_record(item)
