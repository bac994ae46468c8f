"""The noise of one model that was asked twice: measured, stored, marked and held against margins."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from aj.errors import EvidenceError
from tests.made_records import LOG, ONE
from verdict.checks import Check, Demand, decide, reason, shown_value
from verdict.compare import compare_all, table
from verdict.gate import GateOutcome, gate
from verdict.noise import NOISE, Noise, known, measured, unlike_the_noise, write
from verdict.policy import Policy
from verdict.scores import TaskScores
from verdict.sequential import judge
from verdict.stats import difference_estimate

SOME = Noise(n=100, families=50, changed=4, difference=0.02, most=0.04)


def log(values: dict[str, float], **changes) -> TaskScores:
    """Samples by name with this value; the family is the name's first letter."""
    samples = {name: replace(ONE, id=name, family=name[0], values={"right": value}) for name, value in values.items()}
    return replace(LOG, samples=samples, **changes)


def again(values: dict[str, float], **changes) -> TaskScores:
    """The same model's second eval."""
    return log(values, created="2026-01-02T10:00:00+00:00", **changes)


def asking(margin: float, above_noise: bool = True) -> Policy:
    evidence = {"min_samples": 2, "max_errors": 0, "max_unscored": 0}
    metrics = {"known/right": {"margin": margin}}
    told = {"confidence": 0.95, "evidence": evidence, "above_noise": above_noise, "metrics": metrics}
    return Policy.model_validate(told)


# --- measuring ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "changed", "difference", "sums"),
    [
        ({"a": 1.0, "b": 0.0, "c": 1.0, "d": 0.0}, {"a": 0.0, "b": 1.0, "c": 1.0, "d": 0.0}, 2, 0.0, [1, 1]),
        ({"a1": 1.0, "a2": 1.0, "b": 0.0, "c": 0.5}, {"a1": 0.0, "a2": 0.0, "b": 0.0, "c": 0.5}, 2, -0.5, [2]),
        ({"a1": 1.0, "a2": 0.0, "b": 0.0, "c": 1.0}, {"a1": 0.0, "a2": 1.0, "b": 0.0, "c": 1.0}, 2, 0.0, [0]),
        ({"a": 0.25, "b": 0.5, "c": 1.0, "d": 0.0}, {"a": 0.5, "b": 0.5, "c": 1.0, "d": 0.0}, 1, 0.0625, [0.25]),
        ({"a": 1.0, "b": 0.0, "c": 1.0, "d": 0.0}, {"a": 1.0, "b": 0.0, "c": 1.0, "d": 0.0}, 0, 0.0, []),
    ],
)
def test_what_changes_between_two_evals_of_one_model_is_noise_by_family(first, second, changed, difference, sums):
    found = measured([(log(first), again(second))])["known/right"]
    assert (found.n, found.changed, found.difference) == (4, changed, difference)
    assert found.families == len({name[0] for name in first})
    assert found.most == pytest.approx(1.96 * math.sqrt(sum(value**2 for value in sums)) / 4)


def test_an_eval_has_no_noise_against_itself_or_another_model():
    values = {"a": 1.0, "b": 0.0}
    with pytest.raises(EvidenceError, match="are one eval"):
        measured([(log(values), log(values))])
    other = again(values, metadata={**LOG.metadata, "run": "two"})
    with pytest.raises(EvidenceError, match=r"not of one model \(run differs\)"):
        measured([(log(values), other)])
    served = again(values, metadata={**LOG.metadata, "serving": {"server": {"dtype": "float16"}}})
    with pytest.raises(EvidenceError, match=r"not of one model \(serving differs\)"):
        measured([(log(values), served)])


def test_the_noise_of_fewer_samples_is_larger():
    assert SOME.at(100) == 0.04
    assert SOME.at(25) == 0.08
    assert SOME.explains(-0.08, 25)
    assert not SOME.explains(-0.08, 100)


# --- storing --------------------------------------------------------------------------------------------------------


def lying(folder: Path, name: str) -> dict[str, TaskScores]:
    (folder / name).mkdir()
    return {"known": replace(LOG, path=folder / name / "1.eval")}


def test_of_two_models_that_were_asked_twice_the_larger_noise_counts(tmp_path):
    one, other = lying(tmp_path, "one"), lying(tmp_path, "other")
    assert known(one, other) == {}
    write(tmp_path / "one", {"known/right": SOME})
    assert known(one, other) == known(other, one) == {"known/right": SOME}
    more = replace(SOME, most=0.05)
    write(tmp_path / "other", {"known/right": more, "known/brief": SOME})
    assert known(one, other) == known(other, one) == {"known/right": more, "known/brief": SOME}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"known/right": 0.1}',
        '{"known/right": {"n": 10, "families": 5, "changed": 1, "difference": 0.1, "most": NaN}}',
        '{"known/right": {"n": 10, "families": 5, "changed": 1, "difference": 0.1, "most": -0.1}}',
        '{"known/right": {"n": 0, "families": 5, "changed": 1, "difference": 0.1, "most": 0.1}}',
    ],
)
def test_what_no_measurement_wrote_is_an_error(tmp_path, text):
    one, other = lying(tmp_path, "one"), lying(tmp_path, "other")
    (tmp_path / "one" / NOISE).write_text(text)
    with pytest.raises(EvidenceError, match="is not what `aj gate --aa` wrote; delete it"):
        known(one, other)


# --- marking --------------------------------------------------------------------------------------------------------


def test_a_comparison_marks_what_may_be_noise(tmp_path):
    a, b = lying(tmp_path, "one")["known"], lying(tmp_path, "other")["known"]
    b = replace(b, samples={**b.samples, "a": replace(ONE, values={"right": 0.0})})
    (plain, _) = compare_all([(a, b)])
    assert plain.within_noise is None
    for most, within, shown in ((0.3, True, "≈ -0.250"), (0.2, False, "-0.250")):
        write(tmp_path / "one", {"known/right": replace(SOME, n=4, most=most)})
        whole, part = compare_all([(a, b)])
        assert (whole.within_noise, part.within_noise) == (within, None)
        sheet = table([whole, part])
        assert [cells[-2] for cells, _ in sheet.rows] == [shown, "-0.250"]
        assert ("within the noise" in sheet.caption) == within


def test_a_check_says_whether_its_difference_may_be_noise():
    fell = difference_estimate([-1.0] * 3 + [0.0] * 97, [str(number) for number in range(100)])
    demands = [
        Demand("known/right", "margin", "all", fell, -0.1, 0.0),
        Demand("known/right", "floor", "all", fell, 0.5, 0.5),
        Demand("known/right", "slice", "kind=x", fell, -0.1, 0.0),
        Demand("known/brief", "margin", "all", fell, -0.1, 0.0),
    ]
    checks = [decided.check({"known/right": SOME}) for decided in decide(demands, asking(0.1))]
    assert [check.within_noise for check in checks] == [True, None, None, None]
    assert [check.check().within_noise for check in decide(demands, asking(0.1))] == [None] * 4
    assert shown_value(checks[0]) == "≈ -0.030"
    small = Check("known/right", "margin", "all", "failed", -0.03, -0.05, -0.01, -0.02, None, within_noise=True)
    assert "change -0.030 [-0.050, -0.010], within the noise, where -0.02 is tolerated" in reason(small)


# --- margins that must be above it ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("noise", "margin", "told"),
    [
        ({"known/right": SOME}, 0.05, []),
        (
            {"known/right": SOME},
            0.03,
            ["known/right: its margin of 0.03 is not above the noise, 0.040 (n = 100); widen it, or use --suite full."],
        ),
        (
            {"known/brief": SOME},
            0.05,
            ["the policy asks for the noise of known/right, which was not measured; run `aj gate --aa one`."],
        ),
    ],
)
def test_a_policy_can_refuse_margins_that_are_not_above_the_noise(noise, margin, told):
    arm = {"known": LOG}
    assert list(unlike_the_noise(arm, arm, noise, asking(margin))) == told
    assert list(unlike_the_noise(arm, arm, noise, asking(margin, above_noise=False))) == []


@pytest.mark.loop
def test_the_gate_refuses_a_margin_whose_noise_is_not_known_or_larger(lab, policy):
    strict = policy.model_copy(update={"above_noise": True})
    missing = lab.judge(strict, "base", "good")
    assert missing.outcome is GateOutcome.INVALID
    assert missing.reasons[0].endswith("which was not measured; run `aj gate --aa good`.")
    for most, outcome in ((0.01, GateOutcome.PROMOTE), (0.2, GateOutcome.INVALID)):
        write(
            lab.evals("base"), {name: replace(SOME, most=most) for name in ("known_issues/right", "tool_format/valid")}
        )
        assert lab.judge(strict, "base", "good").outcome is outcome
        assert lab.judge(policy, "base", "good").outcome is GateOutcome.PROMOTE


@pytest.mark.loop
def test_the_gate_at_looks_asks_for_the_noise_too(lab, policy):
    from tests.verdict.test_sequential import by_look, log_of

    name = "known_issues/right"
    strict = policy.model_copy(update={"above_noise": True, "metrics": {name: policy.metrics[name]}})
    base, good = ({"known_issues": [log_of(lab.evals(run))]} for run in ("base", "good"))

    def at_the_end() -> GateOutcome:
        return judge(base, good, [{"known_issues": 4}], by_look(lab), strict, lab.logs, lab.suites).verdict.outcome

    assert at_the_end() is GateOutcome.INVALID
    write(lab.evals("good"), {name: SOME})
    assert at_the_end() is GateOutcome.PROMOTE


@pytest.mark.loop
def test_a_damaged_noise_is_no_evidence(lab, policy):
    (lab.evals("good") / NOISE).write_text("{")
    verdict = gate(lab.evals("base"), lab.evals("good"), policy, lab.logs, lab.suites)
    assert verdict.outcome is GateOutcome.INVALID
    assert "is not what `aj gate --aa` wrote" in verdict.reasons[0]
