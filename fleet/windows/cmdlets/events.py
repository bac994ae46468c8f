"""Event log cmdlets: Get-WinEvent and Get-EventLog read the host's journal, newest first."""

from collections.abc import Iterable
from datetime import datetime

from fleet.model import Host, JournalEntry
from fleet.windows.binding import Cmdlet, CmdletCall
from fleet.windows.matching import like
from fleet.windows.operators import equal
from fleet.windows.values import Hash, PSObject, PSValue, items, moment, to_moment, to_number, to_text
from fleet.windows.views import EVENT, EVENT_LOG, LOG_ENTRY

LOGS = ("Application", "System", "Security", "Setup", "Windows PowerShell")
"""Logs present on every installation, empty or not."""
MODERN = ("Setup",)
"""Those that Get-EventLog does not know."""


def level(entry: JournalEntry) -> tuple[int, str]:
    """The Windows event level for a syslog priority."""
    if entry.priority <= 2:
        return 1, "Critical"
    return {3: (2, "Error"), 4: (3, "Warning"), 7: (5, "Verbose")}.get(entry.priority, (4, "Information"))


def _logs(host: Host) -> list[str]:
    return sorted({*LOGS, *(entry.log for entry in host.journal)})


def _record(number: int, entry: JournalEntry, host: Host) -> PSObject:
    code, name = level(entry)
    values: dict[str, PSValue] = {
        "Message": entry.message,
        "Id": entry.event,
        "Level": code,
        "ProviderName": entry.unit,
        "LogName": entry.log,
        "ProcessId": entry.pid,
        "MachineName": host.name.upper(),
        "TimeCreated": moment(entry.time),
        "RecordId": number,
        "LevelDisplayName": name,
        "Properties": [],
    }
    return PSObject(EVENT, values, "System.Diagnostics.Eventing.Reader.EventLogRecord", {"EventID": "Id"})


def _old_record(number: int, entry: JournalEntry, host: Host) -> PSObject:
    name = level(entry)[1]
    values: dict[str, PSValue] = {
        "EventID": entry.event,
        "MachineName": host.name.upper(),
        "Index": number,
        "EntryType": "Error" if name == "Critical" else name,
        "Message": entry.message,
        "Source": entry.unit,
        "InstanceId": entry.event,
        "TimeGenerated": moment(entry.time),
        "TimeWritten": moment(entry.time),
        "UserName": None,
    }
    return PSObject(LOG_ENTRY, values, "System.Diagnostics.EventLogEntry")


def _newest(host: Host) -> list[tuple[int, JournalEntry]]:
    """(record number, entry), newest first."""
    return sorted(enumerate(host.journal, 1), key=lambda pair: (pair[1].time, pair[0]), reverse=True)


def get_win_event(call: CmdletCall) -> Iterable[PSValue]:
    host = call.session.host
    if call.has("ListLog"):
        return _list_logs(call)
    filters = call.value("FilterHashtable")
    wanted = filters if isinstance(filters, Hash) else Hash()
    logs = [to_text(name) for name in items(wanted.get("LogName"))] or call.texts("LogName")
    providers = [to_text(name) for name in items(wanted.get("ProviderName"))] or call.texts("ProviderName")
    for name in logs:
        if not any(like(log, name) for log in _logs(host)):
            text = f'There is not an event log on the localhost computer that matches "{name}".'
            call.fail(text, "NoMatchingLogsFound", "ObjectNotFound", f"{name}:String", "Exception")
            return []
    found = [
        (number, entry)
        for number, entry in _newest(host)
        if (not logs or any(like(entry.log, name) for name in logs))
        and (not providers or any(like(entry.unit, name) for name in providers))
        and _fits(entry, wanted)
    ]
    if not found:
        text = "No events were found that match the specified selection criteria."
        call.fail(text, "NoMatchingEventsFound", "ObjectNotFound", ":", "Exception")
    most = call.number("MaxEvents")
    found = found if most is None else found[: max(most, 0)]
    return [_record(number, entry, host) for number, entry in (reversed(found) if call.flag("Oldest") else found)]


def _fits(entry: JournalEntry, wanted: Hash) -> bool:
    """Whether an entry matches -FilterHashtable by level, id and time."""
    levels, ids = items(wanted.get("Level")), items(wanted.get("Id"))
    if levels and not any(equal(level(entry)[0], one) for one in levels):
        return False
    if ids and not any(equal(entry.event, one) for one in ids):
        return False
    start, end = wanted.get("StartTime"), wanted.get("EndTime")
    time = moment(entry.time)
    return (start is None or time >= to_moment(start)) and (end is None or time <= to_moment(end))


def _list_logs(call: CmdletCall) -> list[PSValue]:
    rows: list[PSValue] = []
    for name in _logs(call.session.host):
        if any(like(name, one) for one in call.texts("ListLog")):
            count = sum(entry.log == name for entry in call.session.host.journal)
            values: dict[str, PSValue] = {
                "LogMode": "Circular",
                "MaximumSizeInBytes": 20_971_520,
                "RecordCount": count,
                "LogName": name,
            }
            rows.append(PSObject("System.Diagnostics.Eventing.Reader.EventLogConfiguration", values, name))
    return rows


def _described(host: Host, log: str) -> PSObject:
    """A log as Get-EventLog -List gives it."""
    entries = [entry for entry in host.journal if entry.log == log]
    values: dict[str, PSValue] = {
        "Count": len(entries),
        "Log": log,
        "LogDisplayName": log,
        "MaximumKilobytes": 20_480,
        "MinimumRetentionDays": 0,
        "OverflowAction": "OverwriteAsNeeded",
    }
    return PSObject(EVENT_LOG, values, log)


def get_event_log(call: CmdletCall) -> Iterable[PSValue]:
    host, name = call.session.host, call.text("LogName")
    if call.flag("List"):
        return [_described(host, log) for log in _logs(host) if log not in MODERN]
    if not any(log.lower() == name.lower() for log in _logs(host)):
        text = f"The event log '{name}' on computer '.' does not exist."
        raise call.failure(text, "System.InvalidOperationException", "NotSpecified", ":", "InvalidOperationException")
    found = [(number, entry) for number, entry in _newest(host) if entry.log.lower() == name.lower()]
    records = [_old_record(number, entry, host) for number, entry in found]
    records = [record for record in records if _asked(call, record)]
    if not records:
        call.fail("No matches found", "GetEventLogNoEntriesFound", "ObjectNotFound", ":", "ArgumentException")
    most = call.number("Newest")
    return records if most is None else records[: max(most, 0)]


def _asked(call: CmdletCall, record: PSObject) -> bool:
    types = [name.lower() for name in call.texts("EntryType")]
    if types and to_text(record.get("EntryType")).lower() not in types:
        return False
    if call.has("Source") and not any(like(to_text(record.get("Source")), name) for name in call.texts("Source")):
        return False
    if call.has("Message") and not like(to_text(record.get("Message")), call.text("Message")):
        return False
    if call.has("InstanceId") and to_number(record.get("InstanceId")) not in call.numbers("InstanceId"):
        return False
    time = record.get("TimeGenerated")
    assert isinstance(time, datetime)
    if call.has("After") and time < to_moment(call.value("After")):
        return False
    return not (call.has("Before") and time > to_moment(call.value("Before")))


CMDLETS = (
    Cmdlet(
        "Get-WinEvent",
        get_win_event,
        "LogName",
        "MaxEvents FilterHashtable ProviderName ListLog",
        "Oldest Force",
        lacks="ComputerName FilterXPath FilterXml Path ListProvider Credential",
    ),
    Cmdlet(
        "Get-EventLog",
        get_event_log,
        "LogName InstanceId",
        "Newest EntryType Source After Before Message",
        "List",
        lacks="ComputerName UserName Index AsBaseObject AsString",
    ),
)
