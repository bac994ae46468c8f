"""What our limits cut off is not the model's fault: it is unscored and counted, or has a code of its own."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from inspect_ai import Task, score
from inspect_ai.log import EvalLog, read_eval_log
from inspect_ai.model import ContentReasoning, ContentText, ModelOutput, ModelUsage, StopReason, get_model
from inspect_ai.model._model_output import StopDetails
from inspect_ai.scorer import Score

from evals.context_retention import context_retention
from evals.known_issues import known_issues
from evals.persona import persona
from evals.reference import reference
from evals.task_success import task_success
from evals.tool_format import tool_format
from scorers.context_kept import context_kept
from scorers.persona_match import persona_match
from scorers.stops import REPEATED, REPLY_TOKENS, THOUGHT_TOKENS, UNJUDGED, stopped
from scorers.task_done import task_done

pytestmark = pytest.mark.loop  # runs real Inspect evals

TASKS: dict[str, Callable[..., Task]] = {
    "tool_format": tool_format,
    "known_issues": known_issues,
    "persona": persona,
    "context_retention": context_retention,
    "task_success": task_success,
}
LIST = '{"tool": "list_agents", "params": {}}'
CUT = '{"tool": "complete", "params": {"answ'


def _output(text: str = LIST, stop: StopReason = "stop", tokens: int = 20) -> ModelOutput:
    output = ModelOutput.from_content("mock", text, stop)
    output.usage = ModelUsage(input_tokens=300, output_tokens=tokens, total_tokens=300 + tokens)
    return output


@cache
def _task(name: str, **arguments: Any) -> Task:
    """Two samples of the task; made once, since most of the time goes into that."""
    task = TASKS[name](suite="small", **arguments)
    task.dataset = task.dataset[:2]
    return task


@pytest.fixture
def played(evaluate) -> Callable[..., EvalLog]:
    """The log of two samples, on which the model always gives the same output."""

    def run(name: str, output: ModelOutput, **limits: int) -> EvalLog:
        model = get_model("mockllm/model", custom_outputs=lambda *_: output.model_copy(deep=True), memoize=False)
        return evaluate(_task(name), model=model, **limits)

    return run


def _scores(log: EvalLog) -> list[Score]:
    return [scored for sample in log.samples or [] for scored in (sample.scores or {}).values()]


def _why(log: EvalLog) -> set[str | None]:
    """Why the samples are unscored or wrong: the reason of the one, the code of the other."""
    return {scored.reason or (scored.metadata or {}).get("code") for scored in _scores(log)}


def _counted(log: EvalLog) -> set[tuple[int, int]]:
    assert log.results
    return {(found.scored_samples or 0, found.unscored_samples or 0) for found in log.results.scores}


# --- why a reply ended ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TASKS)
def test_what_does_not_fit_into_the_context_is_unscored_and_counted(played, name):
    refused = "This model's maximum context length is 2048 tokens. However, you requested 2300 tokens."
    log = played(name, _output(refused, "model_length", tokens=0))
    assert _why(log) == {"no_room"}
    assert _counted(log) == {(0, 2)}


@pytest.mark.parametrize("name", TASKS)
def test_a_reply_that_had_room_and_did_not_end_has_its_own_code(played, name):
    log = played(name, _output(CUT, "max_tokens", REPLY_TOKENS))
    assert _why(log) == {"cut_short"}
    assert (2, 0) in _counted(log)


def test_a_reply_that_was_cut_before_a_right_one_could_end_is_unscored(played):
    for name in ("tool_format", "task_success"):
        assert _why(played(name, _output(CUT, "max_tokens", 48))) == {"no_room"}


def test_a_content_filter_is_not_the_model(played):
    for name in ("persona", "context_retention"):
        assert _why(played(name, _output("", "content_filter"))) == {"filtered"}


def test_the_models_own_refusal_is_an_answer_like_any_other(played):
    output = _output("I would rather not do that.", "content_filter")
    output.choices[0].stop_details = StopDetails(type="refusal")
    assert _why(played("task_success", output)) == {"no_call"}


def test_a_reply_that_came_to_its_end_is_judged_whatever_its_length(played):
    assert _why(played("task_success", _output(CUT, "stop", 4 * REPLY_TOKENS))) == {"broken_json"}


@pytest.mark.parametrize("name", TASKS)
def test_a_reply_that_a_server_gave_up_because_it_repeats_itself_is_cut_short(played, name):
    log = played(name, _output("So far:" + " and so on, and on" * REPEATED, "unknown", 40))
    assert _why(log) == {"cut_short"}
    assert (2, 0) in _counted(log)


@pytest.mark.parametrize("piece", ["0", "ab", "\n", "| up |\n", "Restart it, then look again. ", "日本"])
def test_only_a_server_says_that_a_reply_repeats_itself(piece):
    """A model that ends its reply itself is judged by what it said; so is one whose server names no reason."""
    text = "Well: " + piece * REPEATED
    assert stopped(_output(text, "unknown"), {}) == "cut_short"
    assert stopped(_output(text, "stop"), {}) is None
    assert stopped(_output(text + "!", "unknown"), {}) is None
    assert stopped(_output("Well: " + piece * (REPEATED - 1), "unknown"), {}) is None


@pytest.mark.parametrize(
    ("tokens", "why"),
    [(1, "no_room"), (REPLY_TOKENS - 1, "no_room"), (REPLY_TOKENS, "cut_short"), (0, "cut_short")],
)
def test_a_cut_reply_had_room_if_a_right_one_would_have_ended(tokens, why):
    """A server that counts no tokens (0) is taken to have given what the task asks for."""
    assert stopped(_output(CUT, "max_tokens", tokens), {"contract": "aj"}) == why
    assert stopped(_output(CUT, "max_tokens", tokens), {}) == why  # a reply that is judged for its tone alone


@pytest.mark.parametrize(("tokens", "why"), [(REPLY_TOKENS, "no_room"), (REPLY_TOKENS + THOUGHT_TOKENS, "cut_short")])
def test_thoughts_need_more_room_than_a_reply(tokens, why):
    said = _output("First I look", "max_tokens", tokens)
    assert stopped(said, {"contract": "aj", "reasoning": True}) == why
    assert stopped(_output("<think>\nFirst I look", "max_tokens", tokens), {"contract": "aj"}) == why
    said.choices[0].message.content = [ContentReasoning(reasoning="First I look"), ContentText(text="")]
    assert stopped(said, {"contract": "aj"}) == why


def test_a_reasoning_model_is_given_room_for_its_thoughts():
    assert _task("known_issues").config.max_tokens == REPLY_TOKENS
    reasons = _task("known_issues", reasoning=True)
    assert reasons.config.max_tokens == REPLY_TOKENS + THOUGHT_TOKENS
    assert all((sample.metadata or {})["reasoning"] for sample in reasons.dataset)


def test_who_asks_for_what_only_the_fleet_lacks_is_unscored_and_what_it_was_is_told(played):
    asked = _output('{"tool": "bash", "params": {"command": "localectl status"}}')
    log = played("task_success", asked)
    assert _why(log) == {"fleet_gap"}
    assert _counted(log) == {(0, 2)}
    assert {scored.explanation for scored in _scores(log)} == {f"{UNJUDGED['fleet_gap']}: localectl"}
    assert all(sample.store["Trace:gaps"] == [["command", "localectl"]] for sample in log.samples or [])


def test_who_asks_for_what_no_host_has_is_judged(played):
    asked = _output('{"tool": "bash", "params": {"command": "nosuchcommand"}}')
    assert "fleet_gap" not in _why(played("task_success", asked))


# --- limits of the eval ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("persona", {"time_limit": 0}),
        ("persona", {"message_limit": 1}),
        ("context_retention", {"message_limit": 5}),
        ("task_success", {"time_limit": 0}),
        ("task_success", {"token_limit": 100}),
    ],
    ids=str,
)
def test_a_model_that_was_not_asked_or_not_heard_is_unscored(played, name, limit):
    log = played(name, _output(), **limit)
    assert _why(log) <= {"no_reply", "interrupted"}
    assert _counted(log) == {(0, 2)}


@pytest.mark.parametrize("limit", [{"turn_limit": 1}, {"token_limit": 400}, {"message_limit": 4}], ids=str)
def test_a_turn_that_a_limit_cut_short_was_played_up_to_there(played, limit):
    log = played("task_success", _output(), **limit)
    assert _why(log) == {"limit"}
    for sample in log.samples or []:
        assert [call["tool"] for call in sample.store["Trace:turns"][0]["calls"]] == ["list_agents"]
        assert any("Available agents" in text for _, text in sample.store["Trace:seen"])
    assert _why(score(read_eval_log(log.location), task_done(), action="overwrite", display="none")) == {"limit"}


def test_who_has_done_all_so_far_when_a_limit_comes_between_two_turns_has_not_succeeded(evaluate):
    task = TASKS["task_success"](suite="small")
    task.dataset = task.dataset.filter(lambda sample: (sample.metadata or {})["turns"] == "multi")[:1]
    oracle = reference("oracle", loop=True)
    whole = evaluate(task, solver=oracle)
    (sample,) = whole.samples or []
    lines = [place for place, message in enumerate(sample.messages) if message.role == "user"]
    second = next(place for place in lines[1:] if not sample.messages[place].text.startswith("Result:"))
    log = evaluate(task, solver=oracle, message_limit=second)
    assert [turn["answer"] is None for turn in (log.samples or [])[0].store["Trace:turns"]] == [False, True]
    assert [scored.as_dict()["success"] for scored in (*_scores(whole), *_scores(log))] == [1.0, 0.0]


# --- scored again ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "scorer"),
    [("context_retention", context_kept), ("persona", persona_match)],
)
def test_a_log_with_a_sample_that_ended_in_an_error_can_be_scored_again(evaluate, name, scorer):
    asked: list[int] = []

    def breaks(_: Any) -> str:
        asked.append(1)
        if len(asked) == 1:
            raise ConnectionError("connection reset")
        return LIST

    log = evaluate(_task(name), breaks, max_samples=1, fail_on_error=0.9)
    again = score(read_eval_log(log.location), scorer(), action="overwrite", display="none")
    (broken,) = [sample for sample in again.samples or [] if sample.error]
    assert [scored.reason for scored in (broken.scores or {}).values()] in (["interrupted"], ["no_reply"])
    assert (1, 1) in _counted(again)
