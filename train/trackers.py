"""Where a run's metrics are also sent while it trains: TensorBoard, trackio, MLflow, W&B, through transformers.

Their own environment variables say which server or account; without them, everything is written to `logs/reports/`.
"""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from aj.errors import TrainError
from aj.files import logs_dir
from train.recipe import Recipe

if TYPE_CHECKING:
    from transformers import TrainerCallback

PROJECT = "aj"


def check_trackers(recipe: Recipe) -> None:
    """Raises TrainError if one that the recipe names is not installed."""
    for name in recipe.report_to:
        found = find_spec(name)
        if found is None or found.origin is None:  # a folder of that name, such as W&B's own `wandb/`, has no origin
            raise TrainError(
                f"report_to: {name} is not installed; run .venv/bin/pip install {name}, or take it out of the recipe."
            )


def open_tracker(name: str, run: str) -> "TrainerCallback":
    """The callback of transformers that sends there; `run` names the folder in TensorBoard.

    Raises whatever the tracker does when it cannot begin.
    """
    from transformers.integrations import integration_utils

    reports = _settle()
    if name == "tensorboard":
        from torch.utils.tensorboard import SummaryWriter

        return integration_utils.TensorBoardCallback(SummaryWriter(reports / "tensorboard" / run))
    if name == "wandb" and "WANDB_MODE" not in os.environ:
        import wandb  # pyright: ignore[reportMissingImports]

        if not wandb.login(prompt=False):  # without an account, 0.31 stops the run or asks for one
            os.environ["WANDB_MODE"] = "offline"
            wandb.teardown()  # it has read the environment once, and does again
    return integration_utils.INTEGRATION_TO_CALLBACK[name]()


def _settle() -> Path:
    """The folder where trackers write, unless the environment says otherwise."""
    reports = logs_dir().absolute() / "reports"
    reports.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("MLFLOW_TRACKING_URI", f"sqlite:///{reports}/mlflow.db")
    os.environ.setdefault("MLFLOW_EXPERIMENT_NAME", PROJECT)
    os.environ.setdefault("WANDB_PROJECT", PROJECT)
    os.environ.setdefault("WANDB_DIR", str(reports))
    os.environ.setdefault("TRACKIO_DIR", str(reports / "trackio"))
    return reports
