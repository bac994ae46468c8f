"""The real loop, small: builds, trains, serves with vLLM, evaluates and gates; killed in the middle, it continues."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from evals.suite import TASKS
from verdict.scores import read_folder

pytestmark = [pytest.mark.loop, pytest.mark.timeout(1800)]

ROOT = Path(__file__).parents[2]
LOOP = ["loop", "loop/recipes/ci.yaml", "--format", "json"]


def aj(logs: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("aj")), *words]
    env = os.environ | {"AJ_LOGS": str(logs)} | variables
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)


def kill_when(logs: Path, ready: Callable[[], bool], seconds: int) -> None:
    """Start the loop and `kill -9` it once `ready`."""
    command = [str(Path(sys.executable).with_name("aj")), *LOOP]
    with (logs / "killed.txt").open("w") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | {"AJ_LOGS": str(logs)}, stdout=output, stderr=output
        )
        deadline = time.monotonic() + seconds
        while not ready() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.2)
        assert process.poll() is None, (logs / "killed.txt").read_text()
        process.send_signal(signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a loop ran that was killed while it trained, killed again while it evaluated, and then left to finish."""
    folder = tmp_path_factory.mktemp("logs")
    kill_when(folder, lambda: any(folder.glob("runs/.aj-unfinished-*/sft/metrics.jsonl")), 600)
    assert not list(folder.glob("runs/*/manifest.json")), "nothing half-trained is taken for a run"
    kill_when(folder, lambda: any(folder.glob("evals/*/*.eval")), 900)
    assert not list(folder.glob("evals/*/done.json")), "nothing half-evaluated is taken for an eval"
    (folder / "temporary").mkdir()
    done = aj(folder, *LOOP, TMPDIR=str(folder / "temporary"))
    (folder / "result.json").write_text(done.stdout)
    assert done.returncode == 3, done.stderr  # four samples a task are no evidence, and the gate says so
    return folder


def test_the_loop_trains_serves_and_evaluates(logs: Path):
    result = json.loads((logs / "result.json").read_text())
    run = Path(result["run"])
    assert (run / "merged" / "model.safetensors").exists()
    assert (run / "adapter" / "adapter_model.safetensors").exists()
    assert set(result["evals"]) == {"base", "candidate"}
    for folder in result["evals"].values():
        scores = read_folder(Path(folder))  # beside them may lie the logs that the kill cut off
        assert set(scores) == set(TASKS)
        assert {score.status for score in scores.values()} == {"success"}


def test_its_servers_leave_nothing_among_temporary_files(logs: Path):
    assert not [left for left in (logs / "temporary").rglob("*") if left.is_socket() or left.name.startswith("vllm")]


def test_the_gate_promotes_nothing_on_four_samples_a_task(logs: Path):
    result = json.loads((logs / "result.json").read_text())
    assert result["verdict"]["outcome"] == "INVALID"
    assert not result["promoted"]
    assert not (logs / "registry" / "champion.json").exists()


def test_a_second_loop_finds_everything_up_to_date(logs: Path):
    again = aj(logs, *LOOP)
    assert json.loads(again.stdout)["verdict"]["outcome"] == "INVALID"
    assert again.stderr.count("up to date") == 4  # build, train, and two evals


def test_the_board_lists_every_task_of_both_models(logs: Path):
    rows = json.loads(aj(logs, "board", "--format", "json").stdout)
    assert {row["task"] for row in rows} == {
        "tool_format",
        "known_issues",
        "context_retention",
        "persona",
        "task_success",
    }
    assert len({row["model"] for row in rows}) == 2
    assert set(rows[0]) == {"model", "task", "metric", "slice", "mean", "low", "high", "n", "comparable", "flaw"}


def test_a_run_without_a_passing_verdict_is_not_promoted(logs: Path):
    run = Path(json.loads((logs / "result.json").read_text())["run"]).name
    refused = aj(logs, "promote", run)
    assert refused.returncode != 0
    assert not (logs / "registry" / "champion.json").exists()


def test_plain_inspect_evaluates_a_merged_model_by_its_path(logs: Path):
    merged = next(logs.glob("runs/*/merged"))
    command = [
        str(Path(sys.executable).with_name("inspect")),
        "eval",
        "evals/tool_format.py",
        "--model",
        f"aj/{merged}",
    ]
    options = ["--limit", "2", "--log-dir", str(logs / "plain")]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"INSPECT_DISPLAY": "plain", "PATH": path}
    done = subprocess.run([*command, *options], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert len(list((logs / "plain").glob("*.eval"))) == 1
