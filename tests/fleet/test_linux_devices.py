"""umount, blkid, fuser and arp on real hosts."""

from random import Random

import pytest

from fleet.draw import draw_host
from fleet.linux.shell import LinuxShell
from fleet.model import Machine
from fleet.ports import main_process
from tests.fleet.answers import answer

HOST = draw_host("web01", Random(8))
OTHER = draw_host("db01", Random(9))
PID = next(process.pid for process in HOST.processes if process.service == "ssh")
ROW = f"22/tcp:              root      {PID:>5} F.... sshd\n"
HEAD = "                     USER        PID ACCESS COMMAND\n"


def fleet() -> Machine:
    machine, other = Machine(HOST), Machine(OTHER)
    machine.fleet = {"web01": machine, "db01": other}
    return machine


def run(line: str) -> tuple[str, str, int]:
    return answer(line, fleet())


@pytest.mark.parametrize(
    ("line", "error", "code"),
    [
        ("umount", "umount: bad usage\nTry 'umount --help' for more information.\n", 1),
        ("umount /", "umount: /: target is busy.\n", 32),
        ("umount /dev/sda1", "umount: /: target is busy.\n", 32),
        ("umount /etc", "umount: /etc: not mounted.\n", 32),
        ("umount -q /etc", "", 32),
        ("umount /nosuch /run", "umount: /nosuch: no mount point specified.\numount: /run: target is busy.\n", 32),
        ("cd /data && umount /data", "umount: /data: target is busy.\n", 32),
        ("umount -x", "umount: invalid option -- 'x'\nTry 'umount --help' for more information.\n", 1),
        ("blkid /dev/nosuch", "", 2),
        ("blkid -L nosuch", "", 2),
        ("blkid -t TYPE=nosuch", "", 2),
        ("blkid -o nosuch", "blkid: unsupported output format nosuch\n", 4),
        ("fuser 1/tcp", "", 1),
        ("fuser 22/udp", "", 1),
        ("fuser /etc/passwd", "", 1),
        ("fuser /nosuch", "Specified filename /nosuch does not exist.\n", 1),
        ("fuser nosuch/tcp", "Cannot resolve local port nosuch: Servname not supported for ai_socktype\n", 1),
        ("fuser -s 22/tcp", "", 0),
        ("fuser -v 22/tcp 1/tcp", HEAD + ROW, 0),
        ("fuser -v -n tcp ssh", f"{HEAD}{'ssh/tcp:':<20}{ROW[20:]}", 0),
        ("arp nosuch", "nosuch: Unknown host\n", 255),
    ],
)  # fmt: skip
def test_an_answer_without_output(line: str, error: str, code: int):
    assert run(line) == ("", error, code)


def test_an_idle_mount_is_a_gap():
    machine = fleet()
    LinuxShell(machine).run("umount /dev/shm")
    assert [gap.what for gap in machine.gaps] == ["umount /dev/shm"]


def test_blkid_and_lsblk_know_the_same_uuids():
    assert run("blkid -s UUID -o value") == run("lsblk -lno UUID | grep .")
    assert run("blkid -U $(blkid -s UUID -o value /dev/sda1)")[0] == "/dev/sda1\n"
    assert run("blkid -o device")[0].split() == ["/dev/sda1", "/dev/sdb1"]
    assert run("blkid -o export /dev/sda1")[0].startswith("DEVNAME=/dev/sda1\nUUID=")
    assert ' BLOCK_SIZE="4096" TYPE="ext4" PARTUUID="' in run("blkid /dev/sda1")[0]


@pytest.mark.parametrize("line", ["fuser 22/tcp", "fuser ssh/tcp", "fuser -n tcp 22", "sudo fuser -u 22/tcp"])
def test_fuser_names_the_processes_on_its_output_and_the_rest_beside_it(line: str):
    output, error, code = run(line)
    assert (output.split(), code) == ([str(PID)], 0)
    assert error.split()[0] in ("22/tcp:(root)", "22/tcp:", "ssh/tcp:")


def test_fuser_kills_who_holds_a_port():
    machine = fleet()
    shell = LinuxShell(machine)
    shell.run("fuser -k 22/tcp")
    after = main_process(machine.host, "ssh")
    assert after is None or after.pid != PID
    assert shell.run("fuser -k -NOSUCH 22/tcp")[1:] == ("Unknown signal NOSUCH; fuser -l lists signals.\n", 1)


def test_arp_and_ip_know_the_same_neighbours():
    assert run("arp -n")[0].splitlines()[2] == (f"{OTHER.address:<25}ether   {OTHER.mac}   C                     eth0")
    assert run("arp -an db01")[0] == f"? ({OTHER.address}) at {OTHER.mac} [ether] on eth0\n"
    assert run("ip neigh | wc -l; arp -a | wc -l")[0] == "2\n2\n"
    assert run("arp 9.9.9.9")[0] == "9.9.9.9 (9.9.9.9) -- no entry\n"


@pytest.mark.parametrize(
    "line",
    ["mount -o remount,ro /", "mount -t tmpfs tmpfs /mnt", "mount proc /mnt", "mount /dev/sda1 /mnt", "mount /"],
)
def test_a_mount_that_would_succeed_is_a_gap(line: str):
    machine = fleet()
    LinuxShell(machine).run(line)
    assert machine.gaps


def test_a_mount_that_cannot_succeed_says_why():
    assert run("mount /nosuch") == ("", "mount: /nosuch: can't find in /etc/fstab.\n", 1)
    assert run("mount a b c")[1:] == ("mount: bad usage\nTry 'mount --help' for more information.\n", 1)
    assert run("mount -a") == ("", "", 0)
