"""Intervals and tests that stay honest with few samples, scores near 0 or 1, and samples that come in families.

Samples from one template succeed and fail together, so the unit is the family, not the sample. To show that a mean lies
above a value, the test asks what data would look like if it did not. Among the distributions of family means whose mean
is that value, it takes the one nearest in likelihood to what was seen, where one family that nobody saw may have fallen
by `gap`, and measures the distance in that distribution's standard errors:

    weights of the seen families    w / (1 + l u), u the distance from the value; the unseen one has the rest
                                    (empirical likelihood: Owen 1988, Biometrika 75, section 2)
    t                               (distance - skewness term) / sqrt(variance / families)

For right and wrong answers in families of one this is Wilson's interval (1927), for pairs Tango's score test (1998,
Statistics in Medicine 17, section 3), both with the skewness term: n answers without a change leave about 3/n open.
The parts:

    variance     of that distribution, scaled up for few families as the cluster-robust CR2 is (Bell and McCaffrey
                 2002, Survey Methodology 28(2), section 3, for a mean), and at least CR2's for families that are no
                 coins
    skewness     (t² - 1)/6 * third moment / variance / families, where a mean could fall by more than it could rise:
                 the first term of Cornish and Fisher's expansion (Abramowitz and Stegun 1964, 26.2.49)
    families     n² / sum of squared sizes (Kish 1965): one giant family is one
    t            Student's, with Satterthwaite's degrees of freedom (1946, Biometrics Bulletin 2) if families fall as a
                 whole: families less one if all are of one size
    gap          as far as a mean can fall, for families in which all is right, all is wrong or nothing changed: a coin
                 may always fall. For the others, what they differ by, so that a score of many values is not taken for
                 a coin. One unseen family always counts as a coin.

How often this errs, and what it finds: `benchmarks/gate.py`, with the table in docs/gate.md.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import ArrayLike

POWER = 0.8
"""The chance of deciding that `samples_needed` plans for, if the truth is what was seen."""


@dataclass(frozen=True, slots=True)
class Side:
    """How far the true mean may lie from the seen one, in one direction."""

    off: np.ndarray
    """By how much the means of families differ from the mean of all; negative in this direction. Each value once."""
    weights: np.ndarray
    """Their shares of the samples."""
    families: float
    """Effective number."""
    freedom: float
    """Degrees of freedom."""
    variance: float
    """Of a family's mean, as seen."""
    least: float
    """The part of it that no value of the mean explains: that of families which are no coins."""
    gap: float
    """How far below the mean of all a family that nobody saw may lie."""
    most: float
    """How far the mean can lie from the seen one at all."""

    def p_value(self, distance: float) -> float:
        """The probability of such data, or of clearer ones, if the true mean is off by `distance` or more."""
        from scipy.special import stdtr

        if distance <= 0 or self.freedom <= 0:
            return 1.0
        variance, third = self._moments(distance)
        if variance <= 0:
            return 0.0
        plain = distance / math.sqrt(variance / self.families)
        skewness = max(third, 0.0) / variance / math.sqrt(variance * self.families) / 6 if plain > 1 else 0.0
        # The t for which plain - skewness * (t**2 - 1) = t.
        t = 2 * (plain + skewness) / (1 + math.sqrt(1 + 4 * skewness * (plain + skewness)))
        return float(stdtr(self.freedom, -t))

    def distance(self, tail: float) -> float:
        """How far the bound lies from the mean; the truth lies beyond it with probability `tail`."""
        if self.p_value(self.most) >= tail:
            return self.most
        return _root(lambda off: self.p_value(off) - tail, self.most)

    def times(self, factor: float) -> "Side":
        """The same with `factor` times as many families."""
        return replace(self, families=factor * self.families, freedom=factor * (self.freedom + 1) - 1)

    def _moments(self, distance: float) -> tuple[float, float]:
        """Variance of a family's mean, and third moment (positive if it may fall by more than it may rise), in the
        nearest distribution whose mean is off by `distance`."""
        from_value = self.off + distance
        fallen = self.gap - distance
        lowest = -float(from_value.min())
        if max(fallen, lowest) <= 1e-9:  # no family is known to fall so far: nothing to reweigh
            return self.least, 0.0

        def weighed(rate: float) -> np.ndarray:
            return self.weights / (1 + rate * from_value)

        rate = 1 / fallen if fallen > lowest + 1e-12 else (1 - 1e-9) / lowest
        if _dot(weighed(rate), from_value) < 0:  # the seen families suffice
            rate = _root(lambda rate: _dot(weighed(rate), from_value), rate)
        weights = weighed(rate)
        unseen = max(1 - float(weights.sum()), 0.0)
        seen = _dot(self.weights, self.off**2)
        few = self.variance / seen if seen > 1e-15 else self.families / (self.families - 1)
        variance = few * _dot(weights, from_value**2) + unseen * fallen**2
        return max(variance, self.least), unseen * fallen**3 - _dot(weights, from_value**3)


def _root(function: Callable[[float], float], high: float) -> float:
    """Where a function changes its sign between 0 and `high`."""
    from scipy.optimize import brentq

    return cast(float, brentq(function, 0.0, high, xtol=1e-9))


@dataclass(frozen=True, slots=True)
class MeanEstimate:
    """What the samples say about a mean."""

    n: int
    families: int
    mean: float
    below: Side
    above: Side

    def low(self, tail: float) -> float:
        """The lower bound; the true mean is below it with probability `tail`."""
        return self.mean - self.below.distance(tail)

    def high(self, tail: float) -> float:
        """The upper bound; the true mean is above it with probability `tail`."""
        return self.mean + self.above.distance(tail)

    def p_above(self, value: float) -> float:
        """The probability of data this high if the true mean is `value` or less: a small one shows that it is above."""
        return self.below.p_value(self.mean - value)

    def p_below(self, value: float) -> float:
        """The probability of data this low if the true mean is `value` or more: a small one shows that it is below."""
        return self.above.p_value(value - self.mean)

    def samples_needed(self, value: float, tail: float) -> int | None:
        """How many samples, in families of this size, would show on which side of `value` the mean is.

        None if the mean is `value`, if there are fewer than two families, or if a thousand times as many samples would
        not be enough.
        """
        from scipy.special import ndtri

        side, distance = (self.below if self.mean > value else self.above), abs(self.mean - value)

        def enough(count: int) -> bool:
            more = side.times(count / self.n)
            chance = float(ndtri(POWER)) * math.sqrt(more.variance / more.families)
            return distance > chance and more.p_value(distance - chance) < tail

        if not distance or self.families < 2 or not enough(1000 * self.n):
            return None
        return bisect_left(range(1000 * self.n), True, lo=self.n, key=enough)


def score_estimate(values: Sequence[float], families: Sequence[str]) -> MeanEstimate:
    """The mean of scores in 0..1; `families[i]` is the family of `values[i]`."""
    return score_of_families(*by_family(values, numbered(families)))


def difference_estimate(differences: Sequence[float], families: Sequence[str]) -> MeanEstimate:
    """The mean of per-sample differences in -1..1 (candidate minus reference)."""
    return difference_of_families(*by_family(differences, numbered(families)))


def score_of_families(sums: ArrayLike, sizes: ArrayLike) -> MeanEstimate:
    """The same as `score_estimate`, from each family's sum of scores and number of samples."""
    return _estimate(np.asarray(sums, float), np.asarray(sizes, float), lowest=0.0)


def difference_of_families(sums: ArrayLike, sizes: ArrayLike) -> MeanEstimate:
    """The same as `difference_estimate`, from each family's sum of differences and number of samples."""
    return _estimate(np.asarray(sums, float), np.asarray(sizes, float), lowest=-1.0)


def holm(
    p_values: Sequence[float], alpha: float, levels: Sequence[Callable[[float], float]] | None = None
) -> list[bool]:
    """Which hypotheses are rejected if the chance of any false rejection is at most `alpha` (Holm 1979).

    `levels[i]` turns the alpha that the i-th may spend into the level of its p-value, where data is looked at several
    times (Ye, Li, Liu and Yao 2013, Statistics in Medicine 32(7)); without, the level is that alpha.
    """
    shown = [False] * len(p_values)
    while not all(shown):
        share = alpha / shown.count(False)
        below = [p < (levels[index](share) if levels else share) for index, p in enumerate(p_values)]
        if not any(new and not old for new, old in zip(below, shown, strict=True)):
            break
        shown = [new or old for new, old in zip(below, shown, strict=True)]
    return shown


def numbered(families: Iterable[str]) -> np.ndarray:
    """A number for each family's name, in the order of their first samples."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in families], int)


def by_family(values: ArrayLike, families: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sum and the number of values of each family; `families[i]` is the number of the family of `values[i]`.

    Raises:
        ValueError: there are no values, or not one family for each.
    """
    values = np.asarray(values, float)
    if not len(values):
        raise ValueError("no samples, so nothing can be estimated")
    if len(values) != len(families):
        raise ValueError(f"{len(values)} values, but {len(families)} families")
    sizes = np.bincount(families)
    there = sizes > 0
    return np.bincount(families, values)[there], sizes[there].astype(float)


def _dot(a: np.ndarray, b: np.ndarray) -> float:
    """Without BLAS, whose threads take milliseconds to meet over some ten thousand numbers."""
    return float((a * b).sum())


@np.errstate(invalid="ignore")
def _estimate(sums: np.ndarray, sizes: np.ndarray, lowest: float) -> MeanEstimate:
    """`lowest` is the smallest value of a sample; the largest is 1. Nothing follows from an infinite value."""
    n, mean = float(sizes.sum()), float(sums.sum() / sizes.sum())
    weights, means = sizes / n, sums / sizes
    off = means - mean
    families = 1 / float((weights**2).sum())
    freedom = float((weights**2).sum() ** 2 / (weights**4).sum()) - 1 if np.isfinite(mean) else 0.0
    variance = families * float(((weights * off) ** 2 / (1 - weights)).sum()) if len(sizes) > 1 else 0.0
    coins = float(weights[np.isin(means, (lowest, 0.0, 1.0))].sum())
    apart = _dot(weights, np.abs(off))
    # Of those that changed a little and those that changed much, the latter matter more: a mean weighted by size.
    usual = _dot(weights, off**2) / apart if apart else 0.0

    def side(direction: int, most: float) -> Side:
        gap = (most * (1 + families * coins) + usual * families * (1 - coins)) / (1 + families)
        values, place = np.unique(direction * off, return_inverse=True)
        return Side(values, np.bincount(place, weights), families, freedom, variance, (1 - coins) * variance, gap, most)

    return MeanEstimate(int(n), len(sizes), mean, side(1, mean - lowest), side(-1, 1 - mean))
