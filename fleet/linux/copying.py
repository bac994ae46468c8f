"""Commands that copy, move and remove files: cp, mv, rm."""

import posixpath
from dataclasses import replace

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, Flags, fail, parse
from fleet.linux.file_tree import FileNode, children, node, walk
from fleet.linux.options import options
from fleet.model import File

KERNEL = ("proc", "sys", "dev")
"""Top-level folders that are not on a disk: nothing in them can be removed."""


_BOTH = """
    -f --force
    -i --interactive
    -n --no-clobber
    -u --update
    -v --verbose
    -t --target-directory=
    -T --no-target-directory
"""
CP = options(
    _BOTH
    + """
    -r -R --recursive
    -a --archive
    -d
    -P --no-dereference
    -p
    --preserve[=]
"""
)
MV = options(_BOTH)


def cp(context: CommandContext) -> BuiltinResult:
    return _transfer(context, parse(context, CP), move=False)


def mv(context: CommandContext) -> BuiltinResult:
    return _transfer(context, parse(context, MV), move=True)


def _transfer(context: CommandContext, flags: Flags, move: bool) -> BuiltinResult:
    """Copy or move each source to the last argument, or into it if it is a folder."""
    name, words = context.name, flags.words
    if not words:
        return fail(f"{name}: missing file operand\nTry '{name} --help' for more information.")
    if "t" not in flags and len(words) < 2:
        return fail(
            f"{name}: missing destination file operand after '{words[0]}'\nTry '{name} --help' for more information."
        )
    *sources, goal = [*words, flags.get("t")] if "t" in flags else words
    context.pull()
    into = node(context, context.absolute(goal))
    if len(sources) == 1 and "t" not in flags and into is None and goal.endswith("/"):
        source = node(context, context.absolute(sources[0]))
        if source and not source.folder:
            what = f"move '{sources[0]}' to" if name == "mv" else "create regular file"
            return fail(f"{name}: cannot {what} '{goal}': Not a directory")
        goal = goal.rstrip("/")
    if (len(sources) > 1 or "t" in flags or goal.endswith("/")) and not (into and into.folder):
        return fail(f"{name}: target '{goal}': {'Not a directory' if into else 'No such file or directory'}")
    inside = bool(into and into.folder) and "T" not in flags
    answers, text, errors = _Answers(context.stdin), "", ""
    for word in sources:
        path = context.absolute(word)
        top = node(context, path, follow=not move and not {"r", "a", "d", "P"} & flags.values.keys())
        shown = posixpath.join(goal, posixpath.basename(path)) if inside else goal
        target = context.absolute(shown)
        why = _obstacle(context, word, goal, top, target, move, bool({"r", "a"} & flags.values.keys()))
        if why:
            errors += f"{name}: {why}\n"
        elif top and not _spared(context, flags, top, target):
            if _asks(flags, move) and node(context, target) and not answers.ask(f"{name}: overwrite '{shown}'? "):
                continue
            why = _transfer_one(context, top, target, flags, move)
            errors += why
            text += f"{'renamed ' if move else ''}'{word}' -> '{shown}'\n" if "v" in flags and not why else ""
    return BuiltinResult(stdout=text, stderr=answers.asked + errors, exit_code=1 if errors else 0)


class _Answers:
    """The answers to a command's questions, from its standard input: without one, the answer is no."""

    def __init__(self, stdin: str) -> None:
        self._lines = iter(stdin.splitlines())
        self.asked = ""
        """all questions so far"""

    def ask(self, question: str) -> bool:
        self.asked += question
        return next(self._lines, "").lstrip().lower().startswith("y")


def _spared(context: CommandContext, flags: Flags, top: FileNode, target: str) -> bool:
    """Whether -n or -u leaves a target as it is."""
    there = node(context, target)
    if there is None:
        return False
    last = next((flag for flag, _ in reversed(flags.pairs) if flag in "nif"), "")
    spared = last == "n" or ("n" in flags and context.name == "cp")
    return spared or ("u" in flags and not top.folder and there.modified >= top.modified)


def _asks(flags: Flags, move: bool) -> bool:
    """Whether -i asks first: of mv's -f, -i and -n the last one counts."""
    if move:
        return next((flag for flag, _ in reversed(flags.pairs) if flag in "nif"), "") == "i"
    return "i" in flags


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


def _transfer_one(context: CommandContext, top: FileNode, target: str, flags: Flags, move: bool) -> str:
    """Copy or move a file or folder; returns the error message, or ""."""
    host = context.host
    entries = [entry for _, entry in walk(context, top)]
    size = sum(entry.size for entry in entries if entry.kind == "file") // 1024
    old, new = host.mount_of(top.path), host.mount_of(target)
    if (not move or old != new) and size > host.available(new):
        return f"{context.name}: error writing '{target}': No space left on device\n"
    keeps = move or bool({"a", "p", "preserve"} & flags.values.keys())
    files = dict(host.files)
    for entry in entries:
        place = target + entry.path[len(top.path) :]
        if entry.folder:
            _copy_folder(context, entry, place, keeps)
        elif entry.kind == "symlink":
            context.host_files.fs.symlink(entry.target, place)
            context.host_files.made[place] = entry.modified if keeps else host.now
        else:
            data = context.host_files.fs.read_file(entry.path)
            known = context.host_files.file(host, entry.path)
            known = known or File(mode=entry.mode, modified=entry.modified).holding(data)
            files[place] = known if keeps else _copied(context, known, context.host_files.file(host, place))
    context.change(replace(host, files=files))
    if move:
        remove(context, top)
    return ""


def _copy_folder(context: CommandContext, entry: FileNode, place: str, keeps: bool) -> None:
    if not context.host_files.fs.exists(place):
        mode = entry.mode if keeps else context.new_mode(entry.mode)
        context.host_files.make_folder(place, mode, entry.modified if keeps else context.host.now)
        if keeps:
            context.host_files.own(place, entry.owner, entry.named_group)


def _copied(context: CommandContext, source: File, there: File | None) -> File:
    """What a plain copy leaves: a new file is the user's, one that was there keeps its owner and mode."""
    kept = there or File(mode=context.new_mode(source.mode), owner=context.user)
    return replace(kept, content=source.content, raw=source.raw, bulk=source.bulk, modified=context.host.now)


def remove(context: CommandContext, top: FileNode) -> None:
    """Remove a file, link or folder with everything in it."""
    inside = f"{top.path.rstrip('/')}/"
    host = context.host
    files = {path: file for path, file in host.files.items() if path != top.path and not path.startswith(inside)}
    context.change(replace(host, files=files))
    if context.host_files.fs.exists(top.path) or top.kind == "symlink":
        context.host_files.fs.remove(top.path, recursive=True)


RM = options("""
    -r -R --recursive
    -f --force
    -i
    -I
    -v --verbose
    -d --dir
    --no-preserve-root
    ~ --preserve-root
""")


def rm(context: CommandContext) -> BuiltinResult:
    flags = parse(context, RM)
    if not flags.words:
        return BuiltinResult() if "f" in flags else fail("rm: missing operand\nTry 'rm --help' for more information.")
    context.pull()
    answers, text, errors = _Answers(context.stdin), "", ""
    asks = next((flag for flag, _ in reversed(flags.pairs) if flag in "fiI"), "f")
    many = asks == "I" and ("r" in flags or len(flags.words) > 3)
    count = f"{len(flags.words)} argument{'s' * (len(flags.words) > 1)}{' recursively' * ('r' in flags)}"
    if many and not answers.ask(f"rm: remove {count}? "):
        return BuiltinResult(stderr=answers.asked)
    for word in flags.words:
        path = context.absolute(word)
        found = node(context, path, follow=False)
        why = _kept(context, word, path, found, flags)
        if why is not None:
            errors += why
        elif found and (asks != "i" or _agreed(context, word, found, answers)):
            _clear(context, found)
            text += f"removed {'directory ' if found.folder else ''}'{word}'\n" if "v" in flags else ""
    return BuiltinResult(stdout=text, stderr=answers.asked + errors, exit_code=1 if errors else 0)


def _agreed(context: CommandContext, word: str, found: FileNode, answers: _Answers) -> bool:
    """Whether all questions about an entry, and for a folder about what is in it, were answered with yes."""
    kinds = {"directory": "directory", "symlink": "symbolic link", "file": "regular file"}
    kind = "regular empty file" if found.kind == "file" and not found.size else kinds[found.kind]
    inside = children(context, found) if found.folder else []
    if inside and not answers.ask(f"rm: descend into directory '{word}'? "):
        return False
    agreed = [_agreed(context, f"{word.rstrip('/')}/{child.name}", child, answers) for child in inside]
    for child, yes in zip(inside, agreed, strict=True):
        if yes and not all(agreed):
            remove(context, child)
    return all(agreed) and answers.ask(f"rm: remove {kind} '{word}'? ")


def _kept(context: CommandContext, word: str, path: str, found: FileNode | None, flags: Flags) -> str | None:
    """The message for an operand that rm does not remove ("" with -f for what is not there); None if it may."""
    if posixpath.basename(word.rstrip("/")) in (".", ".."):
        return f"rm: refusing to remove '.' or '..' directory: skipping '{word}'\n"
    if found is None:
        return "" if "f" in flags else f"rm: cannot remove '{word}': No such file or directory\n"
    if found.folder and "r" not in flags:
        if "d" not in flags:
            return f"rm: cannot remove '{word}': Is a directory\n"
        return f"rm: cannot remove '{word}': Directory not empty\n" if children(context, found) else None
    if path == "/" and "no-preserve-root" not in flags:
        return (
            "rm: it is dangerous to operate recursively on '/'\nrm: use --no-preserve-root to override this failsafe\n"
        )
    return f"rm: cannot remove '{word}': Operation not permitted\n" if path.split("/")[1] in KERNEL else None


def _clear(context: CommandContext, found: FileNode) -> None:
    """Remove one entry; for the root, everything except the kernel's folders."""
    if found.path != "/":
        remove(context, found)
        return
    for entry in context.host_files.fs.read_dir("/"):
        top = node(context, f"/{entry['name']}", follow=False)
        if top and entry["name"] not in KERNEL:
            remove(context, top)


COMMANDS: dict[str, Command] = {"cp": cp, "mv": mv, "rm": rm}
