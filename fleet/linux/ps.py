"""The ps command, with the columns and selections of all three generations of its options."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from bashkit import BuiltinResult

from fleet.linux.clock import DAY, formatted, utc
from fleet.linux.command import Command, CommandContext
from fleet.linux.sessions import accounts
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


@dataclass(frozen=True, slots=True)
class PsColumn:
    head: str
    width: int
    value: Callable[[Host, Process], float | str]
    """the sort key, also shown if there is no `text`"""
    right: bool = False
    text: Callable[[Host, Process], str] | None = None


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
    "stat": PsColumn("STAT", 4, lambda h, p: p.state),
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
    "ni": PsColumn("NI", 3, lambda h, p: 0, right=True),
    "pri": PsColumn("PRI", 3, lambda h, p: 19, right=True),
    "nlwp": PsColumn("NLWP", 4, lambda h, p: 1, right=True),
    "c": PsColumn("C", 2, lambda h, p: min(int(p.cpu), 99), right=True),
}  # fmt: skip
SAME = {"pcpu": "%cpu", "pmem": "%mem", "command": "args", "uname": "user", "euser": "user", "ruser": "user",
    "rssize": "rss", "vsize": "vsz", "tt": "tty", "tname": "tty", "state": "s", "stime": "start", "start_time": "start",
    "bsdstart": "start", "cputime": "time", "ucmd": "comm", "ucomm": "comm", "nice": "ni", "thcount": "nlwp",
    "euid": "uid", "cpu": "%cpu", "mem": "%mem"}  # fmt: skip
HeadedColumn = tuple[PsColumn, str]
"""a column with its heading"""


def _shown(names: str) -> list[HeadedColumn]:
    """Columns as `name` or `name:HEADING`."""
    pairs = [name.partition(":") for name in names.split()]
    return [(COLUMNS[name], head or COLUMNS[name].head) for name, _, head in pairs]


DEFAULT = _shown("pid tty:TTY time comm:CMD")
AUX = _shown("user pid %cpu %mem vsz rss tty:TTY stat start bsdtime args")
FULL = _shown("user:UID pid ppid c start:STIME tty:TTY time cmd")
LONG = _shown("s uid pid ppid c pri ni vsz:SZ tty:TTY time comm:CMD")
BSD = _shown("pid tty:TTY stat bsdtime args")


class PsError(Exception):
    """An invalid option, in ps's words."""


@dataclass(slots=True)
class PsOptions:
    """The parsed options."""

    every: bool = False
    columns: list[HeadedColumn] = field(default_factory=list)
    own: list[HeadedColumn] = field(default_factory=list)
    """columns given by name (-o); they take precedence over a format given by letter"""
    headings: bool = True
    sort: list[str] = field(default_factory=list)
    tests: list[Callable[[Process], bool]] = field(default_factory=list)


def ps(context: CommandContext) -> BuiltinResult:
    try:
        asked = _parse_options(list(context.argv))
    except PsError as wrong:
        usage = "Usage:\n ps [options]\n\n Try 'ps --help <simple|list|output|threads|misc|all>'\n"
        return BuiltinResult(stderr=f"error: {wrong}\n\n{usage}", exit_code=1)
    host = context.host
    line = " ".join(["ps", *context.argv])
    shell = Process(host.next_pid, 1, "root", 0.0, 3800, 7900, "Ss", "?", host.now, 0, "bash -c " + line)
    own = Process(host.next_pid + 1, shell.pid, "root", 0.0, 4100, 10_600, "R", "?", host.now, 0, line)
    chosen = sorted([*host.processes, shell, own], key=lambda process: process.pid)
    if asked.tests:
        chosen = [process for process in chosen if any(test(process) for test in asked.tests)]
    elif not asked.every:
        chosen = [shell, own]
    for name in reversed(asked.sort):
        value = COLUMNS[name.lstrip("+-")].value
        pairs = sorted(((value(host, p), place) for place, p in enumerate(chosen)), key=lambda pair: pair[0],
                       reverse=name.startswith("-"))  # fmt: skip
        chosen = [chosen[place] for _, place in pairs]
    return BuiltinResult(stdout=_table(host, chosen, asked), exit_code=0 if chosen else 1)


def _table(host: Host, chosen: list[Process], asked: PsOptions) -> str:
    columns = asked.own or asked.columns or DEFAULT
    layout = " ".join(f"{{:{'>' if column.right else '<'}{column.width}}}" for column, _ in columns)
    cells = [column.text or column.value for column, _ in columns]
    rows = [[head for _, head in columns]] if asked.headings and any(head for _, head in columns) else []
    rows += [[str(cell(host, process)) for cell in cells] for process in chosen]
    return "".join(f"{layout.format(*row).rstrip()}\n" for row in rows)


def _parse_options(words: list[str]) -> PsOptions:
    asked = PsOptions()
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            _long(asked, word, words)
        elif word.isdecimal():
            _choose(asked, "p", word)
        else:
            _letters(asked, word, words)
    return asked


def _long(asked: PsOptions, word: str, words: list[str]) -> None:
    name, _, value = word[2:].partition("=")
    if name in ("no-headers", "no-heading", "no-headings", "noheaders"):
        asked.headings = False
    elif name in ("forest", "headers", "cols", "width", "columns", "rows", "cumulative", "deselect"):
        return
    elif name in ("sort", "format", "pid", "ppid", "user", "User"):
        value = value or (words.pop(0) if words else "")
        if name == "sort":
            _sort(asked, value)
        elif name == "format":
            _columns(asked, value)
        else:
            _choose(asked, {"pid": "p", "ppid": "P", "user": "u", "User": "U"}[name], value)
    else:
        raise PsError(f"unknown gnu long option '--{name}'" if name else "garbage option")


def _letters(asked: PsOptions, word: str, words: list[str]) -> None:
    """Parse options by letter: -ef, -eo LIST, aux, axo LIST."""
    unix, letters = word.startswith("-"), word.lstrip("-")
    if unix and re.fullmatch(r"a[ux]{1,2}w*f?", letters):
        unix = False  # ps -aux means ps aux
    while letters:
        letter, letters = letters[0], letters[1:]
        if letter in "oOk" or (unix and letter in "CpUuqG") or (not unix and letter in "pU"):
            value = letters or (words.pop(0) if words else "")
            letters = ""
            if letter == "k":
                _sort(asked, value)
            elif letter in "oO":
                _columns(asked, value)
            else:
                _choose(asked, letter, value)
        elif letter in ("eA" if unix else "ax"):
            asked.every = True
        elif letter in "fF" and unix:
            asked.columns = FULL
        elif letter == "l":
            asked.columns = LONG
        elif letter == "u":
            asked.columns = AUX
        elif letter == "h":
            asked.headings = False
        elif letter not in "wfdajxMZLmHecgrSTnsvy":
            raise PsError("unsupported option (BSD syntax)" if not unix else "unsupported SysV option")
    if not unix and not asked.columns:
        asked.columns = BSD


def _columns(asked: PsOptions, names: str) -> None:
    if not names:
        raise PsError("list of output options must follow -o")
    for piece in re.split(r"[,\s]+", names[:500].strip(",")):
        name, equals, head = piece.partition("=")
        name = SAME.get(name.lower().split(":")[0], name.lower().split(":")[0])
        if name not in COLUMNS:
            raise PsError(f'unknown user-defined format specifier "{piece}"')
        asked.own.append((COLUMNS[name], head if equals else COLUMNS[name].head))


def _sort(asked: PsOptions, names: str) -> None:
    for name in names[:200].split(","):
        sign = name[:1] if name[:1] in "+-" else ""
        plain = SAME.get(name.lstrip("+-").lower(), name.lstrip("+-").lower())
        if plain not in COLUMNS:
            raise PsError("unknown sort specifier")
        asked.sort.append(sign + plain)


def _choose(asked: PsOptions, letter: str, value: str) -> None:
    wanted = set(re.split(r"[,\s]+", value.strip(", ")))
    if letter in "pqP" and not all(piece.isdecimal() for piece in wanted):
        raise PsError("process ID list syntax error" if value else "list of process IDs must follow -p")
    tests: dict[str, Callable[[Process], bool]] = {
        "p": lambda process: str(process.pid) in wanted,
        "q": lambda process: str(process.pid) in wanted,
        "P": lambda process: str(process.parent) in wanted,
        "C": lambda process: process.name[:15] in wanted,
    }
    asked.tests.append(tests.get(letter, lambda process: process.user in wanted))


COMMANDS: dict[str, Command] = {"ps": ps}
