"""Leaving out phrases that cannot stand in a text changes nothing that is found there."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from aj.findings import codes
from aj.personas import load_personas
from scorers.checks import voice

PHRASES = load_personas().phrases
ENTRIES = sorted({entry for entries in PHRASES.values() for entry in entries})


@given(st.sampled_from(ENTRIES).flatmap(lambda entry: st.tuples(st.just(entry), st.from_regex(_any_case(entry)))))
@settings(max_examples=150)
def test_whatever_a_phrase_matches_has_its_hint(drawn):
    entry, text = drawn
    assert entry in voice._possible(voice._hints_of(text, *PHRASES), *PHRASES)


def _any_case(entry: str) -> re.Pattern[str]:
    return re.compile(entry, re.IGNORECASE)


WORDS = st.sampled_from(
    [
        *(entry for entry in ENTRIES if entry.isascii() and not re.search(r"[\\\[(?]", entry)),
        "I",
        "!",
        "???",
        "sorry, sorry",
        "I'm héing on",
        "nothing à to worry",
        "ſorry",
        "wıth",
        "don't",
        "é're",
        ".\n",
        "it's worth",
    ]
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
