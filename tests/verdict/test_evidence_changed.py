"""Logs that somebody changed or graded again after they were written, and logs of plain `inspect eval`."""

import zipfile

import pytest
from inspect_ai.log import EvalLog, MetadataEdit, ProvenanceData, TagsEdit, edit_eval_log, edit_score
from inspect_ai.scorer import ScoreEdit

from tests.made_logs import GRADER
from tests.verdict.refusals import graded_by, refused, settled
from verdict.gate import GateOutcome

pytestmark = pytest.mark.loop  # a real gate on real logs each; the sentences themselves: test_evidence_words.py


def edited_by_hand(log: EvalLog) -> None:
    """As in Inspect's viewer, which keeps the history."""
    for sample in (log.samples or [])[:3]:
        ((name, score),) = (sample.scores or {}).items()
        assert isinstance(score.value, dict)
        edit = ScoreEdit(value=dict.fromkeys(score.value, 1.0), provenance=ME)
        edit_score(log, sample.id, name, edit, epoch=sample.epoch)


ME = ProvenanceData(author="me", reason="looks right")


@pytest.mark.parametrize("sealed", [True, False])
@pytest.mark.parametrize("arm", ["reference", "candidate"])
def test_scores_edited_by_hand_are_invalid_and_counted(lab, policy, arm, sealed):
    folder = lab.change("same", edited_by_hand, tasks="known-issues", sealed=sealed)
    arms = ("good", folder) if arm == "candidate" else (folder, "good")
    refused(lab.judge(policy, *arms), f"the {arm}: 3 scores were edited by hand: 3 by me (looks right); move {folder}")


def without_seal(log: EvalLog) -> None:
    """As plain `inspect eval` writes it: no folder of answers is named, so that nothing is sealed."""
    log.eval.metadata = {key: value for key, value in (log.eval.metadata or {}).items() if key != "answers"}


def test_scores_edited_in_a_log_that_was_never_sealed_are_invalid(lab, policy):
    def change(log: EvalLog) -> None:
        without_seal(log)
        edited_by_hand(log)

    refused(lab.judge(policy, "good", lab.change("same", change, tasks="known-issues")), "3 scores were edited by hand")


def test_tags_notes_and_labels_edited_later_are_harmless_and_unread(lab, policy):
    """The metadata of an edit would name another grader of the world; the gate reads what the eval wrote."""

    def relabel(log: EvalLog) -> EvalLog:
        edits = [TagsEdit(tags_add=["seen"]), MetadataEdit(metadata_set={"asked": "other", "run": "base", "note": "n"})]
        return edit_eval_log(log, edits, ME)

    folders = [lab.change(name, relabel, sealed=False) for name in ("base", "good")]
    verdict = lab.judge(policy, *folders)
    assert verdict.outcome is GateOutcome.PROMOTE, verdict.reasons
    assert (verdict.run, verdict.reference) == ("good", "base")


def test_an_edit_of_metadata_does_not_make_two_logs_alike(lab, policy):
    def asked_by_others(log: EvalLog) -> EvalLog:
        log.eval.metadata = {**(log.eval.metadata or {}), "asked": "other"}
        return edit_eval_log(log, [MetadataEdit(metadata_set={"asked": "4a12"})], ME)

    refused(lab.judge(policy, "good", lab.change("same", asked_by_others)), "asking code differs (4a12 against other)")


def another_score(log: EvalLog) -> None:
    sample = (log.samples or [])[0]
    sample.scores = {name: score.model_copy(update={"answer": "w"}) for name, score in (sample.scores or {}).items()}


def another_answer(log: EvalLog) -> None:
    (log.samples or [])[0].output.completion = "wrong"


def another_plan(log: EvalLog) -> None:
    log.plan.config.max_tokens = 63


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        settled(change)
        for change in [
            (another_score, "its scores were changed after they were written"),
            (another_answer, "it was changed after it was written"),
            (another_plan, "it was changed after it was written"),
        ]
    ],
)
def test_a_log_that_was_changed_after_it_was_written_is_invalid(lab, policy, change, reason):
    refused(lab.judge(policy, "good", lab.change("same", change, "known-issues", sealed=False)), reason)


@pytest.mark.parametrize("text", ["{}", "[]", "nothing", '{"seals": {}}', '{"seals": []}'])
def test_a_log_of_aj_eval_without_its_seal_is_invalid(lab, policy, text):
    (lab.evals("same") / "done.json").write_text(text)
    refused(lab.judge(policy, "good", "same"), "has no seal of it; delete")


@pytest.mark.parametrize(
    ("told", "instead", "reason"),
    [
        (b'"right":0.0', b'"right":1.0', "14 samples say something else than the log's summaries of them"),
        (f'"grader":"{GRADER}"'.encode(), b'"grader":"another"', "its summaries name other graders (another) than its"),
        (b'"grader":', b'"graded":', "its summaries name other graders (none) than its samples"),
    ],
)
def test_summaries_that_say_something_else_than_the_samples_are_invalid(lab, policy, told, instead, reason):
    """Only the short form in the log was edited: the samples still say what they said."""
    (path,) = lab.evals("old").glob("*known-issues*.eval")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["summaries.json"] = parts["summaries.json"].replace(told, instead)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    refused(lab.judge(policy, "good", "old"), reason)


def test_a_log_that_does_not_say_who_graded_is_invalid(lab, policy):
    folder = lab.change("same", graded_by(None, 48))
    refused(lab.judge(policy, "good", folder), f"do not all name the same grader; run `aj rescore {folder}`")


def test_a_log_that_two_graded_is_invalid(lab, policy):
    folder = lab.change("same", graded_by("0ther", 3))
    refused(lab.judge(policy, "good", folder), f"do not all name the same grader; run `aj rescore {folder}`")


def test_logs_that_different_code_graded_are_invalid(lab, policy):
    folder = lab.change("same", graded_by("0ther", 48))
    reason = "the two logs were graded by different code (97ade4 against 0ther); run `aj rescore "
    refused(lab.judge(policy, "good", folder), reason)


def test_logs_that_one_and_the_same_other_code_graded_are_judged(lab, policy):
    folders = [lab.change(name, graded_by("0ther", 48)) for name in ("old", "good")]
    assert lab.judge(policy, *folders).outcome is GateOutcome.PROMOTE
