"""Static members of the few .NET types that a constrained endpoint allows."""

import math
from calendar import monthrange
from collections.abc import Callable
from datetime import datetime, timedelta

from fleet.windows.dotnet import compose
from fleet.windows.dotnet_names import is_type
from fleet.windows.failure import DotNetError, Failure, out_of_range
from fleet.windows.moments import parse_moment
from fleet.windows.values import (
    Arguments,
    EnumText,
    PSValue,
    bounded,
    fit,
    items,
    to_moment,
    to_number,
    to_text,
)

ROUNDING = "System.MidpointRounding"
COMPARISON = "System.StringComparison"
MAX_MILLISECONDS = 315_537_897_600_000
"""Those of ten thousand years."""
ENUMERATIONS = {
    ROUNDING: ("ToEven", "AwayFromZero"),
    "System.StringSplitOptions": ("None", "RemoveEmptyEntries"),
    COMPARISON: (
        "CurrentCulture",
        "CurrentCultureIgnoreCase",
        "InvariantCulture",
        "InvariantCultureIgnoreCase",
        "Ordinal",
        "OrdinalIgnoreCase",
    ),
    "System.DayOfWeek": ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"),
    "System.DateTimeKind": ("Unspecified", "Utc", "Local"),
}
"""Type -> its members, numbered from zero."""


def enumeration(type_: str, name: str) -> EnumText:
    """
    Raises:
        ValueError: the type has no such member.
    """
    number = [one.lower() for one in ENUMERATIONS[type_]].index(name.lower())
    return EnumText(ENUMERATIONS[type_][number], number, type_)


def milliseconds(value: PSValue, unit: int) -> timedelta:
    """So many units of so many milliseconds; .NET Framework rounds them to a whole one."""
    exact = to_number(value) * unit
    if not abs(exact) <= MAX_MILLISECONDS:
        raise out_of_range("Value to add was out of range.", "value")
    return timedelta(milliseconds=int(exact + math.copysign(0.5, exact)))


def _round(a: Arguments) -> PSValue:
    number = float(to_number(a[0]))
    modes = [one.lower() for one in ENUMERATIONS[ROUNDING]]
    away = len(a) > 1 and to_text(a[-1]).lower() == modes[1]
    digits = int(to_number(a[1])) if len(a) > 1 and to_text(a[1]).lower() not in modes else 0
    if not 0 <= digits <= 15:
        raise out_of_range("Rounding digits must be between 0 and 15, inclusive.", "digits")
    if not abs(number) < 1e16:
        return number
    scaled = number * 10.0**digits  # as .NET Framework does, whatever is lost by it
    fraction, whole = math.modf(scaled)
    if away:
        return (whole + math.copysign(abs(fraction) >= 0.5, fraction)) / 10.0**digits
    return float(round(scaled)) / 10.0**digits


def _real(function: Callable[[float], float]) -> Callable[[Arguments], PSValue]:
    """A function of one number; of infinity it gives infinity."""

    def call(a: Arguments) -> PSValue:
        number = to_number(a[0])
        return float(function(number)) if math.isfinite(number) else number

    return call


def _logarithm(a: Arguments) -> PSValue:
    numbers = [float(to_number(one)) for one in a[:2]]
    if any(base <= 0 or base == 1 for base in numbers[1:]):
        return math.nan
    if numbers[0] <= 0:
        return -math.inf if numbers[0] == 0 else math.nan
    return math.log(*numbers)


def _power(base: float, exponent: float) -> float:
    try:
        result = base**exponent
    except (OverflowError, ZeroDivisionError):
        return math.inf
    return math.nan if isinstance(result, complex) else result


def _parsed(text: str) -> datetime:
    found = parse_moment(text[:100])
    if isinstance(found, str):
        raise DotNetError("FormatException", found)
    return found


def dmtf(text: str) -> datetime:
    """A time as WMI writes it: 20260304101500.000000+000"""
    return to_moment(f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[8:10]}:{text[10:12]}:{text[12:14]}")


STATIC: dict[str, dict[str, Callable[[Arguments], PSValue]]] = {
    "math": {
        "round": _round,
        "floor": _real(math.floor),
        "ceiling": _real(math.ceil),
        "truncate": _real(math.trunc),
        "abs": lambda a: abs(to_number(a[0])),
        "max": lambda a: max(to_number(a[0]), to_number(a[1])),
        "min": lambda a: min(to_number(a[0]), to_number(a[1])),
        "sign": lambda a: (number > 0) - (number < 0) if (number := to_number(a[0])) else 0,
        "sqrt": lambda a: math.sqrt(number) if (number := to_number(a[0])) >= 0 else math.nan,
        "pow": lambda a: fit(_power(float(to_number(a[0])), float(to_number(a[1])))),
        "log": _logarithm,
        "log10": lambda a: _logarithm([a[0], 10]),
        "exp": lambda a: math.exp(number) if (number := to_number(a[0])) < 709.78 else math.inf,
    },
    "string": {
        "isnullorempty": lambda a: not to_text(a[0]),
        "isnullorwhitespace": lambda a: not to_text(a[0]).strip(),
        "join": lambda a: bounded(to_text(a[0]).join(to_text(m) for one in a[1:] for m in items(one))),
        "format": lambda a: compose(to_text(a[0]), a[1] if len(a) == 2 and isinstance(a[1], list) else list(a[1:])),
        "concat": lambda a: bounded("".join(to_text(m) for one in a for m in items(one))),
    },
    "datetime": {
        "parse": lambda a: _parsed(to_text(a[0])),
        "daysinmonth": lambda a: monthrange(int(to_number(a[0])), int(to_number(a[1])))[1],
        "isleapyear": lambda a: (year := int(to_number(a[0]))) % 4 == 0 and (year % 100 != 0 or year % 400 == 0),
    },
    "timespan": {
        "fromdays": lambda a: milliseconds(a[0], 86_400_000),
        "fromhours": lambda a: milliseconds(a[0], 3_600_000),
        "fromminutes": lambda a: milliseconds(a[0], 60_000),
        "fromseconds": lambda a: milliseconds(a[0], 1000),
        "frommilliseconds": lambda a: milliseconds(a[0], 1),
        "fromticks": lambda a: timedelta(microseconds=to_number(a[0]) / 10),
    },
    "management.managementdatetimeconverter": {"todatetime": lambda a: dmtf(to_text(a[0]))},
}
PROPERTIES: dict[str, dict[str, PSValue]] = {
    "math": {"pi": math.pi, "e": math.e},
    "int": {"maxvalue": 2**31 - 1, "minvalue": -(2**31)},
    "int32": {"maxvalue": 2**31 - 1, "minvalue": -(2**31)},
    "int64": {"maxvalue": 2**63 - 1, "minvalue": -(2**63)},
    "long": {"maxvalue": 2**63 - 1, "minvalue": -(2**63)},
    "environment": {"newline": "\n"},
    "string": {"empty": ""},
    "timespan": {"zero": timedelta(0)},
    "datetime": {"maxvalue": datetime.max, "minvalue": datetime.min},
    **{
        type_.removeprefix("System.").lower(): {name.lower(): enumeration(type_, name) for name in names}
        for type_, names in ENUMERATIONS.items()
    },
}


def short(name: str) -> str:
    return name.lower().removeprefix("system.")


def invoked(method: Callable[[Arguments], PSValue], name: str, arguments: Arguments) -> PSValue:
    """The result of a method.

    Raises:
        Failure: it throws, or takes other arguments.
    """
    try:
        return method(arguments)
    except DotNetError as error:
        text = f'Exception calling "{name}" with "{len(arguments)}" argument(s): "{error.message}"'
        raise Failure(text, error.kind, "NotSpecified", ":", "MethodInvocationException") from None
    except (IndexError, ValueError, OverflowError, TypeError):
        # too few arguments, or one of another kind: the message is the same for all
        text = f'Cannot find an overload for "{name}" and the argument count: "{len(arguments)}".'
        raise Failure(text, "MethodCountCouldNotFindBest", "NotSpecified", ":", "MethodException") from None


def static_property(type_: str, name: str) -> PSValue:
    known = PROPERTIES.get(short(type_), {})
    if name.lower() not in known:
        raise no_type(type_, name)
    return known[name.lower()]


def no_type(name: str, member: str = "") -> Failure:
    """What is said of a type that there is not; a gap if a real host has it."""
    if is_type(name) or short(name) in PROPERTIES:
        text = "Cannot invoke method. Method invocation is supported only on core types in this language mode."
        what = f"[{name}]{member and '::'}{member}"
        return Failure(text, "MethodInvocationNotSupportedInConstrainedLanguage", target=":", lacks=what)
    return Failure(f"Unable to find type [{name}].", "TypeNotFound", "InvalidOperation", f"{name}:TypeName")
