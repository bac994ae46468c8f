"""Supervised fine-tuning: NF4 QLoRA with TRL, loss on the assistant's tokens only."""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from datasets import Dataset
from rich.console import Console
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from train.averaging import Averaging
from train.compiled import CompiledLayers, can_compile
from train.guards import Guard
from train.model import load_frozen, lora_config
from train.recipe import Recipe
from train.tokens import TokenizedRow
from train.trainer import common_arguments, run_stage, save_adapter
from train.watch import Watch


def train_sft(
    recipe: Recipe,
    base: Path,
    tokenizer: Any,
    examples: Sequence[TokenizedRow],
    watch: Watch,
    staging: Path,
    console: Console,
) -> Path:
    """Train an adapter on `base` and return its folder `staging/sft-adapter`; done if it exists."""
    target = staging / "sft-adapter"
    if target.exists():
        return target
    folder = staging / "sft"
    trainer = SFTTrainer(
        model=load_frozen(base, recipe.quantization),
        args=SFTConfig(
            **common_arguments(recipe, recipe.sft, folder),
            max_length=None,  # the preflight has refused long rows; TRL would cut off their ends silently
            train_sampling_strategy="sequential",  # `in_batches` has shuffled them
            packing=False,  # without FlashAttention, packed rows attend to each other
        ),
        train_dataset=to_dataset(
            in_batches(examples, recipe.sft.batch_size * recipe.sft.gradient_accumulation, recipe.seed)
        ),
        processing_class=tokenizer,
        peft_config=lora_config(recipe),
    )
    steps = len(examples) / (recipe.sft.batch_size * recipe.sft.gradient_accumulation) * recipe.sft.epochs
    if can_compile(recipe, steps):
        trainer.add_callback(CompiledLayers(console))
    if recipe.sft.averaged:
        trainer.add_callback(Averaging(trainer, recipe.sft.averaged))
    run_stage(trainer, recipe, "SFT", watch, folder, console, Guard())
    return save_adapter(trainer, target)


def in_batches(examples: Sequence[TokenizedRow], size: int, seed: int) -> list[TokenizedRow]:
    """Batches of similar lengths, in an order that is independent of length.

    Padding costs as much as text, and of processes that share a step, all wait for the longest.

    transformers' "group_by_length" sorts 50 batches at a time by length, so every stretch, and the training, ends with
    the shortest rows.
    """
    ordered = sorted(examples, key=lambda example: len(example.input_ids))
    whole = len(ordered) - len(ordered) % size
    batches = [ordered[start : start + size] for start in range(0, whole, size)]
    Random(seed).shuffle(batches)
    return [example for batch in [*batches, ordered[whole:]] for example in batch]


def to_dataset(examples: Sequence[TokenizedRow]) -> Dataset:
    """Token ids and labels; with these columns, TRL renders and masks nothing itself."""
    columns = {"input_ids": [e.input_ids for e in examples], "labels": [e.labels for e in examples]}
    return Dataset.from_dict(columns)
