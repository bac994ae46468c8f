"""What units pull in, and what they come after: the unit files of a host over those of packages (`relations.yaml`)."""

from functools import cache
from pathlib import Path

from aj.files import Strict, load_yaml
from fleet.linux.swap import SWAP_FILE, swap_size
from fleet.model import Host
from fleet.unit_files import has_own_file, unit_texts

_PULLING = {"Requires": "requires", "Requisite": "requires", "BindsTo": "requires", "Wants": "wants",
    "Upholds": "wants", "After": "after"}  # fmt: skip
_FOLDERS = {"RuntimeDirectory": "/run", "StateDirectory": "/var/lib", "CacheDirectory": "/var/cache",
    "LogsDirectory": "/var/log"}  # fmt: skip
"""Setting -> the folder below which it makes one: its mount is needed."""


class UnitRelations(Strict):
    requires: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    mounts: tuple[str, ...] = ()
    """paths whose mounts are needed"""


class _Known(Strict):
    services: dict[str, UnitRelations]
    targets: dict[str, list[str]]
    idle: list[str]
    chains: dict[str, list[str]]


@cache
def known() -> _Known:
    return load_yaml(Path(__file__).with_name("relations.yaml"), _Known)


def shipped(name: str) -> UnitRelations:
    """What the unit file of a package, or of software in /opt, says."""
    return known().services.get(name) or UnitRelations(after=("network.target",))


def relations(host: Host, name: str) -> UnitRelations:
    """Those of a service."""
    base = UnitRelations() if has_own_file(host, name) else shipped(name)
    found = {key: list(units) for key, units in base}
    for _, text in unit_texts(host, name):
        for line in text.splitlines():
            key, _, value = (part.strip() for part in line.partition("="))
            if key in _PULLING:
                found[_PULLING[key]] += value.split()
            elif key in ("RequiresMountsFor", "WorkingDirectory"):
                found["mounts"] += [word.lstrip("-") for word in value.split()]
            elif key in _FOLDERS:
                found["mounts"] += [f"{_FOLDERS[key]}/{word}" for word in value.split()]
            elif key == "PrivateTmp" and value.lower() in ("yes", "true", "on", "1"):
                found["mounts"] += ["/tmp", "/var/tmp"]
    return UnitRelations.model_validate(found)


def mounts_of(host: Host, own: UnitRelations) -> list[str]:
    """The mounts that a unit needs."""
    disks = [mount.target for mount in host.mounts if mount.device.startswith("/dev/")]
    wanted = [f"{path.rstrip('/')}/" for path in own.mounts]
    return [mount_name(disk) for disk in disks if any(path.startswith(f"{disk.rstrip('/')}/") for path in wanted)]


def needed(host: Host, name: str) -> set[str]:
    """The units that a service pulls in."""
    own = relations(host, name)
    return {*own.requires, *own.wants, "system.slice", "sysinit.target", *mounts_of(host, own)}


def pulled(host: Host, target: str) -> list[str] | None:
    """The units that a target pulls in; None if that is not known."""
    disks = [mount_name(mount.target) for mount in host.mounts if mount.device.startswith("/dev/")]
    swap = [f"{SWAP_FILE.strip('/')}.swap"] if swap_size(host) else []
    filled = {"local-fs.target": [*disks, "systemd-remount-fs.service"], "swap.target": swap}
    return filled.get(target, known().targets.get(target))


def mount_name(path: str) -> str:
    return f"{path.strip('/').replace('/', '-') or '-'}.mount"
