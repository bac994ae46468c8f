"""The ls command."""

import posixpath
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

from bashkit import BuiltinResult

from fleet.linux.base_accounts import accounts
from fleet.linux.clock import formatted
from fleet.linux.command import Command, CommandContext, Flags, UsageError, fail, parse
from fleet.linux.file_tree import FileNode, children, links, node, walk
from fleet.linux.options import options

HALF_YEAR = 15_778_476
"""Seconds in half a Gregorian year: older times are shown with their year."""
LS = options("""
    -a --all
    -A --almost-all
    -B --ignore-backups
    -c
    --color[=]
    -d --directory
    -F --classify[=]
    -g
    -G --no-group
    --group-directories-first
    -h --human-readable
    --hide=
    -i --inode
    -I --ignore=
    -k --kibibytes
    -l
    -L --dereference
    -m
    -n --numeric-uid-gid
    -o
    -p
    -q --hide-control-chars
    -Q --quote-name
    -r --reverse
    -R --recursive
    -s --size
    -S
    --si
    --sort=
    -t
    --time=
    --time-style=
    --full-time
    -u
    -U
    -v
    -X
    -1
    ~ -N --literal
""")
STYLES = {"full-iso": "%F %T.000000000 +0000", "long-iso": "%F %R", "locale": "", "iso": ""}
_MARKS = {"directory": "/", "symlink": "@", "file": ""}
Named = tuple[str, FileNode]
"""(name as shown, node)"""


@lru_cache(4096)
def human(size: int, unit: int = 1, base: int = 1024) -> str:
    """A size as df -h, du -h and ls -h print it (13G): rounded up, one decimal below ten. `size` counts units of `unit`
    bytes, and a kilobyte has `base` bytes."""
    if size * unit < base:
        return str(size * unit)
    value, letters = size * unit, "KMGTP" if base == 1024 else "kMGTP"
    for letter in letters:
        value, scale = value / base, letter
        if value < base - 0.05 if value < 9.95 else value <= base - 1:
            break
    tenths = -(-size * unit * 10 // base ** (letters.index(scale) + 1))
    return f"{tenths / 10:.1f}{scale}" if tenths < 100 else f"{-(-tenths // 10)}{scale}"


@dataclass(slots=True)
class _Listing:
    """What is shown, and how."""

    context: CommandContext
    flags: Flags
    style: str
    """the format of times; "" is the usual one"""

    @property
    def long(self) -> bool:
        return any(flag in self.flags for flag in ("l", "n", "g", "o", "full-time"))

    def size(self, count: int) -> str:
        if "si" in self.flags:
            return si(count)
        return human(count) if "h" in self.flags else str(count)

    def blocks(self, entry: FileNode) -> str:
        return self.size(entry.blocks * 1024) if {"h", "si"} & self.flags.values.keys() else str(entry.blocks)


def si(size: int) -> str:
    """A size in powers of 1000: 1.3k, 13M."""
    if size < 1000:
        return str(size)
    value, letters = float(size), "kMGTP"
    for letter in letters:
        value /= 1000
        if value < 999.5 or letter == "P":
            tenths = -(-size * 10 // 1000 ** (letters.index(letter) + 1))
            return f"{tenths / 10:.1f}{letter}" if tenths < 100 else f"{-(-tenths // 10)}{letter}"
    return str(size)


def ls(context: CommandContext) -> BuiltinResult:
    flags = parse(context, LS)
    shown = _Listing(context, flags, _style(flags))
    if "sort" in flags:
        _known("sort", flags.get("sort"), ("none", "time", "size", "extension", "version", "width"))
    context.pull()
    files: list[Named] = []
    folders: list[Named] = []
    errors = ""
    for word in flags.words or ["."]:
        follow = (not shown.long and "d" not in flags and "F" not in flags) or word.endswith("/") or "L" in flags
        found = node(context, context.absolute(word), follow)
        if found is None:
            errors += f"ls: cannot access '{word}': No such file or directory\n"
        elif found.folder and "d" not in flags:
            folders.append((word, found))
        else:
            files.append((word, found))
    blocks = [_lines(shown, files)] if files else []
    several = len(folders) + len(files) + errors.count("\n") > 1 or "R" in flags
    for word, top in _sorted(folders, flags):
        for found in [found for _, found in walk(context, top) if found.folder] if "R" in flags else [top]:
            label = word if found is top else word.rstrip("/") + found.path[len(top.path.rstrip("/")) :]
            blocks.append((f"{label}:\n" if several else "") + _folder(shown, found))
    return BuiltinResult(stdout="\n".join(blocks), stderr=errors, exit_code=2 if errors else 0)


def _style(flags: Flags) -> str:
    """The format of times."""
    style = "full-iso" if "full-time" in flags else flags.get("time-style", "locale")
    if style.startswith("+"):
        return style[1:]
    style = style.removeprefix("posix-")
    if style not in STYLES:
        text = f"ls: invalid argument ‘{style}’ for ‘time style’\nValid arguments are:\n"
        text += "".join(f"  - [posix-]{name}\n" for name in ("full-iso", "long-iso", "iso", "locale"))
        text += "  - +FORMAT (e.g., +%H:%M) for a 'date'-style format\nTry 'ls --help' for more information."
        raise UsageError(fail(text, 2))
    return STYLES[style] or style


def _known(option: str, value: str, wanted: tuple[str, ...]) -> None:
    if value not in wanted:
        text = f"ls: invalid argument ‘{value}’ for ‘--{option}’\nValid arguments are:\n"
        text += "".join(f"  - ‘{name}’\n" for name in wanted)
        raise UsageError(fail(f"{text}Try 'ls --help' for more information."))


def _folder(shown: _Listing, top: FileNode) -> str:
    flags, context = shown.flags, shown.context
    found = [(child.name, child) for child in children(context, top) if not _hidden(child.name, flags)]
    if "a" in flags:
        above = node(context, posixpath.dirname(top.path.rstrip("/")) or "/")
        found = [(".", top), ("..", above or top), *found]
    total = sum(entry.blocks for _, entry in found)
    head = f"total {shown.size(total * 1024) if {'h', 'si'} & flags.values.keys() else total}\n"
    return (head if shown.long or "s" in flags else "") + _lines(shown, found)


def _hidden(name: str, flags: Flags) -> bool:
    everything = bool({"a", "A"} & flags.values.keys())
    globs = flags.every("I") + ([] if everything else [".*", *flags.every("hide")])
    return any(fnmatchcase(name, glob) for glob in globs) or ("B" in flags and name.endswith("~"))


def _sorted(found: list[Named], flags: Flags) -> list[Named]:
    """In the order asked for; by name where nothing else tells."""
    named = {"size": "S", "time": "t", "version": "v", "extension": "X", "none": "U", "width": "w"}
    order = flags.last("SUtvX") or named.get(flags.get("sort"), "")
    if order == "U":
        return found
    found = sorted(found, key=lambda pair: pair[0])
    if order == "S":
        found.sort(key=lambda pair: -pair[1].size)
    elif order == "t" or (not order and ("c" in flags or "u" in flags) and "l" not in flags):
        found.sort(key=lambda pair: -pair[1].modified)
    elif order == "w":
        found.sort(key=lambda pair: len(pair[0]))
    elif order == "X":
        found.sort(key=lambda pair: pair[0].rpartition(".")[1:] if "." in pair[0] else ("", ""))
    elif order == "v":
        found.sort(key=lambda pair: _by_version(pair[0]))
    if "r" in flags:
        found.reverse()
    if "group-directories-first" in flags:
        found.sort(key=lambda pair: not pair[1].folder)
    return found


def _by_version(name: str) -> list[tuple[int, str]]:
    """Numbers within names by value: f9 before f10."""
    return [(int(part) if part.isdecimal() else 0, part) for part in re.findall(r"\d+|\D+", name)]


def _lines(shown: _Listing, found: list[Named]) -> str:
    flags, found = shown.flags, _sorted(found, shown.flags)
    front = _fronts(shown, found)
    names = [_name(shown, name, entry) for name, entry in found]
    if shown.long:
        return "".join(f"{line}\n" for line in _long_lines(shown, found, front, names))
    if "m" in flags:
        return ", ".join(map("".join, zip(front, names, strict=True))) + "\n" if names else ""
    return "".join(f"{start}{name}\n" for start, name in zip(front, names, strict=True))


def _fronts(shown: _Listing, found: list[Named]) -> list[str]:
    """inode and blocks, aligned."""
    columns = []
    if "i" in shown.flags:
        columns.append([str(entry.number) for _, entry in found])
    if "s" in shown.flags:
        columns.append([shown.blocks(entry) for _, entry in found])
    wide = [max(map(len, column), default=0) for column in columns]
    rows = zip(*columns, strict=True) if columns else [()] * len(found)
    return ["".join(f"{cell:>{width}} " for cell, width in zip(row, wide, strict=True)) for row in rows]


def _name(shown: _Listing, name: str, entry: FileNode) -> str:
    quoted = (
        f'"{name}"' if "Q" in shown.flags else re.sub(r"[\x00-\x1f\x7f]", "?", name) if "q" in shown.flags else name
    )
    if "color" in shown.flags and shown.flags.get("color") in ("", "always", "yes", "force"):
        quoted = _coloured(quoted, entry)
    if entry.kind == "symlink" and shown.long:
        return f"{quoted} -> {entry.target}"
    if "F" in shown.flags:
        return quoted + ("*" if entry.kind == "file" and entry.mode & 0o111 else _MARKS[entry.kind])
    return f"{quoted}/" if "p" in shown.flags and entry.folder else quoted


def _coloured(name: str, entry: FileNode) -> str:
    """The name in dircolors' default colours; the reset before the first one is left out."""
    code = {"directory": "01;34", "symlink": "01;36", "file": "01;32" if entry.mode & 0o111 else ""}[entry.kind]
    return f"\x1b[{code}m{name}\x1b[0m" if code else name


def _long_lines(shown: _Listing, found: list[Named], front: list[str], names: list[str]) -> list[str]:
    flags, uids = shown.flags, accounts(shown.context.host)

    def person(name: str) -> str:
        return str(uids.get(name, name)) if "n" in flags else name

    columns = [[entry.permissions for _, entry in found], [str(links(shown.context, entry)) for _, entry in found]]
    columns += [] if "g" in flags else [[person(entry.owner) for _, entry in found]]
    columns += [] if {"o", "G"} & flags.values.keys() else [[person(entry.group) for _, entry in found]]
    columns += [[shown.size(entry.size) for _, entry in found], [_time(shown, entry) for _, entry in found]]
    wide = [max(map(len, column), default=0) for column in columns]
    right = (1, len(columns) - 2)
    return [
        start
        + " ".join(
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, wide, strict=True))
        )
        + f" {name}"
        for start, name, row in zip(front, names, zip(*columns, strict=True), strict=True)
    ]


def _time(shown: _Listing, entry: FileNode) -> str:
    recent = 0 <= shown.context.host.now - entry.modified < HALF_YEAR
    if shown.style == "locale":
        return formatted(entry.modified, "%b %e %R" if recent else "%b %e  %Y")
    if shown.style == "iso":
        return formatted(entry.modified, "%m-%d %R" if recent else "%F ")
    return formatted(entry.modified, shown.style)


COMMANDS: dict[str, Command] = {"ls": ls, "dir": ls, "vdir": ls}
