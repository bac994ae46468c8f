"""The instruments are checked by agents whose scores are known: a broken one makes the check say so."""

import json

import pytest
from typer.testing import CliRunner

from aj.errors import AJError
from evals import frozen, reference
from evals.suite import TASKS
from loop import selfcheck
from loop.commands.main import app
from loop.selfcheck import EXPECTED, Mean
from scorers import persona_match


@pytest.fixture
def few(monkeypatch) -> None:
    """Two agents, one task, the first ten samples of the suite."""
    agents = {name: agent for name, agent in reference.AGENTS.items() if name in ("oracle", "blind")}
    monkeypatch.setattr(reference, "AGENTS", agents)
    monkeypatch.setattr(selfcheck, "TASKS", ("persona",))
    whole = frozen.dataset
    monkeypatch.setattr(frozen, "dataset", lambda *args: whole(*args)[:10])


# --- real runs ------------------------------------------------------------------------------------------------------


def test_right_instruments_pass_and_every_mean_is_told(few):
    told: list[str] = []
    means = selfcheck.selfcheck("small", told.append)
    assert told == ["oracle", "blind"]
    assert selfcheck.wrong(means) == []
    shown = {(m.agent, m.metric): m for m in means}
    assert shown.keys() == {(agent, metric) for agent in told for metric in ("match", "style", "facts")}
    assert shown["oracle", "match"].mean == 1.0
    assert shown["blind", "facts"].mean < 0.1
    assert {m.n for m in means} == {10}


def test_an_instrument_that_lets_made_up_answers_pass_is_named(few, monkeypatch):
    monkeypatch.setattr(persona_match, "check_final_answer", lambda *_: [])
    done = CliRunner().invoke(app, ["selfcheck", "--suite", "small", "--format", "json"])
    assert done.exit_code == 1
    assert "blind scored 1.000 on persona/facts, but 0 to 0.1 is expected" in done.stderr
    wrong = [(m["agent"], m["metric"]) for m in json.loads(done.stdout) if not m["ok"]]
    assert wrong == [("blind", "facts")]


def test_an_instrument_that_refuses_what_is_right_is_named(few, monkeypatch):
    real = persona_match.check_voice
    monkeypatch.setattr(persona_match, "check_voice", lambda *args, **rest: real("wow " * 99, *args[1:], **rest))
    wrong = selfcheck.wrong(selfcheck.selfcheck("small", lambda _: None))
    assert "oracle scored 0.000 on persona/style, but 1 to 1 is expected" in wrong


def test_an_instrument_that_breaks_is_an_error_that_names_agent_and_task(few, monkeypatch):
    def broken(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(persona_match, "check_final_answer", broken)
    with pytest.raises(AJError, match=r"agent 'oracle' broke persona \(.*division by zero"):
        selfcheck.selfcheck("small", lambda _: None)


def test_an_expected_mean_that_nothing_scores_is_an_error(few, monkeypatch):
    monkeypatch.setitem(EXPECTED, ("blind", "persona/fatcs"), (0.0, 0.0))
    with pytest.raises(AJError, match=r"Nothing scores persona/fatcs"):
        selfcheck.selfcheck("small", lambda _: None)


# --- what is expected -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mean", "low", "high", "ok"),
    [(1.0, 1.0, 1.0, True), (0.99, 1.0, 1.0, False), (0.1, 0.0, 0.1, True), (0.11, 0.0, 0.1, False)],
)
def test_a_mean_must_lie_within_its_bounds(mean, low, high, ok):
    found = Mean("blind", "persona", "facts", mean, 60, low, high)
    assert found.ok == ok
    assert bool(selfcheck.wrong([found])) != ok


def test_what_is_expected_is_of_agents_and_tasks_that_exist():
    for agent, metric in EXPECTED:
        assert agent in reference.AGENTS.keys() - {"oracle"}
        assert metric.split("/")[0] in TASKS


def test_every_bad_agent_is_expected_to_fail_somewhere():
    failing = {agent for (agent, _), (_, high) in EXPECTED.items() if high < 0.5}
    assert failing == reference.AGENTS.keys() - {"oracle"}
