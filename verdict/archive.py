"""A few members of a zip archive: `zipfile` alone makes an object for each, and a large log has one for each sample."""

import io
import struct
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO
from zipfile import ZipFile

ENTRY = struct.Struct("<4s16xII3H8xI")
"""Of the directory: signature, compressed size, size, lengths of name, extra field and comment, place of the member."""
LOCAL = struct.Struct("<4s22x2H")
"""Before a member: signature, lengths of name and extra field."""
END = struct.Struct("<4s4x2H2IH")
"""After the directory: signature, entries on this disk and in all, the directory's size and place, comment's length."""
END_64 = struct.Struct("<4s36x2Q")
"""Before it, where there are more than 65,535 entries or 4 GB: signature, the directory's size and place."""
LOCATOR_64 = struct.Struct("<4s16x")
LARGE = 0xFFFFFFFF
"""In place of a size or a place that another field tells."""


def open_members(path: Path, names: Collection[str]) -> ZipFile:
    """An archive in which at least these members are found, if it has them.

    Raises:
        OSError, BadZipFile, NotImplementedError: as `zipfile` does.
    """
    with path.open("rb") as file:
        parts = _parts(file, names)
    return ZipFile(io.BytesIO(parts)) if parts else ZipFile(path)


def _parts(file: BinaryIO, names: Collection[str]) -> bytes | None:
    """An archive of these members alone; None for one that is laid out in another way than most."""
    if (directory := _directory(file)) is None:
        return None
    members: dict[bytes, tuple[bytes, int, int]] = {}
    wanted, at = tuple(name.encode() for name in names), 0
    while at < len(directory):
        if len(directory) - at < ENTRY.size:
            return None
        signature, packed, size, name_length, extra, comment, place = ENTRY.unpack_from(directory, at)
        name_at, at = at + ENTRY.size, at + ENTRY.size + name_length + extra + comment
        if signature != b"PK\1\2":
            return None
        if directory.startswith(wanted, name_at):
            # As in `zipfile`, a name ends at a zero byte, and the last member of a name counts.
            name = directory[name_at : name_at + name_length].partition(b"\0")[0]
            if LARGE in (packed, size, place):
                return None
            members[name] = directory[name_at - ENTRY.size : at], packed, place
    return None if at != len(directory) else _small(file, list(members.values()))


def _directory(file: BinaryIO) -> bytes | None:
    length = file.seek(0, io.SEEK_END)
    tail = END_64.size + LOCATOR_64.size + END.size
    file.seek(max(0, length - tail))
    last = file.read()
    if len(last) < tail:
        return None
    signature, _, _, size, place, comment = END.unpack_from(last, tail - END.size)
    end = length - END.size
    if signature != b"PK\5\6" or comment:
        return None
    if LOCATOR_64.unpack_from(last, END_64.size)[0] == b"PK\6\7":
        signature, size, place = END_64.unpack_from(last)
        end = length - tail
        if signature != b"PK\6\6":
            return None
    if place + size != end:
        return None
    file.seek(place)
    return file.read(size)


def _small(file: BinaryIO, members: list[tuple[bytes, int, int]]) -> bytes | None:
    """An archive of these members: each with its entry in the directory, its compressed size and its place."""
    body, directory = b"", b""
    for entry, packed, place in members:
        file.seek(place)
        head = file.read(LOCAL.size)
        if len(head) < LOCAL.size:
            return None
        _, name, extra = LOCAL.unpack(head)
        rest = file.read(name + extra + packed)
        if len(rest) < name + extra + packed:
            return None
        directory += entry[: ENTRY.size - 4] + struct.pack("<I", len(body)) + entry[ENTRY.size :]
        body += head + rest
    end = END.pack(b"PK\5\6", len(members), len(members), len(directory), len(body), 0)
    return body + directory + end
