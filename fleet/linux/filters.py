"""wc and tee: what the shell's own get wrong is a bad operand among good ones, and files that are only counted."""

import posixpath
from dataclasses import replace

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, parse
from fleet.linux.file_tree import FileNode, node
from fleet.linux.options import options
from fleet.model import File

_COUNTS = ("l", "w", "m", "c", "L")
"""lines, words, characters, bytes, longest line: in the order in which wc prints them."""


WC = options("""
    -l --lines
    -w --words
    -m --chars
    -c --bytes
    -L --max-line-length
""")
TEE = options("""
    -a --append
    ~ -i --ignore-interrupts
    ~ -p
""")


def wc(context: CommandContext) -> BuiltinResult:
    flags = parse(context, WC)
    context.pull()
    shown = [count for count in _COUNTS if count in flags] or ["l", "w", "c"]
    rows, errors, seen = [], "", []
    for word in flags.words or [""]:
        content, extra, why = _read(context, word)
        if why:
            errors += f"wc: {word}: {why}\n"
        if why != "No such file or directory":
            rows.append(([_count(what, content, extra) for what in shown], word))
            seen.append(extra + len(content))
    if len(flags.words) > 1:
        columns = list(zip(*(row for row, _ in rows), strict=True))
        totals = [max(each) if what == "L" else sum(each) for what, each in zip(shown, columns, strict=False)]
        rows.append((totals or [0] * len(shown), "total"))
    width = _width(flags.words, len(shown), sum(seen), errors)
    lines = [
        " ".join(str(count).rjust(width) for count in counts) + (f" {word}" if word else "") for counts, word in rows
    ]
    return BuiltinResult(stdout="".join(f"{line}\n" for line in lines), stderr=errors, exit_code=1 if errors else 0)


def _width(words: list[str], columns: int, total: int, errors: str) -> int:
    """GNU's width of a column: the digits of all files' sizes; 7 if one of them has no size, such as a pipe."""
    if len(words) <= 1 and columns == 1:
        return 1
    sized = words and "-" not in words and "directory" not in errors.replace("No such file or directory", "")
    return len(str(total)) if sized else 7


def _count(what: str, content: bytes, extra: int) -> int:
    if what == "l":
        return content.count(b"\n")
    if what == "c":
        return len(content) + extra
    text = content.decode("utf-8", "replace")
    if what == "w":
        return len(text.split())
    return len(text) + extra if what == "m" else max(len(line.expandtabs()) for line in text.split("\n"))


def _read(context: CommandContext, word: str) -> tuple[bytes, int, str]:
    """(content, bytes that are only counted, why it cannot be read)."""
    if word in ("", "-"):
        return context.stdin.encode("utf-8", "replace"), _uncounted(context), ""
    found = node(context, context.absolute(word))
    if found is None:
        return b"", 0, "No such file or directory"
    if found.folder:
        return b"", 0, "Is a directory"
    stored = context.host_files.file(context.host, found.path)
    return context.host_files.fs.read_file(found.path), stored.bulk if stored else 0, ""


def _uncounted(context: CommandContext) -> int:
    """What standard input lacks of a file that is only counted: it is that file's if it has all its content."""
    files = context.host.files.values() if context.stdin else ()
    return next((file.bulk for file in files if file.bulk and file.content == context.stdin), 0)


def tee(context: CommandContext) -> BuiltinResult:
    flags = parse(context, TEE)
    host, errors = context.pull(), ""
    for word in flags.words:
        path = context.absolute(word)
        there, above = node(context, path), node(context, posixpath.dirname(path) or "/")
        if path.startswith("/dev/"):
            continue
        if why := _unwritable(there, above):
            errors += f"tee: {word}: {why}\n"
            continue
        place = there.path if there else path
        if place.startswith(("/proc/", "/sys/")):
            context.host_files.fs.write_file(place, context.stdin.encode())
            continue
        old = context.host_files.file(host, place)
        old = old or File(owner=context.user, mode=there.mode if there else context.new_mode(0o666))
        content, bulk = (old.content, old.bulk) if "a" in flags else ("", 0)
        host = host.with_file(place, replace(old, content=content + context.stdin, bulk=bulk, modified=host.now))
    context.change(host)
    return BuiltinResult(stdout=context.stdin, stderr=errors, exit_code=1 if errors else 0)


def _unwritable(there: FileNode | None, above: FileNode | None) -> str:
    if there and there.folder:
        return "Is a directory"
    if above is None:
        return "No such file or directory"
    return "" if above.folder else "Not a directory"


COMMANDS: dict[str, Command] = {"wc": wc, "tee": tee}
