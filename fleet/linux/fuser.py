"""fuser: which processes have a port or a file open."""

import re

from bashkit import BuiltinResult

from fleet import signals
from fleet.linux.command import Command, CommandContext, fail, parse
from fleet.linux.connectivity import SERVICES
from fleet.linux.file_tree import node
from fleet.linux.lsof import open_files
from fleet.linux.manual import said_of_help
from fleet.linux.options import Flags, options
from fleet.linux.processes import send
from fleet.linux.sockets import sockets
from fleet.model import Process

FUSER = options("""
    -a --all
    -k --kill
    -n --namespace=
    -s --silent
    -u --user
    -v --verbose
    -l --list-signals
    ~ -4 --ipv4
    ~ -I --inode
""")
_LETTERS = {"cwd": "c", "rtd": "r", "txt": "e", "mem": "m"}
"""Descriptor as lsof shows it -> fuser's letter."""
Holders = list[tuple[Process, str]]
"""(process, how it has the file open)"""
_SIGNAL = re.compile(r"-(?:(?:SIG)?[A-Z]{2,}\d?|(?!4$|6$)\d{1,2})")
_HEAD = f"{'':20} USER        PID ACCESS COMMAND\n"


def _fuser(context: CommandContext) -> BuiltinResult:
    given = [word[1:] for word in context.argv if _SIGNAL.fullmatch(word)]
    context.argv = [word for word in context.argv if not _SIGNAL.fullmatch(word)]
    flags = parse(context, FUSER)
    if "l" in flags:
        return BuiltinResult(" ".join(signals.SIGNALS) + "\n")
    signal = _signal(given[-1]) if given else "KILL"
    if signal is None:
        return fail(f"Unknown signal {given[-1]}; fuser -l lists signals.")
    if not flags.words:
        said = said_of_help("fuser")
        return fail(f"No process specification given\n{said.stderr.rstrip() if said else ''}")
    context.pull()
    out, errors, code = "", "", 1
    heading = "v" in flags
    for word in flags.words:
        found = _users(context, word, flags.get("n", "file"))
        if isinstance(found, str):
            errors += f"{found}\n"
            continue
        name, holders = found
        if not holders and "a" not in flags:
            continue
        code = 0 if holders else code
        if "s" not in flags:
            errors += _HEAD if heading else ""
            heading = False
            out += "" if "v" in flags else "".join(f" {process.pid:>5}" for process, _ in holders)
            errors += _rows(name, holders) if "v" in flags else f"{name + ':':<20}{_beside(holders, flags)}\n"
        for process, _ in holders if "k" in flags else ():
            send(context, signal, process.pid)
    return BuiltinResult(out, errors, code)


def _signal(word: str) -> str | None:
    if word.isdecimal():
        return signals.SIGNALS[int(word) - 1] if 0 < int(word) <= len(signals.SIGNALS) else None
    name = word.removeprefix("SIG")
    return name if name in signals.SIGNALS else None


def _users(context: CommandContext, word: str, space: str) -> tuple[str, Holders] | str:
    """(the name as shown, the processes that have it open), or why there is none."""
    host = context.host
    port, sign, kind = word.rpartition("/")
    path = context.absolute(word)
    if space in ("tcp", "udp") or (sign and kind in ("tcp", "udp") and node(context, path) is None):
        port, kind = (word, space) if space in ("tcp", "udp") else (port, kind)
        numbers = {name: number for number, name in SERVICES.items()}
        number = int(port[:6]) if port.isdecimal() else numbers.get(port)
        if number is None:
            return f"Cannot resolve local port {port}: Servname not supported for ai_socktype"
        pids = {pid for socket in sockets(host) for _, pid in socket.users if socket.local[1] == number}
        holders = [process for process in host.processes if process.pid in pids and kind == "tcp"]
        return f"{port}/{kind}", [(process, "F....") for process in holders]
    found = node(context, path)
    if found is None:
        return f"Specified filename {word} does not exist."
    places: dict[int, str] = {}
    held: dict[int, Process] = {}
    for file in open_files(context):
        if file.name == found.path:
            letter = _LETTERS.get(file.descriptor, "F" if file.mode in ("w", "u") else "f")
            held[file.process.pid] = file.process
            places[file.process.pid] = places.get(file.process.pid, "") + letter
    return word, [(held[pid], _access(letters)) for pid, letters in places.items()]


def _access(letters: str) -> str:
    """What a process does with a file, as fuser -v shows it: F.c.."""
    first = "F" if "F" in letters else "f" if "f" in letters else "."
    return first + "".join(letter if letter in letters else "." for letter in "rcem")


def _beside(holders: Holders, flags: Flags) -> str:
    """What stands behind each number, on the standard error."""
    return "".join(
        "".join(letter for letter in access if letter in "rcem") + (f"({process.user})" if "u" in flags else "")
        for process, access in holders
    )


def _rows(name: str, holders: Holders) -> str:
    fronts = [f"{name}:", *[""] * (len(holders) - 1)]
    return "".join(
        f"{front:<20} {process.user:<8.8} {process.pid:>6} {access} {process.name}\n"
        for front, (process, access) in zip(fronts, holders, strict=True)
    )


COMMANDS: dict[str, Command] = {"fuser": _fuser}
