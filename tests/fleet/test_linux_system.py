"""What a simulated Linux machine says about itself: names, clock, people, cron, boots."""

from dataclasses import replace
from random import Random

import pytest

from fleet.draw import draw_host
from fleet.linux.shell import LinuxShell
from fleet.model import File, Host, JournalEntry, Login, Machine, System

DEBIAN = System("debian", "Debian GNU/Linux 12 (bookworm)", "12", "6.1.0-28-amd64", "An EPYC", 8)
NOON = 1_772_712_000
"""2026-03-05 12:00 UTC, a Thursday."""


def a_host() -> Host:
    logins = (
        Login("ops", "pts/1", "10.0.0.9", NOON - 90_000, NOON - 80_000),
        Login("deploy", "pts/0", "10.0.0.7", NOON - 125),
    )
    host = draw_host("web01", Random(2), now=NOON)
    journal = (JournalEntry(NOON - 600, "kernel", 0, 3, "Out of memory: Killed process 812 (java)"), *host.journal)
    return replace(
        host, system=DEBIAN, address="10.0.0.5", boot=NOON - 2 * 86_400 - 7320, logins=logins, loads=(1.5, 0.25),
        waiting=0.0, processes=(), journal=journal,
    )  # fmt: skip


@pytest.fixture
def machine() -> Machine:
    return Machine(a_host())


@pytest.fixture
def shell(machine: Machine) -> LinuxShell:
    return LinuxShell(machine)


# --- one line, one answer -------------------------------------------------------------------------------------------

ANSWERS = {
    "hostname": "web01",
    "hostname -f; hostname -s; hostname -I": "web01\nweb01\n10.0.0.5 ",
    "uname; uname -r; uname -sm": "Linux\n6.1.0-28-amd64\nLinux x86_64",
    "uname -a": "Linux web01 6.1.0-28-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.0-28 x86_64 GNU/Linux",
    "arch; nproc; nproc --ignore=100": "x86_64\n8\n1",
    "whoami; id -u; id -un; groups": "root\n0\nroot\nroot",
    "id": "uid=0(root) gid=0(root) groups=0(root)",
    "sudo whoami; echo $USER $HOME $UID $EUID; pwd": "root\nroot /root 0 0\n/root",
    "uptime": " 12:00:00 up 2 days,  2:02,  1 user,  load average: 0.00, 1.50, 0.25",
    "uptime -p; uptime -s": "up 2 days, 2 hours, 2 minutes\n2026-03-03 09:58:00",
    "who": "deploy   pts/0        2026-03-05 11:57 (10.0.0.7)",
    "who -b": "         system boot  2026-03-03 09:58",
    "users": "deploy",
    "w -h": "deploy   pts/0    10.0.0.7         11:57    2:05   0.05s  0.05s -bash",
    "last -2": "deploy   pts/0        10.0.0.7         Thu Mar  5 11:57   still logged in\n"
    "ops      pts/1        10.0.0.9         Wed Mar  4 11:00 - 13:46  (02:46)\n\n"
    "wtmp begins Tue Mar  3 09:58:00 2026",
    "date": "Thu Mar  5 12:00:00 UTC 2026",
    "date -u '+%F %T %Z %j %s'; date -Is; date -R": "2026-03-05 12:00:00 UTC 064 1772712000\n"
    "2026-03-05T12:00:00+00:00\nThu, 05 Mar 2026 12:00:00 +0000",
    "date -d '2 days ago' +%F; date -d yesterday +%A; date -d @0 +%Y; date -d '2026-01-31 10:20' +%e-%b": "2026-03-03\n"
    "Wednesday\n1970\n31-Jan",
    "date '+%-d/%-m %k:%M %% %f'": "5/3 12:00 % %f",
    "lsb_release -ds; lsb_release -cs": "Debian GNU/Linux 12 (bookworm)\nbookworm",
    "lscpu | grep -E '^ *(Model name|CPU\\(s\\))'": "CPU(s):                  8\n  Model name:            An EPYC",
    "dmesg -l err -T": "[Thu Mar  5 11:50:00 2026] Out of memory: Killed process 812 (java)",
    "cat /proc/loadavg; cat /proc/sys/kernel/hostname": "0.00 1.50 0.25 1/0 {pid}\nweb01",
    "grep -c ^processor /proc/cpuinfo; cat /proc/uptime": "8\n180120.00 1440960.00",
    "help | head -1": "GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)",
    "which df uptime nginx": "/usr/bin/df\n/usr/bin/uptime\n/usr/sbin/nginx",
    "{ time true; } 2>&1 | grep real": "real\t0m0.004s",
}


@pytest.mark.parametrize("line", ANSWERS)
def test_a_command_answers_from_the_hosts_state(machine: Machine, shell: LinuxShell, line: str):
    stdout, stderr, code = shell.run(line)
    assert (stdout, stderr, code) == (ANSWERS[line].replace("{pid}", str(machine.host.next_pid)) + "\n", "", 0)


REFUSALS = {
    "hostname other": ("hostname: you must be root to change the host name\n", 1),
    "uname --zzz": ("uname: unrecognized option '--zzz'\nTry 'uname --help' for more information.\n", 1),
    "nproc --ignore=x": ("nproc: invalid number: ‘x’\n", 1),
    "id nobody2": ("id: ‘nobody2’: no such user\n", 1),
    "date -d never": ("date: invalid date ‘never’\n", 1),
    "date -d '@170 +99:00'": ("date: invalid date ‘@170 +99:00’\n", 1),
    "sleep soon": ("sleep: invalid time interval ‘soon’\nTry 'sleep --help' for more information.\n", 1),
    "crontab -l -u nobody": ("no crontab for nobody\n", 1),
    "vim /etc/hosts": ("Error opening terminal: unknown.\n", 1),
    "top": ("top: failed tty get\n", 1),
    "yq .": ("bash: line 1: yq: command not found\n", 127),
    "nosuchprogram": ("bash: line 1: nosuchprogram: command not found\n", 127),
    "if then": ("bash: -c: line 1: syntax error near unexpected token `then'\n", 2),
    "a" * 40_000: ("bash: Argument list too long\n", 126),
}


@pytest.mark.parametrize("line", REFUSALS)
def test_what_cannot_be_done_fails_in_the_usual_words(shell: LinuxShell, line: str):
    assert shell.run(line) == ("", *REFUSALS[line])


# --- the clock ------------------------------------------------------------------------------------------------------


def test_sleep_moves_the_fleets_clock_and_takes_no_time(machine: Machine, shell: LinuxShell):
    assert shell.run("sleep 90; sleep 1m 1h; date +%T") == ("13:02:30\n", "", 0)
    shell.run("sleep infinity")
    assert machine.host.now == NOON + 3750 + 1 + 86_400 + 1  # and a second for each line


def test_following_a_log_ends_at_once_with_the_code_of_a_time_out(shell: LinuxShell):
    shell.run("printf 'one\\ntwo\\n' > /tmp/log")
    assert shell.run("tail -n 1 -f /tmp/log") == ("two\n", "", 124)
    assert shell.run("tail -n +2 /tmp/log; seq 5 | tail -2; tail -c 4 /tmp/log")[0] == "two\n4\n5\ntwo\n"


def test_a_loop_without_end_is_stopped_and_keeps_its_output(shell: LinuxShell):
    stdout, _, code = shell.run("while true; do date +%s; sleep 60; done")
    assert code == 124
    assert stdout.startswith(f"{NOON}\n{NOON + 60}\n")
    assert shell.run("hostname") == ("web01\n", "", 0)


# --- what lasts -----------------------------------------------------------------------------------------------------


def test_a_crontab_can_be_listed_added_to_and_removed(machine: Machine, shell: LinuxShell):
    assert shell.run("(crontab -l; echo '0 3 * * * /bin/true') | crontab -")[2] == 0
    assert shell.run("crontab -l | tail -1")[0] == "0 3 * * * /bin/true\n"
    assert machine.host.files["/var/spool/cron/crontabs/root"].mode == 0o600
    shell.run("crontab -r")
    assert shell.run("crontab -l") == ("", "no crontab for root\n", 1)


def test_a_reboot_starts_what_is_enabled_and_nothing_else():
    host = draw_host("web01", Random(4))
    up = [service for service in host.services.values() if service.state == "active"]
    off = replace(up[-1], enabled=False)
    machine = Machine(host.with_service(off))
    shell = LinuxShell(machine)
    before = {process.pid for process in host.processes if process.service}
    shell.run("reboot")
    after = machine.host
    assert shell.run("uptime -p")[0] == "up 0 minutes\n"
    assert after.services[off.name].state == "inactive"
    assert {service.state for service in after.services.values() if service.enabled} <= {"active", "failed"}
    assert before.isdisjoint(process.pid for process in after.processes)
    assert shell.run("who")[0] == ""


def test_the_shell_goes_on_where_it_was_after_many_lines(machine: Machine, shell: LinuxShell):
    shell.run("echo kept > /tmp/kept; mkdir /tmp/empty; ln -s kept /tmp/link; cd /var/log")
    for _ in range(300):
        assert shell.run("hostname")[0] == "web01\n"
    assert shell.run("pwd; cat /tmp/link; ls /tmp; df / | wc -l")[0] == "/var/log\nkept\nempty\nkept\nlink\n2\n"


def test_a_shell_whose_output_was_closed_speaks_again(machine: Machine, shell: LinuxShell):
    assert shell.run("exec >/tmp/out 2>&1; echo hidden; rm -rf /tmp/x /srv; echo x > /srv") == ("", "", 0)
    assert shell.run("cat /tmp/out /srv; ls -d /tmp") == ("hidden\nx\n/tmp\n", "", 0)


def test_what_others_change_on_a_host_its_shell_sees(machine: Machine, shell: LinuxShell):
    shell.run("echo old > /etc/motd")
    machine.host = machine.host.with_file("/etc/motd", File("new\n")).with_file("/etc/hosts", None)
    assert shell.run("cat /etc/motd; ls /etc/hosts") == (
        "new\n", "ls: cannot access '/etc/hosts': No such file or directory\n", 2
    )  # fmt: skip


def test_the_same_host_and_lines_give_the_same_text():
    lines = ["echo $RANDOM $RANDOM", "ls -lR /etc", "time true", "ps aux", "date", "cat /proc/uptime", "ls -la /", "df"]
    first, second = ([LinuxShell(Machine(a_host())).run(line) for line in lines] for _ in range(2))
    assert first == second
