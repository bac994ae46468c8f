"""What a run computes, in floating-point operations, and what it writes, in bytes."""

import math
from collections.abc import Sequence

from train.checkpoints import KEPT
from train.memory import Architecture, bytes_per_parameter, bytes_per_state
from train.recipe import Recipe
from train.tokens import IGNORE, TokenizedPair, TokenizedRow


def count_flop(
    model: Architecture, recipe: Recipe, examples: Sequence[TokenizedRow], pairs: Sequence[TokenizedPair]
) -> float:
    """Of SFT and DPO: two for each weight and token forward, two backward, two more for the weights that are trained.

    The gradients of frozen weights are never computed. DPO asks the reference too, forward only.
    """
    tokens, learned = _tokens(examples)
    head = model.hidden * model.vocabulary
    again = 2 * recipe.sft.gradient_checkpointing
    flop = recipe.sft.epochs * (tokens * ((4 + again) * model.quantised + 6 * model.trainable) + learned * 4 * head)
    if recipe.dpo:
        again = 2 * recipe.dpo.gradient_checkpointing
        compared = sum(2 * len(p.prompt_ids) + len(p.chosen_ids) + len(p.rejected_ids) for p in pairs)
        flop += recipe.dpo.epochs * compared * ((6 + again) * (model.quantised + head) + 8 * model.trainable)
    return flop


def count_held_out_flop(
    model: Architecture, recipe: Recipe, held_out: Sequence[TokenizedRow], steps: Sequence[int]
) -> float:
    """Of the passes over held-out rows in stages of so many `steps`; only learned tokens go through the head."""
    tokens, learned = _tokens(held_out)
    passes = sum(math.ceil(count / recipe.held_out_every) for count in steps)
    return passes * 2 * (tokens * (model.quantised + model.trainable) + learned * model.hidden * model.vocabulary)


def _tokens(rows: Sequence[TokenizedRow]) -> tuple[int, int]:
    """How many there are, and how many are learned."""
    return sum(len(row.input_ids) for row in rows), sum(label != IGNORE for row in rows for label in row.labels)


def count_bytes(model: Architecture, recipe: Recipe) -> float:
    """At most: the checkpoints of every stage and the best one, the adapters and their copy, the merged model."""
    width, state = bytes_per_parameter(recipe)
    stages = [width + state]
    if recipe.dpo:  # its checkpoints contain the reference adapter as well
        stages.append(2 * width + bytes_per_state(recipe.dpo, width))
    if recipe.grpo:
        stages.append(width + bytes_per_state(recipe.grpo, width))
    # One more is written before the oldest is removed.
    checkpoints = (KEPT + bool(recipe.exam)) * sum(stages) + max(stages)
    merged = model.parameters * 2 if recipe.export.merge else 0
    return model.trainable * (checkpoints + (len(stages) + 1) * width) + merged
