"""Cmdlets that write, create, remove, copy and move files."""

from collections.abc import Iterable
from dataclasses import replace

from fleet.model import File
from fleet.windows.binding import Cmdlet, CmdletCall
from fleet.windows.cmdlets.files import filtered, named_items
from fleet.windows.cmdlets.output import check_width
from fleet.windows.failure import Unmodelled
from fleet.windows.format import render
from fleet.windows.paths import (
    PathItem,
    absolute,
    all_items,
    children,
    exactly,
    join,
    key_of,
    one,
    parent_of,
    put,
    record,
    write_text,
)
from fleet.windows.values import PSValue, display, items, to_text

# --- writing --------------------------------------------------------------------------------------------------------


def _text_of(call: CmdletCall, name: str) -> str:
    """The text to write: one line per value."""
    values = items(call.value(name)) if call.has(name) else call.input
    end = "" if call.flag("NoNewline") else "\n"
    return "".join(f"{display(value) if not isinstance(value, str) else value}{end}" for value in values)


def set_content(call: CmdletCall) -> Iterable[PSValue]:
    text = _text_of(call, "Value")
    for path in call.texts("Path") or call.texts("LiteralPath"):
        if not call.what_if("Set Content", path):
            write_text(call.session, path, text, False, call.cmdlet.name, call.text("Encoding"))
    return []


def add_content(call: CmdletCall) -> Iterable[PSValue]:
    text = _text_of(call, "Value")
    for path in call.texts("Path") or call.texts("LiteralPath"):
        if not call.what_if("Add Content", path):
            write_text(call.session, path, text, True, call.cmdlet.name, call.text("Encoding"))
    return []


def out_file(call: CmdletCall) -> Iterable[PSValue]:
    values = items(call.value("InputObject")) if call.has("InputObject") else call.input
    path = call.text("FilePath") or call.text("LiteralPath")
    if call.flag("NoClobber") and exactly(call.session, path):
        full = absolute(call.session, path)
        text = f"The file '{full}' already exists."
        raise call.failure(text, "NoClobber", "ResourceExists", f"{full}:String", "IOException")
    check_width(call, render(values))
    encoding = call.text("Encoding", "unicode")
    text = render(values)
    if call.flag("NoNewline"):
        if any(not isinstance(value, str) for value in values):
            raise Unmodelled("Out-File -NoNewline for what is no text")
        text = "".join(map(to_text, values))
    write_text(call.session, path, text, call.flag("Append"), call.cmdlet.name, encoding)
    return []


def tee_object(call: CmdletCall) -> Iterable[PSValue]:
    path, text = call.text("FilePath"), render(call.input)
    write_text(call.session, path, text, call.flag("Append"), call.cmdlet.name, "unicode")
    return call.input


def clear_content(call: CmdletCall) -> Iterable[PSValue]:
    for item in filtered(call, named_items(call, "Path", "LiteralPath")):
        if item.file is not None and not call.what_if("Clear Content", f"Item: {item.path}"):
            put(
                call.session,
                key_of(call.session.host, item.path),
                replace(item.file, content="", bulk=0, encoded=0),
                call.cmdlet.name,
            )
    return []


def new_item(call: CmdletCall) -> Iterable[PSValue]:
    session, made = call.session, []
    for path in call.texts("Path") or [session.folder]:
        full = absolute(session, join(path, call.text("Name")) if call.has("Name") else path)
        exists = full.lower() in all_items(session)
        folder = call.text("ItemType").lower() in ("directory", "d", "container")
        if exists and not (call.flag("Force")):
            what = (
                f"An item with the specified name {full} already exists."
                if folder
                else f"The file '{full}' already exists."
            )
            call.fail(
                what,
                "DirectoryExist" if folder else "NewItemIOError",
                "ResourceExists" if folder else "WriteError",
                f"{full}:String",
                "IOException",
            )
            continue
        if call.what_if("Create Directory" if folder else "Create File", f"Destination: {full}"):
            continue
        if folder:
            session.make_folder(full)
        else:
            if call.flag("Force"):
                session.make_folder(parent_of(full))
            write_text(session, full, call.text("Value"), False, call.cmdlet.name)
        made.append(record(session, one(session, full)))
    return made


def make_directory(call: CmdletCall) -> Iterable[PSValue]:
    """A function of PowerShell's own around New-Item."""
    call.cmdlet = NEW_ITEM
    call.bound.setdefault("ItemType", "Directory")
    return new_item(call)


# --- removing and moving --------------------------------------------------------------------------------------------


def remove_item(call: CmdletCall) -> Iterable[PSValue]:
    for item in filtered(call, named_items(call, "Path", "LiteralPath")):
        if call.what_if("Remove File" if item.file else "Remove Directory", item.path):
            continue
        if item.file is None and not _removable(call, item):
            continue
        remove(call, item)
    return []


def _removable(call: CmdletCall, item: PathItem) -> bool:
    """Whether an item may be removed; if not, the reason is reported."""
    system = item.path.lower()
    if len(item.path) <= 3 or system.startswith("c:\\windows") or system in ("c:\\users", "c:\\program files"):
        text = f"Cannot remove item {item.path}: Access to the path '{item.path}' is denied."
        call.fail(
            text,
            "RemoveFileSystemItemUnAuthorizedAccess",
            "PermissionDenied",
            f"{item.path}:String",
            "UnauthorizedAccessException",
        )
        return False
    if children(all_items(call.session), item.path) and not call.flag("Recurse"):
        # the real cmdlet prompts, and nobody is there to answer
        text = (
            "Windows PowerShell is in NonInteractive mode. Read and Prompt functionality is not available. "
            f"The item at {item.path} has children and the Recurse parameter was not specified."
        )
        call.fail(text, "InvalidOperation", "InvalidOperation", f"{item.path}:String", "PSInvalidOperationException")
        return False
    return True


def remove(call: CmdletCall, item: PathItem) -> None:
    """Remove an item with its content. The folder that contained it stays."""
    session = call.session
    session.budget.spend(len(session.host.files) * 100)
    if item.file is not None:
        session.make_folder(item.parent)
        session.host = session.host.with_file(key_of(session.host, item.path), None)
        return
    start = item.path.lower().rstrip("\\") + "\\"
    kept = {k: f for k, f in session.host.files.items() if not k.replace("/", "\\").lower().startswith(start)}
    session.host = replace(session.host, files=kept)
    session.folders = {
        path: made for path, made in session.folders.items() if not f"{path.lower()}\\".startswith(start)
    }
    session.make_folder(item.parent)


def copy_item(call: CmdletCall) -> Iterable[PSValue]:
    return _copy(call, moving=False)


def move_item(call: CmdletCall) -> Iterable[PSValue]:
    return _copy(call, moving=True)


def _copy(call: CmdletCall, moving: bool) -> Iterable[PSValue]:
    session, done = call.session, []
    target = absolute(session, call.text("Destination") or session.folder)
    for item in named_items(call, "Path", "LiteralPath"):
        into = all_items(session).get(target.lower())
        full = join(target, item.name) if into and into.file is None else target
        if into is None and item.file is not None and call.text("Destination")[-1:] in ("\\", "/"):
            text = f"Could not find a part of the path '{target}\\'."
            kind = "MoveFileInfoItemIOError" if moving else "CopyFileInfoItemIOError"
            call.fail(text, kind, "WriteError", f"{item.path}:FileInfo", "DirectoryNotFoundException")
            continue
        if call.what_if("Move" if moving else "Copy", f"Item: {item.path} Destination: {full}"):
            continue
        if moving and full.lower() in all_items(session) and not call.flag("Force"):
            text = "Cannot create a file when that file already exists."
            call.fail(text, "MoveFileInfoItemIOError", "WriteError", f"{item.path}:FileInfo", "IOException")
            continue
        parts = [(item, full)]
        if item.file is None:
            inside = children(all_items(session), item.path, deep=True) if moving or call.flag("Recurse") else []
            parts = [(part, full + part.path[len(item.path) :]) for part in inside]
            session.make_folder(full)
        if moving:  # remove first, then write: a full disk has room for what it already holds
            remove(call, item)
        for part, place in parts:
            _place(call, part.file, place)
        done.append(full)
    return [record(session, one(session, full)) for full in done] if call.flag("PassThru") else []


def _place(call: CmdletCall, file: File | None, path: str) -> None:
    session = call.session
    if file is None:
        session.make_folder(path)
        return
    if parent_of(path).lower() not in all_items(session):
        text = f"Could not find a part of the path '{path}'."
        raise call.failure(
            text, "CopyDirectoryInfoItemIOError", "WriteError", f"{path}:String", "DirectoryNotFoundException"
        )
    put(session, key_of(session.host, path), file, call.cmdlet.name)


def rename_item(call: CmdletCall) -> Iterable[PSValue]:
    item = one(call.session, call.text("Path"))
    call.bound["Destination"] = join(item.parent, call.text("NewName").rsplit("\\", 1)[-1])
    return _copy(call, moving=True)


NEW_ITEM = Cmdlet("New-Item", new_item, "Path", "Name ItemType|Type Value", "Force")
CMDLETS = (
    Cmdlet("Set-Content", set_content, "Path Value", "LiteralPath Encoding", "Force NoNewline PassThru"),
    Cmdlet("Add-Content", add_content, "Path Value", "LiteralPath Encoding", "Force NoNewline PassThru"),
    Cmdlet(
        "Out-File",
        out_file,
        "FilePath|Path Encoding",
        "LiteralPath InputObject Width",
        "Append Force NoClobber NoNewline",
    ),
    Cmdlet("Tee-Object", tee_object, "FilePath", "", "Append", lacks="Variable LiteralPath InputObject"),
    Cmdlet("Clear-Content", clear_content, "Path", "LiteralPath Filter Include Exclude", "Force"),
    NEW_ITEM,
    Cmdlet("mkdir", make_directory, "Path", "Name ItemType", "Force"),
    Cmdlet("Remove-Item", remove_item, "Path", "LiteralPath Filter Include Exclude", "Recurse Force"),
    Cmdlet(
        "Copy-Item",
        copy_item,
        "Path Destination",
        "LiteralPath",
        "Recurse Force PassThru Container",
        lacks="Filter Include Exclude ToSession FromSession",
    ),
    Cmdlet("Move-Item", move_item, "Path Destination", "LiteralPath", "Force PassThru", lacks="Filter Include Exclude"),
    Cmdlet("Rename-Item", rename_item, "Path NewName", "LiteralPath", "Force PassThru"),
)
