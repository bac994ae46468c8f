"""systemd-analyze: how long the last boot took, and what is wrong with a unit file."""

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, fail, lacking, parse
from fleet.linux.file_tree import node
from fleet.linux.manual import has_command
from fleet.linux.options import options
from fleet.linux.systemd.base_units import is_base_unit
from fleet.linux.systemd.boot import OWN, blamed, chain, milliseconds, reached, userspace
from fleet.linux.systemd.journal_entries import unit_name
from fleet.linux.systemd.lists import TYPES
from fleet.linux.systemd.unit_checks import UnclearUnit, checked
from fleet.linux.systemd.units import full_name
from fleet.model import Host
from fleet.unit_files import PROGRAMS, drop_ins, loaded, unit_path

ANALYZE = options("""
    ~ --no-pager
    ~ --system
    ~ -q --quiet
""")
_LATER = frozenset(
    ("plot", "dot", "dump", "cat-config", "unit-files", "unit-paths", "exit-status", "capability",
     "syscall-filter", "filesystems", "condition", "compare-versions", "calendar", "timestamp", "timespan",
     "security", "inspect-elf", "log-level", "log-target", "service-watchdogs", "malloc")
)  # fmt: skip
"""Verbs of a real systemd-analyze that are not simulated."""


def shown(span: int) -> str:
    """A duration in milliseconds, as systemd prints it: 45ms, 1.234s, 1min 2.345s."""
    if span < 1000:
        return f"{span}ms"
    minutes, rest = divmod(span, 60_000)
    seconds = f"{rest // 1000}.{rest % 1000:03}s"
    return f"{minutes}min {seconds}" if minutes else seconds


def _time(host: Host) -> str:
    kernel, user = 1_100 + milliseconds(host, "kernel", 2_500), userspace(host)
    return (
        f"Startup finished in {shown(kernel)} (kernel) + {shown(user)} (userspace) = {shown(kernel + user)} \n"
        f"graphical.target reached after {shown(reached(host))} in userspace.\n"
    )


def _blame(host: Host) -> str:
    rows = [(shown(span), name) for span, name in blamed(host)]
    wide = max(len(span) for span, _ in rows)
    return "".join(f"{span:>{wide}} {name}\n" for span, name in rows)


_CHAIN_HEAD = (
    'The time when unit became active or started is printed after the "@" character.\n'
    'The time the unit took to start is printed after the "+" character.\n\n'
)


def _critical_chain(context: CommandContext, words: list[str]) -> str | BuiltinResult:
    """What a unit, or the whole boot, waited for."""
    host, name = context.pull(), full_name(unit_name(words[0])) if words else "graphical.target"
    service = host.services.get(unit_name(name))
    if service is None and not is_base_unit(name):
        return f"{_CHAIN_HEAD}{name}\n"
    if service and not (service.enabled and service.state == "active"):
        return f"{_CHAIN_HEAD}{name}\n" if service.state == "inactive" else _unclear(context, words)
    rows = chain(host, name) if len(words) < 2 else None
    if rows is None:
        return _unclear(context, words)
    (_, when, span), *rest = rows
    lines = [f"{name} +{shown(span)}" if span else f"{name} @{shown(when)}"]
    for depth, (unit, at, took) in enumerate(rest):
        lines.append(f"{'  ' * depth}└─{unit} @{shown(at)}{f' +{shown(took)}' if took else ''}")
    return _CHAIN_HEAD + "".join(f"{line}\n" for line in lines)


def _unclear(context: CommandContext, words: list[str]) -> BuiltinResult:
    return lacking(context, " ".join(["systemd-analyze critical-chain", *words]), BuiltinResult(exit_code=1))


def _analyze(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, ANALYZE)
    verb, *words = flags.words or ["time"]
    if verb == "verify":
        return _verify(context, words)
    if verb == "critical-chain":
        return _critical_chain(context, words)
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
    if kind == "target" or unit in OWN or name in host.services:
        return False
    if kind != "service" or name.startswith(("systemd-", "dbus")):
        raise UnclearUnit(f"a requirement of {unit}")
    return True


COMMANDS: dict[str, Command] = {"systemd-analyze": _analyze}
