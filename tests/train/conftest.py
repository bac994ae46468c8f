"""A base model of a few million random weights, and a data set of six rows: the real code, in seconds."""

from pathlib import Path
from typing import Any

import pytest

from aj.files import digest, digest_file, write_json, write_jsonl
from aj.messages import Message, Pair, Row, calls, pair_to_record, reply, result, row_to_record, user
from train.base import find_base, load_tokenizer
from train.recipe import Recipe

MODULES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def make_row(host: str) -> Row:
    ask = user(f"yo how full is {host}?")
    call = calls("remote_bash", {"agent_id": host, "command": "df -h /"}, note="On it!")
    return Row((ask, call, result("remote_bash", "/dev/sda1 40G 31G 9G 78% /"), reply(f"`{host}` is at 78%.")))


def make_pair(host: str) -> Pair:
    chosen: Message = calls("list_agents")
    return Pair((user(f"is {host} up?"),), chosen, '{"action": "list_agents", "params": {}}')


def write_dataset(folder: Path, rows: list[Row], pairs: list[Pair]) -> Path:
    write_jsonl(folder / "sft.jsonl", [row_to_record(row) for row in rows])
    write_jsonl(folder / "dpo.jsonl", [pair_to_record(pair) for pair in pairs])
    files = {name: digest_file(folder / name) for name in ("sft.jsonl", "dpo.jsonl")}
    write_json(folder / "lock.json", {"hash": digest(files), "files": files})
    return folder


def make_recipe(base: Path | str, **changes: Any) -> Recipe:
    stage = {"epochs": 1, "batch_size": 1, "max_length": 512, "save_every": 2}
    values: dict[str, Any] = {
        "name": "tiny",
        "base": str(base),
        "lora": {"rank": 4, "alpha": 8, "target_modules": MODULES},
        "sft": {**stage, "learning_rate": 0.01},
        "dpo": {**stage, "learning_rate": 0.001},
        "export": {"min_agreement": 0.5},
    }
    return Recipe.model_validate({**values, **changes})


@pytest.fixture(scope="session")
def tokenizer() -> Any:
    """The embedded base's own: 20 s where it was never written out, at once elsewhere."""
    path = find_base("smollm2-135m").path
    assert path
    return load_tokenizer(path, "chatml")


@pytest.fixture(scope="session")
def tiny_base(tokenizer: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from transformers import AutoModelForCausalLM, LlamaConfig

    torch.manual_seed(0)
    config = LlamaConfig(
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        vocab_size=len(tokenizer),
        initializer_range=0.2,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    folder = tmp_path_factory.mktemp("base")
    AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    hosts = ["web01", "web02", "db17", "cache3", "mail44", "build9"]
    rows, pairs = [make_row(host) for host in hosts], [make_pair(host) for host in hosts[:4]]
    return write_dataset(tmp_path_factory.mktemp("data"), rows, pairs)
