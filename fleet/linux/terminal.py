"""Commands that would wait for input or run forever: they return at once."""

import re

from bashkit import BuiltinResult

from fleet.gaps import Gap
from fleet.linux.command import Command, CommandContext, Flags, fail, lacking, not_found, parse
from fleet.linux.manual import has_command, real_options
from fleet.linux.options import options
from fleet.linux.refusals import Refusal, refused

PIPE = 2**16
"""Bytes that fit into a pipe."""
TIMED_OUT = 124
"""Exit code of a command stopped by its time-out."""


def no_terminal(context: CommandContext) -> BuiltinResult:
    """vim, htop, watch: the agent provides no terminal. What their options ask for does not change that, except where
    a program would not open it at all, such as `tmux ls`."""
    name, host = context.name, context.host
    ubuntu = host.system.id == "ubuntu" and name in _UBUNTU
    if not (name in _EVERYWHERE or ubuntu or has_command(host, name)):
        return not_found(name)
    strange = [word for word in context.argv if word.startswith("-") and word not in real_options(name)]
    if name in ("screen", "tmux") and context.argv:
        strange = context.argv[:1]
    if strange:
        context.machine.gaps += [] if real_options(name) else [Gap("option", f"{name} {strange[0]}")]
        return refused(Refusal(name, strange[0] if strange[0].startswith("--") else strange[0][:2], word=strange[0]))
    return fail(_NO_TERMINAL.get(name, "Error opening terminal: unknown."))


def absent(context: CommandContext) -> BuiltinResult:
    """Commands of bashkit that a server lacks."""
    return not_found(context.name)


TAIL = options("""
    -n --lines=
    -c --bytes=
    -f -F --follow[=]
    -q --quiet --silent
    -v --verbose
    -z --zero-terminated
    ~ --retry
    ~ --pid=
    ~ -s --sleep-interval=
""")


_SCALES = {"": 1, "b": 512, "kB": 1000, "k": 1024, "K": 1024, "m": 1024**2, "M": 1024**2, "G": 1024**3}


def tail(context: CommandContext) -> BuiltinResult:
    """With -f it prints the existing lines and then times out: nothing is written while a command runs."""
    # `tail -20` and `tail +3`, in first place, are `tail -n 20` and `tail -n +3`
    first, *rest = context.argv or [""]
    if old := re.fullmatch(r"[-+]\d+", first):
        context.argv = [f"-n{old[0].lstrip('-')}", *rest]
    flags = parse(context, TAIL)
    if old and len(flags.words) > 1:
        return fail(f"tail: option used in invalid context -- {old[0][1:2]}")
    unit = flags.last("nc") or "n"
    count = _scaled(flags.get(unit, "10"))
    if count is None:
        return fail(f"tail: invalid number of {'bytes' if unit == 'c' else 'lines'}: ‘{flags.get(unit)}’")
    blocks, errors = [], ""
    headed = (len(flags.words) > 1 or "v" in flags) and "q" not in flags
    for word in flags.words or ["-"]:
        content = context.stdin.encode() if word == "-" else _content(context, word)
        if isinstance(content, str):
            errors += f"tail: {content}\n"
            continue
        head = f"==> {'standard input' if word == '-' else word} <==\n" if headed else ""
        blocks.append(head + _end(content, count, unit, flags).decode("utf-8", "replace"))
    if "f" in flags and not blocks:
        errors += "tail: no files remaining\n"
    code = TIMED_OUT if "f" in flags and blocks else 1 if errors else 0
    return BuiltinResult(stdout=("\n" if headed else "").join(blocks), stderr=errors, exit_code=code)


def _scaled(text: str) -> str | None:
    """A count with its sign: K and M multiply it; None if it is no number."""
    found = re.fullmatch(r"([-+]?)(\d{1,15})(b|kB|[kKmMG]?)", text)
    if found is None:
        return None
    return f"{found[1]}{int(found[2]) * _SCALES[found[3]]}"


def _content(context: CommandContext, word: str) -> bytes | str:
    """A file's bytes, or the reason they cannot be read."""
    path, fs = context.absolute(word), context.host_files.fs
    if not fs.exists(path):
        return f"cannot open '{word}' for reading: No such file or directory"
    if fs.stat(path)["file_type"] == "directory":
        return f"error reading '{word}': Is a directory"
    return fs.read_file(path)


def _end(content: bytes, count: str, unit: str, flags: Flags) -> bytes:
    """The last bytes or lines; with + everything from that number on."""
    number = int(count.lstrip("+-"))
    if "z" in flags and unit == "n":
        pieces: bytes | list[bytes] = [piece + b"\0" for piece in content.split(b"\0") if piece]
    else:
        pieces = content if unit == "c" else content.splitlines(keepends=True)
    first = max(number - 1, 0) if count.startswith("+") else max(len(pieces) - number, 0)
    kept = pieces[first:]
    return kept if isinstance(kept, bytes) else b"".join(kept)


def yes(context: CommandContext) -> BuiltinResult:
    """As much as a pipe holds, and then it waits: alone, it times out."""
    if context.argv and context.argv[0].startswith("-") and context.argv[0] not in ("-", "--"):
        parse(context)
    word = " ".join(context.argv[context.argv[:1] == ["--"] :]) or "y"
    return BuiltinResult(stdout=f"{word}\n" * (PIPE // (len(word) + 1) + 1), exit_code=TIMED_OUT)


def show_help(context: CommandContext) -> str | BuiltinResult:
    words = context.argv
    if words and words[0].startswith("-") and words[0] not in ("-d", "-m", "-s"):
        wrong = "--" if words[0].startswith("--") else words[0][:2]
        return fail(f"bash: line 1: help: {wrong}: invalid option\nhelp: usage: help [-dms] [pattern ...]", 2)
    if words:
        return lacking(context, f"help {words[0]}", BuiltinResult(exit_code=1))
    return "GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\nThese shell commands are defined internally.\n"


def complete_nothing(context: CommandContext) -> BuiltinResult:
    """compgen: there is nothing to complete."""
    return BuiltinResult(exit_code=1)


_EVERYWHERE = frozenset(("vi", "vim", "view", "nano", "watch"))
_UBUNTU = frozenset(("screen", "tmux", "htop"))
"""What Ubuntu Server adds."""
_NO_TERMINAL = {"screen": "Must be connected to a terminal.", "tmux": "open terminal failed: not a terminal"}
INTERACTIVE = ("vi", "vim", "view", "nano", "emacs", "htop", "watch", "screen", "tmux", "mc", "nmtui", "iotop")
# xxd is not on every server, and bashkit's allocates as much memory as its -c says.
ABSENT = ("assert", "csv", "dotenv", "glob", "http", "json", "log", "make", "man", "parallel", "retry", "rg", "semver",
    "template", "tomlq", "verify", "yq", "busybox", "xxd", "bind", "complete", "compopt", "fc")  # fmt: skip

COMMANDS: dict[str, Command] = {
    "tail": tail,
    "yes": yes,
    "help": show_help,
    "compgen": complete_nothing,
    **dict.fromkeys(INTERACTIVE, no_terminal),
    **dict.fromkeys(ABSENT, absent),
}
