"""Scenarios: drawn from a seed, kept in a record, and solved by the oracle in calls that are valid."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aj.contract import load_contract
from aj.fleet.asks import ORDINALS, catalogue, draw_names
from aj.fleet.hosts import human
from aj.fleet.oracle import finishing, solve, true_answer
from aj.fleet.scenarios import draw_scenario, play, scenario_from_record
from aj.messages import Call
from aj.personas import load_personas
from aj.wire import judge_call, render_call

AJ = load_contract()
INTENTS = sorted(catalogue().intents)
SEEDS = st.integers(0, 2**31 - 1)


@given(SEEDS, st.sampled_from(["train", "eval"]), st.lists(st.sampled_from(INTENTS), min_size=1, max_size=3))
@settings(max_examples=40)
def test_a_scenario_survives_its_record_and_plays_the_same(seed, split, intents):
    scenario = draw_scenario(Random(seed), split, intents)
    assert scenario == draw_scenario(Random(seed), split, intents)
    copy = scenario_from_record(scenario.to_record())
    assert copy == scenario
    assert play(copy, AJ)[0] == play(scenario, AJ)[0]


def test_a_scenario_record_of_another_shape_is_our_own_fault():
    with pytest.raises(KeyError):
        scenario_from_record({"hosts": []})
    with pytest.raises(TypeError):
        scenario_from_record({"hosts": [], "seed": 1, "asks": [{"mood": "good"}]})


# --- drawing --------------------------------------------------------------------------------------------------------


@given(SEEDS, st.sampled_from(["train", "eval"]), st.integers(1, 4))
def test_names_are_distinct_and_of_their_split(seed, split, count):
    names = draw_names(Random(seed), split, count)
    roles = getattr(catalogue().names, split).roles
    assert len(set(names)) == count
    assert all(any(role in name for role in roles) for name in names)


@given(SEEDS)
@settings(max_examples=60)
def test_a_reference_by_position_names_that_host(seed):
    scenario = draw_scenario(Random(seed), "eval", ["count", "memory"], "senior_engineer")
    ask = scenario.asks[-1]
    said = {nth: f"the {nth} " in ask.text for nth in (*ORDINALS, "last")}
    for nth, place in zip((*ORDINALS, "last"), (0, 1, 2, 3, -1), strict=True):
        if said[nth]:
            assert ask.host == scenario.hosts[place]


@pytest.mark.parametrize(("megabytes", "shown"), [(512, "512Mi"), (1024, "1.0Gi"), (3174, "3.1Gi")])
def test_memory_is_shown_as_free_shows_it(megabytes, shown):
    assert human(megabytes) == shown


# --- the oracle -----------------------------------------------------------------------------------------------------


@given(SEEDS, st.sampled_from(INTENTS), st.sampled_from(sorted(load_personas().personas)))
@settings(max_examples=60)
def test_the_oracle_solves_what_is_asked_in_valid_calls(seed, intent, persona):
    scenario = draw_scenario(Random(seed), "train", [intent], persona)
    ask, fleet = scenario.asks[0], scenario.fleet()
    turns = solve(ask, [], fleet, AJ, Random(seed))
    spoken = [turn.call for turn in turns if turn.call]
    assert all(judge_call(render_call(call, AJ), AJ).call == call for call in spoken)
    assert finishing(spoken[-1], AJ) in {true_answer(ask, fleet, Random(number)) for number in range(16)}
    assert [call.tool for call in spoken].count("list_agents") == (ask.scope != "local")
    restarts = {name: host.restarts for name, host in fleet.hosts.items() if host.restarts}
    assert restarts == ({ask.host: (ask.service,)} if intent == "restart" else {})


def test_only_a_finishing_call_gives_an_answer():
    assert finishing(Call("complete", {"answer": "done"}), AJ) == "done"
    assert finishing(Call("complete", {"error": "down"}), AJ) == "down"
    assert finishing(Call("think", {"thought": "done"}), AJ) is None
    assert finishing(None, AJ) is None
