"""Cmdlets that read the properties of items: the values of registry keys, what is known of a file."""

from collections.abc import Iterable

from fleet.windows.binding import Cmdlet, CmdletCall
from fleet.windows.cmdlets.files import named_items
from fleet.windows.matching import is_wildcard, like
from fleet.windows.paths import PathItem, record
from fleet.windows.registry import DEFAULT, RegistryKey, registry
from fleet.windows.registry_provider import named_keys, origin, read
from fleet.windows.registry_state import Values
from fleet.windows.values import CUSTOM, PartOfRecord, PSObject, PSValue

MISSING = "System.Management.Automation.PSArgumentException"


def get_item_property(call: CmdletCall) -> Iterable[PSValue]:
    if (keys := named_keys(call)) is None:
        return [_of_file(call, item) for item in named_items(call, "Path", "LiteralPath")]
    return [found for key in keys if (found := _of_key(call, key))]


def _of_key(call: CmdletCall, key: RegistryKey) -> PSObject | None:
    lacking = registry(call.session).known_part(key)
    if lacking is not None and not call.has("Name"):
        values = {**read(call.session, key.values), **origin(key)}
        return PartOfRecord(CUSTOM, values, what=key.path, absent=lacking)
    chosen = read(call.session, _chosen(call, key))
    return PSObject(CUSTOM, {**chosen, **origin(key)}) if chosen else None


def get_item_property_value(call: CmdletCall) -> Iterable[PSValue]:
    if (keys := named_keys(call)) is None:
        return [_of_file(call, item).get(name) for item in named_items(call, "Path", "LiteralPath")
                for name in call.texts("Name")]  # fmt: skip
    return [value for key in keys for value in read(call.session, _chosen(call, key)).values()]


def _chosen(call: CmdletCall, key: RegistryKey) -> Values:
    """The values of a key that -Name names, or all; those that are missing are reported."""
    known = registry(call.session)
    if not call.has("Name"):
        return known.values(key)
    chosen = {}
    for name in call.texts("Name"):
        if is_wildcard(name):
            chosen.update({held: value for held, value in known.values(key).items() if like(held, name)})
        elif found := known.value(key, "" if name.lower() == DEFAULT else name):
            chosen[found[0]] = found[1]
        else:
            text = f"Property {name} does not exist at path {key.path}."
            call.fail(text, MISSING, "InvalidArgument", f"{name}:String", "PSArgumentException")
    return chosen


def _of_file(call: CmdletCall, item: PathItem) -> PSObject:
    """A file or folder as Get-Item gives it, or those of its properties that -Name names."""
    whole = record(call.session, item)
    if not call.has("Name"):
        return whole
    chosen = {name: value for name, value in whole.values.items() if any(like(name, one) for one in call.texts("Name"))}
    for name in call.texts("Name"):
        if not is_wildcard(name) and whole.real_name(name) is None:
            text = f"Property {name} does not exist at path {item.path}."
            call.fail(text, MISSING, "InvalidArgument", f"{name}:String", "PSArgumentException")
    return PSObject(CUSTOM, chosen)


CMDLETS = (
    Cmdlet(
        "Get-ItemProperty",
        get_item_property,
        "Path Name|PSProperty",
        "LiteralPath|PSPath",
        lacks="Filter Include Exclude Credential UseTransaction",
    ),
    Cmdlet(
        "Get-ItemPropertyValue",
        get_item_property_value,
        "Path Name|PSProperty",
        "LiteralPath|PSPath",
        lacks="Filter Include Exclude Credential UseTransaction",
    ),
)
