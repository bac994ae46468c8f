"""Files that every server has (`standing_files.yaml`), filled in from the host's state.

They are no part of `Host.files` until somebody changes them.
"""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from pathlib import Path

from aj.files import Strict, load_yaml
from fleet.linux.logrotate_config import ConfigReader, LogRule, UnclearRotation
from fleet.linux.mounts import uuid_of
from fleet.linux.packages import source
from fleet.linux.pid_files import pid_files
from fleet.linux.real_files import is_real
from fleet.linux.rotation_state import STATE, last_rotations, state_text
from fleet.linux.swap import SWAP_FILE, swap_size
from fleet.linux.syslog_files import syslog_files
from fleet.linux.system import CODENAMES, machine_id
from fleet.model import File, Host


class StandingFile(Strict):
    text: str
    mode: str = "644"
    group: str = ""


class StandingFiles(Strict):
    """`standing_files.yaml`: path -> file, of every host, of each distribution, and of each package."""

    both: dict[str, StandingFile]
    debian: dict[str, StandingFile]
    ubuntu: dict[str, StandingFile]
    packages: dict[str, dict[str, StandingFile]]


@cache
def _known() -> StandingFiles:
    return load_yaml(Path(__file__).parent / "standing_files.yaml", StandingFiles)


def standing_files(host: Host) -> dict[str, File]:
    """path -> file, without those that have been changed (`Host.files`) or removed (`Host.lost`)."""
    known, values, since = _known(), _values(host), installed(host)
    found = known.both | (known.ubuntu if host.system.id == "ubuntu" else known.debian)
    for package, files in known.packages.items():
        found |= files if package in host.packages else {}
    made = {
        path: File(_filled(file.text, values), mode=int(file.mode, 8), group=file.group, modified=since)
        for path, file in found.items()
    }
    made |= pid_files(host) | syslog_files(host)
    made[STATE] = File(_rotations(host, made | dict(host.files)), mode=0o640, modified=host.now - host.now % 86_400)
    return {path: file for path, file in made.items() if path not in host.files and path not in host.lost}


def _rotations(host: Host, files: Mapping[str, File]) -> str:
    """logrotate's state after its run of today."""
    config = ((path, files[path].content) for path in files if path.startswith("/etc/logrotate."))
    logs = [path for path in files if path.startswith("/var/log/")]

    def expand(pattern: str) -> list[str]:
        there = [path for path in logs if fnmatchcase(path, pattern) and path.count("/") == pattern.count("/")]
        return there or ([pattern] if is_real(pattern, host) else [])

    return state_text(last_rotations(_rules(tuple(config)), expand, host.now))


@lru_cache(256)
def _rules(config: tuple[tuple[str, str], ...]) -> list[LogRule]:
    """Those of logrotate's configuration; none if something in it is not simulated."""
    texts = dict(config)
    names = sorted(path.rpartition("/")[2] for path in texts if path.count("/") == 3)
    reader = ConfigReader(
        text_of=texts.get,
        names_in=lambda path: names if path == "/etc/logrotate.d" else None,
        mode_of=lambda path: 0o644,
        expand=lambda pattern: [],
    )
    try:
        reader.read("/etc/logrotate.conf")
    except UnclearRotation:
        return []
    return reader.rules


def installed(host: Host) -> int:
    """When the system was installed."""
    name = host.files.get("/etc/hostname")
    return min(name.modified if name else host.boot, host.boot)


def _filled(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], text)


def _values(host: Host) -> dict[str, str]:
    system = host.system
    return _netbase() | {
        "codename": CODENAMES.get(system.version, ""),
        "fstab": _fstab(host),
        "gshadow": _gshadow(host),
        "issue": system.name.partition(" (")[0],
        "machine": machine_id(host),
        "rotator": "su root adm\n" if system.id == "ubuntu" else "",
        "shadow": _shadow(host),
        "sources": _sources(host),
        "testing": {"22.04": "bookworm", "24.04": "trixie"}.get(system.version, "bullseye"),
        "version": system.version,
        "welcome": _welcome(host),
    }


@cache
def _netbase() -> dict[str, str]:
    """The lists of Debian's package netbase."""
    folder, names = Path(__file__).parent / "netbase", ("protocols.txt", "rpc.txt", "services.txt")
    return {name.removesuffix(".txt"): (folder / name).read_text(encoding="utf-8") for name in names}


def _welcome(host: Host) -> str:
    """The page of nginx's package, whose style changed in 1.21."""
    old = host.packages.get("nginx", "").rpartition(":")[2].startswith("1.18.")
    style = _OLD_STYLE if old else _STYLE
    return Path(__file__).with_name("nginx_welcome.txt").read_text(encoding="utf-8").replace("{style}", style)


_OLD_STYLE = (
    "    body {\n        width: 35em;\n        margin: 0 auto;\n"
    "        font-family: Tahoma, Verdana, Arial, sans-serif;\n    }"
)
_STYLE = (
    "html { color-scheme: light dark; }\nbody { width: 35em; margin: 0 auto;\n"
    "font-family: Tahoma, Verdana, Arial, sans-serif; }"
)


def _fstab(host: Host) -> str:
    rows = ["# <file system> <mount point>   <type>  <options>       <dump>  <pass>"]
    for mount in host.mounts:
        if mount.device.startswith("/dev/"):
            root = mount.target == "/"
            how, order = ("errors=remount-ro", 1) if root else ("defaults", 2)
            uuid = uuid_of(host, mount.device)
            rows.append(f"UUID={uuid} {mount.target:<15} {mount.kind:<7} {how:<15} 0       {order}")
    if swap_size(host):
        rows.append(f"{SWAP_FILE:<41} {'none':<15} {'swap':<7} {'sw':<15} 0       0")
    return "".join(f"{row}\n" for row in rows)


def _shadow(host: Host) -> str:
    """No user has a password: people come with keys."""
    day = installed(host) // 86_400
    passwd = host.files.get("/etc/passwd")
    users = _rows(passwd, 7)
    return "".join(f"{name}:{'!' if int(uid) >= 1000 else '*'}:{day}:0:99999:7:::\n" for name, _, uid, *_ in users)


def _gshadow(host: Host) -> str:
    groups = _rows(host.files.get("/etc/group"), 4)
    return "".join(f"{name}:{'!' if int(gid) >= 1000 else '*'}::{users}\n" for name, _, gid, users in groups)


def _rows(file: File | None, fields: int) -> list[list[str]]:
    """The rows of a table like /etc/passwd, whose third field is a number."""
    rows = [line.split(":") for line in (file.content if file else "").splitlines()]
    return [row for row in rows if len(row) == fields and row[2].isdecimal()]


def _sources(host: Host) -> str:
    mirror, suite = source(host)
    if host.system.id == "ubuntu":
        parts, security = "main restricted universe multiverse", "http://security.ubuntu.com/ubuntu"
    else:
        parts, security = "main non-free-firmware", "http://deb.debian.org/debian-security"
    places = [(mirror, suite), (mirror, f"{suite}-updates"), (security, f"{suite}-security")]
    return "".join(f"deb {place} {name} {parts}\n" for place, name in places)
