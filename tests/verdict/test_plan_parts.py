"""The parts of a plan: what a suite asks, what flips in it, what is demanded of that, and where a chance is crossed."""

import numpy as np
import pytest

from aj.errors import ConfigError
from aj.files import write_jsonl
from evals.suite import asks
from verdict.plan import Planned, _changes, _crossing, _estimate, _questions, _row, plan, planned_demands, to_record
from verdict.policy import MetricPolicy, Policy
from verdict.stats import difference_estimate

EVIDENCE = {"min_samples": 25, "max_errors": 0, "max_unscored": 0}
POLICY = Policy.model_validate(
    {"confidence": 0.95, "evidence": EVIDENCE, "metrics": {"few/right": {"margin": 0.2, "slices": {"kind": 0.25}}}}
)


@pytest.fixture(scope="module")
def suites(tmp_path_factory):
    """`few`: 150 samples in 15 families, of which the small suite has ten."""
    folder = tmp_path_factory.mktemp("samples")
    rows = ({"template": f"t{n // 10}", "slice": {"kind": str(n % 2)}, "small": n < 100} for n in range(150))
    write_jsonl(folder / "few.jsonl", rows)
    return folder


QUESTIONS = [Planned(f"t{n // 2}", {"kind": "xy"[n % 2]} if n < 6 else {}) for n in range(8)]


def test_a_suite_is_asked_for_the_samples_that_have_the_metric(suites):
    def even(metric: str, record: dict) -> bool:
        return metric == "right" and int(record["template"][1:]) % 2 == 0

    assert _questions("few/right", "full", even, suites) == [
        Planned(f"t{n // 10}", {"kind": str(n % 2)}) for n in range(150) if n // 10 % 2 == 0
    ]
    assert len(_questions("few/right", "small", even, suites)) == 50

    def first(metric: str, record: dict) -> bool:
        return record["template"] in ("t0", "t1")[: int(metric)]

    assert len(_questions("few/2", "full", first, suites)) == 20
    with pytest.raises(ConfigError, match=r"^few/1: the suite full asks for it in fewer than two families; correct"):
        _questions("few/1", "full", first, suites)


def test_what_flips_is_a_tenth_half_each_way_and_a_drop_is_lost_besides():
    questions = [Planned(str(n // 4), {}) for n in range(400)]
    for drop in (0.0, 0.2):
        found = _changes(questions, drop, 500, np.random.default_rng(1))
        assert found.shape == (500, 400)
        assert set(np.unique(found)) == {-1.0, 0.0, 1.0}
        assert np.mean(found == -1) == pytest.approx(0.05 + drop, abs=0.005)
        assert np.mean(found == 1) == pytest.approx(0.05, abs=0.003)


def test_the_samples_of_a_family_flip_together():
    questions = [Planned(str(n // 2), {}) for n in range(400)]
    lost = _changes(questions, 0.2, 500, np.random.default_rng(1)) == -1
    together = np.corrcoef(lost[:, ::2].ravel(), lost[:, 1::2].ravel())[0, 1]
    apart = np.corrcoef(lost[:, ::2].ravel(), np.roll(lost[:, 1::2], 1, axis=1).ravel())[0, 1]
    assert together == pytest.approx(0.3, abs=0.02)
    assert apart == pytest.approx(0.0, abs=0.02)


def test_a_planplanned_demands_what_the_gateplanned_demands_but_marks_and_floors():
    rule = MetricPolicy(margin=0.1, strict=True, floor=0.5, improve_until=0.9, slices={"kind": 0.2, "absent": 0.1})
    change = np.array([-1, 0, 0, 0, 0, 1, 1, 0.0])
    told = [
        (
            d.metric,
            d.rule,
            d.slice,
            d.estimate.n,
            round(d.estimate.mean, 3),
            d.threshold,
            d.fail_under,
            d.tolerated,
            d.strict,
        )
        for d in planned_demands("a/b", rule, QUESTIONS, change)
    ]
    assert told == [
        ("a/b", "margin", "all", 8, 0.125, -0.1, 0.0, -float("inf"), True),
        ("a/b", "slice", "kind=x", 3, -0.333, -0.2, 0.0, 0.1, False),
        ("a/b", "slice", "kind=y", 3, 0.333, -0.2, 0.0, 0.1, False),
    ]
    estimate, same = _estimate(QUESTIONS, change), difference_estimate(list(change), [q.family for q in QUESTIONS])
    assert (estimate.n, estimate.families, estimate.mean) == (same.n, same.families, same.mean)
    assert estimate.low(0.05) == pytest.approx(same.low(0.05))


@pytest.mark.parametrize(
    ("falling", "level", "drop"),
    [
        ([1.0, 0.6, 0.2], 0.5, 0.125),
        ([1.0, 0.6, 0.7], 0.65, 0.0875),
        ([0.4, 0.3, 0.0], 0.5, 0.0),
        ([1.0, 0.9, 0.8], 0.5, 0.2),
    ],
)
def test_a_chance_is_crossed_between_the_simulated_drops(falling, level, drop):
    assert _crossing([0.0, 0.1, 0.2], falling, level) == pytest.approx(drop)


def test_a_row_tells_at_which_true_drops_a_margin_passes_and_a_drop_is_shown():
    questions = [Planned(str(n), {}) for n in range(100)]
    row = _row("few/right", POLICY.metrics["few/right"], questions, POLICY, 100)
    assert (row.metric, row.samples, row.families, row.margin, row.identical) == ("few/right", 100, 100, 0.2, True)
    assert row.equal > 0.95
    assert 0.1 < row.even < row.rarely <= 0.21
    assert row.found is not None
    assert 0.05 < row.found < row.rarely
    few = _row("few/right", POLICY.metrics["few/right"], questions[:5], POLICY, 20)
    assert (few.identical, few.found, few.decided) == (False, None, False)


def test_a_plan_as_a_record_has_all_its_rows(suites):
    found = plan(POLICY, "small", asks, suites, 2)
    record = to_record(found)
    assert record.keys() == {"suite", "rows", "slices", "identical", "equal"}
    assert record["rows"][0]["metric"] == "few/right"
    assert [(row["metric"], row["margin"]) for row in record["slices"]] == [("few/right kind=0", 0.25)]
    assert (record["suite"], found.identical) == ("small", False)
