"""The state of a unit in systemd's words: how long, which kind of active, how its last run ended."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from fleet.linux.systemd.journal_entries import of_unit
from fleet.model import Host, Service
from fleet.ports import main_process
from fleet.signals import SIGNALS, dumps, result_of, signal_of_end
from fleet.software import software
from fleet.unit_files import EXEC, has_own_file, setting, unit_type

_DAY, _MONTH = 86_400, 2_629_800
_LONG = ((12 * _MONTH, "year", _MONTH, "month"), (_MONTH, "month", _DAY, "day"), (7 * _DAY, "week", _DAY, "day"))
"""Durations of a week or more: seconds and name, and the unit for the remainder."""


def ago(seconds: int) -> str:
    """An age as systemd prints it (format_timestamp_relative): 42s, 2h 3min, 21h, 5 days, 1 year 0 months."""
    seconds = max(seconds, 0)
    for size, name, part, rest in _LONG:
        if seconds >= size:
            return f"{_count(seconds // size, name)} {_count(seconds % size // part, rest)}"
    hours, minutes = seconds // 3600, seconds // 60
    if seconds >= 2 * _DAY:
        return f"{seconds // _DAY} days"
    if hours >= 25:
        return f"1 day {hours - 24}h"
    if hours:
        return f"{hours}h" if hours >= 6 else f"{hours}h {minutes % 60}min"
    if minutes:
        return f"{minutes}min" if minutes >= 5 else f"{minutes}min {seconds % 60}s"
    return f"{seconds}s"


def span(seconds: int) -> str:
    """A duration as systemd prints it (format_timespan): 1d 2h 3min 4s."""
    units = ((_DAY, "d"), (3600, "h"), (60, "min"), (1, "s"))
    pieces = []
    for size, name in units:
        if count := seconds // size:
            pieces.append(f"{count}{name}")
        seconds %= size
    return " ".join(pieces) or "0"


def _count(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


def moment(time: int) -> str:
    """Mon 2026-01-05 08:00:00 UTC"""
    return datetime.fromtimestamp(time, UTC).strftime("%a %Y-%m-%d %H:%M:%S UTC")


def file_state(host: Host, service: Service) -> str:
    """enabled, disabled, masked, or static: a unit file that says nothing of how to enable it"""
    if service.masked or service.enabled:
        return "masked" if service.masked else "enabled"
    return "disabled" if can_be_enabled(host, service) else "static"


def can_be_enabled(host: Host, service: Service) -> bool:
    """Whether the unit file has an [Install] section with anything in it."""
    keys = ("WantedBy", "RequiredBy", "Also", "Alias")
    return not has_own_file(host, service.name) or any(setting(host, service.name, key) for key in keys)


def sub_state(host: Host, service: Service) -> str:
    """running, dead, failed, or exited: active although its program has ended"""
    if service.state != "active":
        return "dead" if service.state == "inactive" else "failed"
    return "running" if main_process(host, service.name) else "exited"


@dataclass(frozen=True, slots=True)
class LastRun:
    """How the last run of a unit's program ended."""

    pid: int
    code: str
    """exited, killed or dumped"""
    status: int
    """the exit code, or the signal's number"""

    @property
    def told(self) -> str:
        """code=exited, status=1/FAILURE"""
        if self.code != "exited":
            return f"code={self.code}, signal={SIGNALS[self.status - 1]}"
        name = {0: "SUCCESS", 1: "FAILURE", EXEC: "EXEC"}.get(self.status, "n/a")
        return f"code=exited, status={self.status}/{name}"


def last_run(host: Host, service: Service) -> LastRun | None:
    """None for a unit that runs, or never did."""
    if service.state == "active" or not service.since:
        return None
    pid = next((entry.pid for entry in reversed(of_unit(host, service.name)) if entry.pid > 1), host.next_pid - 1)
    if signal := signal_of_end(service.exit_code):
        return LastRun(pid, "dumped" if dumps(host, signal) else "killed", SIGNALS.index(signal) + 1)
    if service.state == "failed":
        return LastRun(pid, "exited", service.exit_code or 1)
    untrapped = service.name not in software().linux or service.name == "cron"
    if untrapped and unit_type(host, service.name) != "oneshot":
        return LastRun(pid, "killed", SIGNALS.index("TERM") + 1)
    return LastRun(pid, "exited", 0)


def ran_from(host: Host, service: Service) -> int | None:
    """When the run began that has ended; None if the journal does not say."""
    if service.state == "active":
        return None
    times = [entry.time for entry in of_unit(host, service.name)
             if entry.pid == 1 and entry.message.startswith("Started ") and entry.time <= service.since]  # fmt: skip
    return times[-1] if times else None


def started_as(service: Service) -> str:
    """The command line in the unit file: some programs change theirs once running ("nginx: master process …")."""
    return re.sub(r"^\w+: (?:master process )?", "", service.command)


def result(host: Host, service: Service) -> str:
    """Result=: success, exit-code, signal, core-dump"""
    return result_of(host, service.exit_code or 1) if service.state == "failed" else "success"
