"""A simulated user: keeps every name and number in other words, and its own failure is never held against AJ."""

from collections.abc import Callable

import pytest
from inspect_ai import Task, eval
from inspect_ai.log import EvalLog
from inspect_ai.model import ModelOutput
from inspect_ai.solver import Generate, Solver, TaskState, solver

from aj.messages import Message
from evals.agent import converse
from evals.agents.oracle import oracle
from evals.simulated_user import TRIES, terms
from evals.task_success import task_success
from scenarios.scenario import ScriptedTurn
from scorers.samples import Case

pytestmark = pytest.mark.loop  # runs real Inspect evals

# --- what must survive ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "names", "kept"),
    [
        ("restart nginx on web01, please", (), {"web01"}),
        ("restart nginx on web01, please", ("nginx", "cron", "db"), {"web01", "nginx"}),
        ("is vault-b fuller than 80%?", ("vault-b", "vault-c"), {"vault-b", "80%"}),
        ("look at /var/log/app.log.", (), {"/var/log/app.log"}),
        ("what does config.yml say?", (), {"config.yml"}),
        ("run `df -h /` there", (), {"df -h /"}),
        ('how often does "login failed" stand there?', (), {"login failed"}),
        ("is it on 1.2.3?", (), {"1.2.3"}),
        ("and there too?", ("web01",), set()),
    ],
)
def test_names_numbers_paths_and_quotes_must_survive(line, names, kept):
    assert terms(line, names) == kept


# --- a conversation with one ----------------------------------------------------------------------------------------


@solver
def oracle_with_user() -> Solver:
    """The oracle in AJ's place, against a simulated user."""

    async def speak(state: TaskState, case: Case, past: list[Message], turn: ScriptedTurn) -> ModelOutput:
        return ModelOutput.from_content("oracle", oracle(case, past, turn))

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        return await converse(state, speak, simulated_user=True)

    return solve


def _some(turns: str, count: int) -> Task:
    """The task with its first conversations of one ("single") or several ("multi") turns."""
    task = task_success("small")
    task.dataset = task.dataset.filter(lambda sample: (sample.metadata or {})["turns"] == turns)[:count]
    return task


@pytest.fixture(scope="module")
def converse_with(tmp_path_factory, model_that_says) -> Callable[..., EvalLog]:
    """The log of three conversations of several turns, in which the user says what a function makes of the script."""

    def run(reword: Callable[[str], str]) -> EvalLog:
        task = _some("multi", 3)
        (log,) = eval(
            task,
            model=None,
            solver=oracle_with_user(),
            model_roles={"user": model_that_says(lambda messages: reword(messages[-1].text))},
            log_dir=str(tmp_path_factory.mktemp("logs")),
            display="none",
            log_realtime=False,
        )
        assert log.status == "success", log.error
        return log

    return run


def _asked(log: EvalLog) -> list[str]:
    """What the users said after the first request."""
    asked = [[m.text for m in sample.messages if m.role == "user"][1:] for sample in log.samples or []]
    return [text for texts in asked for text in texts if not text.startswith("Result:")]


def _mean(log: EvalLog, key: str) -> float:
    assert log.results
    return next(scored.metrics["mean"].value for scored in log.results.scores if scored.name == key)


def test_aj_is_judged_as_ever_when_the_user_keeps_what_matters(converse_with):
    log = converse_with(lambda line: f"So, {line}")
    assert _mean(log, "success") == 1.0
    assert _asked(log)
    assert all(text.startswith("So, ") for text in _asked(log))


def test_a_user_who_loses_a_name_fails_alone_and_the_sample_is_unscored(converse_with):
    log = converse_with(lambda line: "do that thing again")
    lost = [sample for sample in log.samples or [] if sample.store["Trace:simulator"]]
    assert lost
    for sample in lost:
        (score,) = (sample.scores or {}).values()
        assert score.reason == "simulator"
        assert str(score.explanation).startswith("the simulated user failed: lost ")
    assert log.results
    assert {found.unscored_samples for found in log.results.scores if found.name == "success"} == {len(lost)}


def test_a_user_is_asked_again_before_it_is_given_up(converse_with):
    said: list[str] = []

    def unsure(line: str) -> str:
        said.append(line)
        return "" if said.count(line) < TRIES else line

    assert _mean(converse_with(unsure), "success") == 1.0
    assert {said.count(line) for line in said} == {TRIES}


def test_a_conversation_of_one_turn_needs_no_user(tmp_path):
    task = _some("single", 1)
    (log,) = eval(
        task, model=None, solver=oracle_with_user(), log_dir=str(tmp_path), display="none", log_realtime=False
    )
    assert log.status == "success"
    assert _mean(log, "success") == 1.0


def test_without_a_model_for_the_user_the_eval_says_so(tmp_path):
    task = _some("multi", 1)
    (log,) = eval(
        task, model=None, solver=oracle_with_user(), log_dir=str(tmp_path), display="none", log_realtime=False
    )
    assert log.status == "error"
    assert log.error
    assert "user" in log.error.message
