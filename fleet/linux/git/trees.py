"""A repository's three trees (commit, index, working folder), its revisions, and diffs between trees."""

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher, unified_diff
from fnmatch import fnmatchcase
from hashlib import sha1

from fleet.linux.command import UsageError, fail
from fleet.model import Commit, File, Host, Repository

Tree = Mapping[str, str]
"""path from the repository's root -> content"""
NOT_A_REPOSITORY = "fatal: not a git repository (or any of the parent directories): .git"
FATAL = 128


def repository(host: Host, folder: str) -> Repository:
    """The repository that contains a folder.

    Raises:
        UsageError: the folder is in no repository; carries git's message.
    """
    found = host.repository
    if found is None or not (folder.rstrip("/") + "/").startswith(found.path.rstrip("/") + "/"):
        raise UsageError(fail(NOT_A_REPOSITORY, FATAL))
    return found


def head_tree(found: Repository) -> Tree:
    """The tree of the last commit."""
    return found.commits[0].files if found.commits else {}


def index_tree(found: Repository) -> Tree:
    """The tree that would be committed now."""
    tree = {**head_tree(found), **found.staged}
    return {path: content for path, content in tree.items() if content is not None}


def work_tree(host: Host, found: Repository) -> Tree:
    """The tree in the working folder, without what .gitignore excludes."""
    root = found.path.rstrip("/") + "/"
    tree = {path.removeprefix(root): file.content for path, file in host.files.items() if path.startswith(root)}
    patterns = [line.strip().rstrip("/") for line in tree.get(".gitignore", "").splitlines() if line.strip()]
    tracked = index_tree(found)

    def ignored(path: str) -> bool:
        parts = path.split("/")
        return path not in tracked and any(
            fnmatchcase(part, pattern.lstrip("/")) for pattern in patterns for part in [*parts, path]
        )

    return {path: content for path, content in tree.items() if not path.startswith(".git/") and not ignored(path)}


def with_work_tree(host: Host, found: Repository, tree: Tree, paths: Sequence[str]) -> Host:
    """The host with the files at `paths` (from the repository's root) as in `tree`, or removed."""
    files = dict(host.files)
    for path in paths:
        full = posixpath.join(found.path, path)
        if path not in tree:
            files.pop(full, None)
        elif full not in files or files[full].content != tree[path]:
            files[full] = replace(files.get(full, File()), content=tree[path], bulk=0, modified=host.now)
    return replace(host, files=files)


def changed(old: Tree, new: Tree) -> dict[str, str]:
    """path -> A, M or D, sorted by path."""
    found = {}
    for path in sorted({*old, *new}):
        if old.get(path) != new.get(path):
            found[path] = "A" if path not in old else "D" if path not in new else "M"
    return found


def revision(found: Repository, word: str) -> int:
    """The index of the commit meant by HEAD, HEAD~2, main^, or the beginning of an id.

    Raises:
        UsageError: no such revision.
    """
    base, steps = re.fullmatch(r"(.*?)((?:[~^]\d{0,4})*)", word, re.DOTALL).groups()  # type: ignore[union-attr]
    names = ("HEAD", "@", "", found.branch, *found.branches, f"origin/{found.branch}")
    by_id = [n for n, commit in enumerate(found.commits) if len(base) >= 4 and commit.id.startswith(base)]
    place = 0 if base in names else by_id[0] if by_id else -1
    for mark, count in re.findall(r"([~^])(\d{0,4})", steps):
        place += (int(count or 1) if mark == "~" else min(int(count or 1), 1)) if place >= 0 else 0
    if not 0 <= place < len(found.commits):
        why = f"fatal: ambiguous argument '{word}': unknown revision or path not in the working tree."
        hint = "Use '--' to separate paths from revisions, like this:\n'git <command> [<revision>...] -- [<file>...]'"
        raise UsageError(fail(f"{why}\n{hint}", FATAL))
    return place


def is_revision(found: Repository, word: str) -> bool:
    """Whether a word is a valid revision."""
    try:
        revision(found, word)
    except UsageError:
        return False
    return True


def parent_tree(found: Repository, place: int) -> Tree:
    """The tree of the previous commit; empty before the first."""
    return found.commits[place + 1].files if place + 1 < len(found.commits) else {}


def within(folder: str, found: Repository, words: Sequence[str]) -> Callable[[str], bool]:
    """A test whether a path is one of `words` (relative to `folder`) or below one; without words every path passes."""
    wanted = [posixpath.relpath(posixpath.normpath(posixpath.join(folder, word)), found.path) for word in words]

    def fits(path: str) -> bool:
        return not wanted or any(
            w == "." or path == w or path.startswith(w + "/") or fnmatchcase(path, w) for w in wanted
        )

    return fits


def author_line(commit: Commit) -> str:
    """Name <address>; the address is derived from the name."""
    return f"{commit.author} <{commit.author.lower().replace(' ', '.')}@example.com>"


# --- differences ----------------------------------------------------------------------------------------------------


def blob(content: str) -> str:
    """git's blob id for a file's content."""
    data = content.encode()
    return sha1(b"blob %d\0" % len(data) + data).hexdigest()


def patch(old: Tree, new: Tree, fits: Callable[[str], bool]) -> str:
    """The diff between two trees, as `git diff` prints it."""
    out = []
    for path, kind in changed(old, new).items():
        if not fits(path):
            continue
        before, after = old.get(path, ""), new.get(path, "")
        first, second = (
            blob(text)[:7] if there else "0000000" for text, there in ((before, path in old), (after, path in new))
        )
        out.append(f"diff --git a/{path} b/{path}\n")
        if kind != "M":
            out.append(f"{'new' if kind == 'A' else 'deleted'} file mode 100644\n")
        out.append(f"index {first}..{second}{' 100644' if kind == 'M' else ''}\n")
        names = ("/dev/null" if kind == "A" else f"a/{path}", "/dev/null" if kind == "D" else f"b/{path}")
        lines = list(unified_diff(_lines(before), _lines(after), *names, n=3))
        out += [line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines]
    return "".join(out)


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def counts(old: str, new: str) -> tuple[int, int]:
    """(lines added, lines removed)."""
    added = removed = 0
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, _lines(old), _lines(new), autojunk=False).get_opcodes():
        if tag != "equal":
            added, removed = added + j2 - j1, removed + i2 - i1
    return added, removed


def stat(old: Tree, new: Tree, fits: Callable[[str], bool]) -> str:
    """`git diff --stat`: one line per file, and the sum."""
    paths = [path for path in changed(old, new) if fits(path)]
    width = max((len(path) for path in paths), default=0)
    numbers = {path: counts(old.get(path, ""), new.get(path, "")) for path in paths}
    digits = max((len(str(sum(pair))) for pair in numbers.values()), default=1)
    text = ""
    for path, (added, removed) in numbers.items():
        scale = max(1, (added + removed) / 40)
        marks = "+" * round(added / scale) + "-" * round(removed / scale)
        text += f" {path:<{width}} | {added + removed:>{digits}} {marks}".rstrip() + "\n"
    return text + (summary(list(numbers.values())) if paths else "")


def summary(pairs: Sequence[tuple[int, int]]) -> str:
    """2 files changed, 3 insertions(+), 1 deletion(-)"""
    added, removed = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
    text = f" {len(pairs)} file{'s' * (len(pairs) != 1)} changed"
    if added or not removed:
        text += f", {added} insertion{'s' * (added != 1)}(+)"
    if removed or not added:
        text += f", {removed} deletion{'s' * (removed != 1)}(-)"
    return text + "\n"
