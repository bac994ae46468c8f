"""PowerShell's operators on values; the left operand decides how both are converted."""

import math
from collections.abc import Callable
from datetime import datetime, timedelta

from fleet.windows.arithmetic import ARITHMETIC, members
from fleet.windows.casts import to_version
from fleet.windows.collation import collation_key
from fleet.windows.dotnet import formatted
from fleet.windows.failure import MAX_TEXT, Budget, Failure, no_memory
from fleet.windows.matching import BadPattern, Matcher, like
from fleet.windows.values import (
    VERSION,
    Char,
    EnumText,
    Hash,
    PSObject,
    PSValue,
    bad_conversion,
    bounded,
    items,
    to_moment,
    to_number,
    to_text,
    truthy,
    type_name,
)


def equal(left: PSValue, right: PSValue, cased: bool = False) -> bool:
    match left:
        case None:
            return right is None
        case bool():
            return left == truthy(right)
        case int() | float():
            try:
                return right is not None and left == to_number(right)
            except Failure:
                return False
        case EnumText() | Char() if isinstance(right, int | float) and not isinstance(right, bool):
            return to_number(left) == right
        case str():
            other = to_text(right)
            return right is not None and (left == other if cased else left.lower() == other.lower())
        case datetime():
            try:
                return left == to_moment(right)
            except Failure:
                return False
        case PSObject() if left.type == VERSION:
            try:
                return right is not None and left.text == to_version(right).text
            except Failure:
                return False
        case Hash() | PSObject():
            return left is right
        case _:
            return to_text(left).lower() == to_text(right).lower()


def order(left: PSValue, right: PSValue, cased: bool = False) -> int:
    """-1, 0 or 1.

    Raises:
        Failure: the two cannot be compared.
    """
    if left is None or right is None:
        left, right = (0 if value is None else value for value in (left, right))
    match left:
        case bool() | int() | float() | timedelta():
            try:
                one, other = to_number(left), to_number(right)
            except Failure as error:
                text = f'Could not compare "{to_text(left)}" to "{to_text(right)[:200]}". Error: "{error.message}"'
                raise Failure(text, "ComparisonFailure") from None
        case datetime():
            one, other = left, to_moment(right)
        case EnumText() | Char() if isinstance(right, int | float):
            one, other = to_number(left), right
        case str():
            one, other = collation_key(left, cased), collation_key(to_text(right), cased)
        case PSObject() if left.type == VERSION:
            one, other = list(left.values.values()), list(to_version(right).values.values())
        case _:
            text = f'Cannot compare "{to_text(left)[:200]}" because it is not IComparable.'
            raise Failure(text, "NotIcomparable")
    return (one > other) - (one < other)  # type: ignore[operator]


def sort_key(value: PSValue, cased: bool = False) -> tuple[int, float, object]:
    """A sort key for values of any kind: null first, then numbers and times, then versions, then text."""
    match value:
        case None:
            return (0, 0.0, "")
        case bool() | int() | float():
            return (1, float(value) if value == value else -math.inf, "")
        case EnumText():
            return (1, float(value.number), "")
        case datetime():
            return (1, value.timestamp(), "")
        case timedelta():
            return (1, value.total_seconds(), "")
        case PSObject() if value.type == VERSION:
            return (2, 0.0, list(value.values.values()))
        case _:
            return (3, 0.0, collation_key(to_text(value), cased))


def binary(operator: str, left: PSValue, right: PSValue, budget: Budget) -> PSValue:
    """The value of `left operator right`; -and, -or and $matches are handled by the evaluator.

    Raises:
        Failure: the operands do not fit the operator, or the result is too large.
    """
    if operator in ARITHMETIC:
        return ARITHMETIC[operator](left, right)
    if operator == "-f":
        return formatted(to_text(left), items(right) if isinstance(right, list) else [right])
    return comparison(operator, right, budget)(left)


def comparison(operator: str, right: PSValue, budget: Budget) -> Callable[[PSValue], PSValue]:
    """What `operator right` makes of each left operand.

    Raises:
        Failure: there is no such comparison with that operand.
    """
    name = operator[1:]
    cased = name[0] == "c" and name[1:] in FILTERS | OTHERS.keys()
    if name[0] in "ci" and name[1:] in FILTERS | OTHERS.keys():
        name = name[1:]
    if name in OTHERS:
        other = OTHERS[name]
        return lambda left: other(left, right, cased, budget)
    test = _test(name, right, cased, budget)
    return lambda left: [member for member in left if test(member)] if isinstance(left, list) else test(left)


FILTERS = {"eq", "ne", "gt", "ge", "lt", "le", "like", "notlike", "match", "notmatch"}
"""Comparison operators: applied to an array they return the matching members."""


def _test(name: str, right: PSValue, cased: bool, budget: Budget) -> Callable[[PSValue], bool]:
    match name:
        case "eq":
            return lambda left: equal(left, right, cased)
        case "ne":
            return lambda left: not equal(left, right, cased)
        case "gt":
            return lambda left: order(left, right, cased) > 0
        case "ge":
            return lambda left: order(left, right, cased) >= 0
        case "lt":
            return lambda left: order(left, right, cased) < 0
        case "le":
            return lambda left: order(left, right, cased) <= 0
        case "like":
            return lambda left: like(to_text(left), to_text(right), cased)
        case "notlike":
            return lambda left: not like(to_text(left), to_text(right), cased)
    matcher = Matcher(to_text(right), budget, cased)
    return lambda left: matcher.fits(to_text(left)) == (name == "match")


def _contains(left: PSValue, right: PSValue, cased: bool, budget: Budget) -> bool:
    members = items(left)
    budget.spend(len(members) * 100)
    return any(equal(member, right, cased) for member in members)


def _split(left: PSValue, right: PSValue, cased: bool, budget: Budget) -> PSValue:
    pattern, *rest = items(right) or [" "]
    limit = int(to_number(rest[0])) if rest else 0
    if limit < 0:
        text = "Count cannot be less than -1.\r\nParameter name: count"
        raise Failure(
            text, "System.ArgumentOutOfRangeException", "OperationStopped", ":", "ArgumentOutOfRangeException"
        )
    chosen = _split_options(to_text(rest[1])) if len(rest) > 1 else ""
    cased = cased if len(rest) < 2 else "i" not in chosen
    matcher = Matcher(to_text(pattern), budget, cased, chosen == "simplematch", chosen.replace("i", ""))
    return members([part for member in _texts(left) for part in matcher.split(member, limit)])


SPLIT_OPTIONS = {
    "regexmatch": "",
    "cultureinvariant": "",
    "ignorecase": "i",
    "multiline": "m",
    "singleline": "s",
    "ignorepatternwhitespace": "x",
    "explicitcapture": "n",
}


def _split_options(text: str) -> str:
    """The letters of -split's options; "simplematch" stands alone."""
    names = text.lower().replace(" ", "").split(",")
    if "simplematch" in names:
        return "simplematch"
    if unknown := [name for name in names if name not in SPLIT_OPTIONS]:
        raise bad_conversion(unknown[0], "System.Management.Automation.SplitOptions")
    return "".join(SPLIT_OPTIONS[name] for name in names)


def _texts(value: PSValue) -> list[str]:
    return [to_text(member) for member in value] if isinstance(value, list) else [to_text(value)]


def _join(left: PSValue, right: PSValue, cased: bool, budget: Budget) -> str:
    texts, joint = [to_text(member) for member in items(left)], to_text(right)
    if sum(map(len, texts)) + len(joint) * len(texts) > MAX_TEXT:
        raise no_memory()
    return joint.join(texts)


def _replace(left: PSValue, right: PSValue, cased: bool, budget: Budget) -> PSValue:
    pattern, *rest = items(right) or [""]
    replacement = to_text(rest[0]) if rest else ""
    try:
        matcher = Matcher(to_text(pattern), budget, cased)
    except BadPattern as bad:
        text = f"The regular expression pattern {bad.pattern} is not valid."
        raise Failure(text, "InvalidRegularExpression", target=f"{bad.pattern}:String") from None
    if isinstance(left, list):
        return [bounded(matcher.replace(to_text(member), replacement)) for member in left]
    return bounded(matcher.replace(to_text(left), replacement))


def _is(left: PSValue, right: PSValue, cased: bool, budget: Budget) -> bool:
    wanted = to_text(right).lower().removeprefix("system.")
    own = type_name(left).lower()
    short = {"system.int32": "int", "system.boolean": "bool", "system.object[]": "array"}.get(own, "")
    return own.removeprefix("system.") == wanted or short == wanted


OTHERS: dict[str, Callable[[PSValue, PSValue, bool, Budget], PSValue]] = {
    "contains": _contains,
    "notcontains": lambda left, right, cased, budget: not _contains(left, right, cased, budget),
    "in": lambda left, right, cased, budget: _contains(right, left, cased, budget),
    "notin": lambda left, right, cased, budget: not _contains(right, left, cased, budget),
    "split": _split,
    "join": _join,
    "replace": _replace,
    "is": _is,
    "isnot": lambda left, right, cased, budget: not _is(left, right, cased, budget),
}
