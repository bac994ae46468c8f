"""Why logs are no evidence, sentence by sentence: each from plain records, with its numbers and what to type next."""

from dataclasses import replace
from pathlib import Path

import pytest

from aj.files import write_json
from tests.made_records import FOUR, LOG, ONE, RECORDED, SERVED, TOLD, with_samples
from verdict import evidence, samples
from verdict.policy import Limits
from verdict.samples import Seal
from verdict.scores import short

LIMITS = Limits(min_samples=2, max_errors=0.25, max_unscored=0.25)

# --- one log --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, []),
        ({"status": "cancelled"}, ["its status is cancelled, not success; run the eval again."]),
        ({"expected": 5}, ["it has 4 of 5 sample epochs; run the eval again."]),
        ({"samples": {}, "expected": 0}, ["it has 0 of 0 sample epochs; run the eval again."]),
        (
            {"samples": with_samples(errors=1, values={}, scored={})},
            ["2 of 4 samples ended in an error (allowed: 25%); see `inspect view`."],
        ),
        ({"samples": FOUR | {"a": replace(ONE, errors=1, values={}, scored={})}}, []),
        (
            {"samples": with_samples(scored={}, values={})},
            ["2 of 4 sample epochs have no value for right (allowed: 25%); fix its scorer."],
        ),
        ({"samples": FOUR | {"a": replace(ONE, scored={}, values={})}}, []),
        ({"samples": with_samples(scored={}, values={}, unasked={"right": 1})}, []),
        (
            {"samples": with_samples(unasked={"right": 1}, epochs=2), "expected": 6},
            ["2 samples ask for right in some epochs only; fix its scorer."],
        ),
        *(
            ({"samples": with_samples(values={"right": value})}, ["right has values outside 0..1; fix its scorer."])
            for value in (1.01, -0.01, float("inf"))
        ),
        (
            {"samples": with_samples(unscored=1)},
            ["2 of 4 sample epochs are unscored (allowed: 25%); see `inspect view`."],
        ),
        ({"samples": FOUR | {"a": replace(ONE, unscored=1)}}, []),
    ],
)
def test_a_log_must_be_whole_and_scored_in_range(changes, said):
    assert list(evidence.incomplete(replace(LOG, **changes), ["right"], LIMITS)) == said


@pytest.mark.parametrize("names", [("g1", "g2"), ("",)])
def test_the_scores_of_a_log_are_by_one_grader_and_no_words(names):
    assert list(evidence._ungraded(LOG, RECORDED, ["right"])) == []
    log, inside = replace(LOG, graders={"right": names}), replace(RECORDED, words={"right": 3, "other": 1})
    assert list(evidence._ungraded(log, inside, ["right"])) == [
        "its scores do not all name the same grader; run `aj rescore logs/evals/one`.",
        "3 values of right are words, not numbers; fix its scorer.",
    ]


@pytest.mark.parametrize(
    ("changes", "log", "said"),
    [
        ({}, {}, []),
        (
            {"edits": ("me (typo)", "you (x)", "me (typo)")},
            {},
            [
                "3 scores were edited by hand: 2 by me (typo), 1 by you (x); "
                "move logs/evals/one elsewhere and run `aj rescore` on it."
            ],
        ),
        (
            {},
            {"samples": with_samples(values={})},
            [
                "2 samples say something else than the log's summaries of them; "
                "move logs/evals/one elsewhere and run `aj rescore` on it."
            ],
        ),
        (
            {"graders": {"right": ("g0", "g1")}},
            {},
            [
                "its summaries name other graders (g1) than its samples (g0, g1); "
                "move logs/evals/one elsewhere and run `aj rescore` on it."
            ],
        ),
        (
            {"epochs": {"a": (1, 1), "b": (2, 1), "c": (1,)}},
            {"settings": {"eval settings": {"epochs": 2}}},
            ["2 samples are not in the log once for each epoch; run the eval again."],
        ),
        (
            {},
            {"retuned": ("time_limit", "top_p")},
            ["time_limit, top_p changed while the eval ran (`inspect ctl config`); run it again."],
        ),
    ],
)
def test_a_log_must_say_what_the_eval_wrote(changes, log, said):
    assert list(evidence._changed(replace(LOG, **log), replace(RECORDED, **changes))) == said


def test_a_sealed_log_must_be_the_one_that_was_sealed(tmp_path):
    folder = tmp_path / "one"
    folder.mkdir()
    log = replace(LOG, path=folder / "1.eval", metadata=TOLD | {"answers": "x"})
    done = folder / "done.json"
    assert samples.unsealed(LOG, RECORDED) is None
    assert samples.unsealed(log, RECORDED) == f"{done} has no seal of it; delete {folder} and run `aj eval` again."
    write_json(done, {"seals": {"1.eval": {"answers": "answers", "scores": "scores"}}})
    assert samples.unsealed(log, RECORDED) is None
    other = replace(RECORDED, seal=Seal("answers", "others"))
    assert samples.unsealed(log, other) == (
        f"its scores were changed after they were written; move {folder} elsewhere and run `aj rescore` on it."
    )
    assert samples.unsealed(log, other, answers_only=True) is None
    other = replace(RECORDED, seal=Seal("others", "scores"))
    for answers_only in (True, False):
        assert samples.unsealed(log, other, answers_only) == (
            f"it was changed after it was written; delete {folder} and run `aj eval` again."
        )


# --- the two logs of a task, and those of an arm --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, []),
        ({"version": "4"}, ["task version 3 against 4; evaluate both in the same way."]),
        (
            {"metadata": TOLD | {"asked": "q2"}},
            ["asking code differs (q1 against q2); evaluate both in the same way."],
        ),
        (
            {"metadata": TOLD | {"suite": None}},
            [
                "a log does not name its suite; evaluate with `aj eval`, or with "
                "`inspect eval evals/TASK.py --model aj/RUN`."
            ],
        ),
        ({"metadata": TOLD | {"serving": SERVED | {"model": {"revision": "r2"}}}}, []),
        (
            {"metadata": TOLD | {"serving": SERVED | {"server": {"dtype": "fp8"}}}},
            ['serving differs ({"dtype": "bfloat16"} against {"dtype": "fp8"}); evaluate both in the same way.'],
        ),
        (
            {"graders": {"right": ("g2",)}},
            [
                "the two logs were graded by different code (g1 against g2); run `aj rescore logs/evals/one` and "
                "`aj rescore logs/evals/one`, then compare those."
            ],
        ),
        ({"graders": {"right": ("g1", "g2")}}, []),
        (
            {"settings": {"generation": {"temperature": 1}, "eval settings": {"epochs": 1}}},
            ['generation differs ({"temperature": 0} against {"temperature": 1}); evaluate both in the same way.'],
        ),
        (
            {"samples": with_samples(unasked={"right": 1})},
            ["2 samples ask for right in only one of the logs; evaluate both in the same way."],
        ),
        ({"samples": {name: FOUR[name] for name in "ab"}}, []),
        (
            {"samples": {"a": ONE}},
            ["1 samples have right in both logs, but 2 are needed; use a larger suite."],
        ),
    ],
)
def test_two_logs_must_be_asked_alike_and_graded_alike(changes, said):
    assert list(evidence._incomparable(LOG, replace(LOG, **changes), ["right"], LIMITS)) == said


def test_the_graders_of_two_logs_are_named():
    a = replace(LOG, graders={"right": ("g1", "g2"), "brief": ("g3",)})
    assert "different code (g1, g2, g3 against none)" in evidence.graded_apart(a, replace(LOG, graders={}))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("run", "two", ["its logs have different values of run (one, two); keep one model per folder."]),
        ("contract", "c2", ["its logs were made under several contracts; evaluate again."]),
        ("suite", "full", []),
    ],
)
def test_the_logs_of_an_arm_are_of_one_model_under_one_contract(key, value, said):
    assert list(evidence._mixed([LOG, replace(LOG, metadata=TOLD | {key: value})], LIMITS)) == said


def test_logs_that_name_no_run_are_told_how_to_evaluate():
    nameless = replace(LOG, metadata=TOLD | {"run": None})
    assert list(evidence._mixed([nameless], LIMITS)) == [
        "a log does not say which run it evaluates; evaluate with `aj eval`, or with "
        "`inspect eval evals/TASK.py --model aj/RUN`."
    ]


def test_a_long_value_is_cut_in_a_sentence():
    assert short("x" * 80) == "x" * 80
    assert short("x" * 81) == "x" * 77 + "..."
    assert short({"b": 1, "a": Path("p")}) == '{"a": "p", "b": 1}'
