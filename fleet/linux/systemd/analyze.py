"""systemd-analyze: how long the last boot took."""

from hashlib import sha256

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, fail, lacking, parse
from fleet.linux.options import options
from fleet.model import Host

ANALYZE = options("""
    ~ --no-pager
    ~ --system
    ~ -q --quiet
""")
_LATER = frozenset(
    ("critical-chain", "plot", "dot", "dump", "cat-config", "unit-files", "unit-paths", "exit-status", "capability",
     "syscall-filter", "filesystems", "condition", "compare-versions", "verify", "calendar", "timestamp", "timespan",
     "security", "inspect-elf", "log-level", "log-target", "service-watchdogs", "malloc")
)  # fmt: skip
"""Verbs of a real systemd-analyze that are not simulated."""
_OWN = (
    *(f"systemd-{name}.service" for name in ("journald", "logind", "udevd", "sysctl", "tmpfiles-setup", "update-utmp")),
    *(f"systemd-{name}.service" for name in ("user-sessions", "remount-fs", "udev-trigger", "modules-load")),
    *("e2scrub_reap.service", "keyboard-setup.service", "modprobe@drm.service", "dbus.service"),
)
"""Units of every server that take a moment."""


def milliseconds(host: Host, name: str, most: int) -> int:
    """How long something took at the last boot: the same every time."""
    return 20 + int(sha256(f"{host.name} {host.boot} {name}".encode()).hexdigest()[:8], 16) % most


def shown(span: int) -> str:
    """A duration in milliseconds, as systemd prints it: 45ms, 1.234s, 1min 2.345s."""
    if span < 1000:
        return f"{span}ms"
    minutes, rest = divmod(span, 60_000)
    seconds = f"{rest // 1000}.{rest % 1000:03}s"
    return f"{minutes}min {seconds}" if minutes else seconds


def blamed(host: Host) -> list[tuple[int, str]]:
    """(milliseconds, unit) of what was started at boot, the slowest first."""
    rows = [(milliseconds(host, name, 400), name) for name in _OWN]
    started = [service for service in host.services.values() if service.enabled and service.state == "active"]
    rows += [(milliseconds(host, service.name, 3_000), f"{service.name}.service") for service in started]
    return sorted(rows, key=lambda row: (-row[0], row[1]))


def _time(host: Host) -> str:
    kernel = 1_100 + milliseconds(host, "kernel", 2_500)
    user = 900 + blamed(host)[0][0] + milliseconds(host, "userspace", 1_500)
    target = user - milliseconds(host, "target", 20)
    return (
        f"Startup finished in {shown(kernel)} (kernel) + {shown(user)} (userspace) = {shown(kernel + user)} \n"
        f"graphical.target reached after {shown(target)} in userspace.\n"
    )


def _blame(host: Host) -> str:
    rows = [(shown(span), name) for span, name in blamed(host)]
    wide = max(len(span) for span, _ in rows)
    return "".join(f"{span:>{wide}} {name}\n" for span, name in rows)


def _analyze(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, ANALYZE)
    verb, *words = flags.words or ["time"]
    if verb not in ("time", "blame"):
        refusal = fail(f"Unknown command verb {verb}.")
        return lacking(context, f"systemd-analyze {verb}", refusal) if verb in _LATER else refusal
    if words:
        return fail("Too many arguments.")
    return _time(context.host) if verb == "time" else _blame(context.host)


COMMANDS: dict[str, Command] = {"systemd-analyze": _analyze}
