import json
import shutil

import pytest
from inspect_ai.log import EvalLog
from inspect_ai.model import ModelConfig
from inspect_ai.scorer import Score
from rich.console import Console

from aj.errors import ConfigError
from loop.gate import Outcome, gate, panel, to_record
from loop.policy import Policy, load_policy


def judge(lab, policy, base, candidate):
    """Gate `candidate` (a name or a folder) against `base`."""
    left, right = (lab.evals(side) if isinstance(side, str) else side for side in (base, candidate))
    return gate(left, right, policy, lab.logs)


def refused(verdict, reason):
    assert verdict.outcome is Outcome.INVALID, verdict.reasons
    assert not verdict.checks
    assert any(reason in given for given in verdict.reasons), verdict.reasons


def adjust(policy: Policy, **metric) -> Policy:
    """The same policy with other demands on known_issues/right."""
    values = policy.model_dump()
    values["metrics"]["known_issues/right"] |= metric
    return Policy.model_validate(values)


# The verdicts.


def test_a_candidate_that_learnt_what_the_base_model_lacks_is_promoted(lab, policy):
    verdict = judge(lab, policy, "base", "good")
    assert (verdict.outcome, verdict.run, verdict.reference) == (Outcome.PROMOTE, "good", "base")
    assert {check.rule for check in verdict.checks} == {"margin", "floor", "improve", "slice"}


def test_an_equal_candidate_is_promoted_when_there_are_samples_enough(lab, policy):
    assert judge(lab, policy, "good", "same").outcome is Outcome.PROMOTE


def test_a_candidate_that_fell_back_is_rejected_and_its_patterns_named(lab, policy):
    verdict = judge(lab, policy, "good", "old")
    assert verdict.outcome is Outcome.REJECT
    assert verdict.regressed == ("known_issues/right pattern=old_keys",)
    assert any("shown to be worse" in reason for reason in verdict.reasons)


def test_an_equal_candidate_with_too_few_samples_is_inconclusive_and_told_how_many_would_do(lab, policy):
    verdict = judge(lab, adjust(policy, margin=0.03), "good", "same")
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.samples_needed is not None
    assert verdict.samples_needed > 48
    assert f"about {verdict.samples_needed} samples would decide" in verdict.reasons[0]


def test_a_missed_floor_rejects_even_a_better_candidate(lab, policy):
    verdict = judge(lab, adjust(policy, floor=0.9), "base", "old")
    assert verdict.outcome is Outcome.REJECT
    assert "against the floor 0.90" in verdict.reasons[0]


def test_while_the_champion_is_weak_equal_is_not_enough(lab, policy):
    verdict = judge(lab, adjust(policy, improve_until=0.99), "good", "same")
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "an improvement is required" in verdict.reasons[0]
    assert verdict.samples_needed is None


def test_one_pattern_that_fell_keeps_the_verdict_open_when_its_samples_are_too_few_to_show_it(lab, policy):
    def lose_one_pattern(log: EvalLog) -> None:
        for sample in log.samples or []:
            if sample.metadata["slice"]["pattern"] == "prose" and str(sample.id)[-1] in "012":
                sample.scores = {"right": Score(value={"right": 0.0, "brief": 1.0})}

    folder = lab.change("same", lose_one_pattern, tasks="known-issues")
    verdict = judge(lab, adjust(policy, margin=0.4), "good", folder)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "pattern=prose" in verdict.reasons[0]


def test_a_drop_inside_the_margin_is_tolerated(lab, policy):
    verdict = judge(lab, adjust(policy, margin=0.5, slices={}), "good", "old")
    margin = next(c for c in verdict.checks if c.metric == "known_issues/right" and c.rule == "margin")
    assert margin.high < 0
    assert margin.state == "passed"


def test_a_verdict_becomes_json_and_a_page_for_the_terminal(lab, policy):
    verdict = judge(lab, policy, "good", "old")
    record = json.loads(json.dumps(to_record(verdict), allow_nan=False))
    assert (record["outcome"], record["run"]) == ("REJECT", "old")
    console = Console(width=160, record=True, quiet=True)
    console.print(panel(verdict))
    assert "came back worse: known_issues/right pattern=old_keys" in console.export_text()


# What is no evidence. Every check has an input that it must refuse.


def test_a_missing_folder_is_invalid(lab, policy):
    refused(judge(lab, policy, "good", "nobody"), "holds no eval logs")


def test_a_corrupt_log_is_invalid(lab, policy):
    next(lab.evals("old").glob("*")).write_text("not a log")
    refused(judge(lab, policy, "good", "old"), "cannot be read")


def test_a_missing_task_is_invalid(lab, policy):
    next(lab.evals("same").glob("*tool-format*")).unlink()
    refused(judge(lab, policy, "good", "same"), "the candidate has no log of tool_format")


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
    log.eval.config.limit = 5


def missing_samples(log: EvalLog) -> None:
    log.samples = (log.samples or [])[:-4]


def other_samples(log: EvalLog) -> None:
    for sample in (log.samples or [])[:3]:
        sample.id = f"other-{sample.id}"


def relabelled_samples(log: EvalLog) -> None:
    for sample in log.samples or []:
        sample.metadata = {**sample.metadata, "slice": {"pattern": "all one"}}


def samples_without_family(log: EvalLog) -> None:
    for sample in log.samples or []:
        sample.metadata.pop("family")


def samples_without_template(log: EvalLog) -> None:
    for sample in log.samples or []:
        sample.metadata.pop("template")


def warmer(log: EvalLog) -> None:
    log.plan.config.temperature = 0.7


def longer_by_command_line(log: EvalLog) -> None:
    log.eval.model_generate_config.max_tokens = 4096


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
    from inspect_ai.log import EvalError

    for sample in (log.samples or [])[:3]:
        sample.error = EvalError(message="boom", traceback="", traceback_ansi="")


def unscored(log: EvalLog) -> None:
    for sample in (log.samples or [])[:3]:
        sample.scores = {"right": Score.unscored(reason="judge undecided")}


def the_metric_is_missing(log: EvalLog) -> None:
    for sample in (log.samples or [])[:3]:
        sample.scores = {"right": Score(value={"brief": 1.0})}


def values_out_of_range(log: EvalLog) -> None:
    for sample in (log.samples or [])[:3]:
        sample.scores = {"right": Score(value={"right": 7.0})}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        settled(change)
        for change in [
            (another_version, "task version 3 against 99"),
            (an_unfinished_log, "its status is cancelled"),
            (an_invalidated_log, "its status is invalidated"),
            (a_chosen_subset, "--limit"),
            (missing_samples, "holds 44 of 48 sample epochs"),
            (more_epochs_asked_than_held, "holds 48 of 192 sample epochs"),
            (other_samples, "6 samples are in one log only"),
            (relabelled_samples, "one sample id stands for different samples"),
            (samples_without_family, "48 samples name no family or no template"),
            (samples_without_template, "48 samples name no family or no template"),
            (warmer, "generation differs"),
            (longer_by_command_line, "generation differs"),
            (other_task_arguments, "task arguments differs"),
            (another_grader, "graders differs"),
            (another_scorer, "scorers differs"),
            (errors, "3 of 48 samples ended in an error (allowed: 2%)"),
            (unscored, "3 of 48 sample epochs are unscored (allowed: 2%)"),
            (the_metric_is_missing, "3 of 48 samples have no value for right"),
            (values_out_of_range, "right has values outside 0..1"),
        ]
    ],
)
def test_a_log_that_is_no_evidence_is_invalid(lab, policy, change, reason):
    refused(judge(lab, policy, "good", lab.change("same", change, tasks="known-issues")), reason)


@pytest.mark.parametrize("key", ["contract", "samples", "suite", "serving"])
@pytest.mark.parametrize("value", ["something else", None])
def test_both_logs_must_say_the_same(lab, policy, key, value):
    def change(log: EvalLog) -> None:
        log.eval.metadata = {**(log.eval.metadata or {}), key: value}

    reason = f"{key} differs" if value else f"a log does not say its {key}"
    refused(judge(lab, policy, "good", lab.change("same", change)), reason)


@pytest.mark.parametrize("key", ["model_name", "run", "adapter", "dataset"])
def test_a_folder_with_logs_of_two_models_is_invalid(lab, policy, key):
    def change(log: EvalLog) -> None:
        log.eval.metadata = {**(log.eval.metadata or {}), key: "another"}

    folder = lab.change("same", change, tasks="tool-format")
    refused(judge(lab, policy, "good", folder), f"its logs name several values of {key}")


def test_a_reference_with_logs_of_two_models_is_invalid(lab, policy):
    def change(log: EvalLog) -> None:
        log.eval.metadata = {**(log.eval.metadata or {}), "run": "weaker"}

    folder = lab.change("good", change, tasks="tool-format")
    refused(judge(lab, policy, folder, "same"), "the reference: its logs name several values of run")


def test_too_few_samples_are_invalid(lab, policy):
    values = policy.model_dump()
    values["evidence"]["min_samples"] = 49
    refused(judge(lab, Policy.model_validate(values), "good", "same"), "48 samples have right in both logs, 49")


def test_a_slice_that_no_sample_has_is_invalid(lab, policy):
    refused(judge(lab, adjust(policy, slices={"persona": 0.2}), "good", "same"), "which no sample has")


def test_a_slice_that_was_not_scored_at_all_is_invalid(lab, policy):
    def unscore_prose(log: EvalLog) -> None:
        for sample in log.samples or []:
            if sample.metadata["slice"]["pattern"] == "prose":
                sample.scores = {"right": Score.unscored()}

    values = policy.model_dump()
    values["evidence"]["max_unscored"] = 0.5
    folder = lab.change("same", unscore_prose, tasks="known-issues")
    refused(judge(lab, Policy.model_validate(values), "good", folder), "no sample of pattern=prose is scored in both")


def test_a_base_model_cannot_be_promoted(lab, policy):
    refused(judge(lab, policy, "good", "base"), "there is nothing to promote")


def test_a_run_is_not_compared_with_itself(lab, policy):
    refused(judge(lab, policy, "good", "good"), "are one run (good)")


def test_a_log_that_names_no_run_is_invalid(lab, policy):
    def forget(log: EvalLog) -> None:
        log.eval.metadata = {**(log.eval.metadata or {}), "run": None}

    refused(judge(lab, policy, "good", lab.change("same", forget)), "does not say which run it is of")


@pytest.mark.parametrize("key", ["adapter", "contract", "dataset"])
def test_what_was_scored_must_be_what_the_run_recorded(lab, policy, key):
    path = lab.run("same") / "manifest.json"
    manifest = json.loads(path.read_text())
    change = {"adapter": manifest["adapter"] + "00"} if key == "adapter" else {key: "another"}
    if key == "adapter":  # a longer digest of the same file: valid, but not the one that the eval names
        import hashlib

        weights = (lab.run("same") / "adapter" / "adapter_model.safetensors").read_bytes()
        change = {"adapter": hashlib.sha256(weights).hexdigest()}
    path.write_text(json.dumps(manifest | change))
    refused(judge(lab, policy, "good", "same"), f"the {key} scored")


@pytest.mark.parametrize("file", ["adapter/adapter_model.safetensors", "merged/model.safetensors"])
def test_weights_changed_since_training_are_invalid(lab, policy, file):
    (lab.run("same") / file).write_bytes(b"other weights")
    refused(judge(lab, policy, "good", "same"), "is not the file its manifest records")


@pytest.mark.parametrize("file", ["manifest.json", "adapter/adapter_model.safetensors", "merged/model.safetensors"])
def test_a_run_with_a_missing_file_is_invalid(lab, policy, file):
    (lab.run("same") / file).unlink()
    assert judge(lab, policy, "good", "same").outcome is Outcome.INVALID


def test_a_manifest_of_another_run_is_invalid(lab, policy):
    shutil.rmtree(lab.run("same"))
    shutil.copytree(lab.run("good"), lab.run("same"))
    refused(judge(lab, policy, "good", "same"), "is of run good")


def test_training_on_a_template_of_the_suite_is_invalid(lab, policy):
    path = lab.logs / "datasets" / "dsame" / "lock.json"
    path.write_text(json.dumps({"hash": "dsame", "templates": ["train-1", "tool_format-prose-3"]}))
    refused(judge(lab, policy, "good", "same"), "1 templates of the suite were trained on (tool_format-prose-3)")


@pytest.mark.parametrize(
    "lock", [{"hash": "dsame"}, {"hash": "dsame", "templates": []}, {"hash": "x", "templates": ["a"]}, [], None]
)
def test_a_data_set_that_does_not_say_what_it_holds_is_invalid(lab, policy, lock):
    path = lab.logs / "datasets" / "dsame" / "lock.json"
    if lock is None:
        path.unlink()
    else:
        path.write_text(json.dumps(lock))
    assert judge(lab, policy, "good", "same").outcome is Outcome.INVALID


# The policy file.


def test_the_default_policy_loads():
    assert load_policy().gated.keys() == {
        "tool_format",
        "known_issues",
        "context_retention",
        "persona",
        "task_success",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("metrics: {}", "metrics"),
        ("metrics: {valid: {margin: 0.1}}", "not task/metric"),
        ("metrics: {a/b: {margin: 0}}", "margin"),
        ("metrics: {a/b: {margin: .nan}}", "margin"),
        ("metrics: {a/b: {margin: 0.1, slices: {pattern: 0}}}", "allowed fall"),
        ("metrics: {a/b: {margin: 0.1, florr: 0.5}}", "florr"),
        ("metrics: {a/b: {}}", "margin"),
    ],
)
def test_a_policy_that_would_gate_nothing_is_an_error_with_its_line(tmp_path, text, message):
    path = tmp_path / "policy.yaml"
    path.write_text(f"confidence: 0.95\nevidence: {{min_samples: 25, max_errors: 0, max_unscored: 0}}\n{text}\n")
    with pytest.raises(ConfigError, match=f"policy.yaml:3: .*{message}"):
        load_policy(path)
