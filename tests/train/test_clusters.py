"""What a scheduler starts on each node, by Slurm's script and SkyPilot's task; neither is needed here."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from train.preflight import refuse_unsharded
from train.processes import count_processes
from train.recipe import RECIPES
from train.resolve import load_recipe

ROOT = Path(__file__).parents[2]
CLUSTERS = ROOT / "train" / "clusters"
TASK = yaml.safe_load((CLUSTERS / "skypilot.yaml").read_text())
LARGE = ["qwen2.5-32b", "r1-distill-qwen-32b"]
UNSHARDED_ADAM = ["sft.optimizer=adamw_torch_fused", "dpo.optimizer=adamw_torch_fused"]


def dry_run(command: list[str], **env: str) -> subprocess.CompletedProcess[str]:
    clean = {"PATH": os.environ["PATH"], "HOME": "/home/sky", "PYTHONPATH": str(ROOT), "DRY_RUN": "1"}
    return subprocess.run(command, env={**clean, **env}, cwd=ROOT, capture_output=True, text=True)


def words(lines: list[str]) -> list[list[str]]:
    return [shlex.split(line) for line in lines]


def launch(node: int, nodes: int, processes: int, head: str, config: str) -> list[str]:
    return [
        *(f"node{node}:", ".venv/bin/accelerate", "launch", "--config_file", f"train/clusters/{config}.yaml"),
        *("--num_machines", str(nodes), "--machine_rank", str(node), "--num_processes", str(processes)),
        *("--main_process_ip", head, "--main_process_port", "29500", "-m", "loop.commands.main", "train"),
    ]


@pytest.mark.loop  # asks `aj train --dry-run`
@pytest.mark.parametrize("config", ["ddp", "fsdp"])
def test_the_slurm_script_says_what_would_run_on_each_node_and_what_each_process_needs(config, dataset):
    few = ["sft.warmup=0", "sft.batch_size=1", "sft.gradient_accumulation=16", "sft.optimizer=adamw_torch_fused"]
    asked = ["qwen2.5-32b", "--data", str(dataset), "dpo=null", *few]  # six rows
    done = dry_run(["bash", str(CLUSTERS / "slurm.sh"), *asked], NODES="2", GPUS="4", CONFIG=config)
    first, second, *plan = done.stdout.splitlines()
    assert words([first, second]) == [
        [*launch(0, 2, 8, "node0", config), *asked],
        [*launch(1, 2, 8, "node0", config), *asked],
    ]
    shared = ", each with a share of the weights (FSDP)" if config == "fsdp" else ""
    assert f"8{shared}" in [line.removeprefix("processes").strip() for line in plan if line.startswith("processes")]
    # Nobody has 32B in the hub's cache of this home.
    assert (done.returncode, done.stderr.count("\n")) == (4, 1), done.stderr
    assert "is not on this machine" in done.stderr or "before the first token" in done.stderr


def start(node: int, nodes: int, **changes: str) -> list[str]:
    """What SkyPilot's task runs on a node, with the variables that SkyPilot sets there."""
    told = {"NODE_RANK": node, "NUM_NODES": nodes, "NUM_GPUS_PER_NODE": 8, "NODE_IPS": "10.0.0.7\n10.0.0.9"}
    envs = {name: value for name, value in TASK["envs"].items() if value is not None}
    sky = {f"SKYPILOT_{name}": str(value) for name, value in told.items()}
    done = dry_run(["bash", "-c", TASK["run"]], **(envs | sky | changes))
    assert (done.returncode, done.stderr) == (0, "")
    (line,) = words(done.stdout.splitlines())
    return line


def test_the_skypilot_task_starts_a_process_for_each_gpu_of_each_node():
    rest = ["--data", "/home/sky/data", "sft.batch_size=1", "sft.gradient_accumulation=16"]
    assert start(0, 1) == [*launch(0, 1, 8, "10.0.0.7", "ddp"), "qwen2.5-32b", *rest]
    second = start(1, 2, RECIPE="r1-distill-qwen-32b", CONFIG="fsdp")
    assert second == [*launch(1, 2, 16, "10.0.0.7", "fsdp"), "r1-distill-qwen-32b", *rest]


@pytest.mark.loop  # imports torch
@pytest.mark.parametrize("name", LARGE)
def test_the_skypilot_task_asks_for_what_its_recipes_can_do(name, monkeypatch):
    options = TASK["envs"]["OPTIONS"].split()
    (gpus,) = {int(kind.partition(":")[2]) for kind in TASK["resources"]["accelerators"]}
    monkeypatch.setenv("WORLD_SIZE", str(gpus))
    assert count_processes(load_recipe(RECIPES / f"{name}.yaml", options), None, lambda _: False) == gpus
    refuse_unsharded(load_recipe(RECIPES / f"{name}.yaml", [*options, *UNSHARDED_ADAM]))


@pytest.mark.parametrize("script", [*CLUSTERS.glob("*.sh"), *(TASK[part] for part in ("setup", "run"))])
def test_every_script_of_a_cluster_is_bash(script):
    text = script.read_text() if isinstance(script, Path) else script
    done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
