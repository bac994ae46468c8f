"""The gate with the registry's earlier champions, over the made logs as `aj eval` would have left them."""

import shutil
from collections.abc import Iterator
from functools import cache

import pytest
import yaml
from typer.testing import CliRunner

from evals import identities
from loop import ab
from loop.commands.main import app
from loop.evaluate import eval_folder
from loop.judging import earlier_evals, judge
from loop.registry import earlier, promote, rollback
from loop.targets import find_target
from tests.loop.test_registry import passing
from verdict.gate import GateOutcome, gate

pytestmark = pytest.mark.loop  # real gates on real logs


@pytest.fixture(autouse=True, scope="module")
def code_is_read_once() -> Iterator[None]:
    """It does not change while these tests run, and an identity takes a tenth of a second."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("asked", "graded"):
            patch.setattr(identities, name, cache(getattr(identities, name)))
        yield


@pytest.fixture
def evals(lab, policy, monkeypatch):
    """run -> its finished eval; `good` was champion before `old`."""
    monkeypatch.setenv("AJ_LOGS", str(lab.logs))
    found = {}
    for run in ("good", "old", "same"):
        (lab.run(run) / "recipe.yaml").write_text(yaml.safe_dump({"contract": "aj"}))
        found[run] = eval_folder(find_target(run), "small")
        shutil.move(lab.evals(run), found[run])
    promote(lab.run("good"), passing(lab, "good", "base"))
    promote(lab.run("old"), passing(lab, "old", "good"))
    return found


def rules(verdict) -> set[str]:
    return {check.rule for check in verdict.checks}


def test_a_challenger_is_held_against_the_champions_before_the_reigning_one(lab, policy, evals):
    assert earlier() == ["good"]
    verdict = judge(evals["old"], evals["same"], policy, "small", lab.suites)
    assert {check.against for check in verdict.checks if check.rule == "best"} == {"good"}


def test_batch_by_batch_a_challenger_is_held_against_them_too(lab, policy, evals):
    champion, same = (ab.named(run, find_target(run), "small") for run in ("champion", "same"))
    verdict = ab.run(champion, same, policy, "small", suites=lab.suites).judged.verdict
    assert {check.against for check in verdict.checks if check.rule == "best"} == {"good"}
    shutil.rmtree(evals["good"])
    left = ab.run(champion, same, policy, "small", suites=lab.suites).judged.verdict
    assert "best" not in rules(left)
    assert left.reasons[-1].startswith("the earlier champion good is left out: good has no finished eval; run ")


def test_a_champion_whose_eval_is_not_whole_reigns_all_the_same(lab, evals):
    shutil.rmtree(evals["old"])
    assert earlier_evals(find_target("champion"), "small") == ([evals["good"]], [])
    assert earlier_evals(find_target("same"), "small") == ([], [])


def test_whoever_is_compared_with_another_reference_is_not(lab, policy, evals):
    assert "best" not in rules(judge(evals["good"], evals["same"], policy, "small", lab.suites))
    assert "best" not in rules(judge(evals["good"], evals["old"], policy, "small", lab.suites))


def test_a_champion_that_was_rolled_back_counts_no_more(lab, policy, evals):
    rollback()
    assert earlier() == []
    assert "best" not in rules(judge(evals["good"], evals["same"], policy, "small", lab.suites))


def test_a_champion_promoted_twice_is_no_earlier_one_while_it_reigns(lab, evals):
    promote(lab.run("good"), passing(lab, "good", "old"))
    assert earlier() == ["old"]


def test_an_earlier_champion_without_an_eval_of_this_suite_is_named_with_what_to_run(lab, policy, evals):
    shutil.rmtree(evals["good"])
    verdict = judge(evals["old"], evals["same"], policy, "small", lab.suites)
    assert verdict.checks == gate(evals["old"], evals["same"], policy, lab.logs, lab.suites).checks
    told = "the earlier champion good is left out: good has no finished eval; run `aj eval good` first."
    assert verdict.reasons[-1] == told
    shutil.rmtree(lab.run("good"))
    gone = judge(evals["old"], evals["same"], policy, "small", lab.suites).reasons[-1]
    assert gone.startswith("the earlier champion good is left out: There is no run 'good'")


@pytest.mark.parametrize("words", [("gate", "champion", "same"), ("gate", "old", "same"), ("promote", "same")])
def test_the_commands_ask_for_the_earlier_champions(evals, words):
    """These made samples are not the frozen ones, so the verdict is INVALID; what is left out is told all the same."""
    shutil.rmtree(evals["good"])
    done = CliRunner().invoke(app, words, env={"COLUMNS": "200"})
    assert done.exit_code == GateOutcome.INVALID
    assert "the earlier champion good is left out: good has no finished eval" in " ".join(done.output.split())
