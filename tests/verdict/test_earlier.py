"""Each gated metric is also held against the earlier champion that scored most in it."""

import pytest
from inspect_ai.log import EvalLog

from tests.made_logs import answered, fell_back
from verdict.gate import Check, GateOutcome, Verdict, gate
from verdict.policy import MetricPolicy
from verdict.reports import junit, markdown

pytestmark = pytest.mark.loop  # real gates on real logs


@pytest.fixture
def policy(policy):
    """Margins alone."""
    metrics = {name: MetricPolicy(margin=rule.margin) for name, rule in policy.metrics.items()}
    return policy.model_copy(update={"metrics": metrics})


@pytest.fixture
def slid(lab):
    """A candidate, the run `same`, that is exactly as good as the champion `old`, which had fallen behind `good`."""

    def fall(log: EvalLog) -> None:
        answered(log, fell_back)

    return lab.change("same", fall)


LEFT_OUT = "the earlier champion good cannot be a reference, and is left out: tool_format, the reference:"


def all_right(log: EvalLog) -> None:
    for sample in log.samples or []:
        for score in (sample.scores or {}).values():
            assert isinstance(score.value, dict)
            score.value = dict.fromkeys(score.value, 1.0)


def against(lab, policy, candidate, *earlier, base="old") -> Verdict:
    return gate(lab.evals(base), candidate, policy, lab.logs, lab.suites, [lab.evals(name) for name in earlier])


def best(verdict: Verdict) -> list[Check]:
    return [check for check in verdict.checks if check.rule == "best"]


def test_what_the_champion_had_lost_before_is_not_forgotten(lab, policy, slid):
    alone, held = against(lab, policy, slid), against(lab, policy, slid, "good")
    told = "change -0.250 [-0.429, -0.110] to the earlier champion good where -0.15 is tolerated: shown to be worse."
    assert (alone.outcome, held.outcome) == (GateOutcome.PROMOTE, GateOutcome.REJECT)
    assert f"known_issues/right: {told}" in held.reasons
    assert {(check.metric, check.against, check.state) for check in best(held)} == {
        ("known_issues/right", "good", "failed"),
        ("tool_format/valid", "good", "failed"),
    }
    assert set(alone.checks) <= set(held.checks), "nothing else is decided in another way"


def test_reports_name_the_earlier_champion(lab, policy, slid):
    verdict = against(lab, policy, slid, "good")
    assert "to the earlier champion good where" in markdown(verdict)
    assert "to the earlier champion good where" in junit(verdict)


def test_a_candidate_that_is_as_good_as_the_best_passes(lab, policy):
    verdict = against(lab, policy, lab.evals("same"), "good")
    assert verdict.outcome is GateOutcome.PROMOTE
    assert [check.state for check in best(verdict)] == ["passed", "passed"]
    assert verdict.reasons == ("all 4 checks passed.",)


def test_an_earlier_champion_that_was_not_better_asks_for_nothing(lab, policy):
    assert against(lab, policy, lab.evals("same"), "old", base="good") == against(
        lab, policy, lab.evals("same"), base="good"
    )


def test_a_champion_that_comes_back_is_not_held_against_itself(lab, policy):
    assert against(lab, policy, lab.evals("good"), "good") == against(lab, policy, lab.evals("good"))


def test_of_several_earlier_champions_the_best_counts_in_each_metric(lab, policy):
    def right_in_one_task(log: EvalLog) -> None:
        if log.eval.task == "tool_format":
            all_right(log)

    lab.change("old", right_in_one_task)
    verdict = against(lab, policy, lab.evals("same"), "good", "old-changed", base="base")
    assert {check.metric: check.against for check in best(verdict)} == {
        "known_issues/right": "good",
        "tool_format/valid": "old",
    }


def test_an_earlier_champion_whose_logs_were_changed_is_left_out_and_named(lab, policy, slid):
    lab.change("good", all_right, sealed=False)
    verdict = against(lab, policy, slid, "good-changed")
    assert best(verdict) == []
    assert verdict.reasons[-1].startswith(f"{LEFT_OUT} its scores were changed")


def test_an_earlier_champion_on_other_samples_is_left_out_and_named(lab, policy, slid):
    def elsewhere(log: EvalLog) -> None:
        log.eval.metadata = {**(log.eval.metadata or {}), "samples": "others"}

    verdict = against(lab, policy, slid, lab.change("good", elsewhere).name)
    assert best(verdict) == []
    assert verdict.reasons[-1].startswith(f"{LEFT_OUT} its samples are not those of")


def test_an_earlier_champion_without_logs_is_left_out_and_named(lab, policy, slid):
    folder = lab.logs / "evals" / "gone"
    folder.mkdir()
    verdict = against(lab, policy, slid, "gone")
    assert verdict.reasons[-1].startswith(f"the earlier champion of {folder} is left out: {folder} contains no")
