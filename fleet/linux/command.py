"""What a simulated command works with: its context, its flags read as getopt does, and failures in the usual words."""

import getopt
import posixpath
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bashkit import BuiltinResult

from fleet.linux.host_files import HostFiles
from fleet.model import Host, Machine


@dataclass(slots=True)
class CommandContext:
    """One use of a command."""

    name: str
    argv: list[str]
    stdin: str
    cwd: str
    machine: Machine
    host_files: HostFiles

    @property
    def host(self) -> Host:
        """The host as of now, with its files as the shell last saw them; after `pull`, as they are."""
        return self.machine.host

    def pull(self) -> Host:
        """The host with its files as they are in the shell's file system: for commands that look at files or space."""
        self.machine.host = self.host_files.pull(self.machine.host)
        return self.machine.host

    def absolute(self, path: str) -> str:
        """A path as seen from the working directory, without `.`, `..` and doubled slashes."""
        return posixpath.normpath(posixpath.join("/", self.cwd, path.replace("\0", ""))).replace("//", "/")

    def change(self, host: Host) -> None:
        """Make `host` the state; files that differ are written to the shell's file system."""
        self.host_files.push(self.machine.host, host)
        self.machine.host = host


VERSION = "9.1"
"""What a command says that is asked for its version; coreutils' of Debian 12."""
Command = Callable[[CommandContext], "str | BuiltinResult"]


@dataclass(slots=True)
class Flags:
    """Parsed options: every spelling of one option under its first name."""

    values: dict[str, str] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    pairs: list[tuple[str, str]] = field(default_factory=list)
    """(name, value) of every use, in order: for options that may be given several times"""

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def get(self, name: str, default: str = "") -> str:
        return self.values.get(name, default)

    def every(self, name: str) -> list[str]:
        """The values of all uses of one option."""
        return [value for key, value in self.pairs if key == name]


class UsageError(Exception):
    """A flag the command does not know; carries the result to give."""

    def __init__(self, result: BuiltinResult) -> None:
        super().__init__(result.stderr)
        self.result = result


def parse(
    context: CommandContext,
    short: str = "",
    long: Sequence[str] = (),
    same: dict[str, str] | None = None,
    code: int = 1,
) -> Flags:
    """Read argv like GNU getopt: `short` and `long` as in Python's getopt, `same` maps a spelling to the one kept.

    Raises:
        UsageError: an unknown option, with coreutils' words and exit code `code`.
    """
    name = context.name.rsplit("/", 1)[-1]
    if "--help" in context.argv:
        raise UsageError(BuiltinResult(stdout=f"Usage: {name} [OPTION]... [ARGUMENT]...\n"))
    if "--version" in context.argv:
        raise UsageError(BuiltinResult(stdout=f"{name} (Debian) {VERSION}\n"))
    try:
        options, words = getopt.gnu_getopt(context.argv, short, list(long))
    except getopt.GetoptError as error:
        name = context.name
        shown = f"invalid option -- '{error.opt}'" if len(error.opt) == 1 else f"unrecognized option '--{error.opt}'"
        if "requires argument" in error.msg:
            shown = f"option requires an argument -- '{error.opt}'"
        text = f"{name}: {shown}\nTry '{name} --help' for more information.\n"
        raise UsageError(BuiltinResult(stderr=text, exit_code=code)) from error
    names = same or {}
    pairs = [(names.get(flag.lstrip("-"), flag.lstrip("-")), value) for flag, value in options]
    return Flags(dict(pairs), words, pairs)


def fail(message: str, code: int = 1, stdout: str = "") -> BuiltinResult:
    return BuiltinResult(stdout=stdout, stderr=f"{message}\n", exit_code=code)


def not_found(name: str) -> BuiltinResult:
    """What the shell says of a program that is not installed."""
    return fail(f"bash: line 1: {name}: command not found", 127)


def table(rows: Sequence[Sequence[str]], right: Sequence[int] = (), gap: int = 1) -> str:
    """Rows as aligned columns, those in `right` flush right; the last column is not padded."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]

    def line(row: Sequence[str]) -> str:
        cells = [
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return (" " * gap).join(cells).rstrip()

    return "".join(f"{line(row)}\n" for row in rows)
