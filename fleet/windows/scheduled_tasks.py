"""The scheduled tasks of a Windows host: those that every server has, and when they ran and will run."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from aj.files import parse_yaml
from fleet.model import Host

ROOT = "\\Microsoft\\Windows\\"
DAY, HOUR = 86_400, 3600
SUNDAY = 3 * DAY
"""The first Sunday of Unix time, whose first day was a Thursday."""
AFTER_BOOT = 95
"""Seconds until tasks that a start triggers have run."""
WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
OTHERS = frozenset(
    """
    AnalyzeSystem,appuriverifierdaily,BfeOnServiceStartTypeChange,CacheTask,Calibration Loader,CleanupTemporaryState
    Data Integrity Scan,DsSvcCleanup,ForceSynchronizeTime,GatherNetworkInfo,HiveUploadTask,Interactive,MsCtfMonitor
    Notifications,PcaPatchDbTask,ProactiveScan,ProgramDataUpdater,Reboot,RunFullMemoryDiagnostic,Schedule Work,Scheduled
    Secure-Boot-Update,Server Manager Performance Monitor,SilentCleanup,StartupAppTask,SvcRestartTask,SyspartRepair
    SystemTask,SynchronizeTimeZone,Tpm-Maintenance,UpdateModelTask,USO_UxBroker,UsbCeip,UserTask,WinSAT
    """.lower()
    .replace("\n", ",")
    .replace("    ", "")
    .split(",")
)
"""Names of tasks that a real host has besides."""
NEVER_RUN = 267_011
"""0x41303: the task has not yet run."""


@dataclass(frozen=True, slots=True)
class ScheduledTask:
    folder: str
    """with a backslash at both ends"""
    name: str
    run: str
    """a program, or the class of a COM handler in braces"""
    arguments: str = ""
    when: str = ""
    """as in scheduled_tasks.yaml"""
    user: str = "SYSTEM"
    author: str = ""
    description: str = ""
    disabled: bool = False

    @property
    def path(self) -> str:
        return self.folder + self.name

    @property
    def command(self) -> str:
        return "COM handler" if self.run.startswith("{") else f"{self.run} {self.arguments}".rstrip()

    @property
    def state(self) -> str:
        return "Disabled" if self.disabled else "Ready"

    @property
    def trigger(self) -> str:
        """boot, logon, daily, weekly, hours; "" if time does not start it."""
        return self.when.partition(" ")[0].removesuffix("idle")

    @property
    def starts_at(self) -> int:
        """Seconds since midnight at which it runs."""
        hour, minute = self.when.rpartition(" ")[2].split(":") if ":" in self.when else ("0", "0")
        return int(hour) * HOUR + int(minute) * 60

    @property
    def weekday(self) -> str:
        return self.when.split(" ")[1] if self.trigger == "weekly" else ""

    @property
    def period(self) -> int:
        """Seconds from one run by the clock to the next; 0 if the clock does not start it."""
        match self.trigger:
            case "daily":
                return DAY
            case "weekly":
                return 7 * DAY
            case "hours":
                return int(self.when.split(" ")[1]) * HOUR
        return 0

    def last_run(self, host: Host) -> int | None:
        if self.disabled:
            return None
        if self.period:
            return self._by_clock(host.now)
        if self.when == "idle":  # some minutes past two in the night, each task at its own time
            start = 2 * HOUR + sum(self.name.encode()) % 50 * 60
            return (host.now - start) // DAY * DAY + start
        if self.trigger == "boot":
            return host.boot + AFTER_BOOT if host.boot + AFTER_BOOT <= host.now else None
        if self.trigger == "logon":
            return max((login.start for login in host.logins), default=None)
        return None

    def next_run(self, host: Host) -> int | None:
        return self._by_clock(host.now) + self.period if self.period and not self.disabled else None

    def _by_clock(self, now: int) -> int:
        first = self.starts_at
        if self.weekday:
            first += SUNDAY + WEEKDAYS.index(self.weekday) * DAY
        return (now - first) // self.period * self.period + first


@cache
def scheduled_tasks() -> tuple[ScheduledTask, ...]:
    """All of a host, by folder and name."""
    rows = parse_yaml(Path(__file__).with_name("scheduled_tasks.yaml").read_text(encoding="utf-8"))
    return tuple(sorted((_task(**row) for row in rows), key=lambda task: (task.folder.lower(), task.name.lower())))


def _task(folder: str, run: str, **rest: Any) -> ScheduledTask:
    program, _, arguments = run.partition("|")
    return ScheduledTask(f"{ROOT}{folder}\\", run=program, arguments=arguments, **rest)


def may_exist(path: str) -> bool:
    """Whether a real host may have a task or folder at a path, or a task of that name, that is none here."""
    return path.lower().startswith("\\microsoft\\") or path.lower() in OTHERS
