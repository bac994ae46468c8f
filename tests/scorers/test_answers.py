"""Truth: an answer names every host it is about, says each value of its own host, and makes nothing up."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aj.findings import codes
from aj.personas import load_personas
from scenarios.oracle import answer as true_answer
from scenarios.requests import ask, catalogue
from scenarios.scenario import Stage
from scenarios.truth import Truth
from scorers.checks.answers import check_answer, check_count, check_grounded

TRUTH = Truth({"web-1": ("45%",), "web-2": ("5%",)})
COUNT = Truth({"web-1": (), "web-2": ()}, count=2)


# --- facts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        "`web-1` 45%, `web-2` 5%.",
        "`web-2` is at 5% and `web-1` at 45%",
        "web-1: 45%\nweb-2: 5%",
        "45% on web-1 and 5% on web-2",
        "Disk use: 45% (web-1), 5% (web-2).",
    ],
)
def test_a_true_answer_is_right_in_either_order(answer):
    assert check_answer(answer, TRUTH) == []


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("`web-1` 45%", "name_missing"),
        ("web-1 45%, web-22 5%", "name_missing"),
        ("web-1 45%, my-web-2 5%", "name_missing"),
        ("", "name_missing"),
        ("`web-1` 5%, `web-2` 45%", "wrong_fact"),
        ("5% on web-1 and 45% on web-2", "wrong_fact"),
        ("`web-1` and `web-2`", "wrong_fact"),
        ("`web-1` 45%, `web-2` 15%", "wrong_fact"),
        ("`web-1` 45%, `web-2` 5.5%", "wrong_fact"),
        ("`web-1` 145%, `web-2` 5%", "wrong_fact"),
        ("`web-1` 45, `web-2` 5", "wrong_fact"),
        ("all at 45% and 5%: web-1, web-2", "wrong_fact"),
    ],
)
def test_a_wrong_answer_is_named(answer, code):
    assert codes(check_answer(answer, TRUTH))[0] == code


def test_a_state_is_not_found_in_its_opposite():
    active = Truth({"web-1": ("active",)})
    assert check_answer("`nginx` on `web-1` is active", active) == []
    assert codes(check_answer("`nginx` on `web-1` is inactive", active)) == ["wrong_fact"]


@pytest.mark.parametrize(
    ("answer", "right"), [("web-1 is active", True), ("web-1 is Running", True), ("web-1 is enabled", False)]
)
def test_either_of_two_words_for_a_value_is_right(answer, right):
    assert (check_answer(answer, Truth({"web-1": ("active|running",)})) == []) == right


@pytest.mark.parametrize("said", ["3.1Gi", "3.1 GiB", "3.1GB", "3.1G"])
def test_a_size_may_be_written_in_any_spelling(said):
    assert check_answer(f"`web-1` uses {said}", Truth({"web-1": ("3.1Gi",)})) == []


@pytest.mark.parametrize("said", ["3.1Mi", "13.1Gi", "3.12Gi", "3Gi"])
def test_another_size_is_wrong_in_any_spelling(said):
    assert codes(check_answer(f"`web-1` uses {said}", Truth({"web-1": ("3.1Gi",)}))) == ["wrong_fact"]


def test_a_local_answer_names_no_host():
    local = Truth({"": ("1.2.3",)})
    assert check_answer("It is `1.2.3`.", local) == []
    assert codes(check_answer("It is `11.2.3`.", local)) == ["wrong_fact"]
    assert codes(check_answer("It is `1.2.3.4`.", local)) == ["wrong_fact"]


# --- names ----------------------------------------------------------------------------------------------------------

FULL = Truth({"web-1": ("91%",)}, never=("web-2", "db"))


@pytest.mark.parametrize(
    ("answer", "findings"),
    [
        ("`web-1`, at 91%", []),
        ("`web-1`, at 91%, but not my-db or web-22", []),
        ("`web-1` 91%, `web-2` 50%", ["wrong_name"]),
        ("web-1 91%, db and web-2 are fine", ["wrong_name", "wrong_name"]),
        ("all of them: web-2, db", ["name_missing", "wrong_name", "wrong_name"]),
    ],
)
def test_who_does_not_fit_must_not_be_named(answer, findings):
    assert codes(check_answer(answer, FULL)) == findings


@pytest.mark.parametrize(
    ("answer", "findings"),
    [
        ("Which one do you mean, `web-1` or `web-2`?", []),
        ("I restarted `web-1`.", ["no_question"]),
        ("", ["no_question"]),
    ],
)
def test_where_a_question_back_is_right_nothing_else_is(answer, findings):
    assert codes(check_answer(answer, Truth({"": ("restarted",)}, asks_back=True))) == findings


# --- counts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer", ["`web-1` and `web-2`: 2 agents.", "two: web-1, web-2", "web-1 and web-2 are up, 2 in all."]
)
def test_a_right_count_may_be_a_number_or_a_word(answer):
    assert check_count(answer, ["web-1", "web-2"], 2) == []
    assert check_answer(answer, COUNT) == []


@pytest.mark.parametrize(
    "answer",
    [
        "`web-1` and `web-2`",
        "web-1, web-2: 3 agents",
        "web-1 and web-2, 2 or 3",
        "three: web-1, web-2",
        "1 agent: web-1 web-2",
    ],
)
def test_a_wrong_count_is_seen(answer):
    assert codes(check_count(answer, ["web-1", "web-2"], 2)) == ["wrong_count"]
    assert codes(check_answer(answer, COUNT)) == ["wrong_count"]


def test_a_count_must_name_what_it_counts():
    assert codes(check_answer("2 agents", Truth({"a": (), "b": ()}, count=2))) == ["name_missing", "name_missing"]


def test_a_count_of_something_else_than_hosts_needs_no_names():
    assert check_answer("7 errors", Truth(count=7)) == []
    assert codes(check_answer("8 errors", Truth(count=7))) == ["wrong_count"]


# --- nothing made up ------------------------------------------------------------------------------------------------

NAMES = ["web01", "db-2"]
SOURCES = [
    "how full is web01? and is postgresql up?",
    "Filesystem Size Used Avail Use%\n/dev/sda1 50G 22G 28G 45%\nMem: 3.1Gi\n 09:15 load average: 0.42, 0.40",
    "USER PID %CPU COMMAND\nroot 1234 87.3 python3 /srv/app/sync.py\nVERSION 1.2.3",
]


@pytest.mark.parametrize(
    "answer",
    [
        "`web01` is at 45%, 28G are left.",
        "`web01` uses 3.1 GiB, the load is 0.42.",
        "`/srv/app/sync.py` (pid 1234) takes 87.3% of a core.",
        "`postgresql` is what you asked for; version `1.2.3`.",
        "Both agents, 2 of 2, are fine.",
        "`POSTGRESQL` is up since 09:15.",
        "web01 and db-2 are up.",
        "All done.",
        "",
    ],
)
def test_what_was_seen_or_asked_about_may_be_said(answer):
    assert check_grounded(answer, SOURCES, NAMES) == []


@pytest.mark.parametrize(
    ("answer", "made_up"),
    [
        ("`web01` is at 46%", "46%"),
        ("`web01` is at 5%", "5%"),
        ("`web01` is at 4.5%", "4.5%"),
        ("the load is 0.43", "0.43"),
        ("the load is 42", "42"),
        ("it uses 3.1Mi", "3.1M"),
        ("pid 123", "123"),
        ("it takes 87%", "87%"),
        ("version 1.2.4", "1.2.4"),
        ("version 1.2", "1.2"),
        ("`web99` is fine", "web99"),
        ("`web0` is fine", "web0"),
        ("`redis` is active", "redis"),
        ("`sql` is active", "sql"),
        ("`/srv/app/other.py` is to blame", "/srv/app/other.py"),
        ("it happened at 09:16", "09:16"),
        ("9 agents are up", "9"),
    ],
)
def test_what_stands_nowhere_is_made_up(answer, made_up):
    assert [finding.why.split("'")[1] for finding in check_grounded(answer, SOURCES, NAMES)] == [made_up]
    assert codes(check_grounded(answer, SOURCES, NAMES)) == ["ungrounded"]


def test_what_is_made_up_twice_is_told_once():
    assert codes(check_grounded("`redis`, 46%, `redis`, 46%", SOURCES, NAMES)) == ["ungrounded", "ungrounded"]


@given(st.integers(0, 999), st.integers(0, 999))
def test_a_number_is_grounded_only_by_itself(said, seen):
    found = check_grounded(f"It is at {said}%.", [f"Use% {seen}%"], [])
    assert (found == []) == (said == seen)


@given(st.text(), st.text())
def test_any_answer_can_be_checked(answer, source):
    assert check_grounded(source, [source], []) is not None
    for finding in check_grounded(answer, [source], NAMES):
        assert finding.code == "ungrounded"


# --- the oracle's answers, over drawn worlds ------------------------------------------------------------------------

ASKS = st.tuples(
    st.integers(0, 2**31 - 1),
    st.sampled_from(sorted(catalogue().intents)),
    st.sampled_from(sorted(load_personas().personas)),
)


@given(ASKS)
@settings(max_examples=100)
def test_the_oracles_answer_is_true_and_no_longer_when_the_world_is_another(drawn):
    seed, intent, persona = drawn
    stage = Stage("test", "eval", seed, persona, (2, 4), 0)
    ask(stage, intent, stage.pick() if "host" in catalogue().intents[intent].scopes else None)
    (turn,) = stage.turns
    said = true_answer(turn, persona)
    assert check_answer(said, turn.truth) == []
    for name in turn.truth.stated:
        if name:
            assert check_answer(said.replace(name, "elsewhere"), turn.truth)
    if intent not in ("count", "hostname", "restart"):
        elsewhere = {name: tuple(f"9{value}" for value in values) for name, values in turn.truth.stated.items()}
        assert codes(check_answer(said, Truth(elsewhere)))[0] == "wrong_fact"


@given(st.integers(0, 2**31 - 1), st.sampled_from(["disk", "load"]))
@settings(max_examples=60)
def test_values_said_of_the_wrong_host_are_wrong(seed, intent):
    stage = Stage("test", "eval", seed, "senior_engineer", (2, 4), 0)
    ask(stage, intent)
    truth, names = stage.turns[0].truth, list(stage.hosts)
    values = list(truth.stated.values())
    rotated = dict(zip(names, [*values[1:], values[0]], strict=True))
    said = ", ".join(f"`{name}` {of[0]}" for name, of in rotated.items())
    assert bool(check_answer(said, truth)) == (rotated != truth.stated)
