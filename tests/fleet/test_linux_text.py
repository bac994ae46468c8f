"""bc, diff, cut, comm and realpath, beside what GNU's print: values of bc 1.07.1, diffutils 3.8, coreutils 9.1."""

from random import Random

import pytest

from fleet.draw import draw_host
from fleet.linux.edit_script import hunks
from fleet.linux.shell import LinuxShell
from fleet.model import File, Machine

HOST = draw_host("web01", Random(5)).with_file("/srv/a", File("alpha\nbeta\ngamma\n"))
HOST = HOST.with_file("/srv/b", File("alpha\nBETA\ngamma\ndelta")).with_file("/srv/sub/c", File("1,2,3\n4,5,6\n"))
SHELL = LinuxShell(Machine(HOST), "/srv")


def answer(line: str) -> tuple[str, str, int]:
    return SHELL.run(line)


@pytest.mark.parametrize(
    ("line", "output"),
    [
        ("1.5+2.25", "3.75"), ("10/3", "3"), ("scale=2; 10/3", "3.33"), ("0.1+0.2", ".3"), ("1.5*2", "3.0"),
        ("-7/2", "-3"), ("7%3", "1"), ("2^10", "1024"), ("2^-2", "0"), ("sqrt(2)", "1"), ("scale=4; sqrt(2)", "1.4142"),
        ("scale=1; 1/4*4", ".8"), ("x=5; x*2", "10"), ("obase=16; 255", "FF"), ("ibase=2; 101", "5"), ("3>2", "1"),
        ("length(12345)", "5"), ('"a"', "a"), ('print 1, "\\n"', "1"), ("2^200", str(2**200)),
    ],
)  # fmt: skip
def test_bc_truncates_and_keeps_the_scale(line: str, output: str):
    assert answer(f"bc <<< '{line}'") == (f"{output}\n" if line != '"a"' else output, "", 0)


def test_bc_has_a_library_of_functions():
    assert answer("bc -l <<< '4*a(1); e(1); 1/3'")[0].split() == [
        "3.14159265358979323844", "2.71828182845904523536", ".33333333333333333333",
    ]  # fmt: skip


def test_bc_names_a_fault_and_goes_on():
    assert answer("printf '1/0\\n2 +\\n3\\n' | bc") == (
        "3\n", "Runtime error (func=(main), adr=3): Divide by zero\n(standard_in) 3: syntax error\n", 0
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "output", "code"),
    [
        ("diff a b", "2c2\n< beta\n---\n> BETA\n3a4\n> delta\n\\ No newline at end of file\n", 1),
        ("diff -i a b", "3a4\n> delta\n\\ No newline at end of file\n", 1),
        ("diff -q a b", "Files a and b differ\n", 1),
        ("diff -s a a", "Files a and a are identical\n", 0),
        ("diff -u a b | tail -n +3",
         "@@ -1,3 +1,4 @@\n alpha\n-beta\n+BETA\n gamma\n+delta\n\\ No newline at end of file\n", 0),
        ("diff <(seq 3) <(seq 2 4)", "1d0\n< 1\n3a3\n> 4\n", 1),
        ("diff . sub", "Only in .: a\nOnly in .: app\nOnly in .: b\nOnly in sub: c\nOnly in .: sub\n", 1),
        ("cut -d, -f2- sub/c", "2,3\n5,6\n", 0),
        ("cut -c2-3,1 a", "alp\nbet\ngam\n", 0),
        ("cut --complement -d, -f2 sub/c", "1,3\n4,6\n", 0),
        ("comm -12 a a", "alpha\nbeta\ngamma\n", 0),
        ("realpath sub/../a nosuch", "/srv/a\n/srv/nosuch\n", 0),
        ("gzip -c a | zcat | head -1", "alpha\n", 0),
    ],
)  # fmt: skip
def test_differences_and_columns(line: str, output: str, code: int):
    assert answer(line) == (output, "", code)


@pytest.mark.parametrize(
    ("line", "error", "code"),
    [
        ("diff a nosuch", "diff: nosuch: No such file or directory\n", 2),
        ("diff a", "diff: missing operand after 'a'\ndiff: Try 'diff --help' for more information.\n", 2),
        ("cmp a nosuch", "cmp: nosuch: No such file or directory\n", 2),
        ("cut -d,, -f1 a",
         "cut: the delimiter must be a single character\nTry 'cut --help' for more information.\n", 1),
        ("cut -f x a", "cut: invalid field value ‘x’\nTry 'cut --help' for more information.\n", 1),
        ("comm <(printf 'b\\na\\n') a",
         "comm: file 1 is not in sorted order\ncomm: input is not in sorted order\n", 1),
        ("realpath nosuch/x", "realpath: nosuch/x: No such file or directory\n", 1),
        ("timeout --nosuch 1 ls",
         "timeout: unrecognized option '--nosuch'\nTry 'timeout --help' for more information.\n", 125),
        ("xargs -y", "xargs: invalid option -- 'y'\nTry 'xargs --help' for more information.\n", 1),
        ("set -u; echo $nope", "bash: line 1: nope: unbound variable\n", 127),
        ("awk 'BEGIN{print gensub(/a/,1,1)}'", "awk: line 2: function gensub never defined\n", 2),
        ("tail -1 a b", "tail: option used in invalid context -- 1\n", 1),
    ],
)  # fmt: skip
def test_faults_have_the_real_words(line: str, error: str, code: int):
    _, told, status = answer(line)
    assert (told, status) == (error, code)


def test_an_edit_script_leads_from_one_text_to_the_other():
    draw = Random(7)
    for _ in range(300):
        old, new = ([draw.choice("abc") for _ in range(draw.randint(0, 9))] for _ in range(2))
        made, at = [], 0
        for first, last, start, end in hunks(old, new):
            made += [*old[at:first], *new[start:end]]
            at = last
        assert [*made, *old[at:]] == new
