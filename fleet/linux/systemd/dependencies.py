"""systemctl list-dependencies: what wants a service. What it needs itself is a gap: such units are not simulated."""

import re

from bashkit import BuiltinResult

from fleet.linux.command import CommandContext, Flags, lacking
from fleet.linux.systemd.base_units import is_base_unit
from fleet.linux.systemd.journal_entries import unit_name
from fleet.linux.systemd.units import full_name
from fleet.model import Host
from fleet.unit_files import setting, unit_texts

_WANTED = {
    "multi-user.target": "● └─multi-user.target\n●   └─graphical.target\n",
    "graphical.target": "● └─graphical.target\n",
}
"""Target -> what is printed below a service that it wants."""


def list_dependencies(context: CommandContext, flags: Flags, words: list[str]) -> str | BuiltinResult:
    host, name = context.host, unit_name(words[0]) if len(words) == 1 else ""
    if name and name not in host.services and "." not in name and not is_base_unit(name):
        return f"{full_name(name)}\n"
    below = _wanted(host, name) if name in host.services and flags.values.keys() == {"reverse"} else None
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
