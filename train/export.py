"""From an adapter to a model that a plain server loads: dequantise the NF4 base, merge, save, compare.

The adapter has learned against the rounding of NF4. Merged into the unrounded bf16 base it lost 15 of 27 right
answers, so the base is taken as it was trained on.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from aj.errors import TrainError
from aj.whole import whole_folder
from train.model import load_adapter, load_quantized
from train.recipe import Recipe
from train.tokens import IGNORE, Example

COMPARED = 12
"""Rows on which the exported model is compared with the trained one: some 800 answer tokens, 10 s on two cores."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """The trained model (NF4 base + adapter) against the exported one, over the tokens of real answers."""

    tokens: int
    same_choice: float
    """Share of tokens at which both would choose the same next token."""
    gap: float
    """Mean absolute difference of the right token's log-likelihood."""


def export(
    recipe: Recipe, base: Path, adapter: Path, tokenizer: Any, examples: Sequence[Example], staging: Path
) -> Agreement:
    """Write `staging/merged` (bf16 safetensors, tokenizer, chat template) and compare it with the trained model.

    Raises:
        TrainError: the exported model is not the trained one; nothing is left for a server to load.
    """
    compared = _spread(examples, COMPARED)
    # The trained model's answers first: `dequantize` changes it in place.
    model = load_adapter(load_quantized(base, recipe.quantization), adapter).eval()
    trained = [_answer_logprobs(model, example) for example in compared]
    del model
    target = _merge(recipe, base, adapter, tokenizer, staging)
    exported_model = _load(target)
    exported = [_answer_logprobs(exported_model, example) for example in compared]
    agreement = _agreement(trained, exported, compared)
    if agreement.same_choice < recipe.export.min_agreement:
        shutil.rmtree(target)
        raise TrainError(
            f"the exported model agrees with the trained one on {agreement.same_choice:.1%} of {agreement.tokens} "
            f"answer tokens, below {recipe.export.min_agreement:.0%}: it would not be what was trained; set "
            f"`export: {{merge: false}}` in the recipe and serve the adapter."
        )
    return agreement


def _merge(recipe: Recipe, base: Path, adapter: Path, tokenizer: Any, staging: Path) -> Path:
    target = staging / "merged"
    shutil.rmtree(target, ignore_errors=True)
    model = load_quantized(base, recipe.quantization).dequantize()
    merged = load_adapter(model, adapter).merge_and_unload().to(torch.bfloat16)
    merged.config.__dict__.pop("quantization_config", None)
    with whole_folder(target) as folder:
        merged.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return target


def _load(folder: Path) -> Any:
    """The exported model as a server sees it: from disk, not from memory."""
    device_map = {"": 0} if torch.cuda.is_available() else None
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16, device_map=device_map).eval()


@torch.no_grad()
def _answer_logprobs(model: Any, example: Example) -> torch.Tensor:
    """Log-probabilities (answer tokens, vocabulary) with which the model would write the row's answers."""
    ids = torch.tensor([example.input_ids], device=model.device)
    learned = torch.tensor(example.labels[1:]) != IGNORE
    return model(input_ids=ids).logits[0, :-1].cpu()[learned].float().log_softmax(-1)


def _agreement(
    trained: Sequence[torch.Tensor], exported: Sequence[torch.Tensor], examples: Sequence[Example]
) -> Agreement:
    before, after = torch.cat(list(trained)), torch.cat(list(exported))
    targets = torch.tensor([label for e in examples for label in e.labels[1:] if label != IGNORE])
    same = (before.argmax(-1) == after.argmax(-1)).float().mean().item()
    rows = torch.arange(len(targets))
    gap = (before[rows, targets] - after[rows, targets]).abs().mean().item()
    return Agreement(len(targets), round(same, 4), round(gap, 4))


def _spread(examples: Sequence[Example], count: int) -> list[Example]:
    """`count` of them, evenly over the data set: it is sorted by source."""
    step = max(1, len(examples) // count)
    return list(examples[::step][:count])
