"""How objects look as text: Windows PowerShell's tables and lists, and output that other programs can read back."""

import json
from dataclasses import replace
from random import Random

import jc
import pytest

from fleet.draw import draw_host
from fleet.model import JournalEntry, Machine, Mount
from fleet.windows.format import WIDTH
from fleet.windows.shell import WindowsShell

GIB = 1024 * 1024
NOON = 1_772_625_600
"""2026-03-04 12:00 UTC"""
JOURNAL = (
    JournalEntry(
        NOON - 7200, "Service Control Manager", 0, 6, "The Print Spooler service entered the running state.", 7036
    ),
    JournalEntry(NOON - 3600, "Disk", 0, 4, "The device reported an error while paging.", 51),
    JournalEntry(NOON - 60, "Service Control Manager", 0, 3, "The Orders service ended unexpectedly.\nTwice.", 7034),
    JournalEntry(NOON - 30, "Orders", 0, 3, "database timeout", 1000, "Application"),
)


@pytest.fixture
def machine() -> Machine:
    other = draw_host("lin1", Random(4), now=NOON)
    host = draw_host("web01", Random(8), "windows", NOON)
    mounts = (Mount("a", "C:", "NTFS", 100 * GIB, 25 * GIB), Mount("b", "D:", "NTFS", 200 * GIB, 0, "Data"))
    host = replace(host, mounts=mounts, files={}, journal=JOURNAL, boot=NOON - 90_061, address="10.0.1.7")
    machine = Machine(host)
    machine.fleet = {"web01": machine, "lin1": Machine(replace(other, address="10.0.1.8"))}
    return machine


def text(machine: Machine, line: str) -> str:
    stdout, stderr, code = WindowsShell(machine).run(line)
    assert (stderr, code) == ("", 0), stderr
    return stdout


# --- tables and lists -----------------------------------------------------------------------------------------------


def test_few_properties_make_a_table_with_numbers_to_the_right(machine: Machine):
    line = "[pscustomobject]@{Name='a'; Size=5; Ok=$true}, [pscustomobject]@{Name='longer'; Size=1234.5; Ok=$null}"
    assert text(machine, line) == "\nName     Size Ok\n----     ---- --\na           5 True\nlonger 1234.5\n\n"


def test_more_than_four_properties_make_a_list(machine: Machine):
    line = "[pscustomobject]@{A=1; B='x'; Long=@(1, 2, 3, 4, 5); D=$null; E=[datetime]'2026-03-04 15:00'}"
    assert text(machine, line) == (
        "\nA    : 1\nB    : x\nLong : {1, 2, 3, 4...}\nD    :\nE    : 3/4/2026 3:00:00 PM\n\n"
    )


def test_a_table_is_no_wider_than_the_console(machine: Machine):
    table = text(machine, "[pscustomobject]@{Name='n' * 90; Text='t' * 90}")
    assert max(map(len, table.splitlines())) <= WIDTH
    assert "..." in table
    wrapped = text(machine, "[pscustomobject]@{Name='n' * 90; Text='t' * 90} | Format-Table -Wrap")
    assert "..." not in wrapped
    assert (wrapped.count("n"), max(map(len, wrapped.splitlines())) <= WIDTH) == (90, True)


def test_a_long_display_name_is_cut(machine: Machine):
    service = next(iter(machine.host.services.values()))
    machine.host = machine.host.with_service(replace(service, name="Long", title="x" * 50))
    row = text(machine, "Get-Service Long").splitlines()[3]
    assert row == f"Running  Long               {'x' * 35}..."


def test_format_table_and_list_take_properties(machine: Machine):
    assert text(machine, "Get-Volume C | ft DriveLetter, @{n='GB'; e={$_.Size / 1GB}} -AutoSize") == (
        "\nDriveLetter  GB\n-----------  --\nC           100\n\n"
    )
    assert text(machine, "Get-Volume C | Format-Table DriveLetter -HideTableHeaders") == "\nC\n\n"
    assert text(machine, "Get-Volume C | fl DriveLetter, Size") == "\nDriveLetter : C\nSize        : 107374182400\n\n"
    assert "AllocationUnitSize : 4096" in text(machine, "Get-Volume C | Format-List *")


def test_volumes_and_drives_look_as_they_do(machine: Machine):
    assert text(machine, "Get-Volume") == (
        "\n"
        "DriveLetter FriendlyName FileSystemType DriveType HealthStatus OperationalStatus SizeRemaining   Size\n"
        "----------- ------------ -------------- --------- ------------ ----------------- -------------   ----\n"
        "C                        NTFS           Fixed     Healthy      OK                        75 GB 100 GB\n"
        "D           Data         NTFS           Fixed     Healthy      OK                       200 GB 200 GB\n"
        "\n"
    )
    assert text(machine, "Get-PSDrive -PSProvider FileSystem").splitlines()[1:4] == [
        "Name           Used (GB)     Free (GB) Provider      Root                                    CurrentLocation",
        "----           ---------     --------- --------      ----                                    ---------------",
        r"C                  25.00         75.00 FileSystem    C:\                                 Users\Administrator",
    ]
    assert text(machine, "Get-CimInstance Win32_LogicalDisk").splitlines()[1:4] == [
        "DeviceID DriveType ProviderName VolumeName Size         FreeSpace",
        "-------- --------- ------------ ---------- ----         ---------",
        "C:       3                                 107374182400 80530636800",
    ]


def test_hash_tables_dates_and_spans_have_views_of_their_own(machine: Machine):
    assert text(machine, "@{Key = 'v'}") == f"\n{'Name':<30} Value\n{'----':<30} -----\n{'Key':<30} v\n\n"
    assert text(machine, "Get-Date") == "\nWednesday, March 4, 2026 12:00:01 PM\n\n"
    assert text(machine, "Get-Date -Format 'yyyy-MM-dd HH:mm'") == "2026-03-04 12:00\n"
    assert text(machine, "Get-Date -UFormat '%Y/%m/%d %H'") == "2026/03/04 12\n"
    span = text(machine, "(Get-Date) - (gcim Win32_OperatingSystem).LastBootUpTime").splitlines()
    assert span[1:5] == [
        "Days              : 1",
        "Hours             : 1",
        "Minutes           : 1",
        "Seconds           : 5",
    ]


def test_tables_are_grouped_where_a_property_changes(machine: Machine):
    line = "'a', 'b', 'cc' | select @{n='Text'; e={$_}}, @{n='Size'; e={$_.Length}} | ft Text -GroupBy Size"
    assert text(machine, line) == ("\n\n   Size: 1\n\nText\n----\na\nb\n\n\n\n   Size: 2\n\nText\n----\ncc\n\n")


def test_counters_are_shown_with_their_readings_below(machine: Machine):
    shown = text(machine, "Get-Counter '\\Memory\\Available MBytes'").splitlines()
    assert shown[1:4] == [
        "Timestamp                 CounterSamples",
        "---------                 --------------",
        "3/4/2026 12:00:00 PM      \\\\web01\\memory\\available mbytes :",
    ]
    assert shown[4] == f"{'':26}{machine.host.memory_available // 1024}"


def test_csv_quotes_everything_but_null(machine: Machine):
    line = "[pscustomobject]@{a=1.5; b=[datetime]'2026-03-04'; c=$null; d=1, 2; e='x \"y\"'} | ConvertTo-Csv -NoType"
    assert text(machine, line).splitlines()[1] == '"1.5","3/4/2026 12:00:00 AM",,"System.Object[]","x ""y"""'


def test_measuring_and_grouping(machine: Machine):
    measured = text(machine, "1..4 | Measure-Object -Sum -Average -Maximum")
    assert measured == "\nCount    : 4\nAverage  : 2.5\nSum      : 10\nMaximum  : 4\nMinimum  :\nProperty :\n\n"
    assert text(machine, "'b', 'a', 'b' | Group-Object -NoElement | sort Count -Descending") == (
        "\nCount Name\n----- ----\n    2 b\n    1 a\n\n"
    )
    assert (
        text(machine, "'one two', 'three' | Measure-Object -Line -Word -Character").splitlines()[3]
        == "    2     3         12"
    )


# --- events ---------------------------------------------------------------------------------------------------------


def test_events_stand_under_their_provider_newest_first(machine: Machine):
    shown = text(machine, "Get-WinEvent -LogName System -MaxEvents 2")
    assert shown == (
        "\n\n   ProviderName: Service Control Manager\n\n"
        "TimeCreated                      Id LevelDisplayName Message\n"
        "-----------                      -- ---------------- -------\n"
        "3/4/2026 11:59:00 AM           7034 Error            The Orders service ended unexpectedly.\n"
        "\n"
        "\n\n   ProviderName: Disk\n\n"
        "TimeCreated                      Id LevelDisplayName Message\n"
        "-----------                      -- ---------------- -------\n"
        "3/4/2026 11:00:00 AM             51 Warning          The device reported an error while paging.\n"
        "\n"
    )


@pytest.mark.parametrize(
    ("filter_", "ids"),
    [
        ("LogName='System'; Level=2", "7034"),
        ("LogName='System'; Level=2,3", "7034 51"),
        ("LogName='System','Application'; Level=2", "1000 7034"),
        ("LogName='System'; ProviderName='Service*'", "7034 7036"),
        ("LogName='System'; Id=51", "51"),
        ("LogName='System'; StartTime=(Get-Date).AddMinutes(-90)", "7034 51"),
        ("LogName='System'; EndTime=(Get-Date).AddMinutes(-90)", "7036"),
    ],
)
def test_a_filter_chooses_events(machine: Machine, filter_: str, ids: str):
    assert text(machine, f"(Get-WinEvent -FilterHashtable @{{{filter_}}} | % Id) -join ' '").strip() == ids


def test_the_old_event_log_has_its_own_table(machine: Machine):
    assert text(machine, "Get-EventLog -LogName System -Newest 1") == (
        "\n"
        "   Index Time          EntryType   Source                 InstanceID Message\n"
        "   ----- ----          ---------   ------                 ---------- -------\n"
        "       3 Mar 04 11:59  Error       Service Control M...         7034 The Orders service ended unexpectedly.\n"
        "\n"
    )
    assert text(machine, "(Get-EventLog System -EntryType Error, Warning).Count") == "2\n"
    assert text(machine, "(Get-EventLog System -Source Disk -After '3/4/2026').Message").startswith(
        "The device reported"
    )
    assert "Application" in text(machine, "Get-EventLog -List")


def test_the_absence_of_events_is_reported(machine: Machine):
    shell = WindowsShell(machine)
    assert (
        'There is not an event log on the localhost computer that matches "Nope".' in shell.run("Get-WinEvent Nope")[1]
    )
    assert "No events were found that match" in shell.run("Get-WinEvent -FilterHashtable @{LogName='Security'}")[1]
    assert "The event log 'Nope' on computer '.' does not exist." in shell.run("Get-EventLog Nope")[1]
    assert "No matches found" in shell.run("Get-EventLog Security")[1]


# --- the network ----------------------------------------------------------------------------------------------------


def test_hosts_of_the_fleet_answer_and_others_do_not(machine: Machine):
    shell = WindowsShell(machine)
    assert shell.run("Test-Connection lin1, 10.0.1.8, 10.0.9.99 -Count 1 -Quiet")[0] == "True\nTrue\nFalse\n"
    assert "Received = 2, Lost = 0 (0% loss)" in shell.run("ping -n 2 lin1")[0]
    assert shell.run("ping nowhere") == (
        "Ping request could not find host nowhere. Please check the name and try again.\n",
        "",
        1,
    )
    assert "failed: No such host is known" in shell.run("Test-Connection nowhere")[1]
    assert "WEB01         lin1            10.0.1.8" in shell.run("Test-Connection lin1 -Count 1")[0]
    assert shell.run("ping -t lin1")[2] == 124


def test_ports_answer_where_somebody_listens(machine: Machine):
    assert text(machine, "(Test-NetConnection lin1 -Port 22).TcpTestSucceeded") == "True\n"
    assert text(machine, "Test-NetConnection lin1 -Port 9999 -InformationLevel Quiet").endswith("False\n")
    assert "PingSucceeded          : True" in text(machine, "tnc lin1")
    listening = json.loads(
        text(machine, "Get-NetTCPConnection -State Listen | select LocalPort, OwningProcess | ConvertTo-Json")
    )
    rows = listening if isinstance(listening, list) else [listening]
    ports = {port for service in machine.host.services.values() if service.state == "active" for port in service.ports}
    assert {row["LocalPort"] for row in rows} == ports
    assert len(text(machine, "netstat -ano | findstr LISTENING").splitlines()) == len(ports)
    assert "Unable to connect to the remote server" in WindowsShell(machine).run("iwr http://lin1:9999/")[1]
    assert "could not be resolved: 'example.com'" in WindowsShell(machine).run("curl https://example.com")[1]


# --- read back ------------------------------------------------------------------------------------------------------


def test_systeminfo_reads_back_as_the_host(machine: Machine):
    host = machine.host
    read = jc.parse("systeminfo", text(machine, "systeminfo"), quiet=True)
    assert isinstance(read, dict)
    assert read["host_name"] == "WEB01"
    assert read["os_name"] == host.system.name
    assert read["total_physical_memory_mb"] == host.memory.total // 1024
    assert read["available_physical_memory_mb"] == host.memory_available // 1024
    assert read["network_cards"][0]["ip_addresses"] == [host.address]
    assert read["system_boot_time_epoch_utc"] == host.boot


def test_ipconfig_reads_back_as_the_host(machine: Machine):
    for line in ("ipconfig", "ipconfig /all"):
        read = jc.parse("ipconfig", text(machine, line), quiet=True)
        assert isinstance(read, dict)
        assert read["adapters"][0]["ipv4_addresses"][0]["address"] == machine.host.address
    assert read["host_name"] == "web01"
    assert read["adapters"][0]["physical_address"] == machine.host.mac.upper().replace(":", "-")


def test_json_goes_out_and_comes_back(machine: Machine):
    line = "@{a = 1; b = @(1, 2.5, $true, $null); c = @{d = 'x'}} | ConvertTo-Json"
    assert json.loads(text(machine, line)) == {"a": 1, "b": [1, 2.5, True, None], "c": {"d": "x"}}
    assert text(machine, f"({line} | ConvertFrom-Json).c.d") == "x\n"
    assert text(machine, "@{a = @{b = @{c = @{d = 1}}}} | ConvertTo-Json -Compress -Depth 1") == (
        '{"a":{"b":"System.Collections.Hashtable"}}\n'
    )
    assert (
        text(machine, "Get-Volume C | select DriveLetter | ConvertTo-Csv -NoTypeInformation") == '"DriveLetter"\n"C"\n'
    )
