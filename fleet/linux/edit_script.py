"""Which lines two texts share: the shortest edit script, laid out as GNU diff does."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

MOST = 1_000
"""Longest script in lines that is looked for (Myers, "An O(ND) difference algorithm", 1986); beyond it, any will do."""


class Hunk(NamedTuple):
    """Lines old[first:last] become new[start:end]."""

    first: int
    last: int
    start: int
    end: int


def hunks(old: Sequence[str], new: Sequence[str]) -> list[Hunk]:
    """What has to change in `old` to make it `new`, from top to bottom."""
    front = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    shorter = min(len(old), len(new)) - front
    back = next((n for n in range(shorter) if old[-1 - n] != new[-1 - n]), shorter)
    kept = _shared(old[front : len(old) - back], new[front : len(new) - back])
    gone, added = [True] * len(old), [True] * len(new)
    for a, b in kept:
        gone[front + a] = added[front + b] = False
    for n in range(front):
        gone[n] = added[n] = False
    for n in range(back):
        gone[-1 - n] = added[-1 - n] = False
    _slide(old, gone, added)
    _slide(new, added, gone)
    return _grouped(gone, added)


def _shared(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Places of the lines of a longest common subsequence."""
    furthest, trail = {1: 0}, []
    for size in range(min(len(old) + len(new), MOST) + 1):
        trail.append(dict(furthest))
        for line in range(-size, size + 1, 2):
            down = line == -size or (line != size and furthest[line - 1] < furthest[line + 1])
            x = furthest[line + 1] if down else furthest[line - 1] + 1
            while x < len(old) and x - line < len(new) and old[x] == new[x - line]:
                x += 1
            furthest[line] = x
            if x >= len(old) and x - line >= len(new):
                return _walked_back(trail, len(old), len(new))
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return [(block.a + n, block.b + n) for block in blocks for n in range(block.size)]


def _walked_back(trail: list[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    """The lines kept on the way to (x, y); `trail` has the furthest points before each step."""
    pairs = []
    for size in range(len(trail) - 1, -1, -1):
        furthest, line = trail[size], x - y
        down = line == -size or (line != size and furthest[line - 1] < furthest[line + 1])
        before = line + 1 if down else line - 1
        from_x, from_y = (furthest[before], furthest[before] - before) if size else (0, 0)
        after_step = from_x + (size > 0 and not down)
        pairs += [(x - n, y - n) for n in range(1, x - after_step + 1)]
        x, y = from_x, from_y
    return pairs


def _slide(lines: Sequence[str], changed: list[bool], other: list[bool]) -> None:
    """Move each run of changed lines down as far as equal lines allow, but to a run of the other text if there is one
    (shift_boundaries in GNU diff's analyze.c)."""
    mine, theirs = [False, *changed, False], [False, *other, False]  # with a line that never changes at either end
    text = ["", *lines, ""]
    end, place, opposite = len(lines) + 1, 1, 1
    while True:
        while place < end and not mine[place]:
            while theirs[opposite]:
                opposite += 1
            opposite += 1
            place += 1
        if place == end:
            break
        start = place
        while mine[place]:
            place += 1
        while theirs[opposite]:
            opposite += 1
        while True:
            length = place - start
            while start > 1 and text[start - 1] == text[place - 1]:
                start, place = start - 1, place - 1
                mine[start], mine[place] = True, False
                while mine[start - 1]:
                    start -= 1
                opposite -= 1
                while theirs[opposite]:
                    opposite -= 1
            meeting = place if theirs[opposite - 1] else end
            while place != end and text[start] == text[place]:
                mine[start], mine[place] = False, True
                start, place = start + 1, place + 1
                while mine[place]:
                    place += 1
                opposite += 1
                while theirs[opposite]:
                    meeting = place
                    opposite += 1
            if length == place - start:
                break
        while meeting < place:
            start, place = start - 1, place - 1
            mine[start], mine[place] = True, False
            opposite -= 1
            while theirs[opposite]:
                opposite -= 1
    changed[:] = mine[1:-1]


def _grouped(gone: list[bool], added: list[bool]) -> list[Hunk]:
    found, a, b = [], 0, 0
    while a < len(gone) or b < len(added):
        first, start = a, b
        while a < len(gone) and gone[a]:
            a += 1
        while b < len(added) and added[b]:
            b += 1
        if (a, b) != (first, start):
            found.append(Hunk(first, a, start, b))
        a, b = a + 1, b + 1
    return found
