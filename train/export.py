"""Turns an adapter into a model that any server loads: dequantize the NF4 base, merge, save, compare.

The adapter has learned with the rounding errors of NF4. Merged into the original bf16 base it lost 15 of 27 right
answers, so it is merged into the base it was trained on.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate.utils.memory import clear_device_cache
from transformers import AutoModelForCausalLM

from aj.errors import TrainError
from aj.whole import whole_folder
from train.answering import is_repacked
from train.base import save_tokenizer
from train.model import load_adapter, load_quantized
from train.precision import native_precision
from train.recipe import Recipe
from train.tokens import IGNORE, TokenizedRow, spread

COMPARED = 12
"""Rows on which exported and trained model are compared: about 800 answer tokens, 10 s on two cores."""


@dataclass(frozen=True, slots=True)
class ExportAgreement:
    """How far the trained model (NF4 base and adapter) and the exported one agree, on tokens of real answers."""

    tokens: int
    same_choice: float
    """Share of tokens for which both would choose the same next token."""
    gap: float
    """Mean absolute difference of the right token's log-likelihood."""


def export(
    recipe: Recipe, base: Path, adapter: Path, tokenizer: Any, examples: Sequence[TokenizedRow], staging: Path
) -> ExportAgreement:
    """Write `staging/merged` (bf16 safetensors, tokenizer, chat template) and compare it with the trained model.

    Raises:
        TrainError: the exported model differs from the trained one; nothing is left that a server could load.
    """
    compared = spread(examples, COMPARED)
    # The trained model answers first: `dequantize` changes it in place.
    model = load_adapter(load_quantized(base, recipe.quantization), adapter).eval()
    trained = [answer_logprobs(model, example) for example in compared]
    del model
    target = merge(recipe, base, adapter, tokenizer, staging)
    exported_model = load_exported(target)
    exported = [answer_logprobs(exported_model, example) for example in compared]
    agreement = compare_answers(trained, exported, compared)
    if agreement.same_choice < recipe.export.min_agreement:
        shutil.rmtree(target)
        raise TrainError(
            f"the exported model agrees with the trained one on {agreement.same_choice:.1%} of {agreement.tokens} "
            f"answer tokens, below {recipe.export.min_agreement:.0%}, so it is not the model that was trained; set "
            f"`export: {{merge: false}}` in the recipe and serve the adapter."
        )
    return agreement


def merge(recipe: Recipe, base: Path, adapter: Path, tokenizer: Any, staging: Path) -> Path:
    target = staging / "merged"
    shutil.rmtree(target, ignore_errors=True)
    model = load_quantized(base, recipe.quantization)
    assert not is_repacked(model), "a model that has answered in eval mode is merged; load it afresh"
    merged = load_adapter(model.dequantize(), adapter).merge_and_unload().to(torch.bfloat16)
    merged.config.__dict__.pop("quantization_config", None)
    with whole_folder(target) as folder:
        merged.save_pretrained(folder)
        save_tokenizer(tokenizer, folder)
    return target


def load_exported(folder: Path) -> Any:
    """The exported model as a server sees it: loaded from disk."""
    device_map = {"": 0} if torch.cuda.is_available() else None
    dtype = getattr(torch, native_precision())
    return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, device_map=device_map).eval()


def answers_of(load: Callable[[], Any], examples: Sequence[TokenizedRow]) -> list[torch.Tensor]:
    """Log-probabilities of the rows' answers under a model that is in memory only meanwhile: two may not fit."""
    model = load()
    answers = [answer_logprobs(model, example) for example in examples]
    del model
    clear_device_cache(garbage_collection=True)
    return answers


@torch.no_grad()
def answer_logprobs(model: Any, example: TokenizedRow) -> torch.Tensor:
    """Log-probabilities of the row's answers under the model; shape (answer tokens, vocabulary)."""
    ids = torch.tensor([example.input_ids], device=model.device)
    learned = torch.tensor(example.labels[1:]) != IGNORE
    return model(input_ids=ids).logits[0, :-1].cpu()[learned].float().log_softmax(-1)


def compare_answers(
    trained: Sequence[torch.Tensor], exported: Sequence[torch.Tensor], examples: Sequence[TokenizedRow]
) -> ExportAgreement:
    before, after = torch.cat(list(trained)), torch.cat(list(exported))
    targets = torch.tensor([label for e in examples for label in e.labels[1:] if label != IGNORE])
    same = (before.argmax(-1) == after.argmax(-1)).float().mean().item()
    rows = torch.arange(len(targets))
    gap = (before[rows, targets] - after[rows, targets]).abs().mean().item()
    return ExportAgreement(len(targets), round(same, 4), round(gap, 4))
