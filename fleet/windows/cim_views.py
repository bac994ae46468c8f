"""The predefined views of CIM and WMI classes, and of the functions over them: network, storage, scheduled tasks."""

from fleet.windows.columns import Column, View, amount, plain


def cim(name: str) -> str:
    """The class name of Get-CimInstance's objects."""
    return f"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/{name}"


def wmi(name: str) -> str:
    """The class name of Get-WmiObject's objects."""
    return f"System.Management.ManagementObject#root\\cimv2\\{name}"


def net_class(name: str) -> str:
    return f"Microsoft.Management.Infrastructure.CimInstance#ROOT/StandardCimv2/{name}"


def task_class(name: str) -> str:
    return f"Microsoft.Management.Infrastructure.CimInstance#Root/Microsoft/Windows/TaskScheduler/{name}"


_FIXES = ("Description", "HotFixID", "InstalledBy")
CIM_VIEWS: dict[str, View] = {
    "Volume": View(
        (
            Column("DriveLetter", "DriveLetter"),
            Column("FriendlyName", "FileSystemLabel"),
            Column("FileSystemType", "FileSystemType"),
            Column("DriveType", "DriveType"),
            Column("HealthStatus", "HealthStatus"),
            Column("OperationalStatus", "OperationalStatus"),
            Column("SizeRemaining", amount("SizeRemaining"), 0, True),
            Column("Size", amount("Size"), 0, True),
        )
    ),
    "Disk": View(
        (
            Column("Number", "Number"),
            Column("Friendly Name", "FriendlyName"),
            Column("Serial Number", "SerialNumber"),
            Column("HealthStatus", "HealthStatus"),
            Column("OperationalStatus", "OperationalStatus"),
            Column("Total Size", amount("Size"), 0, True),
            Column("Partition Style", "PartitionStyle"),
        )
    ),
    "Partition": View(
        (
            Column("PartitionNumber", "PartitionNumber", 16),
            Column("DriveLetter", "DriveLetter", 11),
            Column("Offset", "Offset", 30),
            Column("Size", amount("Size"), 12, True),
            Column("Type", "Type"),
        )
    ),
    task_class("MSFT_ScheduledTask"): View(
        (Column("TaskPath", "TaskPath", 46), Column("TaskName", "TaskName", 33), Column("State", "State", 10))
    ),
    net_class("MSFT_NetTCPConnection"): View(
        (
            Column("LocalAddress", "LocalAddress", 35),
            Column("LocalPort", "LocalPort", 9),
            Column("RemoteAddress", "RemoteAddress", 35),
            Column("RemotePort", "RemotePort", 10),
            Column("State", "State", 11),
            Column("OwningProcess", "OwningProcess", 13),
        )
    ),
    net_class("MSFT_NetRoute"): View(
        (
            Column("ifIndex", "ifIndex", 7),
            Column("DestinationPrefix", "DestinationPrefix", 46),
            Column("NextHop", "NextHop", 40),
            Column("RouteMetric", "RouteMetric", 11, True),
            Column("ifMetric", "ifMetric", 8),
            Column("PolicyStore", "PolicyStore"),
        )
    ),
    net_class("MSFT_NetAdapter"): View(
        (
            Column("Name", "Name", 25),
            Column("InterfaceDescription", "InterfaceDescription", 39),
            Column("ifIndex", "ifIndex", 7, True),
            Column("Status", "Status", 12),
            Column("MacAddress", "MacAddress", 17),
            Column("LinkSpeed", "LinkSpeed", 14, True),
        )
    ),
    net_class("MSFT_DNSClientServerAddress"): View(
        (
            Column("InterfaceAlias", "InterfaceAlias", 28),
            Column("Interface Index", "InterfaceIndex", 9, True),
            Column("Address Family", lambda record: "IPv4" if record.get("AddressFamily") == 2 else "IPv6", 7),
            Column("ServerAddresses", "ServerAddresses"),
        )
    ),
    "Microsoft.DnsClient.Commands.DnsRecord_A": View(
        (
            Column("Name", "Name", 46),
            Column("Type", "Type", 6),
            Column("TTL", "TTL", 5),
            Column("Section", "Section", 10),
            Column("IPAddress", "IPAddress", 40),
        )
    ),
    cim("Win32_LogicalDisk"): plain("DeviceID", "DriveType", "ProviderName", "VolumeName", "Size", "FreeSpace"),
    cim("Win32_OperatingSystem"): plain(
        "SystemDirectory", "Organization", "BuildNumber", "RegisteredUser", "SerialNumber", "Version"
    ),
    cim("Win32_ComputerSystem"): plain(
        "Name", "PrimaryOwnerName", "Domain", "TotalPhysicalMemory", "Model", "Manufacturer"
    ),
    cim("Win32_Processor"): plain("DeviceID", "Name", "Caption", "MaxClockSpeed", "SocketDesignation", "Manufacturer"),
    cim("Win32_Service"): plain("ProcessId", "Name", "StartMode", "State", "Status", "ExitCode"),
    cim("Win32_Process"): plain("ProcessId", "Name", "HandleCount", "WorkingSetSize", "VirtualSize"),
    cim("Win32_NetworkAdapterConfiguration"): plain("ServiceName", "DHCPEnabled", "Index", "Description"),
    cim("Win32_Product"): plain("Name", "Caption", "Vendor", "Version", "IdentifyingNumber"),
    cim("Win32_StartupCommand"): plain("Command", "User", "Caption"),
    cim("Win32_TimeZone"): plain("Bias", "SettingID", "Caption"),
    cim("Win32_DiskDrive"): plain("DeviceID", "Caption", "Partitions", "Size", "Model"),
    **{
        kind: View(
            (
                Column("Source", "PSComputerName", 13),
                *(Column(name, name, width) for name, width in zip(_FIXES, (16, 13, 20), strict=True)),
                Column("InstalledOn", "InstalledOn", 25),
            )
        )
        for kind in (cim("Win32_QuickFixEngineering"), wmi("Win32_QuickFixEngineering"))
    },
}

_OPERATING_SYSTEM = ("SystemDirectory", "Organization", "BuildNumber", "RegisteredUser", "SerialNumber", "Version")
_BIOS = ("SMBIOSBIOSVersion", "Manufacturer", "Name", "SerialNumber", "Version")
_CONNECTION = ("ComputerName", "RemoteAddress", "RemotePort", "InterfaceAlias", "SourceAddress")
_PING = ("PingSucceeded", "PingReplyDetails (RTT)")
CIM_LISTS: dict[str, tuple[str, ...]] = {
    net_class("MSFT_NetIPAddress"): (
        "IPAddress", "InterfaceIndex", "InterfaceAlias", "AddressFamily", "Type", "PrefixLength", "PrefixOrigin",
        "SuffixOrigin", "AddressState", "ValidLifetime", "PreferredLifetime", "SkipAsSource", "PolicyStore",
    ),
    "NetIPConfiguration": (
        "InterfaceAlias", "InterfaceIndex", "InterfaceDescription", "NetProfile.Name", "IPv4Address",
        "IPv6DefaultGateway", "IPv4DefaultGateway", "DNSServer",
    ),
    "TestNetConnectionResult": ("ComputerName", "RemoteAddress", "InterfaceAlias", "SourceAddress", *_PING),
    "TestNetConnectionPort": (*_CONNECTION, "TcpTestSucceeded"),
    "TestNetConnectionClosed": (*_CONNECTION, *_PING, "TcpTestSucceeded"),
    cim("Win32_BIOS"): _BIOS,
    wmi("Win32_BIOS"): _BIOS,
    wmi("Win32_LogicalDisk"): ("DeviceID", "DriveType", "ProviderName", "FreeSpace", "Size", "VolumeName"),
    wmi("Win32_OperatingSystem"): _OPERATING_SYSTEM,
    wmi("Win32_ComputerSystem"): ("Domain", "Manufacturer", "Model", "Name", "PrimaryOwnerName", "TotalPhysicalMemory"),
    wmi("Win32_Processor"): ("Caption", "DeviceID", "Manufacturer", "MaxClockSpeed", "Name", "SocketDesignation"),
    wmi("Win32_Service"): ("ExitCode", "Name", "ProcessId", "StartMode", "State", "Status"),
    wmi("Win32_Process"): ("ProcessId", "Name", "HandleCount", "WorkingSetSize", "VirtualSize", "CommandLine"),
    wmi("Win32_NetworkAdapterConfiguration"): (
        "DHCPEnabled", "IPAddress", "DefaultIPGateway", "DNSDomain", "ServiceName", "Description", "Index",
    ),
    wmi("Win32_Product"): ("IdentifyingNumber", "Name", "Vendor", "Version", "Caption"),
    wmi("Win32_StartupCommand"): ("Command", "User", "Caption"),
    wmi("Win32_TimeZone"): ("Bias", "SettingID", "Caption"),
    wmi("Win32_DiskDrive"): ("Partitions", "DeviceID", "Model", "Size", "Caption"),
}  # fmt: skip
