"""JSON written quickly is the JSON that Python writes, byte for byte, or none."""

import json
import math
from enum import StrEnum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aj.files import digest
from aj.quick_json import quick_json

TEXTS = st.text(st.characters(exclude_categories=()))
SCALARS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | TEXTS
VALUES = st.recursive(SCALARS, lambda part: st.lists(part) | st.dictionaries(TEXTS, part), max_leaves=8)


class Colour(StrEnum):
    RED = "red"


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_what_is_written_quickly_has_the_same_bytes(value):
    for sort_keys in (False, True):
        quick = quick_json(value, sort_keys)
        assert quick in (None, json.dumps(value, ensure_ascii=False, sort_keys=sort_keys).encode(errors="replace"))


@pytest.mark.parametrize("value", [{"a": [1, ("é\x1b\x7f\u2028", True, None)], "": {}}, [], "x", -(2**63), 2**64 - 1])
def test_texts_lists_and_integers_of_64_bits_are_written_quickly(value):
    assert quick_json(value) == json.dumps(value, ensure_ascii=False).encode()


@pytest.mark.parametrize("value", [1e16, 0.5, math.nan, 2**64, "\ud800", {1: 2}, Colour.RED, {"a": [{"b": 1e-7}]}])
def test_what_libraries_write_differently_is_left_to_python(value):
    assert quick_json(value) is None


def test_no_depth_is_too_much_to_be_asked_for():
    value = []
    for _ in range(5000):
        value = [value]
    assert quick_json(value) is None


@pytest.mark.parametrize(("number", "identity"), [(1, "2d9d6208c278"), (1e16, "6aba4d57ebff")])
def test_a_digest_is_what_it_was_before_it_was_written_quickly(number, identity):
    assert digest("step", [{"role": "user", "content": "é", "b": number}]) == identity
