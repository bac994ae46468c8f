"""Commands that find and kill processes: pgrep, pkill, kill, killall, pidof."""

import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

from bashkit import BuiltinResult

from fleet import signals
from fleet.actions import FailedAction
from fleet.linux.base_accounts import accounts
from fleet.linux.command import Command, CommandContext, Flags, fail, lacking, parse
from fleet.linux.manual import said_of_help
from fleet.linux.options import options
from fleet.linux.ps_columns import leader
from fleet.linux.refusals import Refusal, refused
from fleet.model import Host, Process
from fleet.signals import SIGNALS


def signal_of(text: str) -> str | None:
    """The signal's name: KILL for 9, KILL and SIGKILL; "0" for the existence check; None if there is no such signal."""
    if text.isdecimal():
        number = int(text[:4])
        return "0" if number == 0 else SIGNALS[number - 1] if number <= len(SIGNALS) else None
    name = text.upper().removeprefix("SIG")
    return name if name in SIGNALS else None


def _signal_in(argv: Sequence[str], *named_by: str) -> tuple[str | None, list[str]]:
    """(signal, other words) of arguments such as `-9 1 2` or `-s HUP 1`; `named_by` are options that a signal
    follows."""
    words, name = [], "TERM"
    pending = False
    for word in argv:
        if pending:
            name, pending = word, False
        elif word in named_by:
            pending = True
        elif word.startswith("--signal="):
            name = word.removeprefix("--signal=")
        elif re.fullmatch(r"-(\d{1,3}|[A-Z][A-Z0-9]+)", word) and not words:
            name = word[1:]
        elif word != "--":
            words.append(word)
    return signal_of(name), words


def kill(context: CommandContext) -> BuiltinResult:
    argv = context.argv
    if argv[:1] in (["-l"], ["-L"], ["--list"]):
        if len(argv) > 1:
            name = signal_of(argv[1])
            return BuiltinResult(
                stdout=f"{(SIGNALS.index(name) + 1) if name in SIGNALS and not argv[1].isdecimal() else name}\n"
            )
        return BuiltinResult(stdout="".join(f"{number:2d}) SIG{name}\n" for number, name in enumerate(SIGNALS, 1)))
    first = argv[0] if argv else ""
    named = argv[1:2] if first in ("-s", "-n") else [first[1:]] if first[:1] == "-" and first not in ("-", "--") else []
    signal = signal_of(named[0]) if named else "TERM"
    if signal is None:
        return fail(f"bash: line 1: kill: {named[0]}: invalid signal specification")
    words = argv[2:] if first in ("-s", "-n") else argv[1:] if named else argv
    words = words[1:] if words[:1] == ["--"] else words
    if not words:
        return fail("kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]", 2)
    errors = ""
    for word in words:
        pids = {process.pid for process in context.host.processes}
        if re.fullmatch(r"%\d", word):
            lacking(context, "kill %JOB")
        elif not re.fullmatch(r"-?\d{1,10}", word):
            wrong = "no such job" if word.startswith("%") else "arguments must be process or job IDs"
            errors += f"bash: line 1: kill: {word}: {wrong}\n"
        elif int(word) == -1:
            for process in context.host.processes:
                send(context, signal, process.pid)
        elif int(word) == context.host.next_pid:  # the shell that runs the line, as ps shows it
            if signal != "0":
                lacking(context, "kill of its own shell")
        elif abs(int(word)) not in pids:
            errors += f"bash: line 1: kill: ({word}) - No such process\n"
        else:
            send(context, signal, abs(int(word)))
    return BuiltinResult(stderr=errors, exit_code=1 if errors else 0)


def send(context: CommandContext, signal: str, pid: int) -> None:
    """Send a signal to a process if it still exists: a worker may have gone with its main process."""
    host = signals.kill(context.host, pid, signal)
    if not isinstance(host, FailedAction):
        context.change(host)


MATCHING = """
    -f --full
    -x --exact
    -u --euid=
    -U --uid=
    -P --parent=
    -G --group=
    -g --pgroup=
    -s --session=
    -t --terminal=
    -r --runstates=
    -O --older=
    -F --pidfile=
    ~ -L --logpidfile
    ~ -A --ignore-ancestors
    -v --inverse
    -i --ignore-case
    -n --newest
    -o --oldest
    -c --count
"""


def _matching(host: Host, pattern: str, flags: Flags) -> list[Process]:
    """Processes whose name (with -f: command line) contains the pattern, as in pgrep."""
    fold = str.lower if "i" in flags else str
    globs = [fold(glob) for glob in _globs(pattern, "x" in flags)]
    users = [user for name in "uU" if name in flags for user in flags.get(name).split(",")]
    lists = {name: flags.get(name).split(",") for name in "PGgstr" if name in flags}
    uids = accounts(host)
    own: dict[str, Callable[[Process], set[str]]] = {
        "P": lambda process: {str(process.parent)},
        "G": lambda process: {process.user, str(uids.get(process.user))},
        "g": lambda process: {str(leader(host, process))},
        "s": lambda process: {str(leader(host, process))},
        "t": lambda process: {process.tty},
        "r": lambda process: {process.state[:1]},
    }

    def fits(process: Process) -> bool:
        text = fold(process.command if "f" in flags else process.name[:15])
        return (
            any(fnmatchcase(text, glob) for glob in globs)
            and (not users or process.user in users or str(uids.get(process.user)) in users)
            and all(own[name](process) & set(values) for name, values in lists.items())
            and ("O" not in flags or host.now - process.started >= int(flags.get("O")))
            and ("F" not in flags or str(process.pid) == flags.get("F"))
        )

    found = [process for process in sorted(host.processes, key=lambda process: process.pid)
             if fits(process) != ("v" in flags)]  # fmt: skip
    if "n" in flags or "o" in flags:
        found = sorted(found, key=lambda process: (process.started, process.pid), reverse="n" in flags)[:1]
    return found


def _globs(pattern: str, whole: bool) -> list[str]:
    """A pattern's alternatives as globs, where a repeated piece matches anything: Python's regular expressions could
    take hours."""
    globs = []
    for choice in pattern[:200].strip("()").split("|"):
        pieces = re.findall(r"(\[[^\]]+\]|\\.|.)([*+?]?)", choice.removeprefix("^").removesuffix("$"))
        text = "".join("*" if times else "?" if piece == "." else _literal(piece) for piece, times in pieces)
        front = "" if whole or choice.startswith("^") else "*"
        globs.append(front + text + ("" if whole or choice.endswith("$") else "*"))
    return globs


def _literal(piece: str) -> str:
    if len(piece) > 2:
        return piece.replace("[^", "[!")
    return f"[{piece[-1]}]" if piece[-1] in "*?[" else piece[-1]


PGREP = options(
    MATCHING
    + """
    -l --list-name
    -a --list-full
    -d --delimiter=
    ~ -w --lightweight
    ~ --signal=
"""
)
PKILL = options(
    MATCHING
    + """
    -e --echo
"""
)
KILLALL = options("""
    -e --exact
    -q --quiet
    -u --user=
    -v --verbose
    ~ -w --wait
""")
_CRITERIA = frozenset("uUPGgstrOF")


def _refused(context: CommandContext, flags: Flags) -> BuiltinResult | None:
    """The refusal of values that are none, or of a command line without any criterion."""
    if {"n", "o"} <= flags.values.keys():
        said = said_of_help(context.name)
        return BuiltinResult(stderr=f"\n{said.stdout}" if said else "", exit_code=2)
    if wrong := _wrong_pattern(flags.words[0] if flags.words else ""):
        return fail(f"{context.name}: regex error: {wrong}", 2)
    if "O" in flags and not flags.get("O").isdecimal():
        return fail(f"{context.name}: invalid argument for option --older: {flags.get('O')}", 2)
    users = accounts(context.host)
    for user in ",".join(flags.get(name) for name in "uU" if name in flags).split(","):
        if user and user not in users and not user.isdecimal():
            return fail(f"{context.name}: invalid user name: {user}", 2)
    if "F" in flags:
        file = context.host_files.file(context.pull(), context.absolute(flags.get("F")))
        if file is None or not file.content.strip().isdecimal():
            hint = f"Try `{context.name} --help' for more information."
            return fail(f"{context.name}: pidfile not valid\n{hint}", 2 if file else 1)
        flags.values["F"] = file.content.strip()
    return _unasked(context, flags)


def _wrong_pattern(text: str) -> str:
    """What the C library says of brackets that are not closed; "" if they are."""
    plain = re.sub(r"\\.|\[\^?\]?[^\]]*\]", "", text)
    if "[" in plain:
        return "Invalid regular expression"
    return "Unmatched ( or \\(" if plain.count("(") > plain.count(")") else ""


def _unasked(context: CommandContext, flags: Flags) -> BuiltinResult | None:
    """The refusal of a command line without any criterion."""
    if flags.words[1:]:
        why = "only one pattern can be provided"
    elif flags.words or _CRITERIA & flags.values.keys():
        return None
    else:
        why = "no matching criteria specified"
    return fail(f"{context.name}: {why}\nTry `{context.name} --help' for more information.", 2)


def pgrep(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, PGREP)
    if refusal := _refused(context, flags):
        return refusal
    found = _matching(context.host, flags.words[0] if flags.words else "", flags)
    if "c" in flags:
        return BuiltinResult(stdout=f"{len(found)}\n", exit_code=0 if found else 1)
    detail = "command" if "a" in flags else "name" if "l" in flags else ""
    lines = [f"{process.pid} {getattr(process, detail)}" if detail else str(process.pid) for process in found]
    joint = flags.get("d", "\n")
    return BuiltinResult(stdout=joint.join(lines) + "\n" if lines else "", exit_code=0 if found else 1)


def pkill(context: CommandContext) -> str | BuiltinResult:
    given = context.argv
    signal, context.argv = _signal_in(given, "--signal")
    if signal is None and re.match(r"-[A-Z]", given[0]):
        return refused(Refusal("pkill", given[0][:2], word=given[0]))
    if signal is None:
        return fail("pkill: unknown signal", 2)
    flags = parse(context, PKILL)
    if refusal := _refused(context, flags):
        return refusal
    found = _matching(context.host, flags.words[0] if flags.words else "", flags)
    for process in found:
        send(context, signal, process.pid)
    told = "".join(f"{process.name} killed (pid {process.pid})\n" for process in found) if "e" in flags else ""
    told += f"{len(found)}\n" if "c" in flags else ""
    return BuiltinResult(stdout=told, exit_code=0 if found else 1)


def killall(context: CommandContext) -> str | BuiltinResult:
    signal, context.argv = _signal_in(context.argv, "-s", "--signal")
    if signal is None:
        return fail("killall: unknown signal; killall -l lists signals.")
    flags = parse(context, KILLALL)
    if not flags.words:
        return fail("Usage: killall [OPTION]... [--] NAME...")
    missing, told = "", ""
    for name in flags.words:
        found = [
            process
            for process in context.host.processes
            if process.name == name and flags.get("u", process.user) == process.user
        ]
        missing += "" if found or "q" in flags else f"{name}: no process found\n"
        for process in found:
            send(context, signal, process.pid)
            number = SIGNALS.index(signal) + 1 if signal in SIGNALS else 0
            told += f"Killed {process.name}({process.pid}) with signal {number}\n" if "v" in flags else ""
    return BuiltinResult(stderr=told + missing, exit_code=1 if missing else 0)


PIDOF = options("""
    -s
    ~ -x
    ~ -c
    ~ -n
    -q
    -o=
""")


def pidof(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, PIDOF)
    spared = ",".join(flags.every("o")).split(",")
    processes = [process for process in context.host.processes
                 if {process.name, process.command.partition(" ")[0]} & set(flags.words)]  # fmt: skip
    found = [str(process.pid) for process in processes if str(process.pid) not in spared]
    found = sorted(found, key=int, reverse=True)[: 1 if "s" in flags else None]
    return BuiltinResult("" if "q" in flags or not found else " ".join(found) + "\n", exit_code=0 if found else 1)


COMMANDS: dict[str, Command] = {
    "kill": kill,
    "pgrep": pgrep,
    "pkill": pkill,
    "killall": killall,
    "pidof": pidof,
}
