"""The host's properties as rows of WMI classes, with WMI's names and units."""

import re
from collections.abc import Callable

from fleet.model import Host
from fleet.windows.cmdlets.processes import handles, image
from fleet.windows.cmdlets.services import account, pid, start_type, status
from fleet.windows.cmdlets.software_inventory import Rows, products, startup_commands, updates
from fleet.windows.cmdlets.storage import OFFSET, free, size
from fleet.windows.releases import build, installed, product, product_id
from fleet.windows.values import moment


def load_percentage(host: Host) -> int:
    return min(round(100 * host.load / host.system.cores), 100)


def clock_speed(host: Host) -> int:
    """Clock speed in MHz, taken from the processor's name."""
    found = re.search(r"([\d.]+)\s*GHz", host.system.cpu)
    return round(float(found[1]) * 1000) if found else 2600


def manufacturer(host: Host) -> str:
    return "AuthenticAMD" if "AMD" in host.system.cpu else "GenuineIntel"


def _operating_system(host: Host) -> Rows:
    swap = host.memory.swap_total
    return [
        {
            "Caption": product(host),
            "Version": host.system.version,
            "BuildNumber": build(host),
            "OSArchitecture": "64-bit",
            "CSName": host.name.upper(),
            "Status": "OK",
            "LastBootUpTime": moment(host.boot),
            "LocalDateTime": moment(host.now),
            "InstallDate": installed(host),
            "TotalVisibleMemorySize": host.memory.total,
            "FreePhysicalMemory": host.memory_available,
            "TotalVirtualMemorySize": host.memory.total + swap,
            "FreeVirtualMemory": host.memory_available + swap - host.memory.swap_used,
            "NumberOfProcesses": len(host.processes),
            "NumberOfUsers": sum(login.end is None for login in host.logins),
            "SystemDirectory": r"C:\Windows\system32",
            "WindowsDirectory": r"C:\Windows",
            "SystemDrive": "C:",
            "Organization": "",
            "RegisteredUser": "Windows User",
            "SerialNumber": product_id(host),
        }
    ]


def _computer_system(host: Host) -> Rows:
    return [
        {
            "Name": host.name.upper(),
            "Domain": "WORKGROUP",
            "PartOfDomain": False,
            "Manufacturer": "QEMU",
            "Model": "Standard PC (Q35 + ICH9, 2009)",
            "SystemType": "x64-based PC",
            "TotalPhysicalMemory": host.memory.total * 1024,
            "NumberOfProcessors": 1,
            "NumberOfLogicalProcessors": host.system.cores,
            "PrimaryOwnerName": "Windows User",
            "UserName": None,
        }
    ]


def _processor(host: Host) -> Rows:
    return [
        {
            "DeviceID": "CPU0",
            "Name": host.system.cpu,
            "Caption": "Intel64 Family 6 Model 85 Stepping 7"
            if "Intel" in host.system.cpu
            else "AMD64 Family 25 Model 1 Stepping 1",
            "Manufacturer": manufacturer(host),
            "MaxClockSpeed": clock_speed(host),
            "CurrentClockSpeed": clock_speed(host),
            "NumberOfCores": host.system.cores,
            "NumberOfEnabledCore": host.system.cores,
            "NumberOfLogicalProcessors": host.system.cores,
            "LoadPercentage": load_percentage(host),
            "SocketDesignation": "CPU 0",
            "Status": "OK",
        }
    ]


def _logical_disks(host: Host) -> Rows:
    return [
        {
            "DeviceID": mount.target,
            "Name": mount.target,
            "Caption": mount.target,
            "Description": "Local Fixed Disk",
            "DriveType": 3,
            "ProviderName": None,
            "VolumeName": mount.label,
            "FileSystem": mount.kind,
            "Size": size(mount),
            "FreeSpace": free(host, mount),
        }
        for mount in sorted(host.mounts, key=lambda mount: mount.target)
    ]


def _volumes(host: Host) -> Rows:
    return [
        {
            "Name": f"{row['DeviceID']}\\",
            "DriveLetter": row["DeviceID"],
            "Label": row["VolumeName"],
            "FileSystem": row["FileSystem"],
            "DriveType": 3,
            "Capacity": row["Size"],
            "FreeSpace": row["FreeSpace"],
        }
        for row in _logical_disks(host)
    ]


def _services(host: Host) -> Rows:
    return [
        {
            "Name": service.name,
            "DisplayName": service.title,
            "Caption": service.title,
            "State": status(service),
            "Status": "OK",
            "Started": service.state == "active",
            "StartMode": "Auto" if service.enabled else start_type(service),
            "StartName": account(service),
            "PathName": service.command,
            "ProcessId": pid(host, service),
            "ExitCode": 1067 if service.state == "failed" else 0,
        }
        for service in sorted(host.services.values(), key=lambda service: service.name.lower())
    ]


def _processes(host: Host) -> Rows:
    return [
        {
            "ProcessId": process.pid,
            "Name": process.name,
            "Caption": process.name,
            "ParentProcessId": process.parent,
            "ExecutablePath": image(process) if "\\" in image(process) else None,
            "CommandLine": process.command,
            "HandleCount": handles(process),
            "WorkingSetSize": process.resident * 1024,
            "VirtualSize": process.virtual * 1024,
            "PageFileUsage": process.resident * 4 // 5,
            "KernelModeTime": process.seconds * 3_000_000,
            "UserModeTime": process.seconds * 7_000_000,
            "ThreadCount": 3 + process.resident // 20_000,
            "CreationDate": moment(process.started),
        }
        for process in sorted(host.processes, key=lambda process: process.pid)
    ]


def _bios(host: Host) -> Rows:
    return [
        {
            "SMBIOSBIOSVersion": "1.16.2",
            "Manufacturer": "SeaBIOS",
            "Name": "1.16.2",
            "SerialNumber": "",
            "Version": "BOCHS - 1",
        }
    ]


def _page_file(host: Host) -> Rows:
    size_, used = host.memory.swap_total // 1024, host.memory.swap_used // 1024
    return (
        [{"Name": r"C:\pagefile.sys", "AllocatedBaseSize": size_, "CurrentUsage": used, "PeakUsage": used}]
        if size_
        else []
    )


def _adapter(host: Host) -> Rows:
    return [
        {
            "ServiceName": "netkvm",
            "Description": "Red Hat VirtIO Ethernet Adapter",
            "DNSDomain": None,
            "DNSHostName": host.name,
            "DNSServerSearchOrder": ["10.0.0.1"],
            "IPEnabled": True,
            "DHCPEnabled": False,
            "IPAddress": [host.address],
            "IPSubnet": ["255.255.0.0"],
            "DefaultIPGateway": ["10.0.0.1"],
            "MACAddress": host.mac.upper(),
            "Index": 1,
        }
    ]


def _time_zone(host: Host) -> Rows:
    return [
        {
            "Bias": 0,
            "SettingID": None,
            "Caption": "(UTC) Coordinated Universal Time",
            "Description": "(UTC) Coordinated Universal Time",
            "StandardName": "Coordinated Universal Time",
            "DaylightName": "Coordinated Universal Time",
            "StandardBias": 0,
            "DaylightBias": 0,
        }
    ]


def _disk_drives(host: Host) -> Rows:
    """One for each volume, as Get-Disk has them."""
    return [
        {
            "DeviceID": f"\\\\.\\PHYSICALDRIVE{number}",
            "Caption": "Virtual Disk",
            "Partitions": 2,
            "Size": size(mount) + OFFSET,
            "Model": "Virtual Disk",
            "Name": f"\\\\.\\PHYSICALDRIVE{number}",
            "Index": number,
            "InterfaceType": "SCSI",
            "SerialNumber": None,
            "Status": "OK",
        }
        for number, mount in enumerate(sorted(host.mounts, key=lambda mount: mount.target))
    ]


def _memory_modules(host: Host) -> Rows:
    """One, of the whole gigabytes that the machine has."""
    return [
        {
            "Tag": "Physical Memory 0",
            "Caption": "Physical Memory",
            "DeviceLocator": "DIMM 0",
            "BankLabel": None,
            "Capacity": -(-host.memory.total // 2**20) * 2**30,
            "Manufacturer": "QEMU",
            "PartNumber": None,
            "SerialNumber": None,
            "Speed": None,
            "ConfiguredClockSpeed": None,
            "FormFactor": 8,
        }
    ]


CLASSES: dict[str, Callable[[Host], Rows]] = {
    "Win32_OperatingSystem": _operating_system,
    "Win32_ComputerSystem": _computer_system,
    "Win32_Processor": _processor,
    "Win32_LogicalDisk": _logical_disks,
    "Win32_Volume": _volumes,
    "Win32_Service": _services,
    "Win32_Process": _processes,
    "Win32_BIOS": _bios,
    "Win32_PageFileUsage": _page_file,
    "Win32_NetworkAdapterConfiguration": _adapter,
    "Win32_TimeZone": _time_zone,
    "Win32_DiskDrive": _disk_drives,
    "Win32_PhysicalMemory": _memory_modules,
    "Win32_QuickFixEngineering": updates,
    "Win32_Product": products,
    "Win32_StartupCommand": startup_commands,
}
