"""What a command line may do beyond what our commands report themselves: write files, nest deeply, set variables."""

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import cache

from bashkit import AnalyzedCommand, Bash, BashError, ExecutionProfile

from fleet.gaps import Gap
from fleet.linux import shell_functions
from fleet.linux.endless import wants_more
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
_VALUED = {"sudo": ("-u", "--user", "-p", "--prompt"), "timeout": ("-s", "--signal", "-k", "--kill-after"),
    "xargs": ("-I", "-d", "-E", "-a"), "env": ("-u", "--unset")}  # fmt: skip
"""Wrapper -> its options whose value is a word of its own."""
SETTERS = frozenset(
    ("set", "shopt", "alias", "unalias", "export", "declare", "typeset", "local", "readonly", "read", "mapfile",
     "readarray", "getopts", "let", "source", ".", "eval", "unset", "trap", "umask", "hash", "enable", "exec", "pushd",
     "popd", "printf", "ulimit", "shift", "builtin", "command")
)  # fmt: skip
"""The shell's commands that change the shell itself."""


_OUTSIDE = re.compile(r"(?:^|[;&|(])\s*(history|sudo\s+-\w*[uis])\b")
"""What our functions do in the shell, but not in a shell within it."""


@dataclass(frozen=True, slots=True)
class LineEffects:
    written: frozenset[str] | None
    """absolute paths of files that it may write other than through our commands; None: any"""
    nests: bool
    """may call itself so often that an ordinary stack overflows"""
    sets: bool
    """may leave variables, functions or options behind"""
    confined: bool
    """leaves nothing else behind than variables, and would do the same in a shell within the shell"""
    calls: bool
    """may call functions of ours (`shell_functions`)"""
    lack: frozenset[str]
    """names in it of real commands that the fleet lacks"""
    looks: bool
    """may read the kernel's files or the clock"""
    tunes: bool
    """may write to the kernel's files"""
    replaces: bool
    """may replace the shell, or where its output goes"""
    goes_on: bool
    """may print something before it does what this shell aborts"""
    gaps: tuple[Gap, ...]
    """what it asks that this shell cannot do"""

    @property
    def plain(self) -> bool:
        """writes nothing but through our commands, and nests nothing"""
        return not (self.nests or self.tunes or self.written is None or self.written)


NOTHING = LineEffects(frozenset(), False, False, False, False, frozenset(), False, False, False, False, ())
_KERNEL = re.compile(r"\b(?:proc|sys|mtab)\b|EPOCH")
"""What a line names that reads the kernel's files or the clock."""
_ASIDE = SETTERS - {"read", "export", "let", "declare", "local", "unset", "printf"} | {"cd", "exit"}
"""The shell's commands that do more than to set variables."""
CHANGE = re.compile(r"(cd) 2>/dev/null; |cd (/[\w./:,+%@=-]*) \|\| exit; ", re.ASCII)
"""The change of folder with which AJ's lines begin."""
_OUTER = re.compile(
    r"\$[_!]|\$\{[#!]?_|\b(?:BASH\w*|SHLVL|S?RANDOM|SECONDS|LINENO|PIPESTATUS)\b|(?<![&>])&(?![&>])|<<|\n|\\\s*\Z"
)
"""What differs in a shell within the shell, or may: there, a division by zero ends the lines below, too."""
_INNER_MASK = re.compile(r"(?:\(|\b(?:ba)?sh -c\s+['\"])(?:[^()'\"]*[\s;&])?umask\s+[-\w][^()'\"]*[)'\"]\s*[;&|\n]")
"""A mask that is set in a shell within the shell, where it would last to the end of the line here."""


def judged(line: str, ours: Set[str]) -> LineEffects:
    """What a line may do; when unsure, everything. `ours` are commands that report their own changes."""
    try:
        seen = _parser().analyze(line)
    except BashError:
        return NOTHING  # it does not parse, so it does not run
    named = {command.name for command in seen.commands}
    runs = any(word in ("-exec", "-execdir") for command in seen.commands for word in command.args)  # find's
    scripts = [_script(command) for command in seen.commands]
    inner = [judged(script, ours) if script else None for script in scripts]
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
    change = CHANGE.match(line)
    own = [command.name for command in seen.commands[(2 if change[2] else 1) if change else 0 :]]
    words = {*named, *re.findall(r"[\w.+-]+", line)}
    return LineEffects(
        written,
        nests=not plain,
        sets=sets,
        confined=sets and plain and not (seen.has_dynamic_commands or _ASIDE.intersection(own) or _OUTER.search(line)),
        calls=not (plain and words.isdisjoint(shell_functions.NAMES)),
        lack=_foreign().intersection(words) - ours,
        looks=_KERNEL.search(line) is not None,
        tunes="/proc/sys" in line and re.search(r">|\b(?:tee|cp|dd)\b", line) is not None,
        replaces="exec" in line and re.search(r"(?<!-)\bexec\b", line) is not None,
        goes_on=not plain or re.search(r"[;&\n]|\|\|", line) is not None,
        gaps=_gaps(line, scripts),
    )


def confined(line: str) -> str:
    """The line in a shell within the shell, with which goes what it sets; a change of folder stays outside."""
    change = CHANGE.match(line)
    place = change.end() if change else 0
    return f"{line[:place]}( {line[place:]}\n)"


def _gaps(line: str, scripts: Sequence[str | None]) -> tuple[Gap, ...]:
    mask = [Gap("option", "umask in a shell within the shell")] if _INNER_MASK.search(line) else []
    inner = (_OUTSIDE.search(script or "") for script in scripts)
    mask += [Gap("command", f"{found[1]} in a shell within the shell") for found in inner if found]
    more = wants_more(line)
    return (*mask, *([Gap("option", f"more of {more} than the shell has")] if more else []))


@cache
def _parser() -> Bash:
    """A shell that runs nothing."""
    return Bash(profile=ExecutionProfile.Hardened)


@cache
def _foreign() -> frozenset[str]:
    """Real commands that the shell itself lacks."""
    return real_commands() - {entry["name"] for entry in _parser().fs().read_dir("/usr/bin")} - {"zcat"}


def _words(command: AnalyzedCommand) -> list[str | None]:
    """The command with its arguments, of a wrapper the one that it starts: sudo df -h, timeout 5 journalctl. Of two
    wrappers the second counts as the command: a thousand overflow the stack."""
    if command.name not in WRAPPERS:
        return [command.name, *command.args]
    words, valued = list(command.args), _VALUED.get(command.name, ())
    while words and words[0] and re.match(r"-|\w+=|\d", words[0]):
        del words[: 2 if words[0] in valued else 1]
    return words


def _script(command: AnalyzedCommand) -> str | None:
    """The script of `bash -c SCRIPT`."""
    words = _words(command)
    return words[2] if words[:2] in (["bash", "-c"], ["sh", "-c"]) and len(words) > 2 else None


def _is_plain(command: AnalyzedCommand, ours: Set[str]) -> bool:
    """Whether a command starts no other one but plain ones, and writes no file but through us."""
    words = _words(command)
    if command.name in WRAPPERS and None in command.args:
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
