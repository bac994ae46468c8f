"""Intervals and tests that stay honest with few samples, scores near 0 or 1, and samples that come in families.

Samples from one template succeed and fail together, so the unit is the family, not the sample. One estimator is used
for scores and paired differences: the cluster-robust mean, after adding pseudo-families:

    score         two families all right, two all wrong    (families of one: Agresti and Coull 1998, "plus four")
    difference    one family all better, one all worse     (families of one: Bonett and Price 2012)

A pseudo-family has the size of an average sample's family. So a hundred ties in ten families say as much as ten ties,
which is right if all samples of a template fall together, and cautious if they do not. Bounds use Student's t with
(families - 1) degrees of freedom.

Measured by `benchmarks/gate_operating_points.py` with base .97, margin .05, families of 1, 4 and 10 whose samples
correlate by .3 or fall together, 25 to 800 samples, 2,000 draws per cell (docs/gate.md has higher cells in between):

    P(promote | worse by the margin)    at most .056 in every cell (asked: .05)
    P(shown worse | equal)              at most .043
    95% interval of one score           contains the truth in .952 to 1.000 (Inspect's `ci_wilson(cluster=)`, the
                                        same formula without pseudo-families, .43 to 1.00)
    P(promote | equal)                  families of 1: n = 100 .86, 200 .99; of 4: 200 .52-.62, 400 .86-.97, 800 .99;
                                        of 10: 400 .2, 800 .81-.95. More templates help more than more samples of each.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

POWER = 0.8
"""The chance of deciding that `samples_needed` plans for, if the truth is what was seen."""


@dataclass(frozen=True, slots=True)
class MeanEstimate:
    """What the samples say about a mean."""

    n: int
    families: int
    mean: float
    """Of the samples alone; bounds are placed around `centre`."""
    centre: float
    """Of samples and pseudo-families."""
    error: float
    """Standard error of `centre`; infinite with fewer than two families, which say nothing about others."""
    smallest: float
    """The smallest value of a sample: 0 for a score, -1 for a difference. The largest is 1."""
    seen: float
    """Sum over families of squared deviations."""
    added: float
    """The same for the pseudo-families."""
    weight: float
    """Number of pseudo-samples."""

    def low(self, tail: float) -> float:
        """The lower bound; the true mean is below it with probability `tail`."""
        bound = self.centre - self._quantile(tail) * self.error
        return min(max(bound, self.smallest), self.mean)

    def high(self, tail: float) -> float:
        """The upper bound; the true mean is above it with probability `tail`."""
        bound = self.centre + self._quantile(tail) * self.error
        return max(min(bound, 1.0), self.mean)

    def p_above(self, value: float) -> float:
        """The probability of data this high if the true mean is `value` or less: a small one shows that it is above."""
        from scipy.special import stdtr

        if math.isinf(self.error):
            return 1.0
        return float(stdtr(self.families - 1, (value - self.centre) / self.error))

    def p_below(self, value: float) -> float:
        """The probability of data this low if the true mean is `value` or more: a small one shows that it is below."""
        return 1.0 if math.isinf(self.error) else 1.0 - self.p_above(value)

    def samples_needed(self, value: float, tail: float) -> int | None:
        """How many samples, in families of this size, would show on which side of `value` the mean is.

        None if the mean is `value`, if there are fewer than two families, or if a thousand times as many samples would
        not be enough.
        """
        from scipy.special import ndtri

        distance = abs(self.mean - value)
        if not distance or math.isinf(self.error):
            return None
        reach = self._quantile(tail) + float(ndtri(POWER))
        factor = 1.0
        while factor <= 1000:
            error = math.sqrt(factor * self.seen + self.added) / (factor * self.n + self.weight)
            if reach * error <= distance:
                return math.ceil(factor * self.n)
            factor *= 1.02
        return None

    def _quantile(self, tail: float) -> float:
        from scipy.special import stdtrit

        return math.inf if math.isinf(self.error) else float(stdtrit(self.families - 1, 1 - tail))


def score_estimate(values: Sequence[float], families: Sequence[str]) -> MeanEstimate:
    """The mean of scores in 0..1; `families[i]` is the family of `values[i]`."""
    return _estimate(values, families, (1.0, 1.0, 0.0, 0.0), smallest=0.0)


def difference_estimate(differences: Sequence[float], families: Sequence[str]) -> MeanEstimate:
    """The mean of per-sample differences in -1..1 (candidate minus reference)."""
    return _estimate(differences, families, (1.0, -1.0), smallest=-1.0)


def holm(p_values: Sequence[float], alpha: float) -> list[bool]:
    """Which hypotheses are rejected if the chance of any false rejection is at most `alpha` (Holm 1979)."""
    shown = [False] * len(p_values)
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[index] >= alpha / (len(p_values) - rank):
            break
        shown[index] = True
    return shown


def _estimate(
    values: Sequence[float], families: Sequence[str], pseudo: Sequence[float], smallest: float
) -> MeanEstimate:
    if not values:
        raise ValueError("no samples, so nothing can be estimated")
    groups: dict[str, list[float]] = {}
    for value, family in zip(values, families, strict=True):
        groups.setdefault(family, []).append(value)
    size = sum(len(group) ** 2 for group in groups.values()) / len(values)  # the family of an average sample
    weight = size * len(pseudo)
    total = len(values) + weight
    centre = (math.fsum(values) + size * sum(pseudo)) / total
    # The usual correction for few clusters, K / (K - 1), over real and pseudo-families.
    correction = (len(groups) + len(pseudo)) / (len(groups) + len(pseudo) - 1)
    seen = correction * math.fsum((math.fsum(group) - centre * len(group)) ** 2 for group in groups.values())
    added = correction * math.fsum((size * (value - centre)) ** 2 for value in pseudo)
    error = math.sqrt(seen + added) / total if len(groups) > 1 else math.inf
    mean = math.fsum(values) / len(values)
    return MeanEstimate(len(values), len(groups), mean, centre, error, smallest, seen, added, weight)
