"""What a Windows host says of itself: versions, users, variables, programs; at PowerShell's prompt and at cmd's."""

from dataclasses import replace
from random import Random

import pytest

from fleet.draw import draw_host
from fleet.model import Host, Machine, Mount
from fleet.windows.shell import WindowsShell
from tests.fleet.answers import met

NOON = 1_772_625_600
"""2026-03-04 12:00 UTC"""
GIB = 1024 * 1024


@pytest.fixture(scope="module")
def host() -> Host:
    drawn = draw_host("web01", Random(3), "windows", NOON)
    return replace(drawn, mounts=(Mount("a", "C:", "NTFS", 100 * GIB, 25 * GIB, "System"),), files={})


def told(host: Host, line: str) -> str:
    """What a line prints, which must neither fail nor be a gap."""
    stdout, stderr, gaps = met(host, line)
    assert (stderr, gaps) == ("", [])
    return stdout.rstrip("\n")


@pytest.mark.parametrize(
    "line",
    [
        "'10.0.' + $PSVersionTable.PSVersion.ToString().Substring(4)",
        "[string]$PSVersionTable.BuildVersion",
        "'10.0.' + (Get-Host).Version.Build + '.' + $Host.Version.Revision",
        "(cmd /c ver) -match '10' -replace '.*Version (.*)]', '$1'",
    ],
)
def test_the_version_has_the_number_of_the_last_update(host: Host, line: str):
    assert told(host, line) == "10.0.20348.2227"


def test_the_update_that_gave_the_number_is_installed(host: Host):
    assert "KB5034129" in told(host, "Get-HotFix | % HotFixID").split()
    assert told(host, "(Get-CimInstance Win32_QuickFixEngineering).HotFixID -join ' '") == told(
        host, "(Get-HotFix).HotFixID -join ' '"
    )
    assert told(host, "Get-HotFix -Id KB5034129").splitlines()[1:3] == [
        "Source        Description      HotFixID      InstalledBy          InstalledOn",
        "------        -----------      --------      -----------          -----------",
    ]


def test_drives_are_those_of_every_provider(host: Host):
    names = told(host, "(Get-PSDrive).Name -join ' '")
    assert names == "Alias C Cert Env Function HKCU HKLM Variable WSMan"
    assert told(host, "(Get-PSDrive -PSProvider FileSystem, Registry).Name -join ' '") == "C HKCU HKLM"


def test_variables_keep_the_names_that_windows_gives_them(host: Host):
    names = told(host, "(gci Env:).Name -join ' '").split()
    assert {"Path", "SystemRoot", "windir", "ProgramFiles(x86)", "COMPUTERNAME"} <= set(names)
    assert names == sorted(names, key=str.lower)
    assert told(host, "cmd /c set").splitlines() == told(host, "gci Env: | % { $_.Name + '=' + $_.Value }").splitlines()
    assert told(host, "cmd /c 'echo %computername% %nosuch%'") == "WEB01 %nosuch%"


def test_users_are_listed_by_name_whatever_its_case(host: Host):
    users = told(host, "(Get-LocalUser).Name -join ' '").split()
    assert users == sorted(users, key=str.lower)
    assert told(host, "net user").split("-\n")[1].split()[: len(users)] == users


@pytest.mark.parametrize(
    "line",
    [
        "(Get-Package).Name",
        "(gp HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\*).DisplayName",
    ],
)
def test_programs_are_the_same_everywhere(host: Host, line: str):
    own = replace(host, services={})
    assert told(own, line) == told(own, "(Get-CimInstance Win32_Product).Name") != ""


@pytest.mark.parametrize(("feature", "service"), [("Web-Server", "W3SVC"), ("DNS", "DNS"), ("Hyper-V", "vmms")])
def test_a_feature_is_installed_where_its_service_is(feature: str, service: str):
    for seed in range(6):
        host = draw_host("web01", Random(seed), "windows")
        there = service in host.services
        assert told(host, f"(Get-WindowsFeature {feature}).Installed") == str(there)
        assert f"[{'X' if there else ' '}] " in told(host, f"Get-WindowsFeature {feature}")


def test_winrm_answers_while_it_runs(host: Host):
    assert "ProductVendor   : Microsoft Corporation" in told(host, "Test-WSMan")
    machine = Machine(host)
    WindowsShell(machine).run("Stop-Service WinRM")
    assert 'Code="2150858770"' in met(machine.host, "Test-WSMan")[1]


def test_memory_modules_are_whole_gigabytes(host: Host):
    size = int(told(host, "(Get-CimInstance Win32_PhysicalMemory).Capacity"))
    assert 0 <= size - host.memory.total * 1024 < 2**30
    assert size % 2**30 == 0


@pytest.mark.parametrize(
    "line",
    [
        "Get-CimInstance Win32_UserAccount",
        "Get-WmiObject Win32_Share",
        "(Get-CimInstance Win32_OperatingSystem).OSLanguage",
        "Get-CimInstance Win32_Service -Filter \"Description like '%x%'\"",
        "Get-ComputerInfo -Property CsUserName",
        "Get-ComputerInfo | select OsHardwareAbstractionLayer",
        "Get-WindowsFeature",
        "Get-WindowsFeature Telnet-Client",
        "Get-Host",
        "Test-Path C:\\Windows\\System32\\cmd.exe",
        "gci C:\\Windows",
        "gci C:\\Windows\\*.log",
        "gc C:\\Windows\\System32\\drivers\\etc\\hosts",
        "gci 'C:\\Program Files'",
        "cmd /c dir /s C:\\",
        "cmd /c time",
    ],
)
def test_what_only_a_real_host_knows_is_a_gap(host: Host, line: str):
    assert len(met(host, line)[2]) == 1


def test_a_class_that_there_is_nowhere_is_invalid(host: Host):
    _, stderr, gaps = met(host, "Get-CimInstance Win32_Foo")
    assert ("Get-CimInstance : Invalid class" in stderr, gaps) == (True, [])
    assert "HRESULT 0x80041010,Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand" in stderr
    _, stderr, gaps = met(host, "gwmi Win32_Foo")
    assert ('gwmi : Invalid class "Win32_Foo"' in stderr, gaps) == (True, [])
    assert "InvalidType: (:) [Get-WmiObject], ManagementException" in stderr


def test_no_host_has_crashed(host: Host):
    assert told(host, "Test-Path C:\\Windows\\MEMORY.DMP, C:\\Windows\\Minidump") == "False\nFalse"


@pytest.mark.parametrize("line", ["sc query", "Set-Content C:\\a.txt", "Add-Content C:\\a.txt"])
def test_nothing_is_written_without_a_value(host: Host, line: str):
    machine = Machine(host)
    _, stderr, code = WindowsShell(machine).run(line)
    assert "one or more missing mandatory parameters: Value." in stderr
    assert (code, machine.host.files) == (1, {})


def test_a_copy_into_a_folder_that_is_not_there_fails(host: Host):
    machine = Machine(host)
    _, stderr, code = WindowsShell(machine).run("'x' > C:\\a.txt; Copy-Item C:\\a.txt C:\\Nope\\")
    assert "Could not find a part of the path 'C:\\Nope\\'." in stderr
    assert (code, list(machine.host.files)) == (1, ["C:\\a.txt"])


def test_the_account_of_a_service_has_one_name(host: Host):
    line = "Get-CimInstance Win32_Service | % { $_.Name + ' ' + $_.StartName }"
    for name, account in (row.split(" ", 1) for row in told(host, line).splitlines()):
        assert f"SERVICE_START_NAME : {account}\n" in told(host, f"sc.exe qc {name}") + "\n"
        assert told(host, f"gpv HKLM:\\SYSTEM\\CurrentControlSet\\Services\\{name} ObjectName") == account


@pytest.mark.parametrize(
    ("line", "head"),
    [
        (
            "wmic qfe list brief",
            "Description      FixComments  HotFixID   InstallDate  InstalledBy          InstalledOn",
        ),
        ("wmic product get version,name", "Name                         Version"),
        ("wmic os list brief", "BuildNumber  Organization  RegisteredUser  SerialNumber             SystemDirectory"),
    ],
)
def test_wmic_shows_the_columns_that_are_asked_for(host: Host, line: str, head: str):
    assert told(host, line).startswith(head)


@pytest.mark.parametrize(
    "line", ["wmic os get", "wmic os get OSLanguage", "wmic service list full", "wmic nic get name"]
)
def test_wmic_does_not_pass_a_part_off_as_the_whole(host: Host, line: str):
    assert len(met(host, line)[2]) == 1


def test_taskkill_ends_what_a_filter_finds(host: Host):
    machine = Machine(host)
    shell = WindowsShell(machine)
    assert shell.run('taskkill /f /fi "imagename eq nosuch.exe"')[0].startswith("INFO: No tasks running")
    pid = next(process.pid for process in host.processes if process.name == "explorer.exe")
    done = shell.run('taskkill /f /fi "imagename eq explorer.exe"')
    assert done == (f"SUCCESS: The process with PID {pid} has been terminated.\n", "", 0)
    assert all(process.pid != pid for process in machine.host.processes)


@pytest.mark.parametrize("name", ["vol", "mklink", "assoc"])
def test_commands_of_cmd_are_unknown_to_powershell(host: Host, name: str):
    _, stderr, gaps = met(host, name)
    assert (f"The term '{name}' is not recognized" in stderr, gaps) == (True, [])


def test_no_job_runs(host: Host):
    assert told(host, "Get-Job") == ""
    assert "cannot find a job with the job ID 3" in met(host, "Get-Job -Id 3")[1]


# --- cmd ------------------------------------------------------------------------------------------------------------


def test_dir_lists_a_folder_as_cmd_does(host: Host):
    machine = Machine(host)
    WindowsShell(machine).run("mkdir C:\\Data\\b; Set-Content C:\\Data\\a.txt ('x' * 1998)")
    shell = WindowsShell(machine)
    serial = shell.run("cmd /c vol")[0].splitlines()[1]
    free = shell.run("'{0:N0}' -f (Get-PSDrive C).Free")[0].strip()
    shell.run("mkdir C:\\Data\\b")
    stdout, stderr, code = shell.run("cmd /c dir C:\\Data")
    assert (stderr, code) == ("", 0)
    assert stdout.splitlines() == [
        " Volume in drive C is System",
        serial,
        "",
        " Directory of C:\\Data",
        "",
        *(f"03/04/2026  12:00 PM    <DIR>          {name}" for name in (".", "..")),
        "03/04/2026  12:00 PM             2,000 a.txt",
        "03/04/2026  12:00 PM    <DIR>          b",
        "               1 File(s)          2,000 bytes",
        f"               3 Dir(s) {free:>15} bytes free",
    ]
    assert shell.run("cmd /c dir /b C:\\Data")[0] == "a.txt\nb\n"
    assert shell.run("cmd /c dir C:\\Data\\*.txt")[0].splitlines()[4:6] == [
        "",
        "03/04/2026  12:00 PM             2,000 a.txt",
    ]


@pytest.mark.parametrize("path", ["C:\\Nope", "C:\\*.nope", "C:\\Nope\\x.txt"])
def test_dir_finds_no_file(host: Host, path: str):
    machine = Machine(host)
    stdout, stderr, code = WindowsShell(machine).run(f"cmd /c dir {path}")
    assert (stderr, code, machine.gaps) == ("File Not Found\n", 1, [])
    assert stdout.startswith(" Volume in drive C is System\n Volume Serial Number is ")


@pytest.mark.parametrize("line", ["cmd /c dir Q:\\", "cmd /c vol Q:"])
def test_cmd_knows_no_such_drive(host: Host, line: str):
    machine = Machine(host)
    answer = WindowsShell(machine).run(line)
    assert (answer, machine.gaps) == (("", "The system cannot find the path specified.\n", 1), [])


def test_cmd_tells_the_date_and_the_time(host: Host):
    assert told(host, "cmd /c date /t") == "Wed 03/04/2026 "
    assert told(host, "cmd /c time /t") == "12:00 PM"
    assert told(host, "tzutil /g") == "UTC"
