"""At which level each look at growing data may decide, so that all looks together err no more often than one would.

The error is spent as the data comes in (Lan and DeMets 1983, Biometrika 70(3)), by the function of Hwang, Shih and
DeCani (1990, Statistics in Medicine 9): a(t) = alpha (1 - exp(-g t)) / (1 - exp(-g)), t the share of the data. The
level of a look follows from the joint distribution of the z values of all looks, which are correlated by
sqrt(t / t'): Armitage, McPherson and Rowe's recursion (1969, JRSS A 132(2)) over the density of those that have not
decided yet (Jennison and Turnbull 2000, Group Sequential Methods, section 19.2).
"""

from collections.abc import Callable
from functools import cache

import numpy as np

STEEPNESS = -2.0
"""g: 1 spends as Pocock does, -4 as O'Brien and Fleming do. Clear cases end early, and the last look keeps most."""
POINTS = 1201
LOWEST = -9.0
"""Of the grid of z values, in standard deviations; above it is the boundary."""

Spending = Callable[[float, float], float]
"""The error that may be spent by a share of the data, from that share and alpha."""


def hwang_shih_decani(share: float, alpha: float, steepness: float = STEEPNESS) -> float:
    """What may be spent by `share` (0..1) of the data."""
    return float(alpha * np.expm1(-steepness * share) / np.expm1(-steepness))


@cache
def levels(shares: tuple[float, ...], alpha: float, spending: Spending = hwang_shih_decani) -> tuple[float, ...]:
    """The one-sided nominal level of each look, after growing `shares` of the data (0..1].

    A p-value below the level of its look decides; the chance that any look does so under the null hypothesis is at
    most what was spent by the last.
    """
    from scipy.special import ndtr, ndtri

    found: list[float] = []
    grid, density, before, spent = np.zeros(1), np.ones(1), 0.0, 0.0
    for share in shares:
        step, budget = np.sqrt(share - before), spending(share, alpha) - spent
        # `grid` holds partial sums of variance `before`; `density` their weight where no look has decided.
        high, low = float(-ndtri(budget)) * np.sqrt(share), LOWEST
        for _ in range(60):
            middle = (high + low) / 2
            crossing = float(density @ ndtr((grid - middle) / step))
            low, high = (middle, high) if crossing > budget else (low, middle)
        found.append(float(ndtr(-high / np.sqrt(share))))
        new = np.linspace(LOWEST * np.sqrt(share), high, POINTS)
        weight = np.full(POINTS, new[1] - new[0])
        weight[[0, -1]] /= 2
        kernel = np.exp(-0.5 * ((new[:, None] - grid[None, :]) / step) ** 2) / (step * np.sqrt(2 * np.pi))
        grid, density, before, spent = new, weight * (kernel @ density), share, spent + budget
    return tuple(found)
