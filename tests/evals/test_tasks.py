"""The five tasks through Inspect: the oracle scores 1, a bad model 0 with the code of its failure."""

import importlib
import json
import math
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

import pytest
from inspect_ai import Task, score
from inspect_ai.dataset import Sample
from inspect_ai.log import EvalLog, read_eval_log
from inspect_ai.scorer import Score
from inspect_ai.solver import Solver

from aj.contract import load_contract
from aj.errors import ConfigError
from aj.files import digest_file
from aj.messages import Call, Message
from aj.wire import render_call
from evals.agents.oracle import oracle
from evals.frozen import dataset
from evals.identities import SAMPLES, asked, graded, records
from evals.reference import AGENTS, reference
from evals.suite import LOOPED
from scenarios.oracle import answer
from scenarios.scenario import ScriptedTurn
from scorers.context_kept import context_kept
from scorers.samples import Case, case_of
from scorers.task_done import task_done

pytestmark = pytest.mark.loop  # runs real Inspect evals

AJ = load_contract()
KEYS = {
    "tool_format": ("valid", "right"),
    "known_issues": ("right",),
    "persona": ("match", "style", "facts"),
    "context_retention": ("retained", "answered"),
    "task_success": (
        *("success", "everyday", "incidents", "end_state", "no_mine"),
        *("milestones", "facts", "grounded", "valid"),
    ),
}
Speak = Callable[[Any], str]


def _task(name: str, **params: Any) -> Task:
    return getattr(importlib.import_module(f"evals.{name}"), name)(**params)


def _part(name: str, fits: Callable[[Any], bool], **params: Any) -> Task:
    """The task with those samples of the small suite that fit."""
    task = _task(name, suite="small", **params)
    task.dataset = task.dataset.filter(fits)
    assert len(task.dataset)
    return task


def _agent(name: str, task: str) -> Solver:
    return reference(name, task in LOOPED)


def _say(tool: str, **params: str) -> Speak:
    return lambda _: json.dumps({"tool": tool, "params": params})


def _scores(log: EvalLog) -> list[Score]:
    return [score for sample in log.samples or [] for score in (sample.scores or {}).values()]


def _means(log: EvalLog) -> dict[str, float]:
    """Of what was asked: a metric without a scored sample has none."""
    assert log.results
    asked = [scored for scored in log.results.scores if "mean" in scored.metrics and scored.scored_samples]
    return {scored.name: scored.metrics["mean"].value for scored in asked}


def _codes(log: EvalLog) -> set[str | None]:
    return {(score.metadata or {})["code"] for score in _scores(log)}


def _values(log: EvalLog, key: str) -> set[float]:
    return {score.value[key] for score in _scores(log) if isinstance(score.value, dict)}  # type: ignore[misc]


@pytest.fixture(scope="module")
def oracles_log(evaluate) -> Callable[[str], EvalLog]:
    """The oracle's log of a task: run once, looked at by several tests. Few samples ask for milestones, so all of
    `task_success` are run."""
    some = {"task_success": 1000}
    return cache(
        lambda name: evaluate(_task(name, suite="small"), solver=_agent("oracle", name), limit=some.get(name, 12))
    )


@pytest.fixture(params=KEYS)
def gold(request, oracles_log) -> tuple[str, EvalLog]:
    """A task's name, and the oracle's log of it."""
    return request.param, oracles_log(request.param)


@pytest.fixture
def gold_task(oracles_log) -> EvalLog:
    return oracles_log("task_success")


def test_the_oracle_scores_one_on_every_task(gold):
    name, log = gold
    assert _means(log) == dict.fromkeys(KEYS[name], 1.0)
    assert _codes(log) == {None}


def test_a_log_says_what_it_measured(gold):
    name, log = gold
    assert log.eval.metadata == {
        "contract": AJ.hash,
        "samples": digest_file(SAMPLES / f"{name}.jsonl"),
        "suite": "small",
        "asked": asked(name, "small"),
        "versions": {package: version(package) for package in ("inspect-ai", "bashkit")},
    }
    assert {(score.metadata or {})["grader"] for score in _scores(log)} == {graded(name)}
    assert log.plan.config.temperature == 0.0
    for sample in log.samples or []:
        assert sample.metadata["split"] == "eval"
        assert sample.metadata["family"] == sample.metadata["template"]
        assert sample.metadata["slice"].items() <= sample.metadata.items()
        assert sample.metadata["slice"]
        assert case_of(sample.metadata).contract == AJ


def test_the_headline_of_a_log_is_the_mean_of_the_first_key(gold):
    name, log = gold
    assert log.results
    assert log.results.headline
    assert (log.results.headline.score, log.results.headline.metric) == (KEYS[name][0], "mean")
    given = {scored.name for scored in log.results.scores if {"mean", "stderr"} <= set(scored.metrics)}
    assert given - {"recovered"} == {*KEYS[name]}  # which is scored after a wrong call alone


def test_the_declared_headline_is_a_score_that_the_scorer_gives(gold):
    name, log = gold
    assert log.results
    declared = _task(name, suite="small").headline_metric
    assert declared
    assert (declared.scorer, declared.score) in {(scored.scorer, scored.name) for scored in log.results.scores}


SCORERS = {"context_retention": context_kept, "task_success": task_done}


def test_a_log_can_be_scored_again_offline(gold):
    name, log = gold
    if name in SCORERS:  # the others look at the completion alone
        again = score(log, SCORERS[name](), action="overwrite", display="none")
        assert _means(again) == _means(log)


@pytest.mark.parametrize("name", ["tool_format", "task_success"])
def test_the_oracle_scores_one_under_the_native_contract_too(evaluate, name):
    log = evaluate(_task(name, suite="small", contract="native"), solver=_agent("oracle", name), limit=6)
    assert set(_means(log).values()) == {1.0}


@pytest.mark.parametrize("name", KEYS)
def test_a_model_that_says_nothing_scores_zero(evaluate, name):
    log = evaluate(_task(name, suite="small"), lambda _: "", limit=6)
    assert _means(log)[KEYS[name][0]] == 0.0
    assert _codes(log) == {"empty_output"}
    assert {score["code"] for s in _scores(log) for score in (s.metadata or {})["findings"]} >= {"empty_output"}


@pytest.mark.parametrize(
    ("name", "code"), [("known_issues", "wrong_output_format"), ("context_retention", "action_key")]
)
def test_a_model_that_speaks_the_old_action_form_scores_zero(evaluate, name, code):
    log = evaluate(_task(name, suite="small"), lambda _: '{"action": "execute_command", "command": "ls"}', limit=6)
    assert _means(log)[KEYS[name][0]] == 0.0
    assert code in _codes(log) <= {code, "plan_as_dict"}


def test_a_valid_call_that_is_not_what_was_asked_is_valid_but_not_right(evaluate):
    log = evaluate(_task("tool_format", suite="small"), _say("bash", command="true"), limit=16)
    steps = [s for s in log.samples or [] if s.metadata["mode"] == "step"]
    assert steps
    for sample in steps:
        (scored,) = (sample.scores or {}).values()
        assert scored.value == {"valid": 1.0, "right": 0.0}
        assert (scored.metadata or {})["code"] == "wrong_tool"


def test_an_answer_without_the_facts_has_neither_the_style_nor_the_facts(evaluate):
    log = evaluate(_task("persona", suite="small"), _say("complete", answer="It is important to rest!"), limit=8)
    assert _means(log) == {"match": 0.0, "style": 0.0, "facts": 0.0}
    assert "caveat" in _codes(log)


def test_an_agent_that_discovers_again_has_lost_the_context(evaluate):
    log = evaluate(_task("context_retention", suite="small"), _say("list_agents"), limit=4)
    assert _means(log) == {"retained": 0.0, "answered": 0.0}
    assert _codes(log) == {"second_discovery"}


def test_an_agent_that_acts_before_it_discovers_is_stopped(evaluate):
    log = evaluate(_task("task_success", suite="small"), _say("remote_bash_all", command="df"), limit=4)
    assert _means(log)["success"] == 0.0
    assert _codes(log) == {"before_discovery"}


def test_an_agent_that_only_thinks_ends_in_a_loop(evaluate):
    log = evaluate(_task("task_success", suite="small"), _say("think", thought="hm"), limit=2)
    assert _codes(log) == {"loop"}
    assert _values(log, "valid") == {0.0}


BAD_CALLS = {
    '{"tool": "launch_rocket", "params": {}}': "ERROR: Unknown tool: launch_rocket. Available: bash, ",
    '{"action": "execute_command", "command": "ls"}': "ERROR: Unknown tool: execute_command. Available: bash, ",
    '{"tool": "remote_bash_all", "params": {"cmd": "uptime"}}': "ERROR: No command provided",
    '{"tool": "think", "params": {"thought": "hm"}} {"tool": "none"}': "",
}
"""A call -> what comes back: an error, or the result of what the runtime makes of it."""


@pytest.mark.parametrize("bad", BAD_CALLS)
def test_after_an_error_the_task_goes_on_and_recovering_from_it_is_scored(evaluate, agent, bad):
    def stumbles(case: Case, past: Sequence[Message], turn: ScriptedTurn) -> str:
        tried = [message for message in past if message.call and message.call.tool in bad]
        first = "list_agents" if "remote" in bad else None  # discovery comes before the runtime looks at a command
        return oracle(case, past, turn) if tried or (first and not _called(past, first)) else bad

    one = _part("task_success", lambda s: s.metadata["category"] == "disk_space" and _steps(s) == 1 and _asks(s, bad))
    log = evaluate(one, solver=agent(stumbles), limit=2)
    for sample in log.samples or []:
        told = [message.text for message in sample.messages if message.role == "user"]
        assert any(f"Result:\n{BAD_CALLS[bad]}" in text for text in told)
    asked = {"recovered": 1.0} if BAD_CALLS[bad] else {}
    assert _means(log) | {"success": 1.0, "valid": 0.0, **asked} == _means(log)
    assert ("recovered" in _means(log)) == bool(asked)


def _called(past: Sequence[Message], tool: str) -> bool:
    return any(message.call and message.call.tool == tool for message in past)


def _asks(sample: Sample, bad: str) -> bool:
    """Whether the agents are discovered first, where the bad call needs that."""
    case = case_of(sample.metadata or {})
    return "remote" not in bad or any(step.reaches_agents for step in case.turn.steps)


def test_who_gives_up_after_an_error_has_not_recovered(evaluate, agent):
    def gives_up(case: Case, past: Sequence[Message], turn: ScriptedTurn) -> str:
        return _say("complete", answer="It failed.")(None) if past[-1].role == "tool" else '{"tool": "x", "params": {}}'

    for name in ("task_success", "context_retention"):
        log = evaluate(_task(name, suite="small"), solver=agent(gives_up), limit=3)
        assert _means(log)["recovered"] == 0.0


def test_what_an_error_repeats_of_a_call_is_no_source_for_an_answer(evaluate, agent):
    def launders(case: Case, past: Sequence[Message], turn: ScriptedTurn) -> str:
        true = answer(turn, case.scenario.persona)
        told = past[-1].role == "tool"
        return _say("complete", answer=true)(None) if told else json.dumps({"tool": true[:30], "params": {}})

    one = _part("task_success", lambda s: s.metadata["category"] == "disk_space" and _steps(s) == 1 and not _acts(s))
    log = evaluate(one, solver=agent(launders), limit=2)
    assert _values(log, "grounded") == {0.0}


def test_a_turn_that_a_wrong_call_broke_is_named_after_it(evaluate):
    log = evaluate(_task("task_success", suite="small"), lambda _: '{"tool": "none", "params": {}}', limit=2)
    assert _codes(log) == {"tool_none"}
    assert _means(log)["recovered"] == 0.0
    (turn, *_) = (log.samples or [])[0].store["Trace:turns"]
    assert len(turn["calls"]) == AJ.conduct.loop.uses  # then it is a loop, which ends the task


def test_an_agent_that_talks_without_acting_has_not_done_the_task(evaluate):
    log = evaluate(_task("task_success", suite="small"), _say("complete", answer="All done."), limit=8)
    assert _means(log) | {"success": 0.0, "facts": 0.0, "grounded": 0.0, "valid": 1.0} == _means(log)
    assert _means(log)["no_mine"] == 0.0  # who does nothing has avoided nothing
    assert _codes(log) <= {"name_missing", "wrong_fact", "wrong_count", "no_question", "goal_missed"}


def test_an_agent_that_never_comes_to_an_end_is_stopped(evaluate):
    steps = [
        ("list_agents", {}),
        *[("bash", {"command": "true"}), ("think", {"thought": "hm"})] * 2,
        ("remote_bash_all", {"command": "true"}),
    ]

    def rambling(messages: list[Any]) -> str:
        asked = [m.role == "user" and not m.text.startswith("Result:") for m in messages]
        since = len(asked) - asked[::-1].index(True)
        tool, params = steps[sum(message.role == "assistant" for message in messages[since:])]
        return json.dumps({"tool": tool, "params": params})

    one_step = _part("task_success", lambda s: s.metadata["category"] == "disk_space" and _steps(s) == 1)
    assert "too_many_calls" in _codes(evaluate(one_step, rambling, limit=3))


def test_who_also_restarts_everything_has_done_what_was_asked_and_stepped_on_a_mine(evaluate):
    log = evaluate(_task("task_success", suite="small"), solver=_agent("restarts_all", "task_success"), limit=4)
    assert _means(log) | {"success": 0.0, "no_mine": 0.0} == _means(log)
    assert "restarted_all" in _codes(log)
    assert _codes(log) <= {"restarted_all", "unasked_change", "wrong_host"}
    again = evaluate(
        _task("context_retention", suite="small"), solver=_agent("restarts_all", "context_retention"), limit=3
    )
    assert _means(again)["answered"] == 0.0


# --- what is asked --------------------------------------------------------------------------------------------------


def _asked(key: str, log: EvalLog) -> list[str]:
    """The samples for which the part was scored."""
    values = {str(s.id): (s.scores or {})["task_done"].as_dict()[key] for s in log.samples or []}
    return sorted(name for name, value in values.items() if isinstance(value, float) and not math.isnan(value))


def test_a_part_of_a_task_is_scored_where_the_sample_asks_for_it_whoever_plays(evaluate, gold_task):
    idle = evaluate(_task("task_success", suite="small"), _say("complete", answer="All done."), limit=1000)
    for key in KEYS["task_success"]:
        assert _asked(key, idle) == _asked(key, gold_task), key
    assert _means(idle) | {"end_state": 0.0, "milestones": 0.0, "everyday": 0.0, "incidents": 0.0} == _means(idle)


def test_success_is_told_of_everyday_requests_and_of_the_ten_categories_apart(gold_task):
    for sample in gold_task.samples or []:
        value = (sample.scores or {})["task_done"].value
        of = "everyday" if sample.metadata["category"] == "everyday" else "incidents"
        assert value[of] == value["success"]
        assert math.isnan(value["incidents" if of == "everyday" else "everyday"])


def test_what_is_not_asked_stays_so_in_the_file_and_when_it_is_scored_again(gold_task):
    again = score(read_eval_log(gold_task.location), task_done(), action="overwrite", display="none")
    for key in KEYS["task_success"]:
        assert _asked(key, again) == _asked(key, gold_task)
    assert _means(again) == _means(gold_task)


# --- what an agent claims -------------------------------------------------------------------------------------------


@pytest.fixture
def agent(monkeypatch) -> Callable[[Callable[[Case, Sequence[Message], ScriptedTurn], str]], Solver]:
    """An agent of this test's own in AJ's place, as the reference agents are."""

    def put(speak: Callable[[Case, Sequence[Message], ScriptedTurn], str]) -> Solver:
        monkeypatch.setitem(AGENTS, speak.__name__, speak)
        return reference(speak.__name__, loop=True)

    return put


def _instead(case: Case, past: Sequence[Message], turn: ScriptedTurn, command: str) -> str:
    """What the oracle says, but each command is another one."""
    said = oracle(case, past, turn)
    call = json.loads(said)
    if "command" in call["params"]:
        return render_call(Call(call["tool"], call["params"] | {"command": command}), AJ)
    return said


@pytest.mark.parametrize(
    ("task", "fits", "headline"),
    [
        ("context_retention", lambda s: s.metadata["probe"] == "that_service", "answered"),
        ("task_success", lambda s: s.metadata["category"] == "service_management" and _acts(s), "success"),
    ],
)
def test_who_says_it_is_done_and_did_not_is_found_out(evaluate, agent, task, fits, headline):
    def liar(case: Case, past: Sequence[Message], turn: ScriptedTurn) -> str:
        return _instead(case, past, turn, "true")

    log = evaluate(_part(task, fits), solver=agent(liar), limit=4)
    assert _means(log)[headline] == 0.0
    assert "goal_missed" in {found["code"] for score in _scores(log) for found in (score.metadata or {})["findings"]}


def _acts(sample: Sample) -> bool:
    return bool(case_of(sample.metadata or {}).scenario.goal)


def _steps(sample: Sample) -> int:
    return len(case_of(sample.metadata or {}).turn.steps)


def test_a_true_answer_that_nobody_looked_for_is_not_grounded(evaluate, agent):
    def lucky(case: Case, past: Sequence[Message], turn: ScriptedTurn) -> str:
        return _instead(case, past, turn, "true")

    reading = _part("task_success", lambda s: s.metadata["category"] == "multi_agent_health" and not _acts(s))
    log = evaluate(reading, solver=agent(lucky), limit=6)
    assert _values(log, "facts") == {1.0}
    assert _values(log, "grounded") >= {0.0}
    assert _values(log, "success") >= {0.0}


def test_who_changes_something_beside_what_was_asked_has_kept_the_context_and_not_answered(evaluate, agent):
    def meddler(case: Case, past: Sequence[Message], turn: ScriptedTurn) -> str:
        call = json.loads(oracle(case, past, turn))
        if "command" not in call["params"]:
            return oracle(case, past, turn)
        return _instead(case, past, turn, f"echo >> /etc/hosts; {call['params']['command']}")

    log = evaluate(
        _part("context_retention", lambda s: s.metadata["probe"] == "that_service"), solver=agent(meddler), limit=3
    )
    assert _means(log) == {"retained": 1.0, "answered": 0.0}
    assert _codes(log) == {"unasked_change"}


# --- our own faults -------------------------------------------------------------------------------------------------


def test_a_sample_that_we_broke_is_an_error_and_not_a_zero(evaluate):
    task = _task("known_issues", suite="small")
    for sample in task.dataset:
        assert sample.metadata is not None
        sample.metadata["scenario"]["template"] = "no.such.template"
    log = evaluate(task, limit=2, status="error")
    assert log.error
    assert "no.such.template" in log.error.message


# --- suites and settings --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KEYS)
def test_the_small_suite_is_part_of_the_full_one(name):
    small = {sample.id for sample in dataset(name, "small", "aj")}
    assert small < {record["id"] for record in records(name, "full")}


def test_the_full_suite_is_every_frozen_sample():
    full = [sample.id for sample in dataset("persona", "full", "aj")]
    assert full == [record["id"] for record in records("persona", "full")]


def test_an_unknown_suite_is_refused():
    with pytest.raises(ConfigError, match=r"no suite 'tiny'; use -T suite=small"):
        dataset("persona", "tiny", "aj")  # type: ignore[arg-type]


def test_a_frozen_suite_takes_no_seed():
    with pytest.raises(ConfigError, match="The suite small is frozen and takes no seed"):
        dataset("persona", "small", "aj", 7)


def test_a_prompt_keeps_its_braces_and_starts_with_the_system_prompt():
    for sample in dataset("tool_format", "small", "aj"):
        assert not isinstance(sample.input, str)
        assert sample.input[0].role == "system"
        if (sample.metadata or {})["mode"] == "step":
            assert '{"tool": name, "params": {...}}' in sample.input[0].text


def test_several_epochs_also_tell_the_share_that_succeeds_in_every_one(evaluate):
    log = evaluate(_task("task_success", suite="small", epochs=2), solver=_agent("oracle", "task_success"), limit=2)
    assert len(log.samples or []) == 4
    assert log.results
    reducers = {
        scored.reducer: scored.metrics["mean"].value for scored in log.results.scores if scored.name == "success"
    }
    assert reducers == {"mean": 1.0, "pass_k_2": 1.0}
