"""A log that was read whole when it was finished, and was in order, is not read so again; any other is."""

import json
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from inspect_ai.log import ProvenanceData, edit_score, read_eval_log, write_eval_log
from inspect_ai.scorer import ScoreEdit

from aj.files import write_json
from tests.made_logs import Lab
from verdict.gate import GateOutcome
from verdict.samples import DONE, seal_of
from verdict.scores import read_folder
from verdict.sealed import READ, in_order

TASK = "known_issues"


def stands(lab: Lab, one: str, other: str, any_logs: bool = False) -> bool:
    left, right = (read_folder(lab.evals(name))[TASK] for name in (one, other))
    return in_order(left, right, None if any_logs else lab.suites / f"{TASK}.jsonl")


@pytest.mark.parametrize("other", ["base", "same"])
def test_what_was_sealed_with_nothing_amiss_is_in_order_in_both_formats(lab, other):
    assert stands(lab, "good", other)
    assert stands(lab, "good", other, any_logs=True)


def test_a_log_that_is_written_again_is_read_whole_whatever_it_says(lab):
    (path,) = lab.evals("good").glob("*known-issues*")
    write_eval_log(read_eval_log(str(path)), str(path))
    assert not stands(lab, "base", "good")


def test_a_note_that_says_less_or_something_else_is_no_reason_to_read_less(lab, policy):
    note = lab.evals("good") / READ
    told = json.loads(note.read_text())
    for key, value in product(("file", "seal", "inputs", "asks"), ("", "0123456789ab", None, 7)):
        write_json(note, {name: vouched | {key: value} for name, vouched in told.items()})
        assert not stands(lab, "base", "good"), (key, value)
    for text in ("{}", "[]", "nothing", json.dumps({name: {} for name in told})):
        note.write_text(text)
        assert not stands(lab, "base", "good"), text
    assert lab.judge(policy, "base", "good").outcome is GateOutcome.PROMOTE


def test_a_note_beside_another_seal_or_none_is_no_reason_to_read_less(lab):
    done = lab.evals("good") / DONE
    told = json.loads(done.read_text())["seals"]
    for seals in ({}, {name: seal | {"scores": "0123456789ab"} for name, seal in told.items()}):
        write_json(done, {"seals": seals})
        assert not stands(lab, "base", "good")


def edited(log):
    name = next(iter(log.samples[0].scores))
    edit_score(log, log.samples[0].id, name, ScoreEdit(value={"right": 1.0}, provenance=ProvenanceData(author="me")))


def reworded(log):
    log.samples[0].input = "something else"


def twice(log):
    log.samples[0].epoch = 2


def in_words(log):
    (score,) = log.samples[0].scores.values()
    score.value = {"right": "yes", "brief": 1.0}


def noted(folder: Path) -> dict[str, Any]:
    """What the note says of the log of the task."""
    told = json.loads((folder / READ).read_text())
    return next((vouched for name, vouched in told.items() if "known-issues" in name), {})


@pytest.mark.parametrize("change", [edited, twice, in_words])
def test_a_log_in_which_something_is_amiss_is_not_noted(lab, change):
    folder = lab.change("good", change, tasks="known-issues")
    assert seal_of(read_folder(folder)[TASK])
    assert noted(folder) == {}
    assert noted(lab.evals("good"))


def test_a_log_that_asks_something_else_than_the_frozen_samples_is_noted_without_them(lab):
    folder = lab.change("good", reworded, tasks="known-issues")
    log, base = read_folder(folder)[TASK], read_folder(lab.evals("base"))[TASK]
    assert noted(folder)["asks"] == ""
    assert not in_order(base, log, lab.suites / f"{TASK}.jsonl")
    assert not in_order(base, log, None), "the two asked different things"
    assert in_order(log, log, None)


def test_samples_that_are_frozen_anew_are_read_again(lab):
    frozen = lab.suites / f"{TASK}.jsonl"
    frozen.write_text(frozen.read_text() + "\n")
    assert not stands(lab, "base", "good")
    assert stands(lab, "base", "good", any_logs=True)
    frozen.unlink()
    assert not stands(lab, "base", "good")


def test_a_log_that_claims_no_answers_of_aj_eval_has_no_seal(lab):
    log = read_folder(lab.evals("good"))[TASK]
    plain = replace(log, metadata={key: value for key, value in log.metadata.items() if key != "answers"})
    assert seal_of(plain) is None
    assert not in_order(plain, plain, None)
