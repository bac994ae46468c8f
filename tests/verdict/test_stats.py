import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm as normal
from scipy.stats import t as student_t

from verdict.stats import difference_estimate, holm, score_estimate


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


def test_families_of_one_give_bonett_and_prices_interval():
    # Their formula: with one more pair lost and one more won, p12 - p21 -/+ z sqrt((p12 + p21 - (p12 - p21)^2) / n).
    lost, won, n = 9, 3, 400
    estimate = difference_estimate([-1.0] * lost + [1.0] * won + [0.0] * (n - lost - won), apart(n))
    p12, p21, total = (won + 1) / (n + 2), (lost + 1) / (n + 2), n + 2
    error = np.sqrt((p12 + p21 - (p12 - p21) ** 2) / total)
    assert estimate.centre == pytest.approx(p12 - p21)
    assert estimate.error == pytest.approx(error, rel=0.002)  # ours has K / (K - 1)


def test_families_of_one_give_the_plus_four_interval():
    estimate = score_estimate([1.0] * 90 + [0.0] * 10, apart(100))
    share = 92 / 104
    assert estimate.centre == pytest.approx(share)
    assert estimate.error == pytest.approx(np.sqrt(share * (1 - share) / 104), rel=0.01)


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
    with pytest.raises(ValueError, match="shorter"):
        score_estimate([1.0, 0.0], ["only"])


def test_the_samples_said_to_be_needed_are_enough():
    estimate = difference_estimate([0.0] * 20, apart(20))
    needed = estimate.samples_needed(-0.05, 0.05)
    assert needed is not None
    assert 47 <= needed < 150
    assert difference_estimate([0.0] * needed, apart(needed)).p_above(-0.05) < 0.05


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


@pytest.mark.parametrize(("n", "size"), [(100, 1), (200, 4), (200, 10)])
def test_a_candidate_worse_by_the_margin_is_seldom_passed(n, size):
    # Families fall as a whole: the hardest case. 600 draws: three standard errors above .05 are .077.
    random, count = np.random.default_rng(1), n // size
    families = [str(index) for index in np.repeat(np.arange(count), size)]
    passed = 0
    for _ in range(600):
        falls = -(random.random(count) < 0.05).astype(float)
        passed += difference_estimate(np.repeat(falls, size).tolist(), families).p_above(-0.05) < 0.05
    assert passed / 600 < 0.077


@pytest.mark.parametrize(("families", "size"), [(3, 1), (3, 4), (10, 2)])
def test_the_error_is_the_cluster_robust_one_with_the_correction_for_few_families(families, size):
    # Written out: sqrt(K / (K - 1) * sum over families of (sum of deviations)^2) / n, the pseudo-families included.
    values = np.array([[float((family + place) % 3 > 0) for place in range(size)] for family in range(families)])
    whole = [*values, *([value] * size for value in (1.0, 1.0, 0.0, 0.0))]
    n, count = sum(map(len, whole)), len(whole)
    centre = sum(map(sum, whole)) / n
    deviations = [sum(group) - centre * len(group) for group in whole]
    error = np.sqrt(count / (count - 1) * sum(d**2 for d in deviations)) / n
    names = [str(family) for family in range(families) for _ in range(size)]
    estimate = score_estimate(values.flatten().tolist(), names)
    assert estimate.centre == pytest.approx(centre)
    assert estimate.error == pytest.approx(error)


@pytest.mark.parametrize("families", [2, 4, 9])
def test_probabilities_and_bounds_are_students_with_one_degree_of_freedom_less_than_families(families):
    estimate = score_estimate([1.0, 0.0, 0.0] * families, [str(index // 3) for index in range(3 * families)])
    t, student = (estimate.centre - 0.45) / estimate.error, student_t(families - 1)
    assert estimate.p_above(0.45) == pytest.approx(student.sf(t))
    assert estimate.p_below(0.45) == pytest.approx(student.cdf(t))
    reach = student.ppf(0.9) * estimate.error
    assert estimate.low(0.1) == pytest.approx(max(estimate.centre - reach, 0.0))
    assert estimate.high(0.1) == pytest.approx(min(estimate.centre + reach, 1.0))


def test_a_difference_cannot_be_below_minus_one():
    assert difference_estimate([-1.0, -1.0], apart(2)).low(0.005) == -1.0


@pytest.mark.parametrize(("share", "value"), [(0.75, 0.6), (0.75, 0.9), (0.2, 0.35)])
def test_the_samples_said_to_be_needed_are_the_fewest_that_would_do(share, value):
    n = 20
    estimate = score_estimate([1.0] * round(share * n) + [0.0] * round((1 - share) * n), apart(n))
    reach = student_t(n - 1).ppf(0.95) + normal.ppf(0.8)

    def shown(count: float) -> bool:
        error = np.sqrt(count / n * estimate.seen + estimate.added) / (count + estimate.weight)
        return reach * error <= abs(estimate.mean - value)

    needed = estimate.samples_needed(value, 0.05)
    assert needed
    assert needed > n
    assert shown(needed)
    assert not shown((needed - 1) / 1.021)  # they are tried in steps of two percent, and rounded up


def test_where_the_samples_are_enough_no_more_are_needed():
    assert score_estimate([1.0] * 40, apart(40)).samples_needed(0.3, 0.05) == 40
