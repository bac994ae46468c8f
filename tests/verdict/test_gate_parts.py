"""How demands become checks, and checks a verdict: from plain records and differences of families."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from aj.files import digest
from tests.made_records import LOG, ONE
from verdict import checks, gate
from verdict.checks import Check, Demand, decide
from verdict.gate import GateOutcome
from verdict.policy import Policy
from verdict.scores import TaskScores
from verdict.stats import MeanEstimate, difference_of_families, score_estimate

POLICY = Policy.model_validate(
    {
        "confidence": 0.95,
        "evidence": {"min_samples": 2, "max_errors": 0, "max_unscored": 0},
        "metrics": {"known/right": {"margin": 0.1, "floor": 0.5, "improve_until": 0.8, "slices": {"kind": 0.2}}},
    }
)
RULE = POLICY.metrics["known/right"]


def change(lost: int, won: int, n: int) -> MeanEstimate:
    return difference_of_families([-1.0] * lost + [1.0] * won + [0.0] * (n - lost - won), [1] * n)


def margin(estimate: MeanEstimate, **changes) -> Demand:
    return replace(Demand("known/right", "margin", "all", estimate, -0.1, 0.0), **changes)


def state(demand: Demand) -> str:
    (check,) = decide([demand], POLICY)
    return check.state


# --- checks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("demand", "found"),
    [
        (margin(change(0, 0, 200)), "passed"),
        (margin(change(0, 0, 10)), "open"),
        (margin(change(30, 0, 100)), "failed"),
        (margin(change(10, 0, 200)), "passed"),
        (margin(change(10, 0, 200), strict=True), "failed"),
        (margin(change(10, 0, 200), rule="improve", threshold=0.0), "open"),
        (margin(change(30, 0, 100), rule="improve", threshold=0.0), "open"),
        (margin(change(0, 20, 100), rule="improve", threshold=0.0), "passed"),
        (margin(score_estimate([1.0] * 60, list(map(str, range(60)))), rule="floor", threshold=0.5), "passed"),
        (margin(change(3, 0, 12), rule="slice", threshold=-0.2, tolerated=0.5), "open"),
        (margin(change(2, 0, 12), rule="slice", threshold=-0.2, tolerated=0.5), "passed"),
        (margin(change(9, 0, 12), rule="slice", threshold=-0.2, tolerated=0.5), "failed"),
        (margin(change(9, 0, 12), rule="slice", threshold=-0.2, tolerated=0.75), "open"),
        (margin(change(9, 0, 12), rule="slice", threshold=-0.2), "failed"),
    ],
)
def test_a_demand_is_passed_failed_or_open(demand, found):
    assert state(demand) == found


def test_a_check_keeps_what_it_was_decided_by():
    estimate = change(1, 3, 40)
    (decided,) = decide([margin(estimate, slice="kind=x", threshold=-0.01)], POLICY)
    alpha = 1 - 0.95
    assert decided.level == alpha
    assert decided.check() == Check(
        "known/right", "margin", "kind=x", "open", 0.05, estimate.low(alpha), estimate.high(alpha), -0.01,
        estimate.samples_needed(-0.01, alpha),
    )  # fmt: skip
    assert decide([margin(change(0, 0, 200))], POLICY)[0].check().samples_needed is None


def test_failures_are_corrected_within_metrics_and_within_slices():
    weak = change(7, 1, 60)  # shown to have fallen, if nothing else is asked
    assert 0.01 < weak.p_below(0.0) < 0.05
    metric = margin(weak, threshold=-0.01)
    part = margin(weak, rule="slice", threshold=-0.01, tolerated=0.0)
    even = change(0, 0, 60)
    assert [check.state for check in decide([metric, part], POLICY)] == ["failed", "failed"]
    several = [metric, *[margin(even)] * 5, part, *[margin(even, rule="slice")] * 5]
    states = [check.state for check in decide(several, POLICY)]
    assert (states[0], states[6]) == ("open", "open")
    assert decide([metric, *[margin(even, rule="slice")] * 5], POLICY)[0].state == "failed"
    floors = [margin(even, rule="floor", threshold=-0.5, fail_under=-0.5)] * 5
    assert decide([metric, *floors], POLICY)[0].state == "open"
    improves = [margin(even, rule="improve")] * 5
    assert decide([metric, *improves], POLICY)[0].state == "failed", "an improvement cannot fail"


def test_the_samples_needed_are_those_of_the_nearer_decision():
    needed = checks._samples_needed
    between = change(1, 0, 30)  # above the threshold, and below zero
    to_pass, to_fail = between.samples_needed(-0.1, 0.05), between.samples_needed(0.0, 0.05)
    assert to_pass
    assert to_fail
    assert needed(margin(between), 0.05) == min(to_pass, to_fail)
    assert needed(margin(between, rule="improve"), 0.05) == to_pass
    above = change(0, 1, 30)
    assert needed(margin(above), 0.05) == above.samples_needed(-0.1, 0.05)
    below = change(9, 0, 30)
    assert needed(margin(below), 0.05) == below.samples_needed(0.0, 0.05)
    assert needed(margin(below, rule="improve", threshold=0.0), 0.05) is None
    assert needed(margin(change(3, 0, 30), fail_under=-0.1), 0.05) is None, "on the line"


# --- from logs ------------------------------------------------------------------------------------------------------


def log(values: Sequence[float], **changes) -> TaskScores:
    """A log with samples of two kinds by turns, each a family, and a second metric that is their complement."""
    scored = dict.fromkeys(("right", "brief"), 1)
    samples = {
        str(n): replace(
            ONE,
            id=str(n),
            family=f"f{n}",
            slices={"kind": "xy"[n % 2]},
            values={"right": v, "brief": 1 - v},
            scored=scored,
        )
        for n, v in enumerate(values)
    }
    return replace(LOG, samples=samples, **changes)


def demands(a: Sequence[float], b: Sequence[float], rule=RULE) -> list[tuple]:
    found = gate.demands_of({"known": log(a)}, {"known": log(b)}, "known/right", rule)
    return [
        (d.rule, d.slice, round(d.estimate.mean, 3), d.threshold, d.fail_under, d.tolerated, d.strict) for d in found
    ]


INF = float("inf")
WEAK, BETTER = [0, 1, 0, 1], [1, 1, 1, 0]


def test_a_policy_asks_for_a_margin_a_floor_an_improvement_and_its_slices():
    assert demands(WEAK, BETTER) == [
        ("margin", "all", 0.25, -0.1, 0.0, -INF, False),
        ("floor", "all", 0.75, 0.5, 0.5, -INF, False),
        ("improve", "all", 0.25, 0.0, 0.0, -INF, False),
        ("slice", "kind=x", 1.0, -0.2, 0.0, 0.1, False),
        ("slice", "kind=y", -0.5, -0.2, 0.0, 0.1, False),
    ]
    assert demands([1, 1, 1, 0], BETTER)[2][0] == "improve"
    assert [rule for rule, *_ in demands([1] * 5, [1] * 5)] == ["margin", "floor", "slice", "slice"]
    at_the_mark = RULE.model_copy(update={"improve_until": 0.5, "floor": None, "slices": {}, "strict": True})
    assert demands(WEAK, BETTER, at_the_mark) == [("margin", "all", 0.25, -0.1, 0.0, -INF, True)]


def test_a_slice_of_the_policy_must_be_there_and_scored():
    def ungated(a: TaskScores, b: TaskScores, **slices: float) -> list[str]:
        return list(gate.ungated({"known": a}, {"known": b}, "known/right", RULE.model_copy(update={"slices": slices})))

    whole = log(WEAK)
    assert ungated(whole, whole, kind=0.1) == []
    assert ungated(whole, whole, persona=0.1) == [
        "known/right: the policy gates slices by 'persona', but no sample has it; correct the policy."
    ]
    odd = {name: replace(sample, values={}) if int(name) % 2 else sample for name, sample in whole.samples.items()}
    assert ungated(whole, replace(whole, samples=odd), kind=0.1) == [
        "known/right: no sample of kind=y is scored in both logs; see `inspect view`."
    ]
    unasked = {name: replace(sample, unasked={"right": 1}) if int(name) % 2 else sample for name, sample in odd.items()}
    assert ungated(replace(whole, samples=unasked), replace(whole, samples=odd), kind=0.1) == []
    assert list(gate.ungated({}, {"known": whole}, "known/right", RULE)) == []
    assert list(gate.ungated({"known": whole}, {}, "known/right", RULE)) == []


def test_what_is_worse_and_not_gated_is_named_with_its_interval_in_order():
    mirrored = {"known": log([0] * 40)}, {"known": log([1] * 40)}
    assert [line.split(" [")[0] for line in gate.shown_worse(*mirrored, POLICY)] == [
        "known/brief -1.000",
        "known/brief kind=x -1.000",
        "known/brief kind=y -1.000",
    ]
    a, b = mirrored[1], mirrored[0]
    assert list(gate.shown_worse(a, b, POLICY)) == [], "right and its kinds are gated, and brief is better"
    only = Policy.model_validate(POLICY.model_dump() | {"metrics": {"known/right": {"margin": 0.1}}})
    assert [line.split(" [")[0] for line in gate.shown_worse(a, b, only)] == [
        "known/right kind=x -1.000",
        "known/right kind=y -1.000",
    ]
    line = next(gate.shown_worse(*mirrored, POLICY))
    assert line == f"known/brief -1.000 [-1.000, {change(40, 0, 40).high(0.025):+.3f}]"


# --- the verdict ----------------------------------------------------------------------------------------------------

TOLD = {"run": "two", "adapter": "ad2"}
OPEN = Check("known/right", "margin", "all", "open", -0.05, -0.2, 0.1, -0.1, 300)


def verdict(*told: Check, outcome: GateOutcome = GateOutcome.INCONCLUSIVE) -> gate.Verdict:
    return gate.verdict_of(outcome, ["because."], told, {"known": LOG}, {"known": replace(LOG, metadata=TOLD)}, POLICY)


def test_a_verdict_names_the_run_its_adapter_what_it_was_held_against_and_the_policy():
    given = verdict(OPEN)
    assert (given.run, given.adapter, given.reference) == ("two", "ad2", "one")
    assert given.policy == digest(POLICY.model_dump(exclude_defaults=True))
    assert (given.outcome, given.reasons, given.checks) == (GateOutcome.INCONCLUSIVE, ("because.",), (OPEN,))
    nothing = gate.verdict_of(GateOutcome.INVALID, ["because."], [], {}, {}, POLICY)
    assert (nothing.run, nothing.adapter, nothing.reference, nothing.samples_needed) == (None, None, None, None)


def test_the_samples_needed_are_those_of_the_check_that_needs_most_if_more_would_help_all():
    assert verdict(OPEN, replace(OPEN, samples_needed=900)).samples_needed == 900
    assert verdict(OPEN, replace(OPEN, samples_needed=None)).samples_needed is None
    assert verdict(OPEN, replace(OPEN, state="passed", samples_needed=None)).samples_needed == 300
    assert verdict(replace(OPEN, state="passed")).samples_needed is None
    assert verdict(OPEN, outcome=GateOutcome.REJECT).samples_needed is None


def test_slices_that_failed_got_worse_and_with_their_metric_all_that_fell_beyond_its_margin():
    def part(name: str, value: float, state="open") -> Check:
        return replace(OPEN, rule="slice", slice=name, value=value, state=state)

    parts = [part("kind=a", -0.5, "failed"), part("kind=b", -0.11), part("kind=c", -0.1)]
    assert verdict(OPEN, *parts).regressed == ("known/right kind=a",)
    assert verdict(replace(OPEN, state="failed", value=-0.5), *parts).regressed == (
        "known/right kind=a",
        "known/right kind=b",
    )
    assert verdict(replace(OPEN, state="failed", rule="floor"), *parts).regressed == ("known/right kind=a",)


def test_a_record_holds_the_verdict_with_the_name_of_its_outcome():
    record = gate.to_record(verdict(OPEN))
    assert (record["outcome"], record["checks"][0]["samples_needed"]) == ("INCONCLUSIVE", 300)
    assert {outcome.name: int(outcome) for outcome in GateOutcome} == {
        "PROMOTE": 0,
        "REJECT": 1,
        "INCONCLUSIVE": 2,
        "INVALID": 3,
    }
