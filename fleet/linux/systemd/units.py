"""What systemctl shows about units: status, properties, files."""

from collections.abc import Callable
from fnmatch import fnmatchcase

from bashkit import BuiltinResult

from fleet.linux.command import Flags
from fleet.linux.systemd.journal_entries import unit_name
from fleet.linux.systemd.properties import properties, shown
from fleet.linux.systemd.relations import shipped
from fleet.linux.systemd.status import init_scope, status_text
from fleet.linux.systemd.unit_state import file_state, started_as
from fleet.model import Host, Service
from fleet.software import software
from fleet.unit_files import has_own_file, unit_path, unit_texts


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
        if name == "1":
            blocks.append(init_scope(host))
        elif name not in host.services:
            missing.append(f"Unit {full_name(name)} could not be found.\n")
            code = 4
        else:
            blocks.append(status_text(host, host.services[name], flags.get("n", "10")))
            code = code or (0 if host.services[name].state == "active" else 3)
    return BuiltinResult(stdout="\n".join(blocks), stderr="".join(missing), exit_code=code)


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
    aliases = {word.removesuffix(".service") for word in flags.words} & set(ALIASED.values())
    named = ["alias" if ALIASED.get(service.name) in aliases else file_state(host, service) for service in known]
    text = "".join(f"{state}\n" for state in named)
    lost = "".join(
        f"Failed to get unit file state for {full_name(name)}: No such file or directory\n"
        for name in units
        if name not in host.services
    )
    counts = bool({"enabled", "static", "alias"} & set(named))
    code = 0 if not lost and counts else 1
    return BuiltinResult(stdout="" if "q" in flags else text, stderr=lost, exit_code=code)


def _show(host: Host, flags: Flags, units: list[str]) -> str:
    return "\n".join(shown(properties(host, name), flags) for name in units)


def _cat(host: Host, flags: Flags, units: list[str]) -> BuiltinResult:
    lost = [name for name in units if name not in host.services]
    text = "\n".join(_files_of(host, host.services[name]) for name in units if name not in lost)
    errors = "".join(f"No files found for {full_name(name)}.\n" for name in lost)
    return BuiltinResult(text, errors, 1 if lost else 0)


def _files_of(host: Host, service: Service) -> str:
    """The unit file and its drop-ins: those on the host, else the one that the package ships."""
    texts = unit_texts(host, service.name)
    if not has_own_file(host, service.name):
        texts = [(unit_path(host, service), _shipped(service)), *texts]
    return "\n".join(f"# {path}\n{text}" for path, text in texts)


def _shipped(service: Service) -> str:
    entry = software().linux.get(service.name)
    settings = {"User": service.user, "ExecStart": started_as(service), **(entry.unit if entry else {})}
    if service.user == "root":
        del settings["User"]
    lines = "".join(f"{key}={part}\n" for key, value in settings.items() for part in value.splitlines())
    alias = f"Alias={ALIASED[service.name]}.service\n" if service.name in ALIASED else ""
    relations = shipped(service.name)
    named = {"After": relations.after, "Requires": relations.requires, "Wants": relations.wants}
    order = "".join(f"{key}={' '.join(units)}\n" for key, units in named.items() if units)
    return (
        f"[Unit]\nDescription={service.title}\n{order}\n[Service]\n{lines}\n"
        f"[Install]\nWantedBy=multi-user.target\n{alias}"
    )


ALIASED = {"ssh": "sshd"}
"""Service -> the Alias= of its unit file."""
UnitView = Callable[[Host, Flags, list[str]], "str | BuiltinResult"]
ON_UNITS: dict[str, UnitView] = {
    "status": _status,
    "is-active": _is_active,
    "is-failed": _is_failed,
    "is-enabled": _is_enabled,
    "show": _show,
    "cat": _cat,
}
