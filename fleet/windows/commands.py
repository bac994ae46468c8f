"""The table of all commands on a simulated Windows host, with their aliases."""

from functools import cache
from pathlib import Path

from fleet.windows.binding import Cmdlet
from fleet.windows.cmdlets import (
    cim,
    comparing,
    control,
    csv_tables,
    events,
    files,
    network,
    objects,
    output,
    processes,
    programs,
    services,
    storage,
    streams,
    system,
    tasks,
    wmic,
    writing,
)
from fleet.windows.cmdlets.console import ConsoleProgram
from fleet.windows.matching import like

MODULES = (
    objects,
    output,
    processes,
    services,
    storage,
    cim,
    files,
    writing,
    events,
    network,
    system,
    comparing,
    csv_tables,
    streams,
)
CMDLETS: dict[str, Cmdlet] = {cmdlet.name.lower(): cmdlet for module in MODULES for cmdlet in module.CMDLETS}
NATIVES: dict[str, ConsoleProgram] = {
    **programs.PROGRAMS,
    **tasks.PROGRAMS,
    **control.PROGRAMS,
    **wmic.PROGRAMS,
}
ALIASES = {
    short: full
    for full, names in {
        "get-process": "gps ps",
        "stop-process": "spps kill",
        "get-service": "gsv",
        "start-service": "sasv",
        "stop-service": "spsv",
        "get-ciminstance": "gcim",
        "get-wmiobject": "gwmi",
        "get-childitem": "gci ls dir",
        "get-item": "gi",
        "get-content": "gc cat type",
        "set-content": "sc",
        "add-content": "ac",
        "clear-content": "clc",
        "select-string": "sls",
        "remove-item": "rm del ri rmdir rd erase",
        "copy-item": "cp copy cpi",
        "move-item": "mv move mi",
        "rename-item": "ren rni",
        "new-item": "ni",
        "mkdir": "md",
        "resolve-path": "rvpa",
        "get-location": "pwd gl",
        "set-location": "cd chdir sl",
        "get-psdrive": "gdr",
        "where-object": "? where",
        "foreach-object": "% foreach",
        "sort-object": "sort",
        "select-object": "select",
        "measure-object": "measure",
        "group-object": "group",
        "format-table": "ft",
        "format-list": "fl",
        "format-wide": "fw",
        "out-host": "oh",
        "get-member": "gm",
        "write-output": "echo write",
        "tee-object": "tee",
        "invoke-webrequest": "iwr curl wget",
        "invoke-restmethod": "irm",
        "test-netconnection": "tnc",
        "start-sleep": "sleep",
        "get-variable": "gv",
        "compare-object": "compare diff",
        "get-unique": "gu",
        "export-csv": "epcsv",
        "import-csv": "ipcsv",
        "invoke-expression": "iex",
        "get-computerinfo": "gin",
    }.items()
    for short in names.split()
}


@cache
def _real() -> frozenset[str]:
    lines = Path(__file__).with_name("real_commands.txt").read_text().splitlines()
    return frozenset(name.lower() for line in lines if not line.startswith("#") for name in line.split())


def is_lacking(name: str) -> bool:
    """Whether a real host has this command, and the simulated one does not."""
    lowered = name.lower().rpartition("\\")[2].removesuffix(".exe")
    return lowered in _real() or any(like(lowered, name) for name in _real() if "*" in name)


def cmdlet(name: str) -> Cmdlet | None:
    lowered = name.lower().rpartition("\\")[2]  # Microsoft.PowerShell.Management\Get-Process
    return CMDLETS.get(ALIASES.get(lowered, lowered))


def native(name: str) -> ConsoleProgram | None:
    """A console program by name, with or without .exe, or by path; an alias hides a program of the same name."""
    lowered = name.lower().removeprefix("c:\\windows\\system32\\")
    return None if lowered in ALIASES else NATIVES.get(lowered.removesuffix(".exe"))
