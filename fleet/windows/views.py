"""Windows PowerShell's predefined views: the columns or properties shown for each class."""

from collections.abc import Callable

from fleet.windows.cim_views import CIM_LISTS, CIM_VIEWS
from fleet.windows.columns import Column, View, plain
from fleet.windows.dotnet import format_value
from fleet.windows.registry import REGISTRY_KEY, KeyRecord
from fleet.windows.values import VERSION, PSObject, clock, display, to_number

PROCESS = "System.Diagnostics.Process"
PROCESS_WITH_USER = f"{PROCESS}#IncludeUserName"
SERVICE = "System.ServiceProcess.ServiceController"
EVENT = "System.Diagnostics.Eventing.Reader.EventLogRecord"
MATCH = "Microsoft.PowerShell.Commands.MatchInfo"
"""Has no columns: its text is the matching line with its position."""
EVENT_LOG = "System.Diagnostics.EventLog"
LOG_ENTRY = "System.Diagnostics.EventLogEntry"


def _kib(name: str) -> Callable[[PSObject], str]:
    return lambda record: str(round(to_number(record.get(name)) / 1024))


def _gigabytes(name: str) -> Callable[[PSObject], str]:
    return lambda record: "" if record.get(name) is None else f"{to_number(record.get(name)) / 2**30:.2f}"


def _processor_time(record: PSObject) -> str:
    return format_value(float(to_number(record.get("CPU"))), "N2")


def _written(record: PSObject) -> str:
    time = record.get("LastWriteTime")
    day = f"{time.month}/{time.day}/{time.year}"  # type: ignore[union-attr]
    return f"{day:>10}  {clock(time, seconds=False):>8}"  # type: ignore[arg-type]


def _short_time(record: PSObject) -> str:
    return format_value(record.get("TimeGenerated"), "MMM dd HH:mm")


def _feature(record: PSObject) -> str:
    """Its name after a box, which is ticked if it is installed."""
    return f"[{'X' if record.get('Installed') else ' '}] {display(record.get('DisplayName'))}"


def _first_line(record: PSObject) -> str:
    return display(record.get("Message")).partition("\n")[0]


_ITEM = View(
    (
        Column("Mode", "Mode", 7),
        Column("LastWriteTime", _written, 26, True),
        Column("Length", "Length", 14, True),
        Column("Name", "Name"),
    ),
    "PSParentPath",
    "    Directory: {}\n\n",
)


def _values_of(record: PSObject) -> str:
    """A key's values, as a list."""
    held = record.held if isinstance(record, KeyRecord) else {}
    width = max(map(len, held), default=0)
    return "\n".join(f"{name:<{width}} : {display(value)}".rstrip() for name, value in held.items())


_KEY = View(
    (Column("Name", "PSChildName", 30), Column("Property", _values_of)),
    "PSParentPath",
    "    Hive: {}\n\n",
    wrapped=True,
)
COMMANDS = ("Alias", "Application", "Cmdlet", "Function")
_COMMAND = View(
    (
        Column("CommandType", "CommandType", 15),
        Column("Name", "DisplayName", 50),
        Column("Version", "Version", 10),
        Column("Source", "Source"),
    )
)
VIEWS: dict[str, View] = {
    **CIM_VIEWS,
    PROCESS: View(
        (
            Column("Handles", "Handles", 7, True),
            Column("NPM(K)", _kib("NPM"), 7, True),
            Column("PM(K)", _kib("PM"), 8, True),
            Column("WS(K)", _kib("WS"), 10, True),
            Column("CPU(s)", _processor_time, 10, True),
            Column("Id", "Id", 6, True),
            Column("SI", "SI", 3, True),
            Column("ProcessName", "ProcessName"),
        )
    ),
    PROCESS_WITH_USER: View(
        (
            Column("Handles", "Handles", 7, True),
            Column("WS(K)", _kib("WS"), 10, True),
            Column("CPU(s)", _processor_time, 8, True),
            Column("Id", "Id", 7, True),
            Column("UserName", "UserName", 22),
            Column("ProcessName", "ProcessName"),
        )
    ),
    SERVICE: View(
        (Column("Status", "Status", 8), Column("Name", "Name", 18), Column("DisplayName", "DisplayName", 38))
    ),
    "System.IO.FileInfo": _ITEM,
    "System.IO.DirectoryInfo": _ITEM,
    REGISTRY_KEY: _KEY,
    EVENT: View(
        (
            Column("TimeCreated", "TimeCreated", 26),
            Column("Id", "Id", 8, True),
            Column("LevelDisplayName", "LevelDisplayName", 16),
            Column("Message", _first_line),
        ),
        "ProviderName",
        "   ProviderName: {}\n",
    ),
    LOG_ENTRY: View(
        (
            Column("Index", "Index", 8, True),
            Column("Time", _short_time, 13),
            Column("EntryType", "EntryType", 11),
            Column("Source", "Source", 20),
            Column("InstanceID", "InstanceId", 12, True),
            Column("Message", _first_line),
        )
    ),
    **dict.fromkeys((f"System.Management.Automation.{kind}Info" for kind in COMMANDS), _COMMAND),
    EVENT_LOG: View(
        (
            Column("Max(K)", lambda record: f"{to_number(record.get('MaximumKilobytes')):,}", 8, True),
            Column("Retain", "MinimumRetentionDays", 6, True),
            Column("OverflowAction", "OverflowAction", 18),
            Column("Entries", lambda record: f"{to_number(record.get('Count')):,}", 10, True),
            Column("Log", "Log"),
        )
    ),
    "System.Management.Automation.PSDriveInfo": View(
        (
            Column("Name", "Name", 10),
            Column("Used (GB)", _gigabytes("Used"), 13, True),
            Column("Free (GB)", _gigabytes("Free"), 13, True),
            Column("Provider", "Provider", 13),
            Column("Root", "Root", 35),
            Column("CurrentLocation", "CurrentLocation", 0, True),
        )
    ),
    "Microsoft.Powershell.Utility.FileHash": View(
        (Column("Algorithm", "Algorithm", 15), Column("Hash", "Hash", 70), Column("Path", "Path"))
    ),
    "Microsoft.PowerShell.Commands.GetCounter.PerformanceCounterSampleSet": View(
        (Column("Timestamp", "Timestamp", 25), Column("CounterSamples", "Readings")), wrapped=True
    ),
    "System.Globalization.CultureInfo": View(
        (Column("LCID", "LCID", 16), Column("Name", "Name", 16), Column("DisplayName", "DisplayName"))
    ),
    "Microsoft.PackageManagement.Packaging.SoftwareIdentity": View(
        (
            Column("Name", "Name", 30),
            Column("Version", "Version", 16),
            Column("Source", "Source", 32),
            Column("ProviderName", "ProviderName"),
        )
    ),
    "Microsoft.Windows.ServerManager.Commands.Feature": View(
        (
            Column("Display Name", _feature, 55),
            Column("Name", "Name", 26),
            Column("Install State", "InstallState", 13, True),
        )
    ),
    VERSION: View(
        (
            *tuple(Column(name, name, 6) for name in ("Major", "Minor", "Build")),
            Column("Revision", "Revision", 8),
        )
    ),
    "System.Management.Automation.PSVariable": View((Column("Name", "Name", 30), Column("Value", "Value"))),
    "System.Collections.DictionaryEntry": View((Column("Name", "Name", 30), Column("Value", "Value"))),
    "Microsoft.PowerShell.Commands.GroupInfo": View(
        (Column("Count", "Count", 5, True), Column("Name", "Name", 25), Column("Group", "Group"))
    ),
    "Microsoft.PowerShell.Commands.GroupInfoNoElement": View(
        (Column("Count", "Count", 5, True), Column("Name", "Name", 25))
    ),
    "Microsoft.PowerShell.Commands.TextMeasureInfo": View(
        (
            *tuple(Column(name, name, len(name), True) for name in ("Lines", "Words", "Characters")),
            Column("Property", "Property"),
        )
    ),
    "Microsoft.PowerShell.Commands.LocalUser": plain("Name", "Enabled", "Description"),
    "PingStatus": View(
        (
            Column("Source", "Source", 13),
            Column("Destination", "Address", 15),
            Column("IPV4Address", "IPV4Address", 16),
            Column("IPV6Address", "IPV6Address", 40),
            Column("Bytes", "ReplySize", 8),
            Column("Time(ms)", "ResponseTime", 8),
        )
    ),
}

LISTS: dict[str, tuple[str, ...]] = {
    "System.Xml.XmlElement#wsman": ("wsmid", "ProtocolVersion", "ProductVendor", "ProductVersion"),
    **CIM_LISTS,
    PROCESS: ("Id", "Handles", "CPU", "SI", "Name"),
    SERVICE: (
        "Name",
        "DisplayName",
        "Status",
        "DependentServices",
        "ServicesDependedOn",
        "CanPauseAndContinue",
        "CanShutdown",
        "CanStop",
        "ServiceType",
    ),
    EVENT: ("TimeCreated", "ProviderName", "Id", "Message"),
    LOG_ENTRY: ("Index", "EntryType", "InstanceId", "Message", "Source", "TimeGenerated"),
    "Microsoft.PowerShell.Commands.GenericMeasureInfo": ("Count", "Average", "Sum", "Maximum", "Minimum", "Property"),
    "System.IO.FileInfo": ("Name", "Length", "CreationTime", "LastWriteTime", "LastAccessTime", "Mode"),
    "System.IO.DirectoryInfo": ("Name", "CreationTime", "LastWriteTime", "LastAccessTime", "Mode"),
}
"""Properties shown in a list if none are named; classes not listed here show all of theirs."""
