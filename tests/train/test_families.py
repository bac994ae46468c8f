"""A tiny model of each family goes through its recipe, from rows to a model that answers.

Changed are sizes and steps, and that the adapter is merged: a 32B one is served without.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from aj.contract import load_contract
from aj.files import read_jsonl
from aj.wire import render_prompt
from tests.train.lottery import examiner
from tests.train.tiny import make_pair, make_row, write_dataset
from train.base import load_tokenizer, read_chat_template
from train.recipe import RECIPES
from train.resolve import load_recipe
from train.run import train

pytestmark = [pytest.mark.loop, pytest.mark.timeout(600)]

SIZES = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}


def write_base(folder: Path, tokenizer: Any, architecture: str) -> Path:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    ends = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    kind = AutoConfig.for_model(architecture, **SIZES, **ends, num_key_value_heads=2, vocab_size=len(tokenizer))
    torch.manual_seed(0)
    AutoModelForCausalLM.from_config(kind, dtype=torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def lines_of(run: Path) -> list[dict[str, Any]]:
    return [line for _, line in read_jsonl(run / "metrics.jsonl")]


@pytest.mark.parametrize(
    ("name", "architecture", "family"),
    [
        ("qwen2.5-32b", "qwen2", "qwen2.5"),
        ("qwen3-8b", "qwen3", "qwen3, no thoughts"),
        ("llama-3.1-8b", "llama", "llama3"),
    ],
)
def test_a_tiny_model_of_the_family_is_trained_by_the_recipe(
    of_family, tmp_path, monkeypatch, name, architecture, family
):
    monkeypatch.setenv("AJ_LOGS", str(tmp_path / "logs"))
    base = write_base(tmp_path / "base", of_family(family), architecture)
    hosts = ["web01", "web02", "db17", "cache3"]
    data = write_dataset(tmp_path / "data", [make_row(host) for host in hosts], [make_pair(host) for host in hosts])
    small = ["lora.rank=4", "sft.gradient_accumulation=1", "dpo.gradient_accumulation=2", "sft.learning_rate=1e-2"]
    ends = ["export={merge: true, min_agreement: 0.5}", "exam={metric: tool_format/right, samples: 1}"]
    recipe = load_recipe(RECIPES / f"{name}.yaml", [f"base={base}", *small, *ends])
    run = train(recipe, data, examiner=examiner)
    lines = [line for line in lines_of(run) if "loss" in line]
    losses = [line["loss"] for line in lines if line["stage"] == "SFT"]
    assert losses[-1] < losses[0]
    assert {line["stage"] for line in lines} == {"SFT", "DPO"}
    adapter = json.loads((run / "adapter" / "adapter_config.json").read_text())
    assert set(adapter["target_modules"]) == set(recipe.lora.target_modules)
    assert (run / "adapter" / "chat_template.jinja").read_text() == read_chat_template(recipe.template)
    exams = [line["samples"] for line in lines_of(run) if line["stage"] == "DPO exam" and line["step"]]
    assert exams == [1]
    assert_is_served_as_trained(run, load_tokenizer(base, recipe.template))


def assert_is_served_as_trained(run: Path, trained_with: Any) -> None:
    """What a server loads is the merged folder alone: the tokenizer and the template in it ask what was trained."""
    from transformers import AutoTokenizer

    from train.answering import generate
    from train.export import load_exported
    from train.tokens import IGNORE, encode_prompt, encode_row

    assert json.loads((run / "manifest.json").read_text())["agreement"]["same_choice"] > 0.5
    served, contract, row = AutoTokenizer.from_pretrained(run / "merged"), load_contract("aj"), make_row("web01")
    example = encode_row(row, contract, trained_with)
    prompts = [encode_prompt(render_prompt(row.messages[:end], contract), served) for end in (1, 3)]
    for prompt in prompts:
        assert example.input_ids[: len(prompt)] == prompt
        assert example.labels[len(prompt)] != IGNORE
    for reply in generate(load_exported(run / "merged"), served, prompts, 6):
        assert len(reply) == 6 or reply[-1] == served.eos_token_id
