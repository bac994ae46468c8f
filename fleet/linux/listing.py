"""Commands that describe files: stat, file, realpath."""

import posixpath
import re

from bashkit import BuiltinResult

from fleet.linux.base_accounts import accounts
from fleet.linux.clock import formatted
from fleet.linux.command import Command, CommandContext, fail, parse
from fleet.linux.file_tree import FileNode, links, node
from fleet.linux.options import options

STAT = options("""
    -c --format=
    --printf=
    -L --dereference
    -t --terse
""")


def stat(context: CommandContext) -> BuiltinResult:
    flags = parse(context, STAT)
    if not flags.words:
        return fail("stat: missing operand\nTry 'stat --help' for more information.")
    context.pull()
    text, errors = "", ""
    uids = accounts(context.host)
    for word in flags.words:
        found = node(context, context.absolute(word), follow="L" in flags)
        if found is None:
            errors += f"stat: cannot statx '{word}': No such file or directory\n"
        elif "printf" in flags:
            text += _stat_format(context, escapes(flags.get("printf")), word, found, uids)
        elif "c" in flags:
            text += _stat_format(context, flags.get("c"), word, found, uids) + "\n"
        elif "t" in flags:
            text += _stat_format(context, "%n %s %b %f %u %g 801 %i %h 0 0 %X %Y %Z %W %o", word, found, uids) + "\n"
        else:
            text += _stat_block(context, word, found, uids)
    return BuiltinResult(stdout=text, stderr=errors, exit_code=1 if errors else 0)


ESCAPES = dict(zip('nt\\0abfrv"', '\n\t\\\0\a\b\f\r\v"', strict=True))
"""The letter behind a backslash -> what it stands for."""


def escapes(text: str) -> str:
    """The text with its backslash escapes replaced: stat --printf, find -printf."""
    return re.sub(r"\\(.)", lambda found: ESCAPES.get(found[1], found[0]), text)


def _kind(found: FileNode) -> str:
    if found.kind == "file":
        return "regular file" if found.size else "regular empty file"
    return {"directory": "directory", "symlink": "symbolic link"}[found.kind]


def _stat_block(context: CommandContext, word: str, found: FileNode, uids: dict[str, int]) -> str:
    shown = f"{word} -> {found.target}" if found.kind == "symlink" else word
    time = formatted(found.modified, "%F %T.000000000 +0000")
    who, group = (f"({uids.get(name, 0):>5}/{name:>8})" for name in (found.owner, found.group))
    return (
        f"  File: {shown}\n"
        f"  Size: {found.size:<10}\tBlocks: {found.blocks * 2:<10} IO Block: 4096   {_kind(found)}\n"
        f"Device: 8,1\tInode: {found.number:<11} Links: {links(context, found)}\n"
        f"Access: ({found.mode:04o}/{found.permissions})  Uid: {who}   Gid: {group}\n"
        f"Access: {time}\nModify: {time}\nChange: {time}\n Birth: {time}\n"
    )


_TYPES = {"file": 0o100000, "directory": 0o040000, "symlink": 0o120000}
"""The file type in a raw mode."""


def _stat_format(context: CommandContext, pattern: str, word: str, found: FileNode, uids: dict[str, int]) -> str:
    time = formatted(found.modified, "%F %T.000000000 +0000")
    uid, gid = str(uids.get(found.owner, 0)), str(uids.get(found.group, 0))
    quoted = f"'{word}' -> '{found.target}'" if found.kind == "symlink" else f"'{word}'"
    values = {
        **dict.fromkeys("XYZW", str(found.modified)),
        **dict.fromkeys("xyzw", time),
        **{
            "n": word,
            "N": quoted,
            "F": _kind(found),
            "s": str(found.size),
            "i": str(found.number),
            "h": str(links(context, found)),
        },
        **{"a": f"{found.mode:o}", "A": found.permissions, "f": f"{_TYPES[found.kind] | found.mode:x}"},
        **{"U": found.owner, "G": found.group, "u": uid, "g": gid},
        **{"b": str(found.blocks * 2), "B": "512", "o": "4096", "m": "/", "%": "%"},
    }
    return re.sub(r"%([a-zA-Z%])", lambda match: values.get(match[1], match[0]), pattern)


FILE = options("""
    -b --brief
    ~ -h --no-dereference
""")


def file(context: CommandContext) -> BuiltinResult:
    flags = parse(context, FILE)
    if not flags.words:
        return fail("Usage: file [-bcCdEhikLlNnprsSvzZ0] [--apple] [--extension] [--mime-encoding]")
    context.pull()
    text = ""
    wide = max(map(len, flags.words)) + 1
    for word in flags.words:
        found = node(context, context.absolute(word), follow=False)
        content = (
            ""
            if found is None or found.kind != "file"
            else context.host_files.fs.read_file(found.path)[:4096].decode("latin-1")
        )
        shown = _sort_of(word, found, content)
        text += shown + "\n" if "b" in flags else f"{f'{word}:':<{wide}} {shown}\n"
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
        kinds = {"bash": "Bourne-Again shell", "sh": "POSIX shell", "python3": "Python", "perl": "Perl"}
        return f"{kinds.get(program.split()[-1], program)} script, ASCII text executable"
    if content.startswith("\x1f\x8b"):
        return "gzip compressed data, from Unix"
    if content.startswith("{"):
        return "JSON text data"
    return (
        "data" if "\0" in content or not content else "ASCII text" if content.isascii() else "Unicode text, UTF-8 text"
    )


REALPATH = options("""
    -e --canonicalize-existing
    -m --canonicalize-missing
    -s --strip --no-symlinks
    -q --quiet
    -z --zero
    --relative-to=
""")


def realpath(context: CommandContext) -> BuiltinResult:
    flags = parse(context, REALPATH)
    if not flags.words:
        return fail("realpath: missing operand\nTry 'realpath --help' for more information.")
    context.pull()
    text, errors = "", ""
    for word in flags.words:
        path = context.absolute(word)
        found, above = node(context, path), node(context, posixpath.dirname(path))
        if found is None and "m" not in flags and ("e" in flags or above is None):
            errors += f"realpath: {word}: No such file or directory\n"
            continue
        if "s" not in flags:
            real = posixpath.join(above.path, posixpath.basename(path)) if above else path
            path = found.path if found else real
        if "relative-to" in flags:
            path = posixpath.relpath(path, context.absolute(flags.get("relative-to")))
        text += path + ("\0" if "z" in flags else "\n")
    return BuiltinResult(text, "" if "q" in flags else errors, 1 if errors else 0)


COMMANDS: dict[str, Command] = {"stat": stat, "realpath": realpath, "file": file}
