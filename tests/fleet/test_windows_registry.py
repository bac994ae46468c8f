"""The registry: what its keys say agrees with the host, what is surely not there is missing, and the rest is a gap."""

from dataclasses import replace
from random import Random

import pytest

from fleet.draw import draw_host
from fleet.model import Host, Machine, Service
from fleet.windows.shell import WindowsShell
from tests.fleet.answers import met

CURRENT = r"HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
WINDOWS = r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion"
SERVICES = r"HKLM:\SYSTEM\CurrentControlSet\Services"


@pytest.fixture(scope="module")
def host() -> Host:
    return draw_host("web01", Random(3), "windows")


def told(host: Host, line: str) -> str:
    """What a line prints, which must neither fail nor be a gap."""
    stdout, stderr, gaps = met(host, line)
    assert (stderr, gaps) == ("", [])
    return stdout.rstrip("\n")


@pytest.mark.parametrize(
    ("key", "elsewhere"),
    [
        (rf"(gp '{CURRENT}').ProductName", "(Get-ComputerInfo).WindowsProductName"),
        (rf"(gp '{CURRENT}').ReleaseId", "(Get-ComputerInfo).WindowsVersion"),
        (rf"(gp '{CURRENT}').CurrentBuild", "(Get-CimInstance Win32_OperatingSystem).BuildNumber"),
        (rf"gpv '{CURRENT}' ProductId", "(Get-CimInstance Win32_OperatingSystem).SerialNumber"),
        (rf"(gp {SERVICES}\WinRM).DisplayName", "(Get-Service WinRM).DisplayName"),
        (rf"(gp {SERVICES}\WinRM).Start", "[int](Get-Service WinRM).StartType"),
        (r"gpv HKLM:\SYSTEM\CurrentControlSet\Control\TimeZoneInformation TimeZoneKeyName", "(Get-TimeZone).Id"),
        (r"gpv HKLM:\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName ComputerName", "$env:COMPUTERNAME"),
        (r"(gp HKLM:\SOFTWARE\Microsoft\PowerShell\1\ShellIds\Microsoft.PowerShell).ExecutionPolicy",
         "[string](Get-ExecutionPolicy)"),
        (r"(gci HKLM:\HARDWARE\DESCRIPTION\System\CentralProcessor).Count", "$env:NUMBER_OF_PROCESSORS"),
    ],
)  # fmt: skip
def test_a_key_agrees_with_what_the_host_says_elsewhere(host: Host, key: str, elsewhere: str):
    assert told(host, key) == told(host, elsewhere) != ""


@pytest.mark.parametrize("name", ["windows", "win2"])
def test_the_build_is_that_of_the_prompt_on_every_release(name: str):
    for seed in range(6):
        host = draw_host(name, Random(seed), "windows")
        full = told(host, rf"$v = gp '{CURRENT}'; '10.0.{{0}}.{{1}}' -f $v.CurrentBuildNumber, $v.UBR")
        assert full in told(host, "cmd /c ver")


@pytest.mark.parametrize(("state", "start"), [("Automatic", 2), ("Manual", 3), ("Disabled", 4)])
def test_a_services_start_value_follows_its_start_type(host: Host, state: str, start: int):
    machine = Machine(host)
    WindowsShell(machine).run(f"Set-Service WinRM -StartupType {state}")
    assert told(machine.host, rf"gpv {SERVICES}\WinRM Start") == str(start)
    assert f"0x{start:x}" in told(machine.host, r"reg query HKLM\SYSTEM\CurrentControlSet\Services\WinRM /v Start")


def test_programs_are_those_that_the_services_came_with(host: Host):
    line = rf"gp {WINDOWS}\Uninstall\* | % DisplayName"
    sql = Service("MSSQLSERVER", "SQL Server", "active", True, r"C:\sqlservr.exe", "SYSTEM", (1433,))
    without = replace(host, services={})
    assert "SQL Server" not in told(without, line)
    assert "Microsoft SQL Server 2022 (64-bit)" in told(without.with_service(sql), line).splitlines()
    path = r"HKLM:\SOFTWARE\Microsoft\Microsoft SQL Server\MSSQL16.MSSQLSERVER\MSSQLServer\SuperSocketNetLib\Tcp\IPAll"
    assert told(without.with_service(sql), f"gpv '{path}' TcpPort") == "1433"


def test_the_values_of_a_key_are_a_list_that_ends_with_where_they_are_from(host: Host):
    start = r"Microsoft.PowerShell.Core\Registry::HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows"
    assert told(host, rf"Get-ItemProperty {WINDOWS}\Run -Name SecurityHealth") == (
        "\nSecurityHealth : C:\\Windows\\system32\\SecurityHealthSystray.exe\n"
        f"PSPath         : {start}\\CurrentVersion\\Run\n"
        f"PSParentPath   : {start}\\CurrentVersion\n"
        "PSChildName    : Run\nPSDrive        : HKLM\nPSProvider     : Microsoft.PowerShell.Core\\Registry"
    )
    assert told(host, rf"Get-ItemProperty {WINDOWS}\RunOnce") == ""


def test_keys_are_listed_under_the_hive_with_their_values(host: Host):
    assert told(host, rf"Get-Item {WINDOWS}\Run") == (
        "\n\n    Hive: HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\n\n\n"
        "Name                           Property\n----                           --------\n"
        "Run                            SecurityHealth : C:\\Windows\\system32\\SecurityHealthSystray.exe"
    )
    assert told(host, "(gci HKLM:).PSChildName -join ' '") == "BCD00000000 HARDWARE SAM SOFTWARE SYSTEM"
    assert told(host, "gci HKLM:\\SOFTWARE -Name | select -First 2").split() == ["Classes", "Clients"]


@pytest.mark.parametrize(
    "path",
    [
        r"HKLM:\software\microsoft\windows nt\currentversion",
        r"HKLM:/SOFTWARE/Microsoft/Windows NT/CurrentVersion/",
        r"Registry::HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion",
        r"Microsoft.PowerShell.Core\Registry::HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion",
    ],
)
def test_a_key_is_found_however_it_is_spelled(host: Host, path: str):
    assert told(host, f"Test-Path '{path}'") == "True"
    assert told(host, f"(Get-ItemProperty -LiteralPath '{path}').CurrentVersion") == "6.3"
    assert told(host, f"(Get-Item '{path}').GetValue('currentversion')") == "6.3"


@pytest.mark.parametrize(
    "path",
    [
        rf"{WINDOWS}\WindowsUpdate\Auto Update\RebootRequired",
        rf"{WINDOWS}\Component Based Servicing\RebootPending",
        r"HKLM:\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate\AU",
        r"HKLM:\SOFTWARE\NoSuch\Key",
        rf"{WINDOWS}\Uninstall\NoSuch",
    ],
)
def test_what_is_surely_not_there_is_missing(host: Host, path: str):
    assert told(host, f"Test-Path '{path}'") == "False"
    _, stderr, gaps = met(host, f"gci '{path}'")
    assert gaps == []
    assert f"gci : Cannot find path '{path}' because it does not exist." in stderr
    assert "+ FullyQualifiedErrorId : PathNotFound,Microsoft.PowerShell.Commands.GetChildItemCommand" in stderr


def test_a_missing_value_is_an_error_that_names_the_key(host: Host):
    _, stderr, gaps = met(host, rf"Get-ItemProperty {WINDOWS}\Run -Name Foo")
    assert gaps == []
    assert (
        "Get-ItemProperty : Property Foo does not exist at path "
        r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Run."
    ) in stderr
    assert "InvalidArgument: (Foo:String) [Get-ItemProperty], PSArgumentException" in stderr


def test_no_file_waits_to_be_renamed(host: Host):
    path = r"HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager"
    assert told(host, f"$null -eq (gp '{path}').PendingFileRenameOperations") == "True"
    assert told(host, f"$null -eq (gp '{path}' PendingFileRenameOperations -EA 0)") == "True"


@pytest.mark.parametrize(
    "line",
    [
        r"gci HKLM:\SOFTWARE\Microsoft",
        r"Test-Path HKLM:\SOFTWARE\Microsoft\Foo",
        rf"gci {SERVICES}",
        r"gp 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp'",
        r"(gp 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp').Comment",
        r"gp 'HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager' | fl *",
        r"gp 'HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager' | select *",
        r"gp 'HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager' | ConvertTo-Json",
        r"gp 'HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager' | ConvertTo-Csv",
        r"(gp HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Run).PSObject.Properties",
        r"gci Registry::HKEY_USERS",
        r"reg add HKLM\SOFTWARE\Foo",
        r"reg query HKLM\SOFTWARE\Microsoft",
        r"reg query HKCR\.txt",
        r"New-Item HKLM:\SOFTWARE\Foo",
    ],
)
def test_what_only_a_real_registry_holds_is_a_gap(host: Host, line: str):
    assert len(met(host, line)[2]) == 1


def test_reg_prints_values_with_their_types(host: Host):
    assert met(host, r"reg query HKLM\Software\Microsoft\Windows\CurrentVersion\Run")[0] == (
        "\nHKEY_LOCAL_MACHINE\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\n"
        "    SecurityHealth    REG_EXPAND_SZ    %windir%\\system32\\SecurityHealthSystray.exe\n\n"
    )
    deep = told(host, r"reg query HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall /s /v Publisher")
    assert deep.endswith("    Publisher    REG_SZ    Red Hat, Inc.\n\nEnd of search: 2 match(es) found.")
    assert told(host, "reg query HKLM").split() == [
        f"HKEY_LOCAL_MACHINE\\{name}" for name in ("BCD00000000", "HARDWARE", "SAM", "SOFTWARE", "SYSTEM")
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            r"reg query HKLM\SOFTWARE\NoSuch",
            "ERROR: The system was unable to find the specified registry key or value.",
        ),
        (r"reg query HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run /v X", "unable to find the specified"),
        (r"reg query NOPE\x", "ERROR: Invalid key name."),
        (r"reg query HKLM /x", 'ERROR: Invalid syntax.\nType "REG QUERY /?" for usage.'),
        ("reg", 'ERROR: Invalid syntax.\nType "REG /?" for usage.'),
    ],
)
def test_reg_refuses_in_its_own_words(host: Host, line: str, words: str):
    machine = Machine(host)
    _, stderr, code = WindowsShell(machine).run(line)
    assert (words in stderr, code, machine.gaps) == (True, 1, [])
