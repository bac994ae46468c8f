"""The releases of Windows Server in the fleet: what their builds are called, and which updates they have."""

from dataclasses import dataclass
from datetime import datetime

from fleet.model import Host
from fleet.windows.values import moment


@dataclass(frozen=True, slots=True)
class Release:
    """One build of Windows Server."""

    id: str
    """ReleaseId, which Get-ComputerInfo calls WindowsVersion"""
    display: str
    """DisplayVersion; "" where there is none yet"""
    branch: str
    compiled: str
    """when its first build was made: 210507-1500"""
    updates: tuple[str, ...]
    revision: int
    """UBR: the number after the build's, of the last update"""
    framework: tuple[int, str]
    """Release and Version of .NET Framework"""


RELEASES = {
    "20348": Release(
        "2009", "21H2", "fe_release", "210507-1500", ("KB5031364", "KB5033118", "KB5034129"), 2227,
        (528449, "4.8.04161"),
    ),
    "17763": Release(
        "1809", "", "rs5_release", "180914-1434", ("KB5031361", "KB5033371", "KB5034127"), 5329,
        (461814, "4.7.03190"),
    ),
}  # fmt: skip


def build(host: Host) -> str:
    return host.system.version.rsplit(".", 1)[-1]


def release(host: Host) -> Release:
    return RELEASES[build(host)]


def full_version(host: Host) -> str:
    """10.0.20348.2227"""
    return f"{host.system.version}.{release(host).revision}"


def installed(host: Host) -> datetime:
    """The installation date: a quarter of a year before the last boot."""
    return moment(host.boot - 90 * 86_400)


def product(host: Host) -> str:
    """Microsoft Windows Server 2022 Standard"""
    return host.system.name


def product_id(host: Host) -> str:
    return "00454-40000-00001-AA" + f"{sum(host.name.encode()) % 1000:03d}"
