import shutil
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from aj.errors import TrainError
from aj.messages import Pair, Row, reply, user
from tests.train.tiny import make_pair, make_recipe, make_row, write_dataset
from train.base import find_base, load_config
from train.material import prepare
from train.memory import GB, RUNTIME_GB, estimate_memory, read_architecture
from train.preflight import check_room, refuse_long_warmup, refuse_without_room
from train.recipe import Recipe
from train.resolve import load_recipe
from train.run import dry_run

pytestmark = pytest.mark.loop

RECIPES = Path(__file__).parents[2] / "train" / "recipes"


def test_a_32b_run_is_estimated_without_its_weights():
    recipe = load_recipe(RECIPES / "qwen2.5-32b.yaml")
    model = read_architecture(load_config(find_base(recipe.base)), recipe)
    assert model.trainable == 536_870_912
    assert model.parameters == pytest.approx(32.76e9, rel=0.001)
    assert estimate_memory(model, recipe, 4096).static == pytest.approx(22.4, abs=0.1)


@pytest.mark.parametrize(("name", "billions", "trainable"), [("qwen3-8b", 8.19, 174.6), ("llama-3.1-8b", 8.03, 167.8)])
def test_the_8b_recipes_fit_a_card_of_24_gb(name, billions, trainable):
    recipe = load_recipe(RECIPES / f"{name}.yaml")
    model = read_architecture(load_config(find_base(recipe.base)), recipe)
    assert model.parameters == pytest.approx(billions * 1e9, rel=0.001)
    assert model.trainable == pytest.approx(trainable * 1e6, rel=0.001)
    assert estimate_memory(model, recipe, recipe.sft.max_length, recipe.sft.max_length).total < 22


PEAKS = [
    ("bfloat16", False, 53, 1.48),
    ("bfloat16", False, 192, 1.69),
    ("bfloat16", False, 339, 1.89),
    ("bfloat16", False, 1166, 2.93),
    ("bfloat16", False, 1303, 3.19),
    ("bfloat16", True, 1303, 2.63),
    ("float32", False, 300, 2.40),
    ("float32", False, 520, 3.09),
    ("float32", False, 1303, 4.97),
    ("float32", True, 1100, 3.16),
    ("float32", True, 1303, 3.41),
]
"""Precision, whether layers are compiled, longest row in tokens, and the GB that a process training the demo's recipe
took at most (VmHWM), on 2026-11-29 and 30."""


@pytest.mark.parametrize(("precision", "compiled", "longest", "peak"), PEAKS)
def test_the_estimate_is_within_a_tenth_of_the_peak_that_was_measured(precision, compiled, longest, peak):
    recipe = load_recipe(RECIPES / "smollm2-135m.yaml", [f"quantization.compute={precision}", "dpo=null"])
    model = read_architecture(load_config(find_base(recipe.base)), recipe)
    assert estimate_memory(model, recipe, longest, compiled=compiled).total == pytest.approx(peak, rel=0.1)


@pytest.mark.parametrize("longest", [53, 1303])
def test_four_pairs_at_a_time_need_more_than_any_row(longest):
    recipe = load_recipe(RECIPES / "smollm2-135m.yaml", ["quantization.compute=bfloat16", "dpo.batch_size=4"])
    model = read_architecture(load_config(find_base(recipe.base)), recipe)
    # Eight answers of 387 tokens; measured as the peaks above.
    assert estimate_memory(model, recipe, longest, 387).total == pytest.approx(5.60, rel=0.1)


def test_fp32_adapters_and_a_plain_adam_need_their_bytes():
    recipe = load_recipe(RECIPES / "qwen2.5-32b.yaml")
    big = recipe.model_dump()
    big["lora"]["dtype"], big["sft"]["optimizer"] = "float32", "adamw_torch_fused"
    model = read_architecture(load_config(find_base(recipe.base)), recipe)
    extra = estimate_memory(model, Recipe.model_validate(big), 1).static - estimate_memory(model, recipe, 1).static
    assert extra * GB == pytest.approx(model.trainable * (2 + 2 + 6))


def test_an_unpacked_base_needs_two_bytes_a_weight():
    recipe = load_recipe(RECIPES / "qwen2.5-32b.yaml")
    unpacked = recipe.model_dump()
    unpacked["quantization"]["unpack"] = True
    model = read_architecture(load_config(find_base(recipe.base)), recipe)
    assert estimate_memory(model, Recipe.model_validate(unpacked), 1).base * GB == pytest.approx(model.parameters * 2)


def test_a_dry_run_counts_what_a_run_would_do(tiny_base, dataset):
    plan = dry_run(make_recipe(tiny_base), dataset)
    assert (plan.rows, plan.pairs, plan.steps, plan.dpo_steps) == (6, 4, 24, 4)
    assert 0 < plan.learned_tokens < plan.tokens
    assert [what for what, _ in plan.describe()][:3] == ["rows", "tokens", "pairs"]


@pytest.mark.parametrize(("here", "fits"), [(1000.0, "yes"), (3.5, "perhaps not"), (0.5, "no")])
def test_a_dry_run_says_whether_the_run_fits(tiny_base, dataset, tmp_path, here, fits):
    plan = dry_run(make_recipe(tiny_base), dataset)
    memory = replace(plan.memory, activations=5.0)
    plan = replace(plan, memory=memory, memory_here=here)
    assert dict(plan.describe())["fits here"].split(":")[0] == fits
    if fits == "yes":
        check_room(plan, tmp_path)
    else:
        with pytest.raises(
            TrainError, match="before the first token" if fits == "no" else "longest rows, the run needs .* 3.5 GB"
        ):
            check_room(plan, tmp_path)


def test_a_run_whose_longest_rows_may_not_fit_is_begun_and_one_that_cannot_is_not(tiny_base, dataset, tmp_path):
    plan = dry_run(make_recipe(tiny_base), dataset)
    plan = replace(plan, memory=replace(plan.memory, activations=5.0))
    refuse_without_room(replace(plan, memory_here=3.5), tmp_path)
    with pytest.raises(TrainError, match="before the first token"):
        refuse_without_room(replace(plan, memory_here=0.5), tmp_path)


def test_the_dry_run_of_a_32b_recipe_needs_neither_hub_nor_gpu(dataset):
    recipe = load_recipe(RECIPES / "r1-distill-qwen-32b.yaml", ["dpo.warmup=0"])  # four pairs are one step
    assert dry_run(recipe, dataset).memory.static > 22


def test_a_row_that_would_be_cut_is_refused_by_its_id(tiny_base, dataset):
    longest = max(prepare(make_recipe(tiny_base), dataset).examples, key=lambda e: len(e.input_ids))
    limit = len(longest.input_ids) - 1
    recipe = make_recipe(tiny_base, sft={"epochs": 1, "learning_rate": 0.01, "batch_size": 1, "max_length": limit})
    with pytest.raises(TrainError, match=f"exceed max_length {limit} tokens: .*{longest.id}.*sft.max_length"):
        prepare(recipe, dataset)


def test_a_pair_that_would_be_cut_is_refused(tiny_base, dataset):
    recipe = make_recipe(tiny_base, dpo={"epochs": 1, "learning_rate": 0.01, "batch_size": 1, "max_length": 20})
    with pytest.raises(TrainError, match=r"4 pair\(s\) exceed max_length 20 .*dpo.max_length"):
        prepare(recipe, dataset)


@pytest.mark.parametrize("wrong", ["c_attn", "q_porj", "lm_head", "all-linear", "proj", "embed_tokens", "Q_proj"])
def test_one_target_module_that_the_base_lacks_is_refused_by_name(tiny_base, dataset, wrong):
    recipe = make_recipe(tiny_base, lora={"rank": 4, "alpha": 8, "target_modules": ["k_proj", wrong]})
    with pytest.raises(TrainError, match=f"no linear layer .* is named {wrong}; it has down_proj, gate_proj, k_proj"):
        prepare(recipe, dataset)


def test_every_target_module_that_peft_finds_is_counted(tiny_base):
    import torch
    from peft import get_peft_model
    from transformers import AutoModelForCausalLM

    from train.model import lora_config

    for targets in (["q_proj"], ["self_attn.v_proj", "mlp.up_proj"], ["model.layers.1.mlp.down_proj"]):
        recipe = make_recipe(tiny_base, lora={"rank": 4, "alpha": 8, "target_modules": targets})
        config = load_config(find_base(recipe.base))
        with torch.device("meta"):
            model = get_peft_model(AutoModelForCausalLM.from_config(config), lora_config(recipe))
        trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
        assert read_architecture(config, recipe).trainable == trainable


@pytest.mark.parametrize(
    ("rows", "epochs", "warmup", "refused"),
    [(6, 1, 0.03, True), (6, 1, 0.0, False), (12, 1, 0.5, False), (12, 1, 0.51, True), (6, 3, 0.5, True)],
)
def test_a_warm_up_that_is_most_of_a_stage_is_refused(tiny_base, rows, epochs, warmup, refused):
    stage = make_recipe(tiny_base).sft.model_copy(update={"epochs": epochs, "warmup": warmup, "batch_size": 6})
    steps = rows // 6 * epochs
    if refused:
        with pytest.raises(TrainError, match=f"dpo has {steps} step.* the first at learning rate 0; set dpo.warmup=0"):
            refuse_long_warmup("dpo", stage, steps)
    else:
        refuse_long_warmup("dpo", stage, steps)


def test_a_stage_whose_only_step_would_train_nothing_is_refused(tiny_base, dataset):
    recipe = make_recipe(tiny_base)
    assert recipe.dpo
    once = recipe.dpo.model_copy(update={"gradient_accumulation": 16})
    with pytest.raises(TrainError, match=r"dpo has 1 step\(s\), of which 1 warm up"):
        prepare(recipe.model_copy(update={"dpo": once}), dataset)


def test_a_dry_run_says_when_another_tokenizer_has_counted(tiny_base, dataset):
    assert dry_run(make_recipe(tiny_base), dataset).own_tokenizer
    plan = dry_run(load_recipe(RECIPES / "qwen2.5-32b.yaml", ["dpo=null"]), dataset)
    assert not plan.own_tokenizer
    assert "counted with another tokenizer" in dict(plan.describe())["tokens"]


TOKEN = "<filename>"
"""SmolLM2 reads it as a token of its own, Qwen as text."""
STRANGE = [
    Row((user(f"scp {TOKEN} web01:"), reply("Done."))),
    Row((user("is <|im_end|> a word?"), reply("No."))),
    Row((user("thanks"), reply("\n\nAny time.")), mode="chat"),
    Row((user("read " + "this and that " * 400), reply("Done."))),  # longer than `max_length`
    Pair((user("hi"),), reply(f"Hello {TOKEN}."), "Hi.", mode="chat"),
    Pair((user("hi"),), reply("Hello."), "\n\nGo away.", mode="chat"),
    Pair((user("hi"),), reply("Hello."), "word " * 1200, mode="chat"),
]


@pytest.mark.parametrize("strange", STRANGE)
@pytest.mark.parametrize("held_out", [0, 0.4])
def test_another_tokenizer_refuses_no_row_for_how_it_reads_it(tiny_base, tmp_path, strange, held_out):
    rows = [make_row(host) for host in ("web01", "web02", "db17", "cache3")]
    rows += [strange] if isinstance(strange, Row) else []
    data = write_dataset(tmp_path, rows, [make_pair("web01"), *([strange] if isinstance(strange, Pair) else [])])
    stage = {"max_length": 1024, "batch_size": 1, "epochs": 1, "warmup": 0, "learning_rate": 0.1}
    sizes = ["sft.max_length=1024", "dpo.max_length=1024", "dpo.warmup=0", f"held_out={held_out}"]
    away = load_recipe(RECIPES / "qwen2.5-32b.yaml", [*sizes, "sft.warmup=0"])
    assert not dry_run(away, data).own_tokenizer
    with pytest.raises(TrainError):
        prepare(make_recipe(tiny_base, sft=stage, dpo=stage, held_out=held_out), data)


def test_a_pair_of_equal_answers_is_refused_by_any_tokenizer(tmp_path):
    same = Pair((user("hi"),), reply("Hello."), "Hello.", mode="chat")
    recipe = load_recipe(RECIPES / "qwen2.5-32b.yaml", ["dpo.warmup=0", "sft.warmup=0"])
    with pytest.raises(TrainError, match="prefers an answer to itself"):
        dry_run(recipe, write_dataset(tmp_path, [make_row("web01")], [same]))


def test_a_data_set_without_rows_is_refused(tiny_base, tmp_path):
    with pytest.raises(TrainError, match="no rows"):
        prepare(make_recipe(tiny_base), write_dataset(tmp_path, [], []))


def test_memory_and_disk_are_told_in_gb_of_a_billion_bytes(tiny_base, dataset, tmp_path):
    plan = dry_run(make_recipe(tiny_base), dataset)
    here = torch_memory() or psutil.virtual_memory().total
    assert plan.memory_here == here / 1e9
    free = shutil.disk_usage(tmp_path).free / 1e9
    check_room(plan, tmp_path)
    check_room(replace(plan, disk=free * 0.99), tmp_path)
    with pytest.raises(TrainError, match=r"has [\d.]+ GB free, but the run writes"):
        check_room(replace(plan, disk=free * 1.01), tmp_path)
    needed = plan.memory.static + RUNTIME_GB
    refuse_without_room(replace(plan, memory_here=needed * 1.01), tmp_path)
    with pytest.raises(TrainError, match=r"needs [\d.]+ GB before the first token"):
        check_room(replace(plan, memory_here=needed * 0.99), tmp_path)


def torch_memory() -> int | None:
    """Bytes of the GPU; None without one."""
    import torch

    return torch.cuda.get_device_properties(0).total_memory if torch.cuda.is_available() else None
