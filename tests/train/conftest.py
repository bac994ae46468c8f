"""A base model of a few million random weights, and a data set of six rows: the real code, in seconds.

What loads torch or trl is imported inside of fixtures and tests: half a minute that collecting need not take.
"""

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.train.families import write_tokenizers
from tests.train.tiny import make_pair, make_recipe, make_row, write_dataset
from train import base
from train.run import quiet_environment, train

quiet_environment()
# How many threads share a sum changes its last bits: a run is compared with one of another process byte for byte.
os.environ["OMP_NUM_THREADS"] = "1"


@pytest.fixture(scope="session")
def gguf_is_parsed_once() -> Iterator[None]:
    """Writing the embedded base out, transformers parses its file three times and lists tensor names 397 times."""
    import gguf

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gguf, "GGUFReader", cache(gguf.GGUFReader))
        patch.setattr(gguf, "get_tensor_name_map", cache(gguf.get_tensor_name_map))
        yield


@pytest.fixture(scope="session")
def tokenizer(gguf_is_parsed_once: None, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The embedded base's own; its weights, which take ten seconds to write, are not needed."""
    folder = tmp_path_factory.mktemp("tokenizer")
    base._convert_tokenizer(base._gguf(), folder)
    return base.load_tokenizer(folder, "chatml")


@pytest.fixture(scope="session")
def of_family(tokenizer: Any) -> Callable[..., Any]:
    """The tokenizer of a family, by its name in `tests.train.families`; and of a template, if one is named."""
    return write_tokenizers(tokenizer)


@pytest.fixture(scope="session")
def tiny_base(tokenizer: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from transformers import AutoModelForCausalLM, LlamaConfig

    torch.set_num_threads(1)  # where it was imported before
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


@pytest.fixture(scope="session")
def finished(tiny_base: Path, dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A whole run, for the tests that only read it: its folder, and the logs folder it stands in."""
    logs = tmp_path_factory.mktemp("logs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AJ_LOGS", str(logs))
        return train(make_recipe(tiny_base), dataset), logs
