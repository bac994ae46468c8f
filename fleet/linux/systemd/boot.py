"""How the last boot went: when each unit was started, how long it took, and what it waited for."""

from hashlib import sha256

from fleet.linux.systemd.journal_entries import unit_name
from fleet.linux.systemd.relations import known, relations
from fleet.model import Host

OWN = (
    *(f"systemd-{name}.service" for name in ("journald", "logind", "udevd", "sysctl", "tmpfiles-setup", "update-utmp")),
    *(f"systemd-{name}.service" for name in ("user-sessions", "remount-fs", "udev-trigger", "modules-load")),
    *("e2scrub_reap.service", "keyboard-setup.service", "modprobe@drm.service", "dbus.service"),
)
"""Units of every server that take a moment."""
_TARGETS = ("graphical.target", "multi-user.target")


def milliseconds(host: Host, name: str, most: int) -> int:
    """How long something took at the last boot: the same every time."""
    return 20 + int(sha256(f"{host.name} {host.boot} {name}".encode()).hexdigest()[:8], 16) % most


def started(host: Host) -> dict[str, int]:
    """Service -> the milliseconds that it took, of those that were started at boot."""
    services = [service for service in host.services.values() if service.enabled and service.state == "active"]
    return {f"{service.name}.service": milliseconds(host, service.name, 3_000) for service in services}


def blamed(host: Host) -> list[tuple[int, str]]:
    """(milliseconds, unit) of what was started at boot, the slowest first."""
    network = "networking.service" if host.system.id == "debian" else "systemd-networkd.service"
    spans = {name: milliseconds(host, name, 400) for name in (*OWN, network)} | started(host)
    return sorted(((span, name) for name, span in spans.items()), key=lambda row: (-row[0], row[1]))


def userspace(host: Host) -> int:
    """Milliseconds from the first process to the end of the boot."""
    return 1_700 + blamed(host)[0][0] + milliseconds(host, "userspace", 1_500)


def reached(host: Host) -> int:
    """When graphical.target was reached."""
    return userspace(host) - milliseconds(host, "target", 20)


def chain(host: Host, unit: str) -> list[tuple[str, int, int]] | None:
    """(unit, when it was started or reached, how long it took) of a unit and what it waited for, the longest first;
    None if that is not known."""
    services = started(host)
    slowest = max(services, key=lambda name: (services[name], name), default="")
    front = [*_TARGETS[_TARGETS.index(unit) :], slowest] if unit in _TARGETS else [unit] if unit in services else []
    begun = reached(host) - services.get(slowest, 0)
    chains = known().chains
    back = next((found for found in (chains["system"], chains[host.system.id]) if unit in found), [])
    if front:
        after = relations(host, unit_name(front[-1])).after
        networked = {"network.target", "network-online.target"}.intersection(after)
        back = chains[host.system.id if networked else "system"]
    rows = [(name, reached(host) if name in _TARGETS else begun, services.get(name, 0)) for name in front]
    spans, when = {name: span for span, name in blamed(host)}, begun
    for name in back:
        when -= spans.get(name, 1)
        rows.append((name, when, spans.get(name, 0)))
    shown = [name for name, _, _ in rows]
    return rows[shown.index(unit) :] if unit in shown else None
