"""What every simulated command uses: its context, getopt-style flags, and error results."""

import posixpath
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bashkit import BuiltinResult

from fleet.gaps import Gap
from fleet.linux.host_files import HostFiles
from fleet.linux.manual import ToolText, real_options, said_of_help, said_of_version
from fleet.linux.options import Flags, OptionError, OptionTable, options, read_options
from fleet.linux.refusals import Refusal, refused, surplus
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
    env: dict[str, str] = field(default_factory=dict)
    """the exported variables"""

    @property
    def user(self) -> str:
        """Who runs the command: root, or whom sudo was asked for."""
        return self.env.get("USER", ROOT) if "SUDO_COMMAND" in self.env else ROOT

    def new_mode(self, wanted: int) -> int:
        """The permissions of something new: those wanted, less the mask."""
        return wanted & ~self.host_files.umask

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


ROOT = "root"
"""The user that the agent runs as."""
Command = Callable[[CommandContext], "str | BuiltinResult"]


class UsageError(Exception):
    """A command line that ends here, such as one with an unknown option; carries the result to return."""

    def __init__(self, result: BuiltinResult) -> None:
        super().__init__(result.stderr)
        self.result = result


NO_OPTIONS = options("")


def parse(
    context: CommandContext, known: OptionTable = NO_OPTIONS, most: int | None = None, mixed: bool = True
) -> Flags:
    """Parse argv like GNU getopt, by a table of options and the largest number of operands; `mixed`: options may follow
    operands. An option of the real tool that is not in the table is a gap.

    Raises:
        UsageError: --version, --help, an option that is not in the table, or an operand too many; carries the real
            tool's words.
    """
    context.name = name = context.name.rsplit("/", 1)[-1]
    asked = context.argv if mixed else context.argv[:1]
    if "--help" in asked and "--help" not in known.spelled:
        raise UsageError(_told(context, said_of_help(name), "--help"))
    if "--version" in asked and "--version" not in known.spelled:
        raise UsageError(_told(context, said_of_version(name, context.host), "--version"))
    try:
        flags = read_options(context.argv, known, mixed)
    except OptionError as error:
        raise UsageError(refuse(context, error)) from error
    if most is not None and len(flags.words) > most:
        raise UsageError(surplus(name, flags.words[most]))
    return flags


def _told(context: CommandContext, said: ToolText | None, option: str) -> BuiltinResult:
    """What a tool says of itself; a gap if that is not known."""
    if said is None:
        return unknown_option(context, option)
    return BuiltinResult(stdout=said.stdout, stderr=said.stderr, exit_code=said.code)


def refuse(context: CommandContext, error: OptionError) -> BuiltinResult:
    """The real tool's refusal of an option; if the real tool has the option, that is a gap of ours."""
    if error.why == "unknown":
        return unknown_option(context, error.option, error.word)
    return refused(Refusal(context.name, error.option, error.why, error.word))


def unknown_option(context: CommandContext, option: str, word: str = "") -> BuiltinResult:
    """As `refuse`, for an option that is not known. Of a tool whose options nobody has noted down, any may be real."""
    real = real_options(context.name)
    if option in real or not real:
        context.machine.gaps.append(Gap("option", f"{context.name} {option}"))
    return refused(Refusal(context.name, option, word=word or option))


def lacking(context: CommandContext, what: str, result: BuiltinResult | None = None) -> BuiltinResult:
    """What a real host would do here is not simulated: a gap."""
    context.machine.gaps.append(Gap("command", what))
    return result or not_found(context.name)


def fail(message: str, code: int = 1, stdout: str = "") -> BuiltinResult:
    return BuiltinResult(stdout=stdout, stderr=f"{message}\n", exit_code=code)


def not_found(name: str) -> BuiltinResult:
    """The shell's error for a program that is not installed."""
    return fail(f"bash: line 1: {name}: command not found", 127)


def table(rows: Sequence[Sequence[str]], right: Sequence[int] = (), gap: int = 1) -> str:
    """Rows as aligned columns; those in `right` are right-aligned, and the last column is not padded."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    layout = (" " * gap).join(f"{{:{'>' if place in right else '<'}{width}}}" for place, width in enumerate(widths))
    return "".join(f"{layout.format(*row).rstrip()}\n" for row in rows)
