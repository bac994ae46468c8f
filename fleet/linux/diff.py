"""diff and cmp: how two files, or two folders, differ."""

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bashkit import BuiltinResult

from fleet.linux.clock import formatted
from fleet.linux.command import Command, CommandContext, Flags, fail, lacking, parse
from fleet.linux.edit_script import Hunk, hunks
from fleet.linux.file_tree import FileNode, children, node
from fleet.linux.options import options

DIFF = options("""
    -u
    -U=
    --unified[=]
    -c
    -C=
    --context[=]
    -q --brief
    -s --report-identical-files
    -r --recursive
    -N --new-file
    -i --ignore-case
    -w --ignore-all-space
    -b --ignore-space-change
    -B --ignore-blank-lines
    --color[=]
    ~ -a --text
    ~ --normal
""")
CMP = options("""
    -s --quiet --silent
""")
NO_NEWLINE = "\\ No newline at end of file\n"
TROUBLE = 2


@dataclass(frozen=True, slots=True)
class Operand:
    """One of two files: the name by which it was given, and what it is."""

    name: str
    found: FileNode | None
    content: bytes = b""
    time: int = 0
    piped: bool = False
    """whether it comes from a pipe: - or <(command)"""

    @property
    def missing(self) -> bool:
        return self.found is None and not self.piped


def diff(context: CommandContext) -> BuiltinResult:
    flags = parse(context, DIFF)
    words = flags.words
    hint = "\ndiff: Try 'diff --help' for more information."
    if len(words) < 2:
        return fail(f"diff: missing operand after '{words[0] if words else 'diff'}'{hint}", TROUBLE)
    if len(words) > 2:
        return fail(f"diff: extra operand '{words[2]}'{hint}", TROUBLE)
    if flags.get("color") == "always" or not _context_lines(flags).isdecimal():
        return lacking(context, "diff with colours, or a strange number of lines", BuiltinResult(exit_code=TROUBLE))
    context.pull()
    sides = [_side(context, word) for word in words]
    lost = [side for side in sides if side.missing]
    if lost and (len(lost) == 2 or "N" not in flags):
        return fail("\n".join(f"diff: {side.name}: No such file or directory" for side in lost), TROUBLE)
    old, new = sides
    folders = [bool(side.found and side.found.folder) for side in sides]
    if folders == [True, False]:
        old = _side(context, posixpath.join(old.name, posixpath.basename(new.name)))
    elif folders == [False, True]:
        new = _side(context, posixpath.join(new.name, posixpath.basename(old.name)))
    elif all(folders):
        told, code = _folders(context, old, new, flags)
        return BuiltinResult(stdout=told, exit_code=code)
    if missing := [side for side in (old, new) if side.missing and "N" not in flags]:
        return fail(f"diff: {missing[0].name}: No such file or directory", TROUBLE)
    told, code = _files(old, new, flags)
    return BuiltinResult(stdout=told, exit_code=code)


def _side(context: CommandContext, word: str) -> Operand:
    if word == "-":
        return Operand(word, None, context.stdin.encode("utf-8", "replace"), context.host.now, piped=True)
    path, fs = context.absolute(word), context.host_files.fs
    if path.startswith("/dev/fd/") and fs.exists(path):  # <(command)
        return Operand(word, None, fs.read_file(path), context.host.now, piped=True)
    found = node(context, path)
    content = fs.read_file(found.path) if found and not found.folder else b""
    return Operand(word, found, content, found.modified if found else 0)


def _folders(context: CommandContext, old: Operand, new: Operand, flags: Flags) -> tuple[str, int]:
    """(what is told of two folders, exit code)"""
    assert old.found
    assert new.found
    names = [{child.name for child in children(context, side.found)} for side in (old, new) if side.found]
    text, code = "", 0
    for name in sorted({*names[0], *names[1]}):
        a, b = (_side(context, posixpath.join(side.name, name)) for side in (old, new))
        one = a if b.found is None else b
        if (a.found is None or b.found is None) and not ("N" in flags and one.found and not one.found.folder):
            text, code = f"{text}Only in {posixpath.dirname(one.name)}: {name}\n", max(code, 1)
        elif a.found and a.found.folder and b.found and b.found.folder:
            more, found = _folders(context, a, b, flags) if "r" in flags else _common(a, b)
            text, code = text + more, max(code, found)
        elif a.found and b.found and a.found.folder != b.found.folder:
            kinds = ["directory" if side.found and side.found.folder else "regular file" for side in (a, b)]
            text += f"File {a.name} is a {kinds[0]} while file {b.name} is a {kinds[1]}\n"
            code = max(code, 1)
        else:
            more, found = _files(a, b, flags)
            head = "diff " + "".join(f"{word} " for word in _spelled(flags)) + f"{a.name} {b.name}\n"
            text += (head if found and not {"q", "s"} & flags.values.keys() else "") + more
            code = max(code, found)
    return text, code


def _common(a: Operand, b: Operand) -> tuple[str, int]:
    return f"Common subdirectories: {a.name} and {b.name}\n", 0


def _spelled(flags: Flags) -> list[str]:
    """The options, as the line above each pair of files repeats them."""
    return [f"-{name}{value}" if len(name) == 1 else f"--{name}" for name, value in flags.pairs]


def _files(old: Operand, new: Operand, flags: Flags) -> tuple[str, int]:
    """(what is told of two files, exit code)"""
    same = old.content == new.content
    if not same and (b"\0" in old.content[:4096] or b"\0" in new.content[:4096]):
        return f"Binary files {old.name} and {new.name} differ\n", 1
    a, b = ([] if same else side.content.decode("utf-8", "replace").splitlines(keepends=True) for side in (old, new))
    found = hunks([_key(line, flags) for line in a], [_key(line, flags) for line in b])
    if "B" in flags:
        found = [hunk for hunk in found if "".join(a[hunk.first : hunk.last] + b[hunk.start : hunk.end]).strip()]
    if not found:
        return (f"Files {old.name} and {new.name} are identical\n" if "s" in flags else ""), 0
    if "q" in flags:
        return f"Files {old.name} and {new.name} differ\n", 1
    if {"u", "U", "unified"} & flags.values.keys():
        return _unified(old, new, a, b, found, int(_context_lines(flags)[:6])), 1
    if {"c", "C", "context"} & flags.values.keys():
        return _in_context(old, new, a, b, found, int(_context_lines(flags)[:6])), 1
    return "".join(_normal(a, b, hunk) for hunk in found), 1


def _context_lines(flags: Flags) -> str:
    """How many equal lines are shown around changed ones."""
    return next((flags.get(name) for name in ("U", "unified", "C", "context") if flags.get(name)), "3")


def _key(line: str, flags: Flags) -> str:
    """What of a line is compared."""
    if "w" in flags:
        line = "".join(line.split())
    elif "b" in flags:
        line = re.sub(r"\s+", " ", line).rstrip()
    return line.lower() if "i" in flags else line


def _marked(mark: str, lines: Sequence[str]) -> str:
    return "".join(f"{mark}{line}" + ("" if line.endswith("\n") else f"\n{NO_NEWLINE}") for line in lines)


def _span(first: int, last: int) -> str:
    return str(last) if last - first <= 1 else f"{first + 1},{last}"


def _normal(a: Sequence[str], b: Sequence[str], hunk: Hunk) -> str:
    first, last, start, end = hunk
    gone, added = _marked("< ", a[first:last]), _marked("> ", b[start:end])
    if first == last:
        return f"{first}a{_span(start, end)}\n{added}"
    if start == end:
        return f"{_span(first, last)}d{start}\n{gone}"
    return f"{_span(first, last)}c{_span(start, end)}\n{gone}---\n{added}"


def _unified(old: Operand, new: Operand, a: Sequence[str], b: Sequence[str], found: Sequence[Hunk], around: int) -> str:
    stamps = [formatted(side.time, "%F %T.%N %z") for side in (old, new)]
    text = f"--- {old.name}\t{stamps[0]}\n+++ {new.name}\t{stamps[1]}\n"
    for group in _together(found, around):
        first, last, start, end = _bounds(group, a, b, around)
        text += f"@@ -{_counted(first, last)} +{_counted(start, end)} @@\n"
        at = first
        for hunk in group:
            text += _marked(" ", a[at : hunk.first])
            text += _marked("-", a[hunk.first : hunk.last]) + _marked("+", b[hunk.start : hunk.end])
            at = hunk.last
        text += _marked(" ", a[at:last])
    return text


def _together(found: Sequence[Hunk], around: int) -> list[list[Hunk]]:
    """The hunks whose surroundings touch."""
    groups: list[list[Hunk]] = []
    for hunk in found:
        if groups and hunk.first - groups[-1][-1].last <= 2 * around:
            groups[-1].append(hunk)
        else:
            groups.append([hunk])
    return groups


def _bounds(group: Sequence[Hunk], a: Sequence[str], b: Sequence[str], around: int) -> Hunk:
    """The lines that are shown of a group."""
    first, start = max(group[0].first - around, 0), max(group[0].start - around, 0)
    return Hunk(first, min(group[-1].last + around, len(a)), start, min(group[-1].end + around, len(b)))


def _in_context(
    old: Operand, new: Operand, a: Sequence[str], b: Sequence[str], found: Sequence[Hunk], around: int
) -> str:
    stamps = [formatted(side.time, "%F %T.%N %z") for side in (old, new)]
    text = f"*** {old.name}\t{stamps[0]}\n--- {new.name}\t{stamps[1]}\n"
    for group in _together(found, around):
        first, last, start, end = _bounds(group, a, b, around)
        text += f"***************\n*** {_from_to(first, last)} ****\n"
        if any(hunk.first < hunk.last for hunk in group):
            text += _one_side(a, first, last, [(hunk.first, hunk.last, hunk.start < hunk.end) for hunk in group], "-")
        text += f"--- {_from_to(start, end)} ----\n"
        if any(hunk.start < hunk.end for hunk in group):
            text += _one_side(b, start, end, [(hunk.start, hunk.end, hunk.first < hunk.last) for hunk in group], "+")
    return text


def _from_to(first: int, last: int) -> str:
    return f"{first + 1},{last}" if last - first > 1 else str(last)


def _one_side(lines: Sequence[str], first: int, last: int, runs: Sequence[tuple[int, int, bool]], mark: str) -> str:
    """The lines of one side; a run that stands for lines of the other side is marked with !."""
    text, at = "", first
    for begin, end, both in runs:
        text += _marked("  ", lines[at:begin]) + _marked("! " if both else f"{mark} ", lines[begin:end])
        at = end
    return text + _marked("  ", lines[at:last])


def _counted(first: int, last: int) -> str:
    count = last - first
    return f"{first + (count > 0)}" + ("" if count == 1 else f",{count}")


def cmp(context: CommandContext) -> BuiltinResult:
    flags = parse(context, CMP)
    words = flags.words
    if not words:
        return fail("cmp: missing operand after 'cmp'\ncmp: Try 'cmp --help' for more information.", TROUBLE)
    if len(words) > 2:
        return lacking(context, "cmp with more than two operands", BuiltinResult(exit_code=TROUBLE))
    context.pull()
    old, new = (_side(context, word) for word in [*words, "-"][:2])
    for side in (old, new):
        if side.missing:
            return BuiltinResult(
                stderr="" if "s" in flags else f"cmp: {side.name}: No such file or directory\n", exit_code=TROUBLE
            )
        if side.found and side.found.folder:
            return fail(f"cmp: {side.name}: Is a directory", TROUBLE)
    a, b = old.content, new.content
    if a == b or "s" in flags:
        return BuiltinResult(exit_code=int(a != b))
    place = next((n for n, (one, other) in enumerate(zip(a, b, strict=False)) if one != other), None)
    if place is None:
        short, size = (old, len(a)) if len(a) < len(b) else (new, len(b))
        if size == 0:
            return fail(f"cmp: EOF on {short.name} which is empty")
        line = short.content.count(b"\n") + (not short.content.endswith(b"\n"))
        within = "line" if short.content.endswith(b"\n") else "in line"
        return fail(f"cmp: EOF on {short.name} after byte {size}, {within} {line}")
    return BuiltinResult(
        f"{old.name} {new.name} differ: byte {place + 1}, line {a[:place].count(10) + 1}\n", exit_code=1
    )


COMMANDS: dict[str, Command] = {"diff": diff, "cmp": cmp}
