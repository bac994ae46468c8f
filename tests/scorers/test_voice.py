"""Voice: AJ's own rules and each persona's, over natural replies that keep them and natural replies that break them."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from aj.findings import codes
from aj.personas import load_personas
from scenarios.smalltalk import small_talk
from scorers.checks.voice import check_voice, words

PERSONAS = load_personas().personas
REPLIES: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "voice_replies.yaml").read_text(encoding="utf-8"))
TERMS = ["web01", "web02", "db01", "nginx", "redis"]
ACCEPTED = [(persona, reply) for persona, table in REPLIES.items() for reply in table["accepted"]]
REJECTED = [
    (persona, code, reply)
    for persona, table in REPLIES.items()
    for code, replies in table["rejected"].items()
    for reply in replies
]
SLOTS = {
    "items": "`web01` 45%, `db01` 62%",
    "count": "2",
    "why": "a full root disk stops services from writing",
    "question": "Which one do you mean, `web01` or `db01`?",
}
WORDINGS = [
    (persona, kind, wording)
    for persona, known in PERSONAS.items()
    for kind, wordings in known.voice
    for wording in wordings
]


def said(wording: str) -> str:
    return wording.format(**SLOTS)


# Natural replies


@pytest.mark.parametrize(("persona", "reply"), ACCEPTED)
def test_a_reply_in_a_personas_tone_has_no_finding(persona, reply):
    assert check_voice(reply, persona, TERMS) == []


@pytest.mark.parametrize(("persona", "code", "reply"), REJECTED)
def test_a_reply_that_breaks_a_rule_is_named_by_its_code(persona, code, reply):
    assert code in codes(check_voice(reply, persona, TERMS))


def test_every_persona_has_a_dozen_replies_of_each_kind():
    for persona in PERSONAS:
        assert len([reply for name, reply in ACCEPTED if name == persona]) >= 12
        assert len([reply for name, _, reply in REJECTED if name == persona]) >= 12


def test_every_rule_is_broken_by_some_reply():
    own = {rule.code for rule in load_personas().voice.rules}
    rules = {rule.code for persona in PERSONAS.values() for rule in persona.rules}
    assert {code for _, code, _ in REJECTED} == own | rules | {"emoji", "no_inline_code"}


# The oracle's wordings


@pytest.mark.parametrize(("persona", "kind", "wording"), WORDINGS)
def test_every_wording_of_the_oracle_keeps_its_personas_rules(persona, kind, wording):
    assert check_voice(said(wording), persona, TERMS, asks_back=kind == "ask_back") == []


@pytest.mark.parametrize(("persona", "kind", "wording"), [w for w in WORDINGS if w[1] in ("facts", "count")])
def test_facts_in_one_personas_wording_suit_no_other(persona, kind, wording):
    others = [other for other in PERSONAS if other != persona and not check_voice(said(wording), other, TERMS)]
    assert others == []


@pytest.mark.parametrize("kind", ["facts", "failed"])
def test_the_first_word_tells_the_personas_apart(kind):
    first = [said(getattr(persona.voice, kind)[0]).split()[0] for persona in PERSONAS.values()]
    assert len(set(first)) == len(first)


def test_a_reply_that_asks_back_needs_no_offer_and_no_reason():
    question = "TL;DR: one decision is needed. Should I restart `web01`?"
    assert check_voice("Should I restart `web01`?", "senior_engineer", TERMS, asks_back=True) == []
    assert codes(check_voice("Should I restart `web01`?", "senior_engineer", TERMS)) == ["senior_offer"]
    assert check_voice("Which one, `web01` or `db01`?", "curious_learner", TERMS, asks_back=True) == []
    assert check_voice(question, "executive_brief", TERMS, asks_back=True) == []


def test_small_talk_keeps_ajs_own_rules():
    own = {"emoji", *(rule.code for rule in load_personas().voice.rules)}
    for talk in (*small_talk().train, *small_talk().eval):
        assert not own & set(codes(check_voice(talk.reply, "senior_engineer", []))), talk.reply


# AJ's own rules


@pytest.mark.parametrize(
    ("persona", "emoji", "findings"),
    [
        ("casual_developer", "😀", []),
        ("casual_developer", "👍🏽", []),
        ("casual_developer", "👩‍💻", []),
        ("casual_developer", "🇩🇪", []),
        ("casual_developer", "✔️", []),
        ("casual_developer", "😀🚀", ["emoji"]),
        ("casual_developer", "⭐ and ⚠️", ["emoji"]),
        ("senior_engineer", "✅", ["emoji"]),
        ("senior_engineer", "—é“ ✓ → ➜ ❯", []),
    ],
)
def test_one_emoji_at_most_and_only_for_a_casual_user(persona, emoji, findings):
    reply = {"casual_developer": "Yep, `web01` 45% {}. Want more?", "senior_engineer": "`web01` 45% {}."}[persona]
    assert codes(check_voice(reply.format(emoji), persona, TERMS)) == findings


@pytest.mark.parametrize(
    ("phrase", "found"),
    [
        ("I will now list the files.", ["robotic"]),
        ("AS AN AI LANGUAGE MODEL I see 45%.", ["robotic"]),
        ("The requested operation was run.", ["robotic"]),
        ("I’m really sorry, no data.", ["over_apology"]),
        ("My apologies, no data.", ["over_apology"]),
        ("Sorry, we can't reach it.", ["over_apology"]),
        ("Sorry, `db01` is down.", []),
        ("Unfortunately `db01` is down.", []),
        ("Please note that it was a snapshot.", ["caveat"]),
        ("It's important to note the date.", ["caveat"]),
        ("Note: `db01` runs an old kernel.", []),
        ("The following hosts are down: `db01`.", []),
        ('`logger "I am sorry, please note that"` ran.', []),
    ],
)
def test_what_aj_never_says_is_seen_in_prose_and_not_in_code(phrase, found):
    own = {"robotic", "over_apology", "caveat"}
    assert [code for code in codes(check_voice(phrase, "senior_engineer", [])) if code in own] == found


@pytest.mark.parametrize(
    ("answer", "findings"),
    [
        ("`web01` 45%.", []),
        ("web01 45%.", ["no_inline_code"]),
        ("`web01` 45%, web01 again.", ["no_inline_code"]),
        ("web012 45%.", []),
        ("my-web01 45%.", []),
        ("```\nweb01 45%\n```", []),
        ("`ssh web01` works.", []),
        ("**web01** 45%.", ["no_inline_code"]),
        ("`45%\nweb01 62%`", ["no_inline_code"]),
    ],
)
def test_a_host_is_written_as_inline_code(answer, findings):
    assert codes(check_voice(answer, "senior_engineer", ["web01"])) == findings


@pytest.mark.parametrize("term", ["10.0.0.7", "/var/log/syslog", "systemctl restart nginx", "C:\\inetpub"])
def test_addresses_paths_and_commands_are_technical_terms(term):
    assert check_voice(f"Seen: `{term}`.", "senior_engineer", [term]) == []
    assert codes(check_voice(f"Seen: {term}.", "senior_engineer", [term])) == ["no_inline_code"]


def test_a_finding_points_at_its_place_in_the_reply():
    answer = "`web01` is at 45%. I will now stop."
    (finding,) = check_voice(answer, "senior_engineer", TERMS)
    assert finding.span is not None
    assert answer[slice(*finding.span)] == "I will now"
    assert (finding.why, finding.fix) == ("reads like a machine: says 'I will now'", "say it as a colleague would")


def test_a_rule_of_what_must_be_there_has_no_place_and_says_why():
    (finding,) = check_voice("`web01` has failed. Looking at it next.", "stressed_oncall", [])
    assert (finding.code, finding.span) == ("oncall_slow_start", None)
    assert finding.why == "the reply does not start with a short confirmation"
    assert finding.fix == 'start with "Got it"'


# Length beside the facts


@pytest.mark.parametrize(
    ("answer", "count"),
    [
        ("", 0),
        ("`web01` 45%, `db01` 62%.", 0),
        ("TL;DR: web01 is at 45% since 08:12.", 4),
        ("It's fine | `x` | - 3.2 GB", 3),
        ("```\nmany words are here\n```\nSeen twice.", 2),
    ],
)
def test_words_are_counted_beside_the_facts(answer, count):
    assert words(answer, TERMS) == count


@pytest.mark.parametrize(
    ("persona", "said", "last", "code", "why"),
    [
        ("senior_engineer", "Seen ", 40, "senior_too_long", "the reply is too long (41 words that are not facts)"),
        ("executive_brief", "TL;DR\n", 6, "exec_too_many_lines", "a list where a brief was asked for (7 lines)"),
    ],
)
def test_a_limit_is_the_last_length_that_fits(persona, said, last, code, why):
    assert check_voice(said * last, persona, []) == []
    (finding,) = check_voice(said * (last + 1), persona, [])
    assert (finding.code, finding.why) == (code, why)


def test_a_learner_gets_eight_words_at_least():
    (finding,) = check_voice("It matters because the disk is full.", "curious_learner", [])
    assert (finding.code, finding.why) == (
        "learner_too_short",
        "too short to learn from (7 words that are not facts)",
    )
    assert check_voice("It matters because the disk is nearly full.", "curious_learner", []) == []


def test_many_hosts_do_not_make_a_reply_too_long():
    facts = ", ".join(f"`web{number:02d}` {number}%" for number in range(60))
    assert check_voice(f"{facts}.", "senior_engineer", []) == []


def test_an_unknown_persona_is_the_callers_fault():
    with pytest.raises(KeyError):
        check_voice("Hi.", "pirate", [])
