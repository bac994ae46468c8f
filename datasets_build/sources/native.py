"""Our own rows and pairs as transcripts, so that a built data set is linted and repaired like any other source."""

from collections.abc import Iterator, Mapping
from typing import Any

from aj.messages import Pair, Row, pair_from_record, row_from_record
from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Parsed, Preference, Transcript, Turn, turn_of


def matches(value: Mapping[str, Any]) -> bool:
    """Whether the record has the form of `aj.messages.row_to_record` or `pair_to_record`."""
    return isinstance(value.get("messages"), list) and "mode" in value and "layout" in value


def parse(value: Mapping[str, Any]) -> Iterator[Parsed]:
    record = dict(value)
    try:
        yield item_of(pair_from_record(record) if "chosen" in record else row_from_record(record))
    except (ValueError, RecursionError) as error:
        yield Refused("bad_row", f"not a row of this project: {error}")


def item_of(value: Row | Pair) -> Transcript | Preference:
    """A row as a transcript, a pair as a preference."""
    turns = tuple(map(turn_of, value.messages))
    if isinstance(value, Row):
        return Transcript(turns, value.mode, value.layout, tools=value.tools, metadata=value.metadata)
    rejected = Turn("assistant", value.rejected)
    return Preference(turns, turn_of(value.chosen), rejected, value.mode, value.layout, value.metadata)
