"""The reference agents: the oracle is right on every task, and each bad agent fails where it should, and only there."""

import asyncio
import math
from random import Random
from typing import Any

import pytest
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelName
from inspect_ai.scorer import Score, Scorer, Target
from inspect_ai.solver import TaskState

from aj.conduct import check_conduct
from aj.contract import load_contract
from aj.findings import codes
from aj.messages import calls, result, user
from aj.wire import judge_call
from evals.frozen import dataset
from evals.reference import AGENTS, oracle, reference
from evals.suite import LOOPED
from loop.selfcheck import EXPECTED
from scenarios.catalogue import templates
from scorers.checks.answers import check_answer
from scorers.checks.replies import check_reply
from scorers.context_kept import context_kept
from scorers.no_known_issue import no_known_issue
from scorers.persona_match import persona_match
from scorers.samples import Case
from scorers.task_done import task_done
from scorers.valid_reply import valid_reply

AJ = load_contract()
SCORERS = {
    "tool_format": valid_reply,
    "known_issues": no_known_issue,
    "persona": persona_match,
    "context_retention": context_kept,
    "task_success": task_done,
}


@pytest.fixture(scope="module")
def chosen() -> dict[str, list[Sample]]:
    """Eight samples of each task, of all of its kinds."""

    def some(data: MemoryDataset) -> list[Sample]:
        return Random(3).sample(list(data), 8)

    return {task: some(dataset(task, "small", "aj")) for task in SCORERS}  # type: ignore[arg-type]


def _scored(agent: str, task: str, sample: Sample) -> dict[str, float]:
    """What the agent scores on a sample: the solver and the scorer of the eval, without Inspect around them."""
    solve, grade = reference(agent, task in LOOPED), SCORERS[task]()
    score = asyncio.run(_played(solve, grade, sample))
    assert score
    assert isinstance(score.value, dict)
    return score.value  # type: ignore[return-value]


async def _played(solve: Any, grade: Scorer, sample: Sample) -> Score | None:
    assert not isinstance(sample.input, str)
    state = TaskState(
        ModelName("none/none"), str(sample.id), 1, sample.input, list(sample.input), metadata=sample.metadata
    )
    return await grade(await solve(state, None), Target(""))


@pytest.mark.parametrize("task", SCORERS)
def test_the_oracle_is_right_in_everything(chosen, task):
    for sample in chosen[task]:
        value = _scored("oracle", task, sample)
        assert {right for right in value.values() if not math.isnan(right)} == {1.0}, sample.id


@pytest.mark.parametrize(("agent", "metric"), EXPECTED)
def test_a_bad_agent_scores_what_selfcheck_expects(chosen, agent, metric):
    task, key = metric.split("/")
    low, high = EXPECTED[agent, metric]
    means = _means(agent, task, chosen)
    slack = 0.0 if low == high and low in (0.0, 1.0) else 0.3  # eight samples are no mean
    assert key not in means or low - slack <= means[key] <= high + slack  # eight samples may not ask for every part


CACHE: dict[tuple[str, str], dict[str, float]] = {}


def _means(agent: str, task: str, chosen: dict[str, list[Sample]]) -> dict[str, float]:
    if (agent, task) not in CACHE:
        values = [_scored(agent, task, sample) for sample in chosen[task]]
        asked = {key: [value[key] for value in values if not math.isnan(value[key])] for key in values[0]}
        CACHE[agent, task] = {key: sum(of) / len(of) for key, of in asked.items() if of}
    return CACHE[agent, task]


def test_every_bad_agent_fails_every_kind_of_task_that_asks_for_more_than_form():
    for agent in AGENTS.keys() - {"oracle", "rediscovers"}:
        failing = {
            metric.split("/")[0] for (who, metric), (low, high) in EXPECTED.items() if who == agent and high < 0.5
        }
        assert failing >= {"task_success", "persona"}, agent
    assert EXPECTED["rediscovers", "context_retention/retained"][1] < 0.5


# --- how they fail --------------------------------------------------------------------------------------------------


def _case(seed: int = 3, name: str = "everyday.eval_2") -> Case:
    scenario = templates()[name].draw(seed, "senior_engineer")
    return Case(AJ, "step", (user(scenario.turns[0].text),), scenario)


LISTED = [calls("list_agents"), result("list_agents", "  - web01: web01 (linux) @ 10.0.0.2:7000")]


def test_every_agent_but_the_old_one_speaks_valid_calls():
    for seed in range(12):
        case = _case(seed)
        for name, agent in AGENTS.items():
            said = judge_call(agent(case, case.past, case.turn), AJ)
            assert said.ok == (name != "old_format"), (name, said.findings)
            if name == "old_format":
                assert "action_key" in codes(said.findings)


def test_the_oracle_keeps_to_every_mode():
    case = _case()
    for mode in ("step", "plan", "intent"):
        other = Case(AJ, mode, case.past, case.scenario)  # type: ignore[arg-type]
        assert check_reply(oracle(other, case.past, case.turn), AJ, mode) == ()  # type: ignore[arg-type]


def test_who_rediscovers_asks_again_with_every_request_and_once_only():
    case = _case()
    past = [*case.past, *LISTED, calls("complete", {"answer": "x"}), user("and now?")]
    again = judge_call(AGENTS["rediscovers"](case, past, case.turn), AJ).call
    assert again
    assert codes(check_conduct(again, past, AJ)) == ["second_discovery"]
    later = judge_call(AGENTS["rediscovers"](case, [*past, *LISTED], case.turn), AJ).call
    assert later != again


def test_who_restarts_all_does_so_once_and_then_what_is_right():
    case = _case()
    known = [*case.past, *LISTED]
    restart = judge_call(AGENTS["restarts_all"](case, known, case.turn), AJ).call
    assert restart
    assert restart.tool == "remote_bash_all"
    for host in case.scenario.hosts:
        assert all(service in restart.params["command"] for service in host.services)
    past = [*known, calls(restart.tool, restart.params), result(restart.tool, "")]
    assert AGENTS["restarts_all"](case, past, case.turn) == oracle(case, past, case.turn)


def test_the_blind_agent_says_nothing_that_is_true_of_a_host():
    for seed in range(20):
        case = _case(seed, "everyday.eval_reading")
        said = judge_call(AGENTS["blind"](case, case.past, case.turn), AJ).call
        assert said
        assert check_answer(said.params["answer"], case.turn.truth), said
