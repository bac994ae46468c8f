"""/var/log/syslog and auth.log on hosts with rsyslog: what they hold is what the journal has, in rsyslog's forms."""

from dataclasses import replace
from random import Random

import pytest

from fleet.draw import draw_host
from fleet.linux.shell import LinuxShell
from fleet.model import Host, JournalEntry, Machine
from tests.fleet.answers import answer

DRAWN = draw_host("web01", Random(8))


def host(version: str, *entries: JournalEntry) -> Host:
    system = replace(DRAWN.system, id="debian" if version == "12" else "ubuntu", version=version)
    return replace(DRAWN, system=system, journal=(*DRAWN.journal, *entries))


def entry(unit: str, message: str, pid: int = 77) -> JournalEntry:
    return JournalEntry(DRAWN.now, unit, pid, 6, message)


@pytest.mark.parametrize("version", ["22.04", "24.04"])
def test_what_the_journal_has_is_in_syslog_too(version: str):
    told = answer("systemctl restart cron; logger -t backup done; tail -n 3 /var/log/syslog", host(version))[0]
    shown = answer("systemctl restart cron; logger -t backup done; journalctl -n 3 -o short --no-pager", host(version))[
        0
    ]
    assert [line.split(" web01 ")[1] for line in told.splitlines()] == [
        line.split(" web01 ")[1] for line in shown.splitlines()
    ]


def test_the_time_is_written_as_the_release_writes_it():
    line = "logger -t x hi; tail -n 1 /var/log/syslog"
    assert answer(line, host("22.04"))[0][:16] == answer("date '+%b %e %H:%M:%S'", host("22.04"))[0][:15] + " "
    assert answer(line, host("24.04"))[0][:20] == answer("date +%Y-%m-%dT%H:%M:%S.", host("24.04"))[0][:20]


@pytest.mark.parametrize(
    ("line", "in_auth", "in_syslog"),
    [
        ("true", 1, 0),
        ("logger -p auth.info found", 2, 0),
        ("logger -p authpriv.notice -t sudo found", 2, 0),
        ("logger -p daemon.err found", 1, 1),
        ("logger found; logger found", 1, 2),
    ],
)
def test_who_logs_in_is_told_in_auth_log_only(line: str, in_auth: int, in_syslog: int):
    logged = host("24.04", entry("ssh", "found"))
    assert answer(f"{line}; grep -c found /var/log/auth.log /var/log/syslog", logged)[0] == (
        f"/var/log/auth.log:{in_auth}\n/var/log/syslog:{in_syslog}\n"
    )


def test_the_kernel_has_a_file_of_its_own_with_the_time_since_it_started():
    told = answer("tail -n 1 /var/log/kern.log; tail -n 1 /var/log/syslog", host("22.04", entry("kernel", "oom", 0)))[0]
    first, second = told.splitlines()
    assert first == second
    assert first.endswith(f" web01 kernel: [{DRAWN.now - DRAWN.boot:5d}.000000] oom")


def test_debian_has_no_rsyslog_unless_somebody_installs_it():
    assert answer("cat /var/log/syslog", host("12")) == ("", "cat: /var/log/syslog: No such file or directory\n", 1)
    with_one = replace(host("12"), packages={**DRAWN.packages, "rsyslog": "8.2302.0-1+deb12u1"})
    told = answer("logger -p cron.info tick; logger tock; tail -qn1 /var/log/cron.log /var/log/user.log", with_one)[0]
    assert [line.rpartition(": ")[2] for line in told.splitlines()] == ["tick", "tock"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("echo mine >> /var/log/syslog; logger one; tail -n 2 /var/log/syslog | grep -c .", "2\n"),
        ("> /var/log/syslog; logger one; wc -l < /var/log/syslog", "1\n"),
        ("rm /var/log/syslog; logger one; ls /var/log/syslog | wc -l", "0\n"),
        (
            "logger one; echo mine >> /var/log/syslog; logger two; tail -n 3 /var/log/syslog | grep -c -e one -e two",
            "2\n",
        ),
        ("stat -c '%U %G %a' /var/log/auth.log", "syslog adm 640\n"),
    ],
)
def test_the_file_can_be_changed_and_is_appended_to(line: str, told: str):
    assert LinuxShell(Machine(host("24.04"))).run(line)[0] == told


def test_a_journal_that_grows_between_two_lines_is_seen():
    machine = Machine(host("24.04"))
    shell = LinuxShell(machine)
    before = int(shell.run("wc -l < /var/log/syslog")[0])
    machine.host = replace(machine.host, journal=(*machine.host.journal, entry("cron", "later")))
    assert int(shell.run("wc -l < /var/log/syslog")[0]) == before + 1
