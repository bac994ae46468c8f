"""Supervised fine-tuning: NF4 QLoRA through TRL, loss on the assistant's tokens only."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from datasets import Dataset
from rich.console import Console
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from train.model import load_quantized, lora_config
from train.recipe import Recipe
from train.tokens import Example
from train.trainer import common_arguments, run_stage, save_adapter


def train_sft(
    recipe: Recipe, base: Path, tokenizer: Any, examples: Sequence[Example], staging: Path, console: Console
) -> Path:
    """Train an adapter on `base` and return its folder `staging/sft-adapter`; at once when that is there already."""
    target = staging / "sft-adapter"
    if target.exists():
        return target
    folder = staging / "sft"
    trainer = SFTTrainer(
        model=load_quantized(base, recipe.quantization),
        args=SFTConfig(
            **common_arguments(recipe, recipe.sft, folder),
            train_sampling_strategy="group_by_length",  # padding costs as much as text
            packing=False,  # without FlashAttention packed rows see each other
        ),
        train_dataset=to_dataset(examples),
        processing_class=tokenizer,
        peft_config=lora_config(recipe),
    )
    run_stage(trainer, recipe, "SFT", folder, console)
    return save_adapter(trainer.model, target)


def to_dataset(examples: Sequence[Example]) -> Dataset:
    """Token ids and labels: with these columns TRL renders and masks nothing itself."""
    columns = {"input_ids": [e.input_ids for e in examples], "labels": [e.labels for e in examples]}
    return Dataset.from_dict(columns)
