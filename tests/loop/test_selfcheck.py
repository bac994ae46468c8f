"""The instruments are checked by agents whose scores are known: a broken one makes the check say so."""

import json

import pytest
from typer.testing import CliRunner

from aj.errors import AJError, ConfigError
from aj.findings import Finding
from evals import reference
from evals.agents import lazy
from evals.suite import TASKS
from fleet.gaps import FleetGap, Gap
from loop.commands.main import app
from loop.selfcheck import changed, gaps, policies, references, run
from loop.selfcheck.changed import FALSE, FEWEST, idle
from loop.selfcheck.found import SHOWN, Mean, Miss, SelfcheckReport, wrong
from loop.selfcheck.references import EXPECTED, tasks_of
from loop.selfcheck.run import selfcheck
from scorers import persona_match


@pytest.fixture(autouse=True)
def little(monkeypatch) -> None:
    """One task, and an agent or two of each kind."""
    agents = {name: agent for name, agent in reference.AGENTS.items() if name in ("oracle", "blind")}
    monkeypatch.setattr(reference, "AGENTS", agents)
    monkeypatch.setattr(lazy, "LAZY", {"done": lazy.LAZY["done"]})
    monkeypatch.setitem(changed.CHANGES, "truth_keeping", _of("truth_keeping", "numbered_list", "bare"))
    monkeypatch.setitem(changed.CHANGES, "truth_breaking", _of("truth_breaking", "hedged", "renamed_host"))
    for module in (run, references, policies):
        monkeypatch.setattr(module, "TASKS", ("persona",))


def _of(kind, *names: str):
    return {name: changed.CHANGES[kind][name] for name in names}


def _selfcheck(**options) -> SelfcheckReport:
    """On the first ten samples, in this process."""
    return selfcheck("small", lambda _: None, limit=10, jobs=1, **options)


# --- real runs ------------------------------------------------------------------------------------------------------


@pytest.mark.loop
def test_right_instruments_pass_and_every_agent_is_told_of():
    done: list[str] = []
    checked = selfcheck("small", done.append, limit=10, jobs=1)
    assert wrong(checked) == []
    assert [what for what in done if what.endswith(("oracle", "blind", "lazy: done"))] == [
        "1/7 oracle",
        "2/7 blind",
        "7/7 lazy: done",
    ]
    means = {(m.agent, m.metric): m.mean for m in checked.means}
    assert means["oracle", "match"] == means["numbered_list", "match"] == means["bare", "facts"] == 1.0
    assert means["hedged", "match"] == means["renamed_host", "facts"] == means["done", "facts"] == 0.0
    assert means["blind", "facts"] < 0.1
    assert ("bare", "style") not in means  # a name outside of inline code is rightly against AJ's style
    assert {m.n for m in checked.means if m.kind != "truth_breaking"} == {10}


def test_an_instrument_that_lets_what_is_false_pass_is_named_with_the_sample_and_the_answer(monkeypatch):
    monkeypatch.setattr(persona_match, "check_final_answer", lambda *_: [])
    command = "selfcheck --suite small --jobs 1 --kind truth_breaking --agent renamed_host --limit 10 --format json"
    done = CliRunner().invoke(app, command.split())
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert [m["metric"] for m in told["means"] if not m["ok"]] == ["match", "facts"]
    miss = told["misses"][0]
    assert (
        f"renamed_host must not score 1 on match, facts of persona {miss['sample']}: {miss['answer']!r}" in done.stderr
    )


def test_an_instrument_that_refuses_a_form_is_named_with_its_finding(monkeypatch):
    real = persona_match.check_final_answer

    def narrow(answer, *rest):
        return [Finding("wrong_count", "2 where 1 is right", "count")] if "1. " in answer else real(answer, *rest)

    monkeypatch.setattr(persona_match, "check_final_answer", narrow)
    found = wrong(_selfcheck(kinds=["truth_keeping"]))
    assert found[0] == "numbered_list scored 0.000 on persona/match, but 1 to 1 is expected"
    assert "numbered_list must not score 0 on match, facts of persona" in found[2]
    assert "wrong_count: 2 where 1 is right" in found[2]
    assert not any("bare" in sentence for sentence in found)


def test_an_instrument_that_refuses_what_is_right_fails_the_oracle_itself(monkeypatch):
    real = persona_match.check_voice
    monkeypatch.setattr(persona_match, "check_voice", lambda *args, **rest: real("wow " * 99, *args[1:], **rest))
    found = wrong(_selfcheck(kinds=["reference"], agent="oracle"))
    assert "oracle scored 0.000 on persona/style, but 1 to 1 is expected" in found


def test_an_instrument_that_breaks_is_an_error_that_names_agent_and_task(monkeypatch):
    def broken(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(persona_match, "check_final_answer", broken)
    with pytest.raises(AJError, match=r"agent 'oracle' broke persona \(.*division by zero"):
        _selfcheck(kinds=["reference"])


def test_an_expected_mean_that_nothing_scores_is_an_error(monkeypatch):
    monkeypatch.setitem(EXPECTED, ("blind", "persona/fatcs"), (0.0, 0.0))
    with pytest.raises(AJError, match=r"Nothing scores persona/fatcs"):
        _selfcheck(agent="blind")


def test_a_floor_that_a_lazy_policy_reaches_is_named(monkeypatch):
    monkeypatch.setattr(policies, "floors", lambda: {"persona/facts": 0.0, "persona/style": 0.9})
    found = wrong(_selfcheck(kinds=["lazy"]))
    assert found == [
        "done scored 0.000 on persona/facts, and the gate's floor must be higher; "
        "raise it in verdict/policies/default.yaml"
    ]


def test_an_agent_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(ConfigError, match=r"no agent 'hedge' in truth_breaking; there are hedged, renamed_host, unl"):
        _selfcheck(kinds=["truth_breaking"], agent="hedge")


# --- what is expected -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mean", "low", "high", "ok"),
    [(1.0, 1.0, 1.0, True), (0.99, 1.0, 1.0, False), (0.1, 0.0, 0.1, True), (0.11, 0.0, 0.1, False)],
)
def test_a_mean_must_lie_within_its_bounds(mean, low, high, ok):
    found = Mean("reference", "blind", "persona", "facts", mean, 60, low, high)
    assert found.ok == ok
    assert bool(wrong(SelfcheckReport([found]))) != ok


def test_what_is_expected_is_of_agents_and_tasks_that_exist(monkeypatch):
    monkeypatch.undo()
    for agent, metric in EXPECTED:
        assert agent in reference.AGENTS.keys() - {"oracle"}
        assert metric.split("/")[0] in tasks_of(agent)
    assert FALSE.keys() == {*TASKS}


def test_every_bad_agent_is_expected_to_fail_somewhere(monkeypatch):
    monkeypatch.undo()
    failing = {agent for (agent, _), (_, high) in EXPECTED.items() if high < 0.5}
    assert failing == reference.AGENTS.keys() - {"oracle"}


def test_of_many_misses_the_first_of_each_agent_and_task_are_told():
    misses = [Miss("truth_breaking", "hedged", "persona", str(n), ("facts",), "a or b", "fine") for n in range(9)]
    assert len(wrong(SelfcheckReport(misses=misses))) == SHOWN


def test_an_agent_that_changes_hardly_any_answer_is_found():
    assert idle([], {"truth_keeping": ["bare"]}) == ["bare"]
    tried = [changed.Tried("truth_keeping", "bare", "persona", str(n), "", None) for n in range(FEWEST)]  # type: ignore[arg-type]
    assert idle(tried, {"truth_keeping": ["bare"]}) == []


@pytest.mark.loop
def test_the_oracle_asks_for_nothing_that_the_fleet_lacks():
    told = CliRunner().invoke(app, ["selfcheck", "--suite", "small", "--gaps", "--limit", "3", "--format", "json"])
    assert (json.loads(told.stdout), told.exit_code) == ([], 0)


def test_a_gap_that_the_oracle_meets_is_listed_with_its_sample(monkeypatch):
    monkeypatch.setattr(gaps, "TASKS", ("persona",))
    monkeypatch.setattr(gaps, "play", _meets_localectl)
    told = CliRunner().invoke(app, ["selfcheck", "--suite", "small", "--gaps", "--limit", "1", "--format", "json"])
    (row,) = json.loads(told.stdout)
    assert (row["what"], row["kind"], row["task"], told.exit_code) == ("localectl", "command", "persona", 1)


def _meets_localectl(scenario, contract):
    raise FleetGap([Gap("command", "localectl")])
