"""Commands that list and describe files: ls, stat, file."""

import posixpath
import re

from bashkit import BuiltinResult

from fleet.linux.clock import DAY, formatted
from fleet.linux.command import Command, CommandContext, Flags, fail, parse
from fleet.linux.file_tree import FileNode, children, node, walk
from fleet.linux.sessions import accounts
from fleet.model import Host

HALF_YEAR = 182 * DAY


def human(size: int, unit: int = 1) -> str:
    """A size as df -h, du -h and ls -h print it (13G): rounded up, one decimal below ten. `size` counts units of `unit`
    bytes."""
    if size * unit < 1024:
        return str(size * unit)
    value = size * unit
    for letter in "KMGTP":
        value, scale = value / 1024, letter
        if value < 1023.95 if value < 9.95 else value <= 1023:
            break
    tenths = -(-size * unit * 10 // 1024 ** ("KMGTP".index(scale) + 1))
    return f"{tenths / 10:.1f}{scale}" if tenths < 100 else f"{-(-tenths // 10)}{scale}"


# --- ls -------------------------------------------------------------------------------------------------------------


def ls(context: CommandContext) -> BuiltinResult:
    short = "alhStrR1dAFinspkcugGmCxXvUoqNBL"
    same = {"all": "a", "almost-all": "A", "human-readable": "h", "recursive": "R", "reverse": "r", "directory": "d",
        "inode": "i", "classify": "F", "size": "s", "numeric-uid-gid": "n", "full-time": "full"}  # fmt: skip
    argv = [word for word in context.argv if not word.startswith(("--color", "--time-style", "--group-directories"))]
    context.argv, long_time = argv, any("iso" in word for word in context.argv if word.startswith("--time-style"))
    flags = parse(context, short, [*same, "si", "sort="], same)
    if long_time:
        flags.values["full"] = ""
    context.pull()
    files: list[tuple[str, FileNode]] = []
    folders: list[tuple[str, FileNode]] = []
    errors = ""
    for word in flags.words or ["."]:
        follow = ("l" not in flags and "d" not in flags) or word.endswith("/")
        found = node(context, context.absolute(word), follow)
        if found is None:
            errors += f"ls: cannot access '{word}': No such file or directory\n"
        elif found.folder and "d" not in flags:
            folders.append((word, found))
        else:
            files.append((word, found))
    text = _entries(context.host, files, flags)
    blocks = [text] if files else []
    several = len(folders) + len(files) + errors.count("\n") > 1 or "R" in flags
    for word, top in folders:
        for found in [found for _, found in walk(context, top) if found.folder] if "R" in flags else [top]:
            label = word if found is top else word.rstrip("/") + found.path[len(top.path.rstrip("/")) :]
            blocks.append((f"{label}:\n" if several else "") + _folder(context, found, flags))
    return BuiltinResult(stdout="\n".join(blocks), stderr=errors, exit_code=2 if errors else 0)


def _folder(context: CommandContext, top: FileNode, flags: Flags) -> str:
    found = [(child.name, child) for child in children(context, top)]
    if "a" not in flags and "A" not in flags:
        found = [(name, child) for name, child in found if not name.startswith(".")]
    blocks = sum(child.blocks for _, child in found)
    if "a" in flags:
        above = node(context, posixpath.dirname(top.path.rstrip("/")) or "/")
        found = [(".", top), ("..", above or top), *found]
        blocks += 8
    total = f"total {human(blocks, 1024) if 'h' in flags else blocks}\n"
    long = any(flag in flags for flag in ("l", "n", "g", "o", "s", "full"))
    return (total if long else "") + _entries(context.host, found, flags)


def _entries(host: Host, found: list[tuple[str, FileNode]], flags: Flags) -> str:
    """The lines for some entries, sorted as requested."""
    if "S" in flags or flags.get("sort") == "size":
        found = sorted(found, key=lambda pair: (-pair[1].size, pair[0]))
    elif "t" in flags or flags.get("sort") == "time":
        found = sorted(found, key=lambda pair: (-pair[1].modified, pair[0]))
    elif "U" not in flags:
        found = sorted(found, key=lambda pair: pair[0])
    if "r" in flags:
        found = found[::-1]
    marks = {"directory": "/", "symlink": "@", "file": ""}

    def mark(entry: FileNode) -> str:
        if "F" in flags:
            return "*" if entry.kind == "file" and entry.mode & 0o111 else marks[entry.kind]
        return "/" if "p" in flags and entry.folder else ""

    front = [
        (f"{entry.number} " if "i" in flags else "") + (f"{entry.blocks} " if "s" in flags else "")
        for _, entry in found
    ]
    if not any(flag in flags for flag in ("l", "n", "g", "o", "full")):
        return "".join(f"{start}{name}{mark(entry)}\n" for start, (name, entry) in zip(front, found, strict=True))
    uids = accounts(host)
    owners = [str(uids.get(entry.owner, 0)) if "n" in flags else entry.owner for _, entry in found]
    sizes = [human(entry.size) if "h" in flags else str(entry.size) for _, entry in found]
    wide, long = max(map(len, owners), default=0), max(map(len, sizes), default=0)
    lines = []
    for start, (name, entry), owner, size in zip(front, found, owners, sizes, strict=True):
        people = " ".join([owner.ljust(wide)] * (1 if "g" in flags or "o" in flags or "G" in flags else 2))
        links = 2 if entry.folder else 1
        shown = f"{name} -> {entry.target}" if entry.kind == "symlink" else f"{name}{mark(entry)}"
        lines.append(
            f"{start}{entry.permissions} {links} {people} {size:>{long}} {_time(host, entry, flags)} {shown}\n"
        )
    return "".join(lines)


def _time(host: Host, entry: FileNode, flags: Flags) -> str:
    if "full" in flags:
        return formatted(entry.modified, "%F %T.000000000 +0000")
    recent = 0 <= host.now - entry.modified < HALF_YEAR
    return formatted(entry.modified, "%b %e %R" if recent else "%b %e  %Y")


# --- stat, file -----------------------------------------------------------------------------------------------------


def stat(context: CommandContext) -> BuiltinResult:
    same = {"format": "c", "printf": "c", "dereference": "L", "file-system": "f", "terse": "t"}
    flags = parse(context, "Lftc:", ["format=", "printf=", "dereference", "file-system", "terse"], same)
    if not flags.words:
        return fail("stat: missing operand\nTry 'stat --help' for more information.")
    context.pull()
    text, errors = "", ""
    uids = accounts(context.host)
    for word in flags.words:
        found = node(context, context.absolute(word), follow="L" in flags)
        if found is None:
            errors += f"stat: cannot statx '{word}': No such file or directory\n"
        elif "c" in flags:
            text += _stat_format(flags.get("c"), word, found, uids) + "\n"
        else:
            text += _stat_block(word, found, uids)
    return BuiltinResult(stdout=text, stderr=errors, exit_code=1 if errors else 0)


def _kind(found: FileNode) -> str:
    if found.kind == "file":
        return "regular file" if found.size else "regular empty file"
    return {"directory": "directory", "symlink": "symbolic link"}[found.kind]


def _stat_block(word: str, found: FileNode, uids: dict[str, int]) -> str:
    shown = f"{word} -> {found.target}" if found.kind == "symlink" else word
    time = formatted(found.modified, "%F %T.000000000 +0000")
    who = f"({uids.get(found.owner, 0):>5}/{found.owner:>8})"
    return (
        f"  File: {shown}\n"
        f"  Size: {found.size:<10}\tBlocks: {found.blocks * 2:<10} IO Block: 4096   {_kind(found)}\n"
        f"Device: 8,1\tInode: {found.number:<11} Links: {2 if found.folder else 1}\n"
        f"Access: ({found.mode:04o}/{found.permissions})  Uid: {who}   Gid: {who}\n"
        f"Access: {time}\nModify: {time}\nChange: {time}\n Birth: {time}\n"
    )


def _stat_format(pattern: str, word: str, found: FileNode, uids: dict[str, int]) -> str:
    time = formatted(found.modified, "%F %T.000000000 +0000")
    uid = str(uids.get(found.owner, 0))
    values = {"n": word, "s": str(found.size), "a": f"{found.mode:o}", "A": found.permissions, "U": found.owner,
        "G": found.owner, "u": uid, "g": uid, "i": str(found.number), "F": _kind(found), "b": str(found.blocks * 2),
        "B": "512", "h": "1", "N": f"'{word}'", "Y": str(found.modified), "X": str(found.modified),
        "Z": str(found.modified), "W": str(found.modified), "y": time, "x": time, "z": time, "w": time, "%": "%",
        "m": "/", "o": "4096"}  # fmt: skip
    return re.sub(r"%([a-zA-Z%])", lambda match: values.get(match[1], match[0]), pattern)


def file(context: CommandContext) -> BuiltinResult:
    flags = parse(context, "biLksz", ["brief", "mime-type", "mime"], {"brief": "b", "mime": "i"})
    context.pull()
    text = ""
    for word in flags.words:
        found = node(context, context.absolute(word), follow=False)
        content = (
            ""
            if found is None or found.kind != "file"
            else context.host_files.fs.read_file(found.path)[:4096].decode("latin-1")
        )
        shown = _sort_of(word, found, content)
        text += shown + "\n" if "b" in flags else f"{word}: {shown}\n"
    return BuiltinResult(stdout=text)


def _sort_of(word: str, found: FileNode | None, content: str) -> str:
    if found is None:
        return f"cannot open `{word}' (No such file or directory)"
    if found.kind == "symlink":
        return f"symbolic link to {found.target}"
    if found.folder:
        return "directory"
    if not found.size:
        return "empty"
    if content.startswith("#!"):
        program = content[2:].split("\n", 1)[0].strip().rsplit("/", 1)[-1]
        return f"{'Bourne-Again shell' if program == 'bash' else program} script, ASCII text executable"
    if content.startswith("\x1f\x8b"):
        return "gzip compressed data, from Unix"
    if content.startswith("{"):
        return "JSON text data"
    return (
        "data" if "\0" in content or not content else "ASCII text" if content.isascii() else "Unicode text, UTF-8 text"
    )


COMMANDS: dict[str, Command] = {"ls": ls, "dir": ls, "vdir": ls, "stat": stat, "file": file}
