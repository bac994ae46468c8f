"""systemctl show: the properties of a unit, in the order in which systemd has them."""

import re

from fleet.actions import RELOADING
from fleet.linux.options import Flags
from fleet.linux.systemd.relations import mounts_of, relations
from fleet.linux.systemd.unit_state import (
    LastRun,
    file_state,
    last_run,
    moment,
    ran_from,
    result,
    started_as,
    sub_state,
)
from fleet.model import Host, Service
from fleet.ports import main_process
from fleet.signals import automatic_restarts
from fleet.unit_files import drop_ins, restart_policy, set_in, setting, unit_path, unit_type

_CODES = {"exited": "1", "killed": "2", "dumped": "3"}
"""ExecMainCode= as the kernel numbers it."""
_DEFAULTS = {
    "RestartUSec": ("RestartSec", "100ms"),
    "TimeoutStartUSec": ("TimeoutStartSec", "1min 30s"),
    "TimeoutStopUSec": ("TimeoutStopSec", "1min 30s"),
    "RemainAfterExit": ("RemainAfterExit", "no"),
    "Environment": ("Environment", ""),
    "LimitNOFILE": ("LimitNOFILE", "524288"),
    "WorkingDirectory": ("WorkingDirectory", ""),
    "Nice": ("Nice", "0"),
    "Group": ("Group", ""),
    "KillMode": ("KillMode", "control-group"),
    "MemoryHigh": ("MemoryHigh", "infinity"),
    "MemoryMax": ("MemoryMax", "infinity"),
    "StartLimitIntervalUSec": ("StartLimitIntervalSec", "10s"),
    "StartLimitBurst": ("StartLimitBurst", "5"),
}
"""Property -> the setting that it is, and its default."""


def properties(host: Host, name: str) -> dict[str, str]:
    unit = name if "." in name else f"{name}.service"
    service = host.services.get(name)
    return _of_none(unit) if service is None else {**_of_service(host, service), **_of_unit(host, service)}


def _of_none(unit: str) -> dict[str, str]:
    error = f'org.freedesktop.systemd1.NoSuchUnit "Unit {unit} not found."'
    return {"Type": "simple", "Restart": "no", "MainPID": "0", "Result": "success", "NRestarts": "0",
        "ExecMainPID": "0", "ExecMainCode": "0", "ExecMainStatus": "0", "Id": unit, "Names": unit, "Description": unit,
        "LoadState": "not-found", "ActiveState": "inactive", "SubState": "dead", "UnitFileState": "",
        "LoadError": error}  # fmt: skip


def _set(host: Host, service: Service, key: str) -> str:
    named, default = _DEFAULTS[key]
    value = set_in(host, service.name, named, default)
    return f"{value}s" if key.endswith("USec") and value.isdecimal() else value


def _of_service(host: Host, service: Service) -> dict[str, str]:
    name, active = service.name, service.state == "active"
    main, ended = main_process(host, name), last_run(host, service) or LastRun(0, "", 0)
    own = [process for process in host.processes if process.service == name]
    began = service.since if active else ran_from(host, service)
    if unit_type(host, name) == "forking" and service.state == "failed" and ended.code == "exited":
        ended = LastRun(0, "", 0)  # what failed was not yet the main process
    reload = set_in(host, name, "ExecReload")
    user = setting(host, name, "User") or ("" if service.user == "root" else service.user)
    return {
        "Type": unit_type(host, name),
        "ExitType": "main",
        "Restart": restart_policy(host, name),
        "PIDFile": set_in(host, name, "PIDFile"),
        "RestartUSec": _set(host, service, "RestartUSec"),
        "TimeoutStartUSec": _set(host, service, "TimeoutStartUSec"),
        "TimeoutStopUSec": _set(host, service, "TimeoutStopUSec"),
        "RemainAfterExit": _set(host, service, "RemainAfterExit"),
        "GuessMainPID": "yes",
        "MainPID": str(main.pid if main else 0),
        "ControlPID": "0",
        "Result": result(host, service),
        "NRestarts": str(automatic_restarts(host, name)),
        "OOMPolicy": "stop",
        "ExecMainStartTimestamp": moment(began) if began is not None else "",
        "ExecMainExitTimestamp": "" if active or not service.since else moment(service.since),
        "ExecMainPID": str(main.pid if main else ended.pid),
        "ExecMainCode": _CODES.get(ended.code, "0"),
        "ExecMainStatus": str(ended.status),
        "ExecStart": _command(started_as(service), began, main.pid if main else 0),
        **({"ExecReload": _command(reload.replace("'", "").splitlines()[0], None, 0)} if reload else {}),
        "Slice": "system.slice",
        "ControlGroup": f"/system.slice/{name}.service" if active else "",
        "MemoryCurrent": str(sum(process.resident for process in own) * 1024) if active else "[not set]",
        "CPUUsageNSec": str(sum(process.seconds for process in own) * 10**9) if active else "[not set]",
        "TasksCurrent": str(len(own)) if active else "[not set]",
        "CPUQuotaPerSecUSec": "infinity",
        "MemoryHigh": _set(host, service, "MemoryHigh"),
        "MemoryMax": _set(host, service, "MemoryMax"),
        "TasksMax": str(host.memory.total // 880),
        "Environment": _set(host, service, "Environment"),
        "LimitNOFILE": _set(host, service, "LimitNOFILE"),
        "LimitNPROC": str(host.memory.total // 260),
        "WorkingDirectory": _set(host, service, "WorkingDirectory"),
        "Nice": _set(host, service, "Nice"),
        "User": user,
        "Group": _set(host, service, "Group"),
        "KillMode": _set(host, service, "KillMode"),
        "KillSignal": "15",
    }


def _command(line: str, began: int | None, pid: int) -> str:
    time = f"[{moment(began)}]" if began is not None else "[n/a]"
    return (
        f"{{ path={line.partition(' ')[0]} ; argv[]={line} ; ignore_errors=no ; start_time={time} ; "
        f"stop_time=[n/a] ; pid={pid} ; code=(null) ; status=0/0 }}"
    )


def _of_unit(host: Host, service: Service) -> dict[str, str]:
    name, active = service.name, service.state == "active"
    began, since = ran_from(host, service), moment(service.since) if service.since else ""
    reloads = name in RELOADING or bool(set_in(host, name, "ExecReload"))
    own = relations(host, name)
    after = ["systemd-journald.socket", "sysinit.target", *own.after, "basic.target", "system.slice"]
    wanted = re.sub(r"[ \t]+", " ", setting(host, name, "WantedBy") or "multi-user.target")
    aliases = {"ssh": " sshd.service"}
    return {
        "Id": f"{name}.service",
        "Names": f"{name}.service{aliases.get(name, '')}",
        "Requires": " ".join(["system.slice", "sysinit.target", *own.requires, *mounts_of(host, own)]),
        "Wants": " ".join(own.wants),
        "WantedBy": wanted if service.enabled else "",
        "After": " ".join(dict.fromkeys([*after, *mounts_of(host, own)])),
        "Description": service.title,
        "LoadState": "masked" if service.masked else "loaded",
        "ActiveState": service.state,
        "FreezerState": "running",
        "SubState": sub_state(host, service),
        "FragmentPath": unit_path(host, service),
        "DropInPaths": " ".join(drop_ins(host, name)),
        "UnitFileState": file_state(host, service),
        "UnitFilePreset": "enabled",
        "StateChangeTimestamp": since,
        "InactiveExitTimestamp": since if active else moment(began) if began is not None else "",
        "ActiveEnterTimestamp": since if active else moment(began) if began is not None else "",
        "ActiveExitTimestamp": "" if active else since,
        "InactiveEnterTimestamp": "" if active else since,
        "CanStart": "yes",
        "CanStop": "yes",
        "CanReload": "yes" if reloads else "no",
        "NeedDaemonReload": "no",
        "StartLimitIntervalUSec": _set(host, service, "StartLimitIntervalUSec"),
        "StartLimitBurst": _set(host, service, "StartLimitBurst"),
    }


def manager_properties(host: Host, flags: Flags) -> str:
    """systemctl show without a unit."""
    failed = sum(service.state == "failed" for service in host.services.values())
    facts = {
        "Version": host.packages.get("systemd", "252"),
        "Virtualization": "kvm",
        "Architecture": "x86-64",
        "NNames": str(len(host.services) + 150),
        "NFailedUnits": str(failed),
        "NJobs": "0",
        "Environment": "LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
        "UnitPath": "/etc/systemd/system /run/systemd/system /usr/local/lib/systemd/system /lib/systemd/system "
        "/usr/lib/systemd/system",
        "SystemState": "degraded" if failed else "running",
        "DefaultStartLimitIntervalUSec": "10s",
        "DefaultStartLimitBurst": "5",
    }
    return shown(facts, flags)


def shown(facts: dict[str, str], flags: Flags) -> str:
    """The properties that -p or -P names; without them, those that are not empty."""
    wanted = {name for value in (*flags.every("p"), *flags.every("P")) for name in value.split(",")}
    bare = bool({"value", "P"} & flags.values.keys())
    kept = [(key, value) for key, value in facts.items() if (key in wanted if wanted else value or "a" in flags)]
    return "".join(f"{value}\n" if bare else f"{key}={value}\n" for key, value in kept)
