"""The console program schtasks, which only reads here: schtasks /query."""

from itertools import groupby

from fleet.model import Host
from fleet.windows.cmdlets.console import ConsoleProgram, Words, console_output
from fleet.windows.failure import Unmodelled
from fleet.windows.scheduled_tasks import DAY, NEVER_RUN, ROOT, ScheduledTask, may_exist, scheduled_tasks
from fleet.windows.session import Session
from fleet.windows.values import PSValue, display, moment

VERBS = ("create", "delete", "change", "run", "end", "showsid")
WIDTHS = {"TaskName": 40, "Next Run Time": 22, "Status": 15}
"""Columns of the table."""
EMPTY = "INFO: There are no scheduled tasks presently available at your access level."
NEVER = "11/30/1999 12:00:00 AM"
Fields = dict[str, str]


def schtasks(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    options: dict[str, str] = {}
    place = 0
    while place < len(words):
        word = words[place]
        name = word[1:].lower() if word[:1] in "/-" else ""
        if name in VERBS or name in ("?", "s", "u", "p", "xml", "hresult"):
            raise Unmodelled(f"schtasks {word}")
        if name not in ("query", "fo", "nh", "v", "tn"):
            return _refused(session, f"Invalid argument/option - '{word}'.", "SCHTASKS /?")
        if name in ("fo", "tn"):
            place += 1
            if place == len(words):
                return _refused(session, f"Invalid syntax. Value expected for '{word}'.")
            options[name] = words[place]
        else:
            options[name] = ""
        place += 1
    return _query(session, options)


def _refused(session: Session, text: str, usage: str = "SCHTASKS /QUERY /?") -> list[PSValue]:
    session.errors.append(f'ERROR: {text}\nType "{usage}" for usage.\n')
    return console_output(session, "", 1)[:0]


def _query(session: Session, options: dict[str, str]) -> list[PSValue]:
    form = options.get("fo", "table").lower()
    if form not in ("table", "list", "csv"):
        return _refused(session, f"Invalid value for /FO option.\nAllowed values: TABLE, LIST, CSV. ({form})")
    if form == "list" and "nh" in options:
        return _refused(session, "Invalid syntax. /NH option is allowed only for TABLE and CSV formats.")
    if form == "table" and "v" in options:
        raise Unmodelled("schtasks /query /fo table /v")
    found = list(scheduled_tasks())
    if wanted := options.get("tn", ""):
        wanted = wanted if wanted.startswith("\\") else f"\\{wanted}"
        found = [
            task
            for task in found
            if wanted.lower() in (task.path.lower(), task.folder.lower(), task.folder[:-1].lower())
        ]
        if not found and may_exist(wanted):
            raise Unmodelled(f"schtasks /tn {wanted}")
        if not found:
            session.errors.append("ERROR: The system cannot find the file specified.\n")
            return console_output(session, "", 1)[:0]
    make = _verbose if "v" in options else _brief
    groups = [(folder, list(tasks)) for folder, tasks in groupby(found, lambda task: task.folder)]
    if not wanted:
        groups = [(folder, []) for folder in ("\\", "\\Microsoft\\", ROOT)] + groups
    pieces = [_folder(session.host, folder, [make(session.host, task) for task in tasks], form, "nh" in options)
              for folder, tasks in groups]  # fmt: skip
    return console_output(session, "".join(pieces))


def _folder(host: Host, folder: str, rows: list[Fields], form: str, plain: bool) -> str:
    """The tasks of one folder."""
    head = f"\nFolder: {folder.rstrip(chr(92)) or chr(92)}\n"
    if form == "csv":
        rows = [row if "Author" in row else {name: row[name] for name in WIDTHS} for row in rows]
        names = [] if plain or not rows else [list(rows[0])]
        lines = [*names, *(list(row.values()) for row in rows)]
        return "".join(",".join(f'"{cell}"' for cell in line) + "\n" for line in lines)
    if form == "list":
        if not rows:
            return f"{head}{EMPTY}\n"
        return head + "\n".join(_listed(row) for row in rows)
    lines = [] if plain else [list(WIDTHS), ["=" * width for width in WIDTHS.values()]]
    lines += [[row[name].rpartition("\\")[2] for name in WIDTHS] for row in rows]
    table = "".join(
        " ".join(f"{cell:<{width}.{width}}" for cell, width in zip(line, WIDTHS.values(), strict=True)) + "\n"
        for line in lines
    )
    return head + table + ("" if rows else f"{EMPTY}\n")


def _listed(row: Fields) -> str:
    width = max(map(len, row)) + 2
    return "".join(f"{name + ':':<{width}}{value}\n" for name, value in row.items())


def _brief(host: Host, task: ScheduledTask) -> Fields:
    return {
        "HostName": host.name.upper(),
        "TaskName": task.path,
        "Next Run Time": _time(task.next_run(host)),
        "Status": task.state,
        "Logon Mode": "Interactive/Background",
    }


def _time(seconds: int | None) -> str:
    return "N/A" if seconds is None else display(moment(seconds))


def _verbose(host: Host, task: ScheduledTask) -> Fields:
    last = task.last_run(host)
    start = moment(task.starts_at) if task.period else None
    repeats = task.trigger == "hours"
    return {
        **_brief(host, task),
        "Last Run Time": NEVER if last is None else _time(last),
        "Last Result": str(NEVER_RUN if last is None else 0),
        "Author": task.author or "N/A",
        "Task To Run": task.command,
        "Start In": "N/A",
        "Comment": task.description or "N/A",
        "Scheduled Task State": "Disabled" if task.disabled else "Enabled",
        "Idle Time": "Disabled",
        "Power Management": "Stop On Battery Mode, No Start On Batteries",
        "Run As User": task.user,
        "Delete Task If Not Rescheduled": "Disabled",
        "Stop Task If Runs X Hours and X Mins": "72:00:00",
        "Schedule": "Scheduling data is not available in this format.",
        "Schedule Type": _schedule_type(task),
        "Start Time": display(start).partition(" ")[2] if start else "N/A",
        "Start Date": "1/1/2016" if start else "N/A",
        "End Date": "N/A",
        "Days": _days(task),
        "Months": "Every 1 week(s)" if task.weekday else "N/A",
        "Repeat: Every": f"{task.period // 3600} Hour(s), 0 Minute(s)" if repeats else _disabled(task),
        "Repeat: Until: Time": "None" if repeats else _disabled(task),
        "Repeat: Until: Duration": "Disabled" if repeats else _disabled(task),
        "Repeat: Stop If Still Running": "Disabled" if repeats else _disabled(task),
    }


def _disabled(task: ScheduledTask) -> str:
    return "Disabled" if task.period else "N/A"


def _schedule_type(task: ScheduledTask) -> str:
    kinds = {
        "daily": "Daily ",
        "weekly": "Weekly",
        "hours": "One Time Only, Hourly ",
        "boot": "At system start up",
        "logon": "At logon time",
    }
    return kinds.get(task.trigger, "On demand only")


def _days(task: ScheduledTask) -> str:
    if task.weekday:
        return task.weekday[:3].upper()
    return "Every 1 day(s)" if task.period == DAY else "N/A"


PROGRAMS: dict[str, ConsoleProgram] = {"schtasks": schtasks}
