"""PowerShell's calculations: + - * / %, and those with bits."""

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from operator import add

from fleet.windows.failure import MAX_ITEMS, MAX_TEXT, Failure, Unmodelled, no_memory
from fleet.windows.values import (
    Char,
    Hash,
    PSObject,
    PSValue,
    bad_conversion,
    bounded,
    fit,
    to_moment,
    to_number,
    to_text,
    type_name,
)


def members(values: list[PSValue]) -> list[PSValue]:
    """
    Raises:
        Failure: an array may not have so many.
    """
    if len(values) > MAX_ITEMS:
        raise no_memory()
    return values


def _add(left: PSValue, right: PSValue) -> PSValue:
    match left, right:
        case list(), _:
            return members([*left, *(right if isinstance(right, list) else [right])])
        case Hash(), Hash():
            return Hash({**left.values, **right.values})
        case (datetime(), timedelta()) | (timedelta(), timedelta()):
            return _time(partial(add, left, right))
        case Char(), int() | float():
            return fit(ord(left) + right)
        case str(), _:
            return bounded(left + to_text(right))
        case None, _:
            return right
        case _:
            return fit(_number(left, "op_Addition") + to_number(right))


def _subtract(left: PSValue, right: PSValue) -> PSValue:
    match left, right:
        case timedelta(), datetime():
            raise Unmodelled("a time taken from a span")
        case timedelta(), timedelta():
            return _time(partial(timedelta.__sub__, left, right))
        case datetime(), timedelta():
            return _time(partial(datetime.__sub__, left, right))
        case datetime(), _:
            return left - to_moment(right)
        case _:
            return fit(_number(left, "op_Subtraction") - to_number(right))


def _time(compute: Callable[[], PSValue]) -> PSValue:
    try:
        return compute()
    except OverflowError:
        text = "The added or subtracted value results in an un-representable DateTime."
        raise Failure(text, "ArgumentOutOfRangeException") from None


def _multiply(left: PSValue, right: PSValue) -> PSValue:
    if isinstance(left, str | list):
        count = to_number(right)
        room = MAX_TEXT if isinstance(left, str) else MAX_ITEMS
        if not count < 2**31 or len(left) * max(count, 0) > room:
            raise no_memory()
        return left * int(count)
    return fit(_number(left, "op_Multiply") * to_number(right))


def _divide(left: PSValue, right: PSValue) -> PSValue:
    above, below = _number(left, "op_Division"), to_number(right)
    if below == 0:
        if isinstance(above, int) and isinstance(below, int):
            raise Failure("Attempted to divide by zero.", "RuntimeException", "NotSpecified", ":")
        return math.nan if above == 0 or above != above else math.copysign(math.inf, above)
    if isinstance(above, int) and isinstance(below, int) and above % below == 0:
        return above // below
    return above / below


def _remainder(left: PSValue, right: PSValue) -> PSValue:
    above, below = _number(left, "op_Modulus"), to_number(right)
    if below == 0:
        raise Failure("Attempted to divide by zero.", "RuntimeException", "NotSpecified", ":")
    if isinstance(above, int) and isinstance(below, int):
        return int(math.copysign(abs(above) % abs(below), above)) if abs(above) < 2**52 else abs(above) % abs(below)
    return math.fmod(above, below) if math.isfinite(above) else math.nan


def _number(value: PSValue, method: str) -> int | float:
    """The left operand of a calculation."""
    if isinstance(value, list | Hash | PSObject | datetime):
        text = f"Method invocation failed because [{type_name(value)}] does not contain a method named '{method}'."
        raise Failure(text, "MethodNotFound", "InvalidOperation", f"{method}:String")
    return to_number(value)


def bitwise(operator: str, left: PSValue, right: PSValue) -> PSValue:
    try:
        one, other = int(to_number(left)), int(to_number(right))
    except (OverflowError, ValueError):
        raise bad_conversion(left, "System.Int64") from None
    return one & other if operator == "-band" else one | other if operator == "-bor" else one ^ other


def shift(operator: str, left: PSValue, right: PSValue) -> int:
    """The bits that leave an Int32 or an Int64 are lost; only the last bits of the count count."""
    number, count = int(_number(left, "op_LeftShift")), int(to_number(right))
    bits = 32 if -(2**31) <= number < 2**31 else 64
    if operator == "-shr":
        return number >> (count % bits)
    moved = (number << (count % bits)) % 2**bits
    return moved - 2**bits if moved >= 2 ** (bits - 1) else moved


ARITHMETIC: dict[str, Callable[[PSValue, PSValue], PSValue]] = {
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "%": _remainder,
    "-band": lambda left, right: bitwise("-band", left, right),
    "-bor": lambda left, right: bitwise("-bor", left, right),
    "-bxor": lambda left, right: bitwise("-bxor", left, right),
    "-shl": lambda left, right: shift("-shl", left, right),
    "-shr": lambda left, right: shift("-shr", left, right),
}
