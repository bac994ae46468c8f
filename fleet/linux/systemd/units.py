"""What systemctl shows about services: status, lists, properties."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from bashkit import BuiltinResult

from fleet.linux.command import Flags, fail, table
from fleet.linux.systemd.journal import of_unit, short, unit_name
from fleet.model import Host, Service
from fleet.ports import main_process
from fleet.signals import DUMPED, SIGNALS, automatic_restarts, result_of
from fleet.unit_files import restart_policy

_DAY, _MONTH = 86_400, 2_629_800
_LONG = ((12 * _MONTH, "year", _MONTH, "month"), (_MONTH, "month", _DAY, "day"), (7 * _DAY, "week", _DAY, "day"))
"""Durations of a week or more: seconds and name, and the unit for the remainder."""
SUB = {"active": "running", "inactive": "dead", "failed": "failed"}


def ago(seconds: int) -> str:
    """An age as systemd prints it: 42s, 2h 3min, 1 day 4h, 5 days, 2 weeks 1 day, 1 month 9 days."""
    seconds = max(seconds, 0)
    for size, name, part, rest in _LONG:
        if seconds >= size:
            return f"{_count(seconds // size, name)} {_count(seconds % size // part, rest)}".strip()
    if seconds >= 2 * _DAY:
        return _count(seconds // _DAY, "day")
    pieces = [_count(seconds // _DAY, "day")]
    pieces += [f"{count}{name}" for count, name in ((seconds // 3600 % 24, "h"), (seconds // 60 % 60, "min")) if count]
    pieces += [f"{seconds % 60}s"] if seconds < 3600 and seconds % 60 else []
    return " ".join([piece for piece in pieces if piece][:2]) or "0s"


def _count(number: int, name: str) -> str:
    return f"{number} {name}{'s' * (number > 1)}" if number else ""


def moment(time: int) -> str:
    """Mon 2026-01-05 08:00:00 UTC"""
    return datetime.fromtimestamp(time, UTC).strftime("%a %Y-%m-%d %H:%M:%S UTC")


def named_units(host: Host, words: list[str]) -> list[str]:
    """Unit names, with patterns expanded to the services they match."""
    units: list[str] = []
    for word in words:
        if any(mark in word for mark in "*?["):
            units += [name for name in host.services if fnmatchcase(f"{name}.service", word) or fnmatchcase(name, word)]
        else:
            units.append(unit_name(word))
    return units


def _status(host: Host, flags: Flags, units: list[str]) -> BuiltinResult:
    """Exit code 0 if every unit runs, 3 if one does not, 4 if one does not exist."""
    blocks, missing, code = [], [], 0
    for name in units:
        if name not in host.services:
            missing.append(f"Unit {full_name(name)} could not be found.\n")
            code = 4
        else:
            blocks.append(status_text(host, host.services[name], flags.get("n", "10")))
            code = code or (0 if host.services[name].state == "active" else 3)
    return BuiltinResult(stdout="\n".join(blocks), stderr="".join(missing), exit_code=code)


def status_text(host: Host, service: Service, lines: str = "10") -> str:
    """What `systemctl status` prints for one service."""
    unit, dot = f"{service.name}.service", {"active": "●", "inactive": "○", "failed": "×"}[service.state]
    enabled = "enabled" if service.enabled else "disabled"
    text = f"{dot} {unit} - {service.title}\n"
    text += f"     Loaded: loaded ({unit_file(service)}; {enabled}; preset: enabled)\n"
    text += f"     Active: {_activity(host, service)}\n"
    main = main_process(host, service.name)
    if service.state == "active" and main:
        own = [main, *(p for p in host.processes if p.service == service.name and p is not main)]
        text += f"   Main PID: {main.pid} ({main.name})\n"
        text += f"      Tasks: {len(own)} (limit: {host.memory.total // 880})\n"
        text += f"     Memory: {sum(p.resident for p in own) / 1024:.1f}M\n"
        text += f"        CPU: {ago(sum(p.seconds for p in own))}\n"
        text += f"     CGroup: /system.slice/{unit}\n"
        for process in own:
            branch = "└─" if process is own[-1] else "├─"
            command = f'"{process.command}"' if ": " in process.command else process.command
            text += f"             {branch}{process.pid} {command}\n"
    elif service.state == "failed":
        text += f"    Process: {_last_pid(host, service)} ExecStart={_started_as(service)} ({_exited(service)})\n"
        text += f"   Main PID: {_last_pid(host, service)} ({_exited(service)})\n"
        text += "        CPU: 21ms\n"
    count = int(lines) if lines.isdecimal() else 10
    entries = of_unit(host, service.name)[-count:] if count else []
    return text + "".join(f"{line}\n" for line in ["", *(short(host, entry) for entry in entries)] if entries)


def _activity(host: Host, service: Service) -> str:
    since = f"since {moment(service.since)}; {ago(host.now - service.since)} ago"
    if service.state == "failed":
        return f"failed (Result: {_result(service)}) {since}"
    return f"active (running) {since}" if service.state == "active" else f"inactive (dead) {since}"


def _result(service: Service) -> str:
    return result_of(service.exit_code or 1) if service.state == "failed" else "success"


def _exited(service: Service) -> str:
    if service.exit_code > 128:
        signal = SIGNALS[service.exit_code - 129]
        return f"code={'dumped' if signal in DUMPED else 'killed'}, signal={signal}"
    return f"code=exited, status={service.exit_code or 1}/FAILURE"


def _last_pid(host: Host, service: Service) -> int:
    """Pid of the last run: from its journal, or one below the next pid."""
    return next((e.pid for e in reversed(of_unit(host, service.name)) if e.pid > 1), host.next_pid - 1)


def _started_as(service: Service) -> str:
    """The command line in the unit file: some programs change theirs once running ("nginx: master process …")."""
    return re.sub(r"^\w+: (?:master process )?", "", service.command)


def unit_file(service: Service) -> str:
    """Path of the unit file: /lib for packages, /etc for software in /opt."""
    own = service.command.startswith("/opt/")
    return f"/{'etc' if own else 'lib'}/systemd/system/{service.name}.service"


def full_name(name: str) -> str:
    """The unit's name with its suffix."""
    return name if "." in name else f"{name}.service"


def overview(host: Host) -> str:
    """`systemctl status` without a unit: the state of the whole system."""
    failed = sum(service.state == "failed" for service in host.services.values())
    return (
        f"● {host.name}\n    State: {'degraded' if failed else 'running'}\n    Units: {len(host.services)} loaded\n"
        f"     Jobs: 0 queued\n   Failed: {failed} units\n"
        f"    Since: {moment(host.boot)}; {ago(host.now - host.boot)} ago\n  systemd: 252\n   CGroup: /\n"
    )


def _is_active(host: Host, flags: Flags, units: list[str]) -> BuiltinResult:
    states = [host.services[name].state if name in host.services else None for name in units]
    text = "".join(f"{state or 'inactive'}\n" for state in states)
    code = 0 if "active" in states else 4 if not any(states) else 3
    return BuiltinResult(stdout="" if "q" in flags else text, exit_code=code)


def _is_failed(host: Host, flags: Flags, units: list[str]) -> BuiltinResult:
    states = [host.services[name].state if name in host.services else "inactive" for name in units]
    text = "".join(f"{state}\n" for state in states)
    return BuiltinResult(stdout="" if "q" in flags else text, exit_code=0 if "failed" in states else 1)


def _is_enabled(host: Host, flags: Flags, units: list[str]) -> BuiltinResult:
    known = [host.services[name] for name in units if name in host.services]
    text = "".join(f"{'enabled' if service.enabled else 'disabled'}\n" for service in known)
    lost = "".join(
        f"Failed to get unit file state for {full_name(name)}: No such file or directory\n"
        for name in units
        if name not in host.services
    )
    code = 0 if any(service.enabled for service in known) else 1
    return BuiltinResult(stdout="" if "q" in flags else text, stderr=lost, exit_code=code)


def _show(host: Host, flags: Flags, units: list[str]) -> str:
    wanted = [name for value in flags.every("p") for name in value.split(",")]
    blocks = []
    for name in units:
        facts = _properties(host, name)
        kept = [(key, facts[key]) for key in wanted if key in facts] if wanted else list(facts.items())
        blocks.append("".join(f"{value}\n" if "value" in flags else f"{key}={value}\n" for key, value in kept))
    return "\n".join(blocks)


def _properties(host: Host, name: str) -> dict[str, str]:
    service = host.services.get(name)
    if service is None:
        return {"Id": full_name(name), "Names": full_name(name), "LoadState": "not-found", "ActiveState": "inactive",
            "SubState": "dead", "UnitFileState": "", "MainPID": "0", "Result": "success"}  # fmt: skip
    main, active = main_process(host, name), service.state == "active"
    own = [process for process in host.processes if process.service == name]
    return {
        "Type": "simple",
        "Restart": restart_policy(host, name),
        "MainPID": str(main.pid if main else 0),
        "Result": _result(service),
        "NRestarts": str(automatic_restarts(host, name)),
        "ExecMainStartTimestamp": moment(service.since) if active else "",
        "ExecMainPID": str(main.pid if main else _last_pid(host, service)),
        "ExecMainStatus": str(service.exit_code - 128 if service.exit_code > 128 else service.exit_code),
        "ExecStart": f"{{ path={_started_as(service).split(' ')[0]} ; argv[]={_started_as(service)} }}",
        "MemoryCurrent": str(sum(process.resident for process in own) * 1024) if active else "[not set]",
        "TasksCurrent": str(len(own)) if active else "[not set]",
        "User": service.user,
        "Id": f"{name}.service",
        "Names": f"{name}.service",
        "Description": service.title,
        "LoadState": "loaded",
        "ActiveState": service.state,
        "SubState": SUB[service.state],
        "FragmentPath": unit_file(service),
        "UnitFileState": "enabled" if service.enabled else "disabled",
        "StateChangeTimestamp": moment(service.since),
        "ActiveEnterTimestamp": moment(service.since) if active else "",
        "InactiveEnterTimestamp": "" if active else moment(service.since),
    }


def _cat(host: Host, flags: Flags, units: list[str]) -> str | BuiltinResult:
    lost = [name for name in units if name not in host.services]
    if lost:
        return fail(f"No files found for {full_name(lost[0])}.")
    return "\n".join(
        f"# {unit_file(service)}\n[Unit]\nDescription={service.title}\nAfter=network.target\n\n[Service]\n"
        f"User={service.user}\nExecStart={_started_as(service)}\n\n[Install]\nWantedBy=multi-user.target\n"
        for service in (host.services[name] for name in units)
    )


def _list_units(host: Host, flags: Flags, patterns: list[str]) -> str:
    states = [state for value in flags.every("state") for state in value.split(",")] + ["failed"] * ("failed" in flags)
    names = named_units(host, patterns) if patterns else list(host.services)
    if "t" in flags and "service" not in flags.get("t").split(","):
        names = []
    chosen = [host.services[name] for name in sorted(names) if name in host.services]
    if states:
        chosen = [service for service in chosen if {service.state, SUB[service.state], "loaded"} & set(states)]
    elif "a" not in flags:
        chosen = [service for service in chosen if service.state != "inactive"]
    rows = [[f"{s.name}.service", "loaded", s.state, SUB[s.state], s.title] for s in chosen]
    if "no-legend" in flags or flags.get("legend") in ("false", "no"):
        text = table(rows) if rows else ""
    else:
        text = table([["UNIT", "LOAD", "ACTIVE", "SUB", "DESCRIPTION"], *rows])
    if "plain" not in flags:
        dotted = {row[0] for row in rows if row[2] == "failed"}
        text = "".join(f"{'●' if line.split()[0] in dotted else ' '} {line}\n" for line in text.splitlines())
    return text if "no-legend" in flags else text + _legend(len(rows), hidden=not states and "a" not in flags)


def _legend(count: int, hidden: bool) -> str:
    if not count:
        return "0 loaded units listed.\n"
    more = " Pass --all to see loaded but inactive units, too." if hidden else ""
    return (
        "\nLOAD   = Reflects whether the unit definition was properly loaded.\n"
        "ACTIVE = The high-level unit activation state, i.e. generalization of SUB.\n"
        "SUB    = The low-level unit activation state, values depend on unit type.\n"
        f"{count} loaded units listed.{more}\nTo show all installed unit files use 'systemctl list-unit-files'.\n"
    )


def _list_unit_files(host: Host, flags: Flags, patterns: list[str]) -> str:
    names = sorted(
        name for name in (named_units(host, patterns) if patterns else host.services) if name in host.services
    )
    rows = [[f"{n}.service", "enabled" if host.services[n].enabled else "disabled", "enabled"] for n in names]
    states = flags.every("state")
    rows = [row for row in rows if not states or row[1] in states]
    if "no-legend" in flags:
        return table(rows) if rows else ""
    return table([["UNIT FILE", "STATE", "PRESET"], *rows]) + f"\n{len(rows)} unit files listed.\n"


def _running(host: Host, flags: Flags, words: list[str]) -> BuiltinResult:
    failed = any(service.state == "failed" for service in host.services.values())
    return BuiltinResult(stdout="degraded\n" if failed else "running\n", exit_code=1 if failed else 0)


UnitView = Callable[[Host, Flags, list[str]], "str | BuiltinResult"]
ON_UNITS: dict[str, UnitView] = {
    "status": _status,
    "is-active": _is_active,
    "is-failed": _is_failed,
    "is-enabled": _is_enabled,
    "show": _show,
    "cat": _cat,
}
ON_HOST: dict[str, UnitView] = {
    "list-units": _list_units,
    "list-unit-files": _list_unit_files,
    "is-system-running": _running,
    "daemon-reload": lambda host, flags, words: "",
    "daemon-reexec": lambda host, flags, words: "",
    "list-timers": lambda host, flags, words: "0 timers listed.\n",
    "list-sockets": lambda host, flags, words: "0 sockets listed.\n",
    "list-jobs": lambda host, flags, words: "No jobs running.\n",
    "get-default": lambda host, flags, words: "multi-user.target\n",
}
