"""Get-Command and Get-Alias: which commands there are."""

from collections.abc import Iterable, Iterator

from fleet.model import Host
from fleet.windows.binding import Cmdlet, CmdletCall
from fleet.windows.failure import Unmodelled
from fleet.windows.matching import is_wildcard
from fleet.windows.releases import build
from fleet.windows.values import PSObject, PSValue

MODULES = {
    "Microsoft.PowerShell.Core 3.0.0.0": "ForEach-Object Get-Command Get-Job Invoke-Command Out-Default Out-Host "
    "Out-Null Where-Object",
    "Microsoft.PowerShell.Diagnostics 3.0.0.0": "Get-Counter Get-WinEvent",
    "Microsoft.PowerShell.Management 3.1.0.0": "Add-Content Clear-Content Convert-Path Copy-Item Get-ChildItem "
    "Get-ComputerInfo Get-Content Get-EventLog Get-HotFix Get-Item Get-ItemProperty Get-ItemPropertyValue "
    "Get-Location Get-Process Get-PSDrive Get-Service "
    "Get-TimeZone Get-WmiObject Join-Path Move-Item New-Item Pop-Location Push-Location Remove-Item Rename-Item "
    "Resolve-Path Restart-Computer Restart-Service Set-Content Set-Location Set-Service Split-Path Start-Service "
    "Stop-Process Stop-Service Test-Connection Test-Path",
    "Microsoft.PowerShell.Utility 3.1.0.0": "Add-Member Add-Type Clear-Variable Compare-Object ConvertFrom-Csv "
    "ConvertFrom-Json ConvertFrom-StringData ConvertTo-Csv ConvertTo-Json Export-Csv Format-List Format-Table "
    "Format-Wide Get-Alias Get-Culture Get-Date Get-Host Get-Member Get-UICulture Get-Unique Get-Variable "
    "Group-Object Import-Csv Invoke-Expression "
    "Invoke-RestMethod Invoke-WebRequest Measure-Object New-Alias New-Object New-TimeSpan New-Variable Out-File "
    "Out-String Remove-Variable Select-Object Select-String Set-Alias Set-Variable Sort-Object Start-Sleep Tee-Object "
    "Write-Debug Write-Error Write-Host Write-Information Write-Output Write-Progress Write-Verbose Write-Warning",
    "Microsoft.PowerShell.Security 3.0.0.0": "Get-ExecutionPolicy",
    "Microsoft.PowerShell.LocalAccounts 1.0.0.0": "Get-LocalUser",
    "CimCmdlets 1.0.0.0": "Get-CimInstance",
    "Microsoft.WSMan.Management 3.0.0.0": "Test-WSMan",
    "PackageManagement 1.0.0.1": "Get-Package",
    "ServerManager 2.0.0.0": "Get-WindowsFeature",
    "DnsClient 1.0.0.0": "Resolve-DnsName",
}
"""Module and version -> its cmdlets that are simulated."""
FUNCTIONS = {
    "Microsoft.PowerShell.Utility 3.1.0.0": "Get-FileHash",
    "DnsClient 1.0.0.0": "Get-DnsClientServerAddress",
    "NetTCPIP 1.0.0.0": "Get-NetIPAddress Get-NetIPConfiguration Get-NetRoute Get-NetTCPConnection Test-NetConnection",
    "NetAdapter 2.0.0.0": "Get-NetAdapter",
    "ScheduledTasks 1.0.0.0": "Get-ScheduledTask Get-ScheduledTaskInfo",
    "Storage 2.0.0.0": "Get-Disk Get-Partition Get-Volume",
}
"""The same for commands that are functions."""
PLACES = {
    "hostname": r"C:\Windows\system32\HOSTNAME.EXE",
    "netstat": r"C:\Windows\system32\NETSTAT.EXE",
    "ping": r"C:\Windows\system32\PING.EXE",
    "powershell": r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe",
    "wmic": r"C:\Windows\System32\Wbem\WMIC.exe",
}
"""Programs that are not where, or not spelled as, the others are."""


def place_of(program: str) -> str:
    return PLACES.get(program, rf"C:\Windows\system32\{program}.exe")


def get_command(call: CmdletCall) -> Iterable[PSValue]:
    names = call.names("Name", "Name")
    if not names or any(is_wildcard(name) for name in names):
        raise Unmodelled("Get-Command *")
    for name in names:
        yield from _found(call, name)


def _found(call: CmdletCall, name: str) -> Iterator[PSValue]:
    commands = call.session.commands
    lowered = name.lower().removesuffix(".exe")
    if alias := commands.aliases.get(name.lower()):
        yield _alias(name.lower(), alias)
    elif found := _module_of(lowered):
        yield _command(*found)
    elif lowered in commands.programs:
        yield _program(lowered, call.session.host)
    elif lowered in commands.cmdlets or call.session.is_lacking(name):
        raise Unmodelled(f"Get-Command {name}")
    else:
        text = (
            f"The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable program. "
            "Check the spelling of the name, or if a path was included, verify that the path is correct and try again."
        )
        kind = "CommandNotFoundException"
        call.fail(text, kind, "ObjectNotFound", f"{name}:String", kind)


def _module_of(name: str) -> tuple[str, str, str] | None:
    """(kind, name as the module spells it, module and version)"""
    for kind, modules in (("Cmdlet", MODULES), ("Function", FUNCTIONS)):
        for module, names in modules.items():
            for spelled in names.split():
                if spelled.lower() == name:
                    return kind, spelled, module
    return None


def _command(kind: str, name: str, module: str) -> PSObject:
    source, _, version = module.rpartition(" ")
    return _record(kind, name, version, source, name)


def _alias(name: str, target: str) -> PSObject:
    found = _module_of(target)
    full = found[1] if found else target
    return _record("Alias", f"{name} -> {full}", "", "", full)


def _program(name: str, host: Host) -> PSObject:
    place = place_of(name)
    return _record("Application", place.rpartition("\\")[2], f"10.0.{build(host)}.1", place, place)


def _record(kind: str, name: str, version: str, source: str, definition: str) -> PSObject:
    values: dict[str, PSValue] = {
        "CommandType": kind,
        "Name": name.partition(" -> ")[0],
        "DisplayName": name,
        "Version": version,
        "Source": source,
        "ModuleName": source if kind in ("Cmdlet", "Function") else "",
        "Definition": definition,
        "Path": source if kind == "Application" else None,
    }
    return PSObject(f"System.Management.Automation.{kind}Info", values, name.partition(" -> ")[0])


def get_alias(call: CmdletCall) -> Iterable[PSValue]:
    names = call.names("Name", "Name")
    if not names or any(is_wildcard(name) for name in names):
        raise Unmodelled("Get-Alias *")
    for name in names:
        if target := call.session.commands.aliases.get(name.lower()):
            yield _alias(name.lower(), target)
        elif call.session.is_lacking(name):
            raise Unmodelled(f"Get-Alias {name}")
        else:
            text = f"This command cannot find a matching alias because an alias with the name '{name}' does not exist."
            call.fail(text, "ItemNotFoundException", "ObjectNotFound", f"{name}:String", "ItemNotFoundException")


CMDLETS = (
    Cmdlet(
        "Get-Command",
        get_command,
        "Name",
        lacks="Verb Noun Module CommandType ArgumentList Syntax All ListImported TotalCount ParameterName "
        "ParameterType",
    ),
    Cmdlet("Get-Alias", get_alias, "Name", lacks="Definition Exclude Scope"),
)
