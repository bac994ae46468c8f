"""Our own rows and pairs, as transcripts: so that a built data set is linted and repaired like any other source."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from aj.messages import Message, Pair, Row, pair_from_record, row_from_record
from datasets_build.reading.transcripts import Parsed, Preference, Transcript, Turn, Unusable


def matches(value: Mapping[str, Any]) -> bool:
    """Whether the record has the form of `aj.messages.row_to_record` or `pair_to_record`."""
    return isinstance(value.get("messages"), list) and "mode" in value and "layout" in value


def parse(value: Mapping[str, Any]) -> Iterator[Parsed]:
    record = dict(value)
    try:
        yield _preference(pair_from_record(record)) if "chosen" in record else _transcript(row_from_record(record))
    except (ValueError, RecursionError) as error:
        yield Unusable("bad_row", f"not a row of ours: {error}")


def _transcript(row: Row) -> Transcript:
    return Transcript(tuple(map(_turn, row.messages)), row.mode, row.layout, tools=row.tools, metadata=row.metadata)


def _preference(pair: Pair) -> Preference:
    turns, rejected = tuple(map(_turn, pair.messages)), Turn("assistant", pair.rejected)
    return Preference(turns, _turn(pair.chosen), rejected, pair.mode, pair.layout, pair.metadata)


def _turn(message: Message) -> Turn:
    if message.call is None:
        return Turn(message.role, message.content, tool=message.tool)
    return Turn(message.role, message.call.note or "", replace(message.call, note=None))
