"""zgrep and its relatives: grep and cat over files that may be compressed. They are written as lines for the shell."""

import re
from shlex import quote

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, fail, parse
from fleet.linux.file_tree import node
from fleet.linux.handed import handed
from fleet.linux.options import Flags, options

ZGREP = options("""
    -A --after-context=
    -B --before-context=
    -C --context=
    -E --extended-regexp
    -F --fixed-strings
    -H --with-filename
    -c --count
    -e --regexp=
    -L --files-without-match
    -h --no-filename
    -i --ignore-case
    -l --files-with-matches
    -m --max-count=
    -n --line-number
    -o --only-matching
    -q --quiet --silent
    ~ -s --no-messages
    -v --invert-match
    -w --word-regexp
    -x --line-regexp
    ~ --color[=]
""")
_REFUSED = re.compile(r"-[drRzZ]|--(?:di|exc|inc|rec|nu)")
_OF_GREP = frozenset("ABCEFcimnovwx")
"""Options that are handed on to grep."""


def _reader(path: str) -> str:
    return f"gzip -cdfq {quote(path)}"


def _missing(word: str) -> str:
    tried = word if word.endswith(".gz") else f"{word}.gz"
    return f"echo {quote(f'gzip: {tried}: No such file or directory')} >&2"


def _zgrep(context: CommandContext) -> BuiltinResult:
    if refused := next((word for word in context.argv if _REFUSED.match(word)), ""):
        return fail(f"/usr/bin/{context.name}: {refused}: option not supported", 2)
    flags = parse(context, ZGREP)
    words = list(flags.words)
    patterns = flags.every("e") or ([words.pop(0)] if words else [])
    if not patterns:
        path = f"/usr/bin/{context.name}"
        return fail(f"{path}: 188: 1: missing pattern; try `{path} --help' for help", 2)
    context.pull()
    lines = ["aj_status=1"] + [_searched(context, flags, patterns, word, len(words) > 1) for word in words or ["-"]]
    return handed(context, " ".join([*lines, "(exit $aj_status)\n"]))


def _searched(context: CommandContext, flags: Flags, patterns: list[str], word: str, several: bool) -> str:
    """The part of the line that searches one file."""
    if word != "-" and node(context, context.absolute(word)) is None:
        return f"; {_missing(word)}; aj_status=2"
    given = [f"-{name}{quote(value) if value else ''}" for name, value in flags.pairs if name in _OF_GREP]
    given += ["-E"] if context.name == "zegrep" else ["-F"] if context.name == "zfgrep" else []
    search = " ".join(["grep", *given, *(f"-e {quote(pattern)}" for pattern in patterns)])
    source = "gzip -cdfq" if word == "-" else _reader(context.absolute(word))
    named = "h" not in flags and (several or "H" in flags)
    escaped = word.replace("\\", r"\\").replace("|", r"\|").replace("&", r"\&")
    shown = f" | sed {quote(f's|^|{escaped}:|')}" if named else ""
    tell = f"echo {quote(word)}" if {"l", "L"} & flags.values.keys() else f"printf '%s\\n' \"$aj_out\"{shown}"
    some = "aj_status=$((aj_status == 2 ? 2 : 0))"
    found = ":" if "L" in flags else some if "q" in flags else f"{some}; {tell}"
    empty = f"; {some}; {tell}" if "L" in flags else f"; [[ -z $aj_out ]] || {tell}" if "c" in flags else ""
    return f"; if aj_out=$({source} | {search}); then {found}; else :{empty}; fi"


def _zless(context: CommandContext) -> BuiltinResult:
    """zless and zmore, without a terminal: cat."""
    words = parse(context, options("")).words
    if not words:
        return handed(context, "gzip -cdfq\n")
    context.pull()
    parts = [
        _reader(context.absolute(word)) if node(context, context.absolute(word)) else _missing(word) for word in words
    ]
    return handed(context, "; ".join(parts) + "\n")


COMMANDS: dict[str, Command] = {
    **dict.fromkeys(("zgrep", "zegrep", "zfgrep"), _zgrep),
    **dict.fromkeys(("zless", "zmore"), _zless),
}
