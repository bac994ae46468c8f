"""The ps command: the selections and formats of all three generations of its options."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from bashkit import BuiltinResult

from fleet.linux import ps_columns as formats
from fleet.linux.base_accounts import accounts
from fleet.linux.clock import DAY
from fleet.linux.command import Command, CommandContext, lacking
from fleet.linux.ps_columns import COLUMNS, HEADS, SAME, HeadedColumn
from fleet.model import Host, Process

Chosen = Callable[[Process], bool]


class PsError(Exception):
    """An invalid option, in ps's words."""


class PsGap(Exception):
    """An option of a real ps that is not simulated."""


@dataclass(slots=True)
class PsOptions:
    """The parsed options."""

    host: Host
    every: bool = False
    format: str = ""
    """letters of the formats that were asked for, those of BSD after a dot"""
    bsd: bool = False
    """whether a word without a dash was among the options"""
    own: list[HeadedColumn] = field(default_factory=list)
    """columns given by name (-o); they take precedence over a format given by letter"""
    added: list[HeadedColumn] = field(default_factory=list)
    """columns that -O puts behind the process id"""
    headings: bool = True
    forest: str = ""
    """f: branches are drawn; H: they are indented"""
    negated: bool = False
    names_only: bool = False
    sort: list[str] = field(default_factory=list)
    tests: list[Chosen] = field(default_factory=list)
    filters: list[Chosen] = field(default_factory=list)
    """what restricts a selection, such as r"""


USAGE = """Usage:
 ps [options]

 Try 'ps --help <simple|list|output|threads|misc|all>'
  or 'ps --help <s|l|o|t|m|a>'
 for additional help text.

For more details see ps(1).
"""


def ps(context: CommandContext) -> BuiltinResult:
    asked = PsOptions(context.host)
    try:
        _parse(asked, list(context.argv))
        columns = _columns_of(asked)
    except PsError as wrong:
        return BuiltinResult(stderr=f"error: {wrong}\n\n{USAGE}", exit_code=1)
    except PsGap as gap:
        return lacking(context, f"ps {gap}", BuiltinResult(exit_code=1))
    host = context.host
    line = " ".join(["ps", *context.argv])
    shell = Process(host.next_pid, 1, "root", 0.0, 3800, 7900, "Ss", "?", host.now, 0, "bash -c " + line)
    own = Process(host.next_pid + 1, shell.pid, "root", 0.0, 4100, 10_600, "R", "?", host.now, 0, line)
    chosen = sorted([*host.processes, shell, own], key=attrgetter("pid"))
    if asked.tests:
        chosen = [process for process in chosen if any(test(process) for test in asked.tests) != asked.negated]
    elif not asked.every:
        chosen = [process for process in chosen if (process in (shell, own)) != asked.negated]
    for test in asked.filters:
        chosen = [process for process in chosen if test(process)]
    for name in reversed(asked.sort):
        value = COLUMNS[name.lstrip("+-")].value
        pairs = sorted(((value(host, p), place) for place, p in enumerate(chosen)), key=lambda pair: pair[0],
                       reverse=name.startswith("-"))  # fmt: skip
        chosen = [chosen[place] for _, place in pairs]
    rows = _as_forest(chosen, asked.forest) if asked.forest else [("", process) for process in chosen]
    return BuiltinResult(stdout=_table(host, rows, columns, asked), exit_code=0 if chosen else 1)


def _as_forest(chosen: Sequence[Process], style: str) -> list[tuple[str, Process]]:
    """(what stands before the command, process), children below their parent."""
    pids = {process.pid for process in chosen}
    rows: list[tuple[str, Process]] = []

    def below(parent: int) -> list[Process]:
        return [process for process in chosen if process.parent == parent and process.pid != parent]

    def draw(process: Process, front: str, joint: str) -> None:
        rows.append((front + joint, process))
        if process.pid == 1 and style == "f":  # what init has started stands beside it
            for child in below(1):
                draw(child, "", "")
            return
        children = below(process.pid)
        for child in children:
            if style == "H":
                draw(child, front + "  ", "")
            else:
                bar = " |  " if joint and process is not last.get(process.parent) else "    " if joint else ""
                last[process.pid] = children[-1]
                draw(child, front + bar, " \\_ ")

    last: dict[int, Process] = {}
    roots = [process for process in chosen if process.parent not in pids]
    for process in sorted(roots, key=lambda process: not process.command.startswith("[")):
        draw(process, "", "")
    return rows


def _table(
    host: Host, processes: Sequence[tuple[str, Process]], columns: Sequence[HeadedColumn], asked: PsOptions
) -> str:
    order = [column for column, _ in columns]
    commands = [place for place, column in enumerate(order) if column in (formats.ARGS, formats.CMD, formats.COMM)]
    if asked.names_only:
        order = [formats.COMM if column in (formats.ARGS, formats.CMD) else column for column in order]
    middle = [f"{{:>{one.width}}}" if one.right else f"{{:<{one.width}.{one.width}}}" for one in order[:-1]]
    layout = " ".join([*middle, f"{{:>{order[-1].width}}}" if order[-1].right else "{}"])
    cells = [column.text or column.value for column in order]
    rows = [[head for _, head in columns]] if asked.headings and any(head for _, head in columns) else []
    text = "".join(f"{layout.format(*row).rstrip()}\n" for row in rows)
    # In a known format, the host's own processes keep their lines for the day.
    lines: dict[int, str] = {} if asked.own or asked.added else host.once(("ps", *order, host.now // DAY), dict)
    for front, process in processes:
        line = None if front else lines.get(process.pid)
        if line is None:
            row = [str(cell(host, process)) for cell in cells]
            for place in commands if front else ():
                row[place] = front + row[place]
            line = f"{layout.format(*row).rstrip()}\n"
            if not front and process.pid < host.next_pid:
                lines[process.pid] = line
        text += line
    return text


def _columns_of(asked: PsOptions) -> Sequence[HeadedColumn]:
    """The columns that the options ask for."""
    if asked.own:
        return asked.own
    letters = set(asked.format)
    if "y" in letters and "l" not in letters:
        raise PsError("modifier -y without format -l makes no sense")
    plain = formats.BSD if asked.bsd else formats.DEFAULT
    if asked.added:
        plain = formats.ADDED
        return [plain[0], *asked.added, *plain[1:]]
    known = {
        "": plain, "f": formats.FULL_BSD if asked.bsd else formats.FULL, "F": formats.EXTRA_FULL, "l": formats.LONG,
        "ly": formats.LONG_Y, "j": formats.JOBS, "L": formats.THREADS, "fL": formats.FULL_THREADS, "T": formats.SPIDS,
        ".u": formats.AUX, ".l": formats.BSD_LONG, ".j": formats.BSD_JOBS,
    }  # fmt: skip
    name = ("." if "." in letters else "") + "".join(sorted(letters - {"."}, key="fFjlLTuy".index))
    if name not in known:
        raise PsGap(f"of the formats {name}")
    return known[name]


def _parse(asked: PsOptions, words: list[str]) -> None:
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            _long(asked, word, words)
        elif re.fullmatch(r"\d[\d,]*", word):
            asked.bsd = True
            _choose(asked, "p", word)
        elif word.startswith("-") and not re.fullmatch(r"-a[ux]{1,2}w*f?", word):  # ps -aux means ps aux
            _unix(asked, word[1:], words)
        else:
            asked.bsd = True
            _bsd(asked, word.lstrip("-"), words)


_LONG = {"pid": "p", "quick-pid": "q", "ppid": "P", "user": "u", "User": "U", "group": "G", "Group": "G", "tty": "t",
    "sid": "s"}  # fmt: skip


def _long(asked: PsOptions, word: str, words: list[str]) -> None:
    name, _, value = word[2:].partition("=")
    if name in ("no-headers", "no-heading", "no-headings", "noheaders", "noheading"):
        asked.headings = False
    elif name == "forest":
        asked.forest = "f"
    elif name == "deselect":
        asked.negated = True
    elif name in ("headers", "rows", "lines"):  # pages are for terminals
        words[:1] = [] if name != "headers" and not value else words[:1]
    elif name in ("sort", "format", *_LONG):
        value = value or (words.pop(0) if words else "")
        if name == "sort":
            _sort(asked, value)
        elif name == "format":
            _columns(asked, value, f"--{name}")
        else:
            _choose(asked, _LONG[name], value, f"--{name}")
    elif name in ("cols", "width", "columns", "cumulative", "context", "info"):
        raise PsGap(f"--{name}")
    else:
        raise PsError("unknown gnu long option" if name else "garbage option")


def _unix(asked: PsOptions, letters: str, words: list[str]) -> None:
    """Options behind one dash: -ef, -eo LIST."""
    while letters:
        letter, letters = letters[0], letters[1:]
        if letter in "oOkCpqUuGgts":
            value, letters = letters or (words.pop(0) if words else ""), ""
            if letter == "k":
                _sort(asked, value)
            elif letter in "oO":
                _columns(asked, value, f"-{letter}")
            else:
                _choose(asked, letter, value)
        elif letter in "eA":
            asked.every = True
        elif letter in "ad":
            asked.tests.append(
                lambda process, tty=letter == "a": "s" not in process.state and (process.tty != "?" or not tty)
            )
        elif letter == "N":
            asked.negated = True
        elif letter == "H":
            asked.forest = "H"
        elif letter in "fFjlLTy":
            asked.format += letter
        elif letter in "cMPVZDm":
            raise PsGap(f"-{letter}")
        elif letter not in "wn":
            raise PsError("unsupported SysV option")


def _bsd(asked: PsOptions, letters: str, words: list[str]) -> None:
    """Options without a dash: aux, axo LIST."""
    while letters:
        letter, letters = letters[0], letters[1:]
        if letter in "oOkpqUt":
            value, letters = letters or (words.pop(0) if words else ""), ""
            if letter == "k":
                _sort(asked, value)
            elif letter in "oO":
                _columns(asked, value, letter)
            else:
                _choose(asked, letter, value)
        elif letter in "ax":
            asked.every = True
        elif letter in "ulj":
            asked.format += f".{letter}"
        elif letter == "f":
            asked.forest = "f"
        elif letter == "h":
            asked.headings = False
        elif letter == "r":
            asked.filters.append(lambda process: process.state[:1] in "RD")
        elif letter == "T":
            asked.tests.append(lambda process: process.tty == "?")
        elif letter == "c":
            asked.names_only = True
        elif letter in "svXmeSZVLn":
            raise PsGap(letter)
        elif letter not in "wgH":
            raise PsError("unsupported option (BSD syntax)")


def _columns(asked: PsOptions, names: str, option: str) -> None:
    if not names:
        raise PsError(f"format specification must follow {option}")
    chosen = asked.added if option.endswith("O") else asked.own
    for piece in re.split(r"[,\s]+", names[:500].strip(",")):
        asked_for, equals, head = piece.partition("=")
        name, _, width = asked_for.partition(":")
        given, name = name.lower(), SAME.get(name.lower(), name.lower())
        if name not in COLUMNS:
            raise PsError(f'unknown user-defined format specifier "{piece}"')
        column = COLUMNS[name].wide(int(width[:4])) if width.isdecimal() and int(width[:4]) else COLUMNS[name]
        chosen.append((column, head if equals else HEADS.get(given, column.head)))


def _sort(asked: PsOptions, names: str) -> None:
    for name in names[:200].split(","):
        sign = name[:1] if name[:1] in "+-" else ""
        plain = SAME.get(name.lstrip("+-").lower(), name.lstrip("+-").lower())
        if plain not in COLUMNS:
            raise PsError("unknown sort specifier")
        asked.sort.append(sign + plain)


_LISTS = {"p": "process IDs", "q": "process IDs", "P": "process IDs", "C": "command names", "U": "real user IDs",
    "u": "effective user IDs", "G": "real group IDs", "g": "session leader IDs", "t": "terminals",
    "s": "session IDs"}  # fmt: skip


def _choose(asked: PsOptions, letter: str, value: str, option: str = "") -> None:
    if not value:
        raise PsError(f"list of {_LISTS[letter]} must follow {option or f'-{letter}'}")
    wanted = set(re.split(r"[,\s]+", value.strip(", ")))
    users = accounts(asked.host)
    names = {str(uid): name for name, uid in users.items()}
    if letter in "pqPs" and not all(piece.isdecimal() for piece in wanted):
        raise PsError(f"{'session' if letter == 's' else 'process'} ID list syntax error")
    if letter in "UuG" and (unknown := [piece for piece in wanted if piece not in users and not piece.isdecimal()]):
        raise PsError(f"{'group' if letter == 'G' else 'user'} name does not exist" if unknown else "")
    ttys = {piece.removeprefix("/dev/").removeprefix("tty") for piece in wanted}
    if letter == "t" and not all(re.fullmatch(r"pts/\d+|\d+|S\d+|\?|-", tty) for tty in ttys):
        raise PsError("TTY could not be found")
    people = {names.get(piece, piece) for piece in wanted}
    tests: dict[str, Chosen] = {
        "P": lambda process: str(process.parent) in wanted,
        "C": lambda process: process.name[:15] in {name[:15] for name in wanted},
        "t": lambda process: process.tty.removeprefix("tty") in ttys or (process.tty == "?" and "-" in ttys),
        "s": lambda process: str(COLUMNS["sid"].value(asked.host, process)) in wanted,
        "g": lambda process: str(COLUMNS["sid"].value(asked.host, process)) in wanted or process.user in wanted,
        **dict.fromkeys("pq", lambda process: str(process.pid) in wanted),
        **dict.fromkeys("UuG", lambda process: process.user in people),
    }
    asked.tests.append(tests[letter])


COMMANDS: dict[str, Command] = {"ps": ps}
