"""The same lines in the fleet and in this machine's own tools, on equal trees: they differ only where it is written.

`lines/` has the lines, `known.txt` those that still differ, each with the reason. A line whose tool this machine lacks
is not compared, and listed. The versions are Debian 12's: on another system nothing is compared.
"""

import platform
import re
import shutil
from pathlib import Path

import pytest

from fleet.linux.commands import COMMANDS
from tests.parity.compared import FleetSide, RealSide, a_host_with_history, comparable, plant_repository

HERE = Path(__file__).parent
LISTS = sorted((HERE / "lines").glob("*.txt"))
SHELL = frozenset(("cd", "echo", "printf", "test", "type", "command", "kill", "umask", "export", "set", "exit", "trap"))
WRITING = frozenset(
    ("cp", "mv", "rm", "rmdir", "mkdir", "ln", "touch", "truncate", "chmod", "chown", "chgrp", "tee", "-i", "-i.bak",
     "gzip", "gunzip", "tar", "split", "-delete", "umask", "install", "git")
)  # fmt: skip
FEWEST = 1000


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line.strip()]


KNOWN = dict(line.split("  # ", 1) for line in _lines(HERE / "known.txt"))


def _tools(line: str) -> set[str]:
    """The commands that a line names, as far as they are programs."""
    words = re.findall(r"(?:^|[;|&(]\s*|\bsudo |\bxargs )([a-z][\w.-]*)", line)
    return {word for word in words if word in COMMANDS} - SHELL


@pytest.mark.loop
@pytest.mark.skipif("bookworm" not in platform.freedesktop_os_release().get("PRETTY_NAME", ""), reason="Debian 12 only")
@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_the_fleet_answers_as_the_real_tools_do(path: Path, tmp_path: Path):
    fleet, real = FleetSide(), RealSide(tmp_path)
    if path.stem == "git":
        plant_repository(tmp_path / "told")
        fleet = FleetSide(lambda: a_host_with_history(tmp_path / "told"))
        real = RealSide(tmp_path, plant_repository)
    differing, uncompared = [], []
    for line in _lines(path):
        if lacking := [tool for tool in _tools(line) if shutil.which(tool) is None]:
            uncompared.append(f"{line}  ({', '.join(lacking)})")
            continue
        writes = ">" in line or bool(WRITING & set(re.findall(r"[\w.-]+", line)))
        told, true = fleet.run(line, writes), real.run(line, writes)
        if comparable(told) != comparable(true):
            differing.append(line)
    if uncompared:
        print(f"not compared, for lack of a tool: {len(uncompared)}", *uncompared, sep="\n  ")
    assert [line for line in differing if line not in KNOWN] == []
    compared = set(_lines(path)) - {line.rpartition("  (")[0] for line in uncompared}
    assert [line for line in KNOWN if line in compared and line not in differing] == []


def test_what_is_known_to_differ_is_little_and_there_are_enough_lines():
    every = [line for path in LISTS for line in _lines(path)]
    assert KNOWN.keys() <= set(every)
    assert len(set(every)) >= FEWEST
    assert len(KNOWN) <= len(every) // 50
