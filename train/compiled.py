"""Layers compiled for a CPU: what lies between two products of matrices becomes one loop in C++.

A step takes 38% less CPU time. A compiler on this machine builds the loops before the first step, in 45 CPU seconds.
"""

from typing import Any

import torch  # noqa: TID253
from rich.console import Console
from torch._dynamo.exc import BackendCompilerFailed  # noqa: TID253
from transformers import TrainerCallback  # noqa: TID253
from transformers.modeling_layers import GradientCheckpointingLayer  # noqa: TID253

from train.attention import SHORT
from train.processes import is_first, is_sharded
from train.recipe import Recipe
from train.tokens import IGNORE

WORTH = 100
"""Steps of a stage that save more than compiling takes."""
LENGTHS = (SHORT // 2, 2 * SHORT)
"""Tokens of the rows for which layers are compiled, one for each way to attend. Always the same: torch tunes its loops
to the first row that it sees, and a run that was interrupted must end as one that was not."""


def can_compile(recipe: Recipe, steps: float) -> bool:
    """Whether compiling pays for SFT: on a CPU, with plain weights, and one row at a time, since padding has a mask,
    and each kind of mask would be compiled for itself."""
    stage = recipe.sft
    plain = recipe.quantization.unpack and stage.batch_size == 1 and not stage.gradient_checkpointing
    return plain and steps >= WORTH and not torch.cuda.is_available() and not is_sharded()


class CompiledLayers(TrainerCallback):
    """Compiles the layers when training begins; where that fails, they stay as they are, and the console says why."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        layers = [module for module in model.modules() if isinstance(module, GradientCheckpointingLayer)]
        # The first one's input has no gradient, so it would be compiled for itself.
        for layer in layers[1:]:
            layer.compile(dynamic=True)
        try:
            for tokens in LENGTHS:
                _step(model, tokens)
        except BackendCompilerFailed as error:
            for layer in layers:
                layer._compiled_call_impl = None
            why = str(error.inner_exception).strip().splitlines()[0]
            if is_first():
                self.console.print(f"Layers are not compiled, so that each step takes longer: {why}")


def _step(model: Any, tokens: int) -> None:
    """One step forward and back that leaves nothing behind.

    A quarter is learned, as of the demo's rows: the head needs memory for each such token. In float32 the peak is
    2.9 GB, and was 4.2 GB when all were.
    """
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    ids = torch.arange(tokens).unsqueeze(0)
    labels = ids.masked_fill(ids >= tokens // 4, IGNORE)
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": labels, "use_cache": False}
    model.train()
    with torch.random.fork_rng(devices=[]):
        # Not `backward`: that would set gradients, and of several processes each would wait for the others'.
        torch.autograd.grad(model(**inputs, fused_lm_head=True).loss, trained)
