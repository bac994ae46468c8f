"""systemctl list-dependencies: what wants a service, and what it needs itself (of Debian 12)."""

import re

from bashkit import BuiltinResult

from fleet.linux.command import CommandContext, Flags, lacking
from fleet.linux.systemd.base_units import is_base_unit
from fleet.linux.systemd.journal_entries import unit_name
from fleet.linux.systemd.relations import known, needed, pulled
from fleet.linux.systemd.units import full_name
from fleet.model import Host
from fleet.unit_files import setting, unit_texts

_WANTED = {
    "multi-user.target": "● └─multi-user.target\n●   └─graphical.target\n",
    "graphical.target": "● └─graphical.target\n",
}
"""Target -> what is printed below a service that it wants."""


class _NotKnown(Exception):
    """A unit of which it is not known what it needs, or whether it is active."""


def list_dependencies(context: CommandContext, flags: Flags, words: list[str]) -> str | BuiltinResult:
    host, name = context.pull(), unit_name(words[0]) if len(words) == 1 else ""
    if name and name not in host.services and "." not in name and not is_base_unit(name):
        return f"{full_name(name)}\n"
    below = None
    if name in host.services and flags.values.keys() == {"reverse"}:
        below = _wanted(host, name)
    elif name and not flags.values.keys() - {"plain"}:
        below = _needed(host, name, plain="plain" in flags)
    if below is None:
        return lacking(context, f"systemctl list-dependencies {' '.join(words)}".strip(), BuiltinResult(exit_code=1))
    return f"{full_name(name)}\n{below}"


def _wanted(host: Host, name: str) -> str | None:
    """What wants a service, as a tree; None if that is not known."""
    asked = re.compile(
        rf"(?m)^\s*(?:Requires|Requisite|Wants|BindsTo|PartOf|Upholds)\s*=.*\b{re.escape(name)}\.service\b"
    )
    others = (text for other in host.services for _, text in unit_texts(host, other))
    if any(map(asked.search, others)) or host.services[name].masked or setting(host, name, "RequiredBy"):
        return None
    if not host.services[name].enabled:
        return ""
    return _WANTED.get(setting(host, name, "WantedBy") or "multi-user.target")


def _needed(host: Host, name: str, plain: bool) -> str | None:
    """What a service or a target needs, as a tree or as a list; None if that is not known."""
    units = needed(host, name) if name in host.services else pulled(host, name)
    if units is None or host.system.version != "12" or (name in host.services and host.services[name].masked):
        return None
    try:
        rows = _rows(host, units, "", frozenset((name,)))
    except _NotKnown:
        return None
    if plain:
        return "".join(f"  {unit}\n" for unit in dict.fromkeys(unit for _, _, unit in rows))
    return "".join(f"{sign} {branches}{unit}\n" for sign, branches, unit in rows)


def _rows(host: Host, units: set[str] | list[str], before: str, above: frozenset[str]) -> list[tuple[str, str, str]]:
    """(sign of its state, branches, name) of units and, below targets, of what these pull in; targets are last."""
    rows = []
    ordered = sorted(
        units - above if isinstance(units, set) else units, key=lambda u: (u.endswith(".target"), u.lower())
    )
    for place, unit in enumerate(ordered):
        last = place == len(ordered) - 1
        rows.append((_sign(host, unit), f"{before}{'└─' if last else '├─'}", unit))
        if unit.endswith(".target"):
            inner = pulled(host, unit)
            if inner is None:
                raise _NotKnown(unit)
            rows += _rows(host, inner, f"{before}{'  ' if last else '│ '}", above | {unit})
    return rows


def _sign(host: Host, unit: str) -> str:
    service = host.services.get(unit_name(unit))
    if service is not None:
        return {"active": "●", "failed": "×"}.get(service.state, "○")
    if unit in known().idle:
        return "○"
    if unit.endswith(".service") and unit not in _at_boot():
        raise _NotKnown(unit)
    return "●"


def _at_boot() -> set[str]:
    listed = {unit for units in known().targets.values() for unit in units}
    return listed | {unit for own in known().services.values() for unit in own.wants} | set(known().chains["system"])
