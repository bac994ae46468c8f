"""A Windows host's registry: the keys that administrators read, and which of them hold more on a real host."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Literal, TypedDict

from aj.files import parse_yaml
from fleet.windows.failure import Unmodelled
from fleet.windows.registry_state import RegistryValue, Values, state_keys
from fleet.windows.releases import installed
from fleet.windows.session import Session
from fleet.windows.values import Arguments, PSObject, PSValue, to_text

DEFAULT = "(default)"
"""The name that PowerShell gives to a key's value without a name."""
REGISTRY_KEY = "Microsoft.Win32.RegistryKey"


class _Standing(TypedDict):
    """registry.yaml"""

    open: list[str]
    partly: list[str]
    absent: list[str]
    keys: dict[str, dict[str, RegistryValue]]


@dataclass(frozen=True, slots=True)
class RegistryKey:
    path: str
    """HKEY_LOCAL_MACHINE\\SOFTWARE"""
    values: Values

    @property
    def name(self) -> str:
        return self.path.rpartition("\\")[2]

    @property
    def parent(self) -> str:
        return self.path.rpartition("\\")[0]


@dataclass(slots=True)
class KeyRecord(PSObject):
    """A key as Get-Item gives it."""

    held: dict[str, PSValue] = field(default_factory=dict)
    """its values, by name"""
    raw: Values = field(default_factory=dict)
    """them as they are stored: nothing is expanded"""

    def methods(self) -> dict[str, Callable[[Arguments], PSValue]]:
        return {
            "getvalue": self._value,
            "getvaluenames": lambda a: list(self.held),
        }

    def _value(self, a: Arguments) -> PSValue:
        wanted = to_text(a[0]).lower()
        plain = len(a) > 2 and to_text(a[2]).lower() == "donotexpandenvironmentnames"
        held = {name: in_powershell(value, {}) for name, value in self.raw.items()} if plain else self.held
        return next((value for name, value in held.items() if name.lower() == wanted), a[1] if len(a) > 1 else None)


class Registry:
    """The keys of one host."""

    def __init__(self, keys: Mapping[str, Values]) -> None:
        self._keys: dict[str, RegistryKey] = {}
        for path, values in keys.items():
            place = path.find("\\")
            while place > 0:  # a key's parents are there too
                self._keys.setdefault(path[:place].lower(), RegistryKey(path[:place], {}))
                place = path.find("\\", place + 1)
            self._keys[path.lower()] = RegistryKey(path, values)

    def key(self, path: str) -> RegistryKey | None:
        """The key at a path, as that is spelled.

        Raises:
            Unmodelled: a real host may have such a key.
        """
        lowered = path.lower().rstrip("\\")
        if found := self._keys.get(lowered):
            return replace(found, path=path.rstrip("\\"))
        above = lowered
        while above not in self._keys:
            if above in _listed("absent") or "\\" not in above:
                return None
            above = above.rpartition("\\")[0]
        if above in _listed("open"):
            raise Unmodelled(path)
        return None

    def children(self, key: RegistryKey) -> list[RegistryKey]:
        """
        Raises:
            Unmodelled: a real host has more of them.
        """
        start = key.path.lower()
        if start in _listed("open"):
            raise Unmodelled(f"{key.path}\\*")
        inside = sorted(path for path in self._keys if path.rpartition("\\")[0] == start)
        return [replace(child, path=f"{key.path}\\{child.name}") for child in map(self._keys.__getitem__, inside)]

    def values(self, key: RegistryKey) -> Values:
        """
        Raises:
            Unmodelled: a real host has more of them.
        """
        if key.path.lower() in _listed("partly"):
            raise Unmodelled(f"{key.path} (all values)")
        return key.values

    def known_part(self, key: RegistryKey) -> frozenset[str] | None:
        """Names of values that a key surely lacks, in lower case, if it holds more of them on a real host."""
        start = f"{key.path.lower()}\\"
        if start.removesuffix("\\") not in _listed("partly"):
            return None
        return frozenset(path.removeprefix(start) for path in _listed("absent") if path.startswith(start))

    def value(self, key: RegistryKey, name: str) -> tuple[str, RegistryValue] | None:
        """A value, with its name as it is spelled.

        Raises:
            Unmodelled: a real host may have it.
        """
        wanted = name.lower()
        found = next(((known, value) for known, value in key.values.items() if known.lower() == wanted), None)
        path = key.path.lower()
        if found is None and path in _listed("partly") and f"{path}\\{wanted}" not in _listed("absent"):
            raise Unmodelled(f"{key.path}\\{name}")
        return found


@cache
def _standing() -> _Standing:
    return parse_yaml(Path(__file__).with_name("registry.yaml").read_text(encoding="utf-8"))


@cache
def _listed(kind: Literal["open", "partly", "absent"]) -> frozenset[str]:
    standing = _standing()
    return frozenset(path.lower() for path in standing[kind])


def registry(session: Session) -> Registry:
    host = session.host

    def make() -> Registry:
        standing = _standing()
        stubs: dict[str, Values] = {path: {} for path in standing["open"]}
        state = state_keys(host, session.environment(), int(installed(host).timestamp()))
        return Registry(stubs | standing["keys"] | state)

    return host.once("registry", make)


def kind_of(value: RegistryValue) -> str:
    if isinstance(value, int):
        return "REG_DWORD"
    if isinstance(value, list):
        return "REG_BINARY" if value and isinstance(value[0], int) else "REG_MULTI_SZ"
    return "REG_EXPAND_SZ" if re.search(r"%[^%]+%", value) else "REG_SZ"


def in_powershell(value: RegistryValue, environment: Mapping[str, str]) -> PSValue:
    """A value as .NET reads it: a number with a sign, a text with its variables expanded."""
    if isinstance(value, int):
        return value - 2**32 if value >= 2**31 else value
    if isinstance(value, list):
        return list(value)
    return re.sub(r"%([^%]+)%", lambda found: environment.get(found[1].lower(), found[0]), value)
