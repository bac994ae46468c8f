"""Trackers: what is named in `report_to` and is not there is refused, and what the trainer does not log is sent too."""

from types import SimpleNamespace
from typing import Any

import pytest

from aj.contract import load_contract
from aj.errors import ConfigError, TrainError
from tests.train.tiny import make_recipe
from train.base import Base
from train.material import run_hash
from train.recipe import RECIPES
from train.resolve import load_recipe
from train.trackers import StageTrackers, check_trackers


def test_a_tracker_that_is_not_installed_is_refused_with_what_to_install(monkeypatch):
    monkeypatch.setattr("train.trackers.find_spec", lambda name: None if name == "mlflow" else name)
    check_trackers(make_recipe("base"))
    check_trackers(make_recipe("base", report_to=["wandb"]))
    with pytest.raises(TrainError, match=r"^report_to: mlflow is not installed; run \.venv/bin/pip install mlflow, or"):
        check_trackers(make_recipe("base", report_to=["wandb", "mlflow"]))


@pytest.mark.parametrize("named", ["tensorbord", "[wandb, tensorbord]", "none"])
def test_an_unknown_tracker_is_told_with_those_that_are_known(named):
    with pytest.raises(ConfigError, match="should be 'tensorboard', 'trackio', 'mlflow' or 'wandb'"):
        load_recipe(RECIPES / "smollm2-135m.yaml", [f"report_to={named}"])


def test_one_name_is_a_list_of_one_and_reporting_makes_no_other_run():
    contract, base = load_contract("aj"), Base("base", "1", None)
    plain, one, listed = (make_recipe("base", report_to=told) for told in ([], "mlflow", ["mlflow"]))
    assert one.report_to == listed.report_to == ("mlflow",)
    assert run_hash(one, contract, base, "data") == run_hash(plain, contract, base, "data")


def test_held_out_losses_and_exams_are_told_under_names_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME", "WANDB_PROJECT", "WANDB_DIR", "TRACKIO_DIR"):
        monkeypatch.setenv(name, "")  # is restored
    from transformers import TrainerCallback

    class Told(TrainerCallback):
        def on_log(self, *_: Any, logs: dict, **__: Any) -> None:
            told.append(logs)

    told = []
    trackers = StageTrackers(make_recipe("base"), "hash", "SFT")
    trackers.callbacks.append(Told())
    trainer = SimpleNamespace(args=None, state=None, control=None, model=None)
    trackers.tell(trainer, "SFT held out, call", {"step": 3, "loss": 0.5, "tokens": 9})
    trackers.tell(trainer, "SFT exam", {"step": 3, "tool_format/right": 0.75, "samples": 24})
    trackers.tell(trainer, "SFT", {"step": 3, "loss": 0.1})  # the trainer has logged it itself
    assert told == [
        {"eval_held_out/call": 0.5},
        {"eval_exam/tool_format/right": 0.75, "eval_exam/samples": 24},
    ]
