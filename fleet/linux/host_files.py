"""Keeps a host's files and bashkit's in-memory file system in sync, in both directions."""

import posixpath
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from bashkit import FileSystem

from fleet.linux.kernel_settings import path_of, settings
from fleet.linux.pid_files import pid_files
from fleet.linux.syslog_files import syslog_files
from fleet.model import File, Host

UMASK = 0o22
"""Of a new shell."""
SANDBOX = ("/bin", "/dev", "/proc", "/sys", "/usr/bin", "/usr/sbin", "/sbin")
"""Folders that belong to bashkit: never part of a host's files."""

_CREATED = 0o644
"""Mode of a file that a redirection makes in the shell, whatever the mask."""
Signature = tuple[int, float, float, int]
"""(size, modified, created, mode). The times are the real machine's: they are compared but never shown."""


class HostFiles:
    """Keeps `Host.files` and a shell's file system in sync, ignoring the shell's clock.

    Files that came with the shell and were never written to are not part of the host.
    """

    def __init__(self) -> None:
        self._fs: FileSystem | None = None
        self._seen: dict[str, Signature] | None = None
        """path -> signature at the last sync: unchanged files are not read again; None until anything may be written"""
        self.made: dict[str, int] = {}
        """path -> time of the fleet's clock, of folders and links that were made since the shell started"""
        self.owners: dict[str, tuple[str, str]] = {}
        """path -> (owner, group) of folders that are not root's"""
        self.standing: dict[str, File] = {}
        """path -> file, of what the shell has besides the files of its host: these are the same on every server"""
        self.umask = UMASK
        """the mask of the line that is running"""
        self._suspects: frozenset[str] | None = frozenset()
        """paths that may have been written since the last sync, of which `pull` looks at no others; None: any path"""

    @property
    def fs(self) -> FileSystem:
        if self._fs is None:
            raise RuntimeError("host files can only be read inside within()")
        return self._fs

    @contextmanager
    def within(self, fs: FileSystem) -> Iterator[None]:
        """Use the file system of a shell: while a command runs, through the handle that it was given (the shell's own
        is locked). The handle is not kept: it holds its shell, whose commands hold this object, and none of them would
        ever be freed."""
        outer, self._fs = self._fs, fs
        try:
            yield
        finally:
            self._fs = outer

    def make_folder(self, path: str, mode: int, now: int) -> None:
        self.fs.mkdir(path, recursive=True)  # a folder in which nothing has been written is none to its own mkdir
        self.fs.chmod(path, mode)
        self.made[path] = now

    def chmod(self, path: str, mode: int) -> None:
        """Change permissions, which is no change of the file."""
        self.fs.chmod(path, mode)
        if self._seen is not None and path in self._seen:
            self._seen[path] = _signature(self.fs.stat(path))

    def own(self, path: str, owner: str, group: str) -> None:
        """Give a folder to somebody."""
        self.owners[path] = (owner, group)

    def follow(self, other: "HostFiles") -> None:
        """Know what another shell on the same host knows of its folders."""
        self.made, self.owners = other.made, other.owners

    def attach(self, files: Mapping[str, File], standing: dict[str, File]) -> None:
        """Start with a file system that already contains `files`, and `standing` besides them."""
        self.standing = standing
        for path, file in (*files.items(), *standing.items()):
            if file.raw:
                self.fs.write_file(path, file.raw)
            if file.mode != 0o644:
                self.fs.chmod(path, file.mode)

    def file(self, host: Host, path: str) -> File | None:
        """The file at a path, changed or not; None if none is known there."""
        return host.files.get(path) or (self.standing[path] if path in self.standing and self.fs.exists(path) else None)

    def noting_lost(self, host: Host) -> Host:
        """The host with what is known of the files that it should have."""
        lost = frozenset(path for path in (*self.standing, *host.lost) if not self.fs.exists(path))
        return host if lost == host.lost else replace(host, lost=lost)

    def expect(self, paths: frozenset[str] | None) -> None:
        """From now on, no files but `paths` may be written by others; None: any."""
        own = None if paths is None else frozenset(path for path in paths if not path.startswith(("/proc/", "/sys/")))
        real = own is not None and all(self._is_real(path) for path in own)
        self._suspects = own if real else None
        if self._seen is None and self.unsure:
            self._seen = dict(self._walk("/"))

    @property
    def unsure(self) -> bool:
        """Whether others may have written files since the last sync."""
        return self._suspects is None or bool(self._suspects)

    def pull(self, host: Host) -> Host:
        """The host with the files that the shell currently has."""
        if self._seen is None or not self.unsure:
            return host
        now = dict(self._walk("/")) if self._suspects is None else self._looked_at(self._seen, self._suspects)
        if now == self._seen:
            return host
        files = {path: file for path, file in host.files.items() if path in now}
        for path, signature in now.items():
            old = self._seen.get(path)
            if signature != old:
                files[path] = self._read(path, self.file(host, path), old, signature, host.now)
        self._seen = now
        return replace(host, files=files)

    def _looked_at(self, seen: dict[str, Signature], paths: frozenset[str]) -> dict[str, Signature]:
        """What was seen, with these paths as they are now."""
        there = {path: self.fs.stat(path) for path in paths if self.fs.exists(path)}
        found = {path: _signature(now) for path, now in there.items() if now["file_type"] == "file"}
        return {path: signature for path, signature in seen.items() if path not in paths} | found

    def push(self, old: Host, new: Host) -> None:
        """Write the differences between two states of the host to the shell."""
        if old.files is not new.files:
            for path in old.files.keys() - new.files.keys():
                self._remove(path)
            for path, file in new.files.items():
                if old.files.get(path) is not file:
                    self._write(path, file)
        if old.services is not new.services:
            before, now = pid_files(old), pid_files(new)
            for path in before.keys() - now.keys():
                self._remove(path)
                self.standing.pop(path, None)
            for path, file in now.items():
                if before.get(path) != file and path not in new.files:
                    self._write(path, file)
                    self.standing[path] = file
        if old.journal is not new.journal:
            self._log(syslog_files(old), syslog_files(new))
        if old.kernel is not new.kernel:
            for key, value in settings(new).items():
                if self.fs.exists(path_of(key)):
                    self.fs.write_file(path_of(key), f"{value}\n".encode())

    def _log(self, before: Mapping[str, File], now: Mapping[str, File]) -> None:
        """Append what has been logged; a file that somebody has removed stays so, as the logger still has it open."""
        for path, file in now.items():
            more = file.data[len(before[path].data) :] if path in before else file.data
            there = self.fs.read_file(path) if self.fs.exists(path) else None
            known = before[path].data if path in before else None
            if there == known and more:
                self._write(path, file)
                self.standing[path] = file
            elif there is not None and more:
                self.fs.write_file(path, there + more)

    def _remove(self, path: str) -> None:
        if self.fs.exists(path):
            self.fs.remove(path)
        if self._seen is not None:
            self._seen.pop(path, None)

    def _write(self, path: str, file: File) -> None:
        self.fs.mkdir(posixpath.dirname(path), recursive=True)
        self.fs.write_file(path, file.data)
        self.fs.chmod(path, file.mode)
        if self._seen is not None:
            self._seen[path] = _signature(self.fs.stat(path))

    def _is_real(self, path: str) -> bool:
        """Whether no link leads to a path."""
        parts = path.split("/")
        places = ["/".join(parts[:count]) for count in range(2, len(parts) + 1)]
        return posixpath.normpath(path) == path and not any(is_link(self.fs, place) for place in places)

    def _walk(self, folder: str) -> list[tuple[str, Signature]]:
        """Every file below a folder, sorted by name."""
        found = []
        for entry in entries(self.fs, folder):
            path = posixpath.join(folder, entry["name"])
            kind = entry["metadata"]["file_type"]
            if kind == "directory" and path not in SANDBOX:
                found += self._walk(path)
            elif kind == "file":
                found.append((path, _signature(entry["metadata"])))
        return found

    def _read(self, path: str, known: File | None, old: Signature | None, new: Signature, now: int) -> File:
        mode = new[3]
        if known is not None and old is not None and old[:3] == new[:3]:
            return replace(known, mode=mode)
        data = self.fs.read_file(path)
        if known is None or old is None:
            if mode == _CREATED and self.umask != UMASK:
                mode = 0o666 & ~self.umask
                self.fs.chmod(path, mode)
            return File(mode=mode, modified=now).holding(data)
        # `>>` keeps the creation time, `>` renews it: a rewritten file has lost the bulk that is not stored.
        bulk = known.bulk if old[2] == new[2] else 0
        return replace(known.holding(data), bulk=bulk, mode=mode, modified=now)


def is_link(fs: FileSystem, path: str) -> bool:
    try:
        return bool(fs.read_link(path))
    except RuntimeError:  # bashkit's "not a symlink" and "not found"
        return False


def entries(fs: FileSystem, folder: str) -> list[dict[str, Any]]:
    """A folder's entries, sorted by name: the shell's own order varies."""
    try:
        return sorted(fs.read_dir(folder), key=lambda entry: entry["name"])
    except RuntimeError:  # bashkit still lists a folder that was removed while it was a shell's working directory
        return []


def _signature(metadata: Mapping[str, Any]) -> Signature:
    return metadata["size"], metadata["modified"], metadata["created"], metadata["mode"]
