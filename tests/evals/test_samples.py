"""Every frozen sample: its own gold answer is right, and answers to something else are wrong.

A seeded part of the samples of each slice stands for all; `aj selfcheck` plays them all.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any

import pytest
from inspect_ai.util import Store

from aj.acts import finishing, from_records, meaning_of, to_records
from aj.contract import load_contract
from aj.files import digest
from aj.messages import Message, to_record
from aj.personas import load_personas
from aj.wire import judge_call
from evals.agents.oracle import oracle
from evals.suite import LOOPED, TASKS
from fleet.fleet import Fleet
from fleet.names import names
from fleet.snapshot import diff
from scenarios.both.ladder import DISTANCES, PROBES
from scenarios.catalogue import CATEGORIES, templates
from scenarios.error_patterns import PATTERNS
from scenarios.oracle import answer, play
from scorers.checks.answers import check_answer
from scorers.checks.patterns import known_issue
from scorers.checks.voice import check_voice
from scorers.no_known_issue import check_turn
from scorers.samples import Case, Trace, case_of, seen_on
from scorers.traces import check_end, check_target, check_turn_answer, check_turn_grounded

pytestmark = pytest.mark.loop

AJ = load_contract()
ONE_TURN = ("tool_format", "known_issues", "persona")
OF_EACH_SLICE = {"tool_format": 6, "known_issues": 3, "persona": 4, "context_retention": 1, "task_success": 24}
"""Samples that stand for all; those of task_success, whose slices are many, are one slice here."""


@dataclass
class Example:
    """A sample with its world, drawn once for all tests."""

    record: dict[str, Any]
    case: Case

    @property
    def id(self) -> str:
        return self.record["id"]

    @cached_property
    def gold(self) -> str:
        """What the oracle says to the sample's prompt."""
        return oracle(self.case, self.case.past, self.case.turn)

    @cached_property
    def played(self) -> tuple[list[Message], Fleet]:
        return play(self.case.scenario, AJ)


@pytest.fixture(scope="module")
def examples(samples) -> dict[str, list[Example]]:
    """Some samples of each slice of each task."""
    chosen: dict[str, list[Example]] = {}
    for task, records in samples.items():
        slices = defaultdict(list)
        for record in Random(5).sample(records, len(records)):
            key = "task_success" if task == "task_success" else str(record["slice"])
            slices[key].append(record)
        some = [record for of in slices.values() for record in of[: OF_EACH_SLICE[task]]]
        chosen[task] = [Example(r, case_of({**r, "contract": "aj", "past": _past(r)})) for r in some]
    return chosen


def _past(record: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages of a frozen sample under the contract `aj`."""
    return [to_record(message) for message in from_records(record["messages"], AJ)]


def _answer(text: str) -> str | None:
    return finishing(judge_call(text, AJ).call, AJ)


def _complete(answer: str) -> str:
    return f'{{"tool": "complete", "params": {{"answer": "{answer}"}}}}'


# --- gold is right --------------------------------------------------------------------------------------------------


@pytest.mark.loop
@pytest.mark.parametrize("task", ONE_TURN)
def test_every_gold_turn_passes_its_own_check(examples, task):
    for example in examples[task]:
        case = example.case
        assert check_turn(example.gold, case) == [], example.id
        assert known_issue(example.gold, case.past, AJ, case.mode) is None, example.id


def test_every_gold_answer_has_its_personas_voice(examples):
    for example in examples["persona"]:
        said, scenario = _answer(example.gold), example.case.scenario
        assert said is not None
        assert check_voice(said, scenario.persona, [host.name for host in scenario.hosts]) == [], example.id


def _traced(example: Example) -> Trace:
    """The trace of an agent that does what the oracle does."""
    messages, fleet = example.played
    names = [host.name for host in example.case.scenario.hosts]
    turns: list[dict[str, Any]] = []
    seen: list[tuple[str, str]] = []
    sources: list[str] = []
    call = None
    for message in messages:
        if message.role == "user":
            turns.append({"calls": [], "answer": None, "error": None})
        if message.role == "tool":
            assert call
            seen += seen_on(meaning_of(call, AJ), message.content, names)
        if call := message.call:
            turns[-1]["calls"].append({"tool": call.tool, "params": call.params, "valid": True, "refused": None})
            turns[-1] |= {"answer": finishing(call, AJ), "sources": list(sources)}
        else:
            sources.append(message.content)
    changed = diff(example.case.scenario.start, fleet.snapshot())
    return Trace(store=Store(), turns=turns, seen=seen, changed=changed)


@pytest.mark.loop
@pytest.mark.parametrize("task", LOOPED)
def test_every_gold_conversation_passes_every_check_of_a_trace(examples, task):
    for example in examples[task]:
        scenario = example.case.scenario
        trace = _traced(example)
        for played, turn in zip(trace.turns, scenario.turns, strict=True):
            assert check_turn_answer(played, turn, scenario) == [], example.id
            assert check_turn_grounded(played, turn, scenario) == [], example.id
        assert not any(check_end(trace, scenario).values()), example.id
        if task == "context_retention":
            known = any(call["tool"] == "list_agents" for turn in trace.turns[:-1] for call in turn["calls"])
            assert check_target(trace.turns[-1], scenario.turns[-1], known, AJ) == [], example.id


# --- anything else is wrong -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", ["tool_format", "persona"])
def test_the_answer_to_another_sample_is_wrong(examples, task):
    answers = [e for e in examples[task] if e.case.turn.kind != "plain" and _answer(e.gold) is not None]
    assert len(answers) > 10
    for example, other in zip(answers, [*answers[1:], answers[0]], strict=True):
        assert other.case.scenario.hosts != example.case.scenario.hosts
        assert check_turn(other.gold, example.case), (example.id, other.id)


@pytest.mark.parametrize("task", LOOPED)
def test_the_conversation_of_another_sample_is_wrong(examples, task):
    for example, other in zip(examples[task], [*examples[task][1:], examples[task][0]], strict=True):
        scenario = example.case.scenario
        trace = _traced(other)
        found = [*check_turn_answer(trace.turns[-1], scenario.turns[-1], scenario)]
        found += check_turn_grounded(trace.turns[-1], scenario.turns[-1], scenario)
        found += [finding for of in check_end(trace, scenario).values() for finding in of]
        assert found, (example.id, other.id)


@pytest.mark.parametrize("task", ONE_TURN)
@pytest.mark.parametrize(
    "text", ["", "Sure!", '{"action": "execute_command", "command": "ls"}', '{"tool": "none", "params": {}}']
)
def test_a_text_that_fits_nothing_is_wrong_everywhere_but_in_chat(examples, task, text):
    for example in examples[task]:
        small_talk = example.case.mode == "chat" and text == "Sure!"
        assert bool(check_turn(text, example.case)) != small_talk, example.id


@pytest.mark.parametrize("task", ["tool_format", "persona"])
def test_an_answer_without_the_facts_is_wrong(examples, task):
    for example in examples[task]:
        fits = example.case.turn.kind == "plain" and example.case.mode == "step"  # to talk, any words are an answer
        assert bool(check_turn(_complete("All fine."), example.case)) != fits, example.id


def test_the_documented_wrong_text_is_wrong_and_shows_its_pattern(examples):
    for example in examples["known_issues"]:
        case, name = example.case, example.record["slice"]["pattern"]
        wrong = PATTERNS[name].wrong(case.scenario, AJ, Random(1))
        assert check_turn(wrong, case), example.id
        assert known_issue(wrong, case.past, AJ, case.mode) == name, example.id


def test_the_answer_in_another_personas_voice_is_wrong(examples):
    for example in examples["persona"]:
        case = example.case
        hosts = [host.name for host in case.scenario.hosts]
        for other in load_personas().personas:
            voiced = answer(case.turn, other)
            assert bool(check_voice(voiced, case.scenario.persona, hosts)) == (other != case.scenario.persona), voiced
            assert check_answer(voiced, case.turn.truth) == []


# --- the files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", TASKS)
def test_an_id_is_the_hash_of_its_sample(samples, task):
    ids = [record["id"] for record in samples[task]]
    assert len(set(ids)) == len(ids)
    for record in samples[task]:
        body = {key: value for key, value in record.items() if key != "id"}
        assert record["id"] == digest(body)
        assert record["id"] != digest(body | {"small": not record["small"]})


@pytest.mark.loop
@pytest.mark.parametrize("task", TASKS)
def test_the_past_in_a_sample_is_what_its_scenario_plays(examples, task):
    """Scorers play the scenario again: a past of another world would be scored against the wrong one."""
    for example in examples[task]:
        record, (messages, _) = example.record, example.played
        assert record["messages"] == to_records(messages[: len(record["messages"])], AJ), example.id


@pytest.mark.parametrize("task", TASKS)
def test_samples_come_from_the_eval_split(samples, examples, task):
    for record in samples[task]:
        assert templates()[record["scenario"]["template"]].split == "eval", record["id"]
    roles = names().eval.roles
    for example in examples[task]:
        assert all(".eval." in turn.phrasing for turn in example.case.scenario.turns), example.id
        assert all(any(role in host.name for role in roles) for host in example.case.scenario.hosts), example.id


@pytest.mark.parametrize("task", TASKS)
def test_the_small_suite_is_a_part_of_the_full_one_with_every_slice(samples, task):
    small = [record for record in samples[task] if record["small"]]
    assert 0 < len(small) < len(samples[task])
    for key in small[0]["slice"]:
        assert {r["slice"][key] for r in small} == {r["slice"][key] for r in samples[task]}


def test_each_documented_pattern_has_fifty_variants_sixteen_of_them_small(samples):
    for name in PATTERNS:
        variants = [record for record in samples["known_issues"] if record["slice"]["pattern"] == name]
        assert (len(variants), sum(record["small"] for record in variants)) == (50, 16)


def test_every_template_of_the_ten_categories_has_seven_scenarios_one_of_them_small(samples):
    asked = [name for name, made in templates().items() if made.split == "eval" and made.category in CATEGORIES]
    for name in asked:
        drawn = [record for record in samples["task_success"] if record["template"] == name]
        assert (len(drawn), sum(record["small"] for record in drawn)) == (7, 1), name
    others = {r["slice"]["category"] for r in samples["task_success"] if r["template"] not in asked}
    assert others == {"everyday"}


def test_every_probe_stands_at_every_distance(samples):
    rungs = {(r["slice"]["probe"], int(r["slice"]["distance"])) for r in samples["context_retention"]}
    assert rungs == {(probe, distance) for probe in PROBES for distance in DISTANCES["eval"]}


def test_the_same_question_is_asked_in_five_tones(samples):
    worlds = defaultdict(set)
    for record in samples["persona"]:
        worlds[record["template"], record["scenario"]["seed"]].add(record["slice"]["persona"])
    assert all(personas == set(load_personas().personas) for personas in worlds.values())
    assert len(worlds) == len({request for request, _ in worlds})


def test_the_small_suite_asks_all_personas_equally_often(samples):
    asked = Counter(record["slice"]["persona"] for record in samples["persona"] if record["small"])
    assert set(asked) == set(load_personas().personas)
    assert len(set(asked.values())) == 1


def test_no_everyday_request_opens_two_tasks_of_the_small_suite(samples):
    everyday = [record for record in samples["task_success"] if record["slice"]["category"] == "everyday"]
    opened = [record["template"] for record in everyday if record["small"]]
    assert len(set(opened)) == len(opened)
    assert max(Counter(record["template"] for record in everyday).values()) == 2


def test_requests_of_a_pattern_differ_by_one_in_how_often_they_are_asked(samples):
    for name in PATTERNS:
        asked = Counter(r["template"] for r in samples["known_issues"] if r["slice"]["pattern"] == name)
        assert max(asked.values()) - min(asked.values()) <= 1, name
