"""The five tasks through Inspect: the oracle scores 1, a bad model 0 with the code of its failure."""

import importlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from inspect_ai import Task, score
from inspect_ai.log import EvalLog
from inspect_ai.scorer import Score
from jsonschema import Draft202012Validator

from aj.contract import load_contract
from aj.errors import ConfigError
from aj.files import digest_file
from evals.frozen import SAMPLES, config, dataset, harness
from scorers.context_kept import context_kept
from scorers.samples import case_of
from scorers.task_done import task_done

AJ = load_contract()
KEYS = {
    "tool_format": ("valid", "right"),
    "known_issues": ("right",),
    "persona": ("match", "style", "facts"),
    "context_retention": ("retained", "answered"),
    "task_success": ("success", "end_state", "facts", "valid"),
}
Speak = Callable[[Any], str]


def _task(name: str, **params: Any) -> Task:
    return getattr(importlib.import_module(f"evals.{name}"), name)(**params)


def _say(tool: str, **params: str) -> Speak:
    return lambda _: json.dumps({"tool": tool, "params": params})


def _scores(log: EvalLog) -> list[Score]:
    return [score for sample in log.samples or [] for score in (sample.scores or {}).values()]


def _means(log: EvalLog) -> dict[str, float]:
    assert log.results
    return {scored.name: scored.metrics["mean"].value for scored in log.results.scores}


def _codes(log: EvalLog) -> set[str | None]:
    return {(score.metadata or {})["code"] for score in _scores(log)}


def _values(log: EvalLog, key: str) -> set[float]:
    return {score.value[key] for score in _scores(log) if isinstance(score.value, dict)}  # type: ignore[misc]


@pytest.fixture(scope="module", params=KEYS)
def gold(request, evaluate, oracle) -> tuple[str, EvalLog]:
    """A task's name, and its log of the oracle: run once, looked at by several tests."""
    return request.param, evaluate(_task(request.param, suite="small"), oracle("aj"))


def test_the_oracle_scores_one_on_every_task(gold):
    name, log = gold
    assert _means(log) == dict.fromkeys(KEYS[name], 1.0)
    assert _codes(log) == {None}


def test_a_log_says_what_it_measured(gold):
    name, log = gold
    samples = digest_file(SAMPLES / f"{name}.jsonl")
    assert log.eval.metadata == {
        "contract": AJ.hash,
        "samples": samples,
        "suite": "small",
        "harness": harness(),
    }
    assert log.eval.task_version == _task(name).version
    assert log.plan.config.temperature == 0.0
    for sample in log.samples or []:
        assert sample.metadata["split"] == "eval"
        assert sample.metadata["family"] == sample.metadata["template"]
        assert sample.metadata["slice"]
        assert case_of(sample.metadata).contract == AJ


def test_the_headline_of_a_log_is_the_mean_of_the_first_key(gold):
    name, log = gold
    assert log.results
    assert log.results.headline
    assert (log.results.headline.score, log.results.headline.metric) == (KEYS[name][0], "mean")
    assert all({"mean", "stderr"} <= set(scored.metrics) for scored in log.results.scores)


def test_the_declared_headline_is_a_score_that_the_scorer_gives(gold):
    name, log = gold
    assert log.results
    declared = _task(name).headline_metric
    assert declared
    assert (declared.scorer, declared.score) in {(scored.scorer, scored.name) for scored in log.results.scores}


SCORERS = {"context_retention": context_kept, "task_success": task_done}


def test_a_log_can_be_scored_again_offline(gold):
    name, log = gold
    if name in SCORERS:  # the others look at the completion alone
        again = score(log, SCORERS[name](), action="overwrite", display="none")
        assert _means(again) == _means(log)


@pytest.mark.parametrize("name", ["tool_format", "task_success"])
def test_the_oracle_scores_one_under_the_native_contract_too(evaluate, oracle, name):
    log = evaluate(_task(name, suite="small", contract="native"), oracle("native"), limit=6)
    assert _means(log) == dict.fromkeys(KEYS[name], 1.0)


@pytest.mark.parametrize("name", KEYS)
def test_a_model_that_says_nothing_scores_zero(evaluate, name):
    log = evaluate(_task(name, suite="small"), lambda _: "", limit=6)
    assert _means(log)[KEYS[name][0]] == 0.0
    assert _codes(log) == {"empty_output"}
    assert {score["code"] for s in _scores(log) for score in (s.metadata or {})["findings"]} >= {"empty_output"}


@pytest.mark.parametrize(
    ("name", "code"),
    [("known_issues", "wrong_output_format"), ("context_retention", "action_key")],
)
def test_a_model_that_speaks_the_old_action_form_scores_zero(evaluate, name, code):
    log = evaluate(_task(name, suite="small"), lambda _: '{"action": "execute_command", "command": "ls"}', limit=6)
    assert _means(log)[KEYS[name][0]] == 0.0
    assert code in _codes(log) <= {code, "not_a_list"}


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


def test_an_agent_that_talks_without_acting_has_not_done_the_task(evaluate):
    log = evaluate(_task("task_success", suite="small"), _say("complete", answer="All done."), limit=8)
    assert _values(log, "success") == {0.0}
    assert _codes(log) <= {"name_missing", "wrong_fact"}


def test_an_agent_that_never_comes_to_an_end_is_stopped(evaluate):
    steps = [
        ("list_agents", {}),
        *[("bash", {"command": "true"}), ("think", {"thought": "hm"})] * 2,
        ("remote_bash_all", {"command": "true"}),
    ]

    def rambling(messages: list[Any]) -> str:
        since = max(place for place, message in enumerate(messages) if message.text in asked)
        spoken = sum(message.role == "assistant" for message in messages[since:])
        tool, params = steps[spoken]
        return json.dumps({"tool": tool, "params": params})

    task = _task("task_success", suite="small")
    asked = {ask["text"] for sample in task.dataset for ask in (sample.metadata or {})["scenario"]["asks"]}
    assert "too_many_calls" in _codes(evaluate(task, rambling, limit=3))


def test_a_restart_that_nobody_asked_for_is_seen_in_the_end_state(evaluate, oracle):
    speaks = oracle("aj")

    def meddling(messages: list[Any]) -> str:
        text = speaks(messages)
        call = json.loads(text)
        if call["tool"] == "remote_bash_all":
            every = "for s in nginx redis postgresql grafana docker cron rabbitmq; do systemctl restart $s; done"
            call["params"]["command"] += f"; ({every}) >/dev/null 2>&1"
        return json.dumps(call, ensure_ascii=False)

    def forgetful(messages: list[Any]) -> str:
        try:
            return meddling(messages)
        except KeyError:  # after the first meddling the conversation is no longer the oracle's
            return json.dumps({"tool": "complete", "params": {"answer": "done"}})

    log = evaluate(_task("task_success", suite="small"), forgetful, limit=16)
    assert _values(log, "end_state") == {0.0, 1.0}


def test_a_sample_that_we_broke_is_an_error_and_not_a_zero(evaluate, oracle):
    task = _task("known_issues", suite="small")
    for sample in task.dataset:
        assert sample.metadata is not None
        sample.metadata["scenario"]["asks"][-1]["intent"] = "no such intent"
    log = evaluate(task, oracle("aj"), limit=2, status="error")
    assert log.error
    assert "no such intent" in log.error.message


# --- suites and settings --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KEYS)
def test_the_small_suite_is_part_of_the_full_one(name):
    small = {sample.id for sample in dataset(name, "small", "aj")}
    assert small < {sample.id for sample in dataset(name, "full", "aj")}


def test_an_unknown_suite_is_refused():
    with pytest.raises(ConfigError, match=r"no suite 'tiny'; use -T suite=small"):
        dataset("persona", "tiny", "aj")  # type: ignore[arg-type]


def test_a_prompt_keeps_its_braces_and_starts_with_the_system_prompt():
    for sample in dataset("tool_format", "small", "aj"):
        assert not isinstance(sample.input, str)
        assert sample.input[0].role == "system"
        if (sample.metadata or {})["mode"] == "step":
            assert '{"tool": name, "params": {...}}' in sample.input[0].text


def test_decoding_is_free_unless_asked_to_be_constrained():
    assert config(False, "aj").response_schema is None
    schema = config(True, "aj").response_schema
    assert schema
    handed_on = Draft202012Validator(schema.json_schema.model_dump(exclude_none=True))
    assert handed_on.is_valid({"tool": "list_agents", "params": {}})
    assert not handed_on.is_valid({"tool": "launch_rocket", "params": {}})
    assert not handed_on.is_valid({"action": "list_agents", "params": {}})
