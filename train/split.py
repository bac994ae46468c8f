"""Which rows are kept out of training: whole templates, drawn so that no group of rows loses more than its share."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from aj.errors import TrainError
from aj.files import digest
from aj.messages import Message, Pair, Row

Group = tuple[str, ...]
ROWS, PAIRS = ("rows",), ("pairs",)


@dataclass(frozen=True, slots=True)
class Kept:
    rows: list[Row]
    pairs: list[Pair]
    held_out: list[Row]
    """Each has a template of which nothing is left in `rows` and `pairs`."""


def split_by_template(rows: Sequence[Row], pairs: Sequence[Pair], share: float, seed: int) -> Kept:
    """Hold out about `share` of the rows, at most that, rounded up: all rows that have one of the drawn templates.

    The limit is that of each source and mode too, of each kind of text (call, note, answer, chat, ...), and of the
    pairs, which go with their templates; none of these loses its only row. A row of each kind is held out if that is
    possible. A row without templates is one of its own.

    Raises:
        TrainError: every template has more rows than may be held out.
    """
    if not share:
        return Kept(list(rows), list(pairs), [])
    drawn = _Drawn([*rows, *pairs], share)
    order = sorted({name for row in rows for name in _templates(row)}, key=lambda name: digest(seed, name))
    kinds = {kind for row in rows for kind in _kinds(row)}
    for kind in sorted(kinds, key=lambda kind: (drawn.limits[kind], kind)):  # rare ones first: they bring common ones
        for name in order:
            if drawn.has(name, kind) and (drawn.gone[kind] or drawn.take(name)):
                break
    for name in order:
        drawn.take(name)
    if not drawn.numbers:
        raise TrainError(
            f"held_out {share:g} of {len(rows)} row(s) holds nothing out: every template has more rows than that, of "
            "all, of a source or of the pairs, or their only one; use more rows, raise held_out, or set it to 0."
        )
    return Kept(
        [row for number, row in enumerate(rows) if number not in drawn.numbers],
        [pair for number, pair in enumerate(pairs, start=len(rows)) if number not in drawn.numbers],
        [row for number, row in enumerate(rows) if number in drawn.numbers],
    )


class _Drawn:
    """The rows and pairs that are gone with the templates drawn so far, by their numbers."""

    def __init__(self, items: Sequence[Row | Pair], share: float) -> None:
        self.groups = [_groups(item) for item in items]
        self.owned: dict[str, set[int]] = defaultdict(set)
        for number, item in enumerate(items):
            for name in _templates(item):
                self.owned[name].add(number)
        sizes = Counter(group for groups in self.groups for group in groups)
        self.limits = {group: min(math.ceil(share * size), size - 1) for group, size in sizes.items()}
        self.gone: Counter[Group] = Counter()
        self.numbers: set[int] = set()

    def has(self, name: str, group: Group) -> bool:
        return any(group in self.groups[number] for number in self.owned[name])

    def take(self, name: str) -> bool:
        """Draw a template, and say so, unless a group would lose more than its share."""
        new = self.owned[name] - self.numbers
        gone = self.gone + Counter(group for number in new for group in self.groups[number])
        if any(count > self.limits[group] for group, count in gone.items()):
            return False
        self.numbers |= new
        self.gone = gone
        return True


def learned_turns(row: Row) -> list[Message]:
    """The turns of a row that are targets."""
    turns = [message for message in row.messages if message.role == "assistant" and message.learned]
    return turns[-1:] if row.layout == "state_block" else turns


def _groups(item: Row | Pair) -> set[Group]:
    if isinstance(item, Pair):
        return {PAIRS}
    return {ROWS, ("from", str(item.metadata.get("source")), item.mode), *_kinds(item)}


def _kinds(row: Row) -> set[Group]:
    """Of text that is learned."""
    kinds: set[Group] = set()
    for turn in learned_turns(row):
        if call := turn.call:
            texts = {"call": call.tool, "note": call.note, "thought": call.reasoning}
            kinds |= {("kind", kind) for kind, text in texts.items() if text}
        else:
            kinds.add(("kind", "answer" if row.mode == "step" else row.mode))
    return kinds


def _templates(item: Row | Pair) -> list[str]:
    found = item.metadata.get("templates")
    return [str(name) for name in found] if isinstance(found, list) and found else [f"row {item.id}"]
