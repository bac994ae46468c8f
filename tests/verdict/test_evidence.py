"""Every check of a whole log as evidence, with an input that it must refuse."""

import math

import pytest
from inspect_ai.log import EvalError, EvalLog
from inspect_ai.model import ModelConfig
from inspect_ai.scorer import Score

from tests.made_logs import GRADER
from tests.verdict.refusals import refused, settled
from verdict.gate import GateOutcome
from verdict.policy import Policy

pytestmark = pytest.mark.loop  # a real gate on real logs each; the sentences themselves: test_evidence_words.py


def test_a_missing_folder_is_invalid(lab, policy):
    refused(lab.judge(policy, "good", "nobody"), "contains no eval logs")


def test_a_corrupt_log_is_invalid(lab, policy):
    next(lab.evals("old").glob("*.eval")).write_text("not a log")
    refused(lab.judge(policy, "good", "old"), "cannot be read")


def test_a_missing_task_is_invalid(lab, policy):
    next(lab.evals("same").glob("*tool-format*")).unlink()
    refused(lab.judge(policy, "good", "same"), "the candidate has no log of tool_format")


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


def test_what_could_not_be_scored_does_not_say_what_was_asked_of_it(lab, policy):
    def one_is_unscored(log: EvalLog) -> None:
        unasked(log)
        for sample in (log.samples or [])[:1]:
            sample.scores = {"right": Score.unscored(reason="the fleet lacks it", metadata={"grader": GRADER})}

    values = policy.model_dump()
    values["evidence"]["max_unscored"] = 0.05
    base = lab.change("good", unasked, tasks="known-issues")
    candidate = lab.change("same", one_is_unscored, tasks="known-issues")
    verdict = lab.judge(Policy.model_validate(values), base, candidate)
    assert verdict.outcome is not GateOutcome.INVALID, verdict.reasons
    strict = lab.judge(policy, base, candidate)
    refused(strict, "1 of 48 sample epochs are unscored (allowed: 2%)")
    assert not [reason for reason in strict.reasons if "only one of the logs" in reason]
