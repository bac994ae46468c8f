"""Our own rows and pairs as transcripts, so that a built data set is linted and repaired like any other source."""

from collections.abc import Iterator, Mapping
from typing import Any

from aj.messages import Pair, Row, pair_from_record, row_from_record
from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Parsed, Preference, Transcript, Turn, turn_of
from datasets_build.sources.chats.marks import is_learned, mask_of

_KEYS = frozenset(("role", "content", "name", "tool_calls", "reasoning_content", "weight"))
"""What `aj.messages.to_record` writes."""


def matches(value: Mapping[str, Any]) -> bool:
    """Whether the record has the form of `aj.messages.row_to_record` or `pair_to_record`."""
    return isinstance(value.get("messages"), list) and "mode" in value and "layout" in value


def parse(value: Mapping[str, Any]) -> Iterator[Parsed]:
    try:
        record = _marked(value)
        yield item_of(pair_from_record(record) if "chosen" in record else row_from_record(record))
    except (ValueError, RecursionError) as error:
        yield Refused("bad_row", f"not a row of this project: {error}")
    except Refused as refused:
        yield refused


def _marked(value: Mapping[str, Any]) -> dict[str, Any]:
    """The record with a `weight` of 0 wherever it says by another mark that a turn is not to be learned."""
    messages = value["messages"]
    if "loss_mask" not in value and all(isinstance(one, dict) and one.keys() <= _KEYS for one in messages):
        return dict(value)
    learned = mask_of(value, len(messages))
    return dict(value) | {
        "messages": [
            one if not isinstance(one, dict) or (wanted and is_learned(one)) else {**one, "weight": 0}
            for one, wanted in zip(messages, learned, strict=True)
        ]
    }


def item_of(value: Row | Pair) -> Transcript | Preference:
    """A row as a transcript, a pair as a preference."""
    turns = tuple(map(turn_of, value.messages))
    if isinstance(value, Row):
        return Transcript(turns, value.mode, value.layout, tools=value.tools, metadata=value.metadata)
    rejected = Turn("assistant", value.rejected)
    return Preference(turns, turn_of(value.chosen), rejected, value.mode, value.layout, value.metadata)
