"""Whole runs of a model of random weights, and what they leave."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from aj.errors import TrainError
from aj.files import digest_file, read_jsonl
from tests.train.tiny import MODULES, make_recipe
from train.run import train

pytestmark = pytest.mark.loop


def test_a_run_is_a_folder_with_all_that_it_promises(finished, dataset):
    run, logs = finished
    assert {path.name for path in run.iterdir()} == {
        "adapter",
        "merged",
        "curves.svg",
        "manifest.json",
        "metrics.jsonl",
        "recipe.yaml",
    }
    assert [path.name for path in (logs / "runs").iterdir()] == [run.name]
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["hash"] == run.name
    assert manifest["dataset"] == json.loads((dataset / "lock.json").read_text())["hash"]
    assert manifest["adapter"] == digest_file(run / "adapter" / "adapter_model.safetensors")
    assert manifest["merged"] == digest_file(run / "merged" / "model.safetensors")
    assert manifest["agreement"]["same_choice"] >= 0.5


def test_the_merged_model_speaks_the_template_it_was_trained_on(finished):
    run, _ = finished
    template = (run / "merged" / "chat_template.jinja").read_text()
    assert template == (run / "adapter" / "chat_template.jinja").read_text()
    assert "generation" in template


def test_training_lowers_the_loss(finished):
    run, _ = finished
    losses = [
        line["loss"] for _, line in read_jsonl(run / "metrics.jsonl") if line["stage"] == "SFT" and "loss" in line
    ]
    assert losses[-1] < losses[0] / 2


def test_dpo_starts_from_the_sft_adapter_with_it_as_the_reference(finished):
    run, _ = finished
    first = next(line for _, line in read_jsonl(run / "metrics.jsonl") if line["stage"] == "DPO")
    # Measured against any other reference, the untouched policy would already differ from it.
    assert first["rewards/chosen"] == first["rewards/rejected"] == 0
    assert first["logps/chosen"] > -150  # of some 17 tokens; the untrained base gives each -11 and less


def test_a_finished_run_is_returned_at_once(finished, tiny_base, dataset, monkeypatch):
    run, logs = finished
    monkeypatch.setenv("AJ_LOGS", str(logs))
    before = (run / "manifest.json").stat().st_mtime_ns
    assert train(make_recipe(tiny_base), dataset) == run
    assert (run / "manifest.json").stat().st_mtime_ns == before


KILLED_AT = [
    "SFT step 13",
    "SFT checkpoint",
    "before DPO",
    "DPO step 3",
    "in the export",
    "while finishing",
    "finished",
]


@pytest.mark.timeout(600)
def test_a_run_killed_at_any_point_ends_as_one_that_was_not(finished, tiny_base, dataset, tmp_path, monkeypatch):
    """One run, killed and started again at one point after the other."""
    run, _ = finished
    recipe = make_recipe(tiny_base)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "AJ_LOGS": str(tmp_path)}
    command = [sys.executable, "-m", "tests.train.killed", recipe.model_dump_json(), str(dataset), *KILLED_AT]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == KILLED_AT
    made = tmp_path / "runs" / run.name
    left = tmp_path / "runs" / f".aj-unfinished-{run.name}"
    assert made.exists()
    assert left.exists()
    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    assert train(recipe, dataset) == made
    assert not left.exists()
    for told in ("adapter", "merged", "agreement", "held_out", "final_loss"):
        first, second = (json.loads((r / "manifest.json").read_text())[told] for r in (run, made))
        assert first == second, told
    timed = {"train_runtime", "train_samples_per_second", "train_steps_per_second", "train_loss"}
    first, second = (
        [{k: v for k, v in line.items() if k not in timed} for _, line in read_jsonl(r / "metrics.jsonl")]
        for r in (run, made)
    )
    assert first == second


def test_a_loss_that_is_no_number_ends_the_run(tiny_base, dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    exploding = {"rank": 4, "alpha": 10**38, "target_modules": MODULES}
    with pytest.raises(
        TrainError, match=r"SFT stopped at step \d+: the (loss|grad_norm) became (nan|inf); lower the learning_rate"
    ):
        train(make_recipe(tiny_base, lora=exploding), dataset)
    assert not [path for path in (tmp_path / "runs").iterdir() if not path.name.startswith(".")]


def test_looking_at_held_out_rows_changes_no_byte_of_what_is_trained(tiny_base, dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    lora = {"rank": 4, "alpha": 8, "dropout": 0.2, "target_modules": MODULES}
    runs = [
        train(make_recipe(tiny_base, held_out=0.2, held_out_every=every, lora=lora), dataset) for every in (3, 1000)
    ]
    assert runs[0] != runs[1]
    weights = [digest_file(run / "adapter" / "adapter_model.safetensors") for run in runs]
    assert weights[0] == weights[1]
    often, once = ([line for _, line in read_jsonl(run / "metrics.jsonl")] for run in runs)
    steps = [line["step"] for line in often if line["stage"] == "SFT held out, call"]
    assert steps == [3, 6, 9, 12, 15, 16]
    last = {line["stage"]: line["loss"] for line in once if "held out" in line["stage"]}
    assert last == {line["stage"]: line["loss"] for line in often if "held out" in line["stage"]}
    assert set(last) == {
        f"{stage} held out, {k}" for stage in ("SFT", "DPO") for k in ("all", "answer", "call", "note")
    }
    told = json.loads((runs[0] / "manifest.json").read_text())
    assert told["held_out"] == {kind: last[f"DPO held out, {kind}"] for kind in ("all", "answer", "call", "note")}
    assert told["plan"]["held_out"] == 2


def test_a_stage_that_is_stopped_says_why_and_keeps_its_checkpoint(tiny_base, dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    monkeypatch.setattr("train.guards.Guard.see", lambda _, line: "it is Friday" if line["step"] == 8 else None)
    with pytest.raises(TrainError, match=r"^SFT stopped at step 8: it is Friday\. The checkpoint") as stopped:
        train(make_recipe(tiny_base), dataset)
    kept = Path(str(stopped.value).rpartition("kept: ")[2].removesuffix("."))
    assert kept.name == "checkpoint-6"
    assert (kept / "adapter_model.safetensors").exists()


@pytest.mark.timeout(600)
def test_dpo_too_short_to_be_stopped_is_told_that_its_pairs_taught_nothing(tiny_base, dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    stage = {"epochs": 1, "batch_size": 1, "max_length": 512, "warmup": 0}
    easy = {"sft": {**stage, "learning_rate": 1e-6}, "dpo": {**stage, "epochs": 2, "learning_rate": 0.01}}
    said = StringIO()
    run = train(make_recipe(tiny_base, **easy, export={"merge": False}), dataset, Console(file=said, width=300))
    lines = [line for _, line in read_jsonl(run / "metrics.jsonl") if line["stage"] == "DPO"]
    assert [line["rewards/accuracies"] for line in lines] == [0, *[1] * 7]
    assert "DPO: every pair has been told apart since the first step, so the pairs teach nothing" in said.getvalue()
