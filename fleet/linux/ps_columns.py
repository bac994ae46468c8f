"""The columns of ps, and its formats."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from fleet.linux.base_accounts import accounts
from fleet.linux.clock import DAY, formatted, utc
from fleet.model import Host, Process


def clock_of(seconds: int) -> str:
    """A duration as 00:10:05, preceded by days if there are any."""
    days, rest = divmod(seconds, DAY)
    return (f"{days}-" if days else "") + f"{rest // 3600:02d}:{rest % 3600 // 60:02d}:{rest % 60:02d}"


@lru_cache(maxsize=4096)
def _begun(started: int, today: int) -> str:
    """When a process began, as ps abbreviates it: 10:15 today, Mar04 this year, else the year; `today` in days."""
    then = utc(started)
    if started // DAY == today:
        return then.strftime("%H:%M")
    return then.strftime("%b%d" if then.year == utc(today * DAY).year else "%Y")


def percent_of_memory(host: Host, process: Process) -> float:
    return 100 * process.resident / host.memory.total


@dataclass(frozen=True, slots=True, eq=False)
class PsColumn:
    head: str
    width: int
    value: Callable[[Host, Process], float | str]
    """the sort key, also shown if there is no `text`"""
    right: bool = False
    text: Callable[[Host, Process], str] | None = None

    def wide(self, width: int) -> "PsColumn":
        """The column with another width, as name:WIDTH asks for."""
        if self.head not in ("USER", "GROUP"):
            return replace(self, width=width)
        value = self.value

        def shown(host: Host, process: Process) -> str:
            name = str(value(host, process))
            return name if len(name) <= width else f"{name[: width - 1]}+"

        return replace(self, width=width, text=shown)


def _short(user: str) -> str:
    return user if len(user) <= 8 else f"{user[:7]}+"


def _elapsed(seconds: int) -> str:
    return clock_of(seconds) if seconds >= 3600 else f"{seconds // 60:02d}:{seconds % 60:02d}"


COLUMNS = {
    "pid": PsColumn("PID", 7, lambda h, p: p.pid, right=True),
    "ppid": PsColumn("PPID", 7, lambda h, p: p.parent, right=True),
    "user": PsColumn("USER", 8, lambda h, p: p.user, text=lambda h, p: _short(p.user)),
    "uid": PsColumn("UID", 5, lambda h, p: accounts(h).get(p.user, 0), right=True),
    "%cpu": PsColumn("%CPU", 4, lambda h, p: p.cpu, right=True, text=lambda h, p: f"{p.cpu:.1f}"),
    "%mem": PsColumn("%MEM", 4, percent_of_memory, right=True, text=lambda h, p: f"{percent_of_memory(h, p):.1f}"),
    "rss": PsColumn("RSS", 5, lambda h, p: p.resident, right=True),
    "vsz": PsColumn("VSZ", 6, lambda h, p: p.virtual, right=True),
    "tty": PsColumn("TT", 8, lambda h, p: p.tty),
    "stat": PsColumn("STAT", 4, lambda h, p: _state(p)),
    "s": PsColumn("S", 1, lambda h, p: p.state[:1]),
    "start": PsColumn("START", 5, lambda h, p: p.started, text=lambda h, p: _begun(p.started, h.now // DAY)),
    "lstart": PsColumn("STARTED", 24, lambda h, p: p.started, text=lambda h, p: formatted(p.started, "%a %b %e %T %Y"),
                     right=True),
    "time": PsColumn("TIME", 8, lambda h, p: p.seconds, right=True, text=lambda h, p: clock_of(p.seconds)),
    "bsdtime": PsColumn("TIME", 6, lambda h, p: p.seconds, right=True,
                      text=lambda h, p: f"{p.seconds // 60}:{p.seconds % 60:02d}"),
    "etime": PsColumn("ELAPSED", 11, lambda h, p: h.now - p.started, right=True,
                    text=lambda h, p: _elapsed(h.now - p.started)),
    "etimes": PsColumn("ELAPSED", 7, lambda h, p: h.now - p.started, right=True),
    "comm": PsColumn("COMMAND", 15, lambda h, p: p.name[:15]),
    "args": PsColumn("COMMAND", 27, lambda h, p: p.command),
    "cmd": PsColumn("CMD", 27, lambda h, p: p.command),
    "pgid": PsColumn("PGID", 7, lambda h, p: leader(h, p), right=True),
    "sid": PsColumn("SID", 7, lambda h, p: leader(h, p), right=True),
    "tpgid": PsColumn("TPGID", 7, lambda h, p: -1 if p.tty == "?" else leader(h, p), right=True),
    "lwp": PsColumn("LWP", 7, lambda h, p: p.pid, right=True),
    "psr": PsColumn("PSR", 3, lambda h, p: p.pid % h.system.cores, right=True),
    "cls": PsColumn("CLS", 3, lambda h, p: "TS", right=True),
    "rtprio": PsColumn("RTPRIO", 6, lambda h, p: "-", right=True),
    "group": PsColumn("GROUP", 8, lambda h, p: p.user, text=lambda h, p: _short(p.user)),
    "gid": PsColumn("GID", 5, lambda h, p: accounts(h).get(p.user, 0), right=True),
    "f": PsColumn("F", 1, lambda h, p: 1 if p.command.startswith("[") else 4, right=True),
    "sz": PsColumn("SZ", 5, lambda h, p: p.virtual // 4, right=True),
    "addrsz": PsColumn("ADDR SZ", 7, lambda h, p: p.virtual, text=lambda h, p: f"- {p.virtual // 4:>5}"),
    "wchan": PsColumn("WCHAN", 6, lambda h, p: "-"),
    "ni": PsColumn("NI", 3, lambda h, p: p.nice, right=True),
    "pri": PsColumn("PRI", 3, lambda h, p: 19 - p.nice, right=True),
    "sysvpri": PsColumn("PRI", 3, lambda h, p: 80 + p.nice, right=True),
    "bsdpri": PsColumn("PRI", 3, lambda h, p: 20 + p.nice, right=True),
    "nlwp": PsColumn("NLWP", 4, lambda h, p: 1, right=True),
    "c": PsColumn("C", 2, lambda h, p: min(int(p.cpu), 99), right=True),
}  # fmt: skip
SAME = {"pcpu": "%cpu", "pmem": "%mem", "command": "args", "uname": "user", "euser": "user", "ruser": "user",
    "rssize": "rss", "vsize": "vsz", "tt": "tty", "tname": "tty", "state": "s", "stime": "start", "start_time": "start",
    "bsdstart": "start", "cputime": "time", "ucmd": "comm", "ucomm": "comm", "nice": "ni", "thcount": "nlwp",
    "euid": "uid", "cpu": "%cpu", "mem": "%mem", "pgrp": "pgid", "sess": "sid", "session": "sid", "tid": "lwp",
    "spid": "lwp", "class": "cls", "policy": "cls", "egroup": "group", "rgroup": "group", "egid": "gid", "rgid": "gid",
    "ruid": "uid", "flag": "f", "flags": "f"}  # fmt: skip


HEADS = {
    **{name: name.upper() for name in ("egroup", "rgroup", "euser", "ruser", "euid", "ruid", "egid", "rgid", "pgrp",
                                       "stime", "tid", "spid")},
    "tname": "TTY", "sess": "SESS", "session": "SESS", "thcount": "THCNT", "policy": "POL", "ucmd": "CMD",
}  # fmt: skip
"""The headings of columns that have one under another of their names."""


def leader(host: Host, process: Process) -> int:
    """The process that leads a process's group: that which init has started, or none of the kernel's own."""
    by_pid = {one.pid: one for one in host.processes}
    while process.parent > 1 and process.parent in by_pid:
        process = by_pid[process.parent]
    return 0 if process.command.startswith("[") else process.pid


def _state(process: Process) -> str:
    """The state, with N for a low priority and < for a high one."""
    first, more = process.state[:1], process.state[1:]
    return first + ("N" if process.nice > 0 else "<" if process.nice < 0 else "") + more


ARGS, CMD, COMM = (COLUMNS[name] for name in ("args", "cmd", "comm"))
HeadedColumn = tuple[PsColumn, str]
"""a column with its heading"""


def shown(names: str) -> list[HeadedColumn]:
    """Columns as `name` or `name:HEADING`."""
    pairs = [name.partition(":") for name in names.split()]
    return [(COLUMNS[name], head or COLUMNS[name].head) for name, _, head in pairs]


DEFAULT = shown("pid tty:TTY time comm:CMD")
AUX = shown("user pid %cpu %mem vsz rss tty:TTY stat start bsdtime args")
FULL = shown("user:UID pid ppid c start:STIME tty:TTY time cmd")
FULL_BSD = shown("user:UID pid ppid c start:STIME tty:TTY stat bsdtime:TIME cmd")
EXTRA_FULL = shown("user:UID pid ppid c sz rss psr start:STIME tty:TTY time cmd")
FULL_THREADS = shown("user:UID pid ppid lwp c nlwp start:STIME tty:TTY time cmd")
LONG = shown("f s uid pid ppid c sysvpri ni addrsz wchan tty:TTY time comm:CMD")
LONG_Y = shown("s uid pid ppid c sysvpri ni rss sz wchan tty:TTY time comm:CMD")
JOBS = shown("pid pgid sid tty:TTY time comm:CMD")
THREADS = shown("pid lwp tty:TTY time comm:CMD")
SPIDS = shown("pid lwp:SPID tty:TTY time comm:CMD")
BSD_LONG = shown("f uid pid ppid bsdpri ni vsz rss wchan stat tty:TTY bsdtime:TIME args")
BSD_JOBS = shown("ppid pid pgid sid tty:TTY tpgid stat uid bsdtime:TIME args")
ADDED = shown("pid s tty:TTY time args")
BSD = shown("pid tty:TTY stat bsdtime args")
