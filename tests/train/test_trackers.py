"""Trackers: what is named in `report_to` and is not there is refused; what fails later does not end a run."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from aj.contract import load_contract
from aj.errors import ConfigError, TrainError
from tests.train.lottery import examiner
from tests.train.tiny import make_recipe
from train.base import Base
from train.material import run_folder, run_hash
from train.recipe import RECIPES
from train.resolve import load_recipe
from train.run import train
from train.trackers import check_trackers

TENSORBOARD = ("tensorboard==2.21.0", "absl-py", "markdown", "werkzeug")
"""What writes and reads its files; whatever else it requires is in the project's environment."""
READ = """
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1]).Reload()
print(json.dumps({name: [(e.step, e.value) for e in events.Scalars(name)] for name in events.Tags()["scalars"]}))
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Makes packages of these names, and of no others, importable."""
    monkeypatch.setattr(sys, "path", [str(tmp_path / "packages")])

    def make(*names: str) -> None:
        for name in names:
            (tmp_path / "packages" / name).mkdir(parents=True)
            (tmp_path / "packages" / name / "__init__.py").touch()

    return make


def test_a_tracker_that_is_not_installed_is_refused_with_what_to_install(install):
    install("wandb")
    check_trackers(make_recipe("base"))
    check_trackers(make_recipe("base", report_to=["wandb"]))
    with pytest.raises(TrainError, match=r"^report_to: mlflow is not installed; run \.venv/bin/pip install mlflow, or"):
        check_trackers(make_recipe("base", report_to=["wandb", "mlflow"]))


@pytest.mark.parametrize("name", ["wandb", "mlflow", "trackio", "tensorboard"])
def test_a_folder_of_its_name_is_no_tracker(install, tmp_path, name):
    """W&B leaves a folder `wandb` in the working directory, from where Python imports."""
    (tmp_path / "packages" / name).mkdir(parents=True)
    with pytest.raises(TrainError, match=rf"^report_to: {name} is not installed"):
        check_trackers(make_recipe("base", report_to=name))


@pytest.mark.parametrize("named", ["tensorbord", "[wandb, tensorbord]", "none"])
def test_an_unknown_tracker_is_told_with_those_that_are_known(named):
    with pytest.raises(ConfigError, match="should be 'tensorboard', 'trackio', 'mlflow' or 'wandb'"):
        load_recipe(RECIPES / "smollm2-135m.yaml", [f"report_to={named}"])


def test_one_name_is_a_list_of_one_and_reporting_makes_no_other_run():
    contract, base = load_contract("aj"), Base("base", "1", None)
    plain, one, listed = (make_recipe("base", report_to=told) for told in ([], "mlflow", ["mlflow"]))
    assert one.report_to == listed.report_to == ("mlflow",)
    assert run_hash(one, contract, base, "data") == run_hash(plain, contract, base, "data")


@pytest.fixture
def received(monkeypatch) -> dict[str, list[tuple[int, dict[str, Any] | None]]]:
    """What two trackers in transformers' own list are sent: step and figures, None when they begin and end.

    MLflow's server goes away in step 3.
    """
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME", "WANDB_PROJECT", "WANDB_DIR", "TRACKIO_DIR"):
        monkeypatch.setenv(name, "")  # is restored
    from transformers import TrainerCallback
    from transformers.integrations import integration_utils

    def tracker(name: str) -> type[TrainerCallback]:
        class Tracker(TrainerCallback):
            def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
                sent[name].append((state.global_step, None))

            def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any], **_: Any) -> None:
                if name == "mlflow" and state.global_step == 3:
                    raise ConnectionError("[http://tracker] is gone")
                sent[name].append((state.global_step, logs))

            on_train_end = on_train_begin

        return Tracker

    sent: dict[str, list[tuple[int, dict[str, Any] | None]]] = {"trackio": [], "mlflow": []}
    for name in sent:
        monkeypatch.setitem(integration_utils.INTEGRATION_TO_CALLBACK, name, tracker(name))
    monkeypatch.setattr("train.material.check_trackers", lambda recipe: None)  # neither is installed
    return sent


@pytest.mark.loop
@pytest.mark.timeout(600)
def test_a_tracker_that_fails_is_told_once_and_training_goes_on_with_the_others(
    tiny_base, dataset, tmp_path, monkeypatch, received
):
    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    told = io.StringIO()
    exam = {"metric": "tool_format/right", "every": 4, "samples": 9}
    recipe = make_recipe(tiny_base, held_out=0.2, held_out_every=5, exam=exam, dpo=None, export={"merge": False},
                         report_to=["mlflow", "trackio"])  # fmt: skip
    run = train(recipe, dataset, Console(file=told, markup=False), examiner=examiner)
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    last = max(line["step"] for line in lines)
    sentence = "SFT: mlflow has failed (ConnectionError: [http://tracker] is gone); nothing more is sent there in"
    assert told.getvalue().count("mlflow") == told.getvalue().count(sentence) == 1
    assert [step for step, _ in received["mlflow"]] == [0, 1, 2]
    begun, *figures, ended = received["trackio"]
    assert (begun, ended) == ((0, None), (last, None))
    sent = [(step, name, value) for step, logs in figures for name, value in (logs or {}).items()]
    for stage, key, name in (
        ("SFT", "loss", "loss"),
        ("SFT held out, call", "loss", "eval_held_out/call"),
        ("SFT exam", "tool_format/right", "eval_exam/tool_format/right"),
        ("SFT exam", "samples", "eval_exam/samples"),
    ):
        measured = [(line["step"], line[key]) for line in lines if line["stage"] == stage]
        assert measured == [(step, value) for step, called, value in sent if called == name]
        assert len(measured) >= last // 5
    assert not [name for _, name, _ in sent if name == "eval_exam/step"]


@pytest.mark.servers
@pytest.mark.timeout(900)
def test_tensorboard_has_every_figure_of_a_stage_and_a_stage_that_it_cannot_write_is_trained(
    tiny_base, dataset, tmp_path, monkeypatch
):
    installed = tmp_path / "installed"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", installed, *TENSORBOARD]
    subprocess.run(command, check=True)
    monkeypatch.setenv("AJ_LOGS", str(tmp_path / "logs"))
    recipe = make_recipe(tiny_base, held_out=0.2, held_out_every=5, export={"merge": False}, report_to="tensorboard")
    page = tmp_path / "recipe.yaml"
    page.write_text(yaml.safe_dump(recipe.model_dump(mode="json")))
    run = run_folder(recipe, dataset)
    reports = tmp_path / "logs" / "reports" / "tensorboard"
    reports.mkdir(parents=True)
    (reports / f"{run.name}-DPO").touch()  # a file where its folder belongs
    path = os.pathsep.join((str(Path(__file__).parents[2]), str(installed)))
    environment = os.environ | {"PYTHONPATH": path, "COLUMNS": "300"}
    words = [sys.executable, "-m", "loop.commands.main", "train", str(page), "--data", str(dataset)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("has failed") == done.stderr.count("DPO: tensorboard has failed (") == 1
    read = [sys.executable, "-c", READ, str(reports / f"{run.name}-SFT")]
    events = json.loads(subprocess.run(read, env=environment, capture_output=True, text=True, check=True).stdout)
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    for stage, name in (("SFT", "train/loss"), ("SFT held out, call", "eval/held_out/call")):
        measured = [[line["step"], pytest.approx(line["loss"])] for line in lines if line["stage"] == stage]
        assert events[name] == measured
