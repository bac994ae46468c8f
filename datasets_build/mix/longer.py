"""Which rows are the beginning of a longer one: an agent's log repeats its past in every request."""

from collections.abc import Iterable

from aj.files import digest
from aj.messages import Pair, Row, to_record
from datasets_build.offer import Offer


class Beginnings:
    """The beginnings of all rows, each as a number: of a million rows each takes some hundred bytes."""

    def __init__(self, offers: Iterable[Offer]) -> None:
        self._seen: set[int] = set()
        for offer in offers:
            if isinstance(offer.value, Row):
                self._seen.update(_beginnings(offer.value)[:-1])

    def left_out(self, item: Row | Pair) -> str | None:
        """The name of the filter for a row with which a longer one begins."""
        return "part_of_longer" if isinstance(item, Row) and _beginnings(item)[-1] in self._seen else None


def _beginnings(row: Row) -> list[int]:
    """A number for each assistant turn: that of the conversation up to there."""
    found: list[int] = []
    so_far = digest(row.mode, row.layout, list(row.tools))
    for message in row.messages:
        so_far = digest(so_far, to_record(message))
        found += [int(so_far, 16)] if message.role == "assistant" else []
    return found
