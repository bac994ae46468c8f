"""A model computes in what its machine is fast in: bfloat16, or float32 where that would be imitated."""

from pathlib import Path

import pytest

from tests.train.tiny import make_recipe
from train import precision
from train.metrics import read_metrics
from train.precision import has_gpu, native_precision
from train.recipe import RECIPES
from train.resolve import load_recipe
from train.run import train

SERVER = "processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu avx2 avx512f avx512dq avx512bw avx512vl amx_bf16\n"
LAPTOP = "processor\t: 0\nmodel name\t: a laptop's\nflags\t\t: fpu sse4_2 avx avx2 fma\n"
SOME_AVX512 = "processor\t: 0\nflags\t\t: fpu avx2 avx512f avx512cd\n"
ARM = "processor\t: 0\nBogoMIPS\t: 2100.00\nFeatures\t: fp asimd sve bf16 i8mm\n\nprocessor\t: 1\nFeatures\t: fp\n"
OLD_ARM = "processor\t: 0\nFeatures\t: fp asimd crc32\n"


@pytest.mark.skipif(has_gpu(), reason="a GPU computes there")
@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (SERVER, "bfloat16"),
        (LAPTOP, "float32"),
        (SOME_AVX512, "float32"),
        (ARM, "bfloat16"),
        (OLD_ARM, "float32"),
        ("", "float32"),
    ],
)
def test_a_processors_flags_say_what_it_computes_in(told, expected, tmp_path: Path, monkeypatch):
    cpu = tmp_path / "cpuinfo"
    cpu.write_text(told, encoding="utf-8")
    monkeypatch.setattr(precision, "CPU", cpu)
    assert native_precision() == expected


@pytest.mark.skipif(has_gpu(), reason="a GPU computes there")
def test_where_a_processor_cannot_be_told_every_one_computes_float32(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(precision, "CPU", tmp_path / "none")
    assert native_precision() == "float32"


def test_a_gpu_computes_in_bfloat16_beside_any_processor(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(precision, "CPU", tmp_path / "none")
    monkeypatch.setattr(precision, "has_gpu", lambda: True)
    assert native_precision() == "bfloat16"


def test_a_recipe_may_decide_itself(monkeypatch):
    monkeypatch.setattr("train.recipe.native_precision", lambda: "float32")
    recipe = load_recipe(RECIPES / "smollm2-135m.yaml", [])
    decided = load_recipe(RECIPES / "smollm2-135m.yaml", ["quantization.compute=bfloat16"])
    assert (recipe.quantization.precision, decided.quantization.precision) == ("float32", "bfloat16")


@pytest.mark.loop
@pytest.mark.skipif(has_gpu(), reason="a GPU computes there")
def test_torch_says_the_same_of_this_processor():
    import torch

    assert (native_precision() == "bfloat16") == torch.ops.mkldnn._is_mkldnn_bf16_supported()


@pytest.mark.loop
@pytest.mark.parametrize(("unpack", "adapter"), [(True, "bfloat16"), (False, "float32")])
def test_a_run_in_float32_learns_what_one_in_bfloat16_does(tiny_base, dataset, tmp_path, monkeypatch, unpack, adapter):
    from safetensors.torch import load_file

    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    lora = make_recipe(tiny_base).lora.model_copy(update={"dtype": adapter}).model_dump()
    losses, stored = {}, {}
    for compute in ("bfloat16", "float32"):
        quantization = {"compute": compute, "unpack": unpack}
        run = train(make_recipe(tiny_base, quantization=quantization, lora=lora), dataset)
        losses[compute] = [line["loss"] for line in read_metrics(run) if "loss" in line]
        stored[compute] = {str(weight.dtype) for weight in load_file(run / "merged" / "model.safetensors").values()}
    assert losses["float32"] == pytest.approx(losses["bfloat16"], rel=0.1)
    assert losses["float32"] != losses["bfloat16"], "both were computed in the same"
    assert stored["float32"] == stored["bfloat16"] == {"torch.bfloat16"}


@pytest.mark.loop
@pytest.mark.parametrize("launcher", ["no", "bf16", "fp16"])
@pytest.mark.parametrize(("compute", "expected"), [("float32", "no"), ("bfloat16", "bf16")])
def test_the_launchers_precision_is_not_asked(tiny_base, tmp_path, monkeypatch, launcher, compute, expected):
    from trl.trainer.dpo_config import DPOConfig
    from trl.trainer.sft_config import SFTConfig

    from train.trainer import common_arguments

    recipe = make_recipe(tiny_base, quantization={"compute": compute})
    for config, stage in ((SFTConfig, recipe.sft), (DPOConfig, recipe.dpo)):
        assert stage
        monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", launcher)  # as `accelerate launch` sets it
        assert config(**common_arguments(recipe, stage, tmp_path)).mixed_precision == expected
