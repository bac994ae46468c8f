"""The gate at looks, on real logs that are whole or were cut into batches."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from inspect_ai.log import EvalLog, read_eval_log, write_eval_log
from inspect_ai.scorer import Score

from tests.made_logs import GRADER, Lab, answered, fell_back, seal
from tests.verdict.test_earlier import all_right
from verdict.frozen import frozen_samples
from verdict.gate import GateOutcome
from verdict.joined import join
from verdict.looks import samples_by_look
from verdict.policy import Policy
from verdict.scores import read_folder
from verdict.sequential import Standing, judge

pytestmark = pytest.mark.loop  # real gates on real logs


@pytest.fixture
def rules() -> Policy:
    return tolerating(0.2)


def tolerating(margin: float, unscored: float = 0.02) -> Policy:
    evidence = {"min_samples": 10, "max_errors": 0.02, "max_unscored": unscored}
    metrics = {"known_issues/right": {"margin": margin, "slices": {"pattern": 0.5}}}
    return Policy.model_validate({"confidence": 0.95, "evidence": evidence, "metrics": metrics})


def by_look(lab: Lab) -> dict[str, list[list[str]]]:
    return {"known_issues": samples_by_look(frozen_samples(lab.suites / "known_issues.jsonl", "small"))}


def log_of(folder: Path) -> Path:
    return read_folder(folder)["known_issues"].path


def after(
    lab: Lab,
    rules: Policy,
    base: Sequence[Path],
    candidate: Sequence[Path],
    count: int,
    champions: Sequence[str] = (),
) -> Standing:
    """The verdict after so many looks."""
    looks = [{"known_issues": number} for number in range(1, count + 1)]
    left, right = ({"known_issues": list(paths)} for paths in (base, candidate))
    arms = [read_folder(lab.evals(name)) for name in champions]
    return judge(left, right, looks, by_look(lab), rules, lab.logs, lab.suites, arms)


def whole(lab: Lab, rules: Policy, base: str, candidate: str, count: int) -> Standing:
    return after(lab, rules, [log_of(lab.evals(base))], [log_of(lab.evals(candidate))], count)


def cut(lab: Lab, name: str) -> list[Path]:
    """The arm's log of known_issues as one sealed batch for each look."""
    log, before, found = read_eval_log(str(log_of(lab.evals(name)))), 0, []
    for number, names in enumerate(by_look(lab)["known_issues"], 1):
        folder = lab.logs / "batches" / name / str(number)
        folder.mkdir(parents=True)
        batch = log.model_copy(deep=True)
        batch.samples = [sample for sample in log.samples or [] if sample.id in names[before:]]
        batch.eval.config.sample_id = names[before:]
        batch.eval.dataset.sample_ids = names[before:]
        found.append(folder / f"2026-01-01T00-00-0{number}_known-issues_x.json")
        write_eval_log(batch, str(found[-1]))
        seal(folder, found[-1:])
        before = len(names)
    return found


def test_a_clearly_better_candidate_is_promoted_and_a_clearly_worse_one_rejected_before_all_is_asked(lab, rules):
    first = whole(lab, rules, "base", "good", 1)
    assert (first.verdict.outcome, first.waiting) == (GateOutcome.INCONCLUSIVE, ("known_issues",))
    better, worse = whole(lab, rules, "base", "good", 2), whole(lab, rules, "good", "old", 4)
    assert (better.verdict.outcome, better.waiting) == (GateOutcome.PROMOTE, ())
    asked = len(by_look(lab)["known_issues"][1])
    assert len(better.base["known_issues"].samples) == len(better.candidate["known_issues"].samples) == asked
    assert worse.verdict.outcome is GateOutcome.REJECT
    assert "pattern=old_keys" in worse.verdict.regressed[0]


def test_what_stays_open_is_asked_to_the_end(lab):
    narrow = tolerating(0.03)
    assert whole(lab, narrow, "good", "same", 3).waiting == ("known_issues",)
    end = whole(lab, narrow, "good", "same", 4)
    assert (end.verdict.outcome, end.waiting) == (GateOutcome.INCONCLUSIVE, ())


def test_batches_say_what_the_whole_log_says(lab, rules):
    base, candidate = cut(lab, "base"), cut(lab, "good")
    for count in (1, 2, 4):
        found = after(lab, rules, base[:count], candidate[:count], count)
        assert found.verdict == whole(lab, rules, "base", "good", count).verdict


def test_one_arm_may_be_whole_and_the_other_in_batches(lab, rules):
    found = after(lab, rules, [log_of(lab.evals("base"))], cut(lab, "good")[:2], 2)
    assert found.verdict.outcome is GateOutcome.PROMOTE


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda base, paths: paths[:1], "samples of the suite small are not in it"),
        (lambda base, paths: [paths[0], paths[0]], "samples were asked in several batches"),
        (lambda base, paths: [paths[0], base[1]], "its run is not that of"),
        (lambda base, paths: [], "a batch was not asked"),
        (lambda base, paths: [paths[0], resealed_away(paths[1])], "has no seal of it"),
        (lambda base, paths: [paths[0], cancelled(paths[1])], "its status is cancelled, not success"),
        (lambda base, paths: [paths[0], hotter(paths[1])], "its generation is not that of"),
    ],
)
def test_spoilt_batches_are_no_evidence(lab, rules, spoil, told):
    base, candidate = cut(lab, "base")[:2], cut(lab, "good")[:2]
    found = after(lab, rules, base, spoil(base, candidate), 2)
    assert (found.verdict.outcome, found.waiting) == (GateOutcome.INVALID, ())
    assert any(told in reason for reason in found.verdict.reasons), found.verdict.reasons


@pytest.mark.parametrize(
    ("unscored", "outcomes"),
    [
        (2, [GateOutcome.INCONCLUSIVE, GateOutcome.INCONCLUSIVE, GateOutcome.INCONCLUSIVE, GateOutcome.PROMOTE]),
        (3, [GateOutcome.INVALID] * 4),
    ],
)
def test_the_share_that_may_be_unscored_is_one_of_the_whole_suite(lab, unscored, outcomes):
    def some_are_unscored(log: EvalLog) -> None:
        first = by_look(lab)["known_issues"][0][:unscored]
        for sample in log.samples or []:
            if sample.id in first:
                sample.scores = {"right": Score.unscored(reason="the fleet lacks it", metadata={"grader": GRADER})}

    rules, base = tolerating(0.2, unscored=0.05), log_of(lab.evals("base"))
    candidate = log_of(lab.change("good", some_are_unscored, tasks="known-issues"))
    looks = [after(lab, rules, [base], [candidate], count) for count in (1, 2, 3, 4)]
    assert [look.verdict.outcome for look in looks] == outcomes
    if unscored == 2:
        assert [look.waiting for look in looks] == [("known_issues",)] * 3 + [()]


def resealed_away(path: Path) -> Path:
    return Path(shutil.move(path, path.with_stem(f"{path.stem}2")))


def cancelled(path: Path) -> Path:
    log = read_eval_log(str(path))
    log.status = "cancelled"
    write_eval_log(log, str(path))
    seal(path.parent, [path])
    return path


def hotter(path: Path) -> Path:
    log = read_eval_log(str(path))
    log.plan.config.temperature = 1.0
    write_eval_log(log, str(path))
    seal(path.parent, [path])
    return path


def test_a_batch_is_not_a_whole_eval_for_the_gate(lab, rules):
    (first, *_), (other, *_) = cut(lab, "base"), cut(lab, "good")
    verdict = lab.judge(rules, first.parent, other.parent)
    assert verdict.outcome is GateOutcome.INVALID
    assert any("samples of the suite small are not in it" in reason for reason in verdict.reasons)


def test_a_joined_log_is_limited_and_counts_what_its_batches_cost(lab):
    paths = cut(lab, "good")
    scores, recorded, told = join(paths[:2], by_look(lab)["known_issues"][1])
    assert told == []
    assert scores.limited
    assert scores.expected == len(scores.samples) == len(recorded.inputs) == scores.cost.epochs


def slid(lab: Lab) -> list[Path]:
    """The batches of a candidate, the run `same`, that is as good as the champion `old`, which had fallen behind."""

    def fall(log: EvalLog) -> None:
        answered(log, fell_back)

    return cut(lab, lab.change("same", fall).name)


def test_what_the_champion_had_lost_before_is_not_forgotten(lab, rules):
    old, batches = cut(lab, "old"), slid(lab)
    assert after(lab, rules, old, batches, 4).verdict.outcome is GateOutcome.PROMOTE
    for champions in (["good"], ["old", "good"], ["base", "good", "old"]):
        held = after(lab, rules, old, batches, 4, champions).verdict
        (best,) = (check for check in held.checks if check.rule == "best")
        assert (best.against, best.state, held.outcome) == ("good", "failed", GateOutcome.REJECT)


def test_a_reigning_champion_that_is_the_best_itself_asks_for_nothing_more(lab, rules):
    good, batches = cut(lab, "good"), cut(lab, "same")
    held, alone = (after(lab, rules, good, batches, 4, earlier) for earlier in (["good", "old"], []))
    assert (held.verdict, held.waiting) == (alone.verdict, alone.waiting)


def test_an_earlier_champion_that_is_no_evidence_gives_way_to_the_next_best_and_is_named(lab, rules):
    def worse_in_few(log: EvalLog) -> None:
        answered(log, lambda question: not question.endswith(("0", "1", "2")))

    third = lab.change("same", worse_in_few).rename(lab.evals("third"))
    lab.change("good", all_right, sealed=False)
    held = after(lab, rules, cut(lab, "base"), cut(lab, "old"), 4, ["good-changed", third.name]).verdict
    assert {check.against for check in held.checks if check.rule == "best"} == {"same"}
    assert held.reasons[-1].startswith(
        "the earlier champion good cannot be a reference, and is left out: known_issues, the reference: "
    )
    assert "its scores were changed after they were written" in held.reasons[-1]
