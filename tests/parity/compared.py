"""Runs the same lines in the fleet and in this machine's own tools, on equal trees of files.

Only file tools in a temporary folder, and tools that read given input: nothing here may touch the machine.
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from fleet.draw import draw_host
from fleet.linux.shell import LinuxShell
from fleet.model import Commit, File, Host, Machine, Repository

PLACE = "/srv/tree"
"""Where the tree stands on the host; on this machine it stands in a temporary folder."""
NOW = int(time.time())
"""When the tree was touched last; the tests may run much later, and then it is later on the host as well."""
LOG = "".join(f"2026-02-{day:02d} ERROR code={day % 3} user=u{day % 4}\n" for day in range(1, 21))
FILES: dict[str, tuple[str, int, int]] = {
    "a.txt": ("alpha\nbeta\ngamma\n", 0o644, NOW - 100),
    "b.log": (LOG, 0o644, NOW - 5000),
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


def _debian() -> Host:
    """A host of the release with whose tools it is compared."""
    host = draw_host("web01", Random(11))
    return replace(host, now=int(time.time()), system=replace(host.system, id="debian", version="12"))


def a_host() -> Host:
    host = _debian()
    for path, (content, mode, touched) in FILES.items():
        host = host.with_file(f"{PLACE}/{path}", File(content, mode=mode, modified=touched))
    return host


class FleetSide:
    """A simulated host with the tree; a new one after each line that may have changed it."""

    def __init__(self, host: Callable[[], Host] = a_host) -> None:
        self._host = host
        self._shell: LinuxShell | None = None

    def run(self, line: str, writes: bool = True) -> Outcome:
        shell = self._shell = self._shell or LinuxShell(Machine(self._host()), PLACE)
        shell.run(f"cd {PLACE}")
        stdout, stderr, code = shell.run(line)
        if writes:
            self._shell = None
        return Outcome(stdout, stderr, code)


def plant_files(tree: Path) -> None:
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


# --- a repository ---------------------------------------------------------------------------------------------------

GIT = {"GIT_AUTHOR_NAME": "Mara Lind", "GIT_AUTHOR_EMAIL": "mara.lind@example.com", "GIT_COMMITTER_NAME": "Mara Lind",
    "GIT_COMMITTER_EMAIL": "mara.lind@example.com", "GIT_CONFIG_NOSYSTEM": "1"}  # fmt: skip
HISTORY = (
    ("Start", "ops", NOW - 9 * 86_400, {"app.py": "import sys\n\nprint('one')\n", "lib/tool.py": "x = 1\n"}),
    ("Add a version", "Mara Lind", NOW - 3 * 86_400, {"app.py": "import sys\n\nprint('two')\n", "VERSION": "1\n"}),
    ("Fix the tool", "Mara Lind", NOW - 7200, {"lib/tool.py": "x = 1\ny = 2\nz = 3\n", "VERSION": "2\n"}),
)
"""Subject, author, time and what changed, of each commit, oldest first."""


def plant_repository(tree: Path) -> None:
    """The history as a real repository."""
    tree.mkdir(parents=True)

    def git(*words: str, **more: str) -> None:
        subprocess.run(["git", *words], cwd=tree, check=True, capture_output=True, env={**os.environ, **GIT, **more})

    git("init", "-q", "-b", "main")
    git("remote", "add", "origin", "git@git.internal:team/tree.git")
    git("config", "user.name", "Mara Lind")
    git("config", "user.email", "mara.lind@example.com")
    for subject, author, when, files in HISTORY:
        for path, content in files.items():
            (tree / path).parent.mkdir(exist_ok=True)
            (tree / path).write_text(content)
        address = f"{author.lower().replace(' ', '.')}@example.com"
        facts = {"NAME": author, "EMAIL": address, "DATE": f"{when} +0000"}
        who = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in facts.items()}
        git("add", ".")
        git("commit", "-qm", subject, **who)


def a_host_with_history(tree: Path) -> Host:
    """The same history on a simulated host, under the ids that the real one has at `tree`."""
    told = subprocess.run(
        ["git", "log", "--reverse", "--format=%H"], cwd=tree, check=True, capture_output=True, text=True
    )
    commits, files = [], {}
    for name, (subject, author, when, changes) in zip(told.stdout.split(), HISTORY, strict=True):
        files = {**files, **changes}
        commits.append(Commit(name, author, when, subject, files))
    host = _debian()
    for path, content in files.items():
        host = host.with_file(f"{PLACE}/{path}", File(content, modified=NOW - 7200))
    host = host.with_file("/root/.gitconfig", File("[user]\n\tname = Mara Lind\n\temail = mara.lind@example.com\n"))
    packages = {**host.packages, "git": "1:2.39.5-0+deb12u2"}
    return replace(host, packages=packages, repository=Repository(PLACE, "main", tuple(reversed(commits)), ("main",)))


class RealSide:
    """The tree in a temporary folder; a new one after each line that may have changed it."""

    def __init__(self, folder: Path, plant: Callable[[Path], None] = plant_files) -> None:
        self._folder, self._plant = folder, plant
        self._fresh = False

    def run(self, line: str, writes: bool = True) -> Outcome:
        tree = self._folder / "tree"
        if not self._fresh:
            shutil.rmtree(tree, ignore_errors=True)
            self._plant(tree)
        self._fresh = not writes
        done = subprocess.run(
            ["bash", "--norc", "--noprofile", "-c", line],
            cwd=tree,
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(self._folder), "TZ": "UTC", **GIT},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        return Outcome(done.stdout.replace(str(tree), PLACE), done.stderr.replace(str(tree), PLACE), done.returncode)


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
