"""The registry as PowerShell's provider shows it: HKLM: and HKCU:, whose items are keys."""

import re
from collections.abc import Iterable

from fleet.windows.binding import CmdletCall
from fleet.windows.failure import Unmodelled
from fleet.windows.matching import is_wildcard, like
from fleet.windows.registry import DEFAULT, REGISTRY_KEY, KeyRecord, RegistryKey, in_powershell, registry
from fleet.windows.registry_state import Values
from fleet.windows.session import Session
from fleet.windows.values import PSValue

PROVIDER = "Microsoft.PowerShell.Core\\Registry"
DRIVES = {"HKLM": "HKEY_LOCAL_MACHINE", "HKCU": "HKEY_CURRENT_USER"}
_PATH = re.compile(
    r"(?P<provider>(?:Microsoft\.PowerShell\.Core\\)?Registry::)?(?P<root>HK\w+)(?P<colon>:?)(?:[\\/]+|$|(?<=:))(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)


def registry_path(path: str) -> str | None:
    r"""The key that a path of PowerShell names, as in HKEY_LOCAL_MACHINE\SOFTWARE; None if it is none of the registry.

    Raises:
        Unmodelled: the key is of a part that is not simulated.
    """
    found = _PATH.fullmatch(path.strip())
    if found is None:
        return None
    root = found["root"].upper()
    if found["colon"] and root in DRIVES:
        root = DRIVES[root]
    elif not found["provider"]:
        return None
    elif root not in DRIVES.values():
        raise Unmodelled(path)
    rest = [part for part in re.split(r"[\\/]+", found["rest"]) if part]
    return "\\".join([root, *rest])


def _paths(call: CmdletCall) -> list[str] | None:
    """What a cmdlet is to look at, if that is the registry."""
    given = call.texts("Path") or call.texts("LiteralPath") or call.names("Path", "PSPath")
    return given if given and registry_path(given[0]) is not None else None


def _matching(session: Session, path: str) -> list[RegistryKey]:
    """The keys that fit a path, any part of which may have wildcards."""
    known, parts = registry(session), path.split("\\")
    session.budget.spend()
    wild = next((place for place, part in enumerate(parts) if is_wildcard(part)), None)
    above = known.key("\\".join(parts[:wild]))
    if wild is None or above is None:
        return [above] if above else []
    fits = [key for key in known.children(above) if like(key.name, parts[wild])]
    return [found for key in fits for found in _matching(session, "\\".join([key.path, *parts[wild + 1 :]]))]


def named_keys(call: CmdletCall) -> list[RegistryKey] | None:
    """The keys that a cmdlet is to look at; those that are missing are reported. None if it looks at no registry."""
    paths = _paths(call)
    if paths is None:
        return None
    found: list[RegistryKey] = []
    for path in paths:
        wanted = registry_path(path)
        if wanted is None:
            raise Unmodelled(f"{call.cmdlet.name}: the registry and other drives at once")
        fits = _exactly(call, wanted) if call.has("LiteralPath") else _matching(call.session, wanted)
        if not fits and (call.has("LiteralPath") or not is_wildcard(wanted)):
            text = f"Cannot find path '{shown_path(path)}' because it does not exist."
            call.fail(text, "PathNotFound", "ObjectNotFound", f"{shown_path(path)}:String", "ItemNotFoundException")
        found += fits
    return found


def _exactly(call: CmdletCall, path: str) -> list[RegistryKey]:
    key = registry(call.session).key(path)
    return [key] if key else []


def shown_path(path: str) -> str:
    """A path as errors name it: without its provider, and with backslashes."""
    plain = path.rpartition("::")[2].replace("/", "\\")
    return re.sub(r"^(HK\w+:)(?!\\)", r"\1\\", plain)


def are_there(call: CmdletCall, path: str) -> bool | None:
    """Test-Path; None if the path is none of the registry."""
    wanted = registry_path(path)
    if wanted is None:
        return None
    found = _exactly(call, wanted) if call.has("LiteralPath") else _matching(call.session, wanted)
    return bool(found) and call.text("PathType").lower() != "leaf"


def child_keys(call: CmdletCall) -> Iterable[PSValue] | None:
    """Get-ChildItem; None if it looks at no registry."""
    keys = named_keys(call)
    if keys is None:
        return None
    wild = any(is_wildcard(path) for path in call.texts("Path"))
    levels = (call.number("Depth") or 0) if call.has("Depth") else 100 if call.flag("Recurse") else 0
    found: list[RegistryKey] = []
    for key in keys:
        found += [key] if wild and not levels else _beneath(call.session, key, levels)
    for name, wanted in (("Filter", True), ("Include", True), ("Exclude", False)):
        if call.has(name):
            found = [key for key in found if any(like(key.name, one) for one in call.texts(name)) == wanted]
    if call.flag("Name"):
        return [key.name for key in found]
    return [] if call.flag("File") else [key_record(call.session, key) for key in found]


def _beneath(session: Session, key: RegistryKey, levels: int) -> list[RegistryKey]:
    """The keys beneath one, each followed by those beneath it."""
    found: list[RegistryKey] = []
    for child in registry(session).children(key):
        session.budget.spend()
        found += [child, *(_beneath(session, child, levels - 1) if levels else [])]
    return found


def origin(key: RegistryKey) -> dict[str, PSValue]:
    """What PowerShell adds to whatever comes from a key."""
    parent: dict[str, PSValue] = {"PSParentPath": f"{PROVIDER}::{key.parent}"} if key.parent else {}
    drive = next(name for name, root in DRIVES.items() if root == key.path.partition("\\")[0])
    return {
        "PSPath": f"{PROVIDER}::{key.path}",
        **parent,
        "PSChildName": key.name,
        "PSDrive": drive,
        "PSProvider": PROVIDER,
    }


def read(session: Session, values: Values) -> dict[str, PSValue]:
    """Values by name, as PowerShell reads them."""
    environment = {name.lower(): value for name, value in session.environment().items()}
    return {name or DEFAULT: in_powershell(value, environment) for name, value in values.items()}


def key_record(session: Session, key: RegistryKey) -> KeyRecord:
    held = read(session, registry(session).values(key))
    values: dict[str, PSValue] = {
        "Property": list(held),
        **origin(key),
        "PSIsContainer": True,
        "ValueCount": len(held),
        "Name": key.path,
    }
    return KeyRecord(REGISTRY_KEY, values, key.path, held=held, raw=key.values)
