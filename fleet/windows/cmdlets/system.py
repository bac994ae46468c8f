"""System cmdlets: clock, restart, updates, users, counters, and the shell's own commands."""

import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from fleet.actions import FailedAction, start
from fleet.model import Host, JournalEntry
from fleet.windows.binding import Cmdlet, CmdletCall
from fleet.windows.cim_views import wmi
from fleet.windows.cmdlets.inventory import load_percentage
from fleet.windows.cmdlets.software_inventory import updates
from fleet.windows.date_formats import format_date
from fleet.windows.failure import bad_format
from fleet.windows.matching import like
from fleet.windows.values import PSObject, PSValue, bad_conversion, clock, moment, to_moment, to_number, to_text

BOOT_SECONDS = 60
"""Seconds from the command until the host responds again after a restart."""
LONGEST_SLEEP = 7 * 86_400
"""Longest Start-Sleep, in seconds."""
UNIX_FORMATS = {
    "Y": "yyyy",
    "m": "MM",
    "d": "dd",
    "H": "HH",
    "M": "mm",
    "S": "ss",
    "A": "dddd",
    "B": "MMMM",
    "y": "yy",
    "I": "hh",
    "p": "tt",
    "F": "yyyy-MM-dd",
    "T": "HH:mm:ss",
    "R": "HH:mm",
    "a": "ddd",
    "b": "MMM",
    "Z": "'+00'",
}
COUNTER = "Microsoft.PowerShell.Commands.GetCounter"


def get_date(call: CmdletCall) -> Iterable[PSValue]:
    now = to_moment(call.value("Date")) if call.has("Date") else moment(call.session.host.now)
    for name, unit in (
        ("Year", "year"),
        ("Month", "month"),
        ("Day", "day"),
        ("Hour", "hour"),
        ("Minute", "minute"),
        ("Second", "second"),
    ):
        if (value := call.number(name)) is not None:
            try:
                now = now.replace(**{unit: value})  # type: ignore[arg-type]
            except (ValueError, TypeError):
                raise bad_conversion(call.value(name), "System.DateTime") from None
    if call.has("Format"):
        return [format_date(now, call.text("Format"))]
    if call.has("UFormat"):
        return [_unix(now, call.text("UFormat"))]
    return [now]


def _unix(now: datetime, form: str) -> str:
    """-UFormat: Unix percent codes."""
    pieces, place = [], 0
    while place < min(len(form), 1000):
        if form[place] == "%" and place + 1 < len(form):
            letter = form[place + 1]
            if letter == "s":
                pieces.append(str(int(now.timestamp())))
            elif letter in UNIX_FORMATS:
                pieces.append(format_date(now, UNIX_FORMATS[letter] if len(UNIX_FORMATS[letter]) > 1 else "%"))
            else:
                raise bad_format()
            place += 2
        else:
            pieces.append(form[place])
            place += 1
    return "".join(pieces)


def new_timespan(call: CmdletCall) -> Iterable[PSValue]:
    first = to_moment(call.value("Start")) if call.has("Start") else moment(call.session.host.now)
    last = to_moment(call.value("End")) if call.has("End") else moment(call.session.host.now)
    units = {"Days": 86_400, "Hours": 3600, "Minutes": 60, "Seconds": 1}
    added = sum((call.number(name) or 0) * unit for name, unit in units.items())
    return [last - first + (moment(added) - moment(0)) if abs(added) < 10**9 else last - first]


def start_sleep(call: CmdletCall) -> Iterable[PSValue]:
    seconds = to_number(call.value("Seconds")) + to_number(call.value("Milliseconds")) / 1000
    if not math.isfinite(seconds) or seconds < 0:
        raise call.cmdlet.unbound(
            f"Cannot validate argument on parameter 'Seconds'. The {call.text('Seconds')[:40]} argument is less than "
            "the minimum allowed range of 0.",
            "ParameterArgumentValidationError",
            call.span,
        )
    host = call.session.host
    call.session.host = replace(host, now=host.now + min(math.ceil(seconds), LONGEST_SLEEP))
    return []


def restarted(host: Host) -> Host:
    """The host after a reboot: Windows' own processes with new times, and the services that start at boot."""
    message = "The process shutdown.exe has initiated the restart of computer on behalf of user Administrator."
    stopped = JournalEntry(host.now, "User32", 0, 6, message, 1074)
    boot = host.now + 20
    own = tuple(
        replace(process, started=boot, seconds=0)
        for process in host.processes
        if process.service is None and process.pid < 1000
    )
    logins = tuple(replace(login, end=login.end or host.now) for login in host.logins)
    running = JournalEntry(boot, "EventLog", 0, 6, "The Event log service was started.", 6005)
    host = replace(
        host, boot=boot, now=host.now + BOOT_SECONDS, processes=own, logins=logins, loads=(0.0, 0.0), waiting=0.0
    )
    host = replace(host, journal=(*host.journal, stopped, running))
    for service in host.services.values():
        host = host.with_service(replace(service, state="inactive", since=boot))
    for service in list(host.services.values()):
        if service.enabled:
            done = start(host, service.name)
            host = done.host if isinstance(done, FailedAction) else done
    return host


def restart_computer(call: CmdletCall) -> Iterable[PSValue]:
    host, target = call.session.host, call.text("ComputerName", "localhost")
    if target.lower() not in ("localhost", ".", host.name.lower()):
        text = f"Failed to restart the computer {target} with the following error message: Access is denied."
        raise call.failure(
            text, "RestartcomputerFailed", "OperationStopped", f"{target}:String", "InvalidOperationException"
        )
    if not call.what_if("Enable the Restart-Computer operation", f"localhost ({host.name})"):
        call.session.host = restarted(host)
    return []


def get_hotfix(call: CmdletCall) -> Iterable[PSValue]:
    host, wanted = call.session.host, call.texts("Id")
    rows: list[PSValue] = [
        PSObject(
            wmi("Win32_QuickFixEngineering"), {**row, "PSComputerName": host.name.upper()}, "", {"Source": "CSName"}
        )
        for row in updates(host)
        if not wanted or any(like(to_text(row["HotFixID"]), one) for one in wanted)
        if not call.has("Description")
        or any(like(to_text(row["Description"]), one) for one in call.texts("Description"))
    ]
    if wanted and not rows:
        text = (
            "Cannot find the requested hotfix on the 'localhost' computer. Verify the input and run the command again."
        )
        call.fail(text, "GetHotFixNoEntriesFound", "ObjectNotFound", ":", "ArgumentException")
    return rows


def local_users(host: Host) -> dict[str, tuple[bool, str]]:
    """Name -> whether it is enabled, and its description; by name."""
    known = {
        "Administrator": (True, "Built-in account for administering the computer/domain"),
        "DefaultAccount": (False, "A user account managed by the system."),
        "Guest": (False, "Built-in account for guest access to the computer/domain"),
        "WDAGUtilityAccount": (
            False,
            "A user account managed and used by the system for Windows Defender Application Guard scenarios.",
        ),
        **{login.user: (True, "") for login in host.logins},
    }
    return {name: known[name] for name in sorted(known, key=str.lower)}


def get_local_user(call: CmdletCall) -> Iterable[PSValue]:
    rows: list[PSValue] = [
        PSObject(
            "Microsoft.PowerShell.Commands.LocalUser", {"Name": name, "Enabled": enabled, "Description": text}, name
        )
        for name, (enabled, text) in local_users(call.session.host).items()
        if not call.has("Name") or any(like(name, one) for one in call.texts("Name"))
    ]
    if not rows:
        name = call.text("Name")
        call.fail(
            f"User {name} was not found.", "UserNotFound", "ObjectNotFound", f"{name}:String", "UserNotFoundException"
        )
    return rows


def get_counter(call: CmdletCall) -> Iterable[PSValue]:
    host = call.session.host
    samples: list[PSValue] = []
    defaults = [r"\processor(_total)\% processor time", r"\memory\% committed bytes in use"]
    for path in call.texts("Counter") or defaults:
        value = _counter(host, path.lower())
        if value is None:
            text = "The specified object was not found on the computer."
            call.fail(text, "CounterApiError", "InvalidResult", ":", "Exception")
            continue
        values: dict[str, PSValue] = {"Path": f"\\\\{host.name.lower()}{path.lower()}", "CookedValue": value}
        samples.append(PSObject(f"{COUNTER}.PerformanceCounterSample", values, to_text(value)))
    readings = "".join(f"{s.get('Path')} :\n{s.text}\n\n" for s in samples if isinstance(s, PSObject))
    found: dict[str, PSValue] = {"Timestamp": moment(host.now), "CounterSamples": samples, "Readings": readings}
    return [PSObject(f"{COUNTER}.PerformanceCounterSampleSet", found)] if samples else []


def _counter(host: Host, path: str) -> float | None:
    memory = host.memory
    if like(path, r"*\processor*(_total)\% processor time"):
        return float(load_percentage(host))
    if like(path, r"*\memory\available mbytes"):
        return float(host.memory_available // 1024)
    if like(path, r"*\memory\available bytes"):
        return float(host.memory_available * 1024)
    if like(path, r"*\memory\% committed bytes in use"):
        return round(100 * host.memory_used / (memory.total + memory.swap_total), 2)
    for mount in host.mounts:
        if like(path, rf"*\logicaldisk({mount.target})\% free space".lower()):
            return round(100 * host.available(mount) / mount.size, 2)
        if like(path, rf"*\logicaldisk({mount.target})\free megabytes".lower()):
            return float(host.available(mount) // 1024)
    return None


def get_timezone(call: CmdletCall) -> Iterable[PSValue]:
    values: dict[str, PSValue] = {
        "Id": "UTC",
        "DisplayName": "(UTC) Coordinated Universal Time",
        "StandardName": "Coordinated Universal Time",
        "DaylightName": "Coordinated Universal Time",
        "BaseUtcOffset": moment(0) - moment(0),
        "SupportsDaylightSavingTime": False,
    }
    return [PSObject("System.TimeZoneInfo", values, "(UTC) Coordinated Universal Time")]


def short_time(value: datetime) -> str:
    """A time as systeminfo prints it: 1/5/2026, 8:00:00 AM"""
    return f"{value.month}/{value.day}/{value.year}, {clock(value)}"


CMDLETS = (
    Cmdlet(
        "Get-Date",
        get_date,
        "Date",
        "Format UFormat Year Month Day Hour Minute Second Millisecond",
        lacks="DisplayHint",
    ),
    Cmdlet("New-TimeSpan", new_timespan, "Start End", "Days Hours Minutes Seconds"),
    Cmdlet("Start-Sleep", start_sleep, "Seconds", "Milliseconds|m"),
    Cmdlet(
        "Restart-Computer",
        restart_computer,
        "ComputerName|CN",
        "",
        "Force",
        lacks="Timeout Delay For Wait AsJob Credential ThrottleLimit",
    ),
    Cmdlet("Get-HotFix", get_hotfix, "Id|HFID", "Description", lacks="ComputerName Credential"),
    Cmdlet("Get-LocalUser", get_local_user, "Name", lacks="SID"),
    Cmdlet("Get-Counter", get_counter, "Counter", "SampleInterval", lacks="MaxSamples ListSet Continuous ComputerName"),
    Cmdlet("Get-TimeZone", get_timezone),
)
