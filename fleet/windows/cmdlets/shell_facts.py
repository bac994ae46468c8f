"""Cmdlets about the shell and what it may reach: Get-Host, Get-Culture, Get-Package, Test-WSMan and others."""

from collections.abc import Iterable

from fleet.windows.binding import Cmdlet, CmdletCall
from fleet.windows.cmdlets.network import connect, resolve
from fleet.windows.failure import Unmodelled
from fleet.windows.installed_programs import installed_programs
from fleet.windows.matching import is_wildcard, like
from fleet.windows.shell_objects import english, host_object
from fleet.windows.values import PSObject, PSValue

WINRM = 5985
FAULT = (
    '<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="2150858770" Machine="{}">'
    "<f:Message>The client cannot connect to the destination specified in the request. Verify that the service on the "
    "destination is running and is accepting requests. Consult the logs and documentation for the WS-Management "
    "service running on the destination, most commonly IIS or WinRM. If the destination is the WinRM service, run the "
    'following command on the destination to analyze and configure the WinRM service: "winrm quickconfig". '
    "</f:Message></f:WSManFault>"
)
FEATURES = {"DNS": "DNS Server", "Hyper-V": "Hyper-V", "Web-Server": "Web Server (IIS)"}
"""Features that bring a service of the fleet."""
SERVICES = {"DNS": "DNS", "Hyper-V": "vmms", "Web-Server": "W3SVC"}


def get_host(call: CmdletCall) -> Iterable[PSValue]:
    return [host_object(call.session.host)]


def get_culture(call: CmdletCall) -> Iterable[PSValue]:
    return [english()]


def get_job(call: CmdletCall) -> Iterable[PSValue]:
    """None: each line is a shell of its own, and nothing here starts one."""
    for number in call.texts("Id"):
        text = (
            f"The command cannot find a job with the job ID {number}. Verify the value of the Id parameter and then "
            "try the command again."
        )
        call.fail(text, "JobWithSpecifiedSessionNotFound", "ObjectNotFound", f"{number}:Int32", "PSArgumentException")
    for name in call.texts("Name"):
        if not is_wildcard(name):
            text = (
                f"The command cannot find the job because the job name {name} was not found. Verify the value of the "
                "Name parameter, and then try the command again."
            )
            call.fail(text, "JobWithSpecifiedNameNotFound", "ObjectNotFound", f"{name}:String", "PSArgumentException")
    return []


def get_package(call: CmdletCall) -> Iterable[PSValue]:
    """Programs, as the registry's key Uninstall has them."""
    rows: list[PSValue] = []
    for program in installed_programs(call.session.host):
        provider = "msi" if program.by_installer else "Programs"
        if call.has("Name") and not any(like(program.name, name) for name in call.texts("Name")):
            continue
        if call.has("ProviderName") and not any(like(provider, name) for name in call.texts("ProviderName")):
            continue
        values: dict[str, PSValue] = {
            "Name": program.name,
            "Version": program.version,
            "Source": "",
            "ProviderName": provider,
        }
        rows.append(PSObject("Microsoft.PackageManagement.Packaging.SoftwareIdentity", values, program.name))
    for name in call.texts("Name") if not rows else []:
        if not is_wildcard(name):
            text = f"No package found for '{name}'."
            call.fail(
                text, "NoMatchFound", "ObjectNotFound", "Microsoft.Power...ets.GetPackage:GetPackage", "Exception"
            )
    return rows


def get_windows_feature(call: CmdletCall) -> Iterable[PSValue]:
    wanted = call.texts("Name")
    names = [next((name for name in FEATURES if name.lower() == one.lower()), None) for one in wanted]
    if not wanted or None in names:
        raise Unmodelled(f"Get-WindowsFeature {' '.join(wanted)}".rstrip())
    found: list[PSValue] = []
    for name in names:
        if name:
            there = SERVICES[name] in call.session.host.services
            values: dict[str, PSValue] = {
                "Name": name,
                "DisplayName": FEATURES[name],
                "Installed": there,
                "InstallState": "Installed" if there else "Available",
                "FeatureType": "Role",
                "Path": FEATURES[name],
                "Depth": 1,
            }
            found.append(PSObject("Microsoft.Windows.ServerManager.Commands.Feature", values, name))
    return found


def test_wsman(call: CmdletCall) -> Iterable[PSValue]:
    session, name = call.session, call.text("ComputerName", "localhost")
    address = resolve(session, name)
    if address is None:
        raise Unmodelled(f"Test-WSMan {name}")
    if connect(session, address, WINRM) is None:
        target = f"{name}:String"
        call.fail(FAULT.format(name), "WsManError", "InvalidOperation", target, "InvalidOperationException")
        return []
    values: dict[str, PSValue] = {
        "wsmid": "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd",
        "ProtocolVersion": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
        "ProductVendor": "Microsoft Corporation",
        "ProductVersion": "OS: 0.0.0 SP: 0.0 Stack: 3.0",
    }
    return [PSObject("System.Xml.XmlElement#wsman", values)]


CMDLETS = (
    Cmdlet("Get-Host", get_host),
    Cmdlet("Get-Culture", get_culture),
    Cmdlet("Get-Job", get_job, "Id", "Name", lacks="State InstanceId Command Filter Before After Newest HasMoreData"),
    Cmdlet("Get-UICulture", get_culture),
    Cmdlet(
        "Get-Package",
        get_package,
        "Name",
        "ProviderName|Provider",
        lacks="RequiredVersion MinimumVersion MaximumVersion AllVersions Destination ExcludeVersion Scope "
        "IncludeWindowsInstaller IncludeSystemComponent",
        error_class="Microsoft.PowerShell.PackageManagement.Cmdlets.GetPackage",
    ),
    Cmdlet(
        "Get-WindowsFeature",
        get_windows_feature,
        "Name",
        lacks="Vhd ComputerName Credential LogPath",
        error_class="Microsoft.Windows.ServerManager.Commands.GetWindowsFeatureCommand",
    ),
    Cmdlet(
        "Test-WSMan",
        test_wsman,
        "ComputerName|cn",
        lacks="Authentication Port UseSSL ApplicationName Credential CertificateThumbprint",
        error_class="Microsoft.WSMan.Management.TestWSManCommand",
    ),
)
