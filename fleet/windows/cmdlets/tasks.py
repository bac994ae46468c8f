"""The console programs tasklist and taskkill."""

import re
from collections.abc import Sequence

from fleet.actions import FailedAction
from fleet.model import Host, Process
from fleet.signals import kill
from fleet.windows.cmdlets.console import ConsoleProgram, Words, console_output, has, option
from fleet.windows.cmdlets.processes import PROTECTED, session_id, short_name, user_name
from fleet.windows.failure import Unmodelled
from fleet.windows.matching import like
from fleet.windows.session import Session
from fleet.windows.values import PSValue

FILTER = re.compile(r"\s*(\w+)\s+(eq|ne|gt|lt|ge|le)\s+(.+?)\s*", re.IGNORECASE)


def _task(process: Process, host: Host) -> dict[str, str]:
    seconds = process.seconds
    number = session_id(process)
    return {
        "Image Name": process.name,
        "PID": str(process.pid),
        "Session Name": "Console" if number else "Services",
        "Session#": str(number),
        "Mem Usage": f"{process.resident:,} K",
        "Status": "Unknown" if number == 0 else "Running",
        "User Name": user_name(process, host),
        "CPU Time": f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}",
        "Window Title": "N/A",
        "Services": process.service or "N/A",
    }


def tasklist(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    tasks = [_task(process, session.host) for process in sorted(session.host.processes, key=lambda p: p.pid)]
    for place, word in enumerate(words[:-1]):
        if word.lower() in ("/fi", "-fi"):
            found = FILTER.fullmatch(words[place + 1])
            if found is None:
                return console_output(session, "ERROR: The search filter cannot be recognized.", 1)
            tasks = [task for task in tasks if _fits(task, found[1].upper(), found[2].lower(), found[3])]
    if not tasks:
        return console_output(session, "INFO: No tasks are running which match the specified criteria.")
    names = ["Image Name", "PID", "Session Name", "Session#", "Mem Usage"]
    if has(words, "svc"):
        names = ["Image Name", "PID", "Services"]
    elif has(words, "v"):
        names += ["Status", "User Name", "CPU Time", "Window Title"]
    rows = [[task[name] for name in names] for task in tasks]
    form = (option(words, "fo") or "table").lower()
    if form == "csv":
        lines = [",".join(f'"{cell}"' for cell in row) for row in ([] if has(words, "nh") else [names]) + rows]
    elif form == "list":
        lines = [line for row in rows for line in ("", *(f"{n + ':':<13}{c}" for n, c in zip(names, row, strict=True)))]
    else:
        lines = _task_table(names, rows, not has(words, "nh"))
    return console_output(session, "\n".join(lines))


def _task_table(names: Sequence[str], rows: Sequence[Sequence[str]], headers: bool) -> list[str]:
    fixed = {
        "Image Name": 25,
        "PID": 8,
        "Session Name": 16,
        "Session#": 11,
        "Mem Usage": 12,
        "Status": 15,
        "User Name": 50,
        "CPU Time": 12,
        "Window Title": 72,
        "Services": 44,
    }
    widths = [fixed[name] for name in names]
    right = [name in ("PID", "Session#", "Mem Usage", "CPU Time") for name in names]

    def line(cells: Sequence[str]) -> str:
        cut = (cell[:width] for cell, width in zip(cells, widths, strict=True))
        return " ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(cut, widths, right, strict=True)).rstrip()

    head = ["", line(names), " ".join("=" * width for width in widths)] if headers else [""]
    return [*head, *map(line, rows)]


def _fits(task: dict[str, str], name: str, operator: str, wanted: str) -> bool:
    key = {
        "IMAGENAME": "Image Name",
        "PID": "PID",
        "SERVICES": "Services",
        "STATUS": "Status",
        "USERNAME": "User Name",
        "MEMUSAGE": "Mem Usage",
        "SESSION": "Session#",
    }.get(name)
    if key is None:
        return False
    held = task[key]
    if operator in ("eq", "ne"):
        return like(held, wanted.strip('"')) == (operator == "eq")
    left, right = (re.sub(r"\D", "", text)[:18] for text in (held, wanted))
    if not left or not right:
        return False
    order = (int(left) > int(right)) - (int(left) < int(right))
    return {"gt": order > 0, "lt": order < 0, "ge": order >= 0, "le": order <= 0}[operator]


def taskkill(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    asked = [
        words[place + 1] for place, word in enumerate(words[:-1]) if word.lower() in ("/pid", "/im", "-pid", "-im")
    ]
    place = next((place for place, word in enumerate(words[:-1]) if word.lower() in ("/fi", "-fi")), None)
    if place is not None and asked:
        raise Unmodelled("taskkill /fi with /pid or /im")
    if place is not None:
        found = FILTER.fullmatch(words[place + 1])
        if found is None:
            return console_output(session, "ERROR: The search filter cannot be recognized.", 1)
        tasks = [_task(process, session.host) for process in session.host.processes]
        asked = [task["PID"] for task in tasks if _fits(task, found[1].upper(), found[2].lower(), found[3])]
        if not asked:
            return console_output(session, "INFO: No tasks running with the specified criteria.")
    if not asked:
        return console_output(
            session,
            'ERROR: Invalid syntax. Neither /FI nor /PID nor /IM were specified.\nType "TASKKILL /?" for usage.',
            1,
        )
    lines, code = [], 0
    for name in asked:
        fits = [p for p in session.host.processes if (str(p.pid) == name if name.isdigit() else like(p.name, name))]
        if not fits:
            lines, code = [*lines, f'ERROR: The process "{name}" not found.'], 128
        for process in fits:
            label = f"PID {process.pid}" if name.isdigit() else f'"{process.name}" with PID {process.pid}'
            label = f"The process with {label}" if name.isdigit() else f"The process {label}"
            if short_name(process).lower() in PROTECTED:
                lines += [f"ERROR: {label} could not be terminated.", "Reason: Access is denied."]
                code = code or 1
                continue
            done = kill(session.host, process.pid)
            session.host = done.host if isinstance(done, FailedAction) else done
            lines.append(f"SUCCESS: {label} has been terminated.")
    return console_output(session, "\n".join(lines), code)


PROGRAMS: dict[str, ConsoleProgram] = {"tasklist": tasklist, "taskkill": taskkill}
