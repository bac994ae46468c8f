"""Where a run's metrics are also sent while it trains: TensorBoard, trackio, MLflow, W&B, through transformers.

Their own environment variables say which server or account; without them, everything is written to `logs/reports/`.
"""

import os
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from aj.curves import EXAM, HELD_OUT
from aj.errors import TrainError
from aj.files import logs_dir
from train.recipe import Recipe

if TYPE_CHECKING:
    from transformers import TrainerCallback

PROJECT = "aj"


def check_trackers(recipe: Recipe) -> None:
    """Raises TrainError if one that the recipe names is not installed."""
    for name in recipe.report_to:
        if find_spec(name) is None:
            raise TrainError(
                f"report_to: {name} is not installed; run .venv/bin/pip install {name}, or take it out of the recipe."
            )


class StageTrackers:
    """Those of one stage."""

    def __init__(self, recipe: Recipe, run: str, stage: str) -> None:
        """`run` is the run's hash; a stage is a run of its own in each tracker."""
        _settle(recipe.report_to)
        self.names = recipe.report_to
        self.callbacks = [_callback(name, f"{run}-{stage}") for name in self.names]

    def tell(self, trainer: Any, stage: str, line: Mapping[str, Any]) -> None:
        """What the trainer itself does not log: held-out losses, and exams."""
        _, held_out, kind = stage.partition(HELD_OUT)
        if held_out:
            told = {f"eval_held_out/{kind}": line["loss"]}
        elif stage.endswith(EXAM):
            told = {f"eval_exam/{metric}": value for metric, value in line.items() if metric != "step"}
        else:
            return
        for callback in self.callbacks:
            callback.on_log(trainer.args, trainer.state, trainer.control, model=trainer.model, logs=told)

    def finish(self) -> None:
        """The others end their run with the stage."""
        if "wandb" in self.names:
            import wandb  # pyright: ignore[reportMissingImports]

            wandb.finish()


def _settle(names: Sequence[str]) -> None:
    reports = logs_dir().absolute() / "reports"
    reports.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("MLFLOW_TRACKING_URI", f"sqlite:///{reports}/mlflow.db")
    os.environ.setdefault("MLFLOW_EXPERIMENT_NAME", PROJECT)
    os.environ.setdefault("WANDB_PROJECT", PROJECT)
    os.environ.setdefault("WANDB_DIR", str(reports))
    os.environ.setdefault("TRACKIO_DIR", str(reports / "trackio"))
    if "wandb" in names and "WANDB_MODE" not in os.environ:
        import wandb  # pyright: ignore[reportMissingImports]

        if not wandb.login(prompt=False):  # without an account, 0.31 stops the run or asks for one
            os.environ["WANDB_MODE"] = "offline"
            wandb.teardown()  # it has read the environment once, and does again


def _callback(name: str, run: str) -> "TrainerCallback":
    from transformers.integrations import integration_utils

    if name == "tensorboard":
        from torch.utils.tensorboard import SummaryWriter

        return integration_utils.TensorBoardCallback(SummaryWriter(logs_dir() / "reports" / "tensorboard" / run))
    return integration_utils.INTEGRATION_TO_CALLBACK[name]()
