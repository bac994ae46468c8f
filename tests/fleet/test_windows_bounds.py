"""Whatever a line says, it gives text and a code, soon, the same each time, and touches only the simulated host."""

from random import Random
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.draw import draw_host
from fleet.model import Host, Machine
from fleet.windows import commands
from fleet.windows.failure import MAX_OUTPUT
from fleet.windows.shell import WindowsShell

HOST = draw_host("web01", Random(3), "windows")


def run(line: str, host: Host = HOST) -> tuple[str, str, int]:
    return WindowsShell(Machine(host)).run(line)


# --- every command --------------------------------------------------------------------------------------------------

USES = r"""
Where-Object: 1..3 | Where-Object { $_ -gt 1 }
ForEach-Object: 1..3 | ForEach-Object { $_ + 1 }
Sort-Object: 3, 1 | Sort-Object -Unique
Select-Object: Get-Process | Select-Object -First 1 -Property *
Measure-Object: 1..3 | Measure-Object -Sum
Group-Object: Get-Service | Group-Object Status
Write-Output: Write-Output a b
Write-Host: Write-Host a -NoNewline
Out-Null: 1 | Out-Null
New-Object: New-Object PSObject -Property @{a = 1}
Get-Variable: $x = 1; Get-Variable x -ValueOnly
Format-Table: Get-Service | Format-Table -AutoSize
Format-List: Get-Service | Format-List *
Get-ItemProperty: Get-ItemProperty HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Run
Get-ItemPropertyValue: gpv HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Run SecurityHealth
reg: reg query HKLM
Get-ScheduledTask: Get-ScheduledTask
Get-ScheduledTaskInfo: Get-ScheduledTask | Get-ScheduledTaskInfo
schtasks: schtasks
Get-NetRoute: Get-NetRoute
Get-NetIPConfiguration: Get-NetIPConfiguration
Get-DnsClientServerAddress: Get-DnsClientServerAddress
route: route print
Get-Job: Get-Job
Get-Host: (Get-Host).Version
Get-Culture: Get-Culture
Get-UICulture: Get-UICulture
Get-Package: Get-Package
Get-WindowsFeature: Get-WindowsFeature DNS
Test-WSMan: Test-WSMan
tzutil: tzutil /g
Format-Wide: Get-Service | Format-Wide Name
Out-String: Get-Service | Out-String -Width 80
Out-Host: 1 | Out-Host
Out-Default: 1 | Out-Default
ConvertTo-Json: Get-Process | ConvertTo-Json
ConvertFrom-Json: '[1, {"a": 2}]' | ConvertFrom-Json
ConvertTo-Csv: Get-Service | ConvertTo-Csv
Get-Member: Get-Service | Get-Member
Get-Process: Get-Process -Name s* -IncludeUserName
Stop-Process: Get-Process explorer | Stop-Process
Get-Service: gsv W*
Start-Service: Start-Service WinRM
Stop-Service: Stop-Service WinRM -Force
Restart-Service: Restart-Service WinRM
Set-Service: Set-Service WinRM -StartupType Manual
Get-Volume: Get-Volume
Get-PSDrive: Get-PSDrive
Get-Disk: Get-Disk
Get-Partition: Get-Partition -DriveLetter C
Get-CimInstance: Get-CimInstance Win32_ComputerSystem
Get-WmiObject: gwmi Win32_Service
Get-ComputerInfo: Get-ComputerInfo
Get-Content: Get-Content C:\Apps\Shop\app.log
Select-String: Select-String . C:\Apps\Shop\app.log
Test-Path: Test-Path C:\Windows
Get-Alias: Get-Alias gci
Get-Command: Get-Command Get-Service
Get-ChildItem: Get-ChildItem C:\ -Recurse
Get-Item: Get-Item C:\Apps
Resolve-Path: Resolve-Path C:\Apps\*
Set-Content: Set-Content C:\a.txt a
Add-Content: Add-Content C:\a.txt a
Out-File: Get-Service | Out-File C:\a.txt
Tee-Object: 1 | Tee-Object C:\a.txt
Clear-Content: Clear-Content C:\Apps\Shop\app.log
New-Item: New-Item C:\a.txt
mkdir: mkdir C:\Made
Remove-Item: Remove-Item C:\Apps -Recurse
Copy-Item: Copy-Item C:\Apps\Shop\app.log C:\b.log
Move-Item: Move-Item C:\Apps\Shop\app.log C:\b.log
Rename-Item: Rename-Item C:\Apps\Shop\app.log old.log
Get-Location: Get-Location
Set-Location: Set-Location C:\
Push-Location: Push-Location C:\
Pop-Location: Push-Location C:\; Pop-Location
Convert-Path: Convert-Path C:\Apps
Set-Variable: Set-Variable x 1
New-Variable: New-Variable x 1
Clear-Variable: $x = 1; Clear-Variable x
Remove-Variable: $x = 1; Remove-Variable x
Set-Alias: Set-Alias x Get-Date; x
New-Alias: New-Alias x Get-Date
Add-Member: [pscustomobject]@{a = 1} | Add-Member b 2 -PassThru
Get-WinEvent: Get-WinEvent -ListLog *
Get-EventLog: Get-EventLog System
Test-Connection: Test-Connection localhost -Count 1
Test-NetConnection: Test-NetConnection
Get-NetTCPConnection: Get-NetTCPConnection
Get-NetIPAddress: Get-NetIPAddress -AddressFamily IPv4
Get-NetAdapter: Get-NetAdapter
Resolve-DnsName: Resolve-DnsName web01
Invoke-WebRequest: (Invoke-WebRequest http://localhost:5985).StatusCode
Invoke-RestMethod: Invoke-RestMethod http://localhost:5985/x
Get-Date: Get-Date -Year 2026 -Month 1
New-TimeSpan: New-TimeSpan -Hours 2
Start-Sleep: Start-Sleep 1
Restart-Computer: Restart-Computer
Get-HotFix: Get-HotFix
Get-LocalUser: Get-LocalUser Adm*
Get-Counter: Get-Counter '\Memory\Available MBytes'
Get-TimeZone: Get-TimeZone
Compare-Object: Compare-Object (1, 2) (2, 3)
Get-Unique: 1, 1 | Get-Unique
Get-FileHash: Get-FileHash C:\Apps\Shop\app.log
Export-Csv: Get-Service | Export-Csv C:\a.csv
Import-Csv: Set-Content C:\a.csv 'a,b'; Import-Csv C:\a.csv
ConvertFrom-Csv: 'a,b', '1,2' | ConvertFrom-Csv
Write-Warning: Write-Warning x
Write-Verbose: Write-Verbose x -Verbose
Write-Debug: Write-Debug x
Write-Information: Write-Information x -InformationAction Continue
Write-Progress: Write-Progress x -PercentComplete 5
Invoke-Command: Invoke-Command { 1 }
ConvertFrom-StringData: 'a = 1' | ConvertFrom-StringData
Invoke-Expression: iex 'Get-Location'
Join-Path: Join-Path C:\ a
Split-Path: Split-Path C:\a\b
Get-ExecutionPolicy: Get-ExecutionPolicy
hostname: hostname
whoami: whoami
ipconfig: ipconfig
systeminfo: systeminfo
ping: ping localhost
netstat: netstat -an
nslookup: nslookup web01
tracert: tracert -d web01
where: where.exe ping
findstr: 'a' | findstr a
find: 'a' | find "a"
shutdown: shutdown /r /t 0
quser: quser
query: query user
powershell: powershell 1
cmd: cmd /c ver
tasklist: tasklist /v
taskkill: taskkill /im explorer.exe /f
sc: sc.exe query
net: net start
net1: net1 start
wmic: wmic os get caption
"""
LINES = {name: line for name, _, line in (use.partition(": ") for use in USES.strip().splitlines())}


@pytest.mark.parametrize("name", LINES)
def test_every_command_works_without_an_error(name: str):
    assert run(LINES[name])[1:] == ("", 0)


def test_no_command_is_left_out():
    refusing = {"Add-Type", "Write-Error"}
    names = {cmdlet.name for cmdlet in commands.CMDLETS.values()} | set(commands.NATIVES)
    assert names == set(LINES) | refusing


def test_every_alias_names_a_command():
    assert set(commands.ALIASES.values()) <= set(commands.CMDLETS)


# --- hostile lines --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("'a' * 1GB", "OutOfMemoryException"),
        ("$x = 'a' * 900000; $x + $x", "OutOfMemoryException"),
        ("1..1e9", "OutOfMemoryException"),
        ("1..[int64]::MaxValue", "OutOfMemoryException"),
        ("(1..40000) * 40000", "OutOfMemoryException"),
        ("'x'.PadLeft(2000000000)", "OutOfMemoryException"),
        ("'aaaa'.Replace('a', 'b' * 900000)", "OutOfMemoryException"),
        ("'{0,999999999}' -f 1", "Input string was not in a correct format"),
        ("'{9}' -f 1", "Index (zero based)"),
        ("(" * 100 + "1" + ")" * 100, "call depth overflow"),
        ("@{a=" * 100 + "1" + "}" * 100, "call depth overflow"),
        ("!" * 500 + "$x", "call depth overflow"),
        ("1" + "+1" * 5000, "call depth overflow"),
        ("$x" + ".a" * 5000, "call depth overflow"),
        ("a" * 30_000, "too long"),
        ("$b = { & $b }; & $b", "call depth overflow"),
        ("foreach ($i in 1..40000) { foreach ($j in 1..40000) { $k += 1 } }", "The pipeline has been stopped."),
        ("1..40000 | % { Get-Process } | Measure-Object", "The pipeline has been stopped."),
        ("1..40000 | % { Add-Content C:\\x.txt ('y' * 1000) }", "The pipeline has been stopped."),
        ("'x' -match '((a{1000}){1000}){1000}'", "The pipeline has been stopped."),
        ("'x' -match '(('", "parsing \"((\" - "),
        ("('a' * 5000 + '!') -match '((a)|(aa))*[c-z]$'", "The pipeline has been stopped."),
        ("(Get-Date).AddDays(1e300)", "Value to add was out of range."),
        ("[System.IO.File]::ReadAllText('C:\\x')", "Method invocation is supported only on core types"),
        ("[System.Diagnostics.Process]::Start('cmd')", "Method invocation is supported only on core types"),
        ("New-Object Net.WebClient", "Only core types are supported in this language mode."),
        ("Add-Type -TypeDefinition 'class A {}'", "Definition of new types is not supported"),
        ("Invoke-Expression 'df -h'", "The term 'df' is not recognized"),
        ("$c = 'iex $c'; iex $c", "call depth overflow"),
        ("Start-Process notepad", "The term 'Start-Process' is not recognized"),
        ("& 'C:\\evil.exe'", "The term 'C:\\evil.exe' is not recognized"),
        ("while ($true) { }", "The pipeline has been stopped."),
        ("for (;;) { $x = 1 }", "The pipeline has been stopped."),
        ("do { $x = 1 } until ($false)", "The pipeline has been stopped."),
        ("$x = 1; while ($x) { continue }", "The pipeline has been stopped."),
        ("function f { f }; f", "call depth overflow"),
        ("''.__class__()", "does not contain a method named '__class__'"),
        ("[pscustomobject]@{a = 1} | % { $_.__init__() }", "does not contain a method named '__init__'"),
    ],
)  # fmt: skip
def test_a_hostile_line_is_refused_soon(line: str, words: str):
    begun = process_time()
    stdout, stderr, code = run(line)
    assert process_time() - begun < 5
    assert (stdout, code) == ("", 1)
    assert words in stderr
    assert "Traceback" not in stderr


@pytest.mark.parametrize(
    "line",
    [
        "$a = ''; foreach ($i in 1..50) { $a = $a, $a }; \"$a\"; $a; $a.Foo; $a.Trim()",
        "$a = ''; foreach ($i in 1..50) { $a = $a, $a }; $a | ConvertTo-Json -Depth 99",
        '$x = 1; foreach ($i in 1..50) { $x = [pscustomobject]@{a = @($x, $x)} }; $x; "$x"',
        '$h = @{}; $h.a = $h; $h; $h | ConvertTo-Json -Depth 99; "$h"',
        "foreach ($i in 1..200) { 'y' * 900000 }",
    ],
)
def test_values_that_hold_themselves_stay_small(line: str):
    begun = process_time()
    stdout, stderr, _ = run(line)
    assert process_time() - begun < 5
    assert len(stdout) + len(stderr) < 2 * MAX_OUTPUT


def test_nothing_of_this_machine_is_seen():
    for line in (
        "Get-Content /etc/passwd",
        "Get-Content C:\\etc\\passwd",
        "ls /",
        "$env:PATH",
        "type \\\\server\\share\\x",
    ):
        assert "root:" not in "".join(map(str, run(line)))


# --- any text -------------------------------------------------------------------------------------------------------

WORDS = """
Get-Process | Get-Service Where-Object { } ( ) @{ $_ $x = += -eq -like -match -f -join -Property -First .Name .Count
[int] [math]::Round( 1 2.5 1GB 'a' "b$x" "$( , ; ` | % ? sort select ft fl ConvertTo-Json Get-Content C:\\ * -Recurse
if else foreach in try catch throw exit -split -replace .. [0] .ToString( 'N2' Measure-Object -Sum Set-Content
[timespan] [datetime] 1e400 -1 '5' @() $null -as -in -is .. -bor .Split( .AddDays( .Substring( -First -Skip -Format
Remove-Item Stop-Process -Name explorer taskkill ping localhost cmd /c > >> 2>&1 && - ! # @( @' "' & . ::
"""
PIECES = st.sampled_from([*WORDS.split(), "\n", " "])


@settings(max_examples=80, deadline=None)
@given(
    st.one_of(
        st.text(max_size=60), st.lists(PIECES, max_size=14).map(" ".join), st.lists(PIECES, max_size=14).map("".join)
    )
)
def test_any_text_gives_text_and_a_code_the_same_each_time(line: str):
    machine = Machine(HOST)
    first, second = WindowsShell(machine), WindowsShell(Machine(HOST))
    stdout, stderr, code = first.run(line)
    assert (stdout, stderr, code) == second.run(line)
    assert isinstance(code, int)
    assert [gap.what for gap in machine.gaps if gap.kind == "fault"] == []
    assert len(stdout) <= MAX_OUTPUT
    assert len(stderr) <= MAX_OUTPUT
    assert first.sync() == second.sync()
    assert first.sync().now > HOST.now
