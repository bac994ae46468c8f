"""The loss on held-out rows by kind of token, while a stage trains: a long answer must not hide a broken call."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import torch
from transformers import TrainerCallback

from aj.curves import HELD_OUT
from train.answering import answering
from train.held_out import HeldOutRow
from train.metrics import Metrics
from train.processes import is_first
from train.recipe import Recipe


class HeldOutLoss(TrainerCallback):
    """Appends one line per kind to metrics.jsonl, every so many steps, at each exam, and at the end.

    An exam's step may become the result of its stage, and an exam may end the stage.
    """

    def __init__(self, trainer: Any, rows: Sequence[HeldOutRow], recipe: Recipe, metrics: Metrics) -> None:
        self.trainer, self.rows, self.metrics = trainer, rows, metrics
        self.every = [recipe.held_out_every, *([recipe.exam.every] if recipe.exam else [])]

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        step = state.global_step
        if self.rows and (step == state.max_steps or any(step % every == 0 for every in self.every)):
            for kind, (loss, tokens) in self._measure().items():
                if is_first():
                    line = {"step": step, "loss": loss, "tokens": tokens}
                    self.metrics.append(line, f"{self.metrics.stage}{HELD_OUT}{kind}")

    def _measure(self) -> dict[str, tuple[float, int]]:
        """Kind -> mean loss in nats a token, and tokens; "all" is their mean."""
        losses: dict[str, list[float]] = defaultdict(list)
        model = self.trainer.model
        with answering(model), self.trainer.compute_loss_context_manager():
            for held in self.rows:
                for kind, loss in zip(*_losses(model, held), strict=True):
                    losses[kind].append(loss)
                    losses["all"].append(loss)
        return {kind: (round(sum(found) / len(found), 6), len(found)) for kind, found in sorted(losses.items())}


def _losses(model: Any, held: HeldOutRow) -> tuple[list[str], list[float]]:
    """Kind and loss of each learned token of a row."""
    places = [place for place, kind in enumerate(held.kinds) if kind]
    ids = torch.tensor([held.row.input_ids], device=model.device)
    before = torch.tensor([place - 1 for place in places], device=model.device)
    logits = model(input_ids=ids, logits_to_keep=before).logits[0].float()
    loss = torch.nn.functional.cross_entropy(logits, ids[0, before + 1], reduction="none")
    return [held.kinds[place] for place in places], loss.tolist()
