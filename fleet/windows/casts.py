"""Casts: [int]'7', [string[]]$x, [version]'1.2.3'."""

import math
import re
from datetime import timedelta

from fleet.windows.failure import Failure
from fleet.windows.regex_members import REGEX
from fleet.windows.statics import no_type, short
from fleet.windows.values import (
    CUSTOM,
    VERSION,
    Char,
    Hash,
    PSObject,
    PSValue,
    bad_conversion,
    items,
    to_moment,
    to_number,
    to_text,
    truthy,
)

SPAN = re.compile(r"-?(?:(\d{1,8})(?:\.|$))?(?:(\d{1,2}):(\d{1,2})(?::(\d{1,2}(?:\.\d{1,7})?))?)?")
VERSION_TEXT = re.compile(r"(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9})(?:\.(\d{1,9}))?)?")
INTEGERS = {
    "byte": ("Byte", 0, 2**8),
    "sbyte": ("SByte", -(2**7), 2**7),
    "int16": ("Int16", -(2**15), 2**15),
    "uint16": ("UInt16", 0, 2**16),
    "int": ("Int32", -(2**31), 2**31),
    "int32": ("Int32", -(2**31), 2**31),
    "uint32": ("UInt32", 0, 2**32),
    "long": ("Int64", -(2**63), 2**63),
    "int64": ("Int64", -(2**63), 2**63),
    "uint64": ("UInt64", 0, 2**64),
}
"""Name -> .NET's own, and the range."""


def cast(type_: str, value: PSValue) -> PSValue:
    """Cast a value to another type.

    Raises:
        Failure: the value cannot be converted, or the type is not allowed.
    """
    name = short(type_)
    if name.endswith("[]"):
        return _array(name.removesuffix("[]"), value)
    match name:
        case _ if name in INTEGERS:
            return _integer(name, value)
        case "double" | "float" | "single" | "decimal":
            return _real({"float": "single"}.get(name, name).capitalize(), value)
        case "string":
            return to_text(value)
        case "char":
            return _char(value)
        case "bool" | "boolean" | "switch":
            return truthy(value)
        case "datetime":
            return to_moment(value)
        case "timespan":
            return value if isinstance(value, timedelta) else _span(value)
        case "version":
            return to_version(value)
        case "array":
            return items(value)
        case "regex":
            return PSObject(REGEX, {}, to_text(value))
        case "object" | "psobject" | "ordered" | "hashtable" | "void" | "scriptblock":
            return value
        case "pscustomobject":
            return PSObject(CUSTOM, dict(value.values)) if isinstance(value, Hash) else value
        case _:
            raise no_type(type_)


def _array(member: str, value: PSValue) -> list[PSValue]:
    if member == "char" and isinstance(value, str):
        return [Char(char) for char in value]
    return [cast(member, one) for one in items(value)]


def _integer(name: str, value: PSValue) -> int:
    full, least, beyond = INTEGERS[name]
    try:
        number = to_number(value)
    except Failure:
        raise bad_conversion(value, f"System.{full}") from None
    rounded = round(number) if math.isfinite(number) else beyond
    if not least <= rounded < beyond:
        article = "an" if full[0] in "IUS" and full[:2] != "SB" else "a"
        why = f"Value was either too large or too small for {article} {full}."
        text = f'Cannot convert value "{to_text(value)[:200]}" to type "System.{full}". Error: "{why}"'
        id_ = "InvalidCastFromStringToInteger" if isinstance(value, str) else "InvalidCastIConvertible"
        raise Failure(text, id_, "InvalidArgument", ":")
    return rounded


def _real(full: str, value: PSValue) -> float:
    try:
        return float(to_number(value))
    except Failure:
        raise bad_conversion(value, f"System.{full}", "DoubleOrSingle") from None


def _char(value: PSValue) -> Char:
    if isinstance(value, int) and 0 <= value < 2**16:
        return Char(chr(value))
    text = to_text(value)
    if len(text) != 1:
        why = 'type "System.Char". Error: "String must be exactly one character long."'
        raise Failure(f'Cannot convert value "{text[:200]}" to {why}', "InvalidCastParseTargetInvocation")
    return Char(text)


def to_version(value: PSValue) -> PSObject:
    """A version from a text such as 10.0.17763; what it does not name is -1."""
    if isinstance(value, PSObject) and value.type == VERSION:
        return value
    text = to_text(value).strip()
    found = VERSION_TEXT.fullmatch(text)
    if found is None:
        shown = f'Cannot convert value "{text[:200]}" to type "System.Version".'
        why = "Version string portion was too short or too long."
        if re.fullmatch(r"[^.]*(?:\.[^.]*){1,3}", text):
            why = "Input string was not in a correct format."
        raise Failure(f'{shown} Error: "{why}"', "InvalidCastParseTargetInvocation")
    parts = [int(part) if part else -1 for part in found.groups()]
    names = ("Major", "Minor", "Build", "Revision")
    shown = ".".join(str(part) for part in parts if part >= 0)
    return PSObject(VERSION, dict(zip(names, parts, strict=True)), shown)


def _span(value: PSValue) -> timedelta:
    """A number of ticks, or a text such as 1.02:03:04."""
    try:
        if not isinstance(value, str):
            return timedelta(microseconds=to_number(value) / 10)
        found = SPAN.fullmatch(value.strip()[:100])
        days, hours, minutes, seconds = (float(part or 0) for part in (found.groups() if found else ("x",)))
        if hours > 23 or minutes > 59 or seconds >= 60:
            raise ValueError
        span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        return -span if value.strip().startswith("-") else span
    except (OverflowError, ValueError):
        raise bad_conversion(value, "System.TimeSpan") from None
