"""A wording is taken only if it asks for the same, tells the same, and touches no call."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aj.contract import load_contract
from aj.findings import codes
from aj.messages import Row, calls, reply, result, user
from datasets_build.drawn.worded.checks import check_wording
from datasets_build.drawn.worded.meaning import check_request, terms_of
from datasets_build.drawn.worded.teachers.wording import Job, Wording, reworded, slots_of, trajectory
from scenarios.truth import Truth

AJ = load_contract()
LISTED = "Available agents:\n  - web01: web01 (linux) @ 10.0.0.2:7000\n  - db02: db02 (linux) @ 10.0.0.3:7000"
TALK = (
    user("check the disk on web01"),
    calls("list_agents", note="On it!"),
    result("list_agents", LISTED),
    calls("remote_bash", {"agent_id": "web01", "command": "df -h /"}),
    result("remote_bash", "/dev/sda1 40G 18G 22G 45% /"),
    calls("complete", {"answer": "Here's what I found: `web01` 45%. Want more?"}),
)
GOOD = {
    "user_0": "yo could u check the disk on web01",
    "note_0": "Let me see...",
    "answer_0": "Okay, `web01` is 45% full. Anything else?",
}


TOLD = Truth({"web01": ("45%",)})


def job(persona="casual_developer", talk=TALK, truth=TOLD):
    slots = [
        replace(slot, truth=truth, tells="`web01` 45%") if slot.place == "answer" else slot
        for slot in slots_of(talk, AJ)
    ]
    return Job(persona, talk, tuple(slots), ("web01", "db02"))


def found(**texts):
    return codes(list(check_wording(job(), Wording(GOOD | texts), AJ).findings))


def test_a_good_wording_gives_the_conversation_with_its_calls_as_they_were():
    messages = check_wording(job(), Wording(GOOD), AJ).messages
    assert messages is not None
    assert [slot.text for slot in slots_of(messages, AJ)] == list(GOOD.values())
    assert trajectory(messages, AJ) == trajectory(TALK, AJ)
    assert messages != TALK


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        ({"user_0": "yo could u check the disk"}, "request_lost_term"),
        ({"user_0": "yo check the disk on web01 and db02"}, "request_added_host"),
        ({"user_0": f"check the disk on web01 {'please ' * 100}"}, "request_too_long"),
        ({"note_0": "Looks like it is 97% full!"}, "ungrounded"),
        ({"note_0": "I will now execute it."}, "robotic"),
        ({"note_0": "so " * 20}, "note_too_long"),
        ({"answer_0": "Okay, `web01` is 54% full. Anything else?"}, "wrong_fact"),
        ({"answer_0": "Okay, it's 45% full. Anything else?"}, "name_missing"),
        ({"answer_0": "Okay, `web01` is 45% of 99G full. Anything else?"}, "ungrounded"),
        ({"answer_0": "Okay, web01 is 45% full. Anything else?"}, "no_inline_code"),
        ({"answer_0": "Okay, `web01` is 45% full."}, "casual_no_offer"),
        ({"answer_0": "Okay, df was executed: `web01` is 45% full. Anything else?"}, "made_up_output"),
        ({"answer_0": "Okay, `web01` is 45% full. Anything else?" + " well" * 400}, "answer_too_long"),
        ({"answer_0": " "}, "blank_text"),
        ({"answer_1": "more"}, "wrong_slots"),
    ],
)
def test_each_fault_has_its_code(texts, code):
    assert code in found(**texts)


def test_a_missing_slot_is_a_fault():
    assert codes(list(check_wording(job(), Wording({}), AJ).findings)) == ["wrong_slots"]


def test_a_question_back_may_weigh_what_nobody_looked_up_and_must_ask():
    asking = job(truth=Truth(asks_back=True))
    weighed = "that would end 3 `web01` jobs, shall I?"
    asking = replace(asking, slots=tuple(replace(slot, tells=weighed) for slot in asking.slots))
    asked = check_wording(asking, Wording(GOOD | {"answer_0": "That'd end 3 jobs on `web01`, shall I?"}), AJ)
    told = check_wording(asking, Wording(GOOD | {"answer_0": "Yep, `web01`."}), AJ)
    assert asked.messages
    assert "no_question" in codes(list(told.findings))


def test_without_a_known_truth_the_old_text_is_what_is_true():
    """Rows that exist: the new answer tells the old one's names and numbers, and no others."""
    old = replace(job(), slots=tuple(slots_of(TALK, AJ)))
    assert check_wording(old, Wording(GOOD), AJ).messages
    lost = check_wording(old, Wording(GOOD | {"answer_0": "Okay, that's `web01`. Anything else?"}), AJ)
    assert "answer_lost_fact" in codes(list(lost.findings))
    added = check_wording(old, Wording(GOOD | {"answer_0": "Yep, `web01` 45%, `db02` 12%. Anything else?"}), AJ)
    assert "ungrounded" in codes(list(added.findings))


# --- requests -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("what does /etc/nginx/nginx.conf say on prod-web-7?", ["prod-web-7", "/etc/nginx/nginx.conf"]),
        (r"read C:\Apps\Shop\VERSION there", [r"C:\Apps\Shop\VERSION"]),
        ('count "db down" in app.log, over 60%', ["db down", "app.log", "60%"]),
        (
            "is max_connections the same as LogLevel and VERSION 3.14.2?",
            ["max_connections", "LogLevel", "VERSION", "3.14.2"],
        ),
        ("which hosts have a load above 4 and little RAM?", ["4"]),
        ("no terms here, thanks.", []),
    ],
)
def test_names_paths_numbers_and_quotes_are_terms(text, terms):
    assert sorted(terms_of(text, ["prod-web-7"])) == sorted(terms)


@pytest.mark.parametrize(
    ("old", "kept", "lost"),
    [
        ("check the second one", "pls look at the second box", "pls look at the box"),
        ("and there too?", "what about that one", "what about the disk"),
        ("which hosts do not have it?", "who is it missing on, of all hosts?", "who has it of all hosts?"),
        ("check disk space on all servers", "disk space everywhere", "disk space on the box"),
        ("restart it", "give it a kick", "look at it"),
        ("delete that file", "get rid of that file", "read that file"),
        ("why?", "what's the reason?", "and now?"),
        ("how many are that?", "count those", "name those"),
        ("show my local files", "ls here", "ls on the server"),
    ],
)
def test_a_word_that_carries_the_request_must_stand_or_be_replaced_by_its_like(old, kept, lost):
    assert check_request(old, kept, [], ["web01"]) == []
    assert "request_lost_meaning" in codes(check_request(old, lost, [], ["web01"]))


def test_a_request_that_names_its_host_needs_no_reference():
    assert check_request("check it on web01", "check web01", ["web01"], ["web01"]) == []


# --- slots ----------------------------------------------------------------------------------------------------------


def test_slots_are_numbered_by_kind_and_know_their_turn():
    talk = (*TALK, user("thanks"), reply("Any time."), user("and db02?"), calls("complete", {"error": "no such host"}))
    assert [(slot.name, slot.turn) for slot in slots_of(talk, AJ)] == [
        ("user_0", 0),
        ("note_0", 0),
        ("answer_0", 0),
        ("user_1", 1),
        ("answer_1", 1),
        ("user_2", 2),
        ("answer_2", 2),
    ]


@given(st.lists(st.text(min_size=1), min_size=3, max_size=3))
@settings(max_examples=25)
def test_new_texts_come_to_their_places_and_nothing_else_moves(texts):
    names = [slot.name for slot in slots_of(TALK, AJ)]
    worded = reworded(TALK, dict(zip(names, texts, strict=True)), AJ)
    assert [slot.text for slot in slots_of(worded, AJ)] == texts
    assert trajectory(worded, AJ) == trajectory(TALK, AJ)


@given(st.dictionaries(st.sampled_from(["user_0", "note_0", "answer_0", "x"]), st.text(max_size=60), max_size=4))
@settings(max_examples=30)
def test_any_wording_is_judged_and_none_raises(texts):
    checked = check_wording(job(), Wording(texts), AJ, Row(TALK))
    assert (checked.messages is None) == bool(checked.findings)


def test_a_changed_call_or_result_shows_in_the_trajectory():
    other_call = calls("remote_bash", {"agent_id": "db02", "command": "df -h /"})
    assert trajectory((*TALK[:3], other_call, *TALK[4:]), AJ) != trajectory(TALK, AJ)
    assert trajectory((*TALK[:4], result("remote_bash", "46% /"), TALK[5]), AJ) != trajectory(TALK, AJ)
