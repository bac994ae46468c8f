"""Hints: one search tells which of them stand in a text."""

import re

from hypothesis import given
from hypothesis import strategies as st

from aj.hints import hint, hints_in, in_any_case

WORD, OTHER = hint(*in_any_case("looks")), hint(r"[0-9]{3}", r"\(x\)")
EITHER = hint(*in_any_case("looks", "kilo"))


def test_a_text_has_the_hints_that_stand_in_it():
    assert hints_in("LOOKS at 1234") & (WORD | OTHER) == WORD | OTHER
    assert hints_in("(x)") & (WORD | OTHER) == OTHER
    assert not hints_in("look at 12") & (WORD | OTHER)
    assert not hints_in("") & (WORD | OTHER)


def test_the_same_patterns_are_one_hint_and_no_patterns_are_none():
    assert hint(*in_any_case("looks")) == WORD
    assert not hints_in("looks 123") & hint()


def test_a_text_that_was_searched_before_a_hint_was_known_is_searched_again():
    text = "a fresh word"
    hints_in(text)
    later = hint(r"fresh word")
    assert hints_in(text) & later


def test_half_a_character_a_nul_and_a_long_text_are_searched_like_any():
    for text in ("\ud83d looks", "\0looks", "looks" + "é" * 100_000, "ü" * 5_000 + "looks"):
        assert hints_in(text) & WORD, text[:20]


@given(st.text(alphabet="lLoOıİkKsSſ\N{KELVIN SIGN}é ", max_size=12))
def test_any_case_is_that_of_ignorecase(text):
    assert not re.search("looks|kilo", text, re.IGNORECASE) or hints_in(text) & EITHER
