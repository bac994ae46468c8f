"""What the simulated commands print, jc (a parser of real commands' output) reads into the very values of the host."""

from datetime import UTC, datetime
from random import Random
from typing import Any

import jc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.draw import draw_host
from fleet.linux.shell import LinuxShell
from fleet.linux.standing_files import standing_files
from fleet.model import Host, Machine

pytestmark = pytest.mark.loop  # whole hosts, read by jc

hosts = st.integers(0, 10**6).map(lambda seed: draw_host("web01", Random(seed)))
drawn = settings(max_examples=10, deadline=None)


def parsed(parser: str, host: Host, line: str) -> Any:
    stdout, stderr, code = LinuxShell(Machine(host)).run(line)
    assert (stderr, code) == ("", 0)
    return jc.parse(parser, stdout, quiet=True)


def day(time: int) -> datetime:
    return datetime.fromtimestamp(time, UTC)


# --- disks and files ------------------------------------------------------------------------------------------------


@given(hosts)
@drawn
def test_df_shows_every_mount_in_kib(host: Host):
    assert [
        (row["filesystem"], row["1k_blocks"], row["used"], row["available"], row["use_percent"], row["mounted_on"])
        for row in parsed("df", host, "df")
    ] == [(m.device, m.size, host.used(m), host.available(m), host.percent(m.target), m.target) for m in host.mounts]


@given(hosts)
@drawn
def test_df_h_rounds_up_to_what_a_person_reads(host: Host):
    for row, mount in zip(parsed("df", host, "df -h"), host.mounts, strict=True):
        size = mount.size * 1024
        assert size <= row["size"] <= size * 1.1
        assert row["use_percent"] == host.percent(mount.target)


@given(hosts)
@drawn
def test_ls_and_stat_tell_size_owner_and_time_of_every_log(host: Host):
    rows = parsed("ls", host, "ls -l --time-style=full-iso $(find /var/log -type f)")
    files = standing_files(host) | dict(host.files)
    assert {row["filename"] for row in rows} == {path for path in files if path.startswith("/var/log/")}
    for row in rows:
        file = files[row["filename"]]
        assert (row["size"], row["owner"]) == (file.size, file.owner)
    for row in parsed("stat", host, "stat /etc/hostname $(find /var/log -type f)"):
        file = files[row["file"]]
        assert (row["size"], row["user"], row["modify_time_epoch_utc"]) == (file.size, file.owner, file.modified)


@given(hosts)
@drawn
def test_du_counts_what_the_files_take(host: Host):
    rows = {row["name"]: row["size"] for row in parsed("du", host, "du -ab /var/log /etc")}
    for path, file in host.files.items():
        if path.startswith(("/var/log/", "/etc/")):
            assert rows[path] == file.size


@given(hosts)
@drawn
def test_mount_and_lsblk_know_the_same_disks_as_df(host: Host):
    mounted = {row["mount_point"]: row["filesystem"] for row in parsed("mount", host, "mount")}
    assert {mount.target: mount.device for mount in host.mounts}.items() <= mounted.items()
    parts = {row["name"]: row["mountpoints"] for row in parsed("lsblk", host, "lsblk") if row["type"] == "part"}
    assert parts == {m.device.removeprefix("/dev/"): [m.target] for m in host.mounts if m.device.startswith("/dev/sd")}


# --- processes and memory -------------------------------------------------------------------------------------------


@given(hosts)
@drawn
def test_ps_aux_shows_every_process(host: Host):
    rows = {row["pid"]: row for row in parsed("ps", host, "ps aux")}
    assert len(rows) == len(host.processes) + 2  # the shell and ps itself
    for process in host.processes:
        row = rows[process.pid]
        assert (row["vsz"], row["rss"], row["stat"]) == (process.virtual, process.resident, process.state)
        assert (row["command"], row["cpu_percent"]) == (process.command, pytest.approx(process.cpu, abs=0.051))
        assert row["mem_percent"] == pytest.approx(100 * process.resident / host.memory.total, abs=0.051)


@given(hosts)
@drawn
def test_ps_ef_shows_every_parent(host: Host):
    rows = {row["pid"]: row for row in parsed("ps", host, "ps -ef")}
    for process in host.processes:
        assert (rows[process.pid]["ppid"], rows[process.pid]["cmd"]) == (process.parent, process.command)


def told_as_used(host: Host) -> int:
    """procps 4 calls used what is not available; Ubuntu 22.04 has procps 3."""
    return host.memory_used if host.system.version == "22.04" else host.memory.total - host.memory_available


@given(hosts)
@drawn
def test_free_shows_the_memory_that_ps_and_top_show(host: Host):
    memory, swap = parsed("free", host, "free")
    assert memory["total"] == host.memory.total
    assert (memory["used"], memory["free"]) == (told_as_used(host), host.memory_free)
    assert (memory["shared"], memory["available"]) == (host.memory.shared, host.memory_available)
    assert host.memory_used + memory["free"] + memory["buff_cache"] == memory["total"]
    assert (swap["total"], swap["used"]) == (host.memory.swap_total, host.memory.swap_used)
    info = parsed("proc_meminfo", host, "cat /proc/meminfo")
    assert (info["MemTotal"], info["MemAvailable"]) == (host.memory.total, host.memory_available)


@given(hosts)
@drawn
def test_top_shows_load_memory_and_the_busiest_first(host: Host):
    (top,) = parsed("top", host, "top -bn1")
    assert (top["load_1m"], top["load_5m"], top["load_15m"]) == (host.load, *host.loads)
    assert (top["tasks_total"], top["users"]) == (len(host.processes), sum(login.end is None for login in host.logins))
    assert top["mem_total"] == pytest.approx(host.memory.total / 1024, abs=0.1)
    assert top["mem_used"] == pytest.approx(told_as_used(host) / 1024, abs=0.1)
    shown = [row["percent_cpu"] for row in top["processes"]]
    assert shown == sorted(shown, reverse=True)
    assert {row["pid"] for row in top["processes"]} == {process.pid for process in host.processes}
    assert 99 < sum(top[f"cpu_{kind}"] for kind in ("user", "sys", "idle", "wait")) < 101


# --- the machine and its people -------------------------------------------------------------------------------------


@given(hosts)
@drawn
def test_uptime_and_w_tell_boot_and_load(host: Host):
    row = parsed("uptime", host, "uptime")
    assert (row["load_1m"], row["load_5m"], row["load_15m"]) == (host.load, *host.loads)
    assert row["uptime_total_seconds"] == (host.now - host.boot) // 60 * 60
    assert (row["time_hour"], row["time_minute"]) == (day(host.now).hour, day(host.now).minute)
    here = [login for login in host.logins if login.end is None]
    assert [(row["user"], row["tty"], row["from"]) for row in parsed("w", host, "w")] == [
        (login.user, login.tty, login.origin) for login in here
    ]


@given(hosts)
@drawn
def test_who_and_last_tell_the_logins(host: Host):
    here = [login for login in host.logins if login.end is None]
    assert [(row["user"], row["tty"], row["from"], row["time"]) for row in parsed("who", host, "who")] == [
        (login.user, login.tty, login.origin, day(login.start).strftime("%Y-%m-%d %H:%M")) for login in here
    ]
    rows = [row for row in parsed("last", host, "last -F") if row["user"] != "reboot"]
    newest = sorted(host.logins, key=lambda login: login.start, reverse=True)
    assert [(row["user"], row["hostname"]) for row in rows] == [(login.user, login.origin) for login in newest]
    for row, login in zip(rows, newest, strict=True):
        assert row["login"] == day(login.start).strftime("%a %b %-d %H:%M:%S %Y")
        assert row["logout"] == (day(login.end).strftime("%a %b %-d %H:%M:%S %Y") if login.end else "still logged in")


@given(hosts)
@drawn
def test_the_machine_shows_its_kernel_clock_and_user(host: Host):
    row = parsed("uname", host, "uname -a")
    assert (row["node_name"], row["kernel_release"], row["machine"]) == (host.name, host.system.kernel, "x86_64")
    assert parsed("date", host, "date")["epoch_utc"] == host.now
    assert parsed("date", host, "date -u +'%a %b %d %H:%M:%S %Z %Y'")["epoch_utc"] == host.now
    assert parsed("id", host, "id")["uid"] == {"id": 0, "name": "root"}
    assert parsed("os_release", host, "cat /etc/os-release")["ID"] == host.system.id
    assert parsed("proc_loadavg", host, "cat /proc/loadavg")["load_1m"] == host.load
    assert parsed("proc_uptime", host, "cat /proc/uptime")["up_time"] == host.now - host.boot
    assert len(parsed("crontab", host, "crontab -l")["schedule"]) >= 1


# --- the shape of real output: short excerpts, written by hand --------------------------------------------------------

SHAPES = {
    "ps aux": "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND",
    "ps -ef": "UID          PID    PPID  C STIME TTY          TIME CMD",
    "ps": "    PID TTY          TIME CMD",
    "ps -eo pid,user,%cpu,cmd": "    PID USER     %CPU CMD",
    "free": "               total        used        free      shared  buff/cache   available",
    "free -w": "               total        used        free      shared     buffers       cache   available",
    "w | tail -n +2": "USER     TTY      FROM             LOGIN@   IDLE   JCPU   PCPU WHAT",
    "who -H": "NAME     LINE         TIME             COMMENT",
    "top -bn1 | tail -n +7": "    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND",
    "df -i": "Filesystem",
    "lsblk": "NAME   MAJ:MIN RM",
    "vmstat": "procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----",
    "timedatectl": "               Local time: ",
    "hostnamectl": " Static hostname: web01",
    "lsb_release -a": "Distributor ID:\t",
    "stat /etc/hostname | head -1": "  File: /etc/hostname",
    "ls -l /etc | head -1": "total ",
    "last | tail -1": "wtmp begins ",
    "cat /proc/meminfo": "MemTotal:",
    "lsof -i :22": "COMMAND ",
}


@pytest.mark.parametrize("line", SHAPES)
def test_output_begins_as_the_real_one(line: str):
    stdout, _, code = LinuxShell(Machine(draw_host("web01", Random(1)))).run(line)
    assert code == 0
    assert stdout.splitlines()[0].startswith(SHAPES[line])
