"""systemd-analyze: how long the last boot took, and what is wrong with a unit file."""

from hashlib import sha256

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, fail, lacking, parse
from fleet.linux.file_tree import node
from fleet.linux.manual import has_command
from fleet.linux.options import options
from fleet.linux.systemd.lists import TYPES
from fleet.linux.systemd.unit_checks import UnclearUnit, checked
from fleet.model import Host
from fleet.unit_files import PROGRAMS, drop_ins, loaded, unit_path

ANALYZE = options("""
    ~ --no-pager
    ~ --system
    ~ -q --quiet
""")
_LATER = frozenset(
    ("critical-chain", "plot", "dot", "dump", "cat-config", "unit-files", "unit-paths", "exit-status", "capability",
     "syscall-filter", "filesystems", "condition", "compare-versions", "calendar", "timestamp", "timespan",
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
    if verb == "verify":
        return _verify(context, words)
    if verb not in ("time", "blame"):
        refusal = fail(f"Unknown command verb {verb}.")
        return lacking(context, f"systemd-analyze {verb}", refusal) if verb in _LATER else refusal
    if words:
        return fail("Too many arguments.")
    return _time(context.host) if verb == "time" else _blame(context.host)


def _verify(context: CommandContext, words: list[str]) -> BuiltinResult:
    """Check a unit file, or the unit of that name."""
    if not words:
        return fail("Too few arguments.")
    host, word = loaded(context.pull()), words[0]
    name = word.rpartition("/")[2]
    service = host.services.get(name.removesuffix(".service"))
    found = node(context, context.absolute(word))
    path = found.path if found else unit_path(host, service) if service and "/" not in word else ""
    if "." not in name or name.rpartition(".")[2] not in TYPES:
        return fail(f"Failed to prepare filename {word}: Invalid argument")
    if len(words) > 1 or not name.endswith(".service") or "@" in name or drop_ins(host, name.removesuffix(".service")):
        return lacking(context, f"systemd-analyze verify {' '.join(words)}", BuiltinResult(exit_code=1))
    if not path:
        return fail(f"Unit {name} not found.")
    if found is None and path not in host.files:
        return BuiltinResult()  # of a package, which is in order
    try:
        text = context.host_files.fs.read_file(path).decode("utf-8", "replace")
        said, code = checked(path, text, lambda program: _why_not(context, program), lambda unit: _missing(host, unit))
    except UnclearUnit as why:
        return lacking(context, f"systemd-analyze verify with {why}", BuiltinResult(exit_code=1))
    return BuiltinResult(stderr=said, exit_code=code)


def _why_not(context: CommandContext, program: str) -> str:
    """Why a program of a unit file cannot be run; "" if it can."""
    name = program.rpartition("/")[2]
    found = node(context, program if program.startswith("/") else f"/usr/bin/{program}")
    if found is None:
        commands = (service.command.partition(" ")[0] for service in context.host.services.values())
        packaged = program in commands or (
            has_command(context.host, name) and (program == name or program.startswith(PROGRAMS))
        )
        return "" if packaged else "No such file or directory"
    if found.folder:
        return "Is a directory"
    return "" if found.mode & 0o111 else "Permission denied"


def _missing(host: Host, unit: str) -> bool:
    name, _, kind = unit.rpartition(".")
    if kind == "target" or unit in _OWN or name in host.services:
        return False
    if kind != "service" or name.startswith(("systemd-", "dbus")):
        raise UnclearUnit(f"a requirement of {unit}")
    return True


COMMANDS: dict[str, Command] = {"systemd-analyze": _analyze}
