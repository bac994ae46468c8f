"""What the kernel tells and takes: sysctl, swap, /proc and /sys agree with each other."""

from dataclasses import replace
from random import Random

import pytest

from fleet.draw import draw_host
from fleet.linux.shell import LinuxShell
from fleet.model import Host, Machine
from fleet.snapshot import flatten
from tests.fleet.answers import answer

DRAWN = draw_host("web01", Random(8))
HOST = replace(
    DRAWN, memory=replace(DRAWN.memory, total=4_000_000, base=500_000, swap_total=1_048_576, swap_used=104_857)
)


def run(line: str, host: Host = HOST) -> tuple[str, str, int]:
    return answer(line, host)


UNKNOWN = "sysctl: cannot stat /proc/sys/{}: No such file or directory\n"
NOTHING = "sysctl: no variables specified\nTry `sysctl --help' for more information.\n"


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("sysctl vm.swappiness", ("vm.swappiness = 60\n", "", 0)),
        ("sysctl -n vm/swappiness net.core.somaxconn", ("60\n4096\n", "", 0)),
        ("sysctl -N vm.swappiness; sysctl -b vm.swappiness", ("vm.swappiness\n60", "", 0)),
        ("sysctl foo.bar vm.swappiness", ("vm.swappiness = 60\n", UNKNOWN.format("foo/bar"), 1)),
        ("sysctl -e foo.bar", ("", "", 0)),
        ("sysctl", ("", NOTHING, 1)),
        ("sysctl -w", ("", NOTHING, 1)),
        ("sysctl -w vm.swappiness", ("", "sysctl: command line(0): invalid syntax, continuing...\n", 1)),
        ("sysctl -w vm.swappiness=abc", ("", 'sysctl: setting key "vm.swappiness": Invalid argument\n', 1)),
        ("sysctl -w vm.swappiness=201", ("", 'sysctl: setting key "vm.swappiness": Invalid argument\n', 1)),
        ("sysctl -w kernel.osrelease=x", ("", 'sysctl: setting key "kernel.osrelease": Invalid argument\n', 0)),
        ("sysctl foo.bar=1", ("", UNKNOWN.format("foo/bar"), 1)),
        ("sysctl -p /nosuch", ("", 'sysctl: cannot open "/nosuch": No such file or directory\n', 1)),
        ("sysctl --dry-run -w vm.swappiness=10; sysctl -n vm.swappiness", ("vm.swappiness = 10\n60\n", "", 0)),
        ("sysctl -q -w vm.swappiness=10; sysctl -n vm.swappiness", ("10\n", "", 0)),
        ("sysctl -a -r 'swappi|somaxc'", ("net.core.somaxconn = 4096\nvm.swappiness = 60\n", "", 0)),
        ("cat /proc/sys/foo/bar", ("", "cat: /proc/sys/foo/bar: No such file or directory\n", 1)),
    ],
)
def test_sysctl_answers_as_procps_4(line: str, answer: tuple[str, str, int]):
    assert run(line) == answer


def test_a_setting_can_be_read_and_written_both_ways():
    shell = LinuxShell(Machine(HOST))
    assert shell.run("sysctl -w vm.swappiness=10; cat /proc/sys/vm/swappiness")[0] == "vm.swappiness = 10\n10\n"
    assert shell.run("echo 20 > /proc/sys/vm/swappiness; sysctl -n vm.swappiness")[0] == "20\n"
    assert shell.run("sysctl -n vm.swappiness; echo 30 | sudo tee /proc/sys/vm/swappiness")[0] == "20\n30\n"
    assert shell.run("cat /proc/sys/vm/swappiness; sysctl -n vm.swappiness")[0] == "30\n30\n"
    assert shell.sync().files == HOST.files


def test_a_setting_that_differs_from_its_default_is_a_change_of_the_host():
    machine = Machine(HOST)
    shell = LinuxShell(machine)
    shell.run("sysctl -w net.ipv4.ip_forward=0")
    assert flatten({"a": machine.host})["a/kernel/net.ipv4.ip_forward"] == "0"
    assert shell.run("sysctl -n net.ipv4.conf.all.forwarding")[0] == "0\n"
    shell.run("sysctl -w net.ipv4.ip_forward=1")  # as Docker has set it
    assert machine.host.kernel == {}


def test_a_file_of_settings_counts_when_it_is_loaded_and_after_a_reboot():
    machine = Machine(HOST)
    shell = LinuxShell(machine)
    shell.run("echo 'vm.swappiness = 5' > /etc/sysctl.d/10-own.conf; sysctl -w vm.dirty_ratio=30")
    assert "vm.swappiness" not in machine.host.kernel
    output, error, code = shell.run("echo bad >> /etc/sysctl.d/10-own.conf; sysctl -p /etc/sysctl.d/10-own.conf")
    assert (output, code) == ("vm.swappiness = 5\n", 0)
    assert error == "sysctl: /etc/sysctl.d/10-own.conf(2): invalid syntax, continuing...\n"
    assert "* Applying /etc/sysctl.d/10-own.conf ...\n" in shell.run("sysctl --system")[0]
    shell.run("reboot")
    assert machine.host.kernel == {"vm.swappiness": "5"}


def test_all_settings_are_listed_in_order_and_those_of_an_interface_like_the_default_ones():
    keys = run("sysctl -aN")[0].splitlines()
    assert keys == sorted(keys)
    assert {"kernel.hostname", "vm.swappiness", "net.ipv4.conf.eth0.rp_filter", "fs.file-max"} <= set(keys)
    assert run("sysctl -n kernel.hostname kernel.osrelease")[0] == f"web01\n{HOST.system.kernel}\n"


SHOWN = "NAME      TYPE SIZE   USED PRIO\n/swapfile file   1G 102.4M   -2\n"


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("swapon", (SHOWN, "", 0)),
        ("swapon --show", (SHOWN, "", 0)),
        ("swapon --show=NAME,USED --noheadings --bytes", ("/swapfile 107373568\n", "", 0)),
        ("swapon --show=FOO", ("", "swapon: unknown column: FOO\n", 1)),
        ("swapon /swapfile", ("", "swapon: /swapfile: swapon failed: Device or resource busy\n", 255)),
        ("swapon /nosuch", ("", "swapon: cannot open /nosuch: No such file or directory\n", 255)),
        ("swapon /etc/passwd", ("", "swapon: /etc/passwd: insecure permissions 0644, 0600 suggested.\n"
         "swapon: /etc/passwd: read swap header failed\n", 255)),
        ("swapoff", ("", "swapoff: bad usage\nTry 'swapoff --help' for more information.\n", 16)),
        ("swapoff /etc/passwd", ("", "swapoff: /etc/passwd: swapoff failed: Invalid argument\n", 4)),
        ("swapoff /nosuch", ("", "swapoff: /nosuch: swapoff failed: No such file or directory\n", 4)),
        ("swapoff -a; swapon; swapoff -a; free -m | grep Swap | tr -s ' '", ("Swap: 0 0 0\n", "", 0)),
    ],
)  # fmt: skip
def test_swap_is_told_and_switched_as_by_util_linux(line: str, answer: tuple[str, str, int]):
    assert run(line) == answer


def test_swap_comes_back_with_swapon_and_with_a_reboot():
    for line in ("swapon -a", "swapon /swapfile", "reboot"):
        machine = Machine(HOST)
        shell = LinuxShell(machine)
        shell.run("swapoff /swapfile")
        assert (machine.host.memory.swap_total, flatten({"a": machine.host})["a/swap"]) == (0, "off")
        shell.run(line)
        assert (machine.host.memory.swap_total, machine.host.memory.swap_off) == (1_048_576, 0)


def test_a_host_without_swap_says_nothing():
    bare = replace(HOST, memory=replace(HOST.memory, swap_total=0, swap_used=0))
    assert run("swapon; swapon --show; swapon -s; swapoff -a", bare) == ("", "", 0)


def test_the_swap_file_itself_is_a_gap():
    machine = Machine(HOST)
    LinuxShell(machine).run("ls -lh /swapfile")
    assert [gap.what for gap in machine.gaps] == ["file /swapfile"]


def test_proc_and_sys_tell_what_the_commands_tell():
    received = run("ip -s link show eth0 | grep -A1 RX: | tail -1 | awk '{print $1}'")[0]
    assert run("cat /sys/class/net/eth0/statistics/rx_bytes")[0] == received
    assert run("awk '/eth0/ {print $2}' /proc/net/dev")[0] == received
    assert run("cat /sys/class/net/eth0/address")[0] == f"{HOST.mac}\n"
    assert run("cat /sys/class/net/eth0/operstate; cat /sys/class/net/lo/mtu")[0] == "up\n65536\n"
    listening = run("ss -Hltn | wc -l")[0]
    assert run("grep -c ' 0A ' /proc/net/tcp")[0] == listening
    disks = run("lsblk -lnbo NAME,SIZE")[0].split()
    kilobytes = run("awk 'NR > 2 {print $4, $3}' /proc/partitions")[0].split()
    assert [disks[0::2], [int(size) // 1024 for size in disks[1::2]]] == [kilobytes[0::2], [*map(int, kilobytes[1::2])]]
    assert run("awk '{print $3}' /proc/diskstats")[0].split() == disks[::2]
    assert run("cat /etc/mtab") == run("cat /proc/mounts")
