"""Faults that were found beside real servers: no line of theirs may be answered otherwise than by a real host."""

import pytest

from tests.parity.booted import Kind
from tests.parity.entries import PARTS, answered, entries

MOST_MISSING = 0.15


@pytest.mark.loop
def test_a_line_of_an_entry_is_answered_as_a_real_host_does_or_is_a_gap():
    kinds: dict[str, Kind] = {entry.line: answered(entry) for entry in entries()}
    assert {line for line, kind in kinds.items() if kind == "wrong"} == set()
    assert sum(kind == "missing" for kind in kinds.values()) <= MOST_MISSING * len(kinds)


def test_every_entry_has_lines():
    numbers = {number for part in PARTS.values() for number in part}
    assert {entry.entry for entry in entries()} == numbers
    assert all(entry.line and entry.host for entry in entries())
