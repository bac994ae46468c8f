"""Commands that make files, folders and links: touch, truncate, mktemp, mkdir, ln."""

import posixpath
import re
from dataclasses import replace
from hashlib import sha256

from bashkit import BuiltinResult

from fleet.linux.clock import stamped
from fleet.linux.command import Command, CommandContext, Flags, fail, lacking, parse
from fleet.linux.dates import moment_of
from fleet.linux.file_tree import node
from fleet.linux.options import options
from fleet.linux.permissions import new_mode
from fleet.model import File, Host

UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4, "KB": 1000, "MB": 1000**2, "GB": 1000**3}


TOUCH = options("""
    -a
    -m
    -c --no-create
    -d --date=
    -r --reference=
    -t=
    ~ -f
""")


def touch(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, TOUCH)
    if not flags.words:
        return fail("touch: missing file operand\nTry 'touch --help' for more information.")
    host = context.pull()
    time = _touched(context, flags)
    if isinstance(time, str):
        return fail(f"touch: {time}")
    only_access = "a" in flags and "m" not in flags
    if only_access and {"d", "r", "t"} & flags.values.keys():
        return lacking(context, "touch -a with a time", BuiltinResult(exit_code=1))
    errors = ""
    for word in flags.words:
        path = context.absolute(word)
        there, above = node(context, path), node(context, posixpath.dirname(path) or "/")
        if there is None and (above is None or not above.folder):
            errors += f"touch: cannot touch '{word}': No such file or directory\n"
        elif there is None and "c" not in flags:
            made = host.now if only_access else time
            host = host.with_file(path, File(owner=context.user, mode=context.new_mode(0o666), modified=made))
        elif there and there.path in host.files and not only_access:
            host = host.with_file(there.path, replace(host.files[there.path], modified=time))
        elif there and there.folder and not only_access:
            context.host_files.made[there.path] = time
    context.change(host)
    return BuiltinResult(stderr=errors, exit_code=1 if errors else 0)


def _touched(context: CommandContext, flags: Flags) -> int | str:
    """The time that touch sets, or why there is none."""
    base = context.host.now
    if "r" in flags:
        like = node(context, context.absolute(flags.get("r")))
        if like is None:
            return f"failed to get attributes of '{flags.get('r')}': No such file or directory"
        base = like.modified
        if "d" not in flags:
            return base
    if "t" in flags:
        stamp = stamped(flags.get("t"), context.host.now)
        return f"invalid date format ‘{flags.get('t')}’" if stamp is None else stamp
    time = moment_of(flags.get("d", "now"), base)
    return f"invalid date format ‘{flags.get('d')}’" if time is None else time


TRUNCATE = options("""
    -s --size=
    -c --no-create
""")


def truncate(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, TRUNCATE)
    match = re.fullmatch(r"([-+<>/%]?)(\d{1,18})([A-Za-z]{0,3})", flags.get("s"))
    if "s" not in flags:
        return fail(
            "truncate: you must specify either ‘--size’ or ‘--reference’\nTry 'truncate --help' for more information."
        )
    if match is None or match[3].upper() not in UNITS:
        return fail(f"truncate: Invalid number: ‘{flags.get('s')}’")
    if not flags.words:
        return fail("truncate: missing file operand\nTry 'truncate --help' for more information.")
    host = context.pull()
    number = int(match[2]) * UNITS[match[3].upper()]
    for word in flags.words:
        path = context.absolute(word)
        above = node(context, posixpath.dirname(path) or "/")
        found = node(context, path)
        if (found and found.folder) or above is None or not above.folder:
            why = "Is a directory" if found else "No such file or directory"
            return fail(f"truncate: cannot open '{word}' for writing: {why}")
        if found is None and "c" in flags:
            continue
        place = found.path if found else path
        file = host.files.get(place, File(mode=found.mode if found else context.new_mode(0o666)))
        host = host.with_file(place, _resized(file, _wanted(match[1], number, file.size), host))
    context.change(host)
    return ""


def _wanted(sign: str, number: int, size: int) -> int:
    """The new size in bytes requested by `truncate -s`."""
    if sign in ("/", "%"):
        return size if not number else size // number * number if sign == "/" else -(-size // number) * number
    return {"": number, "+": size + number, "-": max(size - number, 0), "<": min(size, number), ">": max(size, number)}[
        sign
    ]


def _resized(file: File, size: int, host: Host) -> File:
    """The file truncated to `size` bytes, or grown by bytes that are only counted."""
    data = file.data[:size]
    return replace(file.holding(data), bulk=size - len(data), modified=host.now)


MKTEMP = options("""
    -d --directory
    -u --dry-run
    -q --quiet
    -t
    -p=
    --tmpdir[=]
    --suffix=
""")


def mktemp(context: CommandContext) -> str | BuiltinResult:
    """Names are derived from the host's next process id, which advances: bashkit's own would differ from run to run."""
    flags = parse(context, MKTEMP)
    if flags.words[1:]:
        return fail("mktemp: too many templates\nTry 'mktemp --help' for more information.")
    template = flags.words[0] if flags.words else "tmp.XXXXXXXXXX"
    start, end = _letters(template)
    within = not flags.words or bool({"p", "tmpdir", "t"} & flags.values.keys())
    path = posixpath.join(flags.get("p") or flags.get("tmpdir") or "/tmp", template) if within else template
    kind = "directory" if "d" in flags else "file"
    if wrong := _wrong_template(template, flags, within):
        return fail(f"mktemp: {wrong}")
    if "u" not in flags and node(context, posixpath.dirname(context.absolute(path))) is None:
        wrong = f"failed to create {kind} via template ‘{path + flags.get('suffix')}’: No such file or directory"
        return BuiltinResult(stderr="" if "q" in flags else f"mktemp: {wrong}\n", exit_code=1)
    host = context.pull()
    letters = sha256(f"{host.name} {host.next_pid}".encode()).hexdigest()[: end - start].ljust(end - start, "0")
    made = template[:start] + letters + template[end:] + flags.get("suffix")
    shown = posixpath.join(posixpath.dirname(path), made) if within else made
    host = replace(host, next_pid=host.next_pid + 1)
    if "u" not in flags and kind == "directory":
        context.host_files.fs.mkdir(context.absolute(shown))
    elif "u" not in flags:
        host = host.with_file(context.absolute(shown), File(mode=0o600, modified=host.now))
    context.change(host)
    return f"{shown}\n"


def _letters(template: str) -> tuple[int, int]:
    """Where the last run of X starts and ends; what follows is a suffix."""
    end = template.rfind("X") + 1
    return len(template[:end].rstrip("X")), end


def _wrong_template(template: str, flags: Flags, within: bool) -> str:
    """What mktemp says of a template that it does not take; "" if it does."""
    start, end = _letters(template)
    suffix = flags.get("suffix") or template[end:]
    if "suffix" in flags and not template.endswith("X"):
        return f"with --suffix, template ‘{template}’ must end in X"
    if end - start < 3:
        return f"too few X's in template ‘{template + flags.get('suffix')}’"
    if "/" in suffix:
        return f"invalid suffix ‘{suffix}’, contains directory separator"
    if "t" in flags and "/" in template:
        return f"invalid template, ‘{template}’, contains directory separator"
    if within and template.startswith("/"):
        return f"invalid template, ‘{template}’; with --tmpdir, it may not be absolute"
    return ""


MKDIR = options("""
    -p --parents
    -v --verbose
    -m --mode=
""")


def mkdir(context: CommandContext) -> BuiltinResult:
    flags = parse(context, MKDIR)
    if not flags.words:
        return fail("mkdir: missing operand\nTry 'mkdir --help' for more information.")
    mode = new_mode(flags.get("m"), 0o777, True, 0) if "m" in flags else context.new_mode(0o777)
    if mode is None:
        return fail(f"mkdir: invalid mode ‘{flags.get('m')}’")
    context.pull()
    text, errors = "", ""
    for word in flags.words:
        made, why = _make(context, word, mode, "p" in flags)
        text += "".join(f"mkdir: created directory '{name}'\n" for name in made) if "v" in flags else ""
        errors += f"mkdir: cannot create directory ‘{word}’: {why}\n" if why else ""
    return BuiltinResult(stdout=text, stderr=errors, exit_code=1 if errors else 0)


def _make(context: CommandContext, word: str, mode: int, parents: bool) -> tuple[list[str], str]:
    """(names of the folders made, why the last one could not be)."""
    parts = [part for part in word.split("/") if part]
    front = "/" if word.startswith("/") else ""
    names = [front + "/".join(parts[: count + 1]) for count in range(len(parts))] if parents else [word]
    made = []
    if len(word) > 4095 or any(len(part) > 255 for part in parts):
        return [], "File name too long"
    for name in names:
        path = context.absolute(name)
        there, above = node(context, path), node(context, posixpath.dirname(path) or "/")
        if there is not None:
            if not (parents and there.folder):
                return made, "File exists" if name == names[-1] else "Not a directory"
            continue
        if above is None or not above.folder:
            return made, "Not a directory" if above else "No such file or directory"
        path = posixpath.join(above.path, posixpath.basename(path))
        context.host_files.make_folder(path, mode if name == names[-1] else context.new_mode(0o777), context.host.now)
        made.append(name)
    return made, ""


LN = options("""
    -s --symbolic
    -f --force
    -v --verbose
    -n --no-dereference
    -t --target-directory=
    -T --no-target-directory
""")


def ln(context: CommandContext) -> BuiltinResult:
    flags = parse(context, LN)
    words = [*flags.words, flags.get("t")] if "t" in flags else flags.words
    if not words:
        return fail("ln: missing file operand\nTry 'ln --help' for more information.")
    context.pull()
    *targets, goal = words if len(words) > 1 else [words[0], "."]
    into = node(context, context.absolute(goal), follow="n" not in flags)
    inside = bool(into and into.folder) and "T" not in flags
    if (len(targets) > 1 or "t" in flags) and not inside:
        return fail(f"ln: target '{goal}': {'Not a directory' if into else 'No such file or directory'}")
    text, errors = "", ""
    for target in targets:
        name = posixpath.join(goal, posixpath.basename(target.rstrip("/"))) if inside else goal
        shown = posixpath.normpath(name) if goal == "." else name
        why = _link(context, target, shown, flags)
        errors += f"ln: {why}\n" if why else ""
        text += f"'{shown}' {'->' if 's' in flags else '=>'} '{target}'\n" if "v" in flags and not why else ""
    return BuiltinResult(stdout=text, stderr=errors, exit_code=1 if errors else 0)


def _link(context: CommandContext, target: str, name: str, flags: Flags) -> str:
    """Why a link could not be made; "" if it was. A hard link is a gap: files have no second name here."""
    kind = "symbolic" if "s" in flags else "hard"
    path = context.absolute(name)
    source = node(context, context.absolute(target), follow=False)
    if kind == "hard" and source is None:
        return f"failed to access '{target}': No such file or directory"
    if kind == "hard" and source and source.folder:
        return f"{target}: hard link not allowed for directory"
    above = node(context, posixpath.dirname(path) or "/")
    arrow = f" => '{target}'" if kind == "hard" else ""
    if above is None or not above.folder:
        return f"failed to create {kind} link '{name}'{arrow}: No such file or directory"
    there = node(context, path, follow=False)
    if there and "f" not in flags:
        return f"failed to create {kind} link '{name}': File exists"
    if there and there.folder:
        return f"{name}: cannot overwrite directory"
    host = context.host.with_file(path, None) if there else context.host
    if there and (there.kind == "symlink" or path in context.host.files):
        context.change(host)
        if context.host_files.fs.exists(path) or there.kind == "symlink":
            context.host_files.fs.remove(path)
    if kind == "symbolic":
        context.host_files.fs.symlink(target, path)
        context.host_files.made[path] = context.host.now
    elif source and source.path in host.files:
        context.change(host.with_file(path, host.files[source.path]))
        lacking(context, "ln without -s")
    return ""


COMMANDS: dict[str, Command] = {"touch": touch, "truncate": truncate, "mktemp": mktemp, "mkdir": mkdir, "ln": ln}
