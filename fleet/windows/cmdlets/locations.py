"""Cmdlets around the current folder, and those that resolve paths."""

from collections.abc import Iterable

from fleet.windows.binding import Cmdlet, CmdletCall
from fleet.windows.cmdlets.files import named_items
from fleet.windows.paths import absolute, find, not_found
from fleet.windows.values import PSObject, PSValue

PATH_INFO = "System.Management.Automation.PathInfo"


def resolve_path(call: CmdletCall) -> Iterable[PSValue]:
    return [PSObject(PATH_INFO, {"Path": item.path}, item.path) for item in named_items(call, "Path", "LiteralPath")]


def convert_path(call: CmdletCall) -> Iterable[PSValue]:
    return [item.path for item in named_items(call, "Path", "LiteralPath")]


def get_location(call: CmdletCall) -> Iterable[PSValue]:
    return [PSObject(PATH_INFO, {"Path": call.session.folder}, call.session.folder)]


def set_location(call: CmdletCall) -> Iterable[PSValue]:
    path = call.text("Path", call.text("LiteralPath", "~"))
    found = find(call.session, path)
    if found and found[0].file is None:
        call.session.folder = found[0].path
        return get_location(call) if call.flag("PassThru") else []
    missing = not_found(absolute(call.session, path))
    call.fail(missing.message, missing.id, missing.category, missing.target, missing.kind)
    return []


def push_location(call: CmdletCall) -> Iterable[PSValue]:
    call.session.pushed.append(call.session.folder)
    return set_location(call) if call.has("Path") or call.has("LiteralPath") else []


def pop_location(call: CmdletCall) -> Iterable[PSValue]:
    if call.session.pushed:
        call.session.folder = call.session.pushed.pop()
    return get_location(call) if call.flag("PassThru") else []


CMDLETS = (
    Cmdlet("Resolve-Path", resolve_path, "Path", "LiteralPath|PSPath", lacks="Relative Credential"),
    Cmdlet("Convert-Path", convert_path, "Path", "LiteralPath|PSPath"),
    Cmdlet("Get-Location", get_location, lacks="PSProvider PSDrive Stack StackName"),
    Cmdlet("Set-Location", set_location, "Path", "LiteralPath|PSPath", "PassThru", lacks="StackName"),
    Cmdlet("Push-Location", push_location, "Path", "LiteralPath|PSPath", "PassThru", lacks="StackName"),
    Cmdlet("Pop-Location", pop_location, "", "", "PassThru", lacks="StackName"),
)
