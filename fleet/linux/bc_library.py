"""The functions of bc -l."""

from collections.abc import Callable
from decimal import Decimal, localcontext


def _series(first: Decimal, following: Callable[[Decimal, int], Decimal]) -> Decimal:
    """The sum of a series whose terms follow from each other."""
    total, term, place = Decimal(0), first, 0
    while total + term != total:
        total += term
        place += 1
        term = following(term, place)
    return total


def _sine(x: Decimal) -> Decimal:
    return _series(x, lambda term, n: -term * x * x / (2 * n) / (2 * n + 1)) if x else x


def _arctangent(x: Decimal) -> Decimal:
    halvings = 0
    while abs(x) > Decimal("0.05"):
        x = x / (1 + (1 + x * x).sqrt())
        halvings += 1
    power = x

    def following(_: Decimal, place: int) -> Decimal:
        nonlocal power
        power = -power * x * x
        return power / (2 * place + 1)

    return _series(x, following) * 2**halvings if x else x


def _truncated(function: Callable[[Decimal], Decimal], x: Decimal, scale: int) -> int:
    """The value in units of 10^-scale."""
    with localcontext() as precision:
        precision.prec = scale + 60
        return int(function(x).scaleb(scale))


def _cosine(x: Decimal, scale: int) -> int:
    """As bc's own library has it: the sine of x + pi/2, with a fifth more digits."""
    inner = scale * 6 // 5
    quarter = Decimal(2 * _truncated(_arctangent, Decimal(1), inner)).scaleb(-inner)
    units = _truncated(lambda x: _sine(x) * (1 + Decimal(10) ** -(inner + 9)), x + quarter, inner)
    size = abs(units) // 10 ** (inner - scale)
    return -size if units < 0 else size


def _logarithm(x: Decimal, scale: int) -> int:
    return _truncated(Decimal.ln, x, scale) if x > 0 else (1 - 10**scale) * 10**scale


LIBRARY: dict[str, Callable[[Decimal, int], int]] = {
    "c": _cosine,
    "s": lambda x, scale: _truncated(_sine, x, scale),
    "a": lambda x, scale: _truncated(_arctangent, x, scale),
    "l": _logarithm,
    "e": lambda x, scale: _truncated(Decimal.exp, x, scale),
}
"""Name -> function of an argument and a scale, whose value is in units of 10^-scale."""
