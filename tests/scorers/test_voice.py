"""Voice: AJ's own rules and each persona's, with an answer that keeps a rule and one that breaks it."""

from random import Random

import pytest

from aj.findings import codes
from aj.fleet.asks import catalogue, facts
from aj.fleet.oracle import true_answer
from aj.fleet.scenarios import draw_scenario
from aj.fleet.smalltalk import small_talk
from aj.personas import load_personas
from scorers.checks.voice import check_voice

PERSONAS = load_personas().personas
GOOD = {
    "casual_developer": "Here's the disk: `web01` 45%. Want me to dig deeper?",
    "senior_engineer": "`web01` 45%.",
    "stressed_oncall": "Got it. `web01` 45%. Hang tight, I'm standing by.",
    "curious_learner": "`web01` 45%. This matters because a full disk stops writes.",
    "executive_brief": "TL;DR: disk: `web01` 45%.",
}
BREAKS: dict[str, tuple[str, str]] = {  # code of a rule: (persona, an answer that breaks it and nothing else)
    "casual_too_stiff": ("casual_developer", "The disk: `web01` 45%. Shall I dig deeper?"),
    "casual_no_offer": ("casual_developer", "Here's the disk: `web01` 45%."),
    "senior_fluff": ("senior_engineer", "`web01` 45%! Great."),
    "senior_too_long": ("senior_engineer", "word " * 61),
    "oncall_slow_start": ("stressed_oncall", "So, `web01` 45%. Hang tight."),
    "oncall_not_calm": ("stressed_oncall", "Got it! `web01` 45%. Hang tight."),
    "oncall_no_support": ("stressed_oncall", "Got it. `web01` 45%."),
    "learner_no_reason": ("curious_learner", "`web01` 45%."),
    "exec_no_tldr": ("executive_brief", "Disk: `web01` 45%."),
    "exec_too_long": ("executive_brief", "TL;DR: " + "word " * 60),
}


@pytest.mark.parametrize("persona", PERSONAS)
def test_a_good_answer_has_no_finding(persona):
    assert check_voice(GOOD[persona], persona, ["web01"]) == []


@pytest.mark.parametrize("code", BREAKS)
def test_each_rule_of_a_persona_has_an_answer_that_breaks_it(code):
    persona, answer = BREAKS[code]
    assert codes(check_voice(answer, persona, ["web01"])) == [code]


def test_every_rule_of_every_persona_is_broken_here():
    assert set(BREAKS) == {rule.code for persona in PERSONAS.values() for rule in persona.rules}


@pytest.mark.parametrize("persona", PERSONAS)
def test_an_answer_to_one_persona_rarely_suits_another(persona):
    others = [other for other in PERSONAS if other != persona and check_voice(GOOD[persona], other, [])]
    assert len(others) >= 3


@pytest.mark.parametrize(
    ("persona", "emoji", "findings"),
    [
        ("casual_developer", "😀", []),
        ("casual_developer", "😀🚀", ["emoji"]),
        ("senior_engineer", "✅", ["emoji"]),
        ("senior_engineer", "—é“", []),
    ],
)
def test_one_emoji_at_most_and_only_for_a_casual_user(persona, emoji, findings):
    answer = GOOD[persona].replace("45%", f"45% {emoji}")
    assert codes(check_voice(answer, persona, ["web01"])) == findings


VOICE = load_personas().voice
PHRASES = [
    *(("robotic", phrase) for phrase in VOICE.robotic),
    *(("over_apology", phrase) for phrase in VOICE.apology),
    *(("caveat", phrase) for phrase in VOICE.caveat),
]


@pytest.mark.parametrize(("code", "phrase"), PHRASES)
def test_what_aj_never_says_is_seen_in_any_case(code, phrase):
    assert codes(check_voice(f"{phrase.upper()} `web01` 45%.", "senior_engineer", ["web01"])) == [code]


@pytest.mark.parametrize(
    ("answer", "findings"),
    [
        ("`web01` 45%.", []),
        ("web01 45%.", ["no_inline_code"]),
        ("`web01` 45%, web01 again.", ["no_inline_code"]),
        ("web012 45%.", []),
        ("my-web01 45%.", []),
    ],
)
def test_a_host_is_written_as_inline_code(answer, findings):
    assert codes(check_voice(answer, "senior_engineer", ["web01"])) == findings


@pytest.mark.parametrize("persona", PERSONAS)
@pytest.mark.parametrize("intent", catalogue().intents)
def test_every_wording_of_the_oracle_keeps_the_rules(persona, intent):
    for seed in range(4):
        scenario = draw_scenario(Random(seed), "train", [intent], persona)
        ask, fleet = scenario.asks[0], scenario.fleet()
        hosts = [name for name in facts(ask, fleet.hosts, fleet.local) if name]
        answer = true_answer(ask, fleet, Random(seed))
        assert check_voice(answer, persona, hosts) == [], answer


def test_small_talk_keeps_ajs_own_rules():
    own = {"emoji", "robotic", "over_apology", "caveat"}
    for talk in small_talk().train:
        assert not own & set(codes(check_voice(talk.reply, "senior_engineer", []))), talk.reply
