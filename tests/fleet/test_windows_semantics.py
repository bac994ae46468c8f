"""What Windows PowerShell 5.1 does where another version, or another shell, does something else."""

from random import Random

import pytest

from fleet.draw import draw_host
from fleet.model import File, Host, Machine
from fleet.windows.shell import WindowsShell
from tests.fleet.answers import met


@pytest.fixture(scope="module")
def host() -> Host:
    host = draw_host("web01", Random(3), "windows")
    host = host.with_file("C:/Data/a.txt", File("one\ntwo\n"))
    return host.with_file("C:/Data/sub/[b].txt", File("two\nthree two\n"))


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        # halves are rounded away from zero when formatted, to even when converted
        ("'{0:N0}' -f 2.5", "3"),
        ("'{0:N0}' -f -2.5", "-3"),
        ("'{0:N2}' -f 1.005", "1.01"),
        ("'{0:F1}' -f 0.25", "0.3"),
        ("'{0:P0}' -f 0.125", "13 %"),
        ("'{0:P1}' -f 0.12345", "12.3 %"),
        ("'{0:0.0}' -f 0.05", "0.1"),
        ("'{0:#,##0}' -f 1234.5", "1,235"),
        ("'{0:0%}' -f 0.005", "1%"),
        ("(2.5).ToString('N0')", "3"),
        ("'{0:N1}' -f -0.04", "0.0"),
        ("[int]2.5", "2"),
        # every session begins with its settings
        ("$ErrorActionPreference", "Continue"),
        ("$VerbosePreference", "SilentlyContinue"),
        ("$ErrorActionPreference = 'Stop'; $ErrorActionPreference", "Stop"),
        ("$MaximumHistoryCount", "4096"),
        ("[math]::Round(2.5)", "2"),
        ("[math]::Round(2.5, [MidpointRounding]::AwayFromZero)", "3"),
        ("[math]::Round(0.125, 2, 'AwayFromZero')", "0.13"),
        # cmdlets see an object's own properties only
        ("(gci C:\\Data -Recurse | measure Length -Sum).Sum", "22"),
        ("(gci C:\\Data -Recurse | measure Length).Count", "2"),
        ("(gci C:\\Data -Directory | select Length).Length -eq $null", "True"),
        ("@(gci C:\\Data -Recurse | ? Length -ge 1).Count", "2"),
        ("(1, 2 | select Count | ? Count).Count", "0"),
        # $? is the statement before
        ("gi C:\\nosuch -EA SilentlyContinue; $?", "False"),
        ("gi C:\\nosuch -EA 0 | Out-Null; $?", "False"),
        ("gsv nosuch -ErrorAction Ignore; if (-not $?) { 'no' }", "no"),
        ("gi C:\\Data | Out-Null; $?", "True"),
        ("gi C:\\nosuch -EA SilentlyContinue; 1 | Out-Null; $?", "True"),
        ("gi C:\\nosuch -EA SilentlyContinue -ErrorVariable e; $e.Count", "1"),
        # literal paths, and wildcards in others
        ("(gc -LiteralPath 'C:\\Data\\sub\\[b].txt').Count", "2"),
        ("(gc 'C:\\Data\\sub\\`[b`].txt').Count", "2"),
        ("Test-Path 'C:\\Data\\sub\\[b].txt'", "False"),
        ("Test-Path -LiteralPath 'C:\\Data\\sub\\[b].txt'", "True"),
        ("(gci C:\\Data\\[a-b].txt).Name", "a.txt"),
        # Select-String
        ("('two two' | sls two).Matches.Count", "1"),
        ("('two two' | sls two -AllMatches).Matches.Count", "2"),
        ("('a=1' | sls '(\\w)=(\\d)').Matches[0].Groups[2].Value", "1"),
        ("(sls -InputObject 'x1' -Pattern '\\d').Line", "x1"),
        # loops and choices
        ("$i = 0; while ($i -lt 3) { $i; $i++ }", "0\n1\n2"),
        ("for ($i = 1; $i -le 3; $i++) { if ($i -eq 2) { continue }; $i }", "1\n3"),
        ("foreach ($i in 1..9) { $i; if ($i -eq 2) { break } }; 'end'", "1\n2\nend"),
        ("$i = 5; do { $i; $i-- } while ($i -gt 4)", "5"),
        ("$i = 1; do { $i; $i += 1 } until ($i -gt 2)", "1\n2"),
        ("for ($i = 3; $i; $i--) { $i }", "3\n2\n1"),
        ("switch (3) { 1 { 'a' } 3 { 'b' } default { 'c' } }", "b"),
        ("switch ('Running') { running { 'up' } { $_ -like 'R*' } { 'too' } }", "up\ntoo"),
        ("switch ('Running') { running { 'up'; break } { $true } { 'too' } }", "up"),
        ("switch -Wildcard ('a1', 'b') { 'a*' { \"$_!\" } default { 'no' } }", "a1!\nno"),
        ("switch -Regex ('x7') { '(\\d)' { $Matches[1] } }", "7"),
        ("switch -CaseSensitive ('A') { a { 1 } A { 2 } }", "2"),
        ("$r = foreach ($i in 1..3) { $i * 2 }; $r -join ','", "2,4,6"),
        ("& { 1; return 2; 3 }", "1\n2"),
        ("1..3 | ForEach-Object { if ($_ -eq 2) { return }; $_ }", "1\n3"),
        ("try { 'a'; throw 'x' } catch { $_.Exception.Message } finally { 'z' }", "a\nx\nz"),
        # comparing, tables in text, parts of paths, streams
        ("(Compare-Object (1, 2, 3) (2, 3, 4) | % { $_.SideIndicator + $_.InputObject }) -join ','", "=>4,<=1"),
        ("(diff 'a','B' 'b','c' -IncludeEqual | % { $_.SideIndicator + $_.InputObject }) -join ','", "==B,=>c,<=a"),
        ("@(Compare-Object 'a' 'A' -CaseSensitive).Count", "2"),
        ("(Get-FileHash C:\\Data\\a.txt -Algorithm MD5).Hash", "2094B601DAAC3D68F5AED51D3C20F7CD"),
        ("'a', 'a', 'A' | gu", "a\nA"),
        ("[pscustomobject]@{a = 1; b = 'x y'} | Export-Csv C:\\Data\\t.csv -NoType; gc C:\\Data\\t.csv",
            '"a","b"\n"1","x y"'),
        ("'a;b', '1;2' | ConvertFrom-Csv -Delimiter ';' | % { $_.b }", "2"),
        ("[pscustomobject]@{a = 1} | epcsv C:\\Data\\t.csv; (ipcsv C:\\Data\\t.csv).a; (gc C:\\Data\\t.csv)[0]",
            "1\n#TYPE System.Management.Automation.PSCustomObject"),
        ("Join-Path C:\\a\\ \\b", "C:\\a\\b"),
        ("Split-Path C:\\a\\b.txt -Leaf; Split-Path C:\\a\\b.txt; Split-Path C:\\a", "b.txt\nC:\\a\nC:\\"),
        ("Split-Path C:\\a -Qualifier; Split-Path C:\\a -NoQualifier", "C:\n\\a"),
        ("Write-Warning 'low'; Write-Verbose 'more'; Write-Verbose 'most' -Verbose", "WARNING: low\nVERBOSE: most"),
        ("Write-Warning 'low' -WarningAction SilentlyContinue; 'x'", "x"),
        ("iex '1 + 1'", "2"),
        # dates
        ("([datetime]'2026-01-31').AddMonths(1).ToString('yyyy-MM-dd')", "2026-02-28"),
        ("([datetime]'2026-03-31').AddMonths(-13).ToString('yyyy-MM-dd')", "2025-02-28"),
        ("([datetime]'2024-02-29').AddYears(1).ToString('yyyy-MM-dd')", "2025-02-28"),
        ("([datetime]'2026-01-15').AddMonths(12).Year", "2027"),
        # spans of time
        ("([timespan]'1.02:03:04').TotalMinutes", "1563.06666666667"),
        ("([timespan]'00:30').TotalMinutes", "30"),
        ("([timespan]600000000).TotalMinutes", "1"),
        # functions
        ("function f { 'x'; return 1; 2 }; f", "x\n1"),
        ("function Add($a, $b = 2) { $a + $b }; Add 1; Add 1 5; Add -b 3 -a 4", "3\n6\n7"),
        ("function f { param([int]$n, [switch]$Twice) if ($Twice) { $n * 2 } else { $n } }; f '4' -Twice; f 4", "8\n4"),
        ("function f { $x = 2 }; $x = 1; f; $x", "1"),
        ("function f { $args.Count; $args[1] }; f a b c", "3\nb"),
        ("function Fact($n) { if ($n -le 1) { 1 } else { $n * (Fact ($n - 1)) } }; Fact 5", "120"),
        ("function Show-It { foreach ($i in $input) { \"<$i>\" } }; 1, 2 | Show-It", "<1>\n<2>"),
        # findstr and find have a dialect of their own
        ("'a+b', 'aab' | findstr a+b", "a+b"),
        ("'x{1}', 'x' | findstr 'x{1}'", "x{1}"),
        ("'cart', 'art' | findstr '\\<art'", "art"),
        ("'a.b', 'axb' | findstr 'a\\.b'", "a.b"),
        ("'a.b', 'axb' | findstr /l a.b", "a.b"),
        ("'d', '7' | findstr '\\d.*'", "d"),
        ("'ab', 'b', 'bc' | findstr /n /b b", "2:b\n3:bc"),
        ("'ab', 'B' | findstr /ix b", "B"),
        ("findstr /m two C:\\Data\\*.txt", "C:\\Data\\a.txt"),
        ("'a', 'b', 'aa' | find /c 'a'", "2"),
        ("find /n 'two' C:\\Data\\a.txt", "\n---------- C:\\DATA\\A.TXT\n[2]two"),
        # a file is as long as its encoding makes it
        ("'abc' > C:\\Data\\x; (gi C:\\Data\\x).Length", "12"),
        ("'abc' | Out-File C:\\Data\\x; 'd' >> C:\\Data\\x; (gi C:\\Data\\x).Length; gc C:\\Data\\x", "18\nabc\nd"),
        ("Set-Content C:\\Data\\x abc; (gi C:\\Data\\x).Length; ac C:\\Data\\x d; (gi C:\\Data\\x).Length", "5\n8"),
        ("'abc' | Set-Content C:\\Data\\x -Encoding UTF8; (gi C:\\Data\\x).Length", "8"),
        ("'abc' | Out-File C:\\Data\\x -Encoding ascii; cp C:\\Data\\x C:\\Data\\y; (gi C:\\Data\\y).Length", "5"),
        ("'abc' > C:\\Data\\x; clc C:\\Data\\x; (gi C:\\Data\\x).Length", "0"),
        ("Set-Content C:\\Data\\x abc -NoNewline; (gi C:\\Data\\x).Length", "3"),
        # names that are aliases, and programs behind them
        ("sc C:\\Data\\new.txt hello; gc C:\\Data\\new.txt", "hello"),
        ("(sc.exe query W32Time | Select-Object -First 2)[1] -like 'SERVICE_NAME:*'", None),
        ("cmd /c sc query nosuch | Select-Object -First 1", "[SC] EnumQueryServicesStatus:OpenService FAILED 1060:"),
    ],
)  # fmt: skip
def test_a_line_prints_what_powershell_5_prints(host: Host, line: str, printed: str | None):
    stdout, stderr, gaps = met(host, line)
    assert gaps == []
    if printed is not None:
        assert (stdout.rstrip("\n"), stderr) == (printed, "")


def test_selected_objects_of_different_classes_are_one_table(host: Host):
    assert met(host, "gci C:\\Data | select Name")[0].split() == ["Name", "----", "sub", "a.txt"]
    columns = "[pscustomobject]@{a=1}; [pscustomobject]@{b=2; a=3}"
    assert met(host, columns)[0].split() == ["a", "-", "1", "3"]


def test_nobody_is_there_to_confirm(host: Host):
    machine = Machine(host)
    _, stderr, code = WindowsShell(machine).run("Remove-Item C:\\Data\\a.txt -Confirm")
    assert stderr.startswith("Remove-Item : Windows PowerShell is in NonInteractive mode.")
    assert (code, "C:/Data/a.txt" in machine.host.files) == (1, True)
    assert WindowsShell(machine).run("Remove-Item C:\\Data\\a.txt -Confirm:$false") == ("", "", 0)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Start-Service W3SVC", "cannot be started due to the following error"),
        ("Restart-Service W3SVC", "cannot be started due to the following error"),
        ("sc.exe start W3SVC", "[SC] StartService FAILED 1058:"),
        ("net start W3SVC", "System error 1058 has occurred."),
        ("Set-Service W3SVC -Status Running", "cannot be started due to the following error"),
    ],
)
def test_a_disabled_service_cannot_be_started(line: str, words: str):
    from scenarios.trouble import with_service

    machine = Machine(with_service(draw_host("web01", Random(3), "windows"), "W3SVC"))
    shell = WindowsShell(machine)
    assert shell.run("Stop-Service W3SVC; Set-Service W3SVC -StartupType Disabled")[1] == ""
    assert shell.run("(Get-Service W3SVC).StartType")[0] == "Disabled\n"
    assert "4   DISABLED" in shell.run("sc.exe qc W3SVC")[0]
    stdout, stderr, code = shell.run(line)
    assert words in stdout + stderr
    assert (code, machine.host.services["W3SVC"].state) == (1, "inactive")
    shell.run("sc.exe config W3SVC start= demand; Start-Service W3SVC")
    assert machine.host.services["W3SVC"].state == "active"


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        # here-strings
        ('@"\n$env:COMPUTERNAME "q" $(1+2)\n"@', 'WEB01 "q" 3'),
        ("@'\n$x \"q\"\n'@", '$x "q"'),
        ('@"\n"@ -eq \'\'', "True"),
        # splatting
        ("$p = @{Path='C:\\Data'; Filter='a*'}; (gci @p).Name", "a.txt"),
        ("$a = 'C:\\Data\\a.txt', 'x'; Join-Path @a", "C:\\Data\\a.txt\\x"),
        ("function f($n, [switch]$v) { \"$n $v\" }; $h = @{n='q'; v=$true}; f @h", "q True"),
        # script blocks with parameters have a scope of their own
        ("& { param($a, $b = 5) $a * $b } 4", "20"),
        ('& { $z = 1 }; "[$z]"', "[]"),
        ('. { $z = 1 }; "[$z]"', "[1]"),
        # arrays of none and of one
        ("$x = @(); $x += 'a'; $x += 'b'; $x.Count", "2"),
        ("$x = @(1); $x.GetType().Name", "Object[]"),
        ("$h = @{k = @()}; $h.k.Count; $null -eq $h.k", "0\nFalse"),
        # enumerations
        ("(Get-Service WinRM).Status -eq 4", "True"),
        ("(Get-Service WinRM).Status -eq 'running'", "True"),
        ("[int](Get-Service WinRM).StartType", "2"),
        ("(Stop-Service WinRM -PassThru).Name; (Get-Service | sort Status)[0].Status", "WinRM\nStopped"),
        # operators and members of arrays and hash tables
        ("'a1b2' -split { $_ -match '\\d' }", "a\nb\n"),
        ("2 -shl 3; -16 -shr 2; 1 -shl 31", "16\n-4\n-2147483648"),
        ("$a = 'x', 'y'; $a.IndexOf('y'); $a.GetUpperBound(0)", "1\n1"),
        ("$h = @{a=1; b=2}; $h.Remove('A'); $h.Contains('b'); $h.Count", "True\n1"),
        ("(1..10 | select -Last 3 -Skip 2) -join ','; ('a', 'A', 'a' | select -Unique) -join ','", "6,7,8\na,A"),
        ("('b', 'A', 'a' | sort -CaseSensitive) -join ','; (gps | ? Name -ccontains x).Count", "a,A,b\n0"),
        ("(gci C:\\Data -File | measure Length, Name -Max | % Maximum) -join ','", "8,a.txt"),
        ("$g = 'a', 'b', 'A' | group -AsHashTable; $g['a'].Count; ('ab' | % Substring 1)", "2\nb"),
        ("pushd C:\\Data; (pwd).Path; popd; (pwd).Path", "C:\\Data\nC:\\Users\\Administrator"),
        ("$o = [pscustomobject]@{a=1}; $o | Add-Member b 2; $o | Add-Member NoteProperty c 3; $o.b + $o.c", "5"),
        ("sal when Get-Date; (when).Kind; sv x 5; $x; rv x; \"[$x]\"", "Local\n5\n[]"),
        # errors
        ("gi C:\\no -EA SilentlyContinue; gsv no -EA 0; $Error.Count; $Error[1].Exception.Message",
         "2\nCannot find path 'C:\\no' because it does not exist."),
        ("gi C:\\no -EA Ignore; $Error.Count", "0"),
        ("try { gi C:\\no -EA Stop } catch { $_.CategoryInfo.Category }", "ObjectNotFound"),
        ("(1..3 | select @{n='x'; e={1 / 0}}).Count", "3"),
        # several variables at once
        ("$a, $b = 1, 2, 3; \"$a|$b\"; $c, $d = 'x'; \"$c|$d\"", "1|2 3\nx|"),
        ("(gci C:\\Data -File | select Name -ExpandProperty Length)", "8"),
        ("ri C:\\Data\\a.txt -Verbose", 'VERBOSE: Performing the operation "Remove File" on target "C:\\Data\\a.txt".'),
        ("(mkdir C:\\Data\\new).LastWriteTime.Date -eq (Get-Date).Date", "True"),
        # which commands there are
        ("(gcm Get-Service, ls).Name -join ' '; (gcm ping).Path", "Get-Service ls\nC:\\Windows\\system32\\PING.EXE"),
        ("if (gcm docker -EA 0) { 'yes' } else { 'no' }", "no"),
        # cmd
        ("cmd /c exit 3; $LASTEXITCODE", "3"),
        ("cmd /c 'hostname && echo on || echo off'", "web01\non "),
        ("cmd /c 'echo a & exit 2'; $LASTEXITCODE", "a \n2"),
        # the environment's drive
        ("(gi Env:COMPUTERNAME).Value; Test-Path Env:\\nosuch; gc Env:OS", "WEB01\nFalse\nWindows_NT"),
    ],
)  # fmt: skip
def test_the_language_is_that_of_5_1(host: Host, line: str, printed: str):
    stdout, stderr, gaps = met(host, line)
    assert (stdout.removesuffix("\n"), stderr, gaps) == (printed, "", [])


def test_json_stands_under_the_bracket_that_holds_it(host: Host):
    line = '[ordered]@{a = 1; b = @{c = @{d = @{e = 1}}}; l = 1, 2; m = @(); n = "it\'s <b>"} | ConvertTo-Json'
    assert met(host, line)[0] == (
        "{\n"
        '    "a":  1,\n'
        '    "b":  {\n'
        '              "c":  {\n'
        '                        "d":  "System.Collections.Hashtable"\n'
        "                    }\n"
        "          },\n"
        '    "l":  [\n'
        "              1,\n"
        "              2\n"
        "          ],\n"
        '    "m":  [\n'
        "\n"
        "          ],\n"
        '    "n":  "it\\u0027s \\u003cb\\u003e"\n'
        "}\n"
    )
    assert met(host, "@{t = [datetime]'2026-03-04'; x = 2.0} | ConvertTo-Json -Compress")[0] == (
        '{"t":"\\/Date(1772582400000)\\/","x":2}\n'
    )
