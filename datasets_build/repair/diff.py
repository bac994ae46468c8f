"""The diff of a repair, for review in a terminal: what AJ said in the record, and what AJ says in the row."""

from collections.abc import Sequence

from aj.contract import Contract
from aj.messages import Message, Pair, Row
from aj.visible import visible
from aj.wire import render_turn
from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Parsed, Preference, Turn
from datasets_build.repair.read import as_written


def hunk(place: str, item: Parsed, value: Row | Pair, repaired: Sequence[str], contract: Contract) -> str:
    """The hunk of one item: `place` is its file and line, `repaired` the codes of what was repaired in it."""
    before = [as_written(turn, contract) for turn in turns_of(item) if turn.role == "assistant"]
    after = [render_turn(message, contract) for message in _messages(value) if message.role == "assistant"]
    removed, added = ([shown for text in texts for shown in _shown(text)] for texts in (before, after))
    place = visible(place)
    head = [f"--- {place}", f"+++ {place} ({', '.join(repaired)})", f"@@ -1,{len(removed)} +1,{len(added)} @@"]
    return "\n".join([*head, *(f"-{text}" for text in removed), *(f"+{text}" for text in added), ""])


def turns_of(item: Parsed) -> Sequence[Turn]:
    """The turns of an item; of a preference, the chosen one comes last."""
    if isinstance(item, Preference):
        return (*item.turns, item.chosen)
    return () if isinstance(item, Refused) else item.turns


def _messages(value: Row | Pair) -> Sequence[Message]:
    return value.messages if isinstance(value, Row) else (*value.messages, value.chosen)


def _shown(text: str) -> list[str]:
    return [visible(line, keep="\t") for line in text.split("\n")]
