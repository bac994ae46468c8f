import json
from pathlib import Path

import pytest
from inspect_ai.log import EvalLog
from inspect_ai.scorer import Score
from rich.console import Console

from aj.errors import ConfigError
from tests.made_logs import GRADER
from verdict.checks import Demand, decide
from verdict.gate import GateOutcome, panel, to_record
from verdict.policy import Policy, load_policy
from verdict.stats import difference_of_families


def adjust(policy: Policy, **metric) -> Policy:
    """The same policy with other demands on known_issues/right."""
    rule = policy.metrics["known_issues/right"].model_copy(update=metric)  # also with values that no file may have
    return policy.model_copy(update={"metrics": {**policy.metrics, "known_issues/right": rule}})


# The verdicts.


def test_a_candidate_that_learnt_what_the_base_model_lacks_is_promoted(lab, policy):
    verdict = lab.judge(policy, "base", "good")
    assert (verdict.outcome, verdict.run, verdict.reference) == (GateOutcome.PROMOTE, "good", "base")
    assert {check.rule for check in verdict.checks} == {"margin", "floor", "improve", "slice"}


def test_an_equal_candidate_is_promoted_when_there_are_samples_enough(lab, policy):
    assert lab.judge(policy, "good", "same").outcome is GateOutcome.PROMOTE


def test_a_candidate_that_fell_back_is_rejected_and_its_patterns_named(lab, policy):
    verdict = lab.judge(policy, "good", "old")
    assert verdict.outcome is GateOutcome.REJECT
    assert verdict.regressed == ("known_issues/right pattern=old_keys",)
    assert any("shown to be worse" in reason for reason in verdict.reasons)


def test_an_equal_candidate_with_too_few_samples_is_inconclusive_and_told_how_many_would_do(lab, policy):
    verdict = lab.judge(adjust(policy, margin=0.03), "good", "same")
    assert verdict.outcome is GateOutcome.INCONCLUSIVE
    assert verdict.samples_needed is not None
    assert verdict.samples_needed > 48
    assert f"about {verdict.samples_needed} samples would decide" in verdict.reasons[0]


def test_a_missed_floor_rejects_even_a_better_candidate(lab, policy):
    verdict = lab.judge(adjust(policy, floor=0.9), "base", "old")
    assert verdict.outcome is GateOutcome.REJECT
    assert "against the floor 0.90" in verdict.reasons[0]


def test_while_the_champion_is_weak_equal_is_not_enough(lab, policy):
    verdict = lab.judge(adjust(policy, improve_until=0.99), "good", "same")
    assert verdict.outcome is GateOutcome.INCONCLUSIVE
    assert "an improvement is required" in verdict.reasons[0]
    assert verdict.samples_needed is None


def test_one_pattern_that_fell_keeps_the_verdict_open_when_its_samples_are_too_few_to_show_it(lab, policy):
    def lose_one_pattern(log: EvalLog) -> None:
        for sample in log.samples or []:
            if sample.metadata["slice"]["pattern"] == "prose" and str(sample.id)[-1] in "012":
                sample.scores = {"right": Score(value={"right": 0.0, "brief": 1.0}, metadata={"grader": GRADER})}

    folder = lab.change("same", lose_one_pattern, tasks="known-issues")
    verdict = lab.judge(adjust(policy, margin=0.4), "good", folder)
    assert verdict.outcome is GateOutcome.INCONCLUSIVE
    assert "pattern=prose" in verdict.reasons[0]


def lose(lab, pattern: str, places: str):
    """The arm `same`, wrong in those samples of a pattern too."""

    def wrong(log: EvalLog) -> None:
        for sample in log.samples or []:
            if sample.metadata["slice"]["pattern"] == pattern and str(sample.id).split("-")[-1] in places.split():
                sample.scores = {"right": Score(value={"right": 0.0, "brief": 1.0}, metadata={"grader": GRADER})}

    return lab.change("same", wrong, tasks="known-issues")


def slice_of(verdict, pattern: str):
    return next(check for check in verdict.checks if check.rule == "slice" and check.slice == f"pattern={pattern}")


def test_a_slice_that_is_shown_to_have_fallen_fails_only_beyond_the_metrics_margin(policy):
    lost = difference_of_families([-1.0] * 6 + [0.0] * 6, [1] * 12)
    for margin, state in ((0.4, "failed"), (0.6, "open")):
        (decided,) = decide([Demand("a/b", "slice", "pattern=two_calls", lost, -0.25, 0.0, margin)], policy)
        assert (decided.state, decided.check().value) == (state, -0.5)


def test_a_slice_may_fall_by_as_much_as_the_policy_says(lab, policy):
    folder = lose(lab, "two_calls", "0 1 2")  # a quarter, which twelve samples cannot show
    for fall, state in ((0.2, "open"), (0.3, "passed")):
        verdict = lab.judge(adjust(policy, margin=0.1, slices={"pattern": fall}), "good", folder)
        assert slice_of(verdict, "two_calls").state == state
        assert slice_of(verdict, "old_keys").state == "passed"


def test_a_strict_metric_fails_as_soon_as_a_drop_is_shown(policy):
    fell = difference_of_families([-1.0] * 10 + [0.0] * 90, [1] * 100)  # inside a margin of .25, and shown
    for strict, state in ((False, "passed"), (True, "failed")):
        (decided,) = decide([Demand("a/b", "margin", "all", fell, -0.25, 0.0, strict=strict)], policy)
        assert decided.state == state


def test_what_got_worse_without_being_gated_is_named(lab, policy):
    def ramble(log: EvalLog) -> None:
        for sample in log.samples or []:
            for score in (sample.scores or {}).values():
                if isinstance(score.value, dict):
                    score.value = {**score.value, "brief": 0.0}

    verdict = lab.judge(policy, "good", lab.change("same", ramble, tasks="known-issues"))
    assert verdict.outcome is GateOutcome.PROMOTE
    (worse,) = [reason for reason in verdict.reasons if "not gated" in reason]
    assert worse.startswith("shown to be worse, but not gated: known_issues/brief -1.000 [-1.000, ")
    assert "known_issues/right" not in worse


def test_a_drop_inside_the_margin_is_tolerated(lab, policy):
    verdict = lab.judge(adjust(policy, margin=0.5, slices={}), "good", "old")
    margin = next(c for c in verdict.checks if c.metric == "known_issues/right" and c.rule == "margin")
    assert margin.high < 0
    assert margin.state == "passed"


def test_a_verdict_becomes_json_and_a_page_for_the_terminal(lab, policy):
    verdict = lab.judge(policy, "good", "old")
    record = json.loads(json.dumps(to_record(verdict), allow_nan=False))
    assert (record["outcome"], record["run"]) == ("REJECT", "old")
    console = Console(width=160)
    with console.capture() as shown:
        console.print(panel(verdict))
    assert "got worse:\n  known_issues/right pattern=old_keys" in shown.get()


# The policy file.


def test_the_default_policy_loads():
    assert load_policy().gated.keys() == {
        "tool_format",
        "known_issues",
        "context_retention",
        "persona",
        "task_success",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("metrics: {}", "metrics"),
        ("metrics: {valid: {margin: 0.1}}", "not task/metric"),
        ("metrics: {'a/b ': {margin: 0.1}}", "not task/metric"),
        ("metrics: {'a/ b': {margin: 0.1}}", "not task/metric"),
        ("metrics: {' / ': {margin: 0.1}}", "not task/metric"),
        ("metrics: {a/b: {margin: 0}}", "margin"),
        ("metrics: {a/b: {margin: .nan}}", "margin"),
        ("metrics: {a/b: {margin: 0.1, slices: {pattern: 0}}}", "slices.pattern"),
        ("metrics: {a/b: {margin: 0.1, slices: {pattern: true}}}", "slices.pattern"),
        ("metrics: {a/b: {margin: true}}", "margin"),
        ("metrics: {a/b: {margin: yes}}", "margin"),
        ("metrics: {a/b: {margin: '0.1'}}", "margin"),
        ("metrics: {a/b: {margin: 1.0}}", "margin"),
        ("metrics: {a/b: {margin: .inf}}", "margin"),
        ("metrics: {a/b: {margin: 0.1, floor: false}}", "floor"),
        ("metrics: {a/b: {margin: 0.1, floor: 1.0}}", "floor"),
        ("metrics: {a/b: {margin: 0.1, improve_until: 1.5}}", "improve_until"),
        ("metrics: {a/b: {margin: 0.1, floor: 0.6, improve_until: 0.5}}", "floor: it is above improve_until, 0.5"),
        ("metrics: {a/b: {margin: 0.1, margin: 0.4}}", "the key 'margin' is there twice"),
        ("metrics: {a/b: {margin: 0.1}, a/b: {margin: 0.4}}", "the key 'a/b' is there twice"),
        ("metrics: {a/b: {margin: 0.1, florr: 0.5}}", "florr"),
        ("metrics: {a/b: {}}", "margin"),
    ],
)
def test_a_policy_that_would_gate_nothing_is_an_error_with_its_line(tmp_path, text, message):
    path = tmp_path / "policy.yaml"
    path.write_text(f"confidence: 0.95\nevidence: {{min_samples: 25, max_errors: 0, max_unscored: 0}}\n{text}\n")
    with pytest.raises(ConfigError, match=f"policy.yaml:3: .*{message}"):
        load_policy(path)


@pytest.mark.parametrize(("floor", "mark"), [(0.5, 0.5), (0.4, 0.5), (0, 1)])
def test_a_floor_may_be_at_the_mark_and_below(tmp_path, floor, mark):
    assert write_metric(tmp_path, floor, mark).metrics["a/b"].floor == floor


def test_a_floor_above_the_mark_is_an_error_with_the_line_of_the_floor(tmp_path):
    with pytest.raises(ConfigError, match=r"policy.yaml:5: metrics\.a/b\.floor: it is above improve_until, 0.7"):
        write_metric(tmp_path, 0.71, 0.7)


def write_metric(folder: Path, floor: float, mark: float) -> Policy:
    metric = f"  a/b:\n    floor: {floor}\n    improve_until: {mark}\n    margin: 0.1\n"
    evidence = "{min_samples: 25, max_errors: 0, max_unscored: 0}"
    path = folder / "policy.yaml"
    path.write_text(f"confidence: 0.95\nevidence: {evidence}\nmetrics:\n{metric}")
    return load_policy(path)


@pytest.mark.parametrize(
    "text",
    [
        "min_samples: true",
        "min_samples: 1",
        "max_errors: 1.0",
        "max_errors: true",
        "max_unscored: .nan",
        "min_samples: 30.5",
    ],
)
def test_evidence_that_a_policy_would_let_pass_whatever_it_is_is_an_error(tmp_path, text):
    given = {"min_samples": "25", "max_errors": "0", "max_unscored": "0"}
    name, _, value = text.partition(": ")
    path = tmp_path / "policy.yaml"
    limits = ", ".join(f"{key}: {number}" for key, number in (given | {name: value}).items())
    path.write_text(f"confidence: 0.95\nevidence: {{{limits}}}\nmetrics: {{a/b: {{margin: 0.1}}}}\n")
    with pytest.raises(ConfigError, match=f"policy.yaml:2: .*{name}"):
        load_policy(path)
