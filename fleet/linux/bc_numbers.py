"""The numbers of bc: units with a scale, calculated exactly, truncated, and written in a base."""

import re
from dataclasses import dataclass
from decimal import Decimal

MOST_DIGITS = 20_000
"""Longest number: what takes longer is a gap."""
LINE = 68
"""Digits before a number is continued on the next line."""


class BcError(Exception):
    """Something that ends a statement, in bc's words."""


class BcGap(Exception):
    """What a real bc does and this one does not."""


@dataclass(frozen=True, slots=True)
class BcNumber:
    """units / 10^scale"""

    units: int
    scale: int = 0

    def at(self, scale: int) -> "BcNumber":
        """The same number with another scale, truncated towards 0."""
        if scale >= self.scale:
            return BcNumber(self.units * 10 ** (scale - self.scale), scale)
        size = abs(self.units) // 10 ** (self.scale - scale)
        return BcNumber(-size if self.units < 0 else size, scale)

    def decimal(self) -> Decimal:
        return Decimal(self.units).scaleb(-self.scale)

    @property
    def is_whole(self) -> bool:
        return self.at(0).at(self.scale) == self


ZERO, ONE = BcNumber(0), BcNumber(1)


def read_number(word: str, base: int) -> BcNumber:
    """A number as it is written in a base, where a single digit means what it means in any.

    Raises:
        BcGap: it is a fraction in another base than ten.
    """
    whole, _, part = word.partition(".")
    if base == 10 and not re.search("[A-F]", word):
        return BcNumber(int(whole + part or "0"), len(part))
    if part:
        raise BcGap("fractions in another base")
    total = 0
    for digit in whole:
        total = total * base + (min(int(digit, 16), base - 1) if len(whole) > 1 else int(digit, 16))
    return BcNumber(total)


def combined(sign: str, a: BcNumber, b: BcNumber, scale: int) -> BcNumber:
    """a + b, a - b, a * b, a / b, a % b or a ^ b, with the scale that POSIX gives the result.

    Raises:
        BcError: the divisor is 0.
        BcGap: the result is too long.
    """
    if sign in "+-":
        most = max(a.scale, b.scale)
        return BcNumber(a.at(most).units + (b.at(most).units if sign == "+" else -b.at(most).units), most)
    if sign == "*":
        exact = BcNumber(a.units * b.units, a.scale + b.scale)
        return exact.at(min(a.scale + b.scale, max(scale, a.scale, b.scale)))
    if sign == "^":
        return _raised(a, int(b.decimal()), scale)
    if b.units == 0:
        raise BcError("Divide by zero" if sign == "/" else "Modulo by zero")
    divided = BcNumber(_quotient(a.units * 10 ** (scale + b.scale), b.units * 10**a.scale), scale)
    if sign == "/":
        return divided
    most = max(scale + b.scale, a.scale)
    taken = BcNumber(divided.units * b.units, divided.scale + b.scale)
    return BcNumber(a.at(most).units - taken.at(most).units, most)


def _quotient(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def _raised(a: BcNumber, power: int, scale: int) -> BcNumber:
    if len(str(abs(a.units))) * abs(power) > MOST_DIGITS:
        raise BcGap("numbers this long")
    exact = BcNumber(a.units ** abs(power), a.scale * abs(power))
    if power >= 0:
        return exact.at(min(a.scale * power, max(scale, a.scale)))
    return combined("/", ONE, exact, scale)


def shown(value: BcNumber, base: int) -> str:
    """A number as bc prints it, on as many lines as it needs.

    Raises:
        BcGap: it is a fraction in another base than ten, or has digits beyond F.
    """
    if base != 10:
        return _in_base(value, base)
    digits = str(abs(value.units)).rjust(value.scale + 1, "0")
    whole, part = digits[: len(digits) - value.scale], digits[len(digits) - value.scale :]
    sign = "-" if value.units < 0 else ""
    text = f"{sign}{'' if part and whole == '0' else whole}{f'.{part}' if part else ''}"
    text = "0" if not value.units else text
    return "\\\n".join(text[at : at + LINE] for at in range(0, len(text), LINE)) if len(text) > LINE + 1 else text


def _in_base(value: BcNumber, base: int) -> str:
    if not value.is_whole or base > 16:
        raise BcGap("fractions, or digits beyond F, in another base")
    left, digits = abs(value.at(0).units), ""
    while left:
        left, digit = divmod(left, base)
        digits = "0123456789ABCDEF"[digit] + digits
    return ("-" if value.units < 0 else "") + (digits or "0")
