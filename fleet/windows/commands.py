"""The table of all commands on a simulated Windows host, with their aliases."""

from functools import cache
from pathlib import Path

from aj.files import parse_yaml
from fleet.windows.binding import Cmdlet
from fleet.windows.cmdlets import (
    cim,
    command_prompt,
    comparing,
    control,
    csv_tables,
    discovery,
    events,
    files,
    item_properties,
    locations,
    lookups,
    network,
    objects,
    output,
    processes,
    programs,
    reg,
    routes,
    scheduled,
    schtasks,
    services,
    shell_facts,
    storage,
    streams,
    system,
    tasks,
    text_search,
    variables,
    wmic,
    writing,
)
from fleet.windows.cmdlets.console import ConsoleProgram, ProgramOptions, Words
from fleet.windows.matching import like
from fleet.windows.session import Commands, Session
from fleet.windows.values import PSValue

MODULES = (
    objects,
    output,
    processes,
    services,
    storage,
    cim,
    files,
    item_properties,
    locations,
    variables,
    writing,
    events,
    network,
    routes,
    scheduled,
    system,
    comparing,
    csv_tables,
    streams,
    discovery,
    shell_facts,
)
CMDLETS: dict[str, Cmdlet] = {cmdlet.name.lower(): cmdlet for module in MODULES for cmdlet in module.CMDLETS}
NATIVES: dict[str, ConsoleProgram] = {
    **programs.PROGRAMS,
    **tasks.PROGRAMS,
    **control.PROGRAMS,
    **wmic.PROGRAMS,
    **text_search.PROGRAMS,
    **lookups.PROGRAMS,
    **command_prompt.PROGRAMS,
    **reg.PROGRAMS,
    **routes.PROGRAMS,
    **schtasks.PROGRAMS,
}
OPTIONS = {
    "hostname": ProgramOptions("", "", "sethostname: Use the Network Control Panel Applet to set hostname."),
    "whoami": ProgramOptions("", "all groups priv user upn fqdn logonid claims fo nh"),
    "ipconfig": ProgramOptions(
        "all flushdns",
        "release renew displaydns registerdns showclassid setclassid release6 renew6 allcompartments",
        "\nError: unrecognized or incomplete command line.",
    ),
    "systeminfo": ProgramOptions("", "fo nh s u p"),
    "netstat": ProgramOptions(
        "anor", "befipqstxy", "\nDisplays protocol statistics and current TCP/IP network connections.", letters=True
    ),
    "tasklist": ProgramOptions("fi fo nh svc v", "m s u p apps"),
    "taskkill": ProgramOptions("pid im f t fi", "s u p"),
    "ping": ProgramOptions("n t w l 4", "a f i v r s j k 6 c p", "Bad option {}."),
    "shutdown": ProgramOptions("r s g p t f a c d", "l h i m o e hybrid fw soft"),
}
"""Of the programs that do not look at their options themselves."""
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
        "get-itemproperty": "gp",
        "get-itempropertyvalue": "gpv",
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
        "set-variable": "sv set",
        "new-variable": "nv",
        "clear-variable": "clv",
        "remove-variable": "rv",
        "set-alias": "sal",
        "new-alias": "nal",
        "push-location": "pushd",
        "pop-location": "popd",
        "convert-path": "cvpa",
        "invoke-command": "icm",
        "compare-object": "compare diff",
        "get-unique": "gu",
        "export-csv": "epcsv",
        "import-csv": "ipcsv",
        "invoke-expression": "iex",
        "get-computerinfo": "gin",
        "get-command": "gcm",
        "get-alias": "gal",
    }.items()
    for short in names.split()
}


KNOWN = Commands(CMDLETS.keys(), NATIVES.keys(), ALIASES)


@cache
def _real() -> frozenset[str]:
    groups: dict[str, str] = parse_yaml(Path(__file__).with_name("real_commands.yaml").read_text(encoding="utf-8"))
    return frozenset(name.lower() for names in groups.values() for name in names.split())


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


_NAMES = {program: name for name, program in reversed(NATIVES.items())}
"""Console program -> the first of its names."""


def run_native(program: ConsoleProgram, session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    """The lines that a console program puts out, or its refusal of an option."""
    name = _NAMES[program]
    refusal = OPTIONS[name].check(session, name, words) if name in OPTIONS else None
    return program(session, words, given) if refusal is None else refusal
