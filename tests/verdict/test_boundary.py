"""The levels of looks, against published boundaries."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from verdict.boundary import hwang_shih_decani, levels

NORMAL = NormalDist()


def boundaries(shares, alpha, spending) -> list[float]:
    return [-NORMAL.inv_cdf(level) for level in levels(tuple(shares), alpha, spending)]


def four(share: float, alpha: float) -> float:
    return hwang_shih_decani(share, alpha, -4)


def like_obrien_fleming(share: float, alpha: float) -> float:
    return 2 * NORMAL.cdf(NORMAL.inv_cdf(alpha / 2) / math.sqrt(share))


def like_pocock(share: float, alpha: float) -> float:
    return alpha * math.log(1 + (math.e - 1) * share)


FIFTHS = (0.2, 0.4, 0.6, 0.8, 1.0)


@pytest.mark.parametrize(
    ("shares", "spending", "published"),
    [
        ((1 / 3, 2 / 3, 1.0), four, [3.011, 2.547, 1.999]),  # gsDesign's default design
        (FIFTHS, like_obrien_fleming, [4.877, 3.357, 2.680, 2.290, 2.031]),  # Jennison and Turnbull 2000, chapter 7
        (FIFTHS, like_pocock, [2.438, 2.427, 2.410, 2.397, 2.386]),
    ],
)
def test_boundaries_are_those_that_are_published(shares, spending, published):
    assert boundaries(shares, 0.025, spending) == pytest.approx(published, abs=0.001)


def test_one_look_at_all_the_data_has_the_whole_level():
    assert levels((1.0,), 0.05) == pytest.approx((0.05,))


def test_a_look_does_not_depend_on_the_later_ones():
    assert levels((0.3, 0.6), 0.05) == pytest.approx(levels((0.3, 0.6, 0.9, 1.0), 0.05)[:2])


@pytest.mark.parametrize("alpha", [0.05, 0.0025])
def test_all_looks_together_err_as_often_as_asked_on_a_random_walk(alpha):
    shares = (0.22, 0.5, 0.81, 1.0)
    steps = np.diff((0.0, *shares))
    walk = np.random.default_rng(1).normal(size=(200_000, 4)) * np.sqrt(steps)
    z = walk.cumsum(axis=1) / np.sqrt(shares)
    crossed = (z > boundaries(shares, alpha, hwang_shih_decani)).any(axis=1).mean()
    assert crossed == pytest.approx(alpha, abs=4 * math.sqrt(alpha / 200_000))
