"""What the generators make, offered like any other source's rows: licensed, and held to the same checks."""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from aj.contract import Contract
from aj.messages import Pair, Row
from datasets_build.ledger import Refused
from datasets_build.offer import Offer
from scorers.checks.rows import check_pair, check_row

OWN = {"licence": "Apache-2.0", "teacher": "template"}
"""Metadata of rows whose words are this project's own."""


def own(item: Row | Pair, where: str = "") -> Offer:
    """An offer of a generated row or pair, with OWN in its metadata."""
    return Offer(replace(item, metadata={**OWN, **item.metadata}), where)


def worded(made: Iterable[Row | Refused]) -> Iterator[Offer]:
    """Offers of what a teacher has worded; only the template teacher's words are this project's own."""
    for item in made:
        if isinstance(item, Row) and item.metadata.get("teacher") == OWN["teacher"]:
            yield own(item)
        else:
            yield Offer(item)


def checked(offer: Offer, contract: Contract) -> Offer:
    """A generated row or pair, refused if it breaks a check; the repair has held converted ones to these already."""
    item = offer.value
    if isinstance(item, Refused):
        return offer
    found = check_row(item, contract) if isinstance(item, Row) else check_pair(item, contract)
    return offer.refuse(found[0].code, found[0].why) if found else offer
