"""Scenarios: drawn from a template and a seed, kept in a record, and solved by the oracle in calls that are valid."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aj.acts import DISCOVER, finishing, here, on, on_all
from aj.contract import load_contract
from aj.messages import Call, calls, result, user
from aj.personas import load_personas
from aj.wire import judge_call, render_call
from fleet.names import draw_names, names
from fleet.snapshot import diff
from scenarios.catalogue import scenario_from_record, templates
from scenarios.oracle import answer, next_act, plan, play
from scenarios.requests import ORDINALS, ask, catalogue
from scenarios.scenario import AnswerKind, ScriptedTurn, Stage, Template, register
from scenarios.truth import Truth

AJ = load_contract()
INTENTS = sorted(catalogue().intents)
PERSONAS = sorted(load_personas().personas)
SEEDS = st.integers(0, 2**31 - 1)
SPLITS = st.sampled_from(["train", "eval"])


def _stage(seed: int, split: str = "eval", persona: str = "senior_engineer") -> Stage:
    return Stage("test", split, seed, persona, (2, 4), 0)  # type: ignore[arg-type]


# --- a template and a seed are all of a scenario --------------------------------------------------------------------


@given(st.sampled_from(sorted(templates())), SEEDS, st.sampled_from(PERSONAS))
@settings(max_examples=30)
def test_a_scenario_survives_its_record_and_plays_the_same(name, seed, persona):
    scenario = templates()[name].draw(seed, persona)
    copy = scenario_from_record(scenario.to_record())
    assert copy == scenario
    assert play(copy, AJ)[0] == play(scenario, AJ)[0]


def test_a_scenario_record_of_another_shape_is_our_own_fault():
    for record in ({"hosts": []}, {"template": "no.such", "seed": 1, "persona": "senior_engineer"}):
        with pytest.raises(KeyError):
            scenario_from_record(record)


def test_a_scenario_of_an_unknown_persona_is_our_own_fault():
    with pytest.raises(KeyError):
        templates()["everyday.eval_1"].draw(1, "pirate")


@given(SEEDS)
@settings(max_examples=15)
def test_five_personas_ask_the_same_of_the_same_fleet_in_other_words(seed):
    drawn = [templates()["everyday.eval_2"].draw(seed, persona) for persona in PERSONAS]
    for scenario in drawn:
        assert scenario.start == drawn[0].start
        assert [(t.phrasing, t.steps, t.truth, t.items) for t in scenario.turns] == [
            (t.phrasing, t.steps, t.truth, t.items) for t in drawn[0].turns
        ]
    assert len({scenario.turns[0].text for scenario in drawn}) > 1


def test_two_templates_cannot_have_one_name():
    made = templates()["everyday.eval_1"]
    with pytest.raises(AssertionError, match=r"two templates are named everyday\.eval_1"):
        register(made)


@pytest.mark.parametrize(("windows", "platform"), [(0, "linux"), (1, "windows"), (4, "windows")])
def test_a_template_has_as_many_windows_hosts_as_it_names(windows, platform):
    made = Template("test", "everyday", "eval", "easy", lambda stage: None, size=(2, 4), windows=windows)
    assert made.platform == platform
    for seed in range(10):
        drawn = [host.platform for host in made.draw(seed, "senior_engineer").hosts]
        assert 2 <= len(drawn) <= 4
        assert drawn.count("windows") == min(windows, len(drawn))


# --- drawing --------------------------------------------------------------------------------------------------------


@given(SEEDS, SPLITS, st.integers(1, 9))
def test_names_are_distinct_and_of_their_split(seed, split, count):
    drawn = draw_names(Random(seed), split, count)
    roles = getattr(names(), split).roles
    assert len(set(drawn)) == count
    assert all(any(role in name for role in roles) for name in drawn)


@given(SEEDS)
@settings(max_examples=60)
def test_a_reference_by_position_names_that_host(seed):
    stage = _stage(seed)
    host = stage.pick()
    ask(stage, "memory", host, "ordinal")
    (turn,) = stage.turns
    said = [nth for nth in (*ORDINALS, "last") if f"the {nth} " in turn.text]
    (nth,) = said
    assert host == list(stage.hosts)[(*ORDINALS, "last").index(nth) if nth != "last" else -1]
    assert turn.steps[0].host == host


def test_an_asked_service_is_one_of_the_host():
    for seed in range(20):
        stage = _stage(seed)
        host = stage.pick()
        service = ask(stage, "service", host)
        assert stage.turns[0].truth.stated == {host: (stage.hosts[host].services[service].state,)}


def test_an_intent_over_the_fleet_has_a_fact_of_each_host_that_differs():
    stage = _stage(3)
    for intent in INTENTS:
        if "fleet" in catalogue().intents[intent].scopes:
            ask(stage, intent)
            said = stage.turns[-1].truth.stated
            assert list(said) == list(stage.hosts)
            assert all(all(values) for values in said.values())


def test_a_dictated_command_is_in_the_request_verbatim():
    """A persona's words around it would join the command."""
    for persona in PERSONAS:
        for name in [name for name in templates() if name.startswith("hard_values.")]:
            turn = templates()[name].draw(1, persona).turns[0]
            assert turn.exact
            assert turn.steps[0].command in turn.text


# --- the oracle -----------------------------------------------------------------------------------------------------


@given(SEEDS, st.sampled_from(INTENTS), st.sampled_from(PERSONAS))
@settings(max_examples=60)
def test_the_oracle_solves_what_is_asked_in_valid_calls(seed, intent, persona):
    stage = _stage(seed, "train", persona)
    host = stage.pick() if "host" in catalogue().intents[intent].scopes else None
    service = ask(stage, intent, host)
    scenario = stage.scenario()
    messages, fleet = play(scenario, AJ)
    spoken = [message.call for message in messages if message.call]
    assert all(judge_call(render_call(call, AJ), AJ).call == call for call in spoken)
    assert scenario.turns[0].items in str(finishing(spoken[-1], AJ))
    assert [call.tool for call in spoken].count("list_agents") == (catalogue().intents[intent].scopes != ("local",))
    changed = diff(scenario.start, fleet.snapshot())
    if intent == "restart":
        assert changed[f"{host}/services/{service}/restarts"] == ("0", "1")
        assert fleet.hosts[str(host)].services[service].state == "active"
        assert all(key.startswith(f"{host}/services/{service}/") for key in changed)
    else:
        assert changed == {}


DISK = ScriptedTurn(
    "disk?", "disk.0", (on("web01", "df -h /"),), Truth({"web01": ("45%",)}), "`web01` 45%", "it matters"
)
LOCAL = replace(DISK, steps=(here("ls"),), truth=Truth({"": ("a",)}))
COUNT = replace(DISK, steps=(), truth=Truth({"web01": ()}, count=1), kind="count")
ABSENT = replace(DISK, steps=(), truth=Truth({"": ("none",)}), kind="failed")
ASKED = [user("disk?")]
LISTED = [*ASKED, calls("list_agents"), result("list_agents", "  - web01: web01 (linux) @ 10.0.0.2:7000")]
LOOKED = [*LISTED, calls("remote_bash", {"agent_id": "web01", "command": "df"}), result("remote_bash", "45%")]


@pytest.mark.parametrize(
    ("turn", "past", "wanted"),
    [
        (DISK, ASKED, DISCOVER),
        (DISK, LISTED, DISK.steps[0]),
        (DISK, LOOKED, None),
        (DISK, [*LOOKED, calls("complete", {"answer": "45%"}), user("disk?")], DISK.steps[0]),
        (replace(DISK, steps=(on_all("df"),)), ASKED, DISCOVER),
        (LOCAL, ASKED, LOCAL.steps[0]),
        (COUNT, ASKED, DISCOVER),
        (COUNT, LISTED, None),
        (ABSENT, ASKED, DISCOVER),
        (replace(ABSENT, kind="plain"), ASKED, None),
        (replace(ABSENT, kind="ask_back", truth=Truth(asks_back=True)), ASKED, None),
    ],
)
def test_the_oracle_discovers_when_needed_then_takes_the_steps_then_answers(turn, past, wanted):
    assert next_act(turn, past, ["web01"], AJ) == wanted


@pytest.mark.parametrize("kind", ["facts", "count", "restart", "ask_back", "failed"])
@pytest.mark.parametrize("persona", PERSONAS)
def test_an_answer_in_any_voice_holds_the_substance_and_no_open_slot(kind: AnswerKind, persona):
    said = answer(replace(DISK, kind=kind), persona)
    assert "`web01`" in said
    assert "{" not in said


def test_talk_is_answered_as_it_is_written():
    assert answer(replace(DISK, kind="plain", items="You're welcome."), "casual_developer") == "You're welcome."


def test_a_plan_discovers_takes_each_step_where_it_belongs_and_reports():
    turn = replace(DISK, steps=(here("cat hosts.txt"), on("web01", "df -h /"), on_all("uptime")))
    assert plan(turn).splitlines() == [
        "1. Discover the agents.",
        "2. Run `cat hosts.txt` in the workspace.",
        "3. Run `df -h /` on `web01`.",
        "4. Run `uptime` on every agent.",
        "5. Report the result.",
    ]
    assert plan(LOCAL).splitlines() == ["1. Run `ls` in the workspace.", "2. Report the result."]


def test_only_a_finishing_call_gives_an_answer():
    assert finishing(Call("complete", {"answer": "done"}), AJ) == "done"
    assert finishing(Call("complete", {"error": "down"}), AJ) == "down"
    assert finishing(Call("think", {"thought": "done"}), AJ) is None
    assert finishing(None, AJ) is None
