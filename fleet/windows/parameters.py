"""What Windows PowerShell says of parameters: the types that they take, and those that must be given."""

TYPES = {
    "System.String[]": "Name DisplayName Path LiteralPath Include Exclude ComputerName Pattern LogName ProviderName "
    "ListLog EntryType Source ExcludeProperty FriendlyName",
    "System.Object[]": "Property ArgumentList Value",
    "System.Management.Automation.PSObject[]": "ReferenceObject DifferenceObject",
    "System.Int32[]": "Id Context Index",
    "System.Int32": "First Last Skip SkipLast Tail Newest Depth Count Port Seconds Milliseconds Width Delay TimeoutSec",
    "System.Int64": "MaxEvents",
    "System.Int64[]": "TotalCount",
    "System.DateTime": "After Before Date Start End",
    "System.Collections.Hashtable[]": "FilterHashtable",
    "System.Management.Automation.ScriptBlock": "FilterScript Begin",
    "System.Management.Automation.ScriptBlock[]": "Process",
    "System.Management.Automation.ActionPreference": "ErrorAction WarningAction InformationAction",
}
"""Type -> the parameters that take it; others take a string."""
SINGLE = {
    "Get-EventLog -LogName", "Join-Path -ChildPath", "Rename-Item -Path", "Resolve-DnsName -Name", "Set-Service -Name",
    "Test-NetConnection -ComputerName",
}  # fmt: skip
"""Those that take one string where their namesakes take several."""
_PATH = "Path|LiteralPath"
REQUIRED = {
    **dict.fromkeys(("Clear-Content", "Copy-Item", "Get-Content", "Get-FileHash", "Get-Item",
                     "Get-ItemProperty",
                     "Move-Item", "Remove-Item", "Resolve-Path", "Split-Path", "Test-Path"), _PATH),
    **dict.fromkeys(("Add-Content", "Set-Content"), f"{_PATH} Value"),
    "Compare-Object": "ReferenceObject DifferenceObject",
    "Get-CimInstance": "ClassName|Query",
    "Get-EventLog": "LogName|List",
    "Get-ItemPropertyValue": "Path|LiteralPath Name",
    "Get-ScheduledTaskInfo": "TaskName|InputObject",
    "Invoke-Expression": "Command",
    "Invoke-RestMethod": "Uri",
    "Invoke-WebRequest": "Uri",
    "Join-Path": "Path ChildPath",
    "New-Object": "TypeName",
    "Rename-Item": "Path|LiteralPath NewName",
    "Resolve-DnsName": "Name",
    "Select-String": "Pattern Path|LiteralPath|InputObject",
    "Set-Service": "Name",
    "Set-Variable": "Name",
    "Start-Sleep": "Seconds|Milliseconds",
    "Stop-Process": "Id|Name|InputObject",
    "Test-Connection": "ComputerName",
}  # fmt: skip
"""Cmdlet -> parameters that it asks for if a pipe gives it nothing; of those with a bar between them, one will do."""


def taken_type(cmdlet: str, name: str) -> str:
    if f"{cmdlet} -{name}" in SINGLE:
        return "System.String"
    return next((type_ for type_, names in TYPES.items() if name in names.split()), "System.String")
