"""What is decided after each look, and what a look has."""

from collections import Counter

import numpy as np
import pytest

from aj.files import SAMPLES, read_jsonl
from verdict.boundary import levels
from verdict.checks import Demand, decide
from verdict.looks import SHARES, Look, follow, samples_by_look
from verdict.policy import Policy
from verdict.stats import difference_of_families

POLICY = Policy.model_validate(
    {
        "confidence": 0.95,
        "evidence": {"min_samples": 25, "max_errors": 0, "max_unscored": 0},
        "metrics": {"a/right": {"margin": 0.15}},
    }
)


def margin(changes, metric: str = "a/right", **about) -> Demand:
    return Demand(metric, "margin", "all", difference_of_families(changes, [1] * len(changes)), -0.15, 0.0, **about)


def slices(lost: int, count: int) -> Demand:
    changes = difference_of_families([-1.0] * lost + [0.0] * (count - lost), [1] * count)
    return Demand("a/right", "slice", "x=1", changes, -0.3, 0.0, 0.15)


def states(*looks: Look) -> list[list[str]]:
    return [[one.state for one in decided] for decided in follow(looks, POLICY)]


def test_a_single_look_at_everything_is_the_gate_itself():
    for lost in (0, 5, 12, 20, 40):
        demand = margin([-1.0] * lost + [0.0] * (100 - lost))
        ((looked,),) = follow([Look([demand], {"a": 1.0})], POLICY)
        (once,) = decide([demand], POLICY)
        assert (looked.state, looked.level) == (once.state, pytest.approx(once.level))


def test_a_clear_case_is_decided_at_the_first_look():
    assert states(Look([margin([1.0] * 25)], {"a": 0.25})) == [["passed"]]
    assert states(Look([margin([-1.0] * 20 + [0.0] * 5)], {"a": 0.25})) == [["failed"]]


def test_an_early_look_asks_for_more_than_the_last():
    same = [0.0] * 25  # enough for a margin of .15 at the level of .05
    assert states(Look([margin(same)], {"a": 0.25}), Look([margin(same)], {"a": 0.25})) == [["open"], ["open"]]
    assert states(Look([margin(same)], {"a": 1.0})) == [["passed"]]
    first, last = levels((0.25, 1.0), 0.05)
    assert first < 0.01 < last < 0.05


def test_with_fewer_samples_than_the_policy_asks_for_nothing_is_decided_and_nothing_is_spent():
    few = Look([margin([1.0] * 24)], {"a": 0.25})
    last = margin([0.0] * 30)
    assert states(few, Look([last], {"a": 1.0})) == [["open"], ["passed"]]
    spent = Look([margin([0.0] * 25)], {"a": 0.25})
    assert list(follow([few, Look([last], {"a": 1.0})], POLICY))[1][0].level == pytest.approx(0.05)
    assert list(follow([spent, Look([last], {"a": 1.0})], POLICY))[1][0].level < 0.05


def test_what_has_passed_stays_passed_while_another_task_goes_on():
    won, open_ = [1.0] * 30, [0.0] * 30
    first = Look([margin(won), margin(open_, "b/right")], {"a": 0.25, "b": 0.25})
    second = Look([margin(won), margin([0.0] * 60, "b/right")], {"a": 0.25, "b": 0.5})
    assert states(first, second) == [["passed", "open"], ["passed", "passed"]]


def test_a_margin_fails_early_only_beyond_itself_unless_it_is_strict():
    fell = [-1.0] * 12 + [0.0] * 108  # by .10: shown to be a drop, inside the margin
    assert states(Look([margin(fell)], {"a": 0.5})) == [["open"]]
    assert states(Look([margin(fell, strict=True)], {"a": 0.5})) == [["failed"]]


def test_a_strict_metric_that_has_passed_fails_when_a_drop_is_shown_later():
    early = margin([1.0] * 25, strict=True)
    late = margin([-1.0] * 12 + [0.0] * 88, strict=True)
    assert states(Look([early], {"a": 0.25}), Look([late], {"a": 1.0})) == [["passed"], ["failed"]]


def test_a_slice_must_hold_at_the_look_that_decides():
    whole = margin([1.0] * 25)
    assert states(Look([whole, slices(0, 5)], {"a": 0.5}), Look([whole, slices(4, 10)], {"a": 0.75})) == [
        ["passed", "passed"],
        ["passed", "open"],
    ]


def test_a_slice_passes_only_when_half_of_its_task_was_asked():
    whole = margin([1.0] * 25)
    assert states(Look([whole, slices(0, 4)], {"a": 0.25}), Look([whole, slices(0, 8)], {"a": 0.5})) == [
        ["passed", "open"],
        ["passed", "passed"],
    ]


def test_more_looks_pass_a_worse_candidate_no_more_often_than_one():
    random, looks, once = np.random.default_rng(5), 0, 0
    for _ in range(300):
        changes = -(random.random(120) < 0.15).astype(float)
        told = [Look([margin(changes[: int(share * 120)])], {"a": share}) for share in SHARES]
        looks += any(decided[0].state == "passed" for decided in follow(told, POLICY))
        once += decide(told[-1].demands, POLICY)[0].state == "passed"
    assert looks <= 0.05 * 300 + 3 * (0.05 * 0.95 * 300) ** 0.5
    assert once <= 0.05 * 300 + 3 * (0.05 * 0.95 * 300) ** 0.5


@pytest.fixture(scope="module")
def records():
    return {
        path.stem: [record for _, record in read_jsonl(path) if record["small"]] for path in SAMPLES.glob("*.jsonl")
    }


def test_each_look_has_whole_families_and_the_look_before(records):
    for frozen in records.values():
        family = {record["id"]: record["template"] for record in frozen}
        whole = Counter(family.values())
        found = samples_by_look(frozen)
        assert sorted(found[-1]) == sorted(family)
        for earlier, later in zip([[], *found], found, strict=False):
            assert later[: len(earlier)] == earlier
            asked = Counter(family[name] for name in later)
            assert all(asked[name] == whole[name] for name in asked)


def test_a_look_has_about_its_share_of_every_pattern_and_category(records):
    for task, key in (("known_issues", "pattern"), ("task_success", "category")):
        value = {record["id"]: record["slice"][key] for record in records[task]}
        for share, names in zip(SHARES, samples_by_look(records[task]), strict=True):
            for name, count in Counter(value.values()).items():
                asked = sum(value[one] == name for one in names)
                assert asked == pytest.approx(share * count, abs=max(3.0, 0.3 * count)), (task, name, share)


def test_the_order_depends_on_the_samples_and_on_nothing_else(records):
    frozen = records["persona"]
    assert samples_by_look(frozen) == samples_by_look([dict(reversed(record.items())) for record in frozen])
    assert (
        samples_by_look(frozen)[0]
        != samples_by_look([record | {"template": record["template"] + "2"} for record in frozen])[0]
    )


def test_of_many_metrics_each_may_err_less():
    fell = margin([-1.0] * 6 + [0.0] * 44, strict=True)
    others = [margin([0.0] * 50, f"a/other{number}", strict=True) for number in range(19)]
    assert 0.05 / 20 < fell.estimate.p_below(0.0) < 0.05
    assert states(Look([fell], {"a": 1.0})) == [["failed"]]
    assert states(Look([fell, *others], {"a": 1.0}))[0][0] == "open"
