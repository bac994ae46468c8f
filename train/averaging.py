"""The mean of the adapter's weights over the last steps of a stage, in place of a learning rate that falls.

At a constant rate, weights move about a minimum, and their mean is nearer to it than where a falling rate ends:
Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization" (2018); here, over steps.
"""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import TrainerCallback

from train.checkpoints import checkpoint_at
from train.model import as_kept, trained_parameters, whole
from train.processes import is_first

MEAN = "mean.safetensors"
"""The file of a checkpoint with the mean up to its step."""


class Averaging(TrainerCallback):
    """Gives the adapter, after the last step, the mean of its weights after each of the last steps, in float32.

    Added before those callbacks that measure or save the model, so that the last step's figures are the mean's.
    """

    def __init__(self, trainer: Any, share: float) -> None:
        self.trainer, self.share = trainer, share
        self.mean: dict[str, torch.Tensor] = {}

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self._averaged(state) > 0:
            saved = load_file(checkpoint_at(Path(args.output_dir), state.global_step) / MEAN)
            weights = trained_parameters(self.trainer.model)
            self.mean = {name: as_kept(saved[name], weight, torch.float32) for name, weight in weights.items()}

    @torch.no_grad()
    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        averaged = self._averaged(state)
        if averaged < 1:
            return
        for name, weight in trained_parameters(self.trainer.model).items():
            if averaged == 1:
                self.mean[name] = weight.detach().to(torch.float32, copy=True)
            else:
                self.mean[name].lerp_(weight.to(torch.float32), 1 / averaged)
            if state.global_step == state.max_steps:
                weight.copy_(self.mean[name])

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self.mean:
            mean = whole(self.mean)
            if is_first():
                save_file(mean, checkpoint_at(Path(args.output_dir), state.global_step) / MEAN)

    def _averaged(self, state: Any) -> int:
        """Steps that are part of the mean so far; not positive before the first of them."""
        return state.global_step - state.max_steps + max(1, round(self.share * state.max_steps))
