"""Errors of Windows PowerShell: their words, how they are shown, and which `catch` catches them."""

from random import Random

import pytest

from fleet.draw import draw_host
from tests.fleet.answers import met

HOST = draw_host("web01", Random(3), "windows")


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        ("try { 1 / 0 } catch [System.FormatException] { 'format' } catch { 'other' }", "other"),
        ("try { 1 / 0 } catch [DivideByZeroException] { 'zero' } catch { 'other' }", "zero"),
        ("try { gi C:\\no -EA Stop } catch [System.Management.Automation.ItemNotFoundException] { 'none' }", "none"),
        ("try { [datetime]::Parse('x') } catch [FormatException], [System.IO.IOException] { 'one' }", "one"),
        ("try { gsv no -EA Stop } catch [System.SystemException] { $_.Exception.GetType().Name }",
         "ServiceCommandException"),
        ("try { try { 1 / 0 } catch [FormatException] { 'no' } finally { 'z' } } catch { 'outer' }", "z\nouter"),
        ("foreach ($i in 1..3) { try { if ($i -eq 2) { continue }; $i } finally { \"f$i\" } }", "1\nf1\nf2\n3\nf3"),
        ("function f { try { return 1 } finally { 'z' } }; f", "1\nz"),
        ("try { try { 1 / 0 } catch { throw } } catch { $_.FullyQualifiedErrorId }", "RuntimeException"),
        ("try { try { gi C:\\no -EA Stop } catch { throw $_ } } catch { $_.TargetObject }", "C:\\no"),
        ("try { 1 / 0 } catch { $_.Exception.InnerException.GetType().Name; $_.Exception }",
         "DivideByZeroException\nAttempted to divide by zero."),
    ],
)  # fmt: skip
def test_a_catch_catches_what_it_names(line: str, printed: str):
    assert met(HOST, line) == (f"{printed}\n", "", [])


def test_an_error_record_is_printed_as_the_error_was():
    record, error = met(HOST, "try { gsv no -EA Stop } catch { $_ }")[0], met(HOST, "gsv no -EA Stop")[1]
    assert record.splitlines()[0] == error.splitlines()[0]
    assert record.splitlines()[4:] == error.splitlines()[4:]


def test_an_error_shows_the_part_of_a_long_line_that_failed():
    """The lengths are those of PowerShell's PositionUtilities.VerboseMessage and ErrorCategoryInfo.Ellipsize."""
    path = "C:\\nosuch\\some\\very\\long\\path\\that\\is\\missing.txt"
    _, stderr, _ = met(
        HOST, f"Get-Service | Where-Object Status -eq Running | Select-Object Name | Out-Null; gi {path}"
    )
    _, where, shown, marks, category, _ = stderr.splitlines()
    assert where == "At line:1 char:80"
    assert shown == f"+ ... Name | Out-Null; gi {path}"
    assert marks == "+ " + " " * (shown.index("gi C:") - 2) + "~" * len(f"gi {path}")
    assert "(C:\\nosuch\\some\\...\\is\\missing.txt:String)" in category
    _, stderr, _ = met(HOST, "Get-Service nosuch -ErrorAction Continue | Select-Object Name, DisplayName, Status")
    assert stderr.splitlines()[2:4] == [
        "+ Get-Service nosuch -ErrorAction Continue | Select-Object Name, Displa ...",
        "+ ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~",
    ]


@pytest.mark.parametrize("name", ["cd", "Set-Location", "chdir"])
def test_an_error_names_the_command_as_it_was_typed(name: str):
    stderr = met(HOST, f"{name} C:\\nosuch")[1]
    assert stderr.startswith(f"{name} : Cannot find path 'C:\\nosuch' because it does not exist.\n")
    assert "[Set-Location], ItemNotFoundException" in stderr
    assert stderr.endswith("PathNotFound,Microsoft.PowerShell.Commands.SetLocationCommand\n")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Get-Item", "Cannot process command because of one or more missing mandatory parameters: Path."),
        ("Rename-Item C:\\Data\\a.txt", "missing mandatory parameters: NewName."),
        ("Get-Service -Name", "Specify a parameter of type 'System.String[]' and try again."),
        ("gc C:\\Data\\a.txt -Tail", "Specify a parameter of type 'System.Int32' and try again."),
        ("gci -F C:\\Data", "Possible matches include: -Filter -File -Force."),
        ("$a = 1; 1 / 0", "At line:1 char:9\n+ $a = 1; 1 / 0\n+         ~~~~~\n"),
        ("if (1) { $b = 5 % 0 }", "+ if (1) { $b = 5 % 0 }\n+          ~~~~~~~~~~\n"),
        ("[nosuch]::new()", "Unable to find type [nosuch]."),
        ("'a', 3 | measure -Sum", 'Input object "a" is not numeric.'),
        (
            "Set-Service WinRM -StartupType AutomaticDelayedStart",
            "try again:\nBoot, System, Automatic, Manual, Disabled",
        ),
        ("Get-Command nosuch", "(nosuch:String) [Get-Command], CommandNotFoundException"),
        ("nosuch", "(nosuch:String) [], CommandNotFoundException"),
    ],
)
def test_errors_are_in_the_words_of_5_1(line: str, words: str):
    _, stderr, gaps = met(HOST, line)
    assert words in stderr
    assert gaps == []


def test_each_item_reports_its_own_error():
    assert met(HOST, "1..3 | % { 1 / 0; $_ }")[1].count("Attempted to divide by zero.") == 3
