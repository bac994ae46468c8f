"""Services, processes and the machine itself on a simulated Windows host: what commands say and what they change."""

import json
from dataclasses import replace
from random import Random

import pytest

from fleet.draw import draw_host
from fleet.model import Machine
from fleet.ports import main_process
from fleet.windows.shell import WindowsShell
from scenarios.trouble import add_process, fill_disk, with_service

BINARY = r"C:\Apps\Tools\cruncher.exe --all"


def windows(*services: str, culprit: bool = False) -> tuple[WindowsShell, Machine]:
    host = replace(draw_host("web01", Random(5), "windows"), services={}, processes=(), journal=())
    host = replace(host, processes=draw_host("web01", Random(5), "windows").processes[:5])
    for name in services:
        host = with_service(host, name)
    if culprit:
        host, _ = add_process(host, BINARY, cpu=380.0, resident=900_000, user="SYSTEM")
    machine = Machine(host)
    return WindowsShell(machine), machine


# --- services -------------------------------------------------------------------------------------------------------


def test_services_are_listed_by_name_with_their_state():
    shell, _ = windows("W3SVC", "Spooler")
    shell.run("Stop-Service Spooler")
    assert shell.run("Get-Service")[0] == (
        "\n"
        "Status   Name               DisplayName\n"
        "------   ----               -----------\n"
        "Stopped  Spooler            Print Spooler\n"
        "Running  W3SVC              World Wide Web Publishing Service\n"
        "\n"
    )


def test_stopping_starting_and_restarting_change_the_host():
    shell, machine = windows("Spooler")
    first = main_process(machine.host, "Spooler")
    assert shell.run("Stop-Service -Name Spooler -Force") == ("", "", 0)
    assert machine.host.services["Spooler"].state == "inactive"
    assert main_process(machine.host, "Spooler") is None
    assert shell.run("Start-Service 'Print Spooler'") == ("", "", 0)
    assert (
        shell.run("Get-Service Spooler | Restart-Service -PassThru | select -ExpandProperty Status")[0] == "Running\n"
    )
    assert machine.host.services["Spooler"].restarts == 1
    assert main_process(machine.host, "Spooler") != first


def test_a_full_disk_keeps_a_service_from_starting_and_room_lets_it():
    shell, machine = windows("W3SVC")
    shell.run("Stop-Service W3SVC")
    log = r"C:\inetpub\logs\trace.log"
    machine.host = fill_disk(machine.host, log, 100)
    stdout, stderr, code = shell.run("Start-Service W3SVC")
    assert (stdout, code) == ("", 1)
    assert stderr.startswith(
        "Start-Service : Service 'World Wide Web Publishing Service (W3SVC)' cannot be started due to the "
        "following error: Cannot start service W3SVC on computer '.'.\nAt line:1 char:1\n"
    )
    events = shell.run("Get-WinEvent -FilterHashtable @{LogName='System'; Level=2} | select -Expand Message")[0]
    assert "There is not enough space on the disk." in events
    assert shell.run(f"Remove-Item {log}") == ("", "", 0)
    assert shell.run("Start-Service W3SVC") == ("", "", 0)
    assert machine.host.services["W3SVC"].state == "active"


def test_an_unknown_service_is_reported_and_the_others_go_on():
    shell, _ = windows("Spooler")
    stdout, stderr, code = shell.run("Get-Service nope, Spooler | Select-Object -ExpandProperty Name")
    assert (stdout, code) == ("Spooler\n", 1)
    assert stderr == (
        "Get-Service : Cannot find any service with service name 'nope'.\n"
        "At line:1 char:1\n"
        "+ Get-Service nope, Spooler | Select-Object -ExpandProperty Name\n"
        "+ ~~~~~~~~~~~~~~~~~~~~~~~~~\n"
        "    + CategoryInfo          : ObjectNotFound: (nope:String) [Get-Service], ServiceCommandException\n"
        "    + FullyQualifiedErrorId : NoServiceFoundForGivenName,Microsoft.PowerShell.Commands.GetServiceCommand\n"
    )


def test_a_pattern_that_fits_no_service_is_no_error():
    shell, _ = windows("Spooler")
    assert shell.run("Get-Service zz*") == ("", "", 0)


def test_set_service_changes_the_start_type_and_the_state():
    shell, machine = windows("Spooler")
    assert shell.run("Set-Service Spooler -StartupType Disabled -Status Stopped") == ("", "", 0)
    service = machine.host.services["Spooler"]
    assert (service.enabled, service.state) == (False, "inactive")
    assert shell.run("(Get-Service Spooler).StartType")[0] == "Disabled\n"
    assert "Unable to match the identifier name sometimes" in shell.run("Set-Service Spooler -StartupType sometimes")[1]


def test_what_if_says_what_would_be_done_and_does_not():
    shell, machine = windows("Spooler")
    before = machine.host.services
    text = shell.run("Stop-Service Spooler -WhatIf")[0]
    assert text == 'What if: Performing the operation "Stop-Service" on target "Print Spooler (Spooler)".\n'
    assert machine.host.services == before


def test_sc_and_net_say_the_same_as_the_state():
    shell, machine = windows("Spooler")
    assert "        STATE              : 4  RUNNING\n" in shell.run("sc.exe query Spooler")[0]
    assert shell.run("net stop spooler")[0].endswith("The Print Spooler service was stopped successfully.\n")
    assert machine.host.services["Spooler"].state == "inactive"
    assert "STATE              : 1  STOPPED" in shell.run("sc.exe query Spooler")[0]
    stdout, _, code = shell.run("net stop Spooler")
    assert (stdout.splitlines()[0], code) == ("The Print Spooler service is not started.", 1)
    assert "4  RUNNING" in shell.run("sc.exe start Spooler")[0]
    assert "AUTO_START" in shell.run("sc.exe qc Spooler")[0]
    shell.run("sc.exe config Spooler start= demand")
    assert not machine.host.services["Spooler"].enabled
    assert "FAILED 1060" in shell.run("sc.exe query nope")[0]
    assert "   Print Spooler\n" in shell.run("net start")[0]
    assert "DISPLAY_NAME: Print Spooler" in shell.run("sc.exe query")[0]
    assert "The service name is invalid." in shell.run("net start nope")[0]
    assert "PID                : " in shell.run("sc.exe queryex Spooler")[0]


# --- processes ------------------------------------------------------------------------------------------------------


def test_processes_have_the_columns_of_powershell():
    shell, machine = windows()
    system = next(p for p in machine.host.processes if p.pid == 4)
    text = shell.run("Get-Process -Id 4")[0]
    assert text == (
        "\n"
        "Handles  NPM(K)    PM(K)      WS(K)     CPU(s)     Id  SI ProcessName\n"
        "-------  ------    -----      -----     ------     --  -- -----------\n"
        f"     65       0      112        140 {system.seconds:>10,.2f}      4   0 System\n"
        "\n"
    )


def test_the_largest_process_is_found_by_sorting():
    shell, _ = windows("Spooler", culprit=True)
    column = "@{n='MB';e={[math]::Round($_.WS/1MB)}}"
    line = f"Get-Process | Sort-Object WorkingSet -Descending | Select-Object -First 1 Name, {column}"
    assert shell.run(line)[0] == "\nName      MB\n----      --\ncruncher 879\n\n"


def test_stopping_the_culprit_lowers_the_load():
    shell, machine = windows(culprit=True)
    machine.host = replace(machine.host, waiting=0.0, system=replace(machine.host.system, cores=4))
    load = "(Get-CimInstance Win32_Processor).LoadPercentage"
    assert int(shell.run(load)[0]) >= 95
    assert shell.run("Stop-Process -Name cruncher -Force") == ("", "", 0)
    assert int(shell.run(load)[0]) <= 5
    assert 'Get-Process : Cannot find a process with the name "cruncher".' in shell.run("Get-Process cruncher")[1]


def test_windows_own_processes_cannot_be_stopped():
    shell, machine = windows()
    before = machine.host.processes
    stdout, stderr, code = shell.run("Stop-Process -Id 4 -Force")
    assert (stdout, code) == ("", 1)
    assert 'Cannot stop process "System (4)" because of the following error: Access is denied' in stderr
    assert "Access is denied." in shell.run("taskkill /PID 4 /F")[0]
    assert machine.host.processes == before


def test_a_killed_service_process_leaves_a_failed_service():
    shell, machine = windows("Spooler")
    main = main_process(machine.host, "Spooler")
    assert main is not None
    assert shell.run(f"taskkill /PID {main.pid} /F") == (
        f"SUCCESS: The process with PID {main.pid} has been terminated.\n",
        "",
        0,
    )
    assert machine.host.services["Spooler"].state == "failed"


def test_tasklist_filters_by_name_and_shows_services():
    shell, machine = windows("Spooler")
    main = main_process(machine.host, "Spooler")
    assert main is not None
    text = shell.run('tasklist /FI "IMAGENAME eq spoolsv.exe"')[0]
    assert text.splitlines()[1:] == [
        "Image Name                     PID Session Name        Session#    Mem Usage",
        "========================= ======== ================ =========== ============",
        f"spoolsv.exe               {main.pid:>8} Services                   0 {main.resident:>10,} K",
    ]
    assert shell.run("tasklist /svc | findstr /i spooler")[0].split() == ["spoolsv.exe", str(main.pid), "Spooler"]
    assert "INFO: No tasks are running" in shell.run('tasklist /FI "PID eq 1"')[0]
    assert shell.run("tasklist /FO CSV /NH")[0].startswith('"System","4","Services","0",')
    assert shell.run("taskkill /IM nope.exe")[0] == 'ERROR: The process "nope.exe" not found.\n'


def test_json_is_the_state():
    shell, machine = windows("Spooler", "W3SVC")
    services = json.loads(shell.run("Get-Service | Select-Object Name, DisplayName, Status | ConvertTo-Json")[0])
    assert {s["Name"]: s["DisplayName"] for s in services} == {s.name: s.title for s in machine.host.services.values()}
    assert {s["Status"] for s in services} == {4}
    processes = json.loads(
        shell.run("Get-CimInstance Win32_Process | select ProcessId, WorkingSetSize | ConvertTo-Json")[0]
    )
    assert {p["ProcessId"]: p["WorkingSetSize"] // 1024 for p in processes} == {
        p.pid: p.resident for p in machine.host.processes
    }


# --- the machine ----------------------------------------------------------------------------------------------------


def test_a_restart_begins_a_new_uptime_with_the_enabled_services():
    shell, machine = windows("Spooler", "W3SVC", culprit=True)
    shell.run("Set-Service Spooler -StartupType Manual")
    assert shell.run("Restart-Computer -Force") == ("", "", 0)
    assert machine.host.now - machine.host.boot < 120
    assert machine.host.services["Spooler"].state == "inactive"
    assert machine.host.services["W3SVC"].state == "active"
    assert not any("cruncher" in process.command for process in machine.host.processes)
    assert shell.run("[math]::Floor(((Get-Date) - (gcim Win32_OperatingSystem).LastBootUpTime).TotalHours)")[0] == "0\n"
    assert "Access is denied" in shell.run("Restart-Computer -ComputerName other")[1]


def test_memory_and_uptime_come_from_the_host():
    shell, machine = windows()
    host = machine.host
    row = json.loads(
        shell.run("Get-CimInstance Win32_OperatingSystem | select Total*Memory*, Free*, CSName | ConvertTo-Json")[0]
    )
    assert row["TotalVisibleMemorySize"] == host.memory.total
    assert row["FreePhysicalMemory"] == host.memory_available
    assert row["CSName"] == "WEB01"
    now = machine.host.now
    days = shell.run("((Get-Date) - (Get-CimInstance Win32_OperatingSystem).LastBootUpTime).Days")[0]
    assert int(days) == (now - host.boot) // 86_400
    boot = shell.run("$o = Get-WmiObject Win32_OperatingSystem; $o.ConvertToDateTime($o.LastBootUpTime).ToString('s')")[
        0
    ]
    assert boot.startswith("20")
    assert "T" in boot


def test_disks_come_from_the_host():
    shell, machine = windows()
    mount = next(m for m in machine.host.mounts if m.target == "C:")
    free = machine.host.available(mount) * 1024
    for line in (
        "(Get-CimInstance Win32_LogicalDisk -Filter \"DeviceID='C:'\").FreeSpace",
        "(Get-WmiObject Win32_LogicalDisk | ? DeviceID -eq 'C:').FreeSpace",
        "(Get-Volume -DriveLetter C).SizeRemaining",
        "(Get-PSDrive C).Free",
        "(Get-CimInstance -Query \"select * from Win32_LogicalDisk where DeviceID = 'C:'\").FreeSpace",
    ):
        assert int(shell.run(line)[0]) == free, line
    assert (
        f"FreeSpace={free}"
        in shell.run("wmic logicaldisk where drivetype=3 get freespace /value".replace("where drivetype=3 ", ""))[0]
    )


@pytest.mark.parametrize(
    "filter_", ["DriveType=3", "DriveType = 3 and Size > 0", "DeviceID like 'C%'", "Size<1 or DriveType=3"]
)
def test_wql_filters_choose_instances(filter_: str):
    shell, _ = windows()
    assert "C:" in shell.run(f'(Get-CimInstance Win32_LogicalDisk -Filter "{filter_}").DeviceID')[0]


def test_an_unknown_class_and_a_bad_filter_are_refused():
    shell, _ = windows()
    assert "Invalid class" in shell.run("Get-CimInstance Win32_Nope")[1]
    assert "Invalid query" in shell.run('Get-CimInstance Win32_LogicalDisk -Filter "what is it"')[1]


def test_the_same_host_and_lines_give_the_same_text():
    lines = ("Get-Process", "Stop-Service Spooler", "Get-WinEvent -LogName System", "systeminfo", "Get-Date")
    first, second = (windows("Spooler", "W3SVC") for _ in range(2))
    assert [first[0].run(line) for line in lines] == [second[0].run(line) for line in lines]
    assert first[1].host == second[1].host


def test_every_line_takes_a_second_and_sleep_takes_longer():
    shell, machine = windows()
    now = machine.host.now
    shell.run("hostname")
    shell.run("Start-Sleep -Seconds 30")
    assert machine.host.now == now + 32
