"""The registry's keys that tell of a host's state, which other commands tell of too: versions, services, programs."""

from collections.abc import Iterable, Mapping

from fleet.model import Host, Service
from fleet.windows.installed_programs import BUILT_IN, Program, installed_programs
from fleet.windows.releases import build, full_version, product, product_id, release

RegistryValue = str | int | list[str] | list[int]
"""REG_SZ or REG_EXPAND_SZ, REG_DWORD, REG_MULTI_SZ, REG_BINARY."""
Values = Mapping[str, RegistryValue]
MACHINE = "HKEY_LOCAL_MACHINE"
SOFTWARE = rf"{MACHINE}\SOFTWARE\Microsoft"
UNINSTALL = r"Microsoft\Windows\CurrentVersion\Uninstall"
CONTROL = rf"{MACHINE}\SYSTEM\CurrentControlSet\Control"
SERVICES = rf"{MACHINE}\SYSTEM\CurrentControlSet\Services"
SQL_INSTANCE = "MSSQL16.MSSQLSERVER"


def state_keys(host: Host, environment: Mapping[str, str], installed: int) -> dict[str, Values]:
    """Path -> values; `installed` is when Windows was."""
    return {
        rf"{SOFTWARE}\Windows NT\CurrentVersion": _version(host, installed),
        **_framework(host),
        **_programs(host, installed),
        **_services(host),
        **_names(host),
        rf"{CONTROL}\Session Manager\Environment": _environment(environment),
        **_processors(host),
        **_sql_server(host),
        **({rf"{SOFTWARE}\InetStp": _web_server()} if "W3SVC" in host.services else {}),
    }


def _version(host: Host, installed: int) -> Values:
    number, its = build(host), release(host)
    return {
        "SystemRoot": r"C:\Windows",
        "BaseBuildRevisionNumber": 1,
        "BuildBranch": its.branch,
        "BuildGUID": "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "BuildLab": f"{number}.{its.branch}.{its.compiled}",
        "BuildLabEx": f"{number}.1.amd64fre.{its.branch}.{its.compiled}",
        "CompositionEditionID": "ServerStandard",
        "CurrentBuild": number,
        "CurrentBuildNumber": number,
        "CurrentMajorVersionNumber": 10,
        "CurrentMinorVersionNumber": 0,
        "CurrentType": "Multiprocessor Free",
        "CurrentVersion": "6.3",
        **({"DisplayVersion": its.display} if its.display else {}),
        "EditionID": "ServerStandard",
        "EditionSubManufacturer": "",
        "EditionSubstring": "",
        "EditionSubVersion": "",
        "InstallationType": "Server",
        "InstallDate": installed,
        "ProductName": product(host).removeprefix("Microsoft "),
        "ReleaseId": its.id,
        "SoftwareType": "System",
        "UBR": its.revision,
        "PathName": r"C:\Windows",
        "ProductId": product_id(host),
        "RegisteredOrganization": "",
        "RegisteredOwner": "Windows User",
    }


def _framework(host: Host) -> dict[str, Values]:
    number, version = release(host).framework
    folder = r"C:\Windows\Microsoft.NET\Framework64\v4.0.30319" + "\\"
    kinds = {
        kind: {
            "CBS": 1,
            "Install": 1,
            "InstallPath": folder,
            "Release": number,
            "Servicing": 0,
            "TargetVersion": "4.0.0",
            "Version": version,
        }
        for kind in ("Client", "Full")
    }
    engine = {
        "ApplicationBase": r"C:\Windows\System32\WindowsPowerShell\v1.0",
        "ConsoleHostAssemblyName": "Microsoft.PowerShell.ConsoleHost, Version=3.0.0.0, Culture=neutral, "
        "PublicKeyToken=31bf3856ad364e35, ProcessorArchitecture=msil",
        "PowerShellVersion": f"5.1.{full_version(host).removeprefix('10.0.')}",
        "PSCompatibleVersion": "1.0, 2.0, 3.0, 4.0, 5.0, 5.1",
        "RuntimeVersion": "v4.0.30319",
    }
    setup = rf"{SOFTWARE}\NET Framework Setup\NDP"
    return {
        **{rf"{setup}\v4\{kind}": values for kind, values in kinds.items()},
        rf"{setup}\v4.0\Client": {"Install": 1, "Version": "4.0.0.0"},
        rf"{SOFTWARE}\PowerShell\3\PowerShellEngine": engine,
    }


def _programs(host: Host, installed: int) -> dict[str, Values]:
    both = {rf"{MACHINE}\SOFTWARE\{part}{UNINSTALL}\{name}": {} for part in ("", "WOW6432Node\\") for name in BUILT_IN}
    return both | {
        rf"{MACHINE}\SOFTWARE\{UNINSTALL}\{program.key}": _program(program) for program in installed_programs(host)
    }


def _program(program: Program) -> Values:
    return {
        "DisplayName": program.name,
        "DisplayVersion": program.version,
        "Publisher": program.publisher,
        "UninstallString": program.uninstall,
        **({"WindowsInstaller": 1} if program.by_installer else {}),
    }


def _services(host: Host) -> dict[str, Values]:
    return {rf"{SERVICES}\{service.name}": _service(service) for service in host.services.values()}


def _service(service: Service) -> Values:
    return {
        "DisplayName": service.title,
        "ErrorControl": 1,
        "ImagePath": service.command.replace("C:\\Windows", "%SystemRoot%", 1),
        "ObjectName": "LocalSystem" if service.user == "SYSTEM" else service.user,
        "Start": 4 if service.masked else 2 if service.enabled else 3,
        "Type": 16,
    }


def _names(host: Host) -> dict[str, Values]:
    name = {"ComputerName": host.name.upper()}
    return {
        rf"{CONTROL}\ComputerName\ActiveComputerName": name,
        rf"{CONTROL}\ComputerName\ComputerName": name,
    }


def _environment(environment: Mapping[str, str]) -> Values:
    return {
        "ComSpec": r"%SystemRoot%\system32\cmd.exe",
        "DriverData": r"C:\Windows\System32\Drivers\DriverData",
        "NUMBER_OF_PROCESSORS": environment["NUMBER_OF_PROCESSORS"],
        "OS": environment["OS"],
        "Path": environment["Path"].rpartition(";")[0].replace("C:\\Windows", "%SystemRoot%"),
        "PATHEXT": ".COM;.EXE;.BAT;.CMD;.VBS;.VBE;.JS;.JSE;.WSF;.WSH;.MSC",
        "PROCESSOR_ARCHITECTURE": environment["PROCESSOR_ARCHITECTURE"],
        "TEMP": r"%SystemRoot%\TEMP",
        "TMP": r"%SystemRoot%\TEMP",
        "USERNAME": "SYSTEM",
        "windir": "%SystemRoot%",
    }


def _processors(host: Host) -> dict[str, Values]:
    cores = range(host.system.cores)
    path = rf"{MACHINE}\HARDWARE\DESCRIPTION\System\CentralProcessor"
    return {rf"{path}\{core}": {"ProcessorNameString": host.system.cpu} for core in cores}


def _sql_server(host: Host) -> dict[str, Values]:
    if "MSSQLSERVER" not in host.services:
        return {}
    ports = host.services["MSSQLSERVER"].ports
    root = rf"{SOFTWARE}\Microsoft SQL Server"
    return {
        rf"{root}\Instance Names\SQL": {"MSSQLSERVER": SQL_INSTANCE},
        rf"{root}\{SQL_INSTANCE}\MSSQLServer\SuperSocketNetLib\Tcp\IPAll": {
            "TcpPort": _listed(ports),
            "TcpDynamicPorts": "",
            "DisplayName": "Any IP Address",
        },
    }


def _listed(ports: Iterable[int]) -> str:
    return ",".join(map(str, ports))


def _web_server() -> Values:
    return {
        "InstallPath": r"C:\Windows\system32\inetsrv",
        "MajorVersion": 10,
        "MinorVersion": 0,
        "PathWWWRoot": r"C:\inetpub\wwwroot",
        "ProductString": "IIS",
        "SetupString": "IIS 10.0",
        "VersionString": "Version 10.0",
    }
