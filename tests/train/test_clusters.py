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


def words(command: list[str], **env: str) -> list[list[str]]:
    """Those of each line that is printed instead of what would run."""
    clean = {"PATH": os.environ["PATH"], "HOME": "/home/sky", "DRY_RUN": "1"}
    done = subprocess.run(command, env={**clean, **env}, cwd=ROOT, capture_output=True, text=True)
    return [shlex.split(line) for line in done.stdout.splitlines()]


def launch(node: int, nodes: int, processes: int, head: str, config: str) -> list[str]:
    return [
        *(f"node{node}:", ".venv/bin/accelerate", "launch", "--config_file", f"train/clusters/{config}.yaml"),
        *("--num_machines", str(nodes), "--machine_rank", str(node), "--num_processes", str(processes)),
        *("--main_process_ip", head, "--main_process_port", "29500", "-m", "loop.commands.main", "train"),
    ]


@pytest.mark.loop  # asks `aj train --dry-run`
@pytest.mark.parametrize("config", ["ddp", "fsdp"])
def test_the_slurm_script_says_what_would_run_on_each_node(config):
    asked = ["qwen2.5-32b", "--data", "no such data"]
    script = ["bash", str(CLUSTERS / "slurm.sh"), *asked]
    assert words(script, NODES="2", GPUS="4", CONFIG=config) == [
        [*launch(0, 2, 8, "node0", config), *asked],
        [*launch(1, 2, 8, "node0", config), *asked],
    ]


def start(node: int, nodes: int, **changes: str) -> list[str]:
    """What SkyPilot's task runs on a node, with the variables that SkyPilot sets there."""
    told = {"NODE_RANK": node, "NUM_NODES": nodes, "NUM_GPUS_PER_NODE": 8, "NODE_IPS": "10.0.0.7\n10.0.0.9"}
    envs = {name: value for name, value in TASK["envs"].items() if value is not None}
    sky = {f"SKYPILOT_{name}": str(value) for name, value in told.items()}
    (line,) = words(["bash", "-c", TASK["run"]], **(envs | sky | changes))
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
