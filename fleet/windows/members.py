"""Properties and methods of values."""

import math
from calendar import monthrange
from collections.abc import Callable
from datetime import datetime, timedelta

from fleet.windows.dotnet import format_value
from fleet.windows.dotnet_names import has_method, lacks_property
from fleet.windows.failure import MAX_TEXT, Budget, Failure, Unmodelled, no_memory
from fleet.windows.operators import order
from fleet.windows.statics import Arguments, call_static, dmtf, static_property
from fleet.windows.values import (
    CUSTOM,
    EnumText,
    Hash,
    PSObject,
    PSValue,
    TypeName,
    items,
    to_moment,
    to_number,
    to_text,
    type_name,
)


def get_property(value: PSValue, name: str) -> PSValue:
    """The value of a property; null if there is none. On an array: the property of each member."""
    lowered = name.lower()
    match value:
        case PSObject():
            found = value.get(name)
            if found is None and lacks_property(value.type, name):
                raise Unmodelled(f"[{value.type}].{name}")
            return 1 if found is None and lowered in ("count", "length") and value.real_name(name) is None else found
        case Hash():
            found = value.get(name)
            if found is None and lowered in ("keys", "values", "count"):
                return {"keys": list(value.values), "values": list(value.values.values())}.get(
                    lowered, len(value.values)
                )
            return found
        case list():
            if lowered in ("count", "length"):
                return len(value)
            found = [get_property(member, name) for member in value if not isinstance(member, list)]
            return [member for member in found if member is not None] or None
        case EnumText():
            return value.number if lowered == "value__" else 1 if lowered in ("count", "length") else None
        case str():
            return len(value) if lowered == "length" else 1 if lowered == "count" else None
        case datetime():
            return _date_property(value, lowered)
        case timedelta():
            return _span_property(value, lowered)
        case TypeName():
            return static_property(value.name, name)
        case None:
            return 0 if lowered in ("count", "length") else None
        case _:
            return 1 if lowered in ("count", "length") else None


def own_property(value: PSValue, name: str) -> PSValue:
    """A property that the object itself has: cmdlets do not see the Count and Length that every value has."""
    if name.lower() in ("count", "length"):
        if isinstance(value, PSObject):
            return value.get(name)
        if (
            value is None
            or isinstance(value, bool | int | float)
            or (isinstance(value, str) and name.lower() == "count")
        ):
            return None
    return get_property(value, name)


def _date_property(value: datetime, name: str) -> PSValue:
    match name:
        case "year" | "month" | "day" | "hour" | "minute" | "second":
            return getattr(value, name)
        case "millisecond":
            return value.microsecond // 1000
        case "dayofweek":
            return value.strftime("%A")
        case "dayofyear":
            return value.timetuple().tm_yday
        case "date":
            return value.replace(hour=0, minute=0, second=0, microsecond=0)
        case "timeofday":
            return timedelta(hours=value.hour, minutes=value.minute, seconds=value.second)
        case "ticks":
            return int(value.timestamp()) * 10_000_000 + 621_355_968_000_000_000
        case "datetime":
            return format_value(value, "F")
        case "kind":
            return "Local"
        case _:
            return None


def span_properties(value: timedelta) -> dict[str, PSValue]:
    """All properties of a TimeSpan, in .NET's order."""
    total = value.total_seconds()
    whole = int(total)

    def part(unit: int, limit: int) -> int:
        return int(math.copysign(abs(whole) // unit % limit, whole))

    return {
        "Days": int(math.copysign(abs(whole) // 86_400, whole)),
        "Hours": part(3600, 24),
        "Minutes": part(60, 60),
        "Seconds": part(1, 60),
        "Milliseconds": value.microseconds // 1000,
        "Ticks": whole * 10_000_000 + value.microseconds * 10,
        "TotalDays": total / 86_400,
        "TotalHours": total / 3600,
        "TotalMinutes": total / 60,
        "TotalSeconds": total,
        "TotalMilliseconds": total * 1000,
    }


def _span_property(value: timedelta, name: str) -> PSValue:
    return next((found for key, found in span_properties(value).items() if key.lower() == name), None)


def call_method(value: PSValue, name: str, arguments: Arguments, budget: Budget) -> PSValue:
    """The result of a method call.

    Raises:
        Failure: there is no such method, or it is not allowed.
    """
    lowered = name.lower()
    if isinstance(value, TypeName):
        return call_static(value.name, name, arguments)
    if value is None:
        raise Failure("You cannot call a method on a null-valued expression.", "InvokeMethodOnNull", target=":")
    if lowered == "gettype":
        own = type_name(value)
        return PSObject("System.RuntimeType", {"Name": own.rsplit(".", 1)[-1], "FullName": own}, own)
    if lowered == "tostring":
        return format_value(value, to_text(arguments[0]) if arguments else "")
    budget.spend(len(value) if isinstance(value, str | list) else 0)
    methods = _methods(value)
    if lowered in methods:
        try:
            return methods[lowered](arguments)
        except (IndexError, ValueError, OverflowError, TypeError):
            # too few arguments, or one out of range: the message is the same for all
            text = f'Cannot find an overload for "{name}" and the argument count: "{len(arguments)}".'
            raise Failure(text, "MethodCountCouldNotFindBest", "NotSpecified", ":", "MethodException") from None
    if isinstance(value, list):
        return [call_method(member, name, arguments, budget) for member in value if not isinstance(member, list)]
    own = type_name(value)
    if has_method(own, name) or (isinstance(value, PSObject) and value.type != CUSTOM):
        raise Unmodelled(f"[{own}].{name}()")
    text = f"Method invocation failed because [{own}] does not contain a method named '{name}'."
    raise Failure(text, "MethodNotFound", target=f"{name}:String")


def _methods(value: PSValue) -> dict[str, Callable[[Arguments], PSValue]]:
    match value:
        case str():
            return _text_methods(value)
        case datetime():
            return _date_methods(value)
        case Hash():
            return {
                "containskey": lambda a: any(key.lower() == to_text(a[0]).lower() for key in value.values),
                "add": lambda a: value.set(to_text(a[0]), a[1]),
                "getenumerator": lambda a: hash_entries(value),
            }
        case list():
            return {"contains": lambda a: any(order(member, a[0]) == 0 for member in value)}
        case PSObject():
            return {"converttodatetime": lambda a: dmtf(to_text(a[0]))}
        case _:
            return {}


def hash_entries(value: Hash) -> list[PSValue]:
    return [
        PSObject("System.Collections.DictionaryEntry", {"Name": k, "Value": v}, "", {"Key": "Name"})
        for k, v in value.values.items()
    ]


def _text_methods(value: str) -> dict[str, Callable[[Arguments], PSValue]]:
    def cut(a: Arguments) -> str:
        start = _count(a[0])
        length = _count(a[1]) if len(a) > 1 else len(value) - start
        if start < 0 or length < 0 or start + length > len(value):
            text = 'Exception calling "Substring": "Index and length must refer to a location within the string."'
            raise Failure(text, "ArgumentOutOfRangeException", "NotSpecified", ":", "MethodInvocationException")
        return value[start : start + length]

    def replaced(a: Arguments) -> str:
        old, new = to_text(a[0]), to_text(a[1])
        if value.count(old or "\0") * len(new) + len(value) > MAX_TEXT:
            raise no_memory()
        return value.replace(old, new) if old else value

    def parts(a: Arguments) -> PSValue:
        marks = set("".join(to_text(mark) for argument in a[:1] for mark in items(argument)) or " \t\r\n")
        text = "".join("\0" if char in marks else char for char in value)
        return list(text.split("\0"))

    def padded(a: Arguments, left: bool) -> str:
        width, fill = _count(a[0]), to_text(a[1])[:1] if len(a) > 1 else " "
        if width > MAX_TEXT:
            raise no_memory()
        return value.rjust(width, fill) if left else value.ljust(width, fill)

    def chars(a: Arguments) -> str | None:
        return "".join(to_text(mark) for argument in a for mark in items(argument)) or None

    return {
        "toupper": lambda a: value.upper(),
        "tolower": lambda a: value.lower(),
        "trim": lambda a: value.strip(chars(a)),
        "trimstart": lambda a: value.lstrip(chars(a)),
        "trimend": lambda a: value.rstrip(chars(a)),
        "split": parts,
        "substring": cut,
        "replace": replaced,
        "startswith": lambda a: value.startswith(to_text(a[0])),
        "endswith": lambda a: value.endswith(to_text(a[0])),
        "contains": lambda a: to_text(a[0]) in value,
        "indexof": lambda a: value.find(to_text(a[0])),
        "padleft": lambda a: padded(a, True),
        "padright": lambda a: padded(a, False),
    }


def _count(value: PSValue) -> int:
    return int(to_number(value))


def _months_later(value: datetime, months: int) -> datetime:
    """The same day of another month, or its last one if that is shorter.

    Raises:
        ValueError: the year is not within 1 and 9999.
    """
    year, month = divmod(value.year * 12 + value.month - 1 + months, 12)
    return value.replace(year=year, month=month + 1, day=min(value.day, monthrange(year, month + 1)[1]))


def _date_methods(value: datetime) -> dict[str, Callable[[Arguments], PSValue]]:
    def later(unit: float) -> Callable[[Arguments], PSValue]:
        def add(a: Arguments) -> PSValue:
            try:
                return value + timedelta(seconds=to_number(a[0]) * unit)
            except (OverflowError, ValueError):
                text = "The added or subtracted value results in an un-representable DateTime."
                raise Failure(text, "ArgumentOutOfRangeException", "NotSpecified", ":") from None

        return add

    units = {"adddays": 86_400, "addhours": 3600, "addminutes": 60, "addseconds": 1}
    return {
        **{name: later(unit) for name, unit in units.items()},
        "addmilliseconds": later(0.001),
        "addmonths": lambda a: _months_later(value, _count(a[0])),
        "addyears": lambda a: _months_later(value, 12 * _count(a[0])),
        "touniversaltime": lambda a: value,
        "tolocaltime": lambda a: value,
        "toshortdatestring": lambda a: format_value(value, "d"),
        "toshorttimestring": lambda a: format_value(value, "t"),
        "tolongdatestring": lambda a: format_value(value, "D"),
        "subtract": lambda a: value - to_moment(a[0]),
    }
