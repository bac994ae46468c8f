"""Static members and casts of the few .NET types that a constrained endpoint allows."""

import math
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from fleet.windows.dotnet_names import is_type
from fleet.windows.failure import Failure
from fleet.windows.values import (
    CUSTOM,
    Hash,
    PSObject,
    PSValue,
    bad_conversion,
    bounded,
    fit,
    items,
    to_moment,
    to_number,
    to_text,
    truthy,
)

SPAN = re.compile(r"-?(?:(\d{1,8})(?:\.|$))?(?:(\d{1,2}):(\d{1,2})(?::(\d{1,2}(?:\.\d{1,7})?))?)?")
MIDPOINTS = ("toeven", "awayfromzero")
"""How [math]::Round may round a half."""
Arguments = Sequence[PSValue]
"""Arguments of a method."""


def _round(a: Arguments) -> PSValue:
    number = to_number(a[0])
    digits = a[1] if len(a) > 1 and to_text(a[1]).lower() not in MIDPOINTS else 0
    places = min(max(int(to_number(digits)), 0), 15)
    if math.isfinite(number) and to_text(a[-1]).lower() == MIDPOINTS[1] and len(a) > 1:
        half = math.floor(abs(number) * 10**places + 0.5) / 10**places
        return math.copysign(half, number)
    return number if not math.isfinite(number) else float(round(number, places)) if places else round(number)


def _whole(function: Callable[[float], int]) -> Callable[[Arguments], PSValue]:
    def call(a: Arguments) -> PSValue:
        number = to_number(a[0])
        return function(number) if math.isfinite(number) else number

    return call


STATIC: dict[str, dict[str, Callable[[Arguments], PSValue]]] = {
    "math": {
        "round": _round,
        "floor": _whole(math.floor),
        "ceiling": _whole(math.ceil),
        "truncate": _whole(math.trunc),
        "abs": lambda a: abs(to_number(a[0])),
        "max": lambda a: max(to_number(a[0]), to_number(a[1])),
        "min": lambda a: min(to_number(a[0]), to_number(a[1])),
        "sqrt": lambda a: math.sqrt(number) if (number := to_number(a[0])) >= 0 else math.nan,
        "pow": lambda a: fit(_power(float(to_number(a[0])), float(to_number(a[1])))),
    },
    "string": {
        "isnullorempty": lambda a: not to_text(a[0]),
        "isnullorwhitespace": lambda a: not to_text(a[0]).strip(),
        "join": lambda a: bounded(to_text(a[0]).join(to_text(member) for member in items(a[1]))),
    },
    "datetime": {"parse": lambda a: to_moment(a[0])},
    "timespan": {
        "fromdays": lambda a: timedelta(days=to_number(a[0])),
        "fromhours": lambda a: timedelta(hours=to_number(a[0])),
        "fromminutes": lambda a: timedelta(minutes=to_number(a[0])),
        "fromseconds": lambda a: timedelta(seconds=to_number(a[0])),
    },
    "management.managementdatetimeconverter": {"todatetime": lambda a: dmtf(to_text(a[0]))},
}
PROPERTIES: dict[str, dict[str, PSValue]] = {
    "math": {"pi": math.pi, "e": math.e},
    "int": {"maxvalue": 2**31 - 1, "minvalue": -(2**31)},
    "int64": {"maxvalue": 2**63 - 1},
    "environment": {"newline": "\n"},
    "string": {"empty": ""},
    "midpointrounding": {name.lower(): name for name in ("ToEven", "AwayFromZero")},
}


def _power(base: float, exponent: float) -> float:
    try:
        result = base**exponent
    except (OverflowError, ZeroDivisionError):
        return math.inf
    return math.nan if isinstance(result, complex) else result


def _short(name: str) -> str:
    return name.lower().removeprefix("system.")


def call_static(type_: str, name: str, arguments: Arguments) -> PSValue:
    known = STATIC.get(_short(type_), {})
    if name.lower() not in known:
        raise no_type(type_, name)
    try:
        return known[name.lower()](arguments)
    except (IndexError, ValueError, OverflowError, TypeError):
        text = f'Cannot find an overload for "{name}" and the argument count: "{len(arguments)}".'
        raise Failure(text, "MethodCountCouldNotFindBest", "NotSpecified", ":", "MethodException") from None


def static_property(type_: str, name: str) -> PSValue:
    known = PROPERTIES.get(_short(type_), {})
    if name.lower() not in known:
        raise no_type(type_, name)
    return known[name.lower()]


def cast(type_: str, value: PSValue) -> PSValue:
    """Cast a value to another type.

    Raises:
        Failure: the value cannot be converted, or the type is not allowed.
    """
    match _short(type_).removesuffix("[]"):
        case "int" | "int32" | "long" | "int64" | "uint32" | "uint64" | "byte":
            number = to_number(value)
            if not math.isfinite(number) or abs(number) >= 2**63:
                raise bad_conversion(value, "System.Int32")
            return round(number)
        case "double" | "float" | "single" | "decimal":
            return float(to_number(value))
        case "string" | "char":
            return to_text(value)
        case "bool" | "boolean" | "switch":
            return truthy(value)
        case "datetime":
            return to_moment(value)
        case "timespan":
            return value if isinstance(value, timedelta) else _to_span(value)
        case "array" | "object" | "psobject" | "ordered" | "hashtable" | "regex" | "void" | "version" | "scriptblock":
            return items(value) if type_.endswith("[]") or type_ == "array" else value
        case "pscustomobject":
            if not isinstance(value, Hash):
                return value
            return PSObject(CUSTOM, dict(value.values))
        case _:
            raise no_type(type_)


def no_type(name: str, member: str = "") -> Failure:
    """What is said of a type that there is not; a gap if a real host has it."""
    if is_type(name):
        text = "Cannot invoke method. Method invocation is supported only on core types in this language mode."
        what = f"[{name}]{member and '::'}{member}"
        return Failure(text, "MethodInvocationNotSupportedInConstrainedLanguage", target=":", lacks=what)
    return Failure(f"Unable to find type [{name}].", "TypeNotFound", "InvalidOperation", f"{name}:TypeName")


def _to_span(value: PSValue) -> timedelta:
    """A number of ticks, or a text such as 1.02:03:04."""
    try:
        if not isinstance(value, str):
            return timedelta(microseconds=to_number(value) / 10)
        found = SPAN.fullmatch(value.strip()[:100])
        days, hours, minutes, seconds = (float(part or 0) for part in (found.groups() if found else ("x",)))
        span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        return -span if value.strip().startswith("-") else span
    except (OverflowError, ValueError):
        raise bad_conversion(value, "System.TimeSpan") from None


def dmtf(text: str) -> datetime:
    """Parse a time as WMI writes it: 20260304101500.000000+000"""
    return to_moment(f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[8:10]}:{text[10:12]}:{text[12:14]}")
