"""The programs that Windows lists as installed: drivers of the virtual machine, and what services came with."""

from dataclasses import dataclass

from fleet.model import Host

BUILT_IN = (
    "AddressBook", "Connection Manager", "DirectDrawEx", "DXM_Runtime", "Fontcore", "IE40", "IE4Data", "IE5BAKEX",
    "IEData", "MobileOptionPack", "MPlayer2", "SchedulingAgent", "WIC",
)  # fmt: skip
"""Keys beneath Uninstall that every Windows has, without values."""


@dataclass(frozen=True, slots=True)
class Program:
    key: str
    """its name beneath Uninstall; a GUID if Windows Installer installed it"""
    name: str
    version: str
    publisher: str
    uninstall: str

    @property
    def by_installer(self) -> bool:
        return self.key.startswith("{")


_DRIVERS = "{B43A1DDF-9A6B-4D8D-8A2C-5F0B0A3A6C11}"
_ALWAYS = Program(_DRIVERS, "Virtio-win-driver-installer", "0.1.240", "Red Hat, Inc.", f"MsiExec.exe /X{_DRIVERS}")
_OF_SERVICES = {
    "MSSQLSERVER": Program(
        "Microsoft SQL Server SQL2022",
        "Microsoft SQL Server 2022 (64-bit)",
        "16.0.1000.6",
        "Microsoft Corporation",
        r'"C:\Program Files\Microsoft SQL Server\160\Setup Bootstrap\SQL2022\x64\SetupARP.exe"',
    )
}
"""Service -> the program that it came with."""


def installed_programs(host: Host) -> list[Program]:
    return [_ALWAYS, *(program for service, program in _OF_SERVICES.items() if service in host.services)]
