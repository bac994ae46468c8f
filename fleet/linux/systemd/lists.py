"""What systemctl lists: units, unit files, timers, and the state of the whole system."""

from hashlib import sha256

from bashkit import BuiltinResult

from fleet.linux.command import Flags, table
from fleet.linux.systemd.unit_state import ago, file_state, moment, sub_state
from fleet.linux.systemd.units import UnitView, named_units
from fleet.model import Host


def overview(host: Host) -> str:
    """`systemctl status` without a unit: the state of the whole system."""
    failed = sum(service.state == "failed" for service in host.services.values())
    return (
        f"● {host.name}\n    State: {'degraded' if failed else 'running'}\n    Units: {len(host.services)} loaded\n"
        f"     Jobs: 0 queued\n   Failed: {failed} units\n"
        f"    Since: {moment(host.boot)}; {ago(host.now - host.boot)} ago\n  systemd: 252\n   CGroup: /\n"
    )


def _list_units(host: Host, flags: Flags, patterns: list[str]) -> str:
    states = [state for value in flags.every("state") for state in value.split(",")] + ["failed"] * ("failed" in flags)
    names = named_units(host, patterns) if patterns else list(host.services)
    if "t" in flags and "service" not in flags.get("t").split(","):
        names = []
    chosen = [host.services[name] for name in sorted(names) if name in host.services]
    if states:
        chosen = [service for service in chosen if {service.state, sub_state(host, service), "loaded"} & set(states)]
    elif "a" not in flags:
        chosen = [service for service in chosen if service.state != "inactive"]
    rows = [[f"{s.name}.service", "loaded", s.state, sub_state(host, s), s.title] for s in chosen]
    if "no-legend" in flags or flags.get("legend") in ("false", "no"):
        text = table(rows) if rows else ""
    else:
        text = table([["UNIT", "LOAD", "ACTIVE", "SUB", "DESCRIPTION"], *rows])
    if "plain" not in flags:
        dotted = {row[0] for row in rows if row[2] == "failed"}
        text = "".join(f"{'●' if line.split()[0] in dotted else ' '} {line}\n" for line in text.splitlines())
    return text if "no-legend" in flags else text + _legend(len(rows), bool(states), "a" in flags)


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


def _list_unit_files(host: Host, flags: Flags, patterns: list[str]) -> str:
    names = sorted(
        name for name in (named_units(host, patterns) if patterns else host.services) if name in host.services
    )
    if "t" in flags and "service" not in flags.get("t").split(","):
        names = []
    rows = [[f"{n}.service", file_state(host, host.services[n]), "enabled"] for n in names]
    states = flags.every("state")
    rows = [row for row in rows if not states or row[1] in states]
    if "no-legend" in flags:
        return table(rows) if rows else ""
    return table([["UNIT FILE", "STATE", "PRESET"], *rows]) + f"\n{len(rows)} unit files listed.\n"


def _running(host: Host, flags: Flags, words: list[str]) -> BuiltinResult:
    failed = any(service.state == "failed" for service in host.services.values())
    return BuiltinResult(stdout="degraded\n" if failed else "running\n", exit_code=1 if failed else 0)


DAY = 86_400
TIMERS = {
    "apt-daily.timer": ("apt-daily.service", 12 * 3600),
    "apt-daily-upgrade.timer": ("apt-daily-upgrade.service", DAY),
    "dpkg-db-backup.timer": ("dpkg-db-backup.service", DAY),
    "e2scrub_all.timer": ("e2scrub_all.service", 7 * DAY),
    "fstrim.timer": ("fstrim.service", 7 * DAY),
    "logrotate.timer": ("logrotate.service", DAY),
    "man-db.timer": ("man-db.service", DAY),
    "systemd-tmpfiles-clean.timer": ("systemd-tmpfiles-clean.service", DAY),
}
"""Timers of every Debian server -> the unit that each starts, and how often, in seconds."""


def _list_timers(host: Host, flags: Flags, patterns: list[str]) -> str:
    """Each timer at its own second of its period, the next one first."""
    rows = []
    for name, (unit, period) in TIMERS.items():
        if patterns and name not in patterns and name.removesuffix(".timer") not in patterns:
            continue
        offset = int.from_bytes(sha256(f"{host.name} {name}".encode()).digest()[:4], "big") % period
        after = host.now - (host.now - offset) % period
        next_one = after + period
        ran = [moment(after), f"{ago(host.now - after)} ago"] if after > host.boot else ["-", "-"]
        rows.append((next_one, [moment(next_one), f"{ago(next_one - host.now)} left", *ran, name, unit]))
    shown = [row for _, row in sorted(rows)]
    if "no-legend" in flags or not shown:
        return table(shown) if shown else "0 timers listed.\n"
    text = table([["NEXT", "LEFT", "LAST", "PASSED", "UNIT", "ACTIVATES"], *shown])
    return f"{text}\n{len(shown)} timers listed.\nPass --all to see loaded but inactive timers, too.\n"


ON_HOST: dict[str, UnitView] = {
    "list-units": _list_units,
    "list-unit-files": _list_unit_files,
    "is-system-running": _running,
    "daemon-reload": lambda host, flags, words: "",
    "daemon-reexec": lambda host, flags, words: "",
    "list-timers": _list_timers,
    "list-sockets": lambda host, flags, words: "0 sockets listed.\n",
    "list-jobs": lambda host, flags, words: "No jobs running.\n",
    "get-default": lambda host, flags, words: "multi-user.target\n",
}
