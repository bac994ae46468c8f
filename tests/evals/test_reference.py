"""The reference agents, one reply at a time: what each is right about, and how it fails.

`aj selfcheck` plays them all on the whole small suite, and holds what they score against what is expected.
"""

from aj.conduct import check_conduct
from aj.contract import load_contract
from aj.findings import codes
from aj.messages import calls, result, user
from aj.wire import judge_call
from evals.agents.one_style import ONE_STYLE
from evals.agents.oracle import oracle
from evals.reference import AGENTS
from loop.selfcheck.references import EXPECTED
from scenarios.catalogue import templates
from scorers.checks.answers import check_answer
from scorers.checks.replies import check_reply
from scorers.samples import Case

AJ = load_contract()


def test_every_bad_agent_fails_every_kind_of_task_that_asks_for_more_than_form():
    for agent in AGENTS.keys() - ONE_STYLE.keys() - {"oracle", "rediscovers"}:
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
