"""Faults that were once found beside real servers, in thirty entries, with lines and what a real host says to them.

`entries.jsonl`: the entry, the host, the line (after ` ;;; ` in another call), a pattern of its output, and its status.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random

from fleet.draw import draw_host
from fleet.linux.shell import LinuxShell
from fleet.model import File, Host, Machine
from fleet.windows.shell import WindowsShell
from scenarios.trouble import with_containers
from tests.parity.booted import Kind, a_booted_host
from tests.parity.compared import PLACE, a_host

PARTS = {
    "A. Exceptions, and the sandbox's words": range(1, 4),
    "B. End states": range(4, 13),
    "C. Options that were ignored": range(13, 23),
    "D. systemd": range(23, 26),
    "E. What was missing": range(26, 28),
    "F. Windows PowerShell": range(28, 31),
}
"""Part -> its entries."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of an entry."""

    entry: int
    host: str
    line: str
    told: str
    code: int


def entries() -> list[Entry]:
    rows = (Path(__file__).parent / "entries.jsonl").read_text(encoding="utf-8").splitlines()
    return [Entry(**json.loads(row)) for row in rows]


def _docker() -> Host:
    return with_containers(replace(draw_host("web01", Random(5)), containers=()), ["api"])


def _windows() -> Host:
    host = draw_host("web01", Random(3), "windows").with_file("C:/Data/a.txt", File("one\ntwo\n"))
    return host.with_file("C:/Data/sub/[b].txt", File("two\nthree two\n"))


HOSTS: dict[str, Callable[[], Host]] = {
    "debian": a_booted_host, "tree": a_host, "docker": cache(_docker), "windows": cache(_windows)
}  # fmt: skip


def answered(entry: Entry) -> Kind:
    """Whether the fleet says what a real host does, says that it cannot, or says something else."""
    machine = Machine(HOSTS[entry.host]())
    folder = PLACE if entry.host == "tree" else "/root"
    shell = WindowsShell(machine) if entry.host == "windows" else LinuxShell(machine, folder)
    *first, last = entry.line.split(" ;;; ")
    for call in first:
        shell.run(call)
    stdout, stderr, code = shell.run(last)
    if machine.gaps:
        return "missing"
    return "same" if code == entry.code and re.search(entry.told, stdout + stderr) else "wrong"


def by_part() -> Iterator[tuple[str, Counter[Kind]]]:
    """(part, how its lines are answered)"""
    kinds: list[tuple[int, Kind]] = [(entry.entry, answered(entry)) for entry in entries()]
    for part, numbers in PARTS.items():
        counts: Counter[Kind] = Counter(kind for number, kind in kinds if number in numbers)
        yield part, counts
