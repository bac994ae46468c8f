"""Process cmdlets: Get-Process and Stop-Process."""

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from fleet.actions import FailedAction
from fleet.model import Host, Process
from fleet.signals import kill
from fleet.windows.binding import Cmdlet, CmdletCall
from fleet.windows.matching import like
from fleet.windows.values import PSObject, PSValue, items, moment
from fleet.windows.views import PROCESS, PROCESS_WITH_USER

PROTECTED = frozenset({"system", "idle", "registry", "smss", "csrss", "wininit", "services", "lsass"})
"""Processes that Windows does not allow anyone to stop."""
_IMAGE = re.compile(r'"([^"]+)"|([A-Za-z]:\\.*?\.(?:exe|com|bat|cmd|dll))(?=\s|$)|(\S+)', re.IGNORECASE)


_ALSO = {
    "Name": "ProcessName",
    "WorkingSet": "WS",
    "WorkingSet64": "WS",
    "PagedMemorySize": "PM",
    "PagedMemorySize64": "PM",
    "PrivateMemorySize64": "PM",
    "NonpagedSystemMemorySize64": "NPM",
    "VirtualMemorySize64": "VM",
    "HandleCount": "Handles",
    "SessionId": "SI",
    "PID": "Id",
}
"""Other names of a process's properties."""


def image(process: Process) -> str:
    """The program's path, which may contain spaces, or just its name."""
    return _image(process.command)


@lru_cache(4096)
def _image(command: str) -> str:
    found = _IMAGE.match(command)
    return next((part for part in found.groups() if part), "") if found else command


def short_name(process: Process) -> str:
    """The name that Get-Process shows, such as sqlservr."""
    return name[:-4] if (name := process.name)[-4:].lower() == ".exe" else name


def handles(process: Process) -> int:
    """Open handles; the number grows with the memory used."""
    return 60 + process.resident // 90 + process.pid % 37


def session_id(process: Process) -> int:
    """0 for services, 1 for programs started by a user."""
    return 1 if process.user not in ("SYSTEM", "root") and process.service is None and "\\" not in process.user else 0


def record(process: Process) -> PSObject:
    """A process as Get-Process gives it; sizes in bytes."""
    path = image(process)
    values: dict[str, PSValue] = {
        "Handles": handles(process),
        "NPM": process.resident * 1024 // 400,
        "PM": process.resident * 1024 * 4 // 5,
        "WS": process.resident * 1024,
        "VM": process.virtual * 1024,
        "CPU": float(process.seconds),
        "Id": process.pid,
        "SI": session_id(process),
        "ProcessName": short_name(process),
        "Path": path if "\\" in path else None,
        "StartTime": moment(process.started),
        "Responding": True,
        "PriorityClass": "Normal",
        "MachineName": ".",
        "MainWindowTitle": "",
        "Threads": list(range(1, 4 + process.resident // 20_000)),
        "HasExited": False,
    }
    return PSObject(PROCESS, values, f"System.Diagnostics.Process ({values['ProcessName']})", _ALSO)


def _copied(known: PSObject) -> PSObject:
    """The record for one more line, which may change it."""
    values: dict[str, PSValue] = {**known.values, "Threads": [*items(known.values["Threads"])]}
    return PSObject(known.type, values, known.text, known.also)


def user_name(process: Process, host: Host) -> str:
    if "\\" in process.user:
        return process.user
    return "NT AUTHORITY\\SYSTEM" if process.user in ("SYSTEM", "root") else f"{host.name.upper()}\\{process.user}"


def chosen(call: CmdletCall) -> list[Process]:
    """The processes selected by -Name, -Id or the pipeline; missing ones are reported.

    A wildcard without a match is no error; a missing name is.
    """
    host = call.session.host
    everything = list(
        host.once(
            "processes by name", lambda: sorted(host.processes, key=lambda one: (short_name(one).lower(), one.pid))
        )
    )
    piped = [item.get("Id") for item in call.input if isinstance(item, PSObject)]
    ids = call.numbers("Id") if call.has("Id") else [pid for pid in piped if isinstance(pid, int)]
    if ids:
        return _by_id(call, everything, ids)
    names = call.names("Name", "Name")
    if not names:
        return [] if call.piped else everything
    found: list[Process] = []
    for name in names:
        plain = re.sub(r"\.exe$", "", name, flags=re.IGNORECASE) if "*" not in name else name
        fits = [process for process in everything if like(short_name(process), plain)]
        if not fits and not any(mark in name for mark in "*?["):
            text = f'Cannot find a process with the name "{name}". Verify the process name and call the cmdlet again.'
            call.fail(text, "NoProcessFoundForGivenName", "ObjectNotFound", f"{name}:String", "ProcessCommandException")
        found += [process for process in fits if process not in found]
    return found


def _by_id(call: CmdletCall, everything: list[Process], ids: list[int]) -> list[Process]:
    found = []
    for pid in ids:
        process = next((p for p in everything if p.pid == pid), None)
        if process is None:
            text = f"Cannot find a process with the process identifier {pid}."
            call.fail(text, "NoProcessFoundForGivenId", "ObjectNotFound", f"{pid}:Int32", "ProcessCommandException")
        else:
            found.append(process)
    return found


def get_process(call: CmdletCall) -> Iterable[PSValue]:
    host, found = call.session.host, chosen(call)
    if not call.flag("IncludeUserName"):
        known = host.once("records of processes", dict[int, PSObject])
        return [_copied(known.get(one.pid) or known.setdefault(one.pid, record(one))) for one in found]
    users = [user_name(process, host) if process.user else None for process in found]
    return [
        replace(plain := record(process), type=PROCESS_WITH_USER, values={**plain.values, "UserName": user})
        for process, user in zip(found, users, strict=True)
    ]


def stop_process(call: CmdletCall) -> Iterable[PSValue]:
    if not call.piped and not call.bound.keys() & {"Id", "Name"}:
        text = "Cannot process command because of one or more missing mandatory parameters: Id."
        raise call.cmdlet.unbound(text, "MissingMandatoryParameter", call.span)
    stopped = []
    for process in chosen(call):
        label = f"{short_name(process)} ({process.pid})"
        if call.what_if("Stop-Process", label):
            continue
        if short_name(process).lower() in PROTECTED:
            text = f'Cannot stop process "{label}" because of the following error: Access is denied'
            target = f"System.Diagnostics.Process ({short_name(process)}):Process"
            call.fail(text, "CouldNotStopProcess", "CloseError", target, "ProcessCommandException")
            continue
        stopped.append(record(process))
        done = kill(call.session.host, process.pid)
        call.session.host = done.host if isinstance(done, FailedAction) else done
    return stopped if call.flag("PassThru") else []


CMDLETS = (
    Cmdlet(
        "Get-Process",
        get_process,
        "Name|ProcessName",
        "Id|PID",
        "IncludeUserName",
        lacks="ComputerName|CN Module FileVersionInfo InputObject",
    ),
    Cmdlet("Stop-Process", stop_process, "Id", "Name|ProcessName InputObject", "Force PassThru"),
)
