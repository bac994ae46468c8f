"""Places of numbers and names are found without a pattern, and are the ones that the pattern finds."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from scorers.checks.said.names import stands
from scorers.checks.said.sources import Sources

NUMBERS = ["4", "45", "4.5", "45%", "1.5g", "1.5", "٣", "²"]
PARTS = st.sampled_from([*NUMBERS, ".", "-", "_", "web", "web01", " ", "x", "é"])
TEXTS = st.lists(PARTS, max_size=8).map("".join)


@given(TEXTS, st.sampled_from(["4", "45", "4.5", "45%", "1.5G", "1.5%", "4:5"]))
@settings(max_examples=300)
def test_a_number_stands_where_the_pattern_says(known, number):
    whole = re.search(rf"(?<![\d.]){re.escape(number.lower())}(?!\d|\.\d)", known)
    bare = number.rstrip("KMGT%")
    spelled = re.escape(bare) if "." in bare else rf"{bare}\.00?"
    headed = bare != number and re.search(rf"(?<![\d.]){spelled}(?![\w%]|\.\d)", known)

    assert Sources([known]).number(number) >= bool(whole or headed)


@given(TEXTS, st.sampled_from(["web", "web01", "é", "x-"]))
@settings(max_examples=300)
def test_a_name_stands_where_the_pattern_says(text, name):
    assert stands(text, name) == bool(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text))
