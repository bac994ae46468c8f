"""Pieces of an assistant's messages become turns: one call per turn, then its result, and no invented arguments.

The rules for what is not certain:

- a call with known arguments and a result becomes an assistant turn and a tool turn;
- a call whose arguments are unknown (AJ's `**<tool> output:**`) is left out, and so are the words before it: as a
  target they would teach talking instead of calling. Its result stays, since the next turn answers it;
- a call that never ended is left out, and so are the words before it.

So every assistant turn that remains is certain, including discoveries and final answers.
"""

import json
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from aj.contract import load_contract
from aj.messages import Call
from datasets_build.reading.transcripts import Turn
from datasets_build.sources.openwebui.pieces import Piece


@dataclass(slots=True)
class Assembled:
    """The turns of a reply, and how many of its calls are in none of them."""

    turns: list[Turn] = field(default_factory=list)
    unknown: int = 0
    """Calls whose arguments are unknown or not an object; their results are there."""
    unfinished: int = 0
    """Calls without a result."""


def assemble(pieces: Sequence[Piece]) -> Assembled:
    """The turns of one reply."""
    pieces = without_replays(pieces)
    done, results = Assembled(), _Results(pieces)
    words: list[str] = []
    thoughts: list[str] = []
    for place, piece in enumerate(pieces):
        if piece.kind == "words":
            words.append(piece.text)
        elif piece.kind == "thought":
            thoughts.append(piece.text)
        elif piece.kind == "call":
            _add_call(done, piece, results.take(piece, place), "\n\n".join(words), "\n\n".join(filter(None, thoughts)))
            words, thoughts = [], []
        elif results.is_left(place):
            done.turns.append(Turn("tool", piece.text, tool=piece.tool or None))
    if words:
        thought = "\n\n".join(filter(None, thoughts))
        done.turns.append(Turn("assistant", "\n\n".join(words), thought=thought))
    return done


def _add_call(done: Assembled, call: Piece, result: Piece | None, words: str, thought: str) -> None:
    if result is None:
        done.unfinished += 1
        return
    if call.params is not None and call.tool:
        stated = Call(call.tool, call.params, reasoning=thought or None)
        done.turns.append(Turn("assistant", words, stated))
    elif states_call(words, call.tool):
        done.turns.append(Turn("assistant", words))
    else:
        done.unknown += 1
    done.turns.append(Turn("tool", result.text, tool=call.tool or None))


def without_replays(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces without repetitions: after every new thought, some plugins show everything done so far again.

    Only a stretch that begins with an exact copy of the stretch before it, calls and results, is cut.
    """
    stretches: list[list[Piece]] = [[]]
    for piece in pieces:
        if piece.kind == "thought":
            stretches.append([])
        stretches[-1].append(piece)
    kept: list[Piece] = []
    before: list[Piece] = []
    for stretch in stretches:
        thoughts, shown = (stretch[:1], stretch[1:]) if stretch and stretch[0].kind == "thought" else ([], stretch)
        again = any(piece.kind == "result" for piece in before) and shown[: len(before)] == before
        kept += [*thoughts, *shown[len(before) if again else 0 :]]
        before = shown
    return kept


def states_call(words: str, tool: str | None = None) -> bool:
    """Whether the words hold an object that names a tool (this one, if given): a call in the wire form, or nearly."""
    start = words.find("{")
    if start < 0 or not any(f'"{key}"' in words for key in _name_keys()):
        return False
    try:
        record, _ = json.JSONDecoder(strict=False).raw_decode(words, start)
    except (ValueError, RecursionError):
        return False
    named = [record[key] for key in _name_keys() if isinstance(record.get(key), str)]
    return bool(named) and (tool is None or tool in named)


@cache
def _name_keys() -> tuple[str, ...]:
    """Keys under which a call in the text may name its tool."""
    contract = load_contract()
    return (contract.wire.keys.tool, *contract.aliases.tool_keys, *contract.aliases.name_keys)


class _Results:
    """Results matched to calls: by id if both have one, else the next result of the same tool that is not taken."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = pieces
        self._taken: set[int] = set()
        self._by_key: dict[str, int] = {}
        self._by_tool: defaultdict[str, deque[int]] = defaultdict(deque)
        asked = {piece.key for piece in pieces if piece.kind == "call" and piece.key}
        for place, piece in enumerate(pieces):
            if piece.kind == "result" and piece.key in asked:
                self._by_key.setdefault(piece.key, place)
            elif piece.kind == "result" and not piece.key:  # one with an id of no call is certainly not the next call's
                self._by_tool[piece.tool].append(place)

    def take(self, call: Piece, since: int) -> Piece | None:
        """The result of a call at `since`; None if it has none."""
        place = self._by_key.get(call.key) if call.key else None
        if place is None:
            waiting = self._by_tool[call.tool]
            while waiting and waiting[0] < since:
                waiting.popleft()
            place = waiting.popleft() if waiting else None
        if place is None or place in self._taken:
            return None
        self._taken.add(place)
        return self._pieces[place]

    def is_left(self, place: int) -> bool:
        """Whether the result at `place` belongs to no earlier call."""
        piece = self._pieces[place]
        return place not in self._taken and self._by_key.get(piece.key) != place
