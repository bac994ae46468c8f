"""PowerShell's language: what a line means, piece by piece, on a host that it does not touch."""

from random import Random

import pytest

from fleet.draw import draw_host
from fleet.model import Machine
from fleet.windows.failure import Failure, ParseFailure
from fleet.windows.parse import parse
from fleet.windows.shell import WindowsShell
from fleet.windows.tree import CommandNode, Items, Literal, Pipeline


def run(line: str) -> tuple[str, str, int]:
    return WindowsShell(Machine(draw_host("web01", Random(3), "windows"))).run(line)


def value(line: str) -> str:
    stdout, stderr, code = run(line)
    assert (stderr, code) == ("", 0), stderr
    return stdout.rstrip("\n")


# --- reading --------------------------------------------------------------------------------------------------------


def test_words_with_commas_and_blanks_are_one_argument():
    (statement,) = parse("Select-Object Name, CPU").statements
    assert isinstance(statement, Pipeline)
    (command,) = statement.stages
    assert isinstance(command, CommandNode)
    assert command.elements == (Items((Literal("Name"), Literal("CPU"))),)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Get-Process |", "An empty pipe element is not allowed."),
        ("a && b", "The token '&&' is not a valid statement separator in this version."),
        ("(1, 2", "Missing closing ')' in expression."),
        ('"open', 'The string is missing the terminator: ".'),
        ("if ($true) { 1", "Missing closing '}' in statement block or type definition."),
        ("1 | 2", "Expressions are only allowed as the first element of a pipeline."),
        ("'x' +", "You must provide a value expression following the '+' operator."),
        ("@{a 1}", "Missing '=' operator after key in hash literal."),
        (")", "Unexpected token ')' in expression or statement."),
    ],
)
def test_a_line_that_is_no_powershell_is_refused_with_its_words(line: str, words: str):
    with pytest.raises(ParseFailure, match="^" + "".join(f"[{c}]" if c in "()[]{}.+*?|&$" else c for c in words)):
        parse(line)
    stdout, stderr, code = run(line)
    assert (stdout, code) == ("", 1)
    assert "ParserError: (:) [], ParentContainsErrorRecordException" in stderr
    assert stderr.startswith("At line:1 char:")


def test_nothing_of_a_line_that_does_not_parse_runs():
    stdout, stderr, _ = run("'before'; Get-Process |")
    assert stdout == ""
    assert "At line:1 char:24" in stderr


# --- values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("7 / 2", "3.5"),
        ("6 / 2", "3"),
        ("-7 % 3", "-1"),
        ("1.5GB / 1MB", "1536"),
        ("2kb", "2048"),
        ("0x10", "16"),
        ("'5' + 1", "51"),
        ("5 + '1'", "6"),
        ("0.1 + 0.2", "0.3"),
        ("9223372036854775807 + 1", "9.22337203685478E+18"),
        ("'ab' * 2", "abab"),
        ("-5 + 3", "-2"),
        ("'a' + 'b'.ToUpper()", "aB"),
        ("[math]::Round(2.5)", "2"),
        ("[math]::Round(3.14159, 2)", "3.14"),
        ("[math]::Floor(-1.5)", "-2"),
        ("[int]'42' + 1", "43"),
        ("[int]2.7", "3"),
        ("[string]5 + '0'", "50"),
        ("$null -eq $undefined", "True"),
        ("@(1, 2, 3).Count", "3"),
        ("(1, 2, 3)[-1]", "3"),
        ("'abc'.Length", "3"),
        ("@{a = 1; b = 2}.b", "2"),
        ("@{a = 1}['A']", "1"),
        ("'a,b,c'.Split(',')[1]", "b"),
        ("'a b' -split ' ' -join '+'", "a+b"),
        ("'1-2-3' -replace '-', ':'", "1:2:3"),
        ("'john smith' -replace '(\\w+) (\\w+)', '$2 $1'", "smith john"),
        ("' x '.Trim() + '|'", "x|"),
        ("'abc'.Substring(1, 1)", "b"),
        ("'7'.PadLeft(3, '0')", "007"),
        ("[math]::PI.ToString('N2')", "3.14"),
        ("([datetime]'2026-03-04').ToString('dd.MM.yy')", "04.03.26"),
        ("([datetime]'2026-03-04').AddDays(-4).Day", "28"),
        ("([datetime]'2026-03-04' - [datetime]'2026-03-01').TotalHours", "72"),
        ("[pscustomobject]@{a = 1}.a", "1"),
        ("-join ('a', 'b')", "ab"),
        ("(1..4 | ForEach-Object { $_ * $_ }) -join ' '", "1 4 9 16"),
        ("(3..1) -join ''", "321"),
    ],
)
def test_an_expression_has_its_value(line: str, expected: str):
    assert value(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("'Abc' -eq 'aBC'", "True"),
        ("'Abc' -ceq 'aBC'", "False"),
        ("10 -gt '9'", "True"),
        ("'10' -gt '9'", "False"),
        ("'web01' -like 'WEB*'", "True"),
        ("'web01' -notlike '*02'", "True"),
        ("'error 42' -match '\\d+'", "True"),
        ("1, 2, 3 -contains 2", "True"),
        ("4 -in 1, 2", "False"),
        ("(1, 2, 3 -gt 1) -join ','", "2,3"),
        ("$true -and -not $false", "True"),
        ("!(1 -eq 1) -or 2 -lt 3", "True"),
        ("5 -is [int]", "True"),
        ("'x' -as [int] -eq $null", "True"),
    ],
)
def test_comparisons_follow_their_left_side(line: str, expected: str):
    assert value(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('$x = 5; "a $x b"', "a 5 b"),
        ('$s = \'q\'; "$($s.Length + 1) `"$s`""', '2 "q"'),
        ("'single $x'", "single $x"),
        ("'it''s'", "it's"),
        ('"a`tb"', "a\tb"),
        ('"$env:COMPUTERNAME"', "WEB01"),
        ("echo $env:SystemRoot\\Temp", "C:\\Windows\\Temp"),
        ("'{0:N1} GB on {1,-4}|{2:D3}' -f 1234.56, 'C:', 7", "1,234.6 GB on C:  |007"),
        ("'{0:P1} {1:X} {2:0.00}' -f 0.123, 255, 2", "12.3 % FF 2.00"),
        ("'{0:yyyy-MM-dd}' -f [datetime]'2026-03-04'", "2026-03-04"),
        ('"$(1, 2, 3)"', "1 2 3"),
        ("if ('ab12' -match '(?<n>\\d+)') { $matches['n'] }", "12"),
    ],
)
def test_texts_hold_values(line: str, expected: str):
    assert value(line) == expected


# --- statements -----------------------------------------------------------------------------------------------------


def test_if_takes_the_first_clause_that_holds():
    line = "$x = {}; if ($x -gt 5) {{ 'big' }} elseif ($x -gt 2) {{ 'middle' }} else {{ 'small' }}"
    assert [value(line.format(x)) for x in (9, 3, 1)] == ["big", "middle", "small"]


def test_foreach_visits_each_item_and_variables_add_up():
    assert value("$sum = 0; foreach ($n in 1..4) { $sum += $n }; $sum") == "10"


def test_try_catches_what_stop_makes_an_error_and_finally_runs():
    line = "try { Get-Service nope -ErrorAction Stop; 'not here' } catch { $_.Exception.Message } finally { 'done' }"
    assert value(line) == "Cannot find any service with service name 'nope'.\ndone"


def test_throw_is_caught_but_a_bound_is_not():
    assert value("try { throw 'boom' } catch { \"got $_\" }") == "got boom"
    stdout, stderr, code = run("try { 'a' * 1GB } catch { 'caught' }; 'after'")
    assert (stdout, code) == ("", 1)
    assert "OutOfMemoryException" in stderr


def test_an_error_ends_its_statement_and_the_next_one_runs():
    stdout, stderr, code = run("1/0; 'next'")
    assert (stdout, code) == ("next\n", 0)
    assert stderr.startswith("Attempted to divide by zero.\nAt line:1 char:1\n+ 1/0; 'next'\n")


def test_the_exit_code_is_that_of_the_last_statement_or_of_exit():
    assert run("Get-Service nope; 'fine'")[2] == 0
    assert run("'fine'; Get-Service nope")[2] == 1
    assert run("'a'; exit 3; 'b'") == ("a\n", "", 3)


def test_errors_can_be_sent_away_or_into_the_output():
    assert run("Get-Service nope 2>$null") == ("", "", 1)
    stdout, stderr, _ = run("Get-Service nope 2>&1 | Out-String")
    assert "Cannot find any service" in stdout
    assert stderr == ""
    assert run("Get-Service nope -ErrorAction SilentlyContinue") == ("", "", 1)
    assert run("$ErrorActionPreference = 'SilentlyContinue'; Get-Service nope")[1] == ""


def test_every_line_is_a_process_of_its_own():
    shell = WindowsShell(Machine(draw_host("web01", Random(3), "windows")))
    shell.run("$x = 41; $ErrorActionPreference = 'SilentlyContinue'; mkdir C:\\Made; cd C:\\Windows")
    assert shell.run("$x + 1; (pwd).Path; Test-Path C:\\Made")[0] == "1\nC:\\Users\\Administrator\nTrue\n"
    assert shell.run("Get-Service nosuch")[1] != ""


def test_a_second_powershell_runs_within_the_first():
    assert value('powershell -NoProfile -Command "(1 + 1)"') == "2"
    assert value("cmd /c echo hello there") == "hello there"


# --- parameters -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Get-Process -Foo 1", "A parameter cannot be found that matches parameter name 'Foo'."),
        ("ls -la /var/log", "Get-ChildItem : A parameter cannot be found that matches parameter name 'la'."),
        ("Get-Process -Name", "Missing an argument for parameter 'Name'."),
        ("Get-Location C:\\ D:\\", "A positional parameter cannot be found that accepts argument 'C:\\'."),
        ("Get-Process -Id abc", 'Cannot bind parameter \'Id\'. Cannot convert value "abc" to type "System.Int32".'),
        ("1 | Measure-Object -M", "Parameter cannot be processed because the parameter name 'M' is ambiguous."),
    ],
)
def test_a_parameter_that_does_not_fit_is_named(line: str, words: str):
    stdout, stderr, code = run(line)
    assert (stdout, code) == ("", 1)
    assert words in stderr


def test_parameters_may_be_shortened_and_joined_with_a_colon():
    assert value("(1..9 | select -f 2) -join ','") == "1,2"
    assert value("(1..9 | Select-Object -Last:2) -join ','") == "8,9"
    assert value("(3, 1, 2 | sort -desc) -join ','") == "3,2,1"


@pytest.mark.parametrize(
    "line", ["df -h", "free -m", "systemctl status nginx", "grep x y", "tail -f x", "sudo ls", "uname -a"]
)
def test_linux_commands_are_not_recognized(line: str):
    stdout, stderr, code = run(line)
    name = line.split()[0]
    assert (stdout, code) == ("", 1)
    assert stderr.startswith(
        f"{name} : The term '{name}' is not recognized as the name of a cmdlet, function, script file, "
        "or operable program."
    )
    assert f"+ {line}\n+ {'~' * len(name)}\n" in stderr
    assert "FullyQualifiedErrorId : CommandNotFoundException" in stderr


def test_a_failure_carries_its_words():
    with pytest.raises(Failure, match="too long"):
        parse("a" * 30_000)
