"""Commands that would wait for input or run forever: they return at once."""

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, Flags, fail, not_found, parse

PIPE = 2**16
"""Bytes that fit into a pipe."""
TIMED_OUT = 124
"""Exit code of a command stopped by its time-out."""


def no_terminal(context: CommandContext) -> BuiltinResult:
    """vim, htop, watch: the agent provides no terminal."""
    return fail("Error opening terminal: unknown.")


def absent(context: CommandContext) -> BuiltinResult:
    """Commands of bashkit that a server lacks."""
    return not_found(context.name)


def tail(context: CommandContext) -> BuiltinResult:
    """With -f it prints the existing lines and then times out: nothing is written while a command runs."""
    # `tail -20` and `tail +3` are `tail -n 20` and `tail -n +3`
    argv = [f"-n{w[1:]}" if w[:1] == "-" and w[1:].isdecimal() else w for w in context.argv]
    context.argv = argv
    long = ["lines=", "bytes=", "follow", "quiet", "silent", "verbose", "retry", "pid=", "sleep-interval="]
    same = {"lines": "n", "bytes": "c", "follow": "f", "F": "f", "quiet": "q", "silent": "q", "verbose": "v"}
    flags = parse(context, "n:c:fFqvs:z", long, same)
    count = flags.get("c", flags.get("n", "10"))
    if not count.lstrip("+-").isdecimal() or len(count) > 15:
        return fail(f"tail: invalid number of {'bytes' if 'c' in flags else 'lines'}: ‘{count}’")
    blocks, errors = [], ""
    headed = (len(flags.words) > 1 or "v" in flags) and "q" not in flags
    for word in flags.words or ["-"]:
        content = context.stdin.encode() if word == "-" else _content(context, word)
        if isinstance(content, str):
            errors += f"tail: {content}\n"
            continue
        head = f"==> {'standard input' if word == '-' else word} <==\n" if headed else ""
        blocks.append(head + _end(content, count, flags).decode("utf-8", "replace"))
    code = TIMED_OUT if "f" in flags and blocks else 1 if errors else 0
    return BuiltinResult(stdout="\n".join(blocks), stderr=errors, exit_code=code)


def _content(context: CommandContext, word: str) -> bytes | str:
    """A file's bytes, or the reason they cannot be read."""
    path, fs = context.absolute(word), context.host_files.fs
    if not fs.exists(path):
        return f"cannot open '{word}' for reading: No such file or directory"
    if fs.stat(path)["file_type"] == "directory":
        return f"error reading '{word}': Is a directory"
    return fs.read_file(path)


def _end(content: bytes, count: str, flags: Flags) -> bytes:
    """The last bytes or lines; with + everything from that number on."""
    number = int(count.lstrip("+-"))
    pieces = content if "c" in flags else content.splitlines(keepends=True)
    first = max(number - 1, 0) if count.startswith("+") else max(len(pieces) - number, 0)
    kept = pieces[first:]
    return kept if isinstance(kept, bytes) else b"".join(kept)


def yes(context: CommandContext) -> BuiltinResult:
    """As much as a pipe holds, and then it waits: alone, it times out."""
    word = " ".join(context.argv) or "y"
    return BuiltinResult(stdout=f"{word}\n" * (PIPE // (len(word) + 1) + 1), exit_code=TIMED_OUT)


def show_help(context: CommandContext) -> str:
    return "GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\nThese shell commands are defined internally.\n"


def complete_nothing(context: CommandContext) -> BuiltinResult:
    """compgen: there is nothing to complete."""
    return BuiltinResult(exit_code=1)


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
