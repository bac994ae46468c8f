"""Every check of the evidence, with an input that it must refuse."""

import hashlib
import json
import math
import shutil
import zipfile
from collections.abc import Callable

import pytest
from inspect_ai.log import EvalError, EvalLog, MetadataEdit, ProvenanceData, TagsEdit, edit_eval_log, edit_score
from inspect_ai.model import ModelConfig
from inspect_ai.scorer import Score, ScoreEdit

from tests.made_logs import GRADER
from verdict.gate import GateOutcome
from verdict.policy import Policy

pytestmark = pytest.mark.loop  # a real gate on real logs each; the sentences themselves: test_evidence_words.py


def refused(verdict, reason):
    assert verdict.outcome is GateOutcome.INVALID, verdict.reasons
    assert not verdict.checks
    assert any(reason in given for given in verdict.reasons), verdict.reasons


def test_a_missing_folder_is_invalid(lab, policy):
    refused(lab.judge(policy, "good", "nobody"), "contains no eval logs")


def test_a_corrupt_log_is_invalid(lab, policy):
    next(lab.evals("old").glob("*.eval")).write_text("not a log")
    refused(lab.judge(policy, "good", "old"), "cannot be read")


def test_a_missing_task_is_invalid(lab, policy):
    next(lab.evals("same").glob("*tool-format*")).unlink()
    refused(lab.judge(policy, "good", "same"), "the candidate has no log of tool_format")


def settled(change):
    """Name a change of a log after its function."""
    return pytest.param(*change, id=change[0].__name__)


def another_version(log: EvalLog) -> None:
    log.eval.task_version = 99


def an_unfinished_log(log: EvalLog) -> None:
    log.status = "cancelled"


def an_invalidated_log(log: EvalLog) -> None:
    log.invalidated = True


def a_chosen_subset(log: EvalLog) -> None:
    log.eval.config.limit = log.eval.dataset.samples = 5
    log.samples = (log.samples or [])[:5]


def without_a_pattern(log: EvalLog) -> None:
    log.samples = [sample for sample in log.samples or [] if sample.metadata["slice"]["pattern"] != "old_keys"]
    log.eval.dataset.samples = len(log.samples)
    log.eval.dataset.sample_ids = [sample.id for sample in log.samples]


def doubled_samples(log: EvalLog) -> None:
    """The good ones twice, in the places of the others."""
    right = [s.model_copy(update={"epoch": 2}) for s in log.samples or [] if s.metadata["slice"]["pattern"] == "prose"]
    log.samples = [sample for sample in log.samples or [] if sample.metadata["slice"]["pattern"] != "old_keys"] + right


def a_sample_too_many(log: EvalLog) -> None:
    extra = (log.samples or [])[0].model_copy(update={"id": "one-more"})
    log.samples = [*(log.samples or []), extra]
    log.eval.dataset.samples = 49


def missing_samples(log: EvalLog) -> None:
    log.samples = (log.samples or [])[:-4]


def other_samples(log: EvalLog) -> None:
    for sample in (log.samples or [])[:3]:
        sample.id = f"other-{sample.id}"


def easier_questions(log: EvalLog) -> None:
    for sample in log.samples or []:
        sample.input = f"Say: right. {sample.id}"


def families_of_one(log: EvalLog) -> None:
    for sample in log.samples or []:
        sample.metadata["family"] = str(sample.id)


def relabelled_templates(log: EvalLog) -> None:
    for sample in log.samples or []:
        sample.metadata["template"] = sample.metadata["family"] = f"t-{sample.metadata['template']}"


def of_another_suite(log: EvalLog) -> None:
    log.eval.metadata = {**(log.eval.metadata or {}), "suite": "practice"}


def of_samples_frozen_elsewhere(log: EvalLog) -> None:
    log.eval.metadata = {**(log.eval.metadata or {}), "samples": "5a5a"}


def relabelled_samples(log: EvalLog) -> None:
    for sample in log.samples or []:
        sample.metadata = {**sample.metadata, "slice": {"pattern": "all one"}}


def samples_without_family(log: EvalLog) -> None:
    for sample in log.samples or []:
        sample.metadata.pop("family")


def samples_without_template(log: EvalLog) -> None:
    for sample in log.samples or []:
        sample.metadata.pop("template")


def samples_to_practise_on(log: EvalLog) -> None:
    for sample in log.samples or []:
        sample.metadata["split"] = "train"


def samples_of_no_split(log: EvalLog) -> None:
    for sample in log.samples or []:
        sample.metadata.pop("split")


def warmer(log: EvalLog) -> None:
    log.plan.config.temperature = 0.7


def longer_by_command_line(log: EvalLog) -> None:
    log.eval.model_generate_config.max_tokens = log.plan.config.max_tokens = 4096


def a_model_of_its_own_settings(log: EvalLog) -> None:
    log.eval.model_generate_config.top_p = 0.5


def other_task_arguments(log: EvalLog) -> None:
    log.eval.task_args = {"suite": "small", "constrained": True}


def another_grader(log: EvalLog) -> None:
    log.eval.model_roles = {"grader": ModelConfig(model="mockllm/judge")}


def another_scorer(log: EvalLog) -> None:
    assert log.eval.scorers
    log.eval.scorers[0].name = "lenient"


def more_epochs_asked_than_held(log: EvalLog) -> None:
    log.eval.config.epochs = 4


def errors(log: EvalLog) -> None:
    for sample in (log.samples or [])[:3]:
        sample.error = EvalError(message="boom", traceback="", traceback_ansi="")


def unscored(log: EvalLog) -> None:
    for sample in (log.samples or [])[:3]:
        sample.scores = {"right": Score.unscored(reason="judge undecided")}


def the_metric_is_missing(log: EvalLog) -> None:
    for sample in (log.samples or [])[:3]:
        sample.scores = {"right": Score(value={"brief": 1.0}, metadata={"grader": GRADER})}


def unasked(log: EvalLog) -> None:
    """The scorer says of three wrong samples that they do not ask for its metric."""
    for sample in (log.samples or [])[:3]:
        sample.scores = {"right": Score(value={"right": math.nan, "brief": 1.0}, metadata={"grader": GRADER})}


def unasked_in_one_epoch(log: EvalLog) -> None:
    log.eval.config.epochs = 2
    again = [sample.model_copy(update={"epoch": 2}) for sample in log.samples or []]
    unasked(log)
    log.samples = (log.samples or []) + again


def graded_by(name: str | None, count: int) -> Callable[[EvalLog], None]:
    """Let the first `count` scores name another grader, or none."""

    def change(log: EvalLog) -> None:
        for sample in (log.samples or [])[:count]:
            for score in (sample.scores or {}).values():
                score.metadata = {**(score.metadata or {}), "grader": name} if name else {}

    return change


def values_out_of_range(log: EvalLog) -> None:
    for sample in (log.samples or [])[:3]:
        sample.scores = {"right": Score(value={"right": 7.0}, metadata={"grader": GRADER})}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        settled(change)
        for change in [
            (another_version, "task version 3 against 99"),
            (an_unfinished_log, "its status is cancelled"),
            (an_invalidated_log, "its status is invalidated"),
            (a_chosen_subset, "43 of 48 samples of the suite small are not in it; run it without --limit"),
            (missing_samples, "has 44 of 48 sample epochs"),
            (more_epochs_asked_than_held, "has 48 of 192 sample epochs"),
            (other_samples, "3 of its samples are not in the suite small"),
            (relabelled_samples, "48 samples have another template"),
            (samples_without_family, "48 samples have another template"),
            (samples_without_template, "48 samples have another template"),
            (samples_to_practise_on, "48 samples have another template, family, slice or split"),
            (samples_of_no_split, "48 samples have another template, family, slice or split"),
            (warmer, "generation differs"),
            (longer_by_command_line, "generation differs"),
            (a_model_of_its_own_settings, "generation differs"),
            (other_task_arguments, "task arguments differs"),
            (another_grader, "model graders differs"),
            (another_scorer, "scorers differs"),
            (errors, "3 of 48 samples ended in an error (allowed: 2%)"),
            (unscored, "3 of 48 sample epochs are unscored (allowed: 2%)"),
            (the_metric_is_missing, "3 of 48 sample epochs have no value for right"),
            (unasked, "3 samples ask for right in only one of the logs"),
            (unasked_in_one_epoch, "3 samples ask for right in some epochs only"),
            (values_out_of_range, "right has values outside 0..1"),
        ]
    ],
)
def test_a_log_that_is_no_evidence_is_invalid(lab, policy, change, reason):
    refused(lab.judge(policy, "good", lab.change("same", change, tasks="known-issues")), reason)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        settled(change)
        for change in [
            (a_chosen_subset, "43 of 48 samples of the suite small are not in it"),
            (without_a_pattern, "12 of 48 samples of the suite small are not in it"),
            (doubled_samples, "12 samples are not in the log once for each epoch"),
            (a_sample_too_many, "1 of its samples are not in the suite small"),
            (other_samples, "3 of its samples are not in the suite small"),
            (easier_questions, "48 samples ask something else than in"),
            (families_of_one, "48 samples have another template, family"),
            (relabelled_templates, "48 samples have another template, family"),
            (relabelled_samples, "48 samples have another template, family, slice"),
            (samples_to_practise_on, "48 samples have another template, family, slice or split"),
            (of_another_suite, "it was run on the suite practice, not on small or full"),
            (of_samples_frozen_elsewhere, "its samples are not those of"),
        ]
    ],
)
def test_what_both_logs_leave_out_or_relabel_alike_is_invalid_too(lab, policy, change, reason):
    """Two logs that agree with each other, and not with the frozen suite."""
    folders = [lab.change(name, change, tasks="known-issues") for name in ("old", "good")]
    refused(lab.judge(policy, *folders), reason)


def test_a_limit_that_left_nothing_out_is_harmless(lab, policy):
    def limited(log: EvalLog) -> None:
        log.eval.config.limit = 1000

    assert lab.judge(policy, "base", lab.change("good", limited)).outcome is GateOutcome.PROMOTE


@pytest.mark.parametrize("key", ["contract", "samples", "suite", "asked", "serving", "versions"])
@pytest.mark.parametrize("value", ["something else", {"something": "else"}, None])
def test_both_logs_must_say_the_same(lab, policy, key, value):
    def change(log: EvalLog) -> None:
        log.eval.metadata = {**(log.eval.metadata or {}), key: value}

    name = {"asked": "asking code", "versions": "package versions"}.get(key, key)
    reason = f"{name} differs" if value else f"a log does not name its {name}"
    refused(lab.judge(policy, "good", lab.change("same", change)), reason)


def test_samples_that_do_not_ask_for_a_metric_in_either_log_are_left_out(lab, policy):
    verdict = lab.judge(policy, *(lab.change(name, unasked, "known-issues") for name in ("base", "good")))
    assert verdict.outcome is GateOutcome.PROMOTE, verdict.reasons


# --- logs that somebody changed after they were written, and logs of plain `inspect eval` ---------------------------


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


def test_summaries_that_say_something_else_than_the_samples_are_invalid(lab, policy):
    """Only the short form in the log was edited: the samples still say what they said."""
    (path,) = lab.evals("old").glob("*known-issues*.eval")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["summaries.json"] = parts["summaries.json"].replace(b'"right":0.0', b'"right":1.0')
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    refused(lab.judge(policy, "good", "old"), "14 samples say something else than the log's summaries of them")


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


@pytest.mark.parametrize("key", ["model_name", "run", "adapter", "dataset", "serving"])
def test_a_folder_with_logs_of_two_models_is_invalid(lab, policy, key):
    def change(log: EvalLog) -> None:
        log.eval.metadata = {**(log.eval.metadata or {}), key: "another"}

    folder = lab.change("same", change, tasks="tool-format")
    refused(lab.judge(policy, "good", folder), f"its logs have different values of {key}")


def test_a_reference_with_logs_of_two_models_is_invalid(lab, policy):
    def change(log: EvalLog) -> None:
        log.eval.metadata = {**(log.eval.metadata or {}), "run": "weaker"}

    folder = lab.change("good", change, tasks="tool-format")
    refused(lab.judge(policy, folder, "same"), "the reference: its logs have different values of run")


def test_a_folder_made_under_two_contracts_is_invalid_even_if_both_folders_are(lab, policy):
    def change(log: EvalLog) -> None:
        log.eval.metadata = {**(log.eval.metadata or {}), "contract": "another"}

    folders = [lab.change(name, change, tasks="tool-format") for name in ("good", "same")]
    refused(lab.judge(policy, *folders), "the candidate: its logs were made under several contracts")


@pytest.mark.parametrize("text", ["not JSON", "[]"])
def test_a_manifest_that_cannot_be_read_is_invalid(lab, policy, text):
    (lab.run("same") / "manifest.json").write_text(text)
    refused(lab.judge(policy, "good", "same"), "manifest.json")


def test_too_few_samples_are_invalid(lab, policy):
    values = policy.model_dump()
    values["evidence"]["min_samples"] = 49
    refused(lab.judge(Policy.model_validate(values), "good", "same"), "48 samples have right in both logs, but 49")


def test_a_slice_that_no_sample_has_is_invalid(lab, policy):
    values = policy.model_dump()
    values["metrics"]["known_issues/right"]["slices"] = {"persona": 0.2}
    refused(lab.judge(Policy.model_validate(values), "good", "same"), "but no sample has it")


def test_a_slice_that_was_not_scored_at_all_is_invalid(lab, policy):
    def unscore_prose(log: EvalLog) -> None:
        for sample in log.samples or []:
            if sample.metadata["slice"]["pattern"] == "prose":
                sample.scores = {"right": Score.unscored()}

    values = policy.model_dump()
    values["evidence"]["max_unscored"] = 0.5
    folder = lab.change("same", unscore_prose, tasks="known-issues")
    refused(lab.judge(Policy.model_validate(values), "good", folder), "no sample of pattern=prose is scored in both")


def test_a_base_model_cannot_be_promoted(lab, policy):
    refused(lab.judge(policy, "good", "base"), "there is nothing to promote")


def test_a_run_is_not_compared_with_itself(lab, policy):
    refused(lab.judge(policy, "good", "good"), "are the same run (good)")


def test_a_log_that_names_no_run_is_invalid(lab, policy):
    def forget(log: EvalLog) -> None:
        log.eval.metadata = {**(log.eval.metadata or {}), "run": None}

    refused(lab.judge(policy, "good", lab.change("same", forget)), "does not say which run it evaluates")


@pytest.mark.parametrize("key", ["adapter", "contract", "dataset"])
def test_what_was_scored_must_be_what_the_run_recorded(lab, policy, key):
    path = lab.run("same") / "manifest.json"
    manifest = json.loads(path.read_text())
    change = {"adapter": manifest["adapter"] + "00"} if key == "adapter" else {key: "another"}
    if key == "adapter":  # a longer digest of the same file: valid, but not the one that the eval names
        weights = (lab.run("same") / "adapter" / "adapter_model.safetensors").read_bytes()
        change = {"adapter": hashlib.sha256(weights).hexdigest()}
    path.write_text(json.dumps(manifest | change))
    refused(lab.judge(policy, "good", "same"), f"the {key} that was scored")


@pytest.mark.parametrize("file", ["adapter/adapter_model.safetensors", "merged/model.safetensors"])
def test_weights_changed_since_training_are_invalid(lab, policy, file):
    (lab.run("same") / file).write_bytes(b"other weights")
    refused(lab.judge(policy, "good", "same"), "does not contain the weights that its manifest records")


@pytest.mark.parametrize("file", ["manifest.json", "adapter/adapter_model.safetensors", "merged/model.safetensors"])
def test_a_run_with_a_missing_file_is_invalid(lab, policy, file):
    (lab.run("same") / file).unlink()
    assert lab.judge(policy, "good", "same").outcome is GateOutcome.INVALID


def test_a_manifest_of_another_run_is_invalid(lab, policy):
    shutil.rmtree(lab.run("same"))
    shutil.copytree(lab.run("good"), lab.run("same"))
    refused(lab.judge(policy, "good", "same"), "belongs to run good")


def test_training_on_a_template_of_the_suite_is_invalid(lab, policy):
    path = lab.logs / "datasets" / "dsame" / "lock.json"
    path.write_text(json.dumps({"hash": "dsame", "templates": ["train-1", "tool_format-prose-3"]}))
    refused(lab.judge(policy, "good", "same"), "1 templates of the suite were trained on (tool_format-prose-3)")


@pytest.mark.parametrize(
    "lock", [{"hash": "dsame"}, {"hash": "dsame", "templates": []}, {"hash": "x", "templates": ["a"]}, [], None]
)
def test_a_data_set_that_does_not_say_what_it_holds_is_invalid(lab, policy, lock):
    path = lab.logs / "datasets" / "dsame" / "lock.json"
    if lock is None:
        path.unlink()
    else:
        path.write_text(json.dumps(lock))
    assert lab.judge(policy, "good", "same").outcome is GateOutcome.INVALID
