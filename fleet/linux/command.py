"""What every simulated command uses: its context, getopt-style flags, and error results."""

import getopt
import posixpath
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bashkit import BuiltinResult

from fleet.linux.host_files import HostFiles
from fleet.model import Host, Machine


@dataclass(slots=True)
class CommandContext:
    """One invocation of a command."""

    name: str
    argv: list[str]
    stdin: str
    cwd: str
    machine: Machine
    host_files: HostFiles

    @property
    def host(self) -> Host:
        """The current host, with its files as of the last `pull`."""
        return self.machine.host

    def pull(self) -> Host:
        """The host with the files now in the shell's file system: for commands that look at files or free space."""
        self.machine.host = self.host_files.pull(self.machine.host)
        return self.machine.host

    def absolute(self, path: str) -> str:
        """The absolute path, relative to the working directory, without `.`, `..` and doubled slashes."""
        return posixpath.normpath(posixpath.join("/", self.cwd, path.replace("\0", ""))).replace("//", "/")

    def change(self, host: Host) -> None:
        """Make `host` the new state; changed files are written to the shell's file system."""
        self.host_files.push(self.machine.host, host)
        self.machine.host = host


VERSION = "9.1"
"""The version that commands report: that of Debian 12's coreutils."""
Command = Callable[[CommandContext], "str | BuiltinResult"]


@dataclass(slots=True)
class Flags:
    """Parsed options; every spelling of an option is stored under its first name."""

    values: dict[str, str] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    pairs: list[tuple[str, str]] = field(default_factory=list)
    """(name, value) of every occurrence, in order: for options that may be repeated"""

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def get(self, name: str, default: str = "") -> str:
        return self.values.get(name, default)

    def every(self, name: str) -> list[str]:
        """The values of all occurrences of an option."""
        return [value for key, value in self.pairs if key == name]


class UsageError(Exception):
    """An unknown flag; carries the result to return."""

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
    """Parse argv like GNU getopt: `short` and `long` as in Python's getopt; `same` maps other spellings to the stored
    one.

    Raises:
        UsageError: an unknown option; carries coreutils' message and exit code `code`.
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
    """The shell's error for a program that is not installed."""
    return fail(f"bash: line 1: {name}: command not found", 127)


def table(rows: Sequence[Sequence[str]], right: Sequence[int] = (), gap: int = 1) -> str:
    """Rows as aligned columns; those in `right` are right-aligned, and the last column is not padded."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]

    def line(row: Sequence[str]) -> str:
        cells = [
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return (" " * gap).join(cells).rstrip()

    return "".join(f"{line(row)}\n" for row in rows)
