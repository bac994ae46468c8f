"""Where every row comes in: counted, checked, kept on disk. Rows in = rows out + refusals, for every part."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TextIO

from aj.contract import Contract
from aj.findings import Finding, codes
from aj.messages import Pair, Row, pair_to_record, row_to_record
from datasets_build.ledger import Funnel, Refused
from datasets_build.mix.contamination import Asked
from datasets_build.mix.filters import Measure, refused_by
from datasets_build.mix.near import NearIndex
from datasets_build.mix.pool import RowKind, Spool
from datasets_build.offer import Offer, finished
from datasets_build.recipe import Filters
from scorers.checks.rows import check_pair, check_row

Tell = Callable[[str, int], None]
"""Progress: a part's name, and how many of its conversations have been read."""

TELL_EVERY = 200


@dataclass
class Intake:
    """The builder's one gate. A row is offered (`take`), later looked at (`judge`), and then kept or refused."""

    contract: Contract
    spool: Spool
    rejects: TextIO
    """Gets a JSON line for each refusal as it comes, so that none of them stays in memory."""
    asked: Asked
    measure: Measure
    near: dict[RowKind, NearIndex]
    """Empty when the recipe does not ask for it."""
    tell: Tell
    unchecked: tuple[str, ...] = ()
    funnels: dict[str, Funnel] = field(default_factory=dict)
    """By part; a part's pairs are counted apart, as NAME.pairs."""
    _seen: dict[str, set[int]] = field(default_factory=dict)
    """Ids (48 bits) of what was taken in. Within a part a second copy is a duplicate at once; a row of another part
    only when that one was kept: a row that stays unused does not take another part's place."""
    _kept: set[str] = field(default_factory=set)

    def of(self, name: str) -> Funnel:
        return self.funnels.setdefault(name, Funnel())

    def take(self, name: str, offer: Offer, filters: Filters) -> int | None:
        """Count an offer and put its row on disk: its number there, or None when it goes no further."""
        funnel = self.of(name)
        offer = finished(offer)
        item = offer.value
        funnel.take(item, offer.repaired, offer.opens)
        if funnel.read % TELL_EVERY == 0:
            self.tell(name, funnel.read)
        if isinstance(item, Refused):
            self._list(name, item.code, {"where": item.where, "why": item.why})
            return None
        if filter_ := refused_by(filters, item, self.contract, self.measure):
            funnel.end(f"filtered:{filter_}")  # no fault of the row's: counted, not listed
            return None
        identity, seen = int(item.id, 16), self._seen.setdefault(name, set())
        if identity in seen:
            funnel.end("duplicate")
            return None
        seen.add(identity)
        return self.spool.add(offer.line)

    def judge(self, name: str, item: Row | Pair) -> bool:
        """Whether a row is kept: it passes the checks, is not of the evals, and is like none kept before."""
        index = self.near.get("sft" if isinstance(item, Row) else "dpo")
        if item.id in self._kept:
            self.of(name).end("duplicate")
            return False
        if name not in self.unchecked and (findings := self._findings(item)):
            self.of(name).end(f"rejected:{findings[0].code}")
            told = {"codes": codes(findings), "why": findings[0].why, "row": _record(item)}
            self._list(name, findings[0].code, told)
            return False
        if met := self.asked.met_in(item, self.contract):
            self.of(name).end(f"contaminated:{met}")
            self._list(name, met, {"why": f"a {met} of the evals", "row": _record(item)})
            return False
        if index and (like := index.admit(item)):
            self.of(name).end("near_duplicate")
            self._list(name, "near_duplicate", {"id": item.id, "why": f"like {like}"})
            return False
        self._kept.add(item.id)
        self.of(name).end("kept")
        return True

    def check(self) -> None:
        """Assert that no part lost a row."""
        for name, funnel in self.funnels.items():
            funnel.check(name)

    def _findings(self, item: Row | Pair) -> list[Finding]:
        return check_row(item, self.contract) if isinstance(item, Row) else check_pair(item, self.contract)

    def _list(self, name: str, code: str, told: dict[str, Any]) -> None:
        record = {"source": name, "codes": [code], **told}
        self.rejects.write(json.dumps(record, ensure_ascii=False, default=str) + "\n")


def _record(item: Row | Pair) -> dict[str, Any]:
    return row_to_record(item) if isinstance(item, Row) else pair_to_record(item)
