"""Properties and methods of values."""

import math
from calendar import monthrange
from collections.abc import Callable
from datetime import datetime, timedelta

from fleet.windows import library, regex_members
from fleet.windows.dotnet import format_value
from fleet.windows.dotnet_names import has_method, lacks_property
from fleet.windows.failure import Budget, Failure, Unmodelled, out_of_range
from fleet.windows.moments import LOCAL, UNIVERSAL, kind_of
from fleet.windows.operators import equal, order
from fleet.windows.registry import KeyRecord
from fleet.windows.statics import STATIC, dmtf, enumeration, invoked, milliseconds, no_type, short, static_property
from fleet.windows.text_methods import text_methods
from fleet.windows.values import (
    CUSTOM,
    VERSION,
    Arguments,
    EnumText,
    Hash,
    PartOfRecord,
    PSObject,
    PSValue,
    TypeName,
    to_moment,
    to_number,
    to_text,
    type_name,
)

UNREPRESENTABLE = "The added or subtracted value results in an un-representable DateTime."


def get_property(value: PSValue, name: str) -> PSValue:
    """The value of a property; null if there is none. On an array: the property of each member."""
    lowered = name.lower()
    match value:
        case PSObject():
            found = value.get(name)
            if found is None and lacks_property(value.type, name):
                raise Unmodelled(f"[{value.type}].{name}")
            if found is None and lowered in ("psobject", "psbase", "psadapted", "psextended", "pstypenames"):
                raise Unmodelled(f"[{value.type}].{name}")
            if isinstance(value, PartOfRecord) and value.real_name(name) is None and lowered not in value.absent:
                raise Unmodelled(f"{value.what}.{name}")
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
            held = library.encoding(lowered) if short(value.name) == "text.encoding" else None
            return held or static_property(value.name, name)
        case None:
            return 0 if lowered in ("count", "length") else None
        case _:
            return 1 if lowered in ("count", "length") else None


def own_property(value: PSValue, name: str) -> PSValue:
    """A property that the object itself has: cmdlets do not see the Count and Length that every value has."""
    if isinstance(value, PSObject) and (held := value.values.get(name)) is not None:
        return held
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
            return enumeration("System.DayOfWeek", value.strftime("%A"))
        case "dayofyear":
            return value.timetuple().tm_yday
        case "date":
            return value.replace(hour=0, minute=0, second=0, microsecond=0)
        case "timeofday":
            return value - value.replace(hour=0, minute=0, second=0, microsecond=0)
        case "ticks":
            return (value - datetime.min.replace(tzinfo=value.tzinfo)) // timedelta(microseconds=1) * 10
        case "datetime":
            return format_value(value, "F")
        case "kind":
            return enumeration("System.DateTimeKind", kind_of(value))
        case _:
            return None


def span_properties(value: timedelta) -> dict[str, PSValue]:
    """All properties of a TimeSpan, in .NET's order."""
    total = value.total_seconds()
    ticks = value // timedelta(microseconds=1) * 10

    def part(unit: int, limit: int) -> int:
        return int(math.copysign(abs(ticks) // unit % limit, ticks))

    return {
        "Days": part(864_000_000_000, 10**8),
        "Hours": part(36_000_000_000, 24),
        "Minutes": part(600_000_000, 60),
        "Seconds": part(10_000_000, 60),
        "Milliseconds": part(10_000, 1000),
        "Ticks": ticks,
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
        return _call_static(value.name, name, arguments, budget)
    if value is None:
        raise Failure("You cannot call a method on a null-valued expression.", "InvokeMethodOnNull", target=":")
    if lowered == "gettype":
        own = type_name(value)
        return PSObject("System.RuntimeType", {"Name": own.rsplit(".", 1)[-1], "FullName": own}, own)
    budget.spend(len(value) if isinstance(value, str | list) else 0)
    methods = _methods(value, budget)
    if lowered in methods:
        return invoked(methods[lowered], name, arguments)
    own = type_name(value)
    if isinstance(value, list) and has_method(own, name):
        raise Unmodelled(f"[{own}].{name}()")
    if isinstance(value, list):
        return [call_method(member, name, arguments, budget) for member in value if not isinstance(member, list)]
    if has_method(own, name) or (isinstance(value, PSObject) and value.type != CUSTOM):
        raise Unmodelled(f"[{own}].{name}()")
    text = f"Method invocation failed because [{own}] does not contain a method named '{name}'."
    raise Failure(text, "MethodNotFound", target=f"{name}:String")


def _call_static(type_: str, name: str, arguments: Arguments, budget: Budget) -> PSValue:
    match short(type_):
        case "regex" | "text.regularexpressions.regex":
            known = regex_members.static_methods(budget)
        case "convert":
            known = library.CONVERT
        case "io.path":
            known = library.PATH
        case held:
            known = STATIC.get(held, {})
    if name.lower() not in known:
        raise no_type(type_, name)
    return invoked(known[name.lower()], name, arguments)


def _methods(value: PSValue, budget: Budget) -> dict[str, Callable[[Arguments], PSValue]]:
    common: dict[str, Callable[[Arguments], PSValue]] = {
        "tostring": lambda a: format_value(value, to_text(a[0]) if a else ""),
    }
    match value:
        case str():
            return common | text_methods(value)
        case datetime():
            return common | _compared(value) | _date_methods(value)
        case timedelta():
            return common | _compared(value) | _span_methods(value)
        case int() | float():
            return common | _compared(value)
        case Hash():
            return common | {
                "containskey": lambda a: any(key.lower() == to_text(a[0]).lower() for key in value.values),
                "contains": lambda a: any(key.lower() == to_text(a[0]).lower() for key in value.values),
                "containsvalue": lambda a: any(equal(held, a[0], True) for held in value.values.values()),
                "add": lambda a: value.set(to_text(a[0]), a[1]),
                "remove": lambda a: value.remove(to_text(a[0])),
                "clear": lambda a: value.values.clear(),
                "clone": lambda a: Hash(dict(value.values)),
                "getenumerator": lambda a: hash_entries(value),
            }
        case list():
            return {
                "contains": lambda a: any(equal(member, a[0], True) for member in value),
                "indexof": lambda a: next((n for n, member in enumerate(value) if equal(member, a[0], True)), -1),
                "getupperbound": lambda a: len(value) - 1,
                "getlength": lambda a: len(value),
                "getvalue": lambda a: value[_count(a[0])],
                "clone": lambda a: list(value),
            }
        case PSObject(type=library.ENCODING):
            return library.encoding_methods(value)
        case PSObject(type=regex_members.REGEX):
            return regex_members.methods(value.text, budget)
        case PSObject(type=type_) if type_ == VERSION:
            return _compared(value) | {"tostring": lambda a: _version_text(value, a)}
        case KeyRecord():
            return common | value.methods()
        case PSObject():
            return common | {"converttodatetime": lambda a: dmtf(to_text(a[0]))}
        case _:
            return common


def _compared(value: PSValue) -> dict[str, Callable[[Arguments], PSValue]]:
    return {
        "compareto": lambda a: order(value, a[0]),
        "equals": lambda a: type_name(value) == type_name(a[0]) and equal(value, a[0]),
    }


def _version_text(value: PSObject, a: Arguments) -> str:
    return ".".join(value.text.split(".")[: _count(a[0])]) if a else value.text


def hash_entries(value: Hash) -> list[PSValue]:
    return [
        PSObject("System.Collections.DictionaryEntry", {"Name": k, "Value": v}, "", {"Key": "Name"})
        for k, v in value.values.items()
    ]


def _count(value: PSValue) -> int:
    return int(to_number(value))


def _months_later(value: datetime, months: int) -> datetime:
    """The same day of another month, or its last one if that is shorter."""
    if abs(months) > 120_000:
        raise out_of_range("Months value must be between +/-120000.", "months")
    year, month = divmod(value.year * 12 + value.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise out_of_range(UNREPRESENTABLE, "months")
    return value.replace(year=year, month=month + 1, day=min(value.day, monthrange(year, month + 1)[1]))


def _years_later(value: datetime, years: int) -> datetime:
    if abs(years) > 10_000:
        raise out_of_range("Years value must be between +/-10000.", "years")
    return _months_later(value, 12 * years)


def _date_methods(value: datetime) -> dict[str, Callable[[Arguments], PSValue]]:
    def added(span: timedelta) -> datetime:
        try:
            return value + span
        except OverflowError:
            raise out_of_range(UNREPRESENTABLE, "value") from None

    units = {"days": 86_400_000, "hours": 3_600_000, "minutes": 60_000, "seconds": 1000, "milliseconds": 1}
    return {
        **{f"add{name}": lambda a, unit=unit: added(milliseconds(a[0], unit)) for name, unit in units.items()},
        "addticks": lambda a: added(timedelta(microseconds=to_number(a[0]) / 10)),
        "add": lambda a: added(_as_span(a[0])),
        "addmonths": lambda a: _months_later(value, _count(a[0])),
        "addyears": lambda a: _years_later(value, _count(a[0])),
        "touniversaltime": lambda a: value.replace(tzinfo=UNIVERSAL),
        "tolocaltime": lambda a: value.replace(tzinfo=LOCAL),
        "toshortdatestring": lambda a: format_value(value, "d"),
        "toshorttimestring": lambda a: format_value(value, "t"),
        "tolongdatestring": lambda a: format_value(value, "D"),
        "tolongtimestring": lambda a: format_value(value, "T"),
        "subtract": lambda a: added(-a[0]) if isinstance(a[0], timedelta) else value - to_moment(a[0]),
    }


def _as_span(value: PSValue) -> timedelta:
    """
    Raises:
        TypeError: it is no span of time.
    """
    if not isinstance(value, timedelta):
        raise TypeError
    return value


def _span_methods(value: timedelta) -> dict[str, Callable[[Arguments], PSValue]]:
    return {
        "add": lambda a: value + _as_span(a[0]),
        "subtract": lambda a: value - _as_span(a[0]),
        "negate": lambda a: -value,
        "duration": lambda a: abs(value),
    }
