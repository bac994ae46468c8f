"""The fleet beside a Debian 12 that was booted: lines about units, processes, sockets, disks, users and packages.

`booted.jsonl` has what it answered; `guest/` what it is and how it was asked. `booted_known.txt` lists the lines that
the fleet answers otherwise: harmlessly, wrongly, or not at all, each with the reason.
"""

from collections import Counter

import pytest

from tests.parity.booted import compared, known, recorded

FEWEST = 1000
MOST_WRONG = 0.02


@pytest.mark.loop
def test_the_fleet_answers_as_the_booted_machine_did_unless_it_is_written():
    written = known()
    differing = [(line, kind) for line, kind, _, _ in compared() if kind not in ("same", "harmless")]
    assert [
        line for line, kind in differing if line not in written or (written[line][0] == "missing") < (kind == "missing")
    ] == []
    assert written.keys() - dict(differing).keys() == set(), "these no longer differ: take them off the list"


def test_few_lines_are_known_to_be_wrong_and_each_has_a_reason():
    lines, written = recorded(), known()
    kinds = Counter(kind for kind, _ in written.values())
    assert written.keys() <= lines.keys()
    assert all(why for _, why in written.values())
    assert len(lines) >= FEWEST
    assert kinds["wrong"] <= MOST_WRONG * len(lines)
