"""The kernel's settings, which sysctl and the files of /proc/sys show: defaults of Debian 12 (`sysctl.txt`)."""

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path

from bashkit import FileSystem

from fleet.linux.interfaces import interfaces
from fleet.model import File, Host
from fleet.ports import docker_runs

DEFAULTS = Path(__file__).with_name("sysctl.txt")
MOST = {"vm.swappiness": 200, "vm.overcommit_memory": 2, "vm.dirty_ratio": 100, "vm.dirty_background_ratio": 100,
    "kernel.randomize_va_space": 2, "vm.panic_on_oom": 2, "net.ipv4.tcp_syncookies": 2,
    "net.ipv4.tcp_tw_reuse": 2}  # fmt: skip
"""The largest value of some that the kernel checks."""
WRITE_ONLY = frozenset(("vm.drop_caches", "vm.compact_memory", "net.ipv4.route.flush", "net.ipv6.route.flush"))
READ_ONLY = re.compile(
    r"kernel\.(?:hostname|osrelease|ostype|version|cap_last_cap|ngroups_max|bootloader\w+|tainted|pty\.nr|random\.\w+)"
    r"|fs\.(?:file-nr|inode-nr|inode-state|dentry-state|aio-nr)|net\.ipv4\.tcp_available\w+|net\.ipv4\.tcp_\w+_entries"
)
"""Settings that nobody may change here, the host's name among them."""


@cache
def _defaults() -> dict[str, str]:
    rows = (line.partition(" = ") for line in DEFAULTS.read_text(encoding="utf-8").splitlines())
    return {key: value for key, _, value in rows}


def settings(host: Host) -> dict[str, str]:
    """key -> value of every setting, sorted by key."""
    links = tuple(link.name for link in interfaces(host))
    usual = _usual(host.name, host.system.kernel, host.memory.total, docker_runs(host), links)
    return {**usual, **host.kernel}


@lru_cache(64)
def _usual(name: str, kernel: str, memory: int, forwards: bool, links: tuple[str, ...]) -> dict[str, str]:
    """The settings of a host with such a memory and such interfaces, of which nobody has changed any."""
    pages = memory // 4
    tcp, udp = pages // 16, pages // 8
    found = _defaults() | {
        "fs.inotify.max_user_watches": str(memory * 1024 // 100 // 1281),
        "kernel.hostname": name,
        "kernel.osrelease": kernel,
        "kernel.threads-max": str(memory // 128),
        "net.ipv4.tcp_mem": f"{tcp // 4 * 3}\t{tcp}\t{tcp // 4 * 6}",
        "net.ipv4.udp_mem": f"{udp // 4 * 3}\t{udp}\t{udp // 4 * 6}",
        "vm.user_reserve_kbytes": str(min(memory // 32, 131_072)),
    }
    if forwards:
        found |= dict.fromkeys(("net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding"), "1")
    for key, value in list(found.items()):
        tree, each, last = key.partition(".default.")
        if each and tree.endswith((".conf", ".neigh")):
            found |= {f"{tree}.{link}.{last}": value for link in links}
    return dict(sorted(found.items()))


def path_of(key: str) -> str:
    """/proc/sys/vm/swappiness"""
    return f"/proc/sys/{key.replace('.', '/')}"


def key_of(path: str) -> str:
    return path.removeprefix("/proc/sys/").replace("/", ".")


def set_to(host: Host, key: str, value: str) -> Host | None:
    """The host with a setting changed; None if the kernel refuses the value."""
    if key in WRITE_ONLY:
        return host
    old = settings(host)[key]
    words = value.split()
    numbers = all(re.fullmatch(r"-?\d+", word) for word in old.split())
    if READ_ONLY.fullmatch(key) or not words or (numbers and not all(re.fullmatch(r"-?\d+", word) for word in words)):
        return None
    if key in MOST and not 0 <= int(words[0][:12]) <= MOST[key]:
        return None
    kept = words[: len(old.split())] if numbers else words
    together = [key]
    if key in ("net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding"):
        together = ["net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding"]
    changed = {**host.kernel, **dict.fromkeys(together, "\t".join(kept))}
    usual = settings(host.with_kernel({}))
    return host.with_kernel({name: new for name, new in changed.items() if new != usual[name]})


def written(fs: FileSystem, host: Host) -> Host:
    """The host with what has been written to the files of /proc/sys, if they are there."""
    if not fs.exists(path_of("vm.swappiness")):
        return host
    for key, value in settings(host).items():
        new = fs.read_file(path_of(key)).decode("utf-8", "replace") if fs.exists(path_of(key)) else value
        if new.split() != value.split():
            host = set_to(host, key, new) or host
    return host


def rows_of(text: str) -> list[tuple[int, str, str]]:
    """(number of the line, key, value) of what a file of settings sets; an empty key for a line that sets nothing."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        plain = line.strip()
        if plain and plain[0] not in "#;":
            key, sign, value = plain.partition("=")
            found.append((number, key.strip().lstrip("-").replace("/", ".") if sign else "", value.strip()))
    return found


def configuration(files: Mapping[str, File]) -> list[str]:
    """The files that are read at boot, in order."""
    folder = re.compile(r"/(?:usr/lib|usr/local/lib|run|etc)/sysctl\.d/[^/]+\.conf")
    named = sorted((path for path in files if folder.fullmatch(path)), key=lambda path: path.rpartition("/")[2])
    return [*named, *(["/etc/sysctl.conf"] if "/etc/sysctl.conf" in files else [])]


def at_boot(host: Host) -> Host:
    """The host with its settings as its files say."""
    host = host.with_kernel({})
    for path in configuration(host.files):
        for _, key, value in rows_of(host.files[path].content):
            if key in settings(host):
                host = set_to(host, key, value) or host
    return host
