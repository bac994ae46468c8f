"""Files that every server has are there in every respect, follow the host's state, and are its own once changed."""

import re
from dataclasses import replace
from random import Random

import pytest

from fleet.actions import stop
from fleet.draw import draw_host
from fleet.linux.shell import LinuxShell
from fleet.model import Machine
from fleet.snapshot import diff
from tests.fleet.answers import answer

HOST = draw_host("web01", Random(8))


def run(line: str, machine: Machine | None = None) -> tuple[str, str, int]:
    return answer(line, machine or HOST)


@pytest.mark.parametrize(
    "path", ["/etc/fstab", "/etc/resolv.conf", "/etc/crontab", "/etc/shadow", "/etc/logrotate.d/dpkg", "/run/sshd.pid"]
)
def test_all_commands_agree_that_a_file_is_there(path: str):
    folder, _, name = path.rpartition("/")
    size = int(run(f"stat -c %s {path}")[0])
    assert size > 0
    for line in (f"[ -f {path} ]", f"test -r {path}", f"[ -s {path} ]", f"grep -q . {path}"):
        assert run(line)[2] == 0, line
    assert run(f"ls {folder} | grep -cx {name}")[0] == "1\n"
    assert run(f"find {folder} -name {name}")[0] == f"{path}\n"
    assert run(f"wc -c < {path}")[0] == run(f"cat {path} | wc -c")[0] == f"{size}\n"
    assert run(f"ls -l {path}")[0].split()[4] == str(size)


def test_reading_changes_nothing():
    machine = Machine(HOST)
    run("cat /etc/fstab /etc/shadow > /dev/null; ls -lR /etc > /dev/null; grep -r x /etc > /dev/null", machine)
    assert machine.host.files == HOST.files
    assert diff({"web01": HOST}, {"web01": machine.host}) == {}


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("echo '# x' >> /etc/fstab", "/etc/fstab"),
        ("sed -i 's/^17/18/' /etc/crontab", "/etc/crontab"),
        ("echo nameserver 9.9.9.9 | sudo tee /etc/resolv.conf", "/etc/resolv.conf"),
        ("cp /etc/fstab /etc/fstab.bak", "/etc/fstab.bak"),
        ("chmod 600 /etc/crontab", "/etc/crontab"),
        ("chown ops /etc/issue", "/etc/issue"),
    ],
)
def test_a_file_that_was_changed_is_the_host_s_own(line: str, path: str):
    machine = Machine(HOST)
    run(line, machine)
    assert machine.host.files.keys() - HOST.files.keys() == {path}
    again = LinuxShell(Machine(machine.host)).run(f"stat -c '%a %U %s' {path}; cat {path}")
    assert again == run(f"stat -c '%a %U %s' {path}; cat {path}", machine)


def test_an_edit_keeps_what_it_does_not_touch():
    machine = Machine(HOST)
    run("sed -i 's/^root/toor/' /etc/shadow; echo '# x' >> /etc/shadow", machine)
    file = machine.host.files["/etc/shadow"]
    assert (file.mode, file.owner, file.group) == (0o640, "root", "shadow")
    assert file.content.startswith("toor:")


@pytest.mark.parametrize(
    "line", ["rm /etc/fstab", "mv /etc/fstab /root/", "find /etc -name fstab -delete", "rm -r /etc"]
)
def test_a_file_that_was_removed_stays_away_and_is_a_change(line: str):
    machine = Machine(HOST)
    shell = LinuxShell(machine)
    shell.run(line)
    assert "/etc/fstab" in machine.host.lost
    assert diff({"web01": HOST}, {"web01": machine.host})["web01/files/etc/fstab"] == (None, "removed")
    for runner in (shell, LinuxShell(machine)):
        assert runner.run("cat /etc/fstab")[1:] == ("cat: /etc/fstab: No such file or directory\n", 1)
    assert machine.gaps == []
    shell.run("mkdir -p /etc; echo new > /etc/fstab")
    assert machine.host.lost.isdisjoint(("/etc/fstab",))
    assert machine.host.files["/etc/fstab"].content == "new\n"


def test_fstab_names_what_is_mounted_by_the_uuids_that_blkid_shows():
    mounted = {line.split()[1]: line.split()[0] for line in run("grep ^UUID /etc/fstab")[0].splitlines()}
    assert mounted.keys() == {mount.target for mount in HOST.mounts if mount.device.startswith("/dev/sd")}
    for mount in HOST.mounts:
        if mount.device.startswith("/dev/sd"):
            assert mounted[mount.target] == f"UUID={run(f'blkid -s UUID -o value {mount.device}')[0].strip()}"
    assert bool(HOST.memory.swap_total) == (run("grep -c swap /etc/fstab")[0] == "1\n")


def test_shadow_and_passwd_have_the_same_users():
    assert run("cut -d: -f1 /etc/shadow") == run("cut -d: -f1 /etc/passwd")
    assert run("cut -d: -f1 /etc/gshadow") == run("cut -d: -f1 /etc/group")


def test_a_pid_file_follows_its_service_even_within_a_line():
    output, error, _ = run(
        "cat /run/sshd.pid; systemctl restart ssh; cat /run/sshd.pid; pgrep -o sshd; systemctl stop ssh;"
        "ls /run/sshd.pid; systemctl start ssh; cat /var/run/sshd.pid"
    )
    first, second, same, third = output.split()
    assert len({first, second, third}) == 3
    assert second == same
    assert error == "ls: cannot access '/run/sshd.pid': No such file or directory\n"


def test_a_pid_file_follows_what_others_do_to_the_host():
    machine = Machine(HOST)
    shell = LinuxShell(machine)
    assert shell.run("[ -e /run/crond.pid ]")[2] == 0
    machine.host = stop(machine.host, "cron")
    assert shell.run("[ -e /run/crond.pid ]")[2] == 1


def test_a_service_that_does_not_run_has_no_pid_file():
    assert run("cat /run/crond.pid", Machine(stop(HOST, "cron")))[1:] == (
        "cat: /run/crond.pid: No such file or directory\n",
        1,
    )


def test_each_distribution_has_its_own():
    debian = replace(
        HOST, system=replace(HOST.system, id="debian", version="12", name="Debian GNU/Linux 12 (bookworm)")
    )
    ubuntu = replace(HOST, system=replace(HOST.system, id="ubuntu", version="24.04", name="Ubuntu 24.04.1 LTS"))
    assert "deb.debian.org/debian bookworm main" in run("cat /etc/apt/sources.list", Machine(debian))[0]
    assert "ubuntu noble main restricted" in run("cat /etc/apt/sources.list", Machine(ubuntu))[0]
    assert run("cat /etc/issue", Machine(debian))[0] == "Debian GNU/Linux 12 \\n \\l\n\n"
    assert run("grep CODENAME /etc/lsb-release", Machine(ubuntu))[0] == "DISTRIB_CODENAME=noble\n"
    assert LinuxShell(Machine(debian)).run("[ -e /etc/lsb-release ]")[2] == 1


def test_a_package_brings_its_own_rotation():
    with_nginx = replace(HOST, packages={**HOST.packages, "nginx": "1.22.1-9"})
    assert "rotate 14" in run("cat /etc/logrotate.d/nginx", Machine(with_nginx))[0]
    without = replace(HOST, packages={name: v for name, v in HOST.packages.items() if name != "nginx"})
    assert LinuxShell(Machine(without)).run("[ -e /etc/logrotate.d/nginx ]")[2] == 1


def test_the_machine_s_id_is_the_one_that_hostnamectl_shows():
    machine_id = run("cat /etc/machine-id")[0].strip()
    assert re.fullmatch(r"[0-9a-f]{32}", machine_id)
    assert machine_id in run("hostnamectl")[0]
