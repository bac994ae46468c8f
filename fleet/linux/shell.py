"""A Linux host's shell: bashkit, a sandboxed bash with an in-memory file system.

Its commands read and change the host's state; nothing runs on the real machine.
"""

import re
from collections.abc import Callable
from threading import Lock, Thread, stack_size

from bashkit import AnalyzedCommand, Bash, BashError, BuiltinContext, BuiltinResult, ExecResult, ExecutionProfile

from fleet.actions import tick
from fleet.linux import (
    base_system,
    clock,
    copying,
    disk_use,
    find,
    listing,
    mounts,
    network,
    nginx,
    packages,
    processes,
    ps,
    sessions,
    system,
    terminal,
    usage,
)
from fleet.linux.command import Command, CommandContext, UsageError
from fleet.linux.docker import commands as docker
from fleet.linux.error_words import translate
from fleet.linux.git import commands as git
from fleet.linux.host_files import HostFiles
from fleet.linux.systemd import commands as systemd
from fleet.linux.systemd import journal
from fleet.model import Host, Machine

COMMANDS: dict[str, Command] = {
    **system.COMMANDS,
    **clock.COMMANDS,
    **sessions.COMMANDS,
    **listing.COMMANDS,
    **find.COMMANDS,
    **copying.COMMANDS,
    **disk_use.COMMANDS,
    **mounts.COMMANDS,
    **processes.COMMANDS,
    **ps.COMMANDS,
    **usage.COMMANDS,
    **terminal.COMMANDS,
    **systemd.COMMANDS,
    **journal.COMMANDS,
    **docker.COMMANDS,
    **network.COMMANDS,
    **packages.COMMANDS,
    **nginx.COMMANDS,
    **git.COMMANDS,
}
PLAIN = frozenset(
    (*COMMANDS, "cat", "head", "grep", "egrep", "fgrep", "cut", "tr", "wc", "sort", "uniq", "nl", "tac", "rev", "echo",
     "printf", "test", "[", "true", "false", "cd", "pwd", "basename", "dirname", "seq", "column", "fold", "exit", ":",
     "export", "type", "which")
)  # fmt: skip
"""Commands that start no other command and write no file unless redirected (`sort -o` is noticed at the next sync);
ours report their own changes to the host."""
WRAPPERS = frozenset(("sudo", "env", "nice", "nohup", "timeout", "time", "command", "xargs"))
"""Commands that start another one, named in their arguments."""

MAX_COMMANDS = 2_000
MAX_SECONDS = 20
"""Real seconds for one command line, whatever time-out AJ asks for. On a busy machine a plain one has taken more than
two, and its time-out stood in a training row as a result; endless ones end with MAX_COMMANDS long before."""
MAX_MEMORY = 16 * 2**20
"""Bytes for files and variables."""
STACK = 256 * 2**20
"""Bytes. Two thousand nested `eval`s, which MAX_COMMANDS permits, overflow an ordinary stack and kill the process."""
MAX_LINE = 32 * 2**10
"""Longest command line in characters: Linux itself accepts no argument over 128 KiB."""


class LinuxShell:
    """A shell on one host; its commands replace `machine.host`."""

    def __init__(self, machine: Machine, folder: str = "/root") -> None:
        self._machine = machine
        self._folder = folder
        self._host_files = HostFiles()
        self._faults: list[BaseException] = []
        self._bash: Bash | None = None
        self._last = machine.host
        """the state that the shell's files reflect"""

    def run(self, line: str) -> tuple[str, str, int]:
        """(standard output, standard error, exit code) of a command line. Never raises because of the line's
        content."""
        if len(line) > MAX_LINE:
            return "", "bash: Argument list too long\n", 126
        line = line.encode("utf-8", "replace").decode()  # a lone surrogate is not text
        # Created on first use: a Bash takes memory, and most hosts of most fleets are never used.
        bash = self._bash = self._bash or self._start()
        self._catch_up(bash)
        writes, nests = _judged(bash, line)
        if "/proc" in line or "EPOCH" in line:
            base_system.refresh_proc(bash, self._machine.host)
        self._host_files.fresh = not writes
        partial: list[str] = []

        def execute() -> ExecResult:
            return bash.execute_sync(line, on_output=lambda out, err: partial.append(out))

        done = _with_stack(execute) if nests else execute()
        self._host_files.fresh = False
        if done.error and "call limit" in done.error:  # bashkit ends a shell after 250 lines; a real one continues
            self._restart()
            return self.run(line)
        if self._faults:
            raise self._faults.pop()
        if writes:
            self.sync()
        # `exec >file` would silence every later line, and what a time-out leaves behind would show up in the next one.
        if re.search(r"(?<!-)\bexec\b", line) or re.search("session|timeout", done.error or ""):
            self._restart()
        self._machine.host = self._last = tick(self._machine.host)
        return translate(done, "".join(partial))

    def sync(self) -> Host:
        """The host, including the files that the shell has written."""
        if self._bash is not None and not self._host_files.fresh:
            with self._host_files.within(self._bash.fs()):
                self._machine.host = self._last = self._host_files.pull(self._machine.host)
            self._host_files.fresh = True
        return self._machine.host

    def _catch_up(self, bash: Bash) -> None:
        """Update the shell's files with what others have changed on the host since the last line."""
        if self._machine.host.files is not self._last.files:
            with self._host_files.within(bash.fs()):
                self._host_files.push(self._last, self._machine.host)

    def _restart(self) -> None:
        """Start a new shell on the same files, in the same folder."""
        old = self._bash
        assert old is not None
        self.sync()
        self._folder, self._host_files = old.shell_state().cwd, HostFiles()
        self._bash = self._start()
        base_system.copy_folders(old.fs(), self._bash.fs())

    def _start(self) -> Bash:
        host = self._machine.host
        bash = Bash(
            hostname=host.name,
            username="root",
            cwd=self._folder,
            env=base_system.ENVIRONMENT,
            files=base_system.initial_files(host, COMMANDS),
            custom_builtins={
                name: _builtin(command, self._machine, self._host_files, self._faults)
                for name, command in COMMANDS.items()
            },
            timeout_seconds=MAX_SECONDS,
            max_commands=MAX_COMMANDS,
            max_memory=MAX_MEMORY,
            profile=ExecutionProfile.Hardened,
        )
        base_system.set_up(bash, host, COMMANDS)
        with self._host_files.within(bash.fs()):
            self._host_files.attach(host.files)
        self._last = host
        return bash


def _judged(bash: Bash, line: str) -> tuple[bool, bool]:
    """(may write files other than through our commands, may nest); when unsure, True."""
    try:
        seen = bash.analyze(line)
    except BashError:
        return False, False  # it does not parse, so it does not run
    plain = not (seen.is_opaque or seen.functions) and all(
        command.is_assignment_only or command.name in PLAIN or _wraps_plain(command) for command in seen.commands
    )
    writes = any(redirect.is_write and redirect.path != "/dev/null" for redirect in seen.redirects)
    return writes or not plain, not plain


def _wraps_plain(command: AnalyzedCommand) -> bool:
    """Whether a wrapper starts one plain command: sudo df -h, timeout 5 journalctl."""
    if command.name not in WRAPPERS or None in command.args:
        return False
    words = [word for word in command.args if word and not re.match(r"-|\w+=|\d", word)]
    return not words or words[0] in PLAIN


_STARTING = Lock()


def _with_stack(execute: Callable[[], ExecResult]) -> ExecResult:
    """The result of `execute`, called with a stack of STACK bytes (virtual: unused ones take no memory)."""
    results: list[ExecResult | BaseException] = []

    def work() -> None:
        try:
            results.append(execute())
        except BaseException as error:
            results.append(error)

    thread = Thread(target=work, daemon=True)
    with _STARTING:
        before = stack_size(STACK)
        thread.start()
        stack_size(before)
    thread.join()
    if isinstance(results[0], BaseException):
        raise results[0]
    return results[0]


def _builtin(
    command: Command, machine: Machine, host_files: HostFiles, faults: list[BaseException]
) -> Callable[[BuiltinContext], str | BuiltinResult]:
    """`command` in the form that bashkit calls. It does not reference the Bash, so the two form no cycle and are freed
    at once."""

    def call(given: BuiltinContext) -> str | BuiltinResult:
        context = CommandContext(given.name, list(given.argv), given.stdin or "", given.cwd, machine, host_files)
        try:
            with host_files.within(given.fs):
                return command(context)
        except UsageError as error:
            return error.result
        except RuntimeError as error:
            if str(error).startswith(
                "io error: "
            ):  # the shell's file system refused: a name, a size, the number of files
                return BuiltinResult(stderr=f"{given.name}: {str(error).removeprefix('io error: ')}\n", exit_code=1)
            faults.append(error)
            raise
        except Exception as error:
            faults.append(error)  # bashkit would report "builtin failed": our own bug must not look like AJ's mistake
            raise

    return call
