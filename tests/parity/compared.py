"""Runs the same lines in the fleet and in this machine's own tools, on equal trees of files.

Only file tools in a temporary folder, and tools that read given input: nothing here may touch the machine.
"""

import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from fleet.draw import draw_host
from fleet.linux.shell import LinuxShell
from fleet.model import File, Host, Machine

PLACE = "/srv/tree"
"""Where the tree stands on the host; on this machine it stands in a temporary folder."""
NOW = int(time.time())
LOG = "".join(f"2026-02-{day:02d} ERROR code={day % 3} user=u{day % 4}\n" for day in range(1, 21))
FILES: dict[str, tuple[str, int, int]] = {
    "a.txt": ("alpha\nbeta\ngamma\n", 0o644, NOW - 100),
    "b.log": (
        "".join(f"2026-02-{day:02d} ERROR code={day % 3} user=u{day % 4}\n" for day in range(1, 21)),
        0o644,
        NOW - 5000,
    ),
    "empty": ("", 0o600, NOW - 90_000),
    "run.sh": ("#!/bin/sh\necho run\n", 0o755, NOW - 400 * 86_400),
    "sub/c.txt": ("one two three\nfour\n", 0o640, NOW - 3 * 86_400),
    "sub/deep/d.csv": ("id,name,n\n1,ann,10\n2,bob,7\n3,cy,30\n", 0o644, NOW - 8 * 86_400),
    "sub/x y.txt": ("blank in name\n", 0o644, NOW - 60),
    ".hidden": ("h\n", 0o644, NOW - 200),
    "big.bin": ("0123456789abcdef\n" * 3000, 0o644, NOW - 2 * 86_400),
}
"""path -> content, mode, time"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a line printed and how it ended."""

    stdout: str
    stderr: str
    code: int


def a_host() -> Host:
    host = replace(draw_host("web01", Random(11)), now=NOW)
    for path, (content, mode, touched) in FILES.items():
        host = host.with_file(f"{PLACE}/{path}", File(content, mode=mode, modified=touched))
    return host


class FleetSide:
    """A simulated host with the tree; a new one after each line that may have changed it."""

    def __init__(self) -> None:
        self._shell: LinuxShell | None = None

    def run(self, line: str, writes: bool = True) -> Outcome:
        shell = self._shell = self._shell or LinuxShell(Machine(a_host()), PLACE)
        shell.run(f"cd {PLACE}")
        stdout, stderr, code = shell.run(line)
        if writes:
            self._shell = None
        return Outcome(stdout, stderr, code)


class RealSide:
    """The tree in a temporary folder; a new one after each line that may have changed it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._fresh = False

    def run(self, line: str, writes: bool = True) -> Outcome:
        tree = self._folder / "tree"
        if not self._fresh:
            self._plant(tree)
        self._fresh = not writes
        done = subprocess.run(
            ["bash", "--norc", "--noprofile", "-c", line],
            cwd=tree,
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(self._folder), "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        return Outcome(done.stdout.replace(str(tree), PLACE), done.stderr.replace(str(tree), PLACE), done.returncode)

    def _plant(self, tree: Path) -> None:
        shutil.rmtree(tree, ignore_errors=True)
        for path, (content, mode, touched) in FILES.items():
            file = tree / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
            file.chmod(mode)
            os.utime(file, (touched, touched))
        for inside in ("sub/deep", "sub", "."):  # as old as the newest file in it
            below = "" if inside == "." else f"{inside}/"
            newest = max(touched for path, (_, _, touched) in FILES.items() if path.startswith(below))
            os.utime(tree / inside, (newest, newest))


ALLOWED = (
    (r"\n*^ ?(?:lsof \d|usage|Usage)[^\x00]*", ""),  # the fleet knows a tool's syntax, not the text of its help
    (r"^bash: line \d+: ", "bash: "),  # which line of how many
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ \+0000", "TIME"),  # of what the line itself has made
)
"""Differences that stand for nothing: pattern -> what both sides are given instead."""


def comparable(outcome: Outcome) -> tuple[list[str], list[str], int]:
    """An outcome without what may differ: the order of lines, since real folders have none, and of errors."""
    texts = [outcome.stdout, outcome.stderr]
    for pattern, words in ALLOWED:
        texts = [re.sub(pattern, words, text, flags=re.MULTILINE) for text in texts]
    lines, errors = (text.splitlines() for text in texts)
    return (sorted(lines), sorted(errors), outcome.code)
