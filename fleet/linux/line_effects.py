"""What a command line may do beyond what our commands report themselves: write files, nest deeply, set variables."""

import re
from collections.abc import Set
from dataclasses import dataclass
from functools import cache
from itertools import dropwhile

from bashkit import AnalyzedCommand, Bash, BashError, ExecutionProfile

from fleet.linux.handed import NAMES
from fleet.linux.manual import real_commands

PLAIN = frozenset(
    ("cat", "head", "grep", "egrep", "fgrep", "cut", "tr", "wc", "sort", "uniq", "nl", "tac", "rev", "echo", "printf",
     "test", "[", "true", "false", "cd", "pwd", "basename", "dirname", "seq", "column", "fold", "exit", ":", "export",
     "type", "which")
)  # fmt: skip
"""The shell's commands that start no other command and write no file unless redirected."""
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
    written: frozenset[str] | None
    """absolute paths of files that it may write other than through our commands; None: any"""
    nests: bool
    """may call itself so often that an ordinary stack overflows"""
    sets: bool
    """may leave variables, functions or options behind"""
    lack: frozenset[str]
    """names in it of real commands that the fleet lacks"""


NOTHING = LineEffects(frozenset(), False, False, frozenset())


def judged(line: str, ours: Set[str]) -> LineEffects:
    """What a line may do; when unsure, everything. `ours` are commands that report their own changes."""
    try:
        seen = _parser().analyze(line)
    except BashError:
        return NOTHING  # it does not parse, so it does not run
    named = {command.name for command in seen.commands}
    runs = any(word in ("-exec", "-execdir") for command in seen.commands for word in command.args)  # find's
    inner = [judged(script, ours) if script else None for script in map(_script, seen.commands)]
    opaque = seen.truncated or (seen.is_opaque and not (seen.has_interpreter_reentry and any(inner)))
    plain = not (opaque or seen.functions or runs) and all(
        not within.nests if within else command.is_assignment_only or _is_plain(command, ours)
        for command, within in zip(seen.commands, inner, strict=True)
    )
    paths = {redirect.path for redirect in seen.redirects if redirect.is_write} - {"/dev/null"}
    certain = plain and all(path and re.fullmatch(r"/[\w./ -]*", path) for path in paths)
    written = frozenset(path for path in paths if path) if certain else None
    for within in filter(None, inner):
        written = None if written is None or within.written is None else written | within.written
    sets = (
        bool(seen.functions or seen.has_dynamic_commands or named & SETTERS)
        or any(command.is_assignment_only for command in seen.commands)
        or re.search(r"\b(?:for|select|coproc)\b|\(\(|\$\{\w+:?=", line) is not None
    )
    lack = (real_commands() - ours - _native() - {"zcat"}).intersection(re.findall(r"[\w.+-]+", line))
    return LineEffects(written, not plain, sets, lack)


@cache
def _parser() -> Bash:
    """A shell that runs nothing."""
    return Bash(profile=ExecutionProfile.Hardened)


@cache
def _native() -> frozenset[str]:
    """The shell's own commands."""
    return frozenset(entry["name"] for entry in _parser().fs().read_dir("/usr/bin"))


def _words(command: AnalyzedCommand) -> list[str | None]:
    """The command with its arguments, of a wrapper the one that it starts: sudo df -h, timeout 5 journalctl. Of two
    wrappers the second counts as the command: a thousand overflow the stack."""
    words = [command.name, *command.args]
    if command.name not in WRAPPERS:
        return words
    return list(dropwhile(lambda word: bool(word and re.match(r"-|\w+=|\d", word)), words[1:]))


def _script(command: AnalyzedCommand) -> str | None:
    """The script of `bash -c SCRIPT`."""
    words = _words(command)
    return words[2] if words[:2] in (["bash", "-c"], ["sh", "-c"]) and len(words) > 2 else None


def _is_plain(command: AnalyzedCommand, ours: Set[str]) -> bool:
    """Whether a command starts no other one but plain ones, and writes no file but through us."""
    words = _words(command)
    if command.name in WRAPPERS and None in words:
        return False
    name = words[0] if words else None
    if name in NAMES:
        return False
    if name in ("sort", "uniq") and name != command.name:
        return False  # xargs adds words
    if name == "sort":  # -o FILE
        return not any(word is None or re.match(r"-[a-zA-Z]*o|--o", word) for word in words)
    if name == "uniq":  # IN OUT
        return len([word for word in words[1:] if word is None or not word.startswith("-")]) < 2
    return not words or name in PLAIN or name in ours
