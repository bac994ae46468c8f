"""Files and folders as listing commands see them, with real sizes, owners and times."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

from fleet.linux.command import ROOT, CommandContext
from fleet.linux.host_files import SANDBOX
from fleet.model import File

BLOCK = 4096
"""Block size of the disk, in bytes."""


@dataclass(frozen=True, slots=True)
class FileNode:
    """A file, folder or symbolic link."""

    path: str
    kind: Literal["file", "directory", "symlink"]
    size: int
    """in bytes; a folder takes one block"""
    mode: int
    owner: str
    modified: int
    target: str = ""
    """of a symbolic link"""
    named_group: str = ""
    """if it is another one than the owner's"""

    @property
    def name(self) -> str:
        return posixpath.basename(self.path) or "/"

    @property
    def group(self) -> str:
        return self.named_group or self.owner

    @property
    def folder(self) -> bool:
        return self.kind == "directory"

    @property
    def blocks(self) -> int:
        """KiB used on disk."""
        return 0 if self.kind == "symlink" else -(-self.size // BLOCK) * (BLOCK // 1024)

    @property
    def number(self) -> int:
        """The inode number, the same every time."""
        return int.from_bytes(sha256(self.path.encode("utf-8", "replace")).digest()[:3], "big") + 12

    @property
    def permissions(self) -> str:
        """-rw-r--r--"""
        letters = "".join(letter if self.mode >> (8 - place) & 1 else "-" for place, letter in enumerate("rwxrwxrwx"))
        for place, bit, letter in ((2, 0o4000, "s"), (5, 0o2000, "s"), (8, 0o1000, "t")):
            if self.mode & bit:
                special = letter if letters[place] == "x" else letter.upper()
                letters = letters[:place] + special + letters[place + 1 :]
        return {"file": "-", "directory": "d", "symlink": "l"}[self.kind] + letters


def node(context: CommandContext, path: str, follow: bool = True) -> FileNode | None:
    """The node at an absolute path; None if there is none. Call `context.pull()` first.

    The node has its real path: links along the way are followed, and a final link too unless `follow` is False.
    """
    if path in context.host.files:
        return _file(path, context.host.files[path])
    if any(
        file.startswith(f"{path}/") for file in context.host.files
    ):  # stored files have real paths, so there is no link to resolve
        return _node(context, path, context.host_files.fs.stat(path))
    folder, name = posixpath.split(resolve(context, path) if follow else path)
    if not follow:
        folder = resolve(context, folder)
    real = posixpath.join(folder, name)
    if real == "/":
        return _node(context, real, {"file_type": "directory", "mode": 0o755})
    target = link_target(context, real)
    if target is not None:
        return None if follow else _link(context, real, target)
    return _node(context, real, context.host_files.fs.stat(real)) if context.host_files.fs.exists(real) else None


def children(context: CommandContext, folder: FileNode) -> list[FileNode]:
    """The entries of a folder, sorted by name."""
    entries = sorted(context.host_files.fs.read_dir(folder.path), key=lambda entry: entry["name"])
    return [_node(context, posixpath.join(folder.path, entry["name"]), entry["metadata"]) for entry in entries]


def links(context: CommandContext, entry: FileNode) -> int:
    """The number of hard links: a folder has two, and one in each folder below it."""
    if not entry.folder:
        return 1
    below = context.host_files.fs.read_dir(entry.path)
    return 2 + sum(child["metadata"]["file_type"] == "directory" for child in below)


def walk(context: CommandContext, top: FileNode, depth: int = 1000) -> Iterator[tuple[int, FileNode]]:
    """(depth, node) of `top` and everything below it, sorted by name, without following links."""
    waiting = [(0, top)]
    while waiting:
        level, found = waiting.pop()
        yield level, found
        if found.folder and level < depth:
            waiting += [(level + 1, child) for child in reversed(children(context, found))]


def link_target(context: CommandContext, path: str) -> str | None:
    """The target of a symbolic link; None if the path is not one."""
    try:
        return context.host_files.fs.read_link(path)
    except RuntimeError:  # bashkit's "not a symlink" and "not found"
        return None


def resolve(context: CommandContext, path: str) -> str:
    """The path with its links resolved, at most forty."""
    for _ in range(40):
        parts = path.strip("/").split("/")
        for count in range(1, len(parts) + 1):
            place = "/" + "/".join(parts[:count])
            target = link_target(context, place)
            if target is not None:
                path = posixpath.normpath(posixpath.join(posixpath.dirname(place), target, *parts[count:]))
                break
        else:
            return path
    return path


def _link(context: CommandContext, path: str, target: str) -> FileNode:
    made = context.host_files.made.get(path, context.host.boot)
    return FileNode(path, "symlink", len(target), 0o777, ROOT, made, target)


def _file(path: str, file: File) -> FileNode:
    return FileNode(path, "file", file.size, file.mode, file.owner, file.modified, named_group=file.group)


def _node(context: CommandContext, path: str, metadata: dict[str, Any]) -> FileNode:
    host, kind = context.host, metadata["file_type"]
    if kind == "file" and (file := context.host_files.file(host, path)):
        return _file(path, file)
    if kind == "directory":
        prefix = path.rstrip("/") + "/"
        times = [file.modified for name, file in host.files.items() if name.startswith(prefix)]
        size = 0 if path.startswith(("/proc", "/sys", "/dev")) else BLOCK
        made = context.host_files.made.get(path)
        owner, group = context.host_files.owners.get(path, (ROOT, ""))
        time = max([*times, made] if made else times, default=host.boot)
        return FileNode(path, "directory", size, metadata["mode"], owner, time, named_group=group)
    if kind == "symlink":
        target = link_target(context, path) or ""
        return _link(context, path, target)
    size = 0 if path.startswith(SANDBOX) else metadata["size"]
    return FileNode(path, "file", size, metadata["mode"], ROOT, host.boot)


def lines_of(context: CommandContext, word: str, end: str = "\n") -> list[str] | str:
    """The lines of an operand, - for the standard input, or why it cannot be read."""
    if word == "-":
        text = context.stdin
    else:
        path, fs = context.absolute(word), context.host_files.fs
        if not fs.exists(path):
            return "No such file or directory"
        if fs.stat(path)["file_type"] == "directory":
            return "Is a directory"
        text = fs.read_file(path).decode("utf-8", "replace")
    return text.removesuffix(end).split(end) if text else []
