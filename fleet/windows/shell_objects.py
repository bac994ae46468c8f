"""What the shell says of itself: $PSVersionTable, $Host and Get-Host, and the culture it works in."""

from fleet.model import Host
from fleet.windows.casts import to_version
from fleet.windows.releases import build, full_version, release
from fleet.windows.values import VERSION, Hash, PartOfRecord, PSObject, PSValue


def shell_version(host: Host) -> PSObject:
    """The version of Windows PowerShell: 5.1 with the host's build."""
    number, revision = int(build(host)), release(host).revision
    values: dict[str, PSValue] = {"Major": 5, "Minor": 1, "Build": number, "Revision": revision}
    return PSObject(VERSION, values, f"5.1.{number}.{revision}")


def version_table(host: Host) -> Hash:
    """$PSVersionTable."""
    own = shell_version(host)
    compatible: list[PSValue] = [*map(to_version, ("1.0", "2.0", "3.0", "4.0", "5.0")), own]
    return Hash(
        {
            "PSVersion": own,
            "PSEdition": "Desktop",
            "PSCompatibleVersions": compatible,
            "BuildVersion": to_version(full_version(host)),
            "CLRVersion": to_version("4.0.30319.42000"),
            "WSManStackVersion": to_version("3.0"),
            "PSRemotingProtocolVersion": to_version("2.3"),
            "SerializationVersion": to_version("1.1.0.1"),
        }
    )


def english() -> PSObject:
    values: dict[str, PSValue] = {"LCID": 1033, "Name": "en-US", "DisplayName": "English (United States)"}
    return PSObject("System.Globalization.CultureInfo", values, "en-US")


def host_object(host: Host) -> PSObject:
    """$Host."""
    values: dict[str, PSValue] = {
        "Name": "ConsoleHost",
        "Version": shell_version(host),
        "CurrentCulture": english(),
        "CurrentUICulture": english(),
        "DebuggerEnabled": True,
        "IsRunspacePushed": False,
    }
    return PartOfRecord("System.Management.Automation.Internal.Host.InternalHost", values, what="Get-Host")
