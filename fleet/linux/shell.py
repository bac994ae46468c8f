"""A Linux host's shell: bashkit, a sandboxed bash with an in-memory file system.

Its commands read and change the host's state; nothing runs on the real machine.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from shlex import quote
from threading import Lock, Thread, stack_size

from bashkit import Bash, BuiltinContext, BuiltinResult, ExecResult, ExecutionProfile

from fleet.actions import tick
from fleet.gaps import Gap, fault
from fleet.linux import base_system, shell_functions
from fleet.linux.command import Command, CommandContext, UsageError, lacking, not_found
from fleet.linux.commands import COMMANDS
from fleet.linux.error_words import shell_gaps, translate
from fleet.linux.host_files import UMASK, HostFiles
from fleet.linux.kernel_settings import written
from fleet.linux.line_effects import LineEffects, confined, judged
from fleet.linux.manual import has_command, said_of_itself
from fleet.linux.own_pid import asks_another, with_pid
from fleet.linux.plain_lines import Builtin, Done, Given, PlainLine, plain_line, recalls, reminder
from fleet.linux.plain_lines import run as run_plainly
from fleet.linux.plain_tools import NotPlain
from fleet.linux.real_files import missed_files
from fleet.linux.standing_files import standing_files
from fleet.linux.terminal import TIMED_OUT
from fleet.model import Host, Machine

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
        self._bash: Bash | None = None
        self._lacking: set[str] = set()
        """commands that a real host may have and the fleet does not, as met so far"""
        self._helped = False
        """whether the shell has our functions: they take longer to define than most lines to run"""
        self._proc: dict[str, str] = {}
        """path -> content of the files in /proc and /sys, as last written"""
        self._new = b""
        """the shell before the first line that sets any: its variables and options, without files and functions"""
        self._last = machine.host
        """the state that the shell's files reflect"""
        self._builtins: dict[str, Builtin] = {}
        self._word, self._codes = "", ()
        """what the lines since bashkit's last one would have left there in $_ and PIPESTATUS"""

    def run(self, line: str) -> tuple[str, str, int]:
        """(standard output, standard error, exit code) of a command line. Never raises because of the line's
        content."""
        if len(line) > MAX_LINE:
            return "", "bash: Argument list too long\n", 126
        line = line.encode("utf-8", "replace").decode()  # a lone surrogate is not text
        try:
            return self._run(line)
        except Exception as error:
            self._machine.gaps.append(fault("bash", error))
            self._bash = None
            return "", "Killed\n", 137

    def _run(self, line: str) -> tuple[str, str, int]:
        # Created on first use: a Bash takes memory, and most hosts of most fleets are never used.
        bash = self._bash = self._bash or self._start()
        self._catch_up(bash)
        if "$" in line:
            line = with_pid(line, self._machine.host.next_pid)
            if asks_another(line):
                self._machine.gaps.append(Gap("command", "the number of another shell"))
        may = line_effects(line)
        if may.looks:
            self._proc = base_system.refresh_proc(bash, self._machine.host, self._proc, "sys" in line)
        self._host_files.umask, self._machine.hangs = UMASK, False
        self._machine.gaps += may.gaps
        plain = plain_line(line) if may.plain else None
        done = self._plainly(bash, plain) if plain else None
        return self._told(done, "", bash.shell_state().cwd) if done else self._by_bash(bash, line, may)

    def _plainly(self, bash: Bash, line: PlainLine) -> Done | None:
        """The result of a plain line; None, with nothing done, if it takes bashkit after all."""
        state, fs, host = bash.shell_state(), bash.fs(), self._machine.host
        if not line.changes_no_folder(state, fs):
            return None
        met = len(self._machine.gaps)
        try:
            done = run_plainly(line, self._builtins, state, fs)
        except NotPlain:
            if self._machine.host is not host:
                raise
            del self._machine.gaps[met:]
            self._machine.hangs = False
            return None
        self._word, self._codes = done.word or self._word, done.codes
        self.sync()
        return done

    def _by_bash(self, bash: Bash, line: str, may: LineEffects) -> tuple[str, str, int]:
        for name in may.lack - self._lacking:
            self._lacking.add(name)
            lacking_one = _builtin(_lacking_command, self._machine, self._host_files)
            bash.add_builtin(name, lacking_one)  # pyright: ignore[reportAttributeAccessIssue]  # not in its stubs
        if may.calls and not self._helped:
            self._helped = bash.execute_sync(shell_functions.ALL).error is None
        if may.written is None or may.written:
            with self._host_files.within(bash.fs()):
                self._host_files.expect(may.written)
        if may.sets and not (may.confined or self._new):
            # Functions would make up most of the time that it takes to keep and to restore it.
            self._new = bash.snapshot(exclude_filesystem=True, exclude_functions=True)
        if self._codes and recalls(line):
            bash.execute_sync(reminder(self._word, self._codes))
        self._word, self._codes = "", ()
        partial: list[str] = []

        def execute() -> ExecResult:
            heard = (lambda out, err: partial.append(out)) if may.goes_on else None
            return bash.execute_sync(confined(line) if may.confined else line, on_output=heard)

        done = _with_stack(execute) if may.nests else execute()
        if done.error and "call limit" in done.error:  # bashkit ends a shell after 250 lines; a real one continues
            self._restart(bash.shell_state().cwd)
            return self._run(line)
        folder = bash.shell_state().cwd if done.stderr else "/"
        self.sync()
        if may.tunes:
            self._machine.host = self._last = written(bash.fs(), self._machine.host)
        # `exec >file` would silence every later line, and what a time-out leaves behind would show up in the next one.
        if may.replaces or (done.error and re.search("session|timeout", done.error)):
            self._restart(bash.shell_state().cwd)
        elif may.sets and not may.confined:
            self._forget(bash)
        return self._told(done, "".join(partial), folder)

    def _told(self, done: ExecResult | Done, partial: str, folder: str) -> tuple[str, str, int]:
        """What a line that is done has printed, in bash's words; with it, time passes."""
        self._machine.host = self._last = tick(self._machine.host)
        stdout, stderr, code = translate(done, partial, self._machine.host, folder)
        self._machine.hangs = code == TIMED_OUT and (self._machine.hangs or bool(done.error))
        if done.error or done.stderr:
            met = [*shell_gaps(done), *missed_files(stderr, self._machine.host)]
            self._machine.gaps += [gap for gap in met if gap not in self._machine.gaps]
        return stdout, stderr, code

    def sync(self) -> Host:
        """The host, including the files that the shell has written."""
        if self._bash is not None and (self._host_files.unsure or self._machine.host.files is not self._last.files):
            with self._host_files.within(self._bash.fs()):
                pulled = self._host_files.pull(self._machine.host)
                self._host_files.expect(frozenset())
                if pulled.files is not self._last.files:
                    pulled = self._host_files.noting_lost(pulled)
            if pulled is not self._machine.host:
                self._machine.host = self._last = pulled
        return self._machine.host

    def _catch_up(self, bash: Bash) -> None:
        """Update the shell's files with what others have changed on the host since the last line."""
        host, last = self._machine.host, self._last
        if host.files is not last.files or host.services is not last.services or host.journal is not last.journal:
            with self._host_files.within(bash.fs()):
                self._host_files.push(self._last, self._machine.host)

    def _forget(self, bash: Bash) -> None:
        """Drop what a line has set: the next one is run by a new process, in the same folder."""
        folder = bash.shell_state().cwd
        bash.restore_snapshot(self._new)
        self._helped = False
        if folder != bash.shell_state().cwd and bash.execute_sync(f"cd {quote(folder)}").error:  # its calls are used up
            self._restart(folder)

    def _restart(self, folder: str) -> None:
        """Start a new shell on the same files."""
        old = self._bash
        assert old is not None
        self.sync()
        self._folder, known = folder, self._host_files
        self._host_files = HostFiles()
        self._host_files.follow(known)
        self._bash = self._start()
        base_system.copy_folders(old.fs(), self._bash.fs())

    def _start(self) -> Bash:
        self._lacking, self._helped, self._new, self._proc = set(), False, b"", {}
        self._builtins = {
            name: _builtin(command, self._machine, self._host_files) for name, command in COMMANDS.items()
        }
        host = self._machine.host
        standing = standing_files(host)
        bash = Bash(
            hostname=host.name,
            username="root",
            cwd=self._folder,
            env=base_system.ENVIRONMENT,
            files=base_system.initial_files(host, standing, COMMANDS),
            custom_builtins=self._builtins,
            timeout_seconds=MAX_SECONDS,
            max_commands=MAX_COMMANDS,
            max_memory=MAX_MEMORY,
            profile=ExecutionProfile.Hardened,
        )
        base_system.set_up(bash, host, COMMANDS)
        with self._host_files.within(bash.fs()):
            self._host_files.attach(host.files, standing)
        self._last = host
        return bash


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


@lru_cache(4096)
def line_effects(line: str) -> LineEffects:
    """What a line may do; the same lines run on many hosts."""
    return judged(line, COMMANDS.keys())


def _lacking_command(context: CommandContext) -> BuiltinResult:
    """A real command that is not simulated: a gap on a host whose packages have it."""
    return lacking(context, context.name) if has_command(context.host, context.name) else not_found(context.name)


def _builtin(command: Command, machine: Machine, host_files: HostFiles) -> Builtin:
    """`command` in the form that bashkit calls. It does not reference the Bash, so the two form no cycle and are freed
    at once."""

    def call(given: BuiltinContext | Given) -> str | BuiltinResult:
        context = CommandContext(
            given.name, list(given.argv), given.stdin or "", given.cwd, machine, host_files, given.env
        )
        try:
            if given.argv and (said := said_of_itself(given.name, given.argv[0], machine.host)):
                return BuiltinResult(said.stdout, said.stderr, said.code)
            if "\N{REPLACEMENT CHARACTER}" in context.stdin:  # our commands are given text, whatever it was
                return lacking(context, f"{given.name} of what is no text", BuiltinResult(exit_code=1))
            with host_files.within(given.fs):
                result = command(context)
            if isinstance(result, BuiltinResult) and result.exit_code == TIMED_OUT:
                machine.hangs = True
            return result
        except UsageError as error:
            return error.result
        except Exception as error:
            refused = str(error).startswith("io error: ")  # the shell's file system: a name, a size, too many files
            if refused and isinstance(error, RuntimeError):
                return BuiltinResult(stderr=f"{given.name}: {str(error).removeprefix('io error: ')}\n", exit_code=1)
            machine.gaps.append(fault(given.name, error))
            return BuiltinResult(exit_code=1)

    return call
