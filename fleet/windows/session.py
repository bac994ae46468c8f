"""The state of a PowerShell session: host, current folder, variables, and errors so far."""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from fleet.gaps import Gap
from fleet.model import Host, Machine
from fleet.windows.failure import Budget, Failure
from fleet.windows.tree import Block, Function
from fleet.windows.values import PSObject, PSValue, bounded

if TYPE_CHECKING:
    from fleet.windows.paths import Listing

SHOWN = "FormattedText"
"""Class of a record that holds finished text, such as the output of Format-Table."""
MAX_ERRORS = 256
"""Kept in $Error."""
HOME = r"C:\Users\Administrator"
SEARCHED = (
    r"C:\Windows\system32;C:\Windows;C:\Windows\System32\Wbem;C:\Windows\System32\WindowsPowerShell\v1.0\;"
    rf"C:\Windows\System32\OpenSSH\;{HOME}\AppData\Local\Microsoft\WindowsApps"
)
"""Where programs are looked for."""


def shown(text: str) -> PSObject:
    return PSObject(SHOWN, {}, bounded(text))


@dataclass(frozen=True, slots=True)
class Commands:
    """What the simulated host has, in lower case."""

    cmdlets: Set[str]
    programs: Set[str]
    aliases: Mapping[str, str]
    """alias -> what it stands for"""


class BlockRunner(Protocol):
    """Runs a script block with $_ set; if `guarded`, an error is reported and its next statement runs."""

    def __call__(self, block: Block, item: PSValue, guarded: bool = True) -> list[PSValue]: ...


@dataclass(slots=True)
class Session:
    """A PowerShell session on one host, which lasts for one line: each line that AJ sends is a new process."""

    machine: Machine
    invoke: "BlockRunner"
    """runs a script block with $_ set"""
    run_line: Callable[[str], list[PSValue]]
    """runs another line inside this one (powershell -Command, cmd /c)"""
    commands: Commands
    is_lacking: Callable[[str], bool]
    """whether only a real host has the command of that name"""
    folder: str = HOME
    pushed: list[str] = field(default_factory=list)
    """the folders that Pop-Location goes back to, the next one last"""
    aliases: dict[str, str] = field(default_factory=dict)
    """those that the line itself has set"""
    folders: dict[str, int] = field(default_factory=dict)
    """folders created, and when: a host's files do not show those that are empty"""
    listing: "Listing | None" = None
    """everything on the host's drives, as last listed"""
    variables: dict[str, PSValue] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    line: str = ""
    budget: Budget = field(default_factory=Budget)
    errors: list[str] = field(default_factory=list)
    """output for standard error"""
    printed: list[PSValue] = field(default_factory=list)
    """output for standard output, in order"""
    ok: bool = True
    """whether the statement that runs has succeeded so far"""
    ok_before: bool = True
    """$?: whether the statement before it did"""
    failed: list[Failure] = field(default_factory=list)
    """$Error: the last failure first"""
    exit_code: int | None = None
    """set if the line asked for one"""

    @property
    def host(self) -> Host:
        return self.machine.host

    @host.setter
    def host(self, host: Host) -> None:
        self.machine.host = host

    def make_folder(self, path: str) -> None:
        self.folders.setdefault(path, self.host.now)

    def report(self, failure: Failure) -> None:
        """Record a non-terminating error."""
        self.ok = False
        self.note(failure)
        self.errors.append(failure.render(self.line))

    def note(self, failure: Failure) -> None:
        """Remember an error. One that only the simulated host has is a gap, whether the line shows it or not."""
        if all(known is not failure for known in self.failed):
            self.failed.insert(0, failure)
            del self.failed[MAX_ERRORS:]
        gap = Gap("option" if " " in failure.lacks else "command", failure.lacks)
        if failure.lacks and gap not in self.machine.gaps:
            self.machine.gaps.append(gap)

    def environment_value(self, name: str) -> str | None:
        """$env:NAME, whatever its case."""
        lowered = name.lower()
        return next((value for held, value in self.environment().items() if held.lower() == lowered), None)

    def environment(self) -> dict[str, str]:
        """The variables of the environment, by name."""
        name, roaming = self.host.name.upper(), rf"{HOME}\AppData\Roaming"
        return {
            "ALLUSERSPROFILE": r"C:\ProgramData",
            "APPDATA": roaming,
            "CommonProgramFiles": r"C:\Program Files\Common Files",
            "CommonProgramFiles(x86)": r"C:\Program Files (x86)\Common Files",
            "CommonProgramW6432": r"C:\Program Files\Common Files",
            "COMPUTERNAME": name,
            "ComSpec": r"C:\Windows\system32\cmd.exe",
            "DriverData": r"C:\Windows\System32\Drivers\DriverData",
            "HOMEDRIVE": "C:",
            "HOMEPATH": HOME[2:],
            "LOCALAPPDATA": rf"{HOME}\AppData\Local",
            "LOGONSERVER": rf"\\{name}",
            "NUMBER_OF_PROCESSORS": str(self.host.system.cores),
            "OS": "Windows_NT",
            "Path": SEARCHED,
            "PATHEXT": ".COM;.EXE;.BAT;.CMD;.VBS;.VBE;.JS;.JSE;.WSF;.WSH;.MSC;.CPL",
            "PROCESSOR_ARCHITECTURE": "AMD64",
            "ProgramData": r"C:\ProgramData",
            "ProgramFiles": r"C:\Program Files",
            "ProgramFiles(x86)": r"C:\Program Files (x86)",
            "ProgramW6432": r"C:\Program Files",
            "PSModulePath": rf"{HOME}\Documents\WindowsPowerShell\Modules;C:\Program Files\WindowsPowerShell\Modules;"
            r"C:\Windows\system32\WindowsPowerShell\v1.0\Modules",
            "PUBLIC": r"C:\Users\Public",
            "SystemDrive": "C:",
            "SystemRoot": r"C:\Windows",
            "TEMP": rf"{HOME}\AppData\Local\Temp",
            "TMP": rf"{HOME}\AppData\Local\Temp",
            "USERDOMAIN": name,
            "USERNAME": "Administrator",
            "USERPROFILE": HOME,
            "windir": r"C:\Windows",
        }
