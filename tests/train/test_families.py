"""A tiny model of each family goes through its recipe, from rows to an adapter; only sizes and steps are changed."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from aj.files import read_jsonl
from tests.train.families import SPLITS
from tests.train.tiny import make_pair, make_row, write_dataset
from train.base import read_chat_template
from train.recipe import RECIPES
from train.resolve import load_recipe
from train.run import train

pytestmark = [pytest.mark.loop, pytest.mark.timeout(600)]

SIZES = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
LLAMA = {"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>"}


def write_base(folder: Path, tokenizer: Any, architecture: str) -> Path:
    import torch
    from tokenizers import Regex, pre_tokenizers
    from transformers import AutoConfig, AutoModelForCausalLM

    own = copy.deepcopy(tokenizer)
    split = pre_tokenizers.Split(Regex(SPLITS), "isolated")
    own._tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(False, use_regex=False)])
    if architecture == "llama":
        own.add_special_tokens(LLAMA)
        own.add_tokens(["<|start_header_id|>", "<|end_header_id|>"])
    ends = {"eos_token_id": own.eos_token_id, "pad_token_id": own.pad_token_id}
    kind = AutoConfig.for_model(architecture, **SIZES, **ends, num_key_value_heads=2, vocab_size=len(own))
    torch.manual_seed(0)
    AutoModelForCausalLM.from_config(kind, dtype=torch.bfloat16).save_pretrained(folder)
    own.save_pretrained(folder)
    return folder


@pytest.mark.parametrize(
    ("name", "architecture"), [("qwen2.5-32b", "qwen2"), ("qwen3-8b", "qwen3"), ("llama-3.1-8b", "llama")]
)
def test_a_tiny_model_of_the_family_is_trained_by_the_recipe(tokenizer, tmp_path, monkeypatch, name, architecture):
    monkeypatch.setenv("AJ_LOGS", str(tmp_path / "logs"))
    base = write_base(tmp_path / "base", tokenizer, architecture)
    hosts = ["web01", "web02", "db17", "cache3"]
    data = write_dataset(tmp_path / "data", [make_row(host) for host in hosts], [make_pair(host) for host in hosts])
    small = ["lora.rank=4", "sft.gradient_accumulation=1", "dpo.gradient_accumulation=2", "sft.learning_rate=1e-2"]
    recipe = load_recipe(RECIPES / f"{name}.yaml", [f"base={base}", *small])
    run = train(recipe, data)
    lines = [line for _, line in read_jsonl(run / "metrics.jsonl") if "loss" in line]
    losses = [line["loss"] for line in lines if line["stage"] == "SFT"]
    assert losses[-1] < losses[0]
    assert {line["stage"] for line in lines} == {"SFT", "DPO"}
    adapter = json.loads((run / "adapter" / "adapter_config.json").read_text())
    assert set(adapter["target_modules"]) == set(recipe.lora.target_modules)
    assert (run / "adapter" / "chat_template.jinja").read_text() == read_chat_template(recipe.template)
