"""sudo, timeout and awk in a host's shell: who runs a line, how it ends in time, and which awk it is."""

import pytest

from fleet.linux.shell import LinuxShell
from fleet.model import Machine
from tests.parity.booted import a_booted_host


def asked(line: str) -> tuple[str, str, int, list[str]]:
    machine = Machine(a_booted_host())
    stdout, stderr, code = LinuxShell(machine).run(line)
    return stdout, stderr, code, [gap.what for gap in machine.gaps]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("sudo -u www-data whoami", "www-data\n"),
        ("sudo -nu www-data id -u", "33\n"),
        ("sudo -u '#33' whoami", "www-data\n"),
        ("sudo -H -u nobody sh -c 'echo $HOME $USER'", "/nonexistent nobody\n"),
        ("sudo -n -- whoami", "root\n"),
        ("sudo -n /usr/bin/whoami", "root\n"),
        ("sudo -u www-data timeout 5 /bin/whoami", "www-data\n"),
        ("sudo -i -u ops whoami", "ops\n"),
        ("sudo -su www-data whoami", "www-data\n"),
        ("sudo -iu www-data whoami; echo $?", "This account is currently not available.\n1\n"),
        ("sudo A=1 B=2 sh -c 'echo $A$B'; echo ${A:-none}", "12\nnone\n"),
        ("sudo sh -c 'echo $SUDO_USER'", "root\n"),
        ("sudo -u www-data touch /tmp/y; stat -c %U /tmp/y", "www-data\n"),
        ("sudo -v; echo $?", "0\n"),
    ],
)
def test_sudo_runs_a_line_as_whom_it_was_asked_for(line: str, told: str):
    stdout, stderr, _, gaps = asked(line)
    assert (stdout, stderr, gaps) == (told, "", [])


@pytest.mark.parametrize(
    "line", ["sudo nosuch", "sudo -u www-data nosuch -x", "sudo -n cd /tmp", "sudo -i -u nosuch id"]
)
def test_sudo_refuses_in_its_own_words(line: str):
    _, stderr, code, gaps = asked(line)
    assert stderr.startswith("sudo: ")
    assert (code, gaps) == (1, [])


@pytest.mark.parametrize(
    "line",
    ["sudo -u www-data cat /etc/shadow", "sudo -u www-data touch /etc/x", "sudo -u www-data kill -9 1",
     "sudo -u www-data sh -c 'echo x > /etc/y'", "sudo -g adm id", "sudo -D /tmp pwd", "sudo -e /etc/hosts"],
)  # fmt: skip
def test_what_another_user_might_be_denied_is_a_gap(line: str):
    assert asked(line)[3]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("timeout 1 sleep 5", 124),
        ("timeout -s KILL 1 sleep 5", 137),
        ("timeout --signal=9 1 sleep 5", 137),
        ("timeout --preserve-status 1 sleep 5", 143),
        ("timeout --preserve-status -s INT 1 sleep 5", 130),
        ("timeout --preserve-status 5 true", 0),
        ("timeout 5 sh -c 'exit 7'", 7),
        ("timeout 5 nosuch", 127),
        ("timeout x true", 125),
    ],
)
def test_timeout_tells_how_the_command_ended(line: str, code: int):
    assert asked(line)[2:] == (code, [])


@pytest.mark.parametrize("call", ["and(5, 3)", "gensub(/a/, 1, 1)", "strtonum(1)"])
def test_a_function_that_only_gawk_has_is_not_defined(call: str):
    _, stderr, code, gaps = asked(f"awk 'BEGIN {{ print {call} }}'")
    assert stderr == f"awk: line 2: function {call.partition('(')[0]} never defined\n"
    assert (code, gaps) == (2, [])


@pytest.mark.parametrize(
    "program", ["/o{2}/", "BEGIN { IGNORECASE = 1 } /ROOT/", "BEGIN { print 0x11 }", r"/\<root\>/"]
)
def test_what_mawk_reads_otherwise_than_gawk_is_a_gap(program: str):
    assert asked(f"awk '{program}' /etc/passwd")[3]


def test_an_ordinary_awk_program_is_no_gap():
    assert (
        asked("awk -F: 'NR==1 {print $1} $3>=1000 {n++} END {print n+0, \"land(\"}' /etc/passwd")[0]
        == "root\n1 land(\n"
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("awk 'BEGIN{print 3e9+2e9, 2147483647, 2147483648, -3e9}'", "5e+09 2147483647 2.14748e+09 -3e+09\n"),
        ("printf '3000000000\\n3000000000\\n' | awk '{s+=$1} END{print s}'", "6e+09\n"),
        ("printf '3000000000 x\\n' | awk '{print $1, $2}'", "3000000000 x\n"),
        ("printf '4000000000\\n' | awk '{print \"total: \" $1+1 \" bytes\"}'", "total: 4e+09 bytes\n"),
        ("awk 'BEGIN{x=3000000000; print x \" b\"}'", "3e+09 b\n"),
        ("awk 'BEGIN{printf \"%d %d %i\\n\", 2^31, -2^63, 7}'", "2147483647 -2147483647 7\n"),
        ("printf '8192\\n' | awk '{printf \"%d\\n\", $1*1024*1024}'", "2147483647\n"),
        ("awk 'BEGIN{printf \"%.0f %.1f\\n\", 3e9, 2^33/1024}'", "3000000000 8388608.0\n"),
        ("printf '5000000000\\n' | awk '{if($1>m) m=$1} END{print m}'", "5000000000\n"),
        ("awk 'BEGIN{print 1/4; exit 3}'; echo $?", "0.25\n3\n"),
        ("sudo awk 'BEGIN{print 2^40}'; echo 5 | xargs awk 'BEGIN{print 2^10}'", "1.09951e+12\n1024\n"),
    ],
)
def test_awk_prints_large_numbers_as_mawk_does(line: str, told: str):
    assert asked(line) == (told, "", 0, [])


@pytest.mark.parametrize(
    "line",
    [
        "printf '5000000000 4\\n' | awk '{print $1*2, $2}'",
        "awk 'BEGIN{OFMT=\"%.2f\"; print 3e9+1}'",
        "awk 'BEGIN{printf \"%s\\n\", 3e9+1}'",
    ],
)
def test_a_large_number_that_may_be_a_text_is_a_gap(line: str):
    assert asked(line)[3] == ["awk: large numbers"]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("bash -c 'echo a | gzip | cat'", "gzip"),
        ("sh -c 'zcat < /etc/hosts'", "gzip"),
        ("bash -c 'echo a > f; zgrep a f'", "zgrep"),
        ("sudo bash -c 'su www-data -s /bin/sh -c id'", "su"),
        ("bash -c 'cd /; sudo -u www-data whoami'", "sudo -u"),
        ("sh -c 'history'", "history"),
    ],
)
def test_what_only_a_function_of_the_shell_can_do_is_a_gap_in_a_shell_within_it(line: str, name: str):
    assert asked(line)[3] == [f"{name} in a shell within the shell"]


def test_a_shell_within_the_shell_packs_files():
    line = "bash -c 'seq 3 > /tmp/f; gzip /tmp/f; gunzip -c /tmp/f.gz | tail -n 1; zcat /tmp/f.gz | head -n 1'"
    assert asked(line) == ("3\n1\n", "", 0, [])
