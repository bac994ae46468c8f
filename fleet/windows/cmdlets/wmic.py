"""The console program wmic, read-only."""

from datetime import datetime

from fleet.windows.cmdlets.console import ConsoleProgram, Words, console_output
from fleet.windows.cmdlets.inventory import CLASSES
from fleet.windows.dotnet import format_value
from fleet.windows.failure import Unmodelled
from fleet.windows.format import grid
from fleet.windows.session import Session
from fleet.windows.values import PSValue, to_text
from fleet.windows.wmi_names import lacks

WMIC = {
    "os": "Win32_OperatingSystem",
    "cpu": "Win32_Processor",
    "logicaldisk": "Win32_LogicalDisk",
    "process": "Win32_Process",
    "service": "Win32_Service",
    "computersystem": "Win32_ComputerSystem",
    "bios": "Win32_BIOS",
    "volume": "Win32_Volume",
    "diskdrive": "Win32_DiskDrive",
    "memorychip": "Win32_PhysicalMemory",
    "nicconfig": "Win32_NetworkAdapterConfiguration",
    "product": "Win32_Product",
    "qfe": "Win32_QuickFixEngineering",
    "startup": "Win32_StartupCommand",
    "timezone": "Win32_TimeZone",
}


BRIEF = {
    "Win32_OperatingSystem": "BuildNumber Organization RegisteredUser SerialNumber SystemDirectory Version",
    "Win32_Processor": "Caption DeviceID Manufacturer MaxClockSpeed Name SocketDesignation",
    "Win32_LogicalDisk": "DeviceID DriveType FreeSpace ProviderName Size VolumeName",
    "Win32_Service": "ExitCode Name ProcessId StartMode State Status",
    "Win32_Process": "HandleCount Name Priority ProcessId ThreadCount WorkingSetSize",
    "Win32_ComputerSystem": "Domain Manufacturer Model Name PrimaryOwnerName TotalPhysicalMemory",
    "Win32_BIOS": "Manufacturer Name SerialNumber SMBIOSBIOSVersion Version",
    "Win32_DiskDrive": "Caption DeviceID Model Partitions Size",
    "Win32_QuickFixEngineering": "Description FixComments HotFixID InstallDate InstalledBy InstalledOn Name "
    "ServicePackInEffect Status",
}
"""Class -> what `list brief` shows of it."""
LACKED = """
nic partition memphysical baseboard useraccount group share printer
pagefile environment job ntevent netuse sysaccount systemenclosure recoveros sysdriver csproduct
"""
"""More aliases of the real one."""


def wmic(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    """wmic ALIAS get NAME,NAME [/value]: a table, or name=value lines."""
    plain = [word for word in words if not word.startswith("/")]
    flags = " ".join(word.lower() for word in words if word.startswith("/"))
    kind = WMIC.get(plain[0].lower() if plain else "")
    verb = next((place for place, word in enumerate(plain) if word.lower() in ("get", "list")), None)
    if any(word.lower() in ("where", "call", "set", "create", "delete", "assoc") for word in plain):
        raise Unmodelled(f"wmic {' '.join(plain[:2])}")
    if plain and plain[0].lower() in LACKED.split():
        raise Unmodelled(f"wmic {plain[0]}")
    if kind is None or verb is None:
        return console_output(session, f"{plain[0] if plain else ''} - Alias not found.", 44135)
    rows = CLASSES[kind](session.host)
    wanted = [
        name for word in plain[verb + 1 :] for name in word.lower().split(",") if name not in ("", "brief", "full")
    ]
    if plain[verb].lower() == "list" and plain[verb + 1 :] == ["brief"] and kind in BRIEF:
        wanted = BRIEF[kind].lower().split()
    if not wanted or wanted == ["*"] or any(lacks(kind, name) for name in wanted):  # a real host has more of them
        raise Unmodelled(f"wmic {' '.join(plain)}")
    known = {name.lower(): name for name in rows[0]} if rows else {}
    if any(name not in known for name in wanted):
        return console_output(
            session, "Node - " + session.host.name.upper() + "\nERROR:\nDescription = Invalid query\n", 44135
        )
    names = sorted(known[name] for name in wanted)
    if "value" in flags or "list" in flags:
        lines = [line for row in rows for line in ("", "", *(f"{name}={_raw(name, row[name])}" for name in names))]
        return console_output(session, "\n".join(lines))
    return console_output(session, _columns(names, [[_raw(name, row[name]) for name in names] for row in rows]))


def _columns(names: list[str], rows: list[list[str]]) -> str:
    """Columns separated by two spaces, without dashes."""
    text = grid([f"{name} " for name in names], [[f"{cell} " for cell in row] for row in rows], (), cut=False)
    head, _, *rest = text.split("\n")
    return "\n".join([head, *rest])


def _raw(name: str, value: PSValue) -> str:
    if name == "InstalledOn":
        return format_value(value, "d")
    return format_value(value, "yyyyMMddHHmmss.000000+000") if isinstance(value, datetime) else to_text(value)


PROGRAMS: dict[str, ConsoleProgram] = {"wmic": wmic}
