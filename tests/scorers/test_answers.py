"""Truth: an answer names every host it is about and says each value of its own host; another answer is wrong."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aj.findings import codes
from aj.fleet.asks import Ask, catalogue, facts
from aj.fleet.oracle import true_answer
from aj.fleet.scenarios import draw_scenario
from aj.personas import load_personas
from scorers.checks.answers import check_answer, check_count

DISK = Ask("disk", "fleet", "senior_engineer", "disks?", "disk.fleet.eval.0")
COUNT = replace(DISK, intent="count")
TRUTH = {"web-1": ["45%"], "web-2": ["5%"]}


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
    assert check_answer(answer, DISK, TRUTH) == []


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
    assert codes(check_answer(answer, DISK, TRUTH))[0] == code


def test_a_state_is_not_found_in_its_opposite():
    service = replace(DISK, intent="service", scope="host", host="web-1", service="nginx")
    assert check_answer("`nginx` on `web-1` is active", service, {"web-1": ["active"]}) == []
    assert codes(check_answer("`nginx` on `web-1` is inactive", service, {"web-1": ["active"]})) == ["wrong_fact"]


def test_a_local_answer_names_no_host():
    local = replace(DISK, intent="workspace", scope="local")
    assert check_answer("It is `1.2.3`.", local, {"": ["1.2.3"]}) == []
    assert codes(check_answer("It is `11.2.3`.", local, {"": ["1.2.3"]})) == ["wrong_fact"]
    assert codes(check_answer("It is `1.2.3.4`.", local, {"": ["1.2.3"]})) == ["wrong_fact"]


@pytest.mark.parametrize(
    "answer", ["`web-1` and `web-2`: 2 agents.", "two: web-1, web-2", "web-1 and web-2 are up, 2 in all."]
)
def test_a_right_count_may_be_a_number_or_a_word(answer):
    assert check_count(answer, ["web-1", "web-2"]) == []
    assert check_answer(answer, COUNT, {"web-1": ["web-1"], "web-2": ["web-2"]}) == []


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
    assert codes(check_count(answer, ["web-1", "web-2"])) == ["wrong_count"]


def test_a_count_must_name_the_agents():
    assert codes(check_answer("2 agents", COUNT, {"a": ["a"], "b": ["b"]})) == ["name_missing", "name_missing"]


# --- the oracle's answers, over drawn worlds ------------------------------------------------------------------------

ASKS = st.tuples(
    st.integers(0, 2**31 - 1),
    st.sampled_from(sorted(catalogue().intents)),
    st.sampled_from(sorted(load_personas().personas)),
)


@given(ASKS)
@settings(max_examples=150)
def test_the_oracles_answer_is_true_and_no_longer_when_the_world_is_another(drawn):
    seed, intent, persona = drawn
    scenario = draw_scenario(Random(seed), "eval", [intent], persona)
    ask, fleet = scenario.asks[0], scenario.fleet()
    answer, truth = true_answer(ask, fleet, Random(seed)), facts(ask, fleet.hosts, fleet.local)
    assert check_answer(answer, ask, truth) == []
    for name in truth:
        if name:
            assert check_answer(answer.replace(name, "elsewhere"), ask, truth)
    if intent not in ("count", "hostname", "restart"):
        elsewhere = {name: tuple(f"9{value}" for value in values) for name, values in truth.items()}
        assert codes(check_answer(answer, ask, elsewhere))[0] == "wrong_fact"


@given(st.integers(0, 2**31 - 1), st.sampled_from(["disk", "load"]))
@settings(max_examples=100)
def test_values_said_of_the_wrong_host_are_wrong(seed, intent):
    scenario = draw_scenario(Random(seed), "eval", ["count"], "senior_engineer", hosts=(2, 4))
    fleet, names = scenario.fleet(), list(scenario.hosts)
    ask = replace(scenario.asks[0], intent=intent)
    truth = facts(ask, fleet.hosts, fleet.local)
    rotated = dict(zip(names, [*list(truth.values())[1:], truth[names[0]]], strict=True))
    said = ", ".join(f"`{name}` {values[0]}" for name, values in rotated.items())
    assert bool(check_answer(said, ask, truth)) == (rotated != truth)
