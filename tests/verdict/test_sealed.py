"""A log that is as it was sealed, in order, is not read whole again; any other is."""

import json
from dataclasses import replace
from itertools import product

import pytest
from inspect_ai.log import ProvenanceData, edit_score, read_eval_log, write_eval_log
from inspect_ai.scorer import ScoreEdit

from aj.files import write_json
from tests.made_logs import Lab
from verdict.gate import GateOutcome
from verdict.samples import DONE, seal_of
from verdict.scores import read_folder
from verdict.sealed import in_order, seals

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


def test_a_seal_that_says_less_or_something_else_is_no_reason_to_read_less(lab, policy):
    done = lab.evals("good") / DONE
    told = json.loads(done.read_text())["seals"]
    for key, value in product(("file", "inputs", "asks"), ("", "0123456789ab", None, 7)):
        write_json(done, {"seals": {name: seal | {key: value} for name, seal in told.items()}})
        assert not stands(lab, "base", "good"), (key, value)
    assert lab.judge(policy, "base", "good").outcome is GateOutcome.PROMOTE


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


@pytest.mark.parametrize("change", [edited, twice, in_words])
def test_a_log_in_which_something_is_amiss_is_sealed_without_its_bytes(lab, change):
    log = read_folder(lab.change("good", change, tasks="known-issues"))[TASK]
    seal = seal_of(log)
    assert seal
    assert (seal.file, seal.inputs, seal.asks) == ("", "", "")
    assert seal.answers


def test_a_log_that_asks_something_else_than_the_frozen_samples_is_sealed_without_them(lab):
    folder = lab.change("good", reworded, tasks="known-issues")
    log, base = read_folder(folder)[TASK], read_folder(lab.evals("base"))[TASK]
    seal = seal_of(log)
    assert seal
    assert (bool(seal.file), seal.asks) == (True, "")
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


def test_a_finished_folder_is_sealed_log_by_log(lab):
    told = json.loads((lab.evals("good") / DONE).read_text())["seals"]
    assert seals(lab.evals("good"), lab.suites) == told
    assert {bool(seal["asks"]) for seal in seals(lab.evals("good"), lab.logs / "none").values()} == {False}
