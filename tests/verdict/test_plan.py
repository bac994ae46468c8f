import pytest
from rich.console import Console

from aj.errors import ConfigError
from aj.files import write_jsonl
from evals.suite import asks
from verdict.plan import plan, table
from verdict.policy import MetricPolicy, Policy, load_policy


@pytest.fixture(scope="module")
def suites(tmp_path_factory):
    """`many`: 150 samples, each a family; `few`: as many in 15 families, of which the small suite has ten."""
    folder = tmp_path_factory.mktemp("samples")
    for task, size in (("many", 1), ("few", 10)):
        rows = ({"template": f"t{n // size}", "slice": {"kind": str(n % 2)}, "small": n < 100} for n in range(150))
        write_jsonl(folder / f"{task}.jsonl", rows)
    return folder


def asked(*metrics: str, margin: float = 0.15) -> Policy:
    evidence = {"min_samples": 25, "max_errors": 0, "max_unscored": 0}
    metrics_ = {name: {"margin": margin, "slices": {"kind": 0.25}} for name in metrics}
    return Policy.model_validate({"confidence": 0.95, "evidence": evidence, "metrics": metrics_})


def test_many_families_decide_what_few_do_not(suites):
    many, few = plan(asked("many/right", "few/right"), "full", asks, suites, 60).rows
    assert (many.samples, many.families, few.families) == (150, 150, 15)
    assert many.decided
    assert many.equal > 0.95
    assert 0 < many.even < many.rarely <= 0.16
    assert few.equal < 0.5
    assert not few.decided


def test_the_smallest_slice_of_a_kind_tells_what_a_fall_of_it_shows(suites):
    (row,) = plan(asked("many/right"), "full", asks, suites, 60).slices
    assert (row.metric, row.samples, row.families, row.margin) == ("many/right kind=0", 75, 75, 0.25)
    assert row.identical
    assert row.equal > 0.95
    assert 0.2 < row.even < row.rarely
    assert row.found is not None
    assert 0.15 < row.found < row.rarely


def test_a_whole_policy_is_passed_less_often_than_any_of_its_metrics(suites):
    found = plan(asked("many/right", "many/wrong", margin=0.1), "full", asks, suites, 60)
    assert found.identical
    assert 0.5 < found.equal <= min(row.equal for row in found.rows)


def test_a_suite_that_cannot_promote_the_same_answers_says_so_within_eighty_columns(suites):
    console = Console(width=80)
    with console.capture() as shown:
        console.print(table(plan(asked("few/right"), "small", asks, suites, 60)))
    text = " ".join(shown.get().split())
    assert "few/right: 10 families of samples do not decide a margin of 0.15; widen it, or add templates." in text
    assert "promotes a candidate with the same answers never" in text
    assert max(map(len, shown.get().splitlines())) <= 80


def test_a_metric_of_no_task_is_an_error(suites):
    with pytest.raises(ConfigError, match=r"other.jsonl does not exist, so nothing is known of other/right"):
        plan(asked("other/right"), "small", asks, suites, 60)


@pytest.mark.parametrize("key", ["knid", "", "all"])
def test_a_slice_that_no_sample_has_is_an_error(suites, key):
    rule = MetricPolicy(margin=0.2, slices={"kind": 0.25, key: 0.25})
    policy = asked("many/right").model_copy(update={"metrics": {"many/right": rule}})
    with pytest.raises(ConfigError, match=f"^many/right: no sample of the suite full has a slice '{key}'; correct"):
        plan(policy, "full", asks, suites, 60)


@pytest.mark.loop
def test_the_default_policy_promotes_an_equal_candidate_and_sees_a_drop_of_half_a_margin():
    small, full = (plan(load_policy(), suite, asks) for suite in ("small", "full"))
    assert small.identical
    assert full.identical
    assert min(small.equal, full.equal) >= 0.9
    assert [row.metric for row in full.rows if row.found is None or row.found > row.margin / 2] == []
