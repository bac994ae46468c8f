"""FSDP: processes that keep a share of the base each train what a whole one would."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import yaml
from safetensors.numpy import load_file

from aj.errors import TrainError
from tests.train.test_processes import shared, steps
from train.base import find_base, load_config
from train.memory import GB, estimate_memory, read_architecture
from train.preflight import refuse_unsharded
from train.recipe import RECIPES, Quantization, Recipe
from train.resolve import load_recipe
from train.run import dry_run, train

ROOT = Path(__file__).parents[2]


def launch(recipe: Recipe, dataset: Path, logs: Path) -> subprocess.Popen:
    """Two processes of the real configuration, on CPUs."""
    page = logs / "recipe.yaml"
    page.write_text(yaml.safe_dump(recipe.model_dump(mode="json")))
    launcher = [sys.executable, "-m", "accelerate.commands.launch", "--num_processes", "2", "--main_process_port", "0"]
    command = [*launcher, "--config_file", str(ROOT / "train/clusters/fsdp.yaml"), "-m", "tests.train.sharded"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "AJ_LOGS": str(logs)}
    with (logs / "stderr").open("w") as stderr:
        asked = [*command, "train", str(page), "--data", str(dataset)]
        return subprocess.Popen(asked, env=env, stdout=subprocess.PIPE, stderr=stderr, text=True)


def finish(process: subprocess.Popen, logs: Path) -> Path:
    output, _ = process.communicate()
    assert process.returncode == 0, (logs / "stderr").read_text()
    return Path(output.strip())


def in_shares(base: Path, **changes) -> Recipe:
    """With the base in 4 bits, rows held out, and checkpoints."""
    return shared(base, **{"held_out": 0.2, "held_out_every": 3, "export": {"merge": False}, **changes})


@pytest.fixture(scope="module")
def two(tiny_base, dataset, tmp_path_factory) -> tuple[Path, Path]:
    """A run of two processes, killed in DPO and resumed, and its folder of logs."""
    logs = tmp_path_factory.mktemp("two")
    process = launch(in_shares(tiny_base), dataset, logs)
    while process.poll() is None and not list(logs.glob("runs/.aj-unfinished-*/dpo/checkpoint-*/complete")):
        time.sleep(0.02)
    workers = psutil.Process(process.pid).children(recursive=True)
    for part in (*workers, process):
        part.send_signal(signal.SIGKILL)
    process.communicate()
    return finish(launch(in_shares(tiny_base), dataset, logs), logs), logs


@pytest.mark.loop
@pytest.mark.timeout(900)
def test_two_shares_of_a_4_bit_base_train_as_one_whole_one_does(two, tiny_base, dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    one = train(in_shares(tiny_base), dataset, processes=1)
    run, logs = two
    assert run.name == one.name
    assert "DPO: resuming from checkpoint-2" in (logs / "stderr").read_text()
    for stage in ("SFT", "DPO", "SFT held out, all", "DPO held out, all"):
        assert steps(run, stage) == pytest.approx(steps(one, stage), rel=1e-4)
    assert steps(run, "DPO", "rewards/margins") == pytest.approx(steps(one, "DPO", "rewards/margins"), abs=1e-3)
    weights, whole = (load_file(folder / "adapter" / "adapter_model.safetensors") for folder in (run, one))
    assert weights.keys() == whole.keys()
    assert all(weights[name].shape == whole[name].shape for name in whole)
    assert {file.name for file in (run / "adapter").iterdir()} == {file.name for file in (one / "adapter").iterdir()}


@pytest.mark.loop
def test_each_process_keeps_the_share_that_is_estimated(two, tiny_base):
    _, logs = two
    kept = [json.loads((logs / f"kept-{n}.json").read_text()) for n in range(2)]
    recipe = in_shares(tiny_base)
    model = read_architecture(load_config(find_base(str(tiny_base))), recipe)
    estimate = estimate_memory(model, recipe, 300, shares=2)
    scales = estimate_memory(replace(model, parameters=model.quantised), recipe, 300).base * GB - model.quantised / 2
    for sizes in kept:
        adapter = sum(size for name, size in sizes.items() if ".lora_" in name)
        assert adapter == pytest.approx(estimate.adapter * GB)
        assert sum(sizes.values()) - adapter == pytest.approx(estimate.base * GB - scales)


@pytest.mark.loop
def test_a_large_base_fits_in_shares_where_it_does_not_fit_whole(dataset, monkeypatch):
    optimizers = ["sft.optimizer=adamw_torch_fused", "dpo.optimizer=adamw_torch_fused", "sft.batch_size=1"]
    recipe = load_recipe(RECIPES / "qwen2.5-32b.yaml", ["dpo.warmup=0", "sft.gradient_accumulation=16", *optimizers])
    whole = dry_run(recipe, dataset).memory
    monkeypatch.setenv("WORLD_SIZE", "8")
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    plan = dry_run(recipe, dataset)
    share = plan.memory
    assert (share.adapter, share.gradients, share.optimizer) == pytest.approx(
        (whole.adapter / 8, whole.gradients / 8, whole.optimizer / 8)
    )
    assert whole.static > 20 > 10 > share.static > whole.static / 8
    assert dict(plan.describe())["processes"] == "8, each with a share of the weights (FSDP)"


@pytest.mark.parametrize(
    ("stages", "why"),
    [
        (["sft.optimizer=adamw_8bit"], "sft.optimizer: bitsandbytes' adamw_8bit cannot be sharded; set sft.optimizer="),
        (["dpo.optimizer=paged_adamw_8bit"], "dpo.optimizer: bitsandbytes' paged_adamw_8bit cannot be sharded"),
        ([], "grpo generates with the whole model"),
    ],
)
def test_what_fsdp_cannot_train_is_refused(stages, why):
    name = "smollm2-135m" if stages else "smollm2-135m-grpo"
    with pytest.raises(TrainError, match=why):
        refuse_unsharded(load_recipe(RECIPES / f"{name}.yaml", stages))


@pytest.mark.loop
@pytest.mark.parametrize("compute", ["bfloat16", "float32"])
def test_to_be_sharded_4_bit_values_are_stored_as_numbers_and_are_the_same(tiny_base, compute):
    import torch

    from train.model import load_quantized

    plain, to_shard = (
        load_quantized(tiny_base, Quantization(compute=compute), to_shard=shard) for shard in (False, True)
    )
    packed = [dict(model.named_parameters()) for model in (plain, to_shard)]
    quantized = [name for name, weight in packed[0].items() if type(weight).__name__ == "Params4bit"]
    assert len(quantized) == 2 * 7
    for name in quantized:
        one, other = (weights[name].data for weights in packed)
        assert (one.dtype, other.dtype) == (torch.uint8, getattr(torch, compute))
        assert torch.equal(one.flatten(), other.flatten().view(torch.uint8))
    for one, other in zip(plain.dequantize().parameters(), to_shard.dequantize().parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.loop
def test_a_checkpoint_of_the_other_kind_is_refused(tmp_path, monkeypatch):
    from train.trainer import refuse_other_shares

    checkpoint = tmp_path / "sft" / "checkpoint-2"
    (checkpoint / "optimizer_0").mkdir(parents=True)
    with pytest.raises(TrainError, match=f"was written with FSDP; resume that way, or delete .* {tmp_path}, to begin"):
        refuse_other_shares(checkpoint)
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    refuse_other_shares(checkpoint)
    (checkpoint / "optimizer.pt").touch()
    with pytest.raises(TrainError, match="was written without FSDP"):
        refuse_other_shares(checkpoint)


@pytest.mark.loop
def test_fsdp_without_gpus_is_refused():
    from train.trainer import _compute_as_unsharded

    with pytest.raises(TrainError, match="among GPUs only, and sees none"):
        _compute_as_unsharded(SimpleNamespace(is_fsdp_enabled=False), shared("base"))
