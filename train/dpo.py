"""Direct preference optimization on pairs: starts from the SFT adapter, which is also the reference."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from datasets import Dataset
from rich.console import Console
from trl.trainer.dpo_config import DPOConfig
from trl.trainer.dpo_trainer import DPOTrainer

from train.guards import Guard
from train.model import load_adapter, load_frozen
from train.recipe import Dpo, Recipe
from train.tokens import TokenizedPair
from train.trainer import common_arguments, run_stage, save_adapter
from train.watch import Watch


class _PairTrainer(DPOTrainer):
    """DPO on pairs that are already tokens.

    TRL would render them again, and count everything after the common prefix of the prompts as answer.
    """

    def _prepare_dataset(self, dataset: Any, *_: Any, **__: Any) -> Any:
        return dataset


def train_dpo(
    recipe: Recipe,
    stage: Dpo,
    base: Path,
    tokenizer: Any,
    pairs: Sequence[TokenizedPair],
    watch: Watch,
    sft_adapter: Path,
    staging: Path,
    console: Console,
) -> Path:
    """Continue from `sft_adapter` and return the new adapter's folder `staging/dpo-adapter`; done if it exists."""
    target = staging / "dpo-adapter"
    if target.exists():
        return target
    folder = staging / "dpo"
    losses = {"loss_type": ["sigmoid", "sft"], "loss_weights": [1.0, stage.sft_weight]} if stage.sft_weight else {}
    # A trainable PeftModel and no reference model: TRL then freezes a copy of the adapter as "ref". With a new
    # `peft_config` instead, the reference would be the base, which knows nothing of AJ.
    trainer = _PairTrainer(
        model=load_adapter(load_frozen(base, recipe.quantization), sft_adapter, trainable=True),
        args=DPOConfig(**common_arguments(recipe, stage, folder), max_length=None, beta=stage.beta, **losses),
        train_dataset=_dataset(pairs),
        processing_class=tokenizer,
    )
    run_stage(trainer, recipe, "DPO", watch, folder, console, Guard(stage.beta), sft_adapter)
    return save_adapter(trainer, target)


def _dataset(pairs: Sequence[TokenizedPair]) -> Dataset:
    return Dataset.from_dict(
        {
            "prompt_ids": [p.prompt_ids for p in pairs],
            "chosen_ids": [p.chosen_ids for p in pairs],
            "rejected_ids": [p.rejected_ids for p in pairs],
        }
    )
