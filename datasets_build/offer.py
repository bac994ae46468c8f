"""What a source offers for each conversation that it holds: a row, a pair, or why it is neither."""

import json
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from aj.messages import Pair, Row, pair_to_record, row_to_record
from aj.quick_json import quick_json
from datasets_build.ledger import Refused

_LINE = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


class Offer(Struct, frozen=True):
    """One conversation of a source."""

    value: Row | Pair | Refused
    where: str = ""
    """`file:line` of the record of a row or pair, or whatever else identifies it."""
    repaired: tuple[str, ...] = ()
    """Codes of what was repaired."""
    opens: bool = True
    """It is the first of its record: records are counted by it."""
    refused_pair: bool = False
    """It was refused, and would have been a pair."""
    line: str = ""
    """The value as a line of a file, once it is `finished`."""

    @property
    def is_pair(self) -> bool:
        return self.refused_pair or isinstance(self.value, Pair)

    def refuse(self, code: str, why: str) -> "Offer":
        """The same offer with a reason in place of its row or pair."""
        refused = Refused(code, why, self.where)
        return replace(self, value=refused, repaired=(), refused_pair=self.is_pair, line="")


def finished(offer: Offer) -> Offer:
    """The offer with its line; what JSON in UTF-8 cannot hold is refused."""
    if isinstance(offer.value, Refused) or offer.line:
        return offer
    try:
        record = row_to_record(offer.value) if isinstance(offer.value, Row) else pair_to_record(offer.value)
        line = _line(record)
    except (ValueError, RecursionError) as error:
        return offer.refuse("not_json", f"cannot be written as JSON ({error})")
    return replace(offer, line=line)


def _line(record: dict[str, Any]) -> str:
    quick = quick_json(record)
    if quick is not None:
        return quick.decode() + "\n"
    line = _LINE.encode(record) + "\n"
    line.encode()  # half of a surrogate pair cannot be written
    return line
