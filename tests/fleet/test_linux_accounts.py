"""Users and groups: what changes them, what tells of them, and who a line runs as. Answers are those of passwd 4.13."""

import re
from dataclasses import replace
from random import Random

import pytest

from fleet.draw import draw_host
from fleet.linux.shell import LinuxShell
from fleet.model import Machine
from tests.fleet.answers import answer

DRAWN = draw_host("web01", Random(8))
HOST = replace(DRAWN, system=replace(DRAWN.system, id="debian", version="12"))
FILES = "/etc/passwd /etc/group /etc/shadow /etc/gshadow"


def run(line: str, machine: Machine | None = None) -> tuple[str, str, int]:
    return answer(line, machine or HOST)


@pytest.mark.parametrize(
    ("line", "error", "code"),
    [
        ("useradd root", "useradd: user 'root' already exists\n", 9),
        ("useradd a:b", "useradd: invalid user name 'a:b': use --badname to ignore\n", 3),
        ("useradd -g nosuch x1", "useradd: group 'nosuch' does not exist\n", 6),
        ("useradd -G sudo,nosuch x1", "useradd: group 'nosuch' does not exist\n", 6),
        ("useradd -u 0 x1", "useradd: UID 0 is not unique\n", 4),
        ("useradd -u abc x1", "useradd: invalid user ID 'abc'\n", 3),
        ("useradd -s sh x1", "useradd: invalid shell 'sh'\n", 3),
        ("useradd -d home x1", "useradd: invalid home directory 'home'\n", 3),
        ("userdel nosuch", "userdel: user 'nosuch' does not exist\n", 6),
        ("usermod -s /bin/sh nosuch", "usermod: user 'nosuch' does not exist\n", 6),
        ("usermod -aG nosuch root", "usermod: group 'nosuch' does not exist\n", 6),
        ("usermod -s /bin/bash ops", "usermod: no changes\n", 0),
        ("groupadd root", "groupadd: group 'root' already exists\n", 9),
        ("groupadd -g 0 gg", "groupadd: GID '0' already exists\n", 4),
        ("groupadd -g abc gg", "groupadd: invalid group ID 'abc'\n", 3),
        ("groupadd 'B d'", "groupadd: 'B d' is not a valid group name\n", 3),
        ("groupadd -f root", "", 0),
        ("groupdel nosuch", "groupdel: group 'nosuch' does not exist\n", 6),
        ("groupdel root", "groupdel: cannot remove the primary group of user 'root'\n", 8),
        ("passwd -S nosuch", "passwd: user 'nosuch' does not exist\n", 1),
        ("chage -l nosuch", "chage: user 'nosuch' does not exist in /etc/passwd\n", 1),
        ("passwd ops", "New password: Password change has been aborted.\n"
         "passwd: Authentication token manipulation error\npasswd: password unchanged\n", 10),
        ("printf 'a\\nb\\n' | passwd ops", "New password: Retype new password: Sorry, passwords do not match.\n"
         "passwd: Authentication token manipulation error\npasswd: password unchanged\n", 10),
        ("su nosuch -c id",
         "su: user nosuch does not exist or the user entry does not contain all the required fields\n", 1),
        ("su www-data -c id", "This account is currently not available.\n", 1),
        ("su -x", "su: invalid option -- 'x'\nTry 'su --help' for more information.\n", 1),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_and_changes_nothing(line: str, error: str, code: int):
    machine = Machine(HOST)
    shown = run(line, machine)
    assert (shown[1], shown[2]) == (error, code)
    assert machine.host.files == HOST.files


@pytest.mark.parametrize(
    ("line", "first", "code"),
    [
        ("useradd", "Usage: useradd [options] LOGIN", 2),
        ("useradd -x y", "useradd: invalid option -- 'x'", 2),
        ("useradd --nosuch y", "useradd: unrecognized option '--nosuch'", 2),
        ("useradd a b", "Usage: useradd [options] LOGIN", 2),
        ("usermod root", "usermod: no options", 2),
        ("usermod -a root", "usermod: -a flag is only allowed with the -G flag", 2),
        ("userdel", "Usage: userdel [options] LOGIN", 2),
        ("groupdel a b", "Usage: groupdel [options] GROUP", 2),
        ("passwd --nosuch", "passwd: unrecognized option '--nosuch'", 6),
        ("passwd -x abc root", "passwd: invalid numeric argument 'abc'", 6),
        ("chage", "Usage: chage [options] LOGIN", 2),
        ("chage -E nosuch root", "chage: invalid date 'nosuch'", 2),
        ("chage -l -M 3 root", 'chage: do not include "l" with other flags', 2),
    ],
)
def test_a_wrong_call_shows_the_usage(line: str, first: str, code: int):
    output, error, status = run(line)
    assert (output, error.splitlines()[0], status) == ("", first, code)
    assert "Usage: " in error


def test_a_new_user_is_in_all_tables_and_has_a_home():
    machine = Machine(HOST)
    assert run("useradd -m -s /bin/bash -c 'B B' -G sudo bob", machine) == ("", "", 0)
    assert run(f"tail -qn 1 {FILES}", machine)[0].splitlines() == [
        "bob:x:1001:1001:B B:/home/bob:/bin/bash",
        "sudo:x:27:bob",
        f"bob:!:{HOST.now // 86_400}:0:99999:7:::",
        "sudo:*::bob",
    ]
    shell = LinuxShell(machine)
    shell.run("useradd -m amy")
    assert shell.run("stat -c '%U:%G %a' /home/amy; id amy; id -Gn bob; groups bob; getent group sudo")[0] == (
        "amy:amy 755\nuid=1002(amy) gid=1002(amy) groups=1002(amy)\nbob sudo\nbob : bob sudo\nsudo:x:27:bob\n"
    )


def test_a_removed_user_leaves_no_trace():
    machine = Machine(HOST)
    shell = LinuxShell(machine)
    shell.run("useradd -m -G sudo bob; userdel -r bob")
    assert shell.run(f"grep -c bob {FILES}; ls -d /home/bob; id bob")[1].splitlines() == [
        "ls: cannot access '/home/bob': No such file or directory",
        "id: ‘bob’: no such user",
    ]
    assert "bob" not in "".join(file.content for file in machine.host.files.values())


def test_a_user_at_work_stays():
    pid = next(process.pid for process in HOST.processes if process.user == "messagebus")
    assert run("userdel messagebus")[1:] == (f"userdel: user messagebus is currently used by process {pid}\n", 8)


def test_groups_are_joined_kept_and_left_as_the_options_say():
    shell = LinuxShell(Machine(HOST))
    shell.run("usermod -aG sudo ops; usermod -aG adm,games ops")
    assert shell.run("id -Gn ops | tr ' ' '\\n' | sort")[0].split() == ["adm", "games", "ops", "sudo"]
    shell.run("usermod -rG adm ops")
    assert "adm" not in shell.run("id -Gn ops")[0].split()
    shell.run("usermod -G games ops")
    assert shell.run("id -Gn ops")[0] == "ops games\n"
    assert shell.run("usermod -G '' ops; id -Gn ops")[0] == "ops\n"


def test_a_password_is_set_locked_unlocked_and_removed():
    shell = LinuxShell(Machine(HOST))
    status = "passwd -S ops | cut -d' ' -f2"
    assert shell.run(f"{status}; printf 'a\\na\\n' | passwd ops; {status}")[:2] == (
        "L\nP\n",
        "New password: Retype new password: passwd: password updated successfully\n",
    )
    assert shell.run(f"passwd -l ops; {status}; passwd -u ops; {status}; passwd -d ops; {status}")[0] == (
        "passwd: password changed.\nL\npasswd: password changed.\nP\npasswd: password changed.\nNP\n"
    )
    assert shell.run("passwd -l ops; passwd -u ops")[1:] == (
        "passwd: unlocking the password would result in a passwordless account.\n"
        "You should set a password with usermod -p to unlock the password of this account.\n",
        3,
    )
    assert shell.run("passwd -n 3 -x 90 ops; passwd -S ops | cut -d' ' -f 4-")[0].endswith("\n3 90 7 -1\n")


def test_the_age_of_a_password_is_told_and_set():
    shell = LinuxShell(Machine(HOST))
    shell.run("chage -M 60 -E 2027-01-01 -d 2026-01-01 ops")
    assert shell.run("chage -l ops")[0] == (
        "Last password change\t\t\t\t\t: Jan 01, 2026\nPassword expires\t\t\t\t\t: Mar 02, 2026\n"
        "Password inactive\t\t\t\t\t: never\nAccount expires\t\t\t\t\t\t: Jan 01, 2027\n"
        "Minimum number of days between password change\t\t: 0\n"
        "Maximum number of days between password change\t\t: 60\n"
        "Number of days of warning before password expires\t: 7\n"
    )
    assert shell.run("chage -E -1 -d 0 ops; chage -il ops | head -4 | cut -d: -f2")[0] == (
        " password must be changed\n" * 3 + " never\n"
    )


@pytest.mark.parametrize(
    ("line", "output", "code"),
    [
        ("su -c 'whoami; exit 3'", "root\n", 3),
        ("su ops -c whoami", "ops\n", 0),
        ("su ops --command=whoami", "ops\n", 0),
        ("su -c 'echo $HOME $USER' ops", "/home/ops ops\n", 0),
        ("su -s /bin/sh www-data -c 'id -un; id -u'", "www-data\n33\n", 0),
        ("cd /tmp; su ops -c pwd", "/tmp\n", 0),
        ("mkdir -p /home/ops; cd /tmp; su - ops -c pwd; pwd", "/home/ops\n/tmp\n", 0),
        ("echo whoami | su ops", "ops\n", 0),
        ("su ops < /dev/null", "", 0),
        ("sudo su - root -c whoami", "root\n", 0),
        ("runuser -u www-data -- whoami", "www-data\n", 0),
        ("runuser ops -c 'whoami && false'", "ops\n", 1),
        ("su ops -c 'echo a > /tmp/own'; cat /tmp/own", "a\n", 0),
        ("su --version | cut -d' ' -f 1-3", "su from util-linux\n", 0),
    ],
)
def test_su_runs_a_line_as_somebody_else(line: str, output: str, code: int):
    answer = run(line)
    assert (answer[0], answer[2]) == (output, code)


def test_loginctl_lists_who_is_logged_in():
    login = next(login for login in HOST.logins if login.end is None)
    uid = run(f"id -u {login.user}")[0].strip()
    output, error, code = run("loginctl")
    assert (error, code) == ("", 0)
    assert output.splitlines()[0].split() == ["SESSION", "UID", "USER", "SEAT", "TTY"]
    assert output.splitlines()[1].split()[1:] == [uid, login.user, login.tty]
    assert output.splitlines()[2:] == ["", "1 sessions listed."]
    assert run("loginctl list-users --no-legend")[0].split() == [uid, login.user]
    assert run("loginctl", Machine(replace(HOST, logins=())))[0] == "No sessions.\n"
    assert run("loginctl nosuch")[1:] == ("Unknown command verb nosuch.\n", 1)


def test_logger_writes_what_journalctl_shows():
    shell = LinuxShell(Machine(HOST))
    output, error, code = shell.run("logger -t app -p local0.err 'disk is full'; echo two | logger; logger -s three")
    assert (output, code) == ("", 0)
    assert re.fullmatch(r"<13>\w{3} [ \d]\d [\d:]{8} root: three\n", error)
    lines = shell.run("journalctl -n 3 --no-pager | cut -d' ' -f 5-")[0]
    assert [line.partition(": ")[2] for line in lines.splitlines()] == ["disk is full", "two", "three"]
    assert "app[" in shell.run("journalctl -p err -n 1")[0]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("logger -p foo hi", "logger: unknown priority name: foo\n"),
        ("logger -p user.foo hi", "logger: unknown priority name: foo\n"),
        ("logger -p foo.info hi", "logger: unknown facility name: foo\n"),
        ("logger -f /nosuch", "logger: file /nosuch: No such file or directory\n"),
    ],
)
def test_logger_refuses(line: str, error: str):
    machine = Machine(HOST)
    assert run(line, machine) == ("", error, 1)
    assert machine.host.journal == HOST.journal


def test_lastlog_tells_of_the_last_login_of_each_user():
    told = run("lastlog")[0].splitlines()
    assert told[0] == "Username         Port     From                                       Latest"
    assert [line.split()[0] for line in told[1:4]] == ["root", "www-data", "ops"]
    newest = max(HOST.logins, key=lambda login: login.start)
    (row,) = run(f"lastlog -u {newest.user}")[0].splitlines()[1:]
    assert row.startswith(f"{newest.user:<16} {newest.tty:<8} {newest.origin:<42}")
    assert row.endswith(" +0000 " + run(f"date -d @{newest.start} +%Y")[0].strip())


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("lastlog -u nobody | tail -1 | grep -c 'Never logged in'", ("1\n", "", 0)),
        ("lastlog -u nosuch", ("", "lastlog: Unknown user or range: nosuch\n", 1)),
        ("lastlog -t 0", ("", "", 0)),
        ("lastlog -b x", ("", "lastlog: invalid numeric argument 'x'\n", 1)),
        ("id -Z", ("", "id: --context (-Z) works only on an SELinux-enabled kernel\n", 1)),
    ],
)
def test_what_lastlog_and_id_refuse(line: str, told: tuple[str, str, int]):
    assert run(line) == told
