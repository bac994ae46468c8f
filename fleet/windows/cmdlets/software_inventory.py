"""What is installed on a host, as rows of WMI classes: updates, programs, and what starts at a logon."""

from fleet.model import Host
from fleet.windows.installed_programs import installed_programs
from fleet.windows.releases import installed, release
from fleet.windows.values import PSValue, moment

Rows = list[dict[str, PSValue]]
MONTH = 28 * 86_400
"""Seconds between two updates."""


def updates(host: Host) -> Rows:
    first = int(installed(host).timestamp()) // 86_400 * 86_400
    return [
        {
            "Description": "Update" if number else "Security Update",
            "HotFixID": name,
            "InstalledBy": "NT AUTHORITY\\SYSTEM",
            "InstalledOn": moment(first + number * MONTH),
            "Caption": f"http://support.microsoft.com/?kbid={name.removeprefix('KB')}",
            "CSName": host.name.upper(),
            "FixComments": "",
            "InstallDate": None,
            "Name": None,
            "ServicePackInEffect": "",
            "Status": None,
        }
        for number, name in enumerate(release(host).updates)
    ]


def products(host: Host) -> Rows:
    """What Windows Installer has installed."""
    return [
        {
            "Name": program.name,
            "Caption": program.name,
            "Vendor": program.publisher,
            "Version": program.version,
            "IdentifyingNumber": program.key,
        }
        for program in installed_programs(host)
        if program.by_installer
    ]


def startup_commands(host: Host) -> Rows:
    """As in the registry's key Run."""
    return [
        {
            "Command": r"%windir%\system32\SecurityHealthSystray.exe",
            "User": "Public",
            "Caption": "SecurityHealth",
            "Name": "SecurityHealth",
            "Location": r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run",
        }
    ]
