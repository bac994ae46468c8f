"""Whole rows for fractional shares: exact, and as far as there are rows."""

from collections.abc import Sequence
from fractions import Fraction


def apportion(total: int, weights: Sequence[Fraction | int], limits: Sequence[int]) -> list[int]:
    """Share `total` out in proportion to `weights`, by the largest remainder (the first of equals), no more than
    `limits` each; what one cannot take goes to the others in proportion. The sum is `total`, or that of the limits
    of everything that has a weight."""
    shares = [0] * len(weights)
    open_ = [i for i, weight in enumerate(weights) if weight > 0 and limits[i] > 0]
    left = total
    while open_ and left > 0:
        whole = sum(Fraction(weights[i]) for i in open_)
        ideal = {i: left * Fraction(weights[i]) / whole for i in open_}
        full = [i for i in open_ if ideal[i] >= limits[i]]
        if not full:
            _round(shares, ideal, left)
            return shares
        for i in full:
            shares[i] = limits[i]
            left -= limits[i]
        open_ = [i for i in open_ if i not in full]
    return shares


def _round(shares: list[int], ideal: dict[int, Fraction], total: int) -> None:
    for i, share in ideal.items():
        shares[i] = int(share)
    by_remainder = sorted(ideal, key=lambda i: (shares[i] - ideal[i], i))
    for i in by_remainder[: total - sum(shares[i] for i in ideal)]:
        shares[i] += 1
