"""Two logs side by side, and many on the board, from plain records: pairs, flips, codes, names, flaws and order."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from aj.errors import EvidenceError
from tests.made_records import LOG, ONE, TOLD
from verdict import compare, flips
from verdict.board import rows
from verdict.board.rows import BoardRow, Entry
from verdict.paired import paired
from verdict.scores import TaskScores
from verdict.stats import difference_estimate, score_estimate


def log(values: dict[str, float | None], **changes) -> TaskScores:
    """Samples by name with this value, or none; the family is the name's first letter, the kind its last."""
    samples = {
        name: replace(
            ONE,
            id=name,
            family=name[0],
            slices={"kind": name[-1]},
            values={} if value is None else {"right": value},
            scored={"right": int(value is not None)},
            codes=() if value else ("prose",),
        )
        for name, value in values.items()
    }
    return replace(LOG, samples=samples, expected=len(samples), **changes)


A = log({"a1": 1.0, "a2": 0.0, "b1": 0.5, "b3": 1.0, "c1": None, "d1": 1.0})
B = log({"a1": 0.0, "a2": 1.0, "b1": 0.5, "b3": 0.0, "c1": 0.0, "e1": 1.0})

# --- comparing ------------------------------------------------------------------------------------------------------


def test_samples_that_both_logs_scored_are_paired_by_slice_and_family():
    found = paired(A, B, "right")
    assert [(name, list(pairs.a), list(pairs.b)) for name, pairs in found.items()] == [
        ("all", [1, 0, 0.5, 1], [0, 1, 0.5, 0]),
        ("kind=1", [1, 0.5], [0, 0.5]),
        ("kind=2", [0], [1]),
        ("kind=3", [1], [0]),
    ]
    expected = difference_estimate([-1, 1, 0, -1], ["a", "a", "b", "b"])
    assert found["all"].difference().low(0.05) == pytest.approx(expected.low(0.05))
    assert found["all"].score().low(0.05) == pytest.approx(score_estimate([0, 1, 0.5, 0], list("aabb")).low(0.05))
    assert paired(A, B, "brief") == {}


def test_a_sample_without_a_family_forms_its_own():
    alone = {name: replace(sample, family=None) for name, sample in A.samples.items()}
    pairs = paired(replace(A, samples=alone), B, "right")["all"]
    assert pairs.difference().families == 4


def test_a_row_of_a_comparison_has_both_means_and_the_interval_of_their_difference():
    whole, *parts = compare.compare_task(A, B)
    assert (whole.task, whole.metric, whole.slice, whole.n, whole.families) == ("known", "right", "all", 4, 2)
    assert (whole.a, whole.b, whole.diff) == (0.625, 0.375, -0.25)
    estimate = difference_estimate([-1, 1, 0, -1], ["a", "a", "b", "b"])
    assert (whole.low, whole.high) == (pytest.approx(estimate.low(0.025)), pytest.approx(estimate.high(0.025)))
    assert [part.slice for part in parts] == ["kind=1", "kind=2", "kind=3"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": "4"}, "known: the two logs have different versions (3, 4); run `aj eval` again."),
        (
            {"metadata": TOLD | {"samples": "s2"}},
            "known: the two logs have different frozen samples (s1, s2); run `aj eval` again.",
        ),
        (
            {"metadata": TOLD | {"asked": "q2"}},
            "known: the two logs have different asking code (q1, q2); run `aj eval` again.",
        ),
        (
            {"graders": {"right": ("g2",)}},
            "known: the two logs were graded by different code (g1 against g2); run `aj rescore logs/evals/one` and "
            "`aj rescore logs/evals/one`, then compare those.",
        ),
        ({"samples": {}}, "known: the two logs share no sample; evaluate both on the same suite."),
    ],
)
def test_logs_that_cannot_be_compared_are_refused_with_the_reason(changes, said):
    with pytest.raises(EvidenceError) as caught:
        compare.check_comparable(A, replace(B, **changes))
    assert str(caught.value) == said
    compare.check_comparable(A, B)


# --- flips ----------------------------------------------------------------------------------------------------------


def test_codes_are_counted_with_what_was_fixed_and_broken():
    assert flips._code_counts(A, B) == [flips.CodeCount("known", "prose", a=2, b=3, fixed=1, broken=2)]


def test_the_part_of_a_model_in_a_sample_is_its_value_its_first_code_and_every_explanation():
    scores = {
        "x": {"value": 0.5, "explanation": "so so", "metadata": {}},
        "y": {"value": {"brief": 0.0}, "explanation": "too long", "metadata": {"code": "long"}},
        "z": {"value": {"other": 0.0}, "explanation": None, "metadata": {"code": "late"}},
    }
    sample = {"id": "a", "epoch": 1, "input": "?", "scores": scores}
    sample["messages"] = [{"role": "user", "content": "?"}, {"role": "assistant", "content": "Fine."}]
    assert flips.reply_of(sample, "brief", Path("l.eval")) == flips.Reply(
        0.0, "long", "so so\ntoo long", "Fine.", "l.eval"
    )
    bare = flips.reply_of({"id": "a", "epoch": 1, "input": "?", "scores": None}, "brief", Path("l.eval"))
    assert (math.isnan(bare.value), bare.code, bare.why, bare.text) == (True, None, "", "")


# --- the board ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "flaw"),
    [
        ({}, ""),
        ({"status": "error"}, "its log is error: run the eval again"),
        ({"limited": True}, "limited to 6 samples: run the eval without a limit"),
        ({"expected": 7}, "6 of 7 sample epochs: run the eval again"),
        (
            {"metadata": TOLD | {"samples": "s2"}},
            "other samples or another grader than today's: run `aj rescore FOLDER`, or `aj eval` again",
        ),
        (
            {"graders": {"right": ("g2",)}},
            "other samples or another grader than today's: run `aj rescore FOLDER`, or `aj eval` again",
        ),
        ({"task": "other", "graders": {"right": ("g2",)}}, ""),
    ],
)
def test_a_log_that_is_not_whole_or_not_of_today_has_a_flaw(changes, flaw):
    assert rows._flaw(replace(A, **changes), {"known": ("s1", "g1")}) == flaw


def test_a_row_of_the_board_is_a_mean_with_its_interval():
    a1, a2 = A.samples["a1"], replace(A.samples["a2"], family=None)
    row = rows._row("m", "t\x1b", "right", "kind=\x1b", [(a1, 1.0), (a2, 0.0)], "")
    estimate = score_estimate([1, 0], ["a", "a2"])
    assert (row.task, row.slice, row.mean, row.n, row.flaw) == ("t\\x1b", "kind=\\x1b", 0.5, 2, "")
    assert (row.low, row.high) == (pytest.approx(estimate.low(0.025)), pytest.approx(estimate.high(0.025)))
    high = [(a1, 1.5)]
    assert rows._row("m", "t", "right", "all", high, "").flaw == "values outside 0..1: its interval does not hold"
    both = rows._row("m", "t", "right", "all", high, "its log")
    assert both.flaw == "values outside 0..1: its interval does not hold; its log"


def test_rows_stand_by_task_metric_and_slice_the_best_model_first_and_flawed_ones_last():
    other = replace(A, task="other", samples={"a1": A.samples["a1"]}, expected=1)
    models = [
        Entry("flawed", {"known": replace(log({"a1": 1.0, "a2": 1.0}), status="error")}),
        Entry("worse", {"known": log({"a1": 0.0, "a2": 1.0}), "other": other}),
        Entry("better", {"known": log({"a1": 1.0, "a2": 1.0})}),
    ]
    order = [(row.task, row.slice, row.model) for row in rows.rank(models)]
    names = ("better", "worse", "flawed")
    known = [("known", part, name) for part in ("all", "kind=1", "kind=2") for name in names]
    known[-3:] = [("known", "kind=2", name) for name in ("better", "worse", "flawed")]
    assert order == [*known, ("other", "all", "worse"), ("other", "kind=1", "worse")]
    assert [row.slice for row in rows.rank(models, slices=False)] == ["all"] * 4
    today = {"known": ("s1", "another")}
    assert all(row.flaw for row in rows.rank(models[1:], today) if row.task == "known")


ROW = BoardRow("a", "arithmetic", "sum", "all", 0.5, 0.4, 0.6, 10, "")


def test_the_grid_has_the_best_mean_over_all_tasks_first_and_the_flawed_last():
    both = [ROW, replace(ROW, task="algebra", mean=0.3)]
    one = [replace(ROW, model="b", mean=0.7), replace(ROW, model="b", slice="kind=x", mean=0.1)]
    flawed = [replace(ROW, model="c", mean=0.9, flaw="x"), replace(ROW, model="c", task="algebra", mean=0.9)]
    heads, found = rows.grid([*flawed, *one, *both])
    assert heads == ["arithmetic/sum", "algebra/sum"]
    assert list(found) == ["a", "b", "c"], "a task without a score counts as 0"
    assert found["b"] == {"arithmetic/sum": one[0]}


def test_a_flaw_is_noted_once_in_order_and_marked_in_its_cells():
    flaws = [replace(ROW, flaw=flaw) for flaw in ("b", "a", "b", "")]
    assert rows.note(flaws) == "† not ranked with the others: a; b"
    assert rows.note([ROW]) == ""
    assert (rows.cell(ROW), rows.cell(flaws[0])) == ("0.50 (0.40–0.60)", "0.50 (0.40–0.60) †")
    assert [record["comparable"] for record in rows.to_records(flaws)] == [False, False, False, True]


def test_names_that_occur_twice_are_told_apart_by_their_longer_form():
    assert rows._unlike(["a", "b", "a"], ["a (1)", "b (1)", "a (2)"]) == ["a (1)", "b", "a (2)"]
    practice = {"known": replace(LOG, metadata=TOLD | {"suite": "practice"})}
    assert (rows._model(practice), rows._model({"known": LOG})) == ("aj-one (practice)", "aj-one")
    entry = Entry("m", {"known": replace(LOG, metadata={"run": "x\x1b", "dataset": None})})
    assert (entry.told("run"), entry.told("dataset"), entry.told("suite")) == ("x\\x1b", "", "")
