from itertools import pairwise

import numpy as np
import pytest
import scipy  # its parts are loaded when they are named
from hypothesis import example, given, settings
from hypothesis import strategies as st

from verdict.stats import difference_estimate, difference_of_families, holm, score_estimate


def apart(count: int) -> list[str]:
    return [str(index) for index in range(count)]


def test_ties_do_not_give_an_interval_of_no_width():
    estimate = difference_estimate([0.0] * 50, apart(50))
    assert estimate.low(0.05) < -0.03
    assert estimate.high(0.05) > 0.03


def test_ten_tied_pairs_do_not_show_that_nothing_was_lost():
    assert difference_estimate([0.0] * 10, apart(10)).p_above(-0.05) > 0.05


def test_a_hundred_ties_in_ten_families_say_as_much_as_ten_ties():
    families = [str(index % 10) for index in range(100)]
    one, other = difference_estimate([0.0] * 100, families), difference_estimate([0.0] * 10, apart(10))
    assert one.low(0.05) == pytest.approx(other.low(0.05))


def test_a_perfect_score_is_not_certain():
    estimate = score_estimate([1.0] * 50, apart(50))
    assert (estimate.mean, estimate.high(0.025)) == (1.0, 1.0)
    assert 0.88 < estimate.low(0.025) < 0.95


def test_one_family_tells_nothing():
    estimate = score_estimate([1.0] * 50, ["only"] * 50)
    assert (estimate.low(0.025), estimate.high(0.025)) == (0.0, 1.0)
    assert estimate.p_above(0.1) == estimate.p_below(0.9) == 1.0
    assert estimate.samples_needed(0.5, 0.05) is None


def test_no_samples_are_an_error():
    with pytest.raises(ValueError, match=r"^no samples"):
        score_estimate([], [])


def test_a_sample_without_a_family_is_an_error():
    with pytest.raises(ValueError, match="2 values, but 1 families"):
        score_estimate([1.0, 0.0], ["only"])


def test_a_mean_on_the_line_is_decided_by_no_number_of_samples():
    assert difference_estimate([0.0] * 20, apart(20)).samples_needed(0.0, 0.05) is None


def test_holm_is_stricter_than_one_test_and_milder_than_bonferroni():
    assert holm([0.04, 0.04], 0.05) == [False, False]
    assert holm([0.03, 0.02], 0.05) == [True, True]
    assert holm([0.9, 0.001, 0.03], 0.05) == [False, True, False]
    assert holm([], 0.05) == []
    assert holm([0.05], 0.05) == holm([0.025, 0.9], 0.05)[:1] == [False]


scores = st.lists(st.tuples(st.floats(0, 1), st.sampled_from("abcdefgh")), min_size=1, max_size=60)


@given(scores, st.sampled_from([0.005, 0.025, 0.05]))
@example([(0.0, "a"), (7.5e-113, "b")], 0.005)
def test_bounds_hold_the_mean_and_stay_in_range(pairs, tail):
    estimate = score_estimate([value for value, _ in pairs], [family for _, family in pairs])
    assert 0 <= estimate.low(tail) <= estimate.mean <= estimate.high(tail) <= 1


@given(scores, st.floats(0.01, 0.99))
def test_a_bound_and_its_test_agree(pairs, threshold):
    estimate = score_estimate([value for value, _ in pairs], [family for _, family in pairs])
    if estimate.p_above(threshold) < 0.0499:
        assert estimate.low(0.05) >= threshold - 1e-9
    if estimate.p_below(threshold) < 0.0499:
        assert estimate.high(0.05) <= threshold + 1e-9


def test_a_difference_cannot_be_below_minus_one():
    assert difference_estimate([-1.0, -1.0], apart(2)).low(0.005) == -1.0


def test_where_the_samples_are_enough_no_more_are_needed():
    assert score_estimate([1.0] * 40, apart(40)).samples_needed(0.3, 0.05) == 40


@pytest.mark.parametrize(("right", "n", "value"), [(90, 100, 0.8), (30, 40, 0.6), (59, 60, 0.95)])
def test_right_and_wrong_answers_in_families_of_one_give_wilsons_test_with_a_term_for_skewness(right, n, value):
    # Wilson: the variance at the value, not at the mean. n / (n - 1) is the correction for few families.
    variance = n / (n - 1) * value * (1 - value)
    p = score_estimate([1.0] * right + [0.0] * (n - right), apart(n)).p_above(value)
    t = scipy.stats.t(n - 1).isf(p)
    third = value * (1 - value) * (2 * value - 1)  # of a fall: wrong answers are rarer than right ones
    off = right / n - value - (t**2 - 1) / 6 * third / variance / n
    assert t == pytest.approx(off / np.sqrt(variance / n), rel=0.02)


@pytest.mark.parametrize(("lost", "won", "n", "margin"), [(5, 5, 100, 0.1), (3, 9, 60, 0.05), (0, 4, 200, 0.1)])
def test_pairs_give_tangos_variance_at_the_margin(lost, won, n, margin):
    # Tango: the likeliest shares lost and won whose difference is the margin.
    def unlikely(share: float) -> float:
        return -(
            lost * np.log(share + margin) + won * np.log(share) + (n - lost - won) * np.log(1 - 2 * share - margin)
        )

    share = scipy.optimize.minimize_scalar(unlikely, bounds=(1e-9, (1 - margin) / 2 - 1e-9), options={"xatol": 1e-9}).x
    estimate = difference_estimate([-1.0] * lost + [1.0] * won + [0.0] * (n - lost - won), apart(n))
    variance, _ = estimate.below._moments(estimate.mean + margin)
    assert variance == pytest.approx(2 * share + margin - margin**2, rel=1.5 / n)  # ours has n / (n - 1)


def test_scores_of_many_values_give_students_test():
    values = np.random.default_rng(2).normal(0.0, 0.1, 200)
    estimate = difference_estimate(list(values), apart(200))
    reach = scipy.stats.t(199).ppf(0.95) * values.std(ddof=1) / np.sqrt(200)
    assert estimate.low(0.05) == pytest.approx(values.mean() - reach, rel=0.1)


@pytest.mark.parametrize("margin", [0.03, 0.05, 0.1, 0.15])
def test_a_candidate_that_loses_exactly_the_margin_is_passed_at_most_once_in_twenty(margin):
    # Exact: in families of one that only lose, the number lost is binomial.
    for n in range(10, 140, 7):
        passes = [
            lost
            for lost in range(int(n * margin) + 1)
            if difference_of_families([-1.0] * lost + [0.0] * (n - lost), [1.0] * n).p_above(-margin) < 0.05
        ]
        assert sum(scipy.stats.binom.pmf(passes, n, margin)) <= 0.0505, n


@pytest.mark.parametrize(("families", "size", "rho"), [(60, 5, 0.3), (25, 20, 0.3), (8, 20, 0.8), (100, 2, 0.8)])
def test_a_candidate_worse_by_the_margin_is_seldom_passed_when_samples_fail_in_families(families, size, rho):
    random = np.random.default_rng(3)
    spread = (1 - rho) / rho
    lost = random.binomial(size, random.beta(0.1 * spread, 0.9 * spread, (400, families)))
    passed = [difference_of_families(-draw, [size] * families).p_above(-0.1) < 0.05 for draw in lost]
    assert np.mean(passed) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


families_of = st.lists(st.tuples(st.integers(-6, 6), st.integers(6, 9)), min_size=2, max_size=30)


@settings(max_examples=40)
@given(families_of)
def test_swapping_the_arms_mirrors_the_interval(families):
    sums, sizes = np.array(families, float).T
    one, other = difference_of_families(sums, sizes), difference_of_families(-sums, sizes)
    assert one.low(0.05) == pytest.approx(-other.high(0.05), abs=1e-6)


@settings(max_examples=40)
@given(families_of, st.integers(2, 5))
def test_asking_every_sample_again_with_the_same_answers_makes_nothing_surer(families, times):
    sums, sizes = np.array(families, float).T
    one, other = difference_of_families(sums, sizes), difference_of_families(times * sums, times * sizes)
    assert one.low(0.05) == pytest.approx(other.low(0.05), abs=1e-6)


@settings(max_examples=40)
@given(families_of)
def test_a_family_repeated_in_itself_adds_no_family(families):
    sums, sizes = np.array(families, float).T
    sums[0], sizes[0] = 0.0, sizes.max()
    once = difference_of_families(sums, sizes)
    sizes[0] *= 50
    much = difference_of_families(sums, sizes)
    assert much.mean - much.low(0.05) >= once.mean - once.low(0.05) - 1e-6 or much.below.families < once.below.families
    assert much.below.freedom <= once.below.freedom


@settings(max_examples=40)
@given(families_of)
def test_the_farther_off_a_mean_is_the_less_likely_are_the_data(families):
    estimate = difference_of_families(*np.array(families, float).T)
    values = np.linspace(-1, estimate.mean, 30)
    chances = [estimate.p_above(value) for value in values]
    assert all(after >= before - 1e-3 for before, after in pairwise(chances))


@pytest.mark.parametrize(("share", "value"), [(0.75, 0.6), (0.2, 0.35)])
def test_the_samples_said_to_be_needed_decide_four_times_in_five(share, value):
    needed = score_estimate([1.0] * round(share * 20) + [0.0] * round((1 - share) * 20), apart(20)).samples_needed(
        value, 0.05
    )
    assert needed
    decided = 0.0
    for right in range(needed + 1):
        sure = score_estimate([1.0] * right + [0.0] * (needed - right), apart(needed))
        shown = sure.p_above(value) if share > value else sure.p_below(value)
        decided += (shown < 0.05) * scipy.stats.binom.pmf(right, needed, share)
    assert decided == pytest.approx(scipy.stats.norm.cdf(scipy.stats.norm.ppf(0.8)), abs=0.08)


def test_the_samples_said_to_be_needed_without_a_change_are_the_fewest_that_would_do():
    needed = difference_estimate([0.0] * 20, apart(20)).samples_needed(-0.05, 0.05)
    assert needed
    assert difference_estimate([0.0] * needed, apart(needed)).p_above(-0.05) < 0.05
    assert difference_estimate([0.0] * (needed - 1), apart(needed - 1)).p_above(-0.05) >= 0.05
