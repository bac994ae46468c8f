"""The parts of an estimate, each held against its formula as the docstring of `verdict.stats` gives it."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import ndtri, stdtrit

from verdict.stats import MeanEstimate, Side, difference_estimate, difference_of_families, holm, score_estimate

SUMS, SIZES = np.array([-1, 2, 0, 0, 3, 0.5, 1.5]), np.array([4, 2, 6, 1, 3, 2, 2])
"""Families of several sizes: some in which nothing changed, one of which all were won, and others."""
WEIGHTS = SIZES / 20
OFF = SUMS / SIZES - 0.3
SIDES = ["below", "above"]


@pytest.fixture
def mixed() -> MeanEstimate:
    return difference_of_families(SUMS, SIZES)


@pytest.fixture
def side(mixed, request) -> Side:
    return getattr(mixed, request.param)


by_side = pytest.mark.parametrize("side", SIDES, indirect=True)


def test_the_mean_and_the_numbers_of_samples_and_families_are_those_that_were_given(mixed):
    assert (mixed.n, mixed.families, mixed.mean) == (20, 7, pytest.approx(0.3))
    one = difference_estimate([0.1, -0.2, 0.05, 0.3], ["a", "a", "b", "c"])
    assert (one.n, one.families, one.mean) == (4, 3, pytest.approx(0.0625))


@pytest.mark.parametrize(("side", "sign", "most"), [("below", 1, 1.3), ("above", -1, 0.7)], indirect=["side"])
def test_a_side_has_kishs_families_satterthwaites_freedom_and_cr2s_variance(side: Side, sign, most):
    families = 20**2 / sum(SIZES**2)
    assert side.families == pytest.approx(families)
    assert side.freedom == pytest.approx(sum(WEIGHTS**2) ** 2 / sum(WEIGHTS**4) - 1)
    variance = families * sum((WEIGHTS * OFF) ** 2 / (1 - WEIGHTS))
    assert side.variance == pytest.approx(variance)
    coins = (2 + 6 + 1 + 3) / 20  # all won, or nothing changed
    assert side.least == pytest.approx((1 - coins) * variance)
    assert side.most == pytest.approx(most)
    usual = sum(WEIGHTS * OFF**2) / sum(WEIGHTS * abs(OFF))
    gap = (most + families * (coins * most + (1 - coins) * usual)) / (1 + families)
    assert side.gap == pytest.approx(gap)
    assert dict(zip(np.round(side.off, 9), side.weights, strict=True)) == pytest.approx(
        {round(off, 9): sum(WEIGHTS[np.isclose(sign * OFF, off)]) for off in sign * OFF}
    )


def nearest(side: Side, distance: float) -> tuple[float, float]:
    """By brute force: the likeliest distribution over the seen families and an unseen one whose mean is off by
    `distance`; its second and third moment about the value, the third of a fall."""
    places = np.append(side.off + distance, distance - side.gap)

    def unlikely(shares: np.ndarray) -> float:
        return -float(side.weights @ np.log(shares[:-1]))

    found = minimize(
        unlikely,
        np.append(side.weights * 0.9, 0.1),
        bounds=[(1e-9, 1)] * len(places),
        constraints=[
            {"type": "eq", "fun": lambda shares: shares.sum() - 1},
            {"type": "eq", "fun": lambda shares: shares @ places},
        ],
        options={"ftol": 1e-13, "maxiter": 500},
    ).x
    seen = float(side.weights @ side.off**2)
    few = np.where(np.arange(len(places)) < len(side.off), side.variance / seen, 1.0)
    return float(found @ (few * places**2)), float(-found @ places**3)


@pytest.mark.parametrize("distance", [0.05, 0.2, 0.5])
@by_side
def test_the_nearest_distribution_is_the_likeliest_one_with_that_mean(side, distance):
    variance, third = side._moments(distance)
    expected, third_expected = nearest(side, distance)
    assert variance == pytest.approx(max(expected, side.least), rel=1e-3)
    assert third == pytest.approx(third_expected, rel=1e-2, abs=1e-4)


def test_where_no_family_is_known_to_fall_so_far_there_is_nothing_to_reweigh():
    side = score_estimate([0.5] * 9, list("abcdefghi")).below
    assert side.gap < 0.4
    assert side._moments(0.4) == (side.least, 0.0)
    assert side.p_value(0.4) == 0.0


@by_side
@pytest.mark.parametrize("distance", [0.1, 0.3, 0.6])
def test_a_p_value_is_students_of_a_distance_less_the_term_for_skewness(side, distance):
    variance, third = side._moments(distance)
    plain = distance / math.sqrt(variance / side.families)
    t = -stdtrit(side.freedom, side.p_value(distance))
    rare = max(third, 0) if plain > 1 else 0
    term = (t**2 - 1) / 6 * rare / variance**1.5 / math.sqrt(side.families)
    assert t == pytest.approx(plain - term, rel=1e-6)


def test_nothing_is_shown_without_a_distance_or_with_one_family(mixed):
    assert mixed.below.p_value(0.0) == mixed.below.p_value(-0.1) == 1.0
    assert score_estimate([0.3, 0.4], ["a", "a"]).below.p_value(0.2) == 1.0


def test_a_bound_is_where_the_p_value_is_the_tail(mixed):
    for tail in (0.025, 0.2):
        assert mixed.p_above(mixed.low(tail)) == pytest.approx(tail, abs=1e-6)
        assert mixed.p_below(mixed.high(tail)) == pytest.approx(tail, abs=1e-6)


def test_twice_the_families_are_as_a_sample_twice_as_large(mixed):
    twice = mixed.below.times(2)
    doubled = difference_of_families(np.tile(SUMS, 2), np.tile(SIZES, 2)).below
    assert (twice.families, twice.freedom) == (pytest.approx(doubled.families), pytest.approx(doubled.freedom))
    assert twice.variance == mixed.below.variance


def test_more_samples_than_a_thousand_times_as_many_are_not_said_to_be_needed():
    alike = difference_of_families(SUMS - 0.3 * SIZES + 1e-4 * SIZES, SIZES)
    assert alike.samples_needed(0.0, 0.05) is None


@pytest.mark.parametrize(("value", "side"), [(0.0, "below"), (0.6, "above")], indirect=["side"])
def test_the_samples_needed_are_the_fewest_that_show_it_four_times_in_five(mixed, value, side):
    def shown(count: int) -> bool:
        more = side.times(count / 20)
        unlucky = abs(0.3 - value) - ndtri(0.8) * math.sqrt(side.variance / more.families)
        return unlucky > 0 and more.p_value(unlucky) < 0.05

    needed = mixed.samples_needed(value, 0.05)
    assert needed
    assert [shown(needed - 1), shown(needed)] == [False, True]


def test_holm_compares_the_smallest_with_the_strictest_and_stops_at_the_first_that_is_not_shown():
    assert holm([0.02, 0.3, 0.01], 0.06) == [True, False, True]
    assert holm([0.04, 0.02, 0.9], 0.06) == [False, False, False]
    assert holm([0.02, 0.019, 0.05], 0.06) == [True, True, True]


@pytest.mark.parametrize("given", [[1, math.inf, 0.5], [-math.inf, 0.5, 1], [math.inf, -math.inf, 1], [math.inf]])
def test_an_infinite_score_shows_nothing_and_warns_nobody(given, recwarn):
    names = [f"family {n}" for n in range(len(given))]
    for estimate in (score_estimate(given, names), difference_estimate(given, names)):
        assert not math.isfinite(estimate.mean)
        assert estimate.below.p_value(0.1) == estimate.above.p_value(0.1) == 1
        assert not math.isfinite(estimate.low(0.05))
        assert not math.isfinite(estimate.high(0.05))
        assert estimate.samples_needed(0.5, 0.05) is None
    assert not recwarn.list
