"""What TRL does with rows by default, without a word: it cuts them off at their ends, and leaves out the rest."""

import pytest
from rich.console import Console

from aj.contract import load_contract
from aj.files import read_jsonl
from aj.messages import Row, reply, user
from tests.train.tiny import make_recipe, make_row
from train.tokens import IGNORE, encode_rows
from train.watch import Watch

pytestmark = [pytest.mark.loop, pytest.mark.timeout(600)]

CONTRACT = load_contract("aj")
LONG = 1024
"""Tokens of a row that TRL keeps by default: the first ones."""


def test_rows_are_neither_cut_off_nor_packed_nor_left_out(tiny_base, tokenizer, tmp_path):
    """One row ends beyond TRL's own limit, and its only answer with it: cut off, it would have nothing to learn."""
    import torch
    from trl.trainer.sft_config import SFTConfig

    from train.sft import train_sft

    assert SFTConfig.max_length == LONG
    long = Row((user("load? " * LONG), reply("It is 0.10.")), mode="chat")
    examples = encode_rows([make_row("web01"), long, make_row("db17"), make_row("web02")], CONTRACT, tokenizer)
    lengths = [len(example.input_ids) for example in examples]
    assert sum(label != IGNORE for label in examples[1].labels[:LONG]) == 0
    stage = {"epochs": 2, "batch_size": 2, "learning_rate": 1e-3, "max_length": 4096, "save_every": 2}
    recipe = make_recipe(tiny_base, sft=stage)
    train_sft(recipe, tiny_base, tokenizer, examples, Watch(), tmp_path, Console(quiet=True))
    steps = [line for _, line in read_jsonl(tmp_path / "sft" / "metrics.jsonl") if "loss" in line]
    assert [line["step"] for line in steps] == [1, 2, 3, 4]
    assert steps[-1]["num_tokens"] == 2 * sum(lengths)
    built = torch.load(tmp_path / "sft" / "checkpoint-4" / "training_args.bin", weights_only=False)
    assert isinstance(built, SFTConfig)
    assert (built.max_length, built.packing, built.train_sampling_strategy) == (None, False, "sequential")
