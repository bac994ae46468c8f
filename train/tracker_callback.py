"""Sends a stage's metrics to its trackers. One that fails is told once, and the stage goes on without it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from transformers import TrainerCallback  # noqa: TID253

from aj.curves import EXAM, HELD_OUT
from train.recipe import Recipe
from train.trackers import open_tracker


class StageTrackers(TrainerCallback):
    """All trackers of one stage, which is a run of its own in each of them."""

    def __init__(self, trainer: Any, recipe: Recipe, run: str, stage: str, console: Console) -> None:
        """`run` is the run's hash."""
        self.trainer, self.stage, self.console = trainer, stage, console
        self.callbacks: dict[str, TrainerCallback] = {}
        for name in recipe.report_to:
            with self._or_without(name):
                self.callbacks[name] = open_tracker(name, f"{run}-{stage}")

    def on_train_begin(self, args: Any, state: Any, control: Any, **about: Any) -> None:
        self._pass_on("on_train_begin", args, state, control, **about)

    def on_log(self, args: Any, state: Any, control: Any, **about: Any) -> None:
        self._pass_on("on_log", args, state, control, **about)

    def on_save(self, args: Any, state: Any, control: Any, **about: Any) -> None:
        self._pass_on("on_save", args, state, control, **about)

    def on_train_end(self, args: Any, state: Any, control: Any, **about: Any) -> None:
        self._pass_on("on_train_end", args, state, control, **about)

    def tell(self, stage: str, line: Mapping[str, Any]) -> None:
        """What the trainer itself does not log: held-out losses, and exams."""
        _, held_out, kind = stage.partition(HELD_OUT)
        if held_out:
            told = {f"eval_held_out/{kind}": line["loss"]}
        elif stage.endswith(EXAM):
            told = {f"eval_exam/{metric}": value for metric, value in line.items() if metric != "step"}
        else:
            return
        of = self.trainer
        self._pass_on("on_log", of.args, of.state, of.control, model=of.model, logs=told)

    def finish(self) -> None:
        """The others end their run with the stage."""
        if "wandb" in self.callbacks:
            with self._or_without("wandb"):
                import wandb  # pyright: ignore[reportMissingImports]

                wandb.finish()

    def _pass_on(self, event: str, *args: Any, **about: Any) -> None:
        for name, callback in list(self.callbacks.items()):
            with self._or_without(name):
                getattr(callback, event)(*args, **about)

    @contextmanager
    def _or_without(self, name: str) -> Iterator[None]:
        """Hours of training must not end because a server for curves is gone, whatever its client raises then."""
        try:
            yield
        except Exception as error:
            self.callbacks.pop(name, None)
            self.console.print(
                f"{self.stage}: {name} has failed ({type(error).__name__}: {error}); nothing more is sent there in "
                "this stage. Training continues, and metrics.jsonl has all figures.",
                highlight=False,
                soft_wrap=True,
            )
