"""What a command line may do beyond what our commands report themselves: write files, nest deeply, set variables."""

import re
from collections.abc import Set
from dataclasses import dataclass
from functools import cache

from bashkit import AnalyzedCommand, Bash, BashError, ExecutionProfile

from fleet.linux.manual import real_commands

PLAIN = frozenset(
    ("cat", "head", "grep", "egrep", "fgrep", "cut", "tr", "wc", "sort", "uniq", "nl", "tac", "rev", "echo", "printf",
     "test", "[", "true", "false", "cd", "pwd", "basename", "dirname", "seq", "column", "fold", "exit", ":", "export",
     "type", "which")
)  # fmt: skip
"""The shell's commands that start no other command and write no file unless redirected (`sort -o` is noticed at the
next sync)."""
WRAPPERS = frozenset(("sudo", "env", "nice", "nohup", "timeout", "time", "command", "xargs"))
"""Commands that start another one, named in their arguments."""
SETTERS = frozenset(
    ("set", "shopt", "alias", "unalias", "export", "declare", "typeset", "local", "readonly", "read", "mapfile",
     "readarray", "getopts", "let", "source", ".", "eval", "unset", "trap", "umask", "hash", "enable", "exec", "pushd",
     "popd", "printf", "ulimit", "shift", "builtin", "command")
)  # fmt: skip
"""The shell's commands that change the shell itself."""


@dataclass(frozen=True, slots=True)
class LineEffects:
    writes: bool
    """may write files other than through our commands"""
    nests: bool
    """may call itself so often that an ordinary stack overflows"""
    sets: bool
    """may leave variables, functions or options behind"""
    lack: frozenset[str]
    """names in it of real commands that the fleet lacks"""


def judged(line: str, ours: Set[str]) -> LineEffects:
    """What a line may do; when unsure, everything. `ours` are commands that report their own changes."""
    try:
        seen = _parser().analyze(line)
    except BashError:
        return LineEffects(False, False, False, frozenset())  # it does not parse, so it does not run
    named = {command.name for command in seen.commands}
    runs = any(word in ("-exec", "-execdir") for command in seen.commands for word in command.args)  # find's
    plain = not (seen.is_opaque or seen.functions or runs) and all(
        command.is_assignment_only or command.name in PLAIN or command.name in ours or _wraps_plain(command, ours)
        for command in seen.commands
    )
    writes = any(redirect.is_write and redirect.path != "/dev/null" for redirect in seen.redirects)
    sets = (
        bool(seen.functions or seen.has_dynamic_commands or named & SETTERS)
        or any(command.is_assignment_only for command in seen.commands)
        or re.search(r"\b(?:for|select|coproc)\b|\(\(|\$\{\w+:?=", line) is not None
    )
    lack = (real_commands() - ours - _native()).intersection(re.findall(r"[\w.+-]+", line))
    return LineEffects(writes or not plain, not plain, sets, lack)


@cache
def _parser() -> Bash:
    """A shell that runs nothing."""
    return Bash(profile=ExecutionProfile.Hardened)


@cache
def _native() -> frozenset[str]:
    """The shell's own commands."""
    return frozenset(entry["name"] for entry in _parser().fs().read_dir("/usr/bin"))


def _wraps_plain(command: AnalyzedCommand, ours: Set[str]) -> bool:
    """Whether a wrapper starts one plain command: sudo df -h, timeout 5 journalctl."""
    if command.name not in WRAPPERS or None in command.args:
        return False
    words = [word for word in command.args if word and not re.match(r"-|\w+=|\d", word)]
    return not words or words[0] in PLAIN or words[0] in ours
