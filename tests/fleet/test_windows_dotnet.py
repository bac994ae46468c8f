"""Values on a Windows host are .NET Framework's: their formats, methods, static members and casts.

Formats, methods and static members were compared with .NET Core 2.1.30, which formats numbers as .NET Framework does:
of 15,000 drawn formats all agree, and of 10,000 drawn calls all but those that need a culture's tables.
"""

from random import Random

import pytest

from fleet.draw import draw_host
from fleet.model import Machine
from fleet.windows.shell import WindowsShell

HOST = draw_host("web01", Random(3), "windows")


def run(line: str) -> tuple[str, str]:
    machine = Machine(HOST)
    stdout, stderr, _ = WindowsShell(machine).run(line)
    assert machine.gaps == []
    return stdout.removesuffix("\n"), stderr


@pytest.mark.parametrize(
    ("item", "value", "text"),
    [
        ("{0:E}", "1234.5", "1.234500E+003"),
        ("{0:e2}", "0.00012", "1.20e-004"),
        ("{0:G3}", "1234.5", "1.23E+03"),
        ("{0:G}", "0.00001", "1E-05"),
        ("{0:X}", "-1", "FFFFFFFF"),
        ("{0:x8}", "255", "000000ff"),
        ("{0:D5}", "-42", "-00042"),
        ("{0:C}", "-1234.5", "($1,234.50)"),
        ("{0:R}", "(1/3)", "0.33333333333333331"),
        ("{0:#,##0.00;(0.0);zero}", "-5", "(5.0)"),
        ("{0:#,##0.00;(0.0);zero}", "0", "zero"),
        ("{0:0.0;(0.0);zero}", "0.04", "zero"),
        ("{0:0,,.0 M}", "1234567", "1.2 M"),
        ("{0:0.00E+00}", "12345.678", "1.23E+04"),
        ("{0:00'h' 0}", "123", "12h 3"),
        ("{0:\\#0}", "7", "#7"),
        ("{0:###-####}", "5551234", "555-1234"),
        ("{0:#}", "0", ""),
        ("{0,6:N1}|", "2.25", "   2.3|"),
        ("{0,-6}|", "5", "5     |"),
        ("{{{0}}}", "5", "{5}"),
        ("{0:%d}", "[datetime]'2026-03-04'", "4"),
        ("{0:ddd d MMM yy, h:mm tt}", "[datetime]'2026-03-04 15:07'", "Wed 4 Mar 26, 3:07 PM"),
        ("{0:o}", "[datetime]'2026-03-04'", "2026-03-04T00:00:00.0000000"),
        ("{0:o}", "([datetime]'2026-03-04').ToUniversalTime()", "2026-03-04T00:00:00.0000000Z"),
        ("{0:o}", "([datetime]'2026-03-04').ToLocalTime()", "2026-03-04T00:00:00.0000000+00:00"),
        ("{0:yyyy 'at' HH\\h}", "[datetime]'2026-03-04 09:00'", "2026 at 09h"),
        ("{0:hh\\:mm}", "[timespan]'1.02:03:04'", "02:03"),
        ("{0:%d}", "[timespan]'-1.02:03:04'", "1"),
        ("{0:g}", "[timespan]'1.02:03:04.5'", "1:2:03:04.5"),
        ("{0:G}", "[timespan]'02:03:04'", "0:02:03:04.0000000"),
    ],
)
def test_a_format_gives_what_dotnet_gives(item: str, value: str, text: str):
    assert run(f'"{item.replace("$", "`$")}" -f {value}') == (text, "")


@pytest.mark.parametrize(
    ("item", "value", "why"),
    [
        ("{0:D}", "1.5", "Format specifier was invalid."),
        ("{0:Q}", "1", "Format specifier was invalid."),
        ("{0:R}", "1", "Format specifier was invalid."),
        ("{0", "1", "Input string was not in a correct format."),
        ("}", "1", "Input string was not in a correct format."),
        ("{0:hh:mm}", "[timespan]'02:03'", "Input string was not in a correct format."),
        ("{0:HH\\:mm}", "[timespan]'02:03'", "Input string was not in a correct format."),
        ("{0:x}", "[datetime]'2026-03-04'", "Input string was not in a correct format."),
        (
            "{1}",
            "1",
            "Index (zero based) must be greater than or equal to zero and less than the size of the argument list.",
        ),
    ],
)
def test_what_dotnet_cannot_format_is_an_error_in_its_words(item: str, value: str, why: str):
    stdout, stderr = run(f"'{item}' -f {value}")
    assert stdout == ""
    assert stderr.startswith(f"Error formatting a string: {why}.\n")
    assert stderr.endswith("FullyQualifiedErrorId : FormatError\n")


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        ("'a,b,,c'.Split(',', 2)", "a\nb,,c"),
        ("'a,b,,c'.Split(',', [StringSplitOptions]::RemoveEmptyEntries)", "a\nb\nc"),
        ("'a--b'.Split([string[]]'--', 'None')", "a\nb"),
        ("'a,b;c'.Split(',;')", "a\nb\nc"),
        ("'a,,b,c'.Split(',', 2, 'RemoveEmptyEntries')", "a\nb,c"),
        ("'abc'.Insert(1, 'x'); 'abcd'.Remove(1, 2); 'abcd'.Remove(2)", "axbc\nad\nab"),
        ("'Abc'.StartsWith('a'); 'Abc'.StartsWith('a', 'OrdinalIgnoreCase')", "False\nTrue"),
        ("'Abc'.EndsWith('C', [StringComparison]::CurrentCultureIgnoreCase)", "True"),
        ("'abab'.IndexOf('b', 2); 'abAB'.IndexOf('A', 1); 'abAB'.LastIndexOf('b')", "3\n2\n1"),
        ("'abAB'.IndexOf('B', 'OrdinalIgnoreCase'); 'a;b,c'.IndexOfAny(',;')", "1\n1"),
        ("'xxabxx'.Trim('x'); 'xxabxx'.TrimEnd('x')", "ab\nxxab"),
        ("('ab'.ToCharArray() | % { [int]$_ }) -join ','", "97,98"),
        ("([datetime]'2026-03-04').AddDays(0.5).ToString('s')", "2026-03-04T12:00:00"),
        ("([datetime]'2026-03-04').Subtract([timespan]'1:00').ToString('u')", "2026-03-03 23:00:00Z"),
        ("([datetime]'2026-03-04').DayOfWeek; [int]([datetime]'2026-03-04').DayOfWeek", "Wednesday\n3"),
        ("([datetime]'2026-03-04').Kind; ([datetime]'2026-03-04T01:00:00Z').Kind", "Unspecified\nLocal"),
        ("[datetime]::DaysInMonth(2024, 2); [datetime]::IsLeapYear(1900)", "29\nFalse"),
        ("[timespan]::FromSeconds(90.0006).TotalMilliseconds; ([timespan]'1:00').Negate().TotalHours", "90001\n-1"),
        ("[math]::Round(1.115, 2); [math]::Round(2.675, 2); [math]::Round(-2.5); [math]::Floor(-2.5)",
         "1.12\n2.68\n-2\n-3"),
        ("[math]::Log(8, 2); [math]::Log(5, 1); [math]::Log(5, -1); [math]::Log(-5)", "3\nNaN\nNaN\nNaN"),
        ("[math]::Log10(1000); [math]::Sign(-3); [math]::Floor(2.5).GetType().Name", "3\n-1\nDouble"),
        ("[string]::Format('{0:N1}|{1}', 1.25, 'x'); [string]::Concat('a', 1)", "1.3|x\na1"),
        ("[Convert]::ToInt32('ff', 16); [Convert]::ToString(10, 2); [Convert]::ToString(-1, 16)",
         "255\n1010\nffffffff"),
        ("[Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes('hi'))", "aGk="),
        ("[Text.Encoding]::Unicode.GetString([Convert]::FromBase64String('aABpAA=='))", "hi"),
        ("[regex]::Matches('a1b22', '\\d+').Value -join ','; [regex]::Escape('a.b*c')", "1,22\na\\.b\\*c"),
        ("[regex]::Replace('aA', 'a', 'x'); [regex]::Replace('aA', 'a', 'x', 'IgnoreCase')", "xA\nxx"),
        ("([regex]'(\\d)(x)?').Match('a1').Groups[2].Success; [regex]::Split('a1b', '\\d') -join '|'", "False\na|b"),
    ],
)  # fmt: skip
def test_a_method_gives_what_dotnet_gives(line: str, printed: str):
    assert run(line) == (printed, "")


@pytest.mark.parametrize(
    ("call", "kind", "why"),
    [
        ("'abc'.Substring(4)", "ArgumentOutOfRange", "startIndex cannot be larger than length of string."),
        ("'abc'.Substring(1, 5)", "ArgumentOutOfRange", "Index and length must refer to a location within the string."),
        ("'abc'.Substring(-1)", "ArgumentOutOfRange", "StartIndex cannot be less than zero."),
        ("'abc'.Remove(3)", "ArgumentOutOfRange", "startIndex must be less than length of string."),
        ("'abc'.Replace('', 'x')", "Argument", "String cannot be of zero length."),
        ("[math]::Round(1.5, 16)", "ArgumentOutOfRange", "Rounding digits must be between 0 and 15, inclusive."),
        ("(1.5).ToString('D')", "Format", "Format specifier was invalid."),
        ("([timespan]'1:00').ToString('hh:mm')", "Format", "Input string was not in a correct format."),
        ("([datetime]'9999-12-31').AddDays(1)", "ArgumentOutOfRange",
         "The added or subtracted value results in an un-representable DateTime."),
        ("[datetime]::Parse('13/13/2026')", "Format", "String was not recognized as a valid DateTime."),
        ("[datetime]::Parse('tomorrow')", "Format",
         "The string was not recognized as a valid DateTime. There is an unknown word starting at index 0."),
    ],
)  # fmt: skip
def test_what_a_method_throws_is_an_error_in_dotnets_words(call: str, kind: str, why: str):
    stdout, stderr = run(call)
    assert stdout == ""
    assert f'argument(s): "{why}' in stderr
    assert stderr.endswith(f"FullyQualifiedErrorId : {kind}Exception\n")


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        ("[version]'10.0.9' -lt [version]'10.0.10'; [version]'1.2' -lt '1.2.0'", "True\nTrue"),
        ("('10.0.10', '10.0.9' | sort { [version]$_ }) -join ' '; ([version]'1.2.3').Minor", "10.0.9 10.0.10\n2"),
        ("[int[]]('1', '2') -join '|'; ([string[]](1, 2)).Count", "1|2\n2"),
        ("[char]65; [int][char]'A'; 'abc'[0].GetType().Name; [char]'a' + 1", "A\n65\nChar\n98"),
        ("[int]'2.5'; [int]'3.5'; [int]' 7 '; [int]'0x1F'; [double]'1,234.5'", "2\n4\n7\n31\n1234.5"),
        ("[datetime]'March 4, 2026 3:05 PM' -eq [datetime]'2026-03-04T15:05'", "True"),
        ("([datetime]'4 Mar 2026').Month; ([datetime]'3/4/26').Year; ([datetime]'2026-03').Day", "3\n2026\n1"),
    ],
)
def test_a_cast_converts_as_powershell_does(line: str, printed: str):
    assert run(line) == (printed, "")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("[int]3000000000", "Value was either too large or too small for an Int32."),
        ("[byte]300", "Value was either too large or too small for a Byte."),
        ("[int]'1_000'", "Input string was not in a correct format."),
        ("[char]'ab'", "String must be exactly one character long."),
        ("[version]'x.y'", "Input string was not in a correct format."),
        ("[version]'7'", "Version string portion was too short or too long."),
    ],
)
def test_what_cannot_be_cast_is_an_error(line: str, why: str):
    stdout, stderr = run(line)
    assert stdout == ""
    assert f'Error: "{why}' in stderr


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        ("('b', 'a-b', 'ab', 'aB-', 'a_b', 'A1', 'a b', '$x', '#x', 'e', 'f' | sort) -join '|'",
         "#x|$x|a b|a_b|A1|ab|a-b|aB-|b|e|f"),
        ("'a_b' -lt 'a1'; 'a1' -lt 'ab'; 'co-op' -lt 'coop'; 'Co-op' -gt 'con'", "True\nTrue\nFalse\nTrue"),
        ("('it''s', 'its', 'it_s', 'it.s', 'iT' | sort) -join '|'", "iT|it.s|it_s|its|it's"),
        ("('{a', '[a', '^a', '`a', '~a', '+a', '=a', '0a', '|a' | sort) -join ''", "[a^a`a{a|a~a+a=a0a"),
    ],
)  # fmt: skip
def test_strings_are_sorted_as_windows_sorts_them(line: str, printed: str):
    """As string.Compare of Mono 6.8 does with IgnoreCase, which has Windows' tables: 3,764 pairs of strings agree."""
    assert run(line) == (printed, "")
