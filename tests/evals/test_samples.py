"""Every frozen sample: its own gold answer is right, and answers to something else are wrong."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from aj.contract import load_contract
from aj.files import digest
from aj.findings import Finding
from aj.fleet.asks import catalogue, facts
from aj.fleet.oracle import finishing, true_answer
from aj.fleet.patterns import PATTERNS
from aj.fleet.scenarios import play, scenario_from_record
from aj.messages import Message, to_record
from aj.personas import load_personas
from aj.wire import judge_call
from scorers.checks.answers import check_answer
from scorers.checks.patterns import known_issue
from scorers.checks.voice import check_voice
from scorers.no_known_issue import check_turn
from scorers.samples import Case, case_of
from scorers.traces import check_end_state, check_target, check_turn_answer

AJ = load_contract()
TASKS = ("tool_format", "known_issues", "persona", "context_retention", "task_success")
ONE_TURN = ("tool_format", "known_issues", "persona")
AGENT_TASKS = ("context_retention", "task_success")


def _case(record: dict[str, Any]) -> Case:
    return case_of({**record, "contract": "aj", "past": record["messages"]})


def _answer(text: str) -> str | None:
    return finishing(judge_call(text, AJ).call, AJ)


# --- gold is right --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", ONE_TURN)
def test_every_gold_turn_passes_its_own_check(samples, gold, task):
    for record in samples[task]:
        text, case = gold(task, record), _case(record)
        assert check_turn(text, case) == [], record["id"]
        assert known_issue(text, case.past, AJ, case.mode) is None, record["id"]


def test_every_gold_answer_has_its_personas_voice(samples, gold):
    for record in samples["persona"]:
        answer, case = _answer(gold("persona", record)), _case(record)
        assert answer is not None
        hosts = [name for name in facts(case.ask, case.fleet().hosts, case.fleet().local) if name]
        assert check_voice(answer, case.ask.persona, hosts) == [], record["id"]


def _traced(messages: list[Message]) -> list[dict[str, Any]]:
    """What an agent that takes these turns leaves in its trace."""
    traced: list[dict[str, Any]] = []
    for message in messages:
        if message.role == "user":
            traced.append({"calls": [], "answer": None, "error": None})
        elif message.call:
            traced[-1]["calls"].append({"tool": message.call.tool, "params": message.call.params, "valid": True})
            traced[-1]["answer"] = finishing(message.call, AJ)
    return traced


@pytest.mark.parametrize("task", AGENT_TASKS)
def test_every_gold_conversation_passes_every_check_of_a_trace(samples, task):
    for record in samples[task]:
        scenario = scenario_from_record(record["scenario"])
        messages, fleet = play(scenario, AJ)
        traced = _traced(messages)
        assert [check_turn_answer(turn, ask, scenario) for turn, ask in zip(traced, scenario.asks, strict=True)] == [
            [] for _ in scenario.asks
        ], record["id"]
        known = any(call["tool"] == "list_agents" for turn in traced[:-1] for call in turn["calls"])
        assert check_target(traced[-1], scenario.asks[-1], known, AJ) == [], record["id"]
        restarts = {name: list(host.restarts) for name, host in fleet.hosts.items()}
        assert check_end_state(restarts, scenario) == [], record["id"]


# --- anything else is wrong -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", ["tool_format", "persona"])
def test_the_answer_to_another_sample_is_wrong(samples, gold, task):
    answers = [
        record for record in samples[task] if record["mode"] == "step" and _answer(gold(task, record)) is not None
    ]
    assert len(answers) > 50
    for record, other in zip(answers, [*answers[7:], *answers[:7]], strict=True):
        assert check_turn(gold(task, other), _case(record)), (record["id"], other["id"])


@pytest.mark.parametrize("task", AGENT_TASKS)
def test_the_conversation_of_another_sample_is_wrong(samples, task):
    scenarios = [scenario_from_record(record["scenario"]) for record in samples[task]]
    for scenario, other in zip(scenarios, [*scenarios[1:], scenarios[0]], strict=True):
        last = _traced(play(other, AJ)[0])[-1]
        assert check_turn_answer(last, scenario.asks[-1], scenario), (scenario, other)


@pytest.mark.parametrize("task", ONE_TURN)
@pytest.mark.parametrize(
    "text", ["", "Sure!", '{"action": "execute_command", "command": "ls"}', '{"tool": "none", "params": {}}']
)
def test_a_text_that_fits_nothing_is_wrong_everywhere_but_in_chat(samples, task, text):
    for record in samples[task]:
        small_talk = record["mode"] == "chat" and text == "Sure!"
        assert bool(check_turn(text, _case(record))) != small_talk, record["id"]


@pytest.mark.parametrize("task", ["tool_format", "persona"])
def test_an_answer_without_the_facts_is_wrong(samples, gold, task):
    empty = '{"tool": "complete", "params": {"answer": "All fine."}}'
    for record in samples[task]:
        assert check_turn(empty, _case(record)), record["id"]


def test_the_documented_wrong_text_is_wrong_and_shows_its_pattern(samples):
    for record in samples["known_issues"]:
        case, name = _case(record), record["slice"]["pattern"]
        wrong = PATTERNS[name].wrong(case.ask, case.fleet(), Random(1))
        assert check_turn(wrong, case), record["id"]
        assert known_issue(wrong, case.past, AJ, case.mode) == name, record["id"]


def test_the_answer_in_another_personas_voice_is_wrong(samples):
    for record in samples["persona"]:
        case = _case(record)
        fleet, ask = case.fleet(), case.ask
        for other in load_personas().personas:
            voice: list[Finding] = check_voice(_voiced(case, other), ask.persona, [])
            assert bool(voice) == (other != ask.persona), (record["id"], other)
            assert check_answer(_voiced(case, other), ask, facts(ask, fleet.hosts, fleet.local)) == []


def _voiced(case: Case, persona: str) -> str:
    return true_answer(replace(case.ask, persona=persona), case.fleet(), Random(1))


# --- the files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", TASKS)
def test_an_id_is_the_hash_of_its_sample(samples, task):
    ids = [record["id"] for record in samples[task]]
    assert len(set(ids)) == len(ids)
    for record in samples[task]:
        body = {key: value for key, value in record.items() if key != "id"}
        assert record["id"] == digest(body)
        assert record["id"] != digest(body | {"small": not record["small"]})


@pytest.mark.parametrize("task", TASKS)
def test_the_past_in_a_sample_is_what_its_scenario_plays(samples, task):
    """Scorers play the scenario again: a past of another world would be scored against the wrong one."""
    for record in samples[task]:
        if record["mode"] == "step":
            messages, _ = play(scenario_from_record(record["scenario"]), AJ)
            assert record["messages"] == [to_record(m) for m in messages[: len(record["messages"])]], record["id"]


@pytest.mark.parametrize("task", TASKS)
def test_samples_come_from_the_eval_split(samples, task):
    roles = catalogue().names.eval.roles
    for record in samples[task]:
        assert ".eval." in record["template"], record["id"]
        for name in (record["scenario"] or {"hosts": []})["hosts"]:
            assert any(role in name for role in roles), name
        for ask in (record["scenario"] or {"asks": []})["asks"]:
            assert ".eval." in ask["template"], record["id"]


@pytest.mark.parametrize("task", TASKS)
def test_the_small_suite_is_a_part_of_the_full_one_with_every_slice(samples, task):
    small = [record for record in samples[task] if record["small"]]
    assert 0 < len(small) < len(samples[task])
    for key in small[0]["slice"]:
        assert {r["slice"][key] for r in small} == {r["slice"][key] for r in samples[task]}


def test_each_documented_pattern_has_fifty_variants_half_of_them_small(samples):
    for name in PATTERNS:
        variants = [record for record in samples["known_issues"] if record["slice"]["pattern"] == name]
        assert (len(variants), sum(record["small"] for record in variants)) == (50, 25)
