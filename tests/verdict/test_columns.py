"""The columns of a log say what its samples say one by one, and plain Python pairs two logs as the arrays do."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.made_records import LOG
from verdict import epochs as told
from verdict.columns import Columns, columns_of
from verdict.epochs import Epoch, Samples
from verdict.paired import paired

PATH = Path("logs/1.eval")
NUMBERS = st.sampled_from([0.0, 1.0, 0.25, math.nan, math.inf, -0.5])
ODD = st.sampled_from([1, 0, True, "C", "I", None, [1.0]])
METRICS = ("right", "brief", "valid")
VALUES = (
    st.dictionaries(st.sampled_from(METRICS), NUMBERS)
    | st.dictionaries(st.sampled_from(METRICS), NUMBERS | ODD)
    | NUMBERS
    | ODD
)
LABELS = st.none() | st.sampled_from(["t1", "t2", 7, ""])
SLICES = (
    st.none() | st.just("x") | st.dictionaries(st.sampled_from(["kind", "d"]), st.sampled_from(["a", "1", 1, True]))
)
ABOUT = st.fixed_dictionaries({}, optional={"slice": SLICES, "family": LABELS, "template": LABELS, "split": LABELS})
CODES = st.fixed_dictionaries({}, optional={"code": st.none() | st.sampled_from(["prose", 9, ""])})
EPOCHS = st.builds(
    lambda name, about, scores, error: Epoch(name, about, {} if error else scores, error),
    st.sampled_from("abcdefgh"),
    ABOUT,
    st.dictionaries(st.just("graded"), st.tuples(VALUES, CODES)),
    st.sampled_from([False] * 5 + [True]),
)
ONCE = st.lists(EPOCHS, max_size=8, unique_by=lambda epoch: epoch.id)


def alone(epochs: list[Epoch]) -> dict[str, told.Sample]:
    """Each sample made on its own, as those that are not plain are."""
    names = dict.fromkeys(epoch.id for epoch in epochs)
    return {name: told._sample(name, [epoch for epoch in epochs if epoch.id == name], PATH) for name in names}


def listed(columns: Columns) -> dict[str, Any]:
    metrics = {
        name: [[f"{value}" for value in part] for part in (column.values, column.scored, column.unasked)]
        for name, column in columns.metrics.items()
    }
    counts = [part.tolist() for part in (columns.epochs, columns.errors, columns.unscored)]
    labels = [list(part) for part in (columns.slices, columns.families, columns.templates, columns.splits)]
    return {"places": list(columns.places.items()), "metrics": list(metrics.items()), "of": [*counts, *labels]}


@given(ONCE | st.lists(EPOCHS, max_size=12))
def test_samples_and_their_columns_are_those_of_samples_that_are_made_one_by_one(epochs):
    read, one_by_one = Samples(epochs, PATH), alone(epochs)
    assert listed(read.columns) == listed(columns_of(one_by_one))
    assert (list(read), len(read), read) == (list(one_by_one), len(one_by_one), one_by_one)


@given(ONCE | st.lists(EPOCHS, max_size=12), ONCE)
def test_two_logs_are_paired_as_plain_python_pairs_their_samples(left, right):
    a, b = (replace(LOG, samples=Samples(epochs, PATH)) for epochs in (left, right))
    one, other = alone(left), alone(right)
    for metric in METRICS:
        both = [name for name in one if name in other and metric in one[name].values and metric in other[name].values]
        slices: dict[str, list[str]] = {"all": both}
        for name in both:
            for key, value in one[name].slices.items():
                slices.setdefault(f"{key}={value}", []).append(name)
        expected = {
            part: [(one[name].values[metric], other[name].values[metric], one[name].family or name) for name in names]
            for part, names in slices.items()
            if names
        }
        found = paired(a, b, metric)
        assert {part: list(zip(pairs.a, pairs.b, strict=True)) for part, pairs in found.items()} == {
            part: [(x, y) for x, y, _ in rows] for part, rows in expected.items()
        }
        for part, pairs in found.items():
            families = [family for _, _, family in expected[part]]
            alike = [[x == y for x in families] for y in families]
            assert np.equal.outer(pairs.families, pairs.families).tolist() == alike


@pytest.mark.parametrize("value", [{"right": 1.0}, {"right": math.nan}, {"right": 1}, 1.0])
def test_a_sample_is_made_once_from_plain_scores_and_from_others(value):
    samples = Samples([Epoch("a", {}, {"graded": (value, {"code": "prose"})}, False)], PATH)
    assert samples["a"] is samples["a"]
    assert samples["a"].codes == ("prose",)
    with pytest.raises(KeyError):
        samples["b"]
