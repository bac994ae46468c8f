r"""Paths and files of a Windows host.

Paths are normalised to a capital drive letter and backslashes, "C:\inetpub\logs\u_ex.log", and looked up without regard
to case, as NTFS does. Folders are those that contain files, some that every installation has, and those that this
session has created but not filled yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from fleet.model import File, Host, Mount
from fleet.windows.failure import Failure, Unmodelled
from fleet.windows.matching import is_wildcard, like, unescaped
from fleet.windows.session import HOME, Session
from fleet.windows.values import PSObject, bad_conversion, moment

STANDARD = (
    r"C:\Windows\System32\drivers\etc",
    r"C:\Windows\Temp",
    r"C:\Program Files",
    r"C:\Program Files (x86)",
    r"C:\ProgramData",
    r"C:\Users\Public",
    rf"{HOME}\Desktop",
    rf"{HOME}\AppData\Local\Temp",
)
"""Folders present on every installation."""
OTHER_DRIVES = ("alias", "cert", "env", "function", "hkcu", "hklm", "variable", "wsman")
"""PowerShell's drives that hold no files."""
PARTLY_LISTED = frozenset({"c:\\windows", "c:\\program files", "c:\\program files (x86)", "c:\\programdata"})
"""Folders that hold more on a real host: what is in them by name is a gap."""
ABSENT = frozenset({"c:\\windows\\memory.dmp", "c:\\windows\\minidump"})
"""What a host without trouble does not have."""
FILE, FOLDER = "System.IO.FileInfo", "System.IO.DirectoryInfo"


@dataclass(frozen=True, slots=True)
class PathItem:
    """A file, or a folder."""

    path: str
    file: File | None = None
    """None if it is a folder"""

    @property
    def name(self) -> str:
        return self.path.rsplit("\\", 1)[-1] or self.path

    @property
    def parent(self) -> str:
        return parent_of(self.path)


@lru_cache(4096)
def parent_of(path: str) -> str:
    """The parent folder of a path; a drive's root is its own parent."""
    head = path.rstrip("\\").rpartition("\\")[0]
    return f"{head}\\" if len(head) == 2 else head or path


def join(folder: str, name: str) -> str:
    return f"{folder.rstrip(chr(92))}\\{name}"


def absolute(session: Session, path: str) -> str:
    """The normalised path, whether it exists or not.

    Raises:
        Failure: the host has no such drive.
    """
    return _absolute(path, session.folder, session.host.mounts)


@lru_cache(4096)
def _absolute(path: str, folder: str, mounts: tuple[Mount, ...]) -> str:
    text = path.strip().strip('"').replace("/", "\\").removeprefix("\\\\?\\")
    if text == "~" or text.startswith("~\\"):
        text = HOME + text[1:]
    if text.startswith("\\\\"):
        raise not_found(path)
    drive, colon, rest = text.partition(":")
    if not colon or len(drive) == 0:
        drive, rest = folder[0], text if text.startswith("\\") else f"{folder[2:]}\\{text}"
    if drive.lower() in OTHER_DRIVES:
        raise Unmodelled(f"{drive}:")
    letters = [mount.target[:1].upper() for mount in mounts]
    if drive.upper() not in letters:
        text = f"Cannot find drive. A drive with the name '{drive}' does not exist."
        raise Failure(text, "DriveNotFound", "ObjectNotFound", f"{drive}:String", "DriveNotFoundException")
    parts: list[str] = []
    for part in rest.split("\\"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return f"{drive.upper()}:\\" + "\\".join(parts)


def not_found(path: str) -> Failure:
    text = f"Cannot find path '{path}' because it does not exist."
    return Failure(text, "PathNotFound", "ObjectNotFound", f"{path}:String", "ItemNotFoundException")


@dataclass(frozen=True, slots=True)
class Listing:
    """Everything on a host's drives, and what it was listed from; lines share it until one of these changes."""

    files: Mapping[str, File]
    mounts: tuple[Mount, ...]
    folders: frozenset[str]
    items: dict[str, PathItem]


def all_items(session: Session) -> dict[str, PathItem]:
    """All files and folders: lower-case path -> item."""
    host, known = session.host, session.listing
    same = (
        known and known.files is host.files and known.mounts is host.mounts and known.folders == session.folders.keys()
    )
    if not known or not same:
        known = Listing(host.files, host.mounts, frozenset(session.folders), _list_items(session))
        session.listing = known
    session.budget.spend(len(known.items) * 10)
    return known.items


def _list_items(session: Session) -> dict[str, PathItem]:
    found: dict[str, PathItem] = {}
    files = {key.replace("/", "\\"): file for key, file in session.host.files.items()}
    roots = [f"{mount.target[:1].upper()}:\\" for mount in session.host.mounts]
    for path in (*roots, *STANDARD, *session.folders, *(parent_of(path) for path in files)):
        while path.lower() not in found:
            found[path.lower()] = PathItem(path)
            path = parent_of(path)
    found.update({path.lower(): PathItem(path, file) for path, file in files.items()})
    return found


def key_of(host: Host, path: str) -> str:
    """The key in `host.files` for a path, however it is spelled."""
    wanted = path.lower()
    return next((key for key in host.files if key.replace("/", "\\").lower() == wanted), path)


def children(everything: dict[str, PathItem], folder: str, deep: bool = False) -> list[PathItem]:
    """The content of a folder, folders first, by name; with `deep` all levels below it."""
    start = folder.lower().rstrip("\\") + "\\"
    inside = [item for path, item in everything.items() if path.startswith(start) and len(path) > len(start)]
    if not deep:
        inside = [item for item in inside if "\\" not in item.path[len(start) :]]
    return sorted(inside, key=lambda item: (item.parent.lower(), item.file is not None, item.name.lower()))


def find(session: Session, path: str) -> list[PathItem]:
    """The items matching a path, which may contain wildcards in any part; empty if there are none."""
    wanted = absolute(session, path)
    if not is_wildcard(wanted):
        return exactly(session, unescaped(wanted))
    if parent_of(wanted).lower() in PARTLY_LISTED or is_of_windows(wanted):
        raise Unmodelled(wanted)
    everything = all_items(session)
    depth = wanted.count("\\")
    found = [item for item in everything.values() if item.path.count("\\") == depth and len(item.path) > 3]
    parts = wanted.split("\\")
    fits = [item for item in found if all(like(a, b) for a, b in zip(item.path.split("\\"), parts, strict=True))]
    session.budget.spend(len(found) * 100)
    return sorted(fits, key=lambda item: (item.parent.lower(), item.file is not None, item.name.lower()))


def exactly(session: Session, path: str) -> list[PathItem]:
    """The item at a path whose characters all stand for themselves, in a list; empty if there is none."""
    wanted = absolute(session, path).lower()
    item = all_items(session).get(wanted)
    if item is None and is_of_windows(wanted) and wanted not in ABSENT:
        raise Unmodelled(path)
    return [item] if item else []


def is_of_windows(path: str) -> bool:
    r"""Whether a path lies where a real host has many files of Windows itself, of which the simulated one has none."""
    return path.lower().startswith("c:\\windows\\") and not path.lower().startswith("c:\\windows\\temp")


def one(session: Session, path: str) -> PathItem:
    """The single item at a path.

    Raises:
        Failure: there is no such item.
    """
    found = find(session, path)
    if not found:
        raise not_found(absolute(session, path))
    return found[0]


def added_by_encoding(text: str, encoding: str, new: bool) -> int:
    """Bytes by which lines that Windows PowerShell writes are longer than their text in UTF-8.

    Raises:
        Failure: there is no such encoding.
    """
    returns = text.count("\n")
    match encoding.lower():
        case "" | "default" | "ascii" | "oem" | "string" | "utf7":
            return returns
        case "utf8":
            return returns + 3 * new
        case "unicode" | "bigendianunicode":
            return (
                len(text.encode("utf-16-le", "replace")) - len(text.encode("utf-8", "replace")) + 2 * returns + 2 * new
            )
        case _:
            raise bad_conversion(encoding, "Microsoft.PowerShell.Commands.FileSystemCmdletProviderEncoding")


def write_text(session: Session, path: str, text: str, append: bool, source: str, encoding: str = "") -> None:
    """Write a file, or append to it; each line ends as on Windows.

    Raises:
        Failure: the folder does not exist, or there is no space.
    """
    full = absolute(session, path)
    everything = all_items(session)
    if full.lower() in everything and everything[full.lower()].file is None:
        message = f"Access to the path '{full}' is denied."
        raise _io(message, "UnauthorizedAccess", "PermissionDenied", full, source)
    if parent_of(full).lower() not in everything:
        raise _io(f"Could not find a part of the path '{full}'.", "FileOpenFailure", "OpenError", full, source)
    key = key_of(session.host, full)
    old = session.host.files.get(key)
    content = (old.content if old and append else "") + text
    kept = old if old and append else File()
    encoded = kept.encoded + added_by_encoding(text, encoding, new=not kept.size)
    file = replace(old or File(owner="Administrators"), content=content, bulk=kept.bulk, encoded=encoded)
    put(session, key, file, source)


def put(session: Session, path: str, file: File, source: str) -> None:
    """Store a file as modified now.

    Raises:
        Failure: there is no space for it.
    """
    host = session.host
    session.budget.spend(len(file.content) + len(host.files) * 100)  # the whole file table is copied and summed
    old = host.files.get(path)
    more = file.size - (old.size if old else 0)
    if more > 0 and host.available(host.mount_of(path)) * 1024 < more:
        raise _io("There is not enough space on the disk.", "GetContentWriterIOError", "WriteError", path, source)
    session.host = host.with_file(path, replace(file, modified=host.now))


def _io(message: str, name: str, category: str, path: str, source: str) -> Failure:
    command = f"Microsoft.PowerShell.Commands.{source.replace('-', '')}Command"
    return Failure(message, f"{name},{command}", category, f"{path}:String", "IOException", source)


def changed(session: Session, item: PathItem) -> datetime:
    """The time of an item's last change; for a folder that of its newest file."""
    if item.file:
        return moment(item.file.modified or session.host.boot)
    start = item.path.lower().rstrip("\\") + "\\"
    times = [session.folders.get(item.path, 0)] + [
        file.modified for path, file in session.host.files.items() if path.replace("/", "\\").lower().startswith(start)
    ]
    return moment(max([time for time in times if time], default=session.host.boot))


def record(session: Session, item: PathItem) -> PSObject:
    """An item as FileInfo or DirectoryInfo."""
    time = changed(session, item)
    stem, dot, extension = item.name.rpartition(".")
    common = {
        "FullName": item.path,
        "PSPath": f"Microsoft.PowerShell.Core\\FileSystem::{item.path}",
        "PSIsContainer": item.file is None,
        "PSParentPath": f"Microsoft.PowerShell.Core\\FileSystem::{item.parent}",
        "Exists": True,
        "CreationTime": time,
        "LastWriteTime": time,
        "LastAccessTime": time,
    }
    if item.file is None:
        values = {"Mode": "d-----", "Name": item.name, "Parent": item.parent, "Attributes": "Directory", **common}
        return PSObject(FOLDER, values, item.name)
    values = {
        "Mode": "-a----",
        "Name": item.name,
        "Length": item.file.size,
        "BaseName": stem if dot else item.name,
        "Extension": f".{extension}" if dot else "",
        "Directory": item.parent,
        "DirectoryName": item.parent,
        "IsReadOnly": False,
        "Attributes": "Archive",
        **common,
    }
    return PSObject(FILE, values, item.path)
