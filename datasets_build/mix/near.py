"""Near-duplicates: rows that teach almost the same, found by MinHash and proven by their exact similarity.

What is compared is what a row teaches: the user's words and AJ's turns (tool, arguments, note, answer), in shingles of
three words, names and numbers included. Tool results and prompts are not: two rows about one long log are two lessons,
and two equal answers to one request are one, whatever log is between them. Two rows of one template on other hosts
share less than 60% of that; measured on 80 corrections, 815 rows of the demo, 400 tasks and 600 dialogues, no pair of
generated rows reached 70%. Rows of different modes are never alike: the same words teach something else there.
"""

import math
import re
import zlib
from array import array
from collections.abc import Iterable, Iterator

from rensa import RMinHash, RMinHashLSH  # pyright: ignore[reportAttributeAccessIssue]  # compiled, without stubs

from aj.messages import Message, Pair, Row

SHINGLE = 3
"""Words. One changed word in fifty leaves 88% of the shingles; with five words a shingle it would leave 81%."""

RECALL = 0.999
"""The share of pairs exactly at the threshold that have a band in common; above it the share grows."""

MOST_HASHES = 256
"""Hashes of a signature, 4 bytes each."""

_WORD = re.compile(r"\w+")


class NearIndex:
    """The rows kept so far: of two alike, the one that came first stays."""

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        bands, rows = bands_for(threshold)
        self._hashes = bands * rows
        self._lsh = RMinHashLSH(threshold, self._hashes, bands)
        self._shingles: list[array[int]] = []
        self._ids: list[str] = []

    def admit(self, item: Row | Pair) -> str | None:
        """Keep `item`, unless a kept one is at least `threshold` similar: then the most similar one's id."""
        shingles = set(shingles_of(taught(item), item.mode))
        signature = self._signature(shingles)
        best, found = self.threshold, None
        for key in sorted(self._lsh.query(signature)):
            similar = _jaccard(shingles, self._shingles[key])
            if similar > best or (similar == best and found is None):
                best, found = similar, key
        if found is not None:
            return self._ids[found]
        self._lsh.insert(len(self._ids), signature)
        self._shingles.append(array("I", sorted(shingles)))
        self._ids.append(item.id)
        return None

    def _signature(self, shingles: set[int]) -> RMinHash:
        signature = RMinHash(self._hashes, 0)
        signature.update([shingle.to_bytes(4, "little") for shingle in shingles])
        return signature


def bands_for(threshold: float) -> tuple[int, int]:
    """(bands, hashes per band): the most selective bands of which pairs at `threshold` share one with RECALL.

    Too few bands lose duplicates without a word: with 16 of eight hashes, 210 of 400 planted ones were found.
    """
    best = (1, 1)
    for rows in range(1, MOST_HASHES + 1):
        same_band = threshold**rows
        bands = 1 if same_band >= RECALL else math.ceil(math.log(1 - RECALL) / math.log1p(-same_band))
        if bands * rows > MOST_HASHES:
            break
        best = (bands, rows)
    return best


def taught(item: Row | Pair) -> Iterator[str]:
    """The texts that are compared."""
    turns = item.messages if isinstance(item, Row) else (*item.messages, item.chosen)
    for position, turn in enumerate(turns):
        if turn.role == "user":
            yield turn.content
        elif turn.role == "assistant" and (item.layout == "dialogue" or position == len(turns) - 1):
            yield from _said(turn)
    if isinstance(item, Pair):
        yield item.rejected


def _said(turn: Message) -> Iterator[str]:
    if turn.call:
        yield turn.call.tool
        yield from (str(value) for value in turn.call.params.values())
        yield turn.call.note or ""
    else:
        yield turn.content


def shingles_of(texts: Iterable[str], mode: str) -> Iterator[int]:
    """32-bit hashes of the shingles; the mode goes into each."""
    words = [word for text in texts for word in _WORD.findall(text.lower())]
    start = zlib.crc32(mode.encode())
    if len(words) < SHINGLE:
        yield zlib.crc32(" ".join(words).encode(), start)
    for one, two, three in zip(words, words[1:], words[2:], strict=False):
        yield zlib.crc32(f"{one} {two} {three}".encode(), start)


def _jaccard(one: set[int], other: "array[int]") -> float:
    shared = sum(1 for shingle in other if shingle in one)
    return shared / (len(one) + len(other) - shared)
