"""Commands that create, move and remove files: cp, mv, rm, touch, truncate, chown, mktemp."""

import posixpath
import re
from dataclasses import replace
from hashlib import sha256

from bashkit import BuiltinResult

from fleet.linux.clock import moment_of
from fleet.linux.command import Command, CommandContext, Flags, fail, parse
from fleet.linux.file_tree import FileNode, node, walk
from fleet.linux.sessions import accounts
from fleet.model import File, Host

KERNEL = ("proc", "sys", "dev")
"""Top-level folders that are not on a disk: nothing in them can be removed."""
UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4, "KB": 1000, "MB": 1000**2, "GB": 1000**3}


def cp(context: CommandContext) -> BuiltinResult:
    same = {
        "recursive": "r",
        "R": "r",
        "a": "r",
        "archive": "r",
        "target-directory": "t",
        "no-clobber": "n",
        "verbose": "v",
    }
    return _transfer(
        context, parse(context, "rRafpvnuidLPTt:H", [*same, "force", "update", "parents"], same), move=False
    )


def mv(context: CommandContext) -> BuiltinResult:
    same = {"target-directory": "t", "no-clobber": "n", "verbose": "v"}
    return _transfer(context, parse(context, "fvniuTt:", [*same, "force", "update"], same), move=True)


def _transfer(context: CommandContext, flags: Flags, move: bool) -> BuiltinResult:
    """Copy or move each source to the last argument, or into it if it is a folder."""
    name, words = context.name.rsplit("/", 1)[-1], flags.words
    if not words:
        return fail(f"{name}: missing file operand\nTry '{name} --help' for more information.")
    if "t" not in flags and len(words) < 2:
        return fail(
            f"{name}: missing destination file operand after '{words[0]}'\nTry '{name} --help' for more information."
        )
    *sources, goal = [*words, flags.get("t")] if "t" in flags else words
    context.pull()
    into = node(context, context.absolute(goal))
    if (len(sources) > 1 or "t" in flags or goal.endswith("/")) and not (into and into.folder):
        return fail(f"{name}: target '{goal}': {'Not a directory' if into else 'No such file or directory'}")
    text, errors = "", ""
    for word in sources:
        path = context.absolute(word)
        top = node(context, path, follow=not move)
        target = context.absolute(goal)
        if into and into.folder and "T" not in flags:
            target = posixpath.join(target, posixpath.basename(path))
        why = _obstacle(context, word, goal, top, target, move, "r" in flags)
        if why:
            errors += f"{name}: {why}\n"
        elif top and not ("n" in flags and node(context, target)):
            errors += _transfer_one(context, top, target, name, move)
            text += f"{'renamed ' if move else ''}'{word}' -> '{target}'\n" if "v" in flags else ""
    return BuiltinResult(stdout=text, stderr=errors, exit_code=1 if errors else 0)


def _obstacle(
    context: CommandContext, word: str, goal: str, top: FileNode | None, target: str, move: bool, deep: bool
) -> str | None:
    """Why a source cannot be copied or moved to its target, in coreutils' words; None if it can."""
    verb = "move" if move else "copy"
    if top is None:
        return f"cannot stat '{word}': No such file or directory"
    if top.folder and not move and not deep:
        return f"-r not specified; omitting directory '{word}'"
    if move and top.path.split("/")[1] in ("", *KERNEL):
        return f"cannot move '{word}' to '{goal}': Device or resource busy"
    if top.path == target:
        return f"'{word}' and '{goal}' are the same file"
    if top.folder and f"{target}/".startswith(f"{top.path.rstrip('/')}/"):
        return f"cannot {verb} '{word}' to a subdirectory of itself, '{goal}'"
    above = node(context, posixpath.dirname(target) or "/")
    if above is None or not above.folder:
        made = "move" if move else "create regular file"
        return f"cannot {made} '{word if move else goal}'{f' to {goal!r}' if move else ''}: No such file or directory"
    there = node(context, target)
    if there and there.folder and not top.folder:
        return f"cannot overwrite directory '{goal}' with non-directory"
    if there and top.folder and not there.folder:
        return f"cannot overwrite non-directory '{goal}' with directory '{word}'"
    return None


def _transfer_one(context: CommandContext, top: FileNode, target: str, name: str, move: bool) -> str:
    """Copy or move a file or folder; returns the error message, or ""."""
    host = context.host
    entries = [entry for _, entry in walk(context, top)]
    size = sum(entry.size for entry in entries if entry.kind == "file") // 1024
    old, new = host.mount_of(top.path), host.mount_of(target)
    if (not move or old != new) and size > host.available(new):
        return f"{name}: error writing '{target}': No space left on device\n"
    files = dict(host.files)
    for entry in entries:
        place = target + entry.path[len(top.path) :]
        if entry.folder:
            context.host_files.fs.mkdir(place, recursive=True)
        elif entry.kind == "symlink":
            context.host_files.fs.symlink(entry.target, place)
        else:
            content = context.host_files.fs.read_file(entry.path).decode("utf-8", "replace")
            known = host.files.get(entry.path, File(content, mode=entry.mode, modified=entry.modified))
            files[place] = known if move else replace(known, modified=host.now)
    context.change(replace(host, files=files))
    if move:
        remove(context, top)
    return ""


def remove(context: CommandContext, top: FileNode) -> None:
    """Remove a file, link or folder with everything in it."""
    inside = f"{top.path.rstrip('/')}/"
    host = context.host
    files = {path: file for path, file in host.files.items() if path != top.path and not path.startswith(inside)}
    context.change(replace(host, files=files))
    if context.host_files.fs.exists(top.path) or top.kind == "symlink":
        context.host_files.fs.remove(top.path, recursive=True)


def rm(context: CommandContext) -> BuiltinResult:
    same = {"R": "r", "recursive": "r", "force": "f", "verbose": "v", "dir": "d"}
    flags = parse(context, "rRfivdI", [*same, "no-preserve-root", "preserve-root", "one-file-system"], same)
    if not flags.words:
        return BuiltinResult() if "f" in flags else fail("rm: missing operand\nTry 'rm --help' for more information.")
    context.pull()
    text, errors = "", ""
    for word in flags.words:
        path = context.absolute(word)
        found = node(context, path, follow=False)
        if posixpath.basename(word.rstrip("/")) in (".", ".."):
            errors += f"rm: refusing to remove '.' or '..' directory: skipping '{word}'\n"
        elif found is None:
            errors += "" if "f" in flags else f"rm: cannot remove '{word}': No such file or directory\n"
        elif found.folder and "r" not in flags:
            errors += f"rm: cannot remove '{word}': Is a directory\n"
        elif path == "/" and "no-preserve-root" not in flags:
            errors += "rm: it is dangerous to operate recursively on '/'\n"
            errors += "rm: use --no-preserve-root to override this failsafe\n"
        elif path.split("/")[1] in KERNEL:
            errors += f"rm: cannot remove '{word}': Operation not permitted\n"
        else:
            _clear(context, found)
            text += f"removed {'directory ' if found.folder else ''}'{word}'\n" if "v" in flags else ""
    return BuiltinResult(stdout=text, stderr=errors, exit_code=1 if errors else 0)


def _clear(context: CommandContext, found: FileNode) -> None:
    """Remove one entry; for the root, everything except the kernel's folders."""
    if found.path != "/":
        remove(context, found)
        return
    for entry in context.host_files.fs.read_dir("/"):
        top = node(context, f"/{entry['name']}", follow=False)
        if top and entry["name"] not in KERNEL:
            remove(context, top)


def touch(context: CommandContext) -> str | BuiltinResult:
    same = {"no-create": "c", "date": "d", "reference": "r"}
    flags = parse(context, "acmd:r:t:h", ["no-create", "date=", "reference=", "time="], same)
    if not flags.words:
        return fail("touch: missing file operand\nTry 'touch --help' for more information.")
    host = context.pull()
    time = moment_of(flags.get("d", "now"), host.now)
    if time is None:
        return fail(f"touch: invalid date format ‘{flags.get('d')}’")
    errors = ""
    for word in flags.words:
        path = context.absolute(word)
        there, above = node(context, path), node(context, posixpath.dirname(path) or "/")
        if there is None and (above is None or not above.folder):
            errors += f"touch: cannot touch '{word}': No such file or directory\n"
        elif there is None and "c" not in flags:
            host = host.with_file(path, File(modified=time))
        elif there and there.path in host.files:
            host = host.with_file(there.path, replace(host.files[there.path], modified=time))
    context.change(host)
    return BuiltinResult(stderr=errors, exit_code=1 if errors else 0)


def truncate(context: CommandContext) -> str | BuiltinResult:
    same = {"size": "s", "no-create": "c", "reference": "r"}
    flags = parse(context, "s:cor:", ["size=", "no-create", "reference="], same)
    match = re.fullmatch(r"([-+<>/%]?)(\d{1,18})([A-Za-z]{0,3})", flags.get("s"))
    if "s" not in flags:
        return fail("truncate: you must specify either '--size' or '--reference'")
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
        file = host.files.get(place, File(mode=found.mode if found else 0o644))
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
    content = file.content.encode()[:size].decode("utf-8", "ignore")
    return replace(file, content=content, bulk=size - len(content.encode()), modified=host.now)


def chown(context: CommandContext) -> str | BuiltinResult:
    """Check and store the owner. Nothing else follows: services ignore file ownership here."""
    flags = parse(context, "RvhfcLHP", ["recursive", "verbose", "from=", "reference="], {"recursive": "R"})
    name = context.name.rsplit("/", 1)[-1]
    if len(flags.words) < 2:
        return fail(f"{name}: missing operand\nTry '{name} --help' for more information.")
    owner, *words = flags.words
    host = context.pull()
    user = owner.split(":")[0].split(".")[0]
    if user and not user.isdecimal() and user not in accounts(host):
        return fail(f"{name}: invalid {'group' if name == 'chgrp' else 'user'}: ‘{owner}’")
    errors = ""
    for word in words:
        top = node(context, context.absolute(word))
        if top is None:
            errors += f"{name}: cannot access '{word}': No such file or directory\n"
            continue
        for _, entry in walk(context, top, 1000 if "R" in flags else 0):
            if name == "chown" and user and entry.path in host.files:
                host = host.with_file(entry.path, replace(host.files[entry.path], owner=user))
    context.change(host)
    return BuiltinResult(stderr=errors, exit_code=1 if errors else 0)


def mktemp(context: CommandContext) -> str | BuiltinResult:
    """Names are derived from the host's next process id, which advances: bashkit's own would differ from run to run."""
    flags = parse(context, "dup:tq", ["directory", "dry-run", "tmpdir"], {"directory": "d", "dry-run": "u"})
    template = flags.words[0] if flags.words else posixpath.join(flags.get("p", "/tmp"), "tmp.XXXXXXXXXX")
    tail = re.search(r"X{3,200}$", template)
    if tail is None:
        return fail(f"mktemp: too few X's in template ‘{template}’")
    host = context.pull()
    letters = sha256(f"{host.name} {host.next_pid}".encode()).hexdigest()[: len(tail[0])]
    shown = template[: tail.start()] + letters.ljust(len(tail[0]), "0")
    path = context.absolute(posixpath.join("/tmp", shown) if "t" in flags else shown)
    host = replace(host, next_pid=host.next_pid + 1)
    if "d" in flags:
        context.host_files.fs.mkdir(path)
    elif "u" not in flags:
        host = host.with_file(path, File(mode=0o600, modified=host.now))
    context.change(host)
    return f"{path if '/' in shown or 't' in flags else shown}\n"


COMMANDS: dict[str, Command] = {
    "mktemp": mktemp,
    "cp": cp,
    "mv": mv,
    "rm": rm,
    "touch": touch,
    "truncate": truncate,
    "chown": chown,
    "chgrp": chown,
}
