from io import StringIO

import pytest
from inspect_ai.log import EvalLog
from rich.console import Console

from aj.errors import EvidenceError
from verdict.compare import compare, compare_all, costs, read_both, table, to_records


def row(rows, metric, name="all"):
    return next(row for row in rows if (row.metric, row.slice) == (metric, name))


def test_samples_are_paired_and_the_difference_is_b_minus_a(lab):
    rows = compare(lab.evals("good"), lab.evals("old"))
    overall, slice_ = row(rows, "right"), row(rows, "right", "pattern=old_keys")
    assert (overall.n, overall.families) == (48, 24)
    assert (overall.a, overall.b) == (pytest.approx(46 / 48), pytest.approx(34 / 48))
    assert overall.diff == pytest.approx(-12 / 48)
    assert overall.low < overall.diff < overall.high < 0
    assert (slice_.n, slice_.a, slice_.b, slice_.diff) == (12, 1.0, 0.0, -1.0)


def test_every_task_metric_and_slice_has_a_row(lab):
    rows = compare(lab.evals("base"), lab.evals("good"))
    assert len(rows) == (2 + 1) * (1 + 4)
    assert {(row.task, row.metric) for row in rows} == {
        ("known_issues", "right"),
        ("known_issues", "brief"),
        ("tool_format", "valid"),
    }


def test_a_sample_only_one_side_scored_is_left_out(lab):
    def drop(log: EvalLog) -> None:
        log.samples = (log.samples or [])[1:]

    rows = compare(lab.evals("good"), lab.change("old", drop))
    assert row(rows, "right").n == 47


def test_equal_models_differ_by_nothing_within_an_interval_of_some_width(lab):
    overall = row(compare(lab.evals("good"), lab.evals("same")), "valid")
    assert overall.diff == 0
    assert overall.low < -0.02 < 0.02 < overall.high


@pytest.mark.parametrize("value", [7.0, -0.5, 1.01])
@pytest.mark.parametrize("is_first", [True, False])
def test_scores_on_another_scale_are_not_compared(lab, value, is_first):
    def scaled(log: EvalLog) -> None:
        for sample in (log.samples or [])[:1]:
            for score in (sample.scores or {}).values():
                assert isinstance(score.value, dict)
                score.value = dict.fromkeys(score.value, value)

    other = lab.change("good", scaled, tasks="known-issues")
    arms = (other, lab.evals("base")) if is_first else (lab.evals("base"), other)
    with pytest.raises(EvidenceError, match=r"known-issues.*: right has values outside 0\.\.1, .* `inspect score"):
        compare(*arms)


def test_different_task_versions_are_not_compared(lab):
    def newer(log: EvalLog) -> None:
        log.eval.task_version = 99

    with pytest.raises(EvidenceError, match=r"different versions \(3, 99\)"):
        compare(lab.evals("good"), lab.change("old", newer, tasks="known-issues"))


def test_different_frozen_samples_are_not_compared(lab):
    def other(log: EvalLog) -> None:
        log.eval.metadata = {**(log.eval.metadata or {}), "samples": "other"}

    with pytest.raises(EvidenceError, match="different frozen samples"):
        compare(lab.evals("good"), lab.change("old", other))


def test_what_different_code_asked_is_not_compared(lab):
    def older(log: EvalLog) -> None:
        log.eval.metadata = {**(log.eval.metadata or {}), "asked": "other"}

    with pytest.raises(EvidenceError, match="different asking code"):
        compare(lab.evals("good"), lab.change("old", older))


def test_what_different_code_graded_is_not_compared(lab):
    def stricter(log: EvalLog) -> None:
        for sample in log.samples or []:
            for score in (sample.scores or {}).values():
                score.metadata = {**(score.metadata or {}), "grader": "other"}

    with pytest.raises(EvidenceError, match=r"graded by different code \(97ade4 against other\); run `aj rescore"):
        compare(lab.evals("good"), lab.change("old", stricter))


def test_logs_without_a_common_task_are_not_compared(lab):
    folder = lab.change("old", lambda log: None)
    for path in folder.glob("*tool-format*"):
        path.unlink()
    for path in lab.evals("good").glob("*known-issues*"):
        path.unlink()
    with pytest.raises(EvidenceError, match="share no task; found tool_format and known_issues"):
        compare(lab.evals("good"), folder)


def test_the_table_and_the_records_say_the_same(lab):
    rows = compare(lab.evals("good"), lab.evals("old"))
    console = Console(width=140)
    with console.capture() as shown:
        console.print(table(rows, "good", "old [v2]"))
    text = shown.get()
    assert "old [v2]" in text
    assert "-0.250" in text
    assert to_records(rows)[0].keys() >= {"task", "metric", "slice", "n", "a", "b", "diff", "low", "high"}


def test_the_table_says_what_each_model_cost(lab):
    both = read_both(lab.evals("base"), lab.evals("good"))
    answers = sum(len(scores.samples) for scores, _ in both)
    seconds = round(sum(scores.cost.seconds for _, scores in both))
    lines = Console(width=200, record=True, file=StringIO())
    lines.print(table(compare_all(both), "one", "other [x]", costs=costs(both)))
    told = lines.export_text()
    assert f"one: {answers} answers, 0 tokens read, 0 written" in told
    assert f"other [x]: {answers} answers, 0 tokens read, 0 written, {seconds} s of work" in told
