"""`aj train --sweep`: killed in the middle, it continues; each variant is listed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from loop.sweep import named
from tests.train.conftest import dataset as dataset
from tests.train.conftest import gguf_is_parsed_once as gguf_is_parsed_once
from tests.train.conftest import tiny_base as tiny_base
from tests.train.conftest import tokenizer as tokenizer
from tests.train.tiny import make_recipe
from train.checkpoints import unfinished_runs
from train.recipe import RECIPES
from train.resolve import variants

pytestmark = [pytest.mark.loop, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]


def command(logs: Path, *words: str) -> tuple[list[str], dict[str, str]]:
    environment = os.environ | {"AJ_LOGS": str(logs), "PYTHONPATH": str(ROOT), "COLUMNS": "140"}
    return [sys.executable, "-m", "loop.commands.main", *words], environment


def aj(logs: Path, *words: str) -> subprocess.CompletedProcess[str]:
    line, environment = command(logs, *words)
    return subprocess.run(line, env=environment, capture_output=True, text=True)


def second_variant_has_a_checkpoint(runs: Path) -> bool:
    finished = any(runs.glob("*/manifest.json"))
    return finished and any("SFT step" in reached for _, _, reached in unfinished_runs(runs))


def test_a_sweep_killed_in_its_second_variant_continues_there_and_lists_every_variant(tiny_base, dataset, tmp_path):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(yaml.safe_dump(make_recipe(tiny_base, dpo=None).model_dump(mode="json")))
    logs = tmp_path / "logs"
    words = ["train", str(recipe), "seed=3", "--data", str(dataset), "--sweep", "lora.rank=2,4"]
    line, environment = command(logs, *words)
    with subprocess.Popen(line, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and not second_variant_has_a_checkpoint(logs / "runs"):
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    unfinished, first = json.loads(aj(logs, "runs", "--format", "json").stdout)
    assert (unfinished["overrides"], first["overrides"]) == (["seed=3", "lora.rank=4"], ["seed=3", "lora.rank=2"])
    assert (unfinished["trained"], first["reached"]) == (None, "finished")
    assert unfinished["reached"].startswith("SFT step")
    made = next(logs.glob("runs/*/manifest.json")).stat().st_mtime_ns
    again = aj(logs, *words)
    assert again.returncode == 0, again.stderr
    assert "resuming from checkpoint" in again.stderr
    assert made in {path.stat().st_mtime_ns for path in logs.glob("runs/*/manifest.json")}
    for rank in (2, 4):
        (row,) = [row for row in again.stdout.splitlines() if f"lora.rank={rank}" in row]
        assert "finished" in row
        assert "seed" not in row
    ranks = {json.loads(p.read_text())["r"] for p in logs.glob("runs/*/adapter/adapter_config.json")}
    assert ranks == {2, 4}


def test_variants_are_named_by_what_they_differ_in():
    found = variants(RECIPES / "ci.yaml", ["seed=3", "dpo=null"], ["lora.rank=2,4", "sft.epochs=1,2"])
    assert named(found)[:2] == ["lora.rank=2 sft.epochs=1", "lora.rank=2 sft.epochs=2"]


def test_a_variant_that_fails_does_not_keep_the_others_from_being_trained(tiny_base, dataset, tmp_path):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(yaml.safe_dump(make_recipe(tiny_base, dpo=None).model_dump(mode="json")))
    words = ["train", str(recipe), "sft.epochs=1", "--data", str(dataset)]
    done = aj(tmp_path / "logs", *words, "--sweep", "sft.max_length=20,512")
    assert done.returncode == 4
    assert "exceed max_length 20 tokens" in done.stderr
    assert "1 of 2 variants did not finish" in done.stderr
    told = [row for row in done.stdout.splitlines() if "sft.max_length" in row]
    assert ["not begun" in row for row in told] == [True, False]
