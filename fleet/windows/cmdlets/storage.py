"""Storage cmdlets: volumes, drives, disks and partitions."""

from collections.abc import Iterable

from fleet.model import Host, Mount
from fleet.windows.binding import Cmdlet, CmdletCall
from fleet.windows.cmdlets.cim_functions import no_such_value
from fleet.windows.matching import like
from fleet.windows.values import PSObject, PSValue, to_text

OFFSET = 368_050_176
"""Bytes before the first partition with a letter: the boot and recovery partitions."""


def size(mount: Mount) -> int:
    """Bytes."""
    return mount.size * 1024


def free(host: Host, mount: Mount) -> int:
    """Bytes."""
    return host.available(mount) * 1024


def _volumes(host: Host) -> list[Mount]:
    return sorted(host.mounts, key=lambda mount: mount.target)


def get_volume(call: CmdletCall) -> Iterable[PSValue]:
    host, found = call.session.host, []
    wanted = [name.strip(":\\").upper() for name in call.names("DriveLetter", "DriveLetter")]
    for letter in wanted:
        if not any(mount.target[:1].upper() == letter for mount in host.mounts):
            no_such_value(call, "MSFT_Volume", "DriveLetter", letter)
    for mount in _volumes(host):
        if (wanted and mount.target[:1].upper() not in wanted) or (call.piped and not wanted):
            continue
        values: dict[str, PSValue] = {
            "DriveLetter": mount.target[:1],
            "FileSystemLabel": mount.label,
            "FileSystem": mount.kind,
            "FileSystemType": mount.kind,
            "DriveType": "Fixed",
            "HealthStatus": "Healthy",
            "OperationalStatus": "OK",
            "SizeRemaining": free(host, mount),
            "Size": size(mount),
            "Path": f"\\\\?\\Volume{mount.target[:1]}\\",
            "AllocationUnitSize": 4096,
        }
        found.append(PSObject("Volume", values, "", {"FriendlyName": "FileSystemLabel"}))
    return found


OTHER_DRIVES = {
    "Alias": ("Alias", ""),
    "Cert": ("Certificate", "\\"),
    "Env": ("Environment", ""),
    "Function": ("Function", ""),
    "HKCU": ("Registry", "HKEY_CURRENT_USER"),
    "HKLM": ("Registry", "HKEY_LOCAL_MACHINE"),
    "Variable": ("Variable", ""),
    "WSMan": ("WSMan", ""),
}
"""PowerShell's drives that hold no files -> provider and root."""


def get_psdrive(call: CmdletCall) -> Iterable[PSValue]:
    names = [name.strip(":\\") for name in call.names("Name", "Name")]
    mounts = {mount.target[:1]: mount for mount in call.session.host.mounts}
    every = sorted((*mounts, *OTHER_DRIVES), key=str.lower)
    fitting = {name: {drive for drive in every if like(drive, name)} for name in names}
    for name in names:
        if not fitting[name]:
            text = f"Cannot find drive. A drive with the name '{name}' does not exist."
            call.fail(text, "GetLocationNoMatchingDrive", "ObjectNotFound", f"{name}:String", "DriveNotFoundException")
    wanted = {drive for fits in fitting.values() for drive in fits} if names else every
    drives = [
        _file_drive(call, mounts[drive]) if drive in mounts else _other_drive(drive)
        for drive in every
        if drive in wanted
    ]
    providers = call.texts("PSProvider")
    return [
        drive
        for drive in drives
        if not providers or any(like(to_text(drive.get("Provider")), provider) for provider in providers)
    ]


def _file_drive(call: CmdletCall, mount: Mount) -> PSObject:
    host, here = call.session.host, call.session.folder
    letter, left = mount.target[:1], free(host, mount)
    values: dict[str, PSValue] = {
        "Name": letter,
        "Used": size(mount) - left,
        "Free": left,
        "Provider": "FileSystem",
        "Root": f"{letter}:\\",
        "CurrentLocation": here[3:] if here[:1] == letter else "",
        "Description": mount.label,
    }
    return PSObject("System.Management.Automation.PSDriveInfo", values, letter)


def _other_drive(name: str) -> PSObject:
    provider, root = OTHER_DRIVES[name]
    values: dict[str, PSValue] = {
        "Name": name,
        "Used": None,
        "Free": None,
        "Provider": provider,
        "Root": root,
        "CurrentLocation": "",
        "Description": "",
    }
    return PSObject("System.Management.Automation.PSDriveInfo", values, name)


def get_disk(call: CmdletCall) -> Iterable[PSValue]:
    """One disk per volume, numbered from 0."""
    numbers = call.numbers("Number") if call.has("Number") else None
    return [
        PSObject(
            "Disk",
            {
                "Number": number,
                "FriendlyName": "Virtual Disk",
                "SerialNumber": "",
                "HealthStatus": "Healthy",
                "OperationalStatus": "Online",
                "Size": size(mount) + OFFSET,
                "PartitionStyle": "GPT",
                "BusType": "SCSI",
                "Model": "Virtual Disk",
            },
        )
        for number, mount in enumerate(_volumes(call.session.host))
        if numbers is None or number in numbers
    ]


def get_partition(call: CmdletCall) -> Iterable[PSValue]:
    letters = [name.strip(":\\").upper() for name in call.texts("DriveLetter")]
    numbers = call.numbers("DiskNumber") if call.has("DiskNumber") else None
    return [
        PSObject(
            "Partition",
            {
                "DiskNumber": number,
                "PartitionNumber": 2,
                "DriveLetter": mount.target[:1],
                "Offset": OFFSET,
                "Size": size(mount),
                "Type": "Basic",
            },
        )
        for number, mount in enumerate(_volumes(call.session.host))
        if (not letters or mount.target[:1].upper() in letters) and (numbers is None or number in numbers)
    ]


CMDLETS = (
    Cmdlet(
        "Get-Volume",
        get_volume,
        "DriveLetter",
        lacks="FileSystemLabel FriendlyName ObjectId UniqueId Path Partition DiskImage",
        function=True,
    ),
    Cmdlet("Get-PSDrive", get_psdrive, "Name", "PSProvider", lacks="Scope"),
    Cmdlet(
        "Get-Disk",
        get_disk,
        "Number|DeviceId",
        lacks="FriendlyName SerialNumber UniqueId Path Partition VirtualDisk iSCSISession",
        function=True,
    ),
    Cmdlet(
        "Get-Partition",
        get_partition,
        "DiskNumber|DeviceId",
        "DriveLetter",
        lacks="PartitionNumber UniqueId Volume Disk DiskId Offset",
        function=True,
    ),
)
