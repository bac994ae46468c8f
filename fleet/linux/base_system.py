"""Turns bashkit's bare file system into that of a server when a shell starts."""

import posixpath
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256

from bashkit import Bash, FileSystem

from fleet.linux.host_files import SANDBOX, entries, is_link
from fleet.linux.kernel_settings import path_of, settings
from fleet.linux.proc import proc_files
from fleet.linux.terminal import ABSENT
from fleet.model import File, Host

SBIN = frozenset(("nginx", "reboot", "shutdown", "poweroff", "halt", "service", "ip", "ifconfig", "route", "iptables",
    "ufw", "sysctl", "arp", "blkid", "swapon", "swapoff", "sshd", "useradd", "usermod", "userdel", "groupadd",
    "groupdel", "logrotate", "runuser"))  # fmt: skip
"""Our commands that belong in /usr/sbin, with the other administration tools."""
FOLDERS = ("/boot", "/media", "/mnt", "/opt", "/root", "/run", "/srv", "/sys", "/tmp", "/usr/local/bin", "/var/log",
    "/var/tmp", "/etc/apt/preferences.d", "/etc/apt/sources.list.d", "/etc/security/limits.d", "/etc/skel",
    "/etc/sudoers.d", "/etc/sysctl.d", "/etc/systemd/system", "/run/lock")  # fmt: skip
ENVIRONMENT = {
    "HOME": "/root",
    "LOGNAME": "root",
    "SHELL": "/bin/bash",
    "LANG": "C.UTF-8",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "UID": "0",
    "EUID": "0",
}


def initial_files(
    host: Host, standing: Mapping[str, File], commands: Iterable[str]
) -> dict[str, str | Callable[[], str]]:
    """path -> content of the files that a shell starts with."""
    # Without a file of ours, bashkit would run its own command for /usr/bin/df.
    scripts = {_script(name): f'#!/bin/sh\nexec {name} "$@"\n' for name in commands}
    files = {path: file.content for path, file in (*standing.items(), *host.files.items())}
    return {**scripts, **files}


def set_up(bash: Bash, host: Host, commands: Iterable[str]) -> None:
    """Add the folders of a server; remove programs it lacks and stray home folders."""
    fs = bash.fs()
    for name in commands:
        fs.chmod(_script(name), 0o755)
    for name in ABSENT:
        fs.remove(_script(name))
    fs.remove("/bin", recursive=True)  # otherwise /bin/df would be bashkit's own
    fs.symlink("/usr/bin", "/bin")
    fs.symlink("/usr/sbin", "/sbin")
    for folder in (*FOLDERS, *(mount.target for mount in host.mounts)):
        if not fs.exists(folder):
            fs.mkdir(folder, recursive=True)
    fs.symlink("/run", "/var/run")
    fs.symlink("/proc/self/mounts", "/etc/mtab")
    for home in ("/home/user", "/home/root"):
        if fs.exists(home):
            fs.remove(home, recursive=True)
    for own in ("self", "1/cgroup", "1/exe", "1/fd", "1/mounts", "1/stat"):  # they would reveal the sandbox
        fs.remove(f"/proc/{own}", recursive=True)
    bash.set_env("EPOCHSECONDS", str(host.now))
    # Unseeded, $RANDOM would differ from run to run.
    bash.execute_sync(f"RANDOM={int.from_bytes(sha256(host.name.encode()).digest()[:2], 'big')}")


def refresh_proc(bash: Bash, host: Host, known: dict[str, str], with_settings: bool) -> dict[str, str]:
    """Write the current time, and what has changed in /proc and /sys since they held `known`: bashkit cannot compute a
    file when it is read. Returns what they hold now."""
    bash.set_env("EPOCHSECONDS", str(host.now))
    fs = bash.fs()
    now = proc_files(host)
    if with_settings:
        now |= {path_of(key): f"{value}\n" for key, value in settings(host).items()}
    for entry in entries(fs, "/proc"):
        if entry["name"].isdecimal() and f"/proc/{entry['name']}/comm" not in now:
            fs.remove(f"/proc/{entry['name']}", recursive=True)
    for path, content in now.items():
        if known.get(path) != content or path.startswith("/proc/sys/"):
            fs.mkdir(path.rsplit("/", 1)[0], recursive=True)
            fs.write_file(path, content.encode())
    return now


def copy_folders(old: FileSystem, new: FileSystem, folder: str = "/") -> None:
    """Copy folders and links, which a host's state does not hold, from an earlier shell."""
    if not new.exists(folder):  # a link of the earlier shell led to it
        new.mkdir(folder, recursive=True)
    for entry in entries(old, folder):
        path, kind = posixpath.join(folder, entry["name"]), entry["metadata"]["file_type"]
        if kind == "symlink" and not (new.exists(path) or is_link(new, path)):
            new.symlink(old.read_link(path), path)
        elif kind == "directory" and path not in SANDBOX:
            copy_folders(old, new, path)


def _script(name: str) -> str:
    return f"/usr/{'sbin' if name in SBIN else 'bin'}/{name}"
