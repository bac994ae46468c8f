"""The rows a part offers, kept on disk and drawn in an order that does not depend on how they came.

In memory a row takes some 60 bytes (its place and its order), so a source of a million rows stays small.
"""

import hashlib
import json
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import BinaryIO, Literal, Self

from aj.messages import Pair, Row, pair_from_record, row_from_record
from datasets_build.mix.apportion import apportion

RowKind = Literal["sft", "dpo"]
Stratum = tuple[str, str, str, str]
"""Mode, persona, category, and whether it has several requests: `multi` or `single`."""

Sizes = Counter[Stratum]
Share = Callable[[int, Sizes, Sizes, bool], list[int]]
"""How many rows of a count each stratum gives, from how many wait in each, how many were drawn before, and whether more
may come: then a stratum with too few need not be made up for by the others yet."""

LAST_RESORT = Fraction(1, 10**9)
"""A weight too small to round up to a row next to any other."""


class Spool:
    """Rows and pairs on disk, each a finished line of `sft.jsonl` or `dpo.jsonl`, found again by number."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("w+b")
        self._starts = array("Q", [0])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def add(self, line: str) -> int:
        """Keep a finished line, and return its number."""
        data = line.encode()
        self._file.seek(self._starts[-1])
        self._file.write(data)
        self._starts.append(self._starts[-1] + len(data))
        return len(self._starts) - 2

    def line(self, number: int) -> bytes:
        self._file.seek(self._starts[number])
        return self._file.read(self._starts[number + 1] - self._starts[number])

    def row(self, number: int) -> Row:
        return row_from_record(json.loads(self.line(number)))

    def pair(self, number: int) -> Pair:
        return pair_from_record(json.loads(self.line(number)))


@dataclass
class Pool:
    """What one part offers of one kind.

    Rows are drawn by stratum, and within one in the order of a hash of the recipe's seed, the part's name and the row's
    id: another file among the sources adds its rows to that order and moves no other row in it.
    """

    seed: str
    share: Share
    pull: Callable[[int], bool]
    """Add rows until at least so many are waiting, if there are any; False when the stream has ended."""
    _waiting: dict[Stratum, list[int]] = field(default_factory=dict)
    """Rows not yet drawn: order (64 bits) and number in the spool (32 bits); descending when `_sorted`."""
    _sorted: bool = False
    _drawn: Sizes = field(default_factory=Counter)

    def add(self, number: int, identity: str, stratum: Stratum) -> None:
        order = hashlib.blake2b(f"{self.seed}.{identity}".encode(), digest_size=8).digest()
        self._waiting.setdefault(stratum, []).append(int.from_bytes(order) << 32 | number)
        self._sorted = False

    @property
    def waiting(self) -> int:
        return sum(len(rows) for rows in self._waiting.values())

    def draw(self, count: int, accept: Callable[[int], bool]) -> list[int]:
        """Numbers of `count` accepted rows, or of all that are accepted when there are not so many."""
        drawn: list[int] = []
        more = True
        while len(drawn) < count:
            missing = count - len(drawn)
            if more and self.waiting < missing:
                more = self.pull(missing)
            before = self.waiting
            drawn += self._draw_waiting(missing, accept, more)
            if self.waiting == before:  # nothing waits, or only what is not wanted now
                if not more:
                    break
                more = self.pull(before + missing)
        return drawn

    def _draw_waiting(self, count: int, accept: Callable[[int], bool], more: bool) -> Iterator[int]:
        """One round of quotas; a stratum whose rows are refused goes on to its next ones while it has any."""
        self._sort()
        sizes: Sizes = Counter({stratum: len(self._waiting[stratum]) for stratum in sorted(self._waiting)})
        for stratum, quota in zip(sizes, self.share(count, sizes, self._drawn, more), strict=True):
            rows = self._waiting[stratum]
            while quota and rows:
                number = rows.pop() & 0xFFFFFFFF
                if accept(number):
                    quota -= 1
                    self._drawn[stratum] += 1
                    yield number
            if not rows:
                del self._waiting[stratum]

    def _sort(self) -> None:
        if not self._sorted:
            for rows in self._waiting.values():
                rows.sort(reverse=True)
            self._sorted = True


def stratum_of(item: Row | Pair) -> Stratum:
    """As the metadata says; a conversation with several requests is `multi`.

    A correction's category is its error pattern. Pairs are often few of many: by persona too, most strata would have
    less than one to give, and some patterns hardly a pair.
    """
    requests = sum(1 for message in item.messages if message.role == "user")
    persona = str(item.metadata.get("persona") or "") if isinstance(item, Row) else ""
    category = str(item.metadata.get("category") or item.metadata.get("pattern") or "")
    return item.mode, persona, category, "multi" if requests > 1 else "single"


def natural(count: int, sizes: Sizes, drawn: Sizes, more: bool) -> list[int]:
    """Each stratum as large as it is in the source."""
    return apportion(count, list(sizes.values()), list(sizes.values()))


def even(multi_turn_ratio: float) -> Share:
    """Conversations with several requests to their ratio of all that is drawn; in each class all strata alike.

    While more rows may come, a stratum of which too many were refused waits for them.
    """
    ratio = Fraction(str(multi_turn_ratio))

    def share(count: int, sizes: Sizes, drawn: Sizes, more: bool) -> list[int]:
        total = drawn.total() + count
        classes = {"multi": ratio * total, "single": (1 - ratio) * total}
        lacks: dict[Stratum, Fraction] = {}
        for turns, wanted in classes.items():
            known = [stratum for stratum in {**sizes, **drawn} if stratum[-1] == turns]
            lacks |= {stratum: max(wanted / len(known) - drawn[stratum], Fraction(0)) for stratum in known}
        limits = {stratum: min(size, ceil(lacks[stratum])) if more else size for stratum, size in sizes.items()}
        for (*_, turns), number in drawn.items():
            classes[turns] -= number
        # A class or a stratum that has its rows still gives some where the others have none left.
        needs = [max(need, LAST_RESORT) for need in classes.values()]
        of_class = {turns: [stratum for stratum in sizes if stratum[-1] == turns] for turns in classes}
        room = [sum(limits[stratum] for stratum in strata) for strata in of_class.values()]
        found: dict[Stratum, int] = {}
        for strata, quota in zip(of_class.values(), apportion(count, needs, room), strict=True):
            weights = [max(lacks[stratum], LAST_RESORT) for stratum in strata]
            shares = apportion(quota, weights, [limits[stratum] for stratum in strata])
            found |= dict(zip(strata, shares, strict=True))
        return [found[stratum] for stratum in sizes]

    return share
