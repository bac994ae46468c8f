"""The console program reg, which only reads here: reg query."""

from fleet.windows.cmdlets.console import ConsoleProgram, Words, console_output
from fleet.windows.failure import Unmodelled
from fleet.windows.registry import Registry, RegistryKey, kind_of, registry
from fleet.windows.registry_state import RegistryValue
from fleet.windows.session import Session
from fleet.windows.values import PSValue

ROOTS = {"HKLM": "HKEY_LOCAL_MACHINE", "HKCU": "HKEY_CURRENT_USER"}
OTHER_ROOTS = ("HKCR", "HKU", "HKCC", "HKEY_CLASSES_ROOT", "HKEY_USERS", "HKEY_CURRENT_CONFIG")
VERBS = ("add", "delete", "copy", "save", "load", "unload", "restore", "compare", "export", "import", "flags")
NOT_FOUND = "ERROR: The system was unable to find the specified registry key or value."


def reg(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    verb = words[0].lower() if words else ""
    if verb in VERBS or any(word in ("/?", "-?") for word in words):
        raise Unmodelled(" ".join(["reg", *words[:2]]))
    if verb != "query":
        return _refused(session, 'ERROR: Invalid syntax.\nType "REG /?" for usage.')
    return _query(session, words[1:])


def _refused(session: Session, text: str) -> list[PSValue]:
    session.errors.append(f"{text}\n")
    return console_output(session, "", 1)[:0]


def _query(session: Session, words: Words) -> list[PSValue]:
    options = [word.lower() for word in words[1:]]
    name: str | None = None
    place = 0
    while place < len(options):
        if options[place] == "/v" and place + 1 < len(options) and name is None:
            name = words[place + 2]
            place += 1
        elif options[place] == "/ve" and name is None:
            name = ""
        elif options[place] in ("/f", "/k", "/d", "/c", "/e", "/t", "/z", "/se", "/reg:32"):
            raise Unmodelled(f"reg query {options[place]}")
        elif options[place] not in ("/s", "/reg:64"):
            return _refused(session, 'ERROR: Invalid syntax.\nType "REG QUERY /?" for usage.')
        place += 1
    root, _, rest = (words[0] if words else "").rstrip("\\").partition("\\")
    root = ROOTS.get(root.upper(), root.upper())
    if root in OTHER_ROOTS:
        raise Unmodelled(f"reg query {root}")
    if root not in ROOTS.values():
        return _refused(session, 'ERROR: Invalid key name.\nType "REG QUERY /?" for usage.')
    known = registry(session)
    key = known.key(f"{root}\\{rest}" if rest else root)
    if key is None:
        return _refused(session, NOT_FOUND)
    deep = "/s" in options
    if name is None:
        return console_output(session, "\n" + _whole(known, key, deep))
    found = [(one, value) for one in _keys(known, key, deep) if (value := known.value(one, name))]
    if not found and not deep:
        return _refused(session, NOT_FOUND)
    text = "".join(f"\n{one.path}\n{_line(*value)}\n" for one, value in found)
    count = f"\nEnd of search: {len(found)} match(es) found.\n" if deep else "\n"
    return console_output(session, text + count, int(not found))


def _keys(known: Registry, key: RegistryKey, deep: bool) -> list[RegistryKey]:
    below = [one for child in known.children(key) for one in _keys(known, child, True)] if deep else []
    return [key, *below]


def _whole(known: Registry, key: RegistryKey, deep: bool) -> str:
    """A key's values, and the names of the keys beneath it, or all that these hold."""
    values = known.values(key)
    own = f"{key.path}\n{''.join(_line(*pair) + chr(10) for pair in values.items())}\n" if values else ""
    children = known.children(key)
    if not deep:
        return own + "".join(f"{child.path}\n" for child in children)
    return own + "".join(
        _whole(known, child, True) if _holds(known, child) else f"{child.path}\n" for child in children
    )


def _holds(known: Registry, key: RegistryKey) -> bool:
    return bool(known.values(key) or known.children(key))


def _line(name: str, value: RegistryValue) -> str:
    match value:
        case int():
            text = f"0x{value:x}"
        case list():
            text = "".join(f"{one:02X}" if isinstance(one, int) else f"{one}\\0" for one in value).removesuffix("\\0")
        case _:
            text = value
    return f"    {name or '(Default)'}    {kind_of(value)}    {text}"


PROGRAMS: dict[str, ConsoleProgram] = {"reg": reg}
