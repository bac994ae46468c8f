"""The evidence of one run: logs, manifest, weights and data set must belong together."""

import hashlib
import json
import shutil

import pytest
from inspect_ai.log import EvalLog

from tests.verdict.refusals import refused
from verdict.gate import GateOutcome

pytestmark = pytest.mark.loop  # a real gate on real logs each; the sentences themselves: test_evidence_words.py


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
