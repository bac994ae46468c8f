"""What systemctl shows about units: status, properties, files."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from bashkit import BuiltinResult

from fleet.linux.command import Flags, fail
from fleet.linux.systemd.journal import of_unit, short, unit_name
from fleet.model import Host, Service
from fleet.ports import main_process
from fleet.signals import DUMPED, SIGNALS, automatic_restarts, result_of
from fleet.unit_files import restart_policy, unit_texts

_DAY, _MONTH = 86_400, 2_629_800
_LONG = ((12 * _MONTH, "year", _MONTH, "month"), (_MONTH, "month", _DAY, "day"), (7 * _DAY, "week", _DAY, "day"))
"""Durations of a week or more: seconds and name, and the unit for the remainder."""
SUB = {"active": "running", "inactive": "dead", "failed": "failed"}


def ago(seconds: int) -> str:
    """An age as systemd prints it (format_timestamp_relative): 42s, 2h 3min, 21h, 5 days, 1 year 0 months."""
    seconds = max(seconds, 0)
    for size, name, part, rest in _LONG:
        if seconds >= size:
            return f"{_count(seconds // size, name)} {_count(seconds % size // part, rest)}"
    hours, minutes = seconds // 3600, seconds // 60
    if seconds >= 2 * _DAY:
        return f"{seconds // _DAY} days"
    if hours >= 25:
        return f"1 day {hours - 24}h"
    if hours:
        return f"{hours}h" if hours >= 6 else f"{hours}h {minutes % 60}min"
    if minutes:
        return f"{minutes}min" if minutes >= 5 else f"{minutes}min {seconds % 60}s"
    return f"{seconds}s"


def span(seconds: int) -> str:
    """A duration as systemd prints it (format_timespan): 1d 2h 3min 4s."""
    units = ((_DAY, "d"), (3600, "h"), (60, "min"), (1, "s"))
    pieces = []
    for size, name in units:
        if count := seconds // size:
            pieces.append(f"{count}{name}")
        seconds %= size
    return " ".join(pieces) or "0"


def _count(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


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


def file_state(service: Service) -> str:
    """enabled, disabled or masked"""
    return "masked" if service.masked else "enabled" if service.enabled else "disabled"


def _status(host: Host, flags: Flags, units: list[str]) -> BuiltinResult:
    """Exit code 0 if every unit runs, 3 if one does not, 4 if one does not exist."""
    blocks, missing, code = [], [], 0
    for name in units:
        if name.isdecimal():
            owner = next((process.service for process in host.processes if process.pid == int(name[:9])), None)
            if owner is None:
                return fail(f"Failed to get unit for PID {name}: PID {name} does not belong to any loaded unit.")
            name = owner
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
    loaded = f"loaded ({unit_file(service)}; {file_state(service)}; preset: enabled)"
    if service.masked:
        loaded = f"masked (Reason: Unit {unit} is masked.)"
    text = f"{dot} {unit} - {service.title}\n     Loaded: {loaded}\n"
    text += f"     Active: {_activity(host, service)}\n"
    main = main_process(host, service.name)
    if service.state == "active" and main:
        own = [main, *(p for p in host.processes if p.service == service.name and p is not main)]
        text += f"   Main PID: {main.pid} ({main.name})\n"
        text += f"      Tasks: {len(own)} (limit: {host.memory.total // 880})\n"
        text += f"     Memory: {sum(p.resident for p in own) / 1024:.1f}M\n"
        text += f"        CPU: {span(sum(p.seconds for p in own))}\n"
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


def _is_active(host: Host, flags: Flags, units: list[str]) -> BuiltinResult:
    states = [host.services[name].state if name in host.services else None for name in units]
    text = "".join(f"{state or 'inactive'}\n" for state in states)
    code = 0 if "active" in states else 3
    return BuiltinResult(stdout="" if "q" in flags else text, exit_code=code)


def _is_failed(host: Host, flags: Flags, units: list[str]) -> BuiltinResult:
    states = [host.services[name].state if name in host.services else "inactive" for name in units]
    text = "".join(f"{state}\n" for state in states)
    return BuiltinResult(stdout="" if "q" in flags else text, exit_code=0 if "failed" in states else 1)


def _is_enabled(host: Host, flags: Flags, units: list[str]) -> BuiltinResult:
    known = [host.services[name] for name in units if name in host.services]
    text = "".join(f"{file_state(service)}\n" for service in known)
    lost = "".join(
        f"Failed to get unit file state for {full_name(name)}: No such file or directory\n"
        for name in units
        if name not in host.services
    )
    code = 0 if not lost and any(file_state(service) == "enabled" for service in known) else 1
    return BuiltinResult(stdout="" if "q" in flags else text, stderr=lost, exit_code=code)


def _show(host: Host, flags: Flags, units: list[str]) -> str:
    wanted = [name for value in (*flags.every("p"), *flags.every("P")) for name in value.split(",")]
    blocks = []
    for name in units:
        facts = _properties(host, name)
        kept = [(key, facts[key]) for key in wanted if key in facts] if wanted else list(facts.items())
        bare = bool({"value", "P"} & flags.values.keys())
        blocks.append("".join(f"{value}\n" if bare else f"{key}={value}\n" for key, value in kept))
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
        "LoadState": "masked" if service.masked else "loaded",
        "ActiveState": service.state,
        "SubState": SUB[service.state],
        "FragmentPath": unit_file(service),
        "UnitFileState": file_state(service),
        "StateChangeTimestamp": moment(service.since),
        "ActiveEnterTimestamp": moment(service.since) if active else "",
        "InactiveEnterTimestamp": "" if active else moment(service.since),
    }


def _cat(host: Host, flags: Flags, units: list[str]) -> str | BuiltinResult:
    lost = [name for name in units if name not in host.services]
    if lost:
        return fail(f"No files found for {full_name(lost[0])}.")
    return "\n".join(_files_of(host, host.services[name]) for name in units)


def _files_of(host: Host, service: Service) -> str:
    """The unit file and its drop-ins: those on the host, else the one that the package ships."""
    texts = unit_texts(host, service.name)
    if not any(path.endswith(f"/{service.name}.service") for path, _ in texts):
        policy = restart_policy(replace(host, files={}), service.name)
        restart = f"Restart={policy}\n" if policy != "no" else ""
        shipped = (
            f"[Unit]\nDescription={service.title}\nAfter=network.target\n\n[Service]\nUser={service.user}\n"
            f"ExecStart={_started_as(service)}\n{restart}\n[Install]\nWantedBy=multi-user.target\n"
        )
        texts = [(unit_file(service), shipped), *texts]
    return "\n".join(f"# {path}\n{text}" for path, text in texts)


UnitView = Callable[[Host, Flags, list[str]], "str | BuiltinResult"]
ON_UNITS: dict[str, UnitView] = {
    "status": _status,
    "is-active": _is_active,
    "is-failed": _is_failed,
    "is-enabled": _is_enabled,
    "show": _show,
    "cat": _cat,
}
