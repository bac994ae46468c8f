"""Shared by the functions over CIM classes: instances by their properties, and what is said if there are none."""

from collections.abc import Sequence

from fleet.windows.binding import CmdletCall
from fleet.windows.matching import like
from fleet.windows.values import PSObject, PSValue, to_text

INTEGERS = ("InterfaceIndex", "LocalPort", "OwningProcess", "PrefixLength", "RemotePort")
"""Parameters that take whole numbers."""
NUMBERS = {"ipv4": 2, "ipv6": 23, "listen": 2, "established": 5, "closewait": 8, "timewait": 11}
"""Values that CIM knows by number."""


def queried(call: CmdletCall, class_name: str, found: Sequence[PSObject], names: Sequence[str]) -> list[PSValue]:
    """The instances whose properties are as the parameters of the same names say."""
    given = {name: call.texts(name) for name in names if call.has(name)}
    for name, wanted in given.items():
        if name in INTEGERS:
            call.numbers(name)  # anything else cannot be bound
        found = [record for record in found if any(like(to_text(record.get(name)), one) for one in wanted)]
    if not found and given:
        not_found(call, class_name, given)
    return list(found)


def not_found(call: CmdletCall, class_name: str, given: dict[str, list[str]]) -> None:
    """Report that no instance has such properties."""
    conditions = " AND ".join(
        "(" + " OR ".join(f"({name} {_compared(value)})" for value in values) + ")" for name, values in given.items()
    )
    text = (
        f"No matching {class_name} objects found by CIM query for instances of the ROOT/StandardCimv2/{class_name} "
        f"class on the  CIM server: SELECT * FROM {class_name}  WHERE {conditions}. Verify query parameters and retry."
    )
    call.fail(text, "CmdletizationQuery_NotFound", "ObjectNotFound", f"{class_name}:String", "CimJobException")


def no_such_value(call: CmdletCall, class_name: str, name: str, value: str) -> None:
    """Report that no instance has this value of the property that the function selects by."""
    text = (
        f"No {class_name} objects found with property '{name}' equal to '{value}'.  "
        "Verify the value of the property and retry."
    )
    kind = "Char" if name == "DriveLetter" else "String"
    call.fail(text, f"CmdletizationQuery_NotFound_{name}", "ObjectNotFound", f"{value}:{kind}", "CimJobException")


def _compared(value: str) -> str:
    value = str(NUMBERS.get(value.lower(), value))
    return f"= {value}" if value.isdigit() else f"LIKE '{value.replace('*', '%').replace('?', '_')}'"
