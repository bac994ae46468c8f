"""The state of a host: what it tells of itself follows from its parts, and no change reaches an older state."""

from dataclasses import FrozenInstanceError, replace
from random import Random

import pytest

from fleet.draw import draw_host
from fleet.model import File, Mount, Process

HOST = draw_host("web01", Random(7))
ROOT, LOGS, RUN = (
    Mount("/dev/sda1", "/", "ext4", 1_000_000, 300_000),
    Mount("/dev/sdb1", "/var/log", "xfs", 500_000, 0),
    Mount("tmpfs", "/run", "tmpfs", 100_000, 0),
)
BARE = replace(HOST, mounts=(ROOT, LOGS, RUN), files={}, processes=(), waiting=0.0)


def _process(command: str, cpu: float = 0.0, resident: int = 0) -> Process:
    return Process(300, 1, "root", cpu, resident, resident, "S", "?", HOST.now, 0, command)


# --- disks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/etc/hosts", "/"),
        ("/", "/"),
        ("/var/log", "/var/log"),
        ("/var/log/app.log", "/var/log"),
        ("/var/logbook/a", "/"),
        ("/run/nginx.pid", "/run"),
    ],
)
def test_a_path_is_on_the_longest_mount_that_contains_it(path, target):
    assert BARE.mount_of(path).target == target


def test_letters_of_windows_volumes_differ_in_no_case():
    disk, data = Mount("Disk 0", "C:", "NTFS", 100, 0), Mount("Disk 1", "D:", "NTFS", 100, 0)
    host = replace(BARE, mounts=(disk, data))
    assert host.mount_of(r"c:\Users\ops\x.txt") == disk
    assert host.mount_of("d:/backup") == data


def test_a_file_takes_room_on_its_own_mount_with_its_bulk():
    host = BARE.with_file("/var/log/app.log", File("x" * 1024, bulk=99 * 1024))
    assert (host.used(ROOT), host.used(LOGS)) == (300_000, 100)
    assert host.available(LOGS) == 499_900


def test_ext4_keeps_a_twentieth_for_root_and_others_nothing():
    assert (ROOT.reserved, LOGS.reserved) == (50_000, 0)
    assert BARE.available(ROOT) == 650_000


@pytest.mark.parametrize(("used", "percent"), [(0, 0), (1, 1), (5_000, 1), (5_001, 2), (499_999, 100), (500_000, 100)])
def test_a_share_is_rounded_up_as_df_does(used, percent):
    host = replace(BARE, mounts=(ROOT, replace(LOGS, base=used)))
    assert host.percent("/var/log") == percent


def test_no_disk_holds_more_than_it_has():
    host = BARE.with_file("/big.img", File(bulk=10**15))
    assert (host.percent("/"), host.available(ROOT)) == (100, 0)


# --- memory and load ------------------------------------------------------------------------------------------------


def test_memory_and_load_follow_from_the_processes():
    host = replace(BARE, processes=(_process("/bin/a", 150.0, 1000), _process("/bin/b", 25.0, 500)), waiting=0.25)
    assert host.memory_used == host.memory.base + 1500
    assert host.load == 2.0


def test_no_process_leaves_less_than_no_memory():
    host = replace(BARE, processes=(_process("/bin/a", resident=10**12),))
    assert host.memory_available == 0
    assert host.memory_free > 0


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("/usr/sbin/sshd -D", "sshd"),
        ("nginx: worker process", "nginx"),
        ("[kworker/0:1]", "kworker/0:1"),
        (r"C:\Windows\System32\lsass.exe", "lsass.exe"),
        ("python3 app.py", "python3"),
    ],
)
def test_a_process_has_the_short_name_that_top_shows(command, name):
    assert _process(command).name == name


# --- nothing changes in place ---------------------------------------------------------------------------------------


def test_a_host_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        HOST.name = "web02"  # type: ignore[misc]


def test_another_file_or_service_leaves_the_older_host_as_it_was():
    service = next(iter(HOST.services.values()))
    files, services = dict(HOST.files), dict(HOST.services)
    changed = HOST.with_file("/tmp/x", File("x")).with_service(replace(service, restarts=9))
    assert changed.files["/tmp/x"].size == 1
    assert changed.services[service.name].restarts == 9
    assert (HOST.files, HOST.services) == (files, services)


def test_a_file_is_removed_by_writing_none():
    assert HOST.with_file("/etc/hosts", None).files.keys() == HOST.files.keys() - {"/etc/hosts"}


def test_the_size_of_a_file_is_counted_in_bytes():
    assert File("é").size == 2
    assert File("é", bulk=5).size == 7


def test_the_agent_of_a_host_is_what_list_agents_shows():
    assert HOST.agent.line == f"  - web01: web01 (linux) @ {HOST.address}:7000"
