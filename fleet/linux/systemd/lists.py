"""What systemctl lists: units, unit files, timers, and the state of the whole system."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import sha256

from bashkit import BuiltinResult

from fleet.linux.command import Flags, table
from fleet.linux.systemd.json_text import json_text
from fleet.linux.systemd.unit_state import ago, file_state, moment, sub_state
from fleet.linux.systemd.units import UnitView, named_units
from fleet.model import Host


def overview(host: Host) -> str:
    """`systemctl status` without a unit: the state of the whole system."""
    failed = sum(service.state == "failed" for service in host.services.values())
    return (
        f"● {host.name}\n    State: {'degraded' if failed else 'running'}\n    Units: {len(host.services) + 150} "
        "loaded (incl. loaded aliases)\n"
        f"     Jobs: 0 queued\n   Failed: {failed} units\n"
        f"    Since: {moment(host.boot)}; {ago(host.now - host.boot)} ago\n"
        f"  systemd: {host.packages.get('systemd', '252')}\n   CGroup: /\n"
    )


def as_json(names: list[str], rows: list[list[str]], flags: Flags) -> str:
    """A list with -o json or json-pretty."""
    told = [dict(zip(names, row, strict=True)) for row in rows]
    return f"{json_text(told, pretty=flags.get('o') == 'json-pretty')}\n"


def states_in(flags: Flags) -> list[str]:
    """The states that --state and --failed name."""
    return [state for value in flags.every("state") for state in value.split(",")] + ["failed"] * ("failed" in flags)


def _list_units(host: Host, flags: Flags, patterns: list[str]) -> str | BuiltinResult:
    states, kinds = states_in(flags), flags.get("t", "service").split(",")
    names = named_units(host, patterns) if patterns else list(host.services)
    chosen = [host.services[name] for name in sorted(names) if name in host.services and "service" in kinds]
    # systemd forgets a unit that does not run and that nothing wants
    chosen = [service for service in chosen if service.state != "inactive" or service.enabled]
    if states:
        chosen = [service for service in chosen if {service.state, sub_state(host, service), "loaded"} & set(states)]
    elif "a" not in flags:
        chosen = [service for service in chosen if service.state != "inactive"]
    rows = [[f"{s.name}.service", "loaded", s.state, sub_state(host, s), s.title] for s in chosen]
    if "timer" in kinds and not set(states) - {"active", "waiting", "loaded"}:
        rows += [[name, "loaded", "active", "waiting", timer.title] for name, timer in TIMERS.items()
                 if _named(name, patterns)]  # fmt: skip
    if "o" in flags:
        return as_json(["unit", "load", "active", "sub", "description"], rows, flags)
    if "no-legend" in flags or flags.get("legend") in ("false", "no"):
        text = table(rows) if rows else ""
    else:
        text = table([["UNIT", "LOAD", "ACTIVE", "SUB", "DESCRIPTION"], *rows])
    if "plain" not in flags:
        dotted = {row[0] for row in rows if row[2] == "failed"}
        text = "".join(f"{'●' if line.split()[0] in dotted else ' '} {line}\n" for line in text.splitlines())
    return text if "no-legend" in flags else text + _legend(len(rows), bool(states), "a" in flags)


def _named(name: str, patterns: list[str]) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


def _legend(count: int, by_state: bool, everything: bool) -> str:
    """What stands below the list (output_units_list in systemctl)."""
    text = (
        "\nLOAD   = Reflects whether the unit definition was properly loaded.\n"
        "ACTIVE = The high-level unit activation state, i.e. generalization of SUB.\n"
        "SUB    = The low-level unit activation state, values depend on unit type.\n"
    )
    text = f"{text if count else ''}{count} loaded units listed."
    installed = "\nTo show all installed unit files use 'systemctl list-unit-files'."
    if everything:
        return f"{text}{installed}\n"
    return f"{text}\n" if by_state else f"{text} Pass --all to see loaded but inactive units, too.{installed}\n"


def _list_unit_files(host: Host, flags: Flags, patterns: list[str]) -> str | BuiltinResult:
    names = sorted(
        name for name in (named_units(host, patterns) if patterns else host.services) if name in host.services
    )
    kinds = flags.get("t", "service").split(",")
    names = names if "service" in kinds else []
    rows = [[f"{n}.service", file_state(host, host.services[n]), "enabled"] for n in names]
    states = flags.every("state")
    rows += [[name, "enabled", "enabled"] for name in TIMERS if "timer" in kinds and _named(name, patterns)]
    rows = [row for row in rows if not states or row[1] in states]
    if "o" in flags:
        return as_json(["unit_file", "state", "preset"], rows, flags)
    if "no-legend" in flags:
        return table(rows) if rows else ""
    text = table([["UNIT FILE", "STATE", "PRESET"], *rows]) + f"\n{len(rows)} unit files listed.\n"
    return BuiltinResult(text, exit_code=0 if rows or not patterns else 1)


def _running(host: Host, flags: Flags, words: list[str]) -> BuiltinResult:
    failed = any(service.state == "failed" for service in host.services.values())
    return BuiltinResult(stdout="degraded\n" if failed else "running\n", exit_code=1 if failed else 0)


DAY = 86_400
TYPES = ("service", "socket", "target", "device", "mount", "automount", "swap", "timer", "path", "slice", "scope")


@dataclass(frozen=True, slots=True)
class Timer:
    title: str
    starts: str
    """the unit"""
    period: int
    """seconds"""


TIMERS = {
    "apt-daily.timer": Timer("Daily apt download activities", "apt-daily.service", 12 * 3600),
    "apt-daily-upgrade.timer": Timer("Daily apt upgrade and clean activities", "apt-daily-upgrade.service", DAY),
    "dpkg-db-backup.timer": Timer("Daily dpkg database backup timer", "dpkg-db-backup.service", DAY),
    "e2scrub_all.timer": Timer(
        "Periodic ext4 Online Metadata Check for All Filesystems", "e2scrub_all.service", 7 * DAY
    ),
    "fstrim.timer": Timer("Discard unused blocks once a week", "fstrim.service", 7 * DAY),
    "logrotate.timer": Timer("Daily rotation of log files", "logrotate.service", DAY),
    "man-db.timer": Timer("Daily man-db regeneration", "man-db.service", DAY),
    "systemd-tmpfiles-clean.timer": Timer(
        "Daily Cleanup of Temporary Directories", "systemd-tmpfiles-clean.service", DAY
    ),
}
"""Timers of every Debian server."""


def _list_timers(host: Host, flags: Flags, patterns: list[str]) -> str:
    """Each timer at its own second of its period, the next one first."""
    rows = []
    for name, timer in TIMERS.items():
        unit, period = timer.starts, timer.period
        if patterns and name not in patterns and name.removesuffix(".timer") not in patterns:
            continue
        offset = int.from_bytes(sha256(f"{host.name} {name}".encode()).digest()[:4], "big") % period
        after = host.now - (host.now - offset) % period
        next_one = after + period
        ran = [moment(after), f"{ago(host.now - after)} ago"] if after > host.boot else ["-", "-"]
        rows.append((next_one, [moment(next_one), f"{ago(next_one - host.now)} left", *ran, name, unit]))
    shown = [row for _, row in sorted(rows)]
    heads = ["NEXT", "LEFT", "LAST", "PASSED", "UNIT", "ACTIVATES"]
    if "no-legend" in flags:
        return table(shown) if shown else ""
    text = table([heads, *shown])
    return f"{text}\n{len(shown)} timers listed.\nPass --all to see loaded but inactive timers, too.\n"


def _list_machines(host: Host, flags: Flags, patterns: list[str]) -> str:
    failed = sum(service.state == "failed" for service in host.services.values())
    row = [f"{host.name} (host)", "degraded" if failed else "running", str(failed), "0"]
    text = table([["NAME", "STATE", "FAILED", "JOBS"], row])
    head, line = text.splitlines()
    return f"  {head}\n{'●' if failed else ' '} {line}\n\n1 machines listed.\n"


ON_HOST: dict[str, UnitView] = {
    "list-units": _list_units,
    "list-unit-files": _list_unit_files,
    "is-system-running": _running,
    "daemon-reload": lambda host, flags, words: "",
    "daemon-reexec": lambda host, flags, words: "",
    "list-timers": _list_timers,
    "list-jobs": lambda host, flags, words: "No jobs running.\n",
    "get-default": lambda host, flags, words: "graphical.target\n",
    "list-machines": _list_machines,
    "show-environment": lambda host, flags, words: (
        "LANG=C.UTF-8\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin\n"
    ),
}
