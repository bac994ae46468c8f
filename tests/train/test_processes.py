"""Several processes share the batches of each step."""

import json
import os
import signal
import subprocess
import sys
import time
from multiprocessing import active_children
from pathlib import Path

import psutil
import pytest
import yaml

from aj.errors import TrainError
from aj.files import digest_file, read_jsonl
from tests.train.tiny import MODULES, make_recipe
from train.processes import count_processes, together
from train.recipe import Recipe
from train.run import train

ROOT = Path(__file__).parents[2]
STAGE = {"epochs": 2, "batch_size": 1, "gradient_accumulation": 2, "max_length": 512, "save_every": 2}


def shared(base: Path | str, batch_size: int = 1, batches: int = 2, **changes) -> Recipe:
    stage = {**STAGE, "batch_size": batch_size, "gradient_accumulation": batches}
    stages = {"sft": {**stage, "learning_rate": 0.01, "averaged": 0.5}, "dpo": {**stage, "learning_rate": 0.001}}
    lora = {"rank": 4, "alpha": 8, "dtype": "float32", "target_modules": MODULES}
    return make_recipe(base, **{"lora": lora, **stages, **changes})


def steps(run: Path, stage: str, name: str = "loss") -> list[float]:
    lines = [line for _, line in read_jsonl(run / "metrics.jsonl")]
    return [line[name] for line in lines if line["stage"] == stage and name in line]


def weights(run: Path) -> str:
    return digest_file(run / "adapter" / "adapter_model.safetensors")


@pytest.mark.loop
@pytest.mark.parametrize(("chosen", "seen"), [(None, "0"), ("2,3", "2"), ("1", "1")])
def test_of_several_gpus_a_single_process_sees_one(chosen, seen, monkeypatch):
    """TRL refuses to train in a process that sees more."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if chosen:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    assert together(1, os.getenv, "CUDA_VISIBLE_DEVICES") == seen


@pytest.mark.loop
def test_as_many_processes_train_as_the_machine_has_room_and_a_step_has_batches_for():
    import torch

    here = torch.cuda.device_count() or torch.get_num_threads()
    assert count_processes(shared("base", batches=here), None, lambda _: True) == here
    assert count_processes(shared("base", batches=4 * here), None, lambda n: n == 1) == 1
    assert count_processes(shared("base", batches=1), None, lambda _: True) == 1
    assert count_processes(shared("base", batches=6), 3, lambda _: False) == 3


def test_a_number_of_processes_that_a_step_cannot_be_shared_among_is_refused(monkeypatch):
    with pytest.raises(
        TrainError, match=r"3 processes cannot share 4 batches a step; set gradient_accumulation .* of 3"
    ):
        count_processes(shared("base", batches=4), 3, lambda _: True)
    monkeypatch.setenv("WORLD_SIZE", "8")  # as a launcher sets it
    with pytest.raises(TrainError, match="8 processes cannot share 4"):
        count_processes(shared("base", batches=4), None, lambda _: True)


def stop_or_wait(number_in: str) -> None:
    if os.environ["RANK"] == number_in:
        raise TrainError("the loss became nan")
    time.sleep(600)


def die(_: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.loop
def test_what_stops_one_of_two_processes_ends_both_with_its_reason():
    with pytest.raises(TrainError, match="the loss became nan"):
        together(2, stop_or_wait, "1")
    with pytest.raises(TrainError, match="one of 2 processes was killed, perhaps for want of memory"):
        together(2, die, "")
    assert not active_children()


@pytest.fixture(scope="module")
def two(tiny_base, dataset, tmp_path_factory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AJ_LOGS", str(tmp_path_factory.mktemp("two")))
        return train(shared(tiny_base), dataset, processes=2)


@pytest.mark.loop
@pytest.mark.timeout(900)
def test_two_processes_train_as_one_does_and_as_one_with_twice_the_batch(
    two, tiny_base, dataset, tmp_path, monkeypatch
):
    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    one = train(shared(tiny_base), dataset, processes=1)
    twice = train(shared(tiny_base, batch_size=2, batches=1), dataset, processes=1)
    assert two.name == one.name
    assert json.loads((two / "manifest.json").read_text())["plan"]["processes"] == 2
    for stage in ("SFT", "DPO"):
        assert steps(two, stage) == pytest.approx(steps(one, stage), rel=1e-4)
        # A batch of two is padded, and bfloat16 rounds its sums otherwise.
        assert steps(two, stage) == pytest.approx(steps(twice, stage), rel=1e-2)
    assert steps(two, "DPO", "rewards/margins") == pytest.approx(steps(one, "DPO", "rewards/margins"), abs=1e-3)


@pytest.mark.loop
@pytest.mark.timeout(900)
def test_two_processes_killed_with_their_parent_end_as_two_that_were_not(
    two, tiny_base, dataset, tmp_path, monkeypatch
):
    page = tmp_path / "recipe.yaml"
    page.write_text(yaml.safe_dump(shared(tiny_base).model_dump(mode="json")))
    command = [sys.executable, "-m", "loop.commands.main", "train", str(page), "--data", str(dataset)]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "AJ_LOGS": str(tmp_path)}
    with subprocess.Popen([*command, "--processes", "2"], env=env, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and not list(tmp_path.glob("runs/.aj-unfinished-*/sft/checkpoint-*/complete")):
            time.sleep(0.02)
        workers = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert len(workers) >= 2
    assert not psutil.wait_procs(workers, timeout=30)[1]
    monkeypatch.setenv("AJ_LOGS", str(tmp_path))
    resumed = train(shared(tiny_base), dataset, processes=2)
    assert resumed.name == two.name
    assert weights(resumed) == weights(two)
    assert steps(resumed, "SFT") == steps(two, "SFT")


@pytest.mark.loop
@pytest.mark.timeout(900)
def test_processes_that_accelerate_launches_make_the_same_run(two, tiny_base, dataset, tmp_path):
    page = tmp_path / "recipe.yaml"
    page.write_text(yaml.safe_dump(shared(tiny_base).model_dump(mode="json")))
    launch = [
        sys.executable,
        "-m",
        "accelerate.commands.launch",
        "--config_file",
        str(ROOT / "train/clusters/cpu.yaml"),
    ]
    command = [*launch, "-m", "loop.commands.main", "train", str(page), "--data", str(dataset)]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "AJ_LOGS": str(tmp_path)}
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(tmp_path / "runs" / two.name)]
    assert weights(tmp_path / "runs" / two.name) == weights(two)
