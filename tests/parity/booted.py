"""A fleet host in the state of the booted Debian 12 that answered `booted.jsonl`, and how their answers are compared.

Answers differ by nature: in pids, times, sizes. NORMAL gives both sides words instead. What is equal then is the same;
what is equal without regard to blanks and the order of lines differs harmlessly.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from pathlib import Path
from random import Random
from typing import Literal, get_args

from fleet.actions import FailedAction, start, tick
from fleet.draw import install
from fleet.hardware import draw_machine
from fleet.linux.shell import LinuxShell
from fleet.model import File, Host, Login, Machine, Service
from fleet.software import software

HERE = Path(__file__).parent
UNITS = {path.stem: path.read_text() for path in sorted((HERE / "guest" / "units").glob("*.service"))}
NOW = 1_772_619_300
ADDRESS = "10.0.2.15"
Kind = Literal["same", "harmless", "wrong", "missing"]
KINDS: tuple[Kind, ...] = get_args(Kind)

NORMAL = (
    (r"\n*^ ?(?:usage|Usage)\b[^\x00]*", "\nHELP\n"),  # the fleet knows a tool's syntax, not the text of its help
    (r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "UUID"),
    (r"(?<=Tasks:) *\d+ total, +\d+ running, +\d+ sleeping", " COUNTS"),
    (r"(?<= up ) *\d.*?(?=,  \d+ users?)", "SPAN"),
    (r"(?<= after )\d+(?= ms)", "N"),
    (r"\b\d+%", "PERCENT"),
    (r"\bapt \d+\.\d+\.\d+", "apt VERSION"),
    (r"\b[0-9a-f]{32}\b", "ID"),
    (r"\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b", "MAC"),
    (r"\b\d+(?:\.\d+)+-\d+(?:-cloud)?-amd64\b", "KERNEL"),
    (r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b", "DAY"),
    (r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d\b", "DATE"),
    (r"\b\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:[.,]\d+)?)?(?:[+-]\d\d:?\d\d)?", "DATE"),
    (r"(?<![\d.:])\d+:\d\d(?::\d\d(?:\.\d+)?)?\b(?!:)", "CLOCK"),
    (r"(?:\b\d+(?:\.\d+)? ?(?:years?|months?|weeks?|days?|h|min|s|ms|us)\b ?)+(?=ago|left|$)", "SPAN "),
    (r"(?<=CPU: ).*|(?<=Memory: ).*|(?<=\(limit: )\d+", "AMOUNT"),
    (r"\b\d+(?:[.:][\w+~]+)*-[\w.+~]*(?:deb\d+u\d+|\+b\d+)\b", "VERSION"),
    (r"(?:(?<=\[) +)?(?<![\d.:])\d+\.\d+(?![\d.])", "DECIMAL"),
    (r"\b(?<!\.)(?:\d{4,}|(?<=.)\d{3}|\d{3}(?=.))\b(?!\.\d)", "N"),
    (r"\b(?:DECIMAL|N|\d+)[KMGT]i?B?\b", "SIZE"),
)
"""Pattern -> the word for it, in order."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a line printed and how it ended, in words that do not depend on the machine."""

    stdout: str
    stderr: str
    code: int

    def loose(self) -> tuple[list[str], list[str], int]:
        """Without blanks and the order of lines."""
        return (*(sorted(line.split() for line in text.splitlines()) for text in (self.stdout, self.stderr)), self.code)  # pyright: ignore[reportReturnType]


def normal(text: str) -> str:
    for pattern, word in NORMAL:
        text = re.sub(pattern, word, text, flags=re.MULTILINE)
    return re.sub(r"^bash: line \d+: ", "bash: ", text, flags=re.MULTILINE)


def recorded() -> dict[str, Answer]:
    """line -> what the real machine answered"""
    rows = map(json.loads, (HERE / "booted.jsonl").read_text(encoding="utf-8").splitlines())
    return {row.pop("line"): Answer(**row) for row in rows}


def known() -> dict[str, tuple[Kind, str]]:
    """line -> how it may differ, and why"""
    found: dict[str, tuple[Kind, str]] = {}
    for row in (HERE / "booted_known.txt").read_text(encoding="utf-8").splitlines():
        line, _, told = row.rpartition("  # ")
        kind, _, why = told.partition(": ")
        assert kind in ("harmless", "wrong", "missing"), row
        found[line] = (kind, why)
    return found


@cache
def a_booted_host() -> Host:
    drawn = (draw_machine("web01", Random(seed), "linux", NOW) for seed in count())
    host = next(host for host in drawn if host.system.version == "12")
    shift = NOW - 600 - host.boot
    host = replace(
        host,
        boot=host.boot + shift,
        processes=tuple(replace(process, started=process.started + shift) for process in host.processes),
        address=ADDRESS,
        system=replace(host.system, cores=1),
        memory=replace(host.memory, swap_total=0),
        mounts=tuple(mount for mount in host.mounts if not re.match(r"/dev/sd[b-z]", mount.device)),
        logins=(Login("ops", "pts/0", ADDRESS, NOW - 100),),
    )
    for name in ("nginx", "cron", "ssh"):
        entry = software().linux[name]
        entry = entry.model_copy(update={"workers": min(entry.workers, 1), "versions": entry.versions[:1]})
        host = install(host, name, entry, Random(1))
    for name, text in UNITS.items():
        host = host.with_file(f"/etc/systemd/system/{name}.service", File(text, modified=NOW - 5000))
        host = host.with_file(f"/usr/local/bin/{name}", File("\x7fELF", mode=0o755, modified=NOW - 5000))
        title = re.findall(r"Description=(.*)", text)[0]
        ports = (80,) if name == "gamma" else ()
        service = Service(name, title, "inactive", name in ("alpha", "beta"), f"/usr/local/bin/{name}", "root", ports)
        host = host.with_service(service)
        if name in ("alpha", "beta", "gamma"):
            done = start(host, name)
            host = done.host if isinstance(done, FailedAction) else done
    return tick(host, 60)


def compared() -> Iterator[tuple[str, Kind, Answer, Answer]]:
    """(line, how it compares, the fleet's answer, the real one)"""
    machine = Machine(a_booted_host())
    first, shell = machine.host, LinuxShell(machine)
    for line, real in recorded().items():
        told = shell.run(line)
        ours = Answer(normal(told[0]), normal(told[1]), told[2])
        kind: Kind = "same" if ours == real else "harmless" if ours.loose() == real.loose() else "wrong"
        yield line, "missing" if machine.gaps and kind == "wrong" else kind, ours, real
        if machine.gaps or replace(machine.host, now=first.now) != first:
            machine = Machine(first)
            shell = LinuxShell(machine)


_COMMAND = re.compile(r"(?:^|; |\| |&& |\()(?:sudo |/\w+/)?(systemctl|(?!echo|printf|sed|mkdir|touch)[a-z][\w.-]*)")


def by_command() -> dict[str, Counter[Kind]]:
    """The first command of a line -> how its lines compare; a difference that is known to be harmless is."""
    differing = known()
    counts: dict[str, Counter[Kind]] = {}
    for line, kind, _, _ in compared():
        found = _COMMAND.search(line)
        harmless = kind == "wrong" and differing.get(line, ("wrong", ""))[0] == "harmless"
        counts.setdefault(found[1] if found else "bash", Counter())["harmless" if harmless else kind] += 1
    return counts
