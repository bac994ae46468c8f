"""What a Windows host lacks: the simulation's gaps are told apart from what no such host has."""

from random import Random

import pytest

from fleet.draw import draw_host
from fleet.model import File, Host
from tests.fleet.answers import met


@pytest.fixture(scope="module")
def host() -> Host:
    return draw_host("web01", Random(3), "windows").with_file("C:/Data/a.txt", File("one\ntwo\n"))


@pytest.mark.parametrize("line", ["Get-Uptime", "gci | sort -Top 1", "gci -FollowSymlinks", "gc a.txt -AsByteStream"])
def test_what_only_later_versions_have_is_unknown(host: Host, line: str):
    stdout, stderr, gaps = met(host, line)
    assert (stdout, gaps) == ("", [])
    assert "is not recognized" in stderr or "A parameter cannot be found" in stderr


@pytest.mark.parametrize(
    ("line", "lacks"),
    [
        ("gci -Hidden", "Get-ChildItem -Hidden"),
        ("gci -Attr Hidden", "Get-ChildItem -Attributes"),
        ("Get-Process -ComputerName x", "Get-Process -ComputerName"),
        ("Get-Process | group Name -Culture en-US", "Group-Object -Culture"),
        ("1 | ft -View x", "Format-Table -View"),
        ("sort -Culture en-US", "Sort-Object -Culture"),
        ("iwr http://localhost -OutFile x", "Invoke-WebRequest -OutFile"),
        ("Set-Service Spooler -Description x", "Set-Service -Description"),
        ("gci C:\\ -PipelineVariable x", "Get-ChildItem -PipelineVariable"),
    ],
)
def test_a_real_parameter_that_is_not_simulated_is_refused_and_is_a_gap(host: Host, line: str, lacks: str):
    stdout, stderr, gaps = met(host, line)
    assert (stdout, gaps) == ("", [lacks])
    assert "A parameter cannot be found that matches parameter name" in stderr


@pytest.mark.parametrize(
    "line", ["Start-ScheduledTask x", "nslookup -type=mx web01", "Get-NetNeighbor", "try { Get-Random } catch { }",
             "w32tm /query", "ipconfig /displaydns", "netstat -es", "whoami /groups", "systeminfo /fo csv", "net share",
             "sc.exe qfailure x",
             "wmic nic list", "wmic process where \"name='x'\" get name", "findstr /s x *.log", "query session",
             "Get-Acl C:\\ 2>$null", "cmd /c tree", "clear", "(New-TimeSpan -Hours 1) - (Get-Date)",
             "([regex]'b').Replace('abb', 'x', 1)", "[regex]::Replace('abc', 'b', {'x'})",
             "Get-Date | Out-File -NoNewline C:\\Data\\o.txt", "[datetime]::Foo", "[timespan]::MaxValue"]
)  # fmt: skip
def test_a_real_command_that_is_not_simulated_is_a_gap(host: Host, line: str):
    assert len(met(host, line)[2]) == 1


@pytest.mark.parametrize(
    "line", ["df -h", "Get-Foo", "pwsh -c 1", "Get-Error", "kubectl", "'Get-Acl'", "cmd /c nosuch"]
)
def test_what_no_such_host_has_is_no_gap(host: Host, line: str):
    assert met(host, line)[2] == []


@pytest.mark.parametrize("line", ["Get-Service -WhatIf", "gci -Confirm", "New-TimeSpan -WhatIf", "Out-String -WhatIf"])
def test_only_cmdlets_that_change_something_take_whatif(host: Host, line: str):
    assert "A parameter cannot be found that matches parameter name" in met(host, line)[1]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ipconfig /foo", "Error: unrecognized or incomplete command line."),
        ("tasklist /foo", "ERROR: Invalid argument/option - '/foo'."),
        ("whoami -x", "ERROR: Invalid argument/option - '-x'."),
        ("ping -z web01", "Bad option -z."),
    ],
)
def test_a_program_refuses_an_option_that_no_version_has(host: Host, line: str, words: str):
    stdout, _, gaps = met(host, line)
    assert gaps == []
    assert words in stdout


@pytest.mark.parametrize(
    ("line", "lacked"),
    [
        ("Set-Location HKLM:\\SOFTWARE", "HKLM:"),
        ("gci Cert:\\LocalMachine", "Cert:"),
        ("[System.Collections.ArrayList]@()", "[system.collections.arraylist]"),
        ("[Environment]::OSVersion", "[Environment]::OSVersion"),
        ("'abc'.IsNormalized()", "[System.String].IsNormalized()"),
        ("(Get-Service WinRM).Stop()", "[System.ServiceProcess.ServiceController].Stop()"),
        ("(Get-Process)[0].MainModule", "[System.Diagnostics.Process].MainModule"),
        ("cmd /c copy a b", "cmd /c copy"),
        ("Get-Command Get-Acl", "Get-Command Get-Acl"),
        ("Get-Variable PSVersionTable", "Get-Variable PSVersionTable"),
        ("Get-Service WinRM -RequiredServices", "Get-Service -RequiredServices"),
    ],
)
def test_what_only_a_real_host_has_is_a_gap(host: Host, line: str, lacked: str):
    assert met(host, line)[2] == [lacked]
