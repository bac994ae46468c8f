"""Scheduled tasks: the cmdlets and schtasks agree, and their times fit the clock, the last start and the logins."""

from dataclasses import replace
from datetime import datetime
from random import Random

import pytest

from fleet.draw import draw_host
from fleet.model import Host, Login, Machine
from fleet.windows.scheduled_tasks import scheduled_tasks
from fleet.windows.shell import WindowsShell
from fleet.windows.values import moment
from tests.fleet.answers import met

NOON = 1_772_625_600
"""Wednesday, 2026-03-04 12:00 UTC"""
DEFRAG = "\\Microsoft\\Windows\\Defrag\\"


@pytest.fixture(scope="module")
def host() -> Host:
    drawn = draw_host("web01", Random(3), "windows", NOON)
    return replace(drawn, boot=NOON - 7200, logins=(Login("ops", "pts/0", "10.0.0.9", NOON - 600),))


def told(host: Host, line: str) -> str:
    """What a line prints, which must neither fail nor be a gap."""
    stdout, stderr, gaps = met(host, line)
    assert (stderr, gaps) == ("", [])
    return stdout.rstrip("\n")


def test_tasks_are_a_table_of_path_name_and_state(host: Host):
    assert told(host, "Get-ScheduledTask ScheduledDefrag") == (
        f"\n{'TaskPath':<46} {'TaskName':<33} State\n{'--------':<46} {'--------':<33} -----\n"
        f"{DEFRAG:<46} {'ScheduledDefrag':<33} Ready"
    )


def test_schtasks_lists_the_same_tasks(host: Host):
    listed = told(host, "schtasks /query /fo csv /v | ConvertFrom-Csv | % TaskName").split("\n")
    assert set(told(host, "Get-ScheduledTask | % URI").split("\n")) <= set(listed)
    assert len({line for line in listed if line != "TaskName"}) == len(scheduled_tasks())


@pytest.mark.parametrize(
    ("name", "last", "following"),
    [
        ("Microsoft Compatibility Appraiser", "3/4/2026 3:00:00 AM", "3/5/2026 3:00:00 AM"),
        ("Consolidator", "3/4/2026 12:00:00 PM", "3/4/2026 6:00:00 PM"),
        ("SynchronizeTime", "3/1/2026 1:00:00 AM", "3/8/2026 1:00:00 AM"),
        ("Proxy", "3/4/2026 10:01:35 AM", ""),
        ("ServerManager", "3/4/2026 11:50:00 AM", ""),
        ("PolicyConverter", "11/30/1999 12:00:00 AM", ""),
    ],
)
def test_a_task_ran_when_its_trigger_says(host: Host, name: str, last: str, following: str):
    assert (
        told(host, f"$i = Get-ScheduledTask '{name}' | Get-ScheduledTaskInfo; '' + $i.LastRunTime.ToString()") == last
    )
    shown = told(host, f"Get-ScheduledTask '{name}' | Get-ScheduledTaskInfo | fl NextRunTime").strip()
    assert shown == f"NextRunTime : {following}".rstrip()
    path = told(host, f"(Get-ScheduledTask '{name}').URI")
    verbose = told(host, f'schtasks /query /tn "{path}" /v /fo list').splitlines()
    assert f"Last Run Time:                        {last}" in verbose
    assert f"Next Run Time:                        {following or 'N/A'}" in verbose


def test_no_task_ran_later_than_now_or_runs_earlier(host: Host):
    for second in range(0, 7 * 86_400, 5003):
        later = replace(host, now=NOON + second)
        for task in scheduled_tasks():
            assert (task.last_run(later) or 0) <= later.now < (task.next_run(later) or later.now + 1)
    assert moment(NOON).weekday() == datetime(2026, 3, 4).weekday()


def test_a_task_that_is_disabled_has_never_run(host: Host):
    codes = told(host, "Get-ScheduledTask | ? State -eq Disabled | Get-ScheduledTaskInfo | % LastTaskResult")
    assert set(codes.split("\n")) == {"267011"}


def test_actions_are_programs_or_handlers(host: Host):
    assert told(host, "(Get-ScheduledTask ScheduledDefrag).Actions.Execute") == r"%windir%\system32\defrag.exe"
    assert told(host, "(Get-ScheduledTask ScheduledDefrag).Actions.Arguments") == "-c -h -o -$"
    assert "ClassId" in told(host, "(Get-ScheduledTask RegIdleBackup).Actions")
    assert told(host, "(Get-ScheduledTask SynchronizeTime).Principal.UserId") == "LOCAL SERVICE"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Get-ScheduledTask nosuch", "No MSFT_ScheduledTask objects found with property 'TaskName' equal to 'nosuch'."),
        ("Get-ScheduledTask -TaskPath '\\'", "CmdletizationQuery_NotFound_TaskPath,Get-ScheduledTask"),
        ("Get-ScheduledTaskInfo ScheduledDefrag", "The system cannot find the file specified."),
        ("schtasks /query /tn nosuch", "ERROR: The system cannot find the file specified."),
        ("schtasks /query /fo foo", "ERROR: Invalid value for /FO option."),
        ("schtasks /foo", "ERROR: Invalid argument/option - '/foo'."),
    ],
)
def test_what_is_not_there_is_refused_in_their_own_words(host: Host, line: str, words: str):
    machine = Machine(host)
    _, stderr, code = WindowsShell(machine).run(line)
    assert (words in stderr, code, machine.gaps) == (True, 1, [])


def test_a_name_may_be_a_whole_path(host: Host):
    assert told(host, f"(Get-ScheduledTaskInfo '{DEFRAG}ScheduledDefrag').TaskPath") == DEFRAG


def test_a_wildcard_may_find_nothing(host: Host):
    assert told(host, "Get-ScheduledTask nosuch*") == ""


@pytest.mark.parametrize(
    "line",
    [
        "Get-ScheduledTask SilentCleanup",
        "Get-ScheduledTask -TaskPath '\\Microsoft\\Windows\\Foo\\'",
        "schtasks /query /tn \\Microsoft\\Windows\\Foo\\Bar",
        "schtasks /run /tn x",
        "schtasks /query /xml",
        "Start-ScheduledTask ScheduledDefrag",
    ],
)
def test_what_only_a_real_host_has_or_does_is_a_gap(host: Host, line: str):
    assert len(met(host, line)[2]) == 1
