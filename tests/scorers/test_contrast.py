"""Contrast: whom a reply is for; the same facts said to five users, in the right direction and in wrong ones."""

import pytest

from aj.findings import codes
from aj.personas import load_personas
from loop.judge_check import read_labels
from scorers.checks.contrast import check_contrast, check_recipient, recipient
from scorers.checks.voice import check_voice

RIGHT = {
    "casual_developer": "Yep, it's fine: `web01` 45%, `db01` 91%. Want me to clean up `db01`?",
    "senior_engineer": "`web01` 45%, `db01` 91%.",
    "stressed_oncall": "Got it. `web01` 45%, `db01` 91%. Looking at `db01` next.",
    "curious_learner": "`web01` is at 45%, `db01` at 91%. That matters because a full disk stops all writes.",
    "executive_brief": "TL;DR: 1 of 2 disks needs attention (`db01`, 91%).",
}


def changed(**replies: str) -> list[str]:
    return codes(check_contrast(RIGHT | replies))


def test_five_replies_in_five_tones_have_the_right_contrast():
    assert check_contrast(RIGHT) == []


def test_the_oracles_wordings_have_the_right_contrast():
    slots = {"items": "`web01` 45%, `db01` 91%", "count": "2", "why": "a full disk stops services from writing"}
    for kind in ("facts", "count", "restart"):
        known = load_personas().personas.items()
        said = {name: getattr(persona.voice, kind)[0].format(**slots) for name, persona in known}
        assert check_contrast(said) == [], kind


@pytest.mark.parametrize("brief", ["senior_engineer", "executive_brief"])
def test_a_brief_reply_is_not_longer_than_the_learners(brief):
    long = (
        "TL;DR: we looked at each of the disks in turn, and found that one of them will be full in a few days: `db01`."
    )
    assert changed(**{brief: long}) == ["contrast_length"]
    assert changed(**{brief: "TL;DR: `web01` and `db01` are at 45% and 91%."}) == []


def test_facts_do_not_count_as_length():
    many = ", ".join(f"`web{number:02d}` {number}%" for number in range(40))
    assert changed(senior_engineer=f"{many}.") == []


def test_the_casual_reply_is_less_formal_than_the_executives():
    assert changed(executive_brief="TL;DR: it's okay, that's all good.") == ["contrast_formality"]
    assert changed(casual_developer="The disks are at 45% and 91%.") == ["contrast_formality"]
    assert changed(executive_brief="TL;DR: that's 1 of 2.") == []


def test_the_learner_gets_more_reasons_than_the_senior():
    assert changed(curious_learner="The disk of `web01` is at 45%, the one of `db01` at 91%.") == [
        "contrast_explanation"
    ]
    assert changed(senior_engineer="`db01` 91%, because of logs, which means trouble.") == ["contrast_explanation"]


def test_one_reply_for_all_has_no_contrast():
    assert codes(check_contrast(dict.fromkeys(RIGHT, "It's at 45%."))) == ["contrast_formality", "contrast_explanation"]


def test_only_pairs_that_are_there_are_compared():
    assert check_contrast({}) == []
    assert check_contrast({"executive_brief": "It's okay, that's all good."}) == []


def test_a_finding_says_what_was_counted():
    (finding,) = check_contrast(RIGHT | {"executive_brief": "TL;DR: it's okay, that's all good."})
    assert finding.why == "3 relaxed words to casual_developer, 4 to executive_brief"


def test_an_unknown_persona_is_the_callers_fault():
    with pytest.raises(KeyError):
        check_contrast({"pirate": "Arr."})


# Whom one reply is for

ONE_STYLE = {
    "a status for all": "Status: {facts}. So that's where it stands now. What's next?",
    "casual": "Yep, here's what I've got: {facts}. Okay? Want me to check more?",
    "executive": "TL;DR: {facts}.",
    "plain": "{facts}.",
    "an on-call's with a reason": "Okay. {facts}. Checking it now, so what's next?",
    "every mark at once": "Got it. TL;DR: {facts}. It matters because disks fill. Hang tight. Want me to check more?",
    "every mark at the end": "{facts}. Okay: summary, that's why, because it means you're good; next? Want more?",
    "yes to everybody": "Yes, {facts}, so that's it now, checking the rest next. Shall I go on?",
}


@pytest.mark.parametrize("style", ONE_STYLE.values(), ids=ONE_STYLE)
def test_one_style_for_all_suits_one_persona_at_most(style):
    reply = style.format(facts="`web01` 45%, `db01` 91%")
    suited = [persona for persona in RIGHT if not check_voice(reply, persona, []) + check_recipient(reply, persona, [])]
    assert len(suited) <= 1


@pytest.mark.parametrize("persona", RIGHT)
def test_a_reply_is_recognised_as_the_personas_that_it_was_written_for(persona):
    assert recipient(RIGHT[persona], []) == persona


def test_a_reply_that_breaks_everybodys_rules_is_for_nobody():
    assert recipient("I am so sorry!!! `db01` is at 91%.", []) is None
    (finding,) = check_recipient("I am so sorry!!! `db01` is at 91%.", "senior_engineer", [])
    assert finding.code == "no_contrast"
    assert "reads like a reply to nobody" in finding.why


def test_a_reply_that_keeps_the_rules_of_a_more_demanding_persona_is_for_that_one():
    assert check_voice("Summary: `db01` is at 91%.", "senior_engineer", []) == []
    assert recipient("Summary: `db01` is at 91%.", []) == "executive_brief"


def test_replies_that_people_found_fitting_are_nearly_all_recognised():
    fitting = [
        label for label in read_labels()[1] if label.fits and not check_voice(label.reply, label.persona, label.terms)
    ]
    kept = sum(recipient(label.reply, label.terms) == label.persona for label in fitting)
    assert kept / len(fitting) > 0.95
