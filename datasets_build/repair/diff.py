"""The diff of a repair: what AJ said in the record, and what he says in the row, to be reviewed in a terminal."""

from collections.abc import Sequence
from dataclasses import replace

from aj.contract import Contract
from aj.messages import Message, Pair, Row
from aj.wire import render_call, render_turn
from datasets_build.reading.transcripts import Parsed, Preference, Turn, Unusable
from datasets_build.repair.settle import Settled


def hunk(place: str, item: Parsed, settled: Settled, contract: Contract) -> str:
    """One item's: `place` is its file and line."""
    before = [shown for turn in turns_of(item) if turn.role == "assistant" for shown in _shown(_text(turn, contract))]
    after = [
        shown
        for message in _messages(settled.value)
        if message.role == "assistant"
        for shown in _shown(render_turn(message, contract))
    ]
    place = _visible(place)
    head = [f"--- {place}", f"+++ {place} ({', '.join(settled.repaired)})", f"@@ -1,{len(before)} +1,{len(after)} @@"]
    return "\n".join([*head, *(f"-{text}" for text in before), *(f"+{text}" for text in after), ""])


def turns_of(item: Parsed) -> Sequence[Turn]:
    """The turns of an item; of a preference, with the chosen one at the end."""
    if isinstance(item, Preference):
        return (*item.turns, item.chosen)
    return () if isinstance(item, Unusable) else item.turns


def _messages(value: Row | Pair | None) -> Sequence[Message]:
    if isinstance(value, Pair):
        return (*value.messages, value.chosen)
    return value.messages if value else ()


def _text(turn: Turn, contract: Contract) -> str:
    return render_call(replace(turn.call, note=turn.text or None), contract) if turn.call else turn.text


def _shown(text: str) -> list[str]:
    return [_visible(line) for line in text.split("\n")]


def _visible(text: str) -> str:
    """A diff is read in a terminal: control characters of the data are shown, not obeyed."""
    return "".join(char if char.isprintable() or char == "\t" else ascii(char)[1:-1] for char in text)
