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

    def environment(self) -> dict[str, str]:
        """The $env: variables, with lower-case names."""
        return {
            "computername": self.host.name.upper(),
            "username": "Administrator",
            "userdomain": self.host.name.upper(),
            "userprofile": HOME,
            "homepath": HOME[2:],
            "homedrive": "C:",
            "systemdrive": "C:",
            "systemroot": r"C:\Windows",
            "windir": r"C:\Windows",
            "temp": rf"{HOME}\AppData\Local\Temp",
            "tmp": rf"{HOME}\AppData\Local\Temp",
            "programfiles": r"C:\Program Files",
            "programfiles(x86)": r"C:\Program Files (x86)",
            "programdata": r"C:\ProgramData",
            "public": r"C:\Users\Public",
            "appdata": rf"{HOME}\AppData\Roaming",
            "localappdata": rf"{HOME}\AppData\Local",
            "os": "Windows_NT",
            "processor_architecture": "AMD64",
            "number_of_processors": str(self.host.system.cores),
            "path": r"C:\Windows\system32;C:\Windows;C:\Windows\System32\Wbem",
        }
