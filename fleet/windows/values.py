"""The values in PowerShell's pipeline, and conversions between them.

None, bool, int, float, str, list, datetime and timedelta represent themselves; `Hash`, `PSObject` and `tree.Block`
represent hash tables, objects with properties, and script blocks. Times are in UTC, like the fleet's clock.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TypeVar

from fleet.windows.failure import MAX_ITEMS, MAX_TEXT, Failure, Unmodelled, no_memory
from fleet.windows.moments import LOCAL, parse_moment
from fleet.windows.tree import Block, TypeName

T = TypeVar("T")
INT_LIMIT = 2**63
"""From here on integers become floating point, as in .NET."""
CUSTOM = "System.Management.Automation.PSCustomObject"
"""Class of an object that only has the properties it was given."""
SHOWN_MEMBERS = 4
"""members shown of a list in a table cell"""
VERSION, GROUP = "System.Version", "System.Text.RegularExpressions.Group"
NUMBER_TEXT = re.compile(
    r"\s*(?:0x(?P<hex>[0-9a-f]+)|(?P<number>[+-]?(?:[0-9][0-9,]*(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?))\s*",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Hash:
    """@{…}: keys are case-insensitive and keep their order."""

    values: dict[str, "PSValue"] = field(default_factory=dict)

    def get(self, name: str) -> "PSValue":
        return _lookup(self.values, name)[1]

    def set(self, name: str, value: "PSValue") -> None:
        self.values[_lookup(self.values, name)[0]] = value

    def remove(self, name: str) -> None:
        self.values.pop(_lookup(self.values, name)[0], None)


@dataclass(slots=True)
class PSObject:
    """An object: its class, and its properties in order."""

    type: str
    """as Get-Member shows it: "System.Diagnostics.Process"; determines the view"""
    values: dict[str, "PSValue"]
    text: str = ""
    """its string form; "" prints as @{a=1; b=2}"""
    also: dict[str, str] = field(default_factory=dict)
    """property aliases: "Name" -> "ProcessName" """

    def get(self, name: str) -> "PSValue":
        if name in self.values:
            return self.values[name]
        real, value = _lookup(self.values, name)
        if value is None and real not in self.values:
            other = _lookup(self.also, name)[1]
            return self.values.get(other) if other else None
        return value

    def real_name(self, name: str) -> str | None:
        """The property's real name for `name`, which may be an alias; None if there is none."""
        for names in (self.values, self.also):
            real = _lookup(names, name)[0]
            if real in names:
                return real
        return None


@dataclass(slots=True)
class PartOfRecord(PSObject):
    """An object that has more properties on a real host: another one of them, or all, is a gap."""

    what: str = ""
    """what it is, for the gap"""
    absent: frozenset[str] = frozenset()
    """properties that no such object has here, in lower case"""


def every_property(record: PSObject) -> dict[str, "PSValue"]:
    """All properties of an object, by name.

    Raises:
        Unmodelled: it has more of them on a real host.
    """
    if isinstance(record, PartOfRecord):
        raise Unmodelled(record.what)
    return record.values


class EnumText(str):
    """A member of a .NET enumeration: its name, which stands for a number in JSON, in casts and when it is sorted."""

    number: int
    type: str

    def __new__(cls, name: str, number: int, type_: str) -> "EnumText":
        made = super().__new__(cls, name)
        made.number, made.type = number, type_
        return made


class Char(str):
    """A character, which stands for its code where a number is wanted."""


PSValue = None | bool | int | float | str | list["PSValue"] | datetime | timedelta | Hash | PSObject | Block | TypeName
"""One thing in a pipeline."""
Arguments = Sequence[PSValue]
"""Arguments of a method."""


def _lookup(values: "Mapping[str, T]", name: str) -> "tuple[str, T | None]":
    """The key as spelled in the mapping (else `name`), and its value."""
    if name in values:
        return name, values[name]
    lowered = name.lower()
    return next(((key, value) for key, value in values.items() if key.lower() == lowered), (name, None))


@lru_cache(4096)
def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, LOCAL)


def items(value: PSValue) -> list[PSValue]:
    """The pipeline items of a value: a list's members, nothing for null."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def collapse(values: list[PSValue]) -> PSValue:
    """A pipeline's output as a single value: null, the one item, or an array."""
    if len(values) > MAX_ITEMS:
        raise no_memory()
    return None if not values else values[0] if len(values) == 1 else values


def truthy(value: PSValue) -> bool:
    if isinstance(value, list):
        return len(value) > 1 or (len(value) == 1 and truthy(value[0]))
    return value is not None and value is not False and value != 0 and value != ""


def bounded(text: str) -> str:
    """Return `text` if it is not longer than a string may be."""
    if len(text) > MAX_TEXT:
        raise no_memory()
    return text


def fit(value: int | float) -> int | float:
    """A number as .NET stores it: beyond 64-bit integers it becomes floating point."""
    if isinstance(value, int) and not -INT_LIMIT <= value < INT_LIMIT:
        return float(value) if abs(value) < 2**1000 else math.copysign(math.inf, value)
    return value


def number_text(value: float) -> str:
    """A floating-point number in fifteen digits, as .NET Framework prints it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    text = f"{value:.15g}".upper()
    return "0" if text == "-0" else text


def span_text(value: timedelta) -> str:
    """A time span as .NET prints it: 1.02:03:04"""
    sign, left = ("-", -value) if value < timedelta(0) else ("", value)
    hours, rest = divmod(left.seconds, 3600)
    days = f"{left.days}." if left.days else ""
    part = f".{left.microseconds:06d}0" if left.microseconds else ""
    return f"{sign}{days}{hours:02d}:{rest // 60:02d}:{rest % 60:02d}{part}"


def to_text(value: PSValue) -> str:
    """A value converted to a string."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool() | int():
            return str(value)
        case float():
            return number_text(value)
        case datetime():
            return value.strftime("%m/%d/%Y %H:%M:%S")
        case timedelta():
            return span_text(value)
        case list():
            return bounded(" ".join(_limited(_member_text(member) for member in value)))
        case Hash():
            return "System.Collections.Hashtable"
        case PSObject():
            return value.text or _record_text(value)
        case Block():
            return value.text
        case TypeName():
            return value.name


def _record_text(record: PSObject) -> str:
    pairs = "; ".join(f"{name}={_member_text(value)}" for name, value in record.values.items())
    return bounded(f"@{{{pairs}}}")


def _member_text(value: PSValue) -> str:
    """A value inside another: arrays and objects show their class, as in .NET. Cycles are not followed."""
    if isinstance(value, list):
        return "System.Object[]"
    return (value.text or value.type) if isinstance(value, PSObject) else to_text(value)


def _limited(parts: Iterator[str]) -> Iterator[str]:
    total = 0
    for part in parts:
        total += len(part) + 1
        if total > MAX_TEXT:
            raise no_memory()
        yield part


def display(value: PSValue) -> str:
    """A value as displayed in a table, a list or alone: times in the en-US culture."""
    if isinstance(value, str | int):
        return str(value)
    if isinstance(value, datetime):
        return f"{value.month}/{value.day}/{value.year:04d} {clock(value)}"
    if isinstance(value, list):
        shown = [_member_text(m) if isinstance(m, list) else display(m) for m in value[:SHOWN_MEMBERS]]
        return "{" + ", ".join(shown) + ("...}" if len(value) > SHOWN_MEMBERS else "}")
    if isinstance(value, Hash):
        return display(list(value.values))
    return to_text(value)


def clock(value: datetime, seconds: bool = True) -> str:
    """A time of day: 3:04:05 PM"""
    past_the_minute = f":{value.second:02d}" if seconds else ""
    return f"{value.hour % 12 or 12}:{value.minute:02d}{past_the_minute} {'AM' if value.hour < 12 else 'PM'}"


def to_number(value: PSValue) -> int | float:
    """A value converted to a number; strings are parsed.

    Raises:
        Failure: the value is not a number.
    """
    match value:
        case None | "":
            return 0
        case bool():
            return int(value)
        case int() | float():
            return value
        case EnumText():
            return value.number
        case Char():
            return ord(value)
        case str():
            return _parsed(value)
        case timedelta():
            return value.total_seconds()
        case _:
            raise bad_conversion(value, "System.Int32")


def _parsed(value: str) -> int | float:
    found = NUMBER_TEXT.fullmatch(value[:100])
    if found is None:
        raise bad_conversion(value, "System.Int32")
    if found["hex"]:
        return fit(int(found["hex"], 16))
    plain = found["number"].replace(",", "")
    return fit(int(plain)) if plain.lstrip("+-").isdigit() else float(plain)


def bad_conversion(value: PSValue, wanted: str, what: str = "Integer") -> Failure:
    why = ' Error: "Input string was not in a correct format."' if isinstance(value, str) else ""
    text = f'Cannot convert value "{to_text(value)[:200]}" to type "{wanted}".{why}'
    return Failure(text, f"InvalidCastFromStringTo{what}", "InvalidArgument", ":")


def to_moment(value: PSValue) -> datetime:
    """
    Raises:
        Failure: the value is not a time.
    """
    if isinstance(value, datetime):
        return value
    text = to_text(value)[:100]
    found = parse_moment(text)
    if isinstance(found, str):
        message = f'Cannot convert value "{text}" to type "System.DateTime". Error: "{found}"'
        raise Failure(message, "InvalidCastParseTargetInvocation", "InvalidArgument", ":")
    return found


def type_name(value: PSValue) -> str:
    """The .NET class of a value, as in errors and GetType()."""
    match value:
        case EnumText():
            return value.type
        case Char():
            return "System.Char"
        case bool():
            return "System.Boolean"
        case int():
            return "System.Int32" if -(2**31) <= value < 2**31 else "System.Int64"
        case float():
            return "System.Double"
        case list():
            return "System.Object[]"
        case datetime():
            return "System.DateTime"
        case timedelta():
            return "System.TimeSpan"
        case Hash():
            return "System.Collections.Hashtable"
        case PSObject():
            return value.type
        case Block():
            return "System.Management.Automation.ScriptBlock"
        case TypeName():
            return "System.RuntimeType"
        case _:
            return "System.String"
