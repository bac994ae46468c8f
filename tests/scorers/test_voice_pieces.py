"""Leaving out phrases that cannot stand in a text changes nothing that is found there."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aj.findings import codes
from aj.personas import load_personas
from scorers.checks import voice

PHRASES = load_personas().phrases
ENTRIES = sorted({entry for entries in PHRASES.values() for entry in entries})
PIECES = [piece for entry in ENTRIES for piece in voice.pieces_of(entry)]


@pytest.mark.parametrize(
    ("pattern", "pieces"),
    [
        ("of course", ("of course",)),
        ("Sorry,? (?:but )?x", ("sorry",)),
        ("(?:get|fetch) it?", ("get", "fetch")),
        ("(?:a (?:long|short) x)? y", (" y",)),
        ("one|two", ()),
        ("[!?]{3,}", ("!", "?")),
        ("[!?]{0,3}", ()),
        ("ab{2}c+d", ()),
        ("(?-i:ABC)", ()),
        ("[a-z]x", ()),
    ],
)
def test_a_piece_stands_in_every_match(pattern, pieces):
    assert set(voice.pieces_of(pattern)) == set(pieces)


@given(st.sampled_from(ENTRIES).flatmap(lambda entry: st.tuples(st.just(entry), st.from_regex(entry, fullmatch=True))))
@settings(max_examples=150)
def test_whatever_a_phrase_matches_holds_one_of_its_pieces(drawn):
    entry, text = drawn
    pieces = voice.pieces_of(entry)
    assert not pieces or any(piece in text.lower() for piece in pieces)


WORDS = st.sampled_from(
    [*PIECES, "I", "!", "???", "as an AI", "Sorry", "web01", "ſorry", "wıth", "don't", ".\n", "it's worth"]
)


@given(st.sampled_from(sorted(PHRASES)), st.lists(WORDS, max_size=12).map(" ".join))
@settings(max_examples=300)
def test_the_same_place_is_found_as_by_looking_for_every_phrase(name, text):
    assert _span(voice._find(text, name)) == _span(voice.phrases(name).search(text))


def _span(match: re.Match | None):
    return match and match.span()


def test_own_rules_hold_for_any_reply():
    assert voice.check_own_voice("Both are up.") == []
    assert [f.code for f in voice.check_own_voice("As an AI, I apologise!!!")] == [
        "robotic",
        "over_apology",
        "shouting",
    ]
    assert codes(voice.check_own_voice("Done 🎉🎉")) == ["emoji"]
