"""Shares are whole, exact, in proportion, and never more than there is."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets_build.mix.apportion import apportion

SHARES = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 300)), min_size=1, max_size=8)


@settings(max_examples=80)
@given(st.integers(0, 500), SHARES)
def test_the_sum_is_exact_and_no_limit_is_passed(total, shares):
    weights, limits = zip(*shares, strict=True)
    found = apportion(total, weights, limits)
    assert sum(found) == min(total, sum(limit for weight, limit in shares if weight))
    assert all(0 <= share <= limit for share, limit in zip(found, limits, strict=True))
    assert all(share == 0 for share, weight in zip(found, weights, strict=True) if weight == 0)


@settings(max_examples=80)
@given(st.integers(0, 500), st.lists(st.integers(1, 50), min_size=1, max_size=8))
def test_without_limits_no_share_is_a_row_away_from_its_ideal(total, weights):
    for share, weight in zip(apportion(total, weights, [total] * len(weights)), weights, strict=True):
        assert abs(share - Fraction(total * weight, sum(weights))) < 1


@pytest.mark.parametrize(
    ("total", "weights", "limits", "expected"),
    [
        (10, [1, 1, 1], [10, 10, 10], [4, 3, 3]),  # the first of equal remainders
        (688, [80, 3000, 920], [0, 9000, 9000], [0, 527, 161]),
        (100, [1, 1, 2], [5, 100, 100], [5, 32, 63]),  # what one cannot take goes to the others in proportion
        (3, [Fraction(3, 10), Fraction(7, 10)], [9, 9], [1, 2]),
    ],
)
def test_shares(total, weights, limits, expected):
    assert apportion(total, weights, limits) == expected
