"""`aj train --sweep`: killed in the middle, it continues; its runs are ranked by their exams and evals."""

import base64
import gzip
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from rich.console import Console

from aj.errors import ServeError
from aj.files import read_jsonl, write_json
from aj.messages import Row, reply, user
from loop.sweep import named, run_sweep, table
from tests.loop.scripted import BAD, GOOD
from tests.loop.scripted import server as server
from tests.train.conftest import dataset as dataset
from tests.train.conftest import gguf_is_parsed_once as gguf_is_parsed_once
from tests.train.conftest import tiny_base as tiny_base
from tests.train.conftest import tokenizer as tokenizer
from tests.train.tiny import make_recipe, write_dataset
from train.checkpoints import unfinished_runs
from train.recipe import RECIPES
from train.resolve import variants

pytestmark = [pytest.mark.loop, pytest.mark.timeout(1800)]

ROOT = Path(__file__).parents[2]


def command(logs: Path, *words: str) -> tuple[list[str], dict[str, str]]:
    environment = os.environ | {"AJ_LOGS": str(logs), "PYTHONPATH": str(ROOT), "COLUMNS": "140"}
    return [sys.executable, "-m", "loop.commands.main", *words], environment


def aj(logs: Path, *words: str) -> subprocess.CompletedProcess[str]:
    line, environment = command(logs, *words)
    return subprocess.run(line, env=environment, capture_output=True, text=True)


class Swept(NamedTuple):
    """A sweep that was killed, and run again."""

    logs: Path
    words: list[str]
    killed: list[dict[str, Any]]
    """The runs that there were after the kill, as `aj runs` tells them."""
    finished: dict[Path, int]
    """The manifests that there were, and when they were written."""
    again: subprocess.CompletedProcess[str]


def second_variant_has_a_checkpoint(runs: Path) -> bool:
    finished = any(runs.glob("*/manifest.json"))
    return finished and any("SFT step" in reached for _, _, reached in unfinished_runs(runs))


def made(logs: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in logs.glob("runs/*/manifest.json")}


@pytest.fixture(scope="module")
def swept(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Swept:
    """Four variants, of which two learn the only answer there is, and two are too slow for that."""
    folder = tmp_path_factory.mktemp("swept")
    talk = (
        "good morning",
        "are you there?",
        "thank you so much",
        "you are slow today",
        "see you later",
        "do you dream?",
    )
    rows = [Row((user(words), reply("All is well.")), mode="chat") for words in talk]
    data = write_dataset(folder, rows, [])
    stage = {"epochs": 8, "batch_size": 1, "max_length": 512, "learning_rate": 0.01, "save_every": 8}
    # One of these five practice samples is talk, and any answer in words is right.
    exam = {"metric": "tool_format/valid", "every": 24, "samples": 5}
    recipe = make_recipe(tiny_base, sft=stage, dpo=None, exam=exam, export={"merge": False})
    page, logs = folder / "recipe.yaml", folder / "logs"
    page.write_text(yaml.safe_dump(recipe.model_dump(mode="json")))
    words = ["train", str(page), "seed=3", "--data", str(data)]
    words += ["--sweep", "sft.learning_rate=1e-5,0.01", "--sweep", "lora.rank=2,4"]
    line, environment = command(logs, *words)
    with subprocess.Popen(line, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and not second_variant_has_a_checkpoint(logs / "runs"):
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    killed, finished = json.loads(aj(logs, "runs", "--format", "json").stdout), made(logs)
    return Swept(logs, words, killed, finished, aj(logs, *words))


def test_a_sweep_killed_in_its_second_variant_continues_there_and_trains_nothing_twice(swept):
    unfinished, first = swept.killed
    common = ["seed=3", "sft.learning_rate=1e-5"]
    assert (unfinished["overrides"], first["overrides"]) == ([*common, "lora.rank=4"], [*common, "lora.rank=2"])
    assert (unfinished["trained"], first["reached"]) == (None, "finished")
    assert unfinished["reached"].startswith("SFT step")
    assert swept.again.returncode == 0, swept.again.stderr
    assert swept.again.stderr.count("resuming from checkpoint") == 1
    assert len(made(swept.logs)) == 4
    assert swept.finished.items() < made(swept.logs).items()


def test_the_runs_of_a_sweep_are_ranked_by_the_exam_that_chose_their_checkpoints(swept):
    rows = [line.split("│") for line in swept.again.stdout.splitlines() if "lora.rank=" in line]
    told = [" ".join(cell.strip() for cell in (row[1], row[3], row[-2])) for row in rows]
    assert told == [
        "sft.learning_rate=0.01 lora.rank=2 finished 0.200, SFT step 48",
        "sft.learning_rate=0.01 lora.rank=4 finished 0.200, SFT step 48",
        "sft.learning_rate=1e-5 lora.rank=2 finished 0.000, SFT step 48",
        "sft.learning_rate=1e-5 lora.rank=4 finished 0.000, SFT step 48",
    ]
    for path in made(swept.logs):
        exams = [line for _, line in read_jsonl(path.parent / "metrics.jsonl") if line["stage"] == "SFT exam"]
        best = max(exams, key=lambda line: (line["tool_format/valid"], line["step"]))
        chosen = json.loads(path.read_text())["exam"]["chosen"]["SFT"]
        assert chosen == {key: best[key] for key in ("step", "tool_format/valid")}


def test_the_runs_of_a_sweep_are_evaluated_ranked_and_on_the_board_and_none_is_asked_twice(swept, server):
    replies = {}
    for path in made(swept.logs):
        rank = json.loads((path.parent / "adapter" / "adapter_config.json").read_text())["r"]
        replies[f"tiny-{path.parent.name}"] = GOOD if rank == 4 else BAD
    server.replies = replies
    before = made(swept.logs)
    done = aj(swept.logs, *swept.words, "--eval", "small")
    assert done.returncode == 0, done.stderr
    assert made(swept.logs) == before
    leaders = [
        line for line in done.stdout.splitlines() if line.startswith("sft.learning_rate=")
    ]  # cells stacked below
    assert [name.split()[1] for name in leaders] == ["lora.rank=4", "lora.rank=4", "lora.rank=2", "lora.rank=2"]
    assert done.stdout.splitlines()[-1] == str(swept.logs / "board.html")
    (block,) = re.findall(r"id=summary>([^<]+)<", (swept.logs / "board.html").read_text())
    models = json.loads(gzip.decompress(base64.b64decode(block)))["models"]
    ranked = [dict(model["facts"]) for model in models]
    assert sorted(facts["overrides"] for facts in ranked) == [
        f"seed=3 sft.learning_rate={rate} lora.rank={rank}" for rate in ("0.01", "1e-5") for rank in (2, 4)
    ]
    assert {facts["exam"] for facts in ranked if "=0.01" in facts["overrides"]} == {
        "tool_format/valid 0.200, SFT step 48"
    }
    asked = server.asked.total()
    assert asked
    again = aj(swept.logs, *swept.words, "--eval", "small")
    assert (again.returncode, again.stdout) == (0, done.stdout)
    assert server.asked.total() == asked


def finished(folder: Path, *chosen: tuple[str, str, float]) -> Path:
    """A run's folder whose manifest tells, for each stage, the metric of its exam and the best score."""
    scores = {stage: {"step": 8, metric: score} for stage, metric, score in chosen}
    write_json(folder / "manifest.json", {"final_loss": 0.5, "exam": {"chosen": scores} if chosen else None})
    return folder


def cells(folders: dict[str, Path]) -> list[list[str]]:
    """The variant, how far it has come, and its exams."""
    return [[row[0], row[2], *row[4:]] for row, _ in table(folders).rows]


def test_the_exam_of_a_runs_last_stage_counts_and_runs_without_a_result_come_last(tmp_path):
    folders = {
        "not begun": tmp_path / "a",
        "worse": finished(tmp_path / "b", ("SFT", "tool_format/right", 0.25)),
        "without": finished(tmp_path / "c"),
        "better": finished(tmp_path / "d", ("SFT", "tool_format/right", 0.1), ("DPO", "tool_format/right", 0.5)),
    }
    assert cells(folders) == [
        ["better", "finished", "0.500, DPO step 8"],
        ["worse", "finished", "0.250, SFT step 8"],
        ["not begun", "not begun", ""],
        ["without", "finished", ""],
    ]


def test_runs_whose_exams_have_different_metrics_stay_in_order(tmp_path):
    folders = {
        "one": finished(tmp_path / "a", ("SFT", "tool_format/right", 0.25)),
        "other": finished(tmp_path / "b", ("SFT", "persona/match", 0.5)),
    }
    assert cells(folders) == [
        ["one", "finished", "0.250, SFT step 8", ""],
        ["other", "finished", "", "0.500, SFT step 8"],
    ]


def test_variants_are_named_by_what_they_differ_in():
    found = variants(RECIPES / "ci.yaml", ["seed=3", "dpo=null"], ["lora.rank=2,4", "sft.epochs=1,2"])
    assert named(found)[:2] == ["lora.rank=2 sft.epochs=1", "lora.rank=2 sft.epochs=2"]


def test_a_variant_that_a_guard_stops_does_not_keep_the_others_from_being_trained(tiny_base, dataset, tmp_path):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(yaml.safe_dump(make_recipe(tiny_base, dpo=None, export={"merge": False}).model_dump(mode="json")))
    too_much = f"lora.alpha={10**30}"
    words = ["train", str(recipe), "--data", str(dataset), "--sweep", f"{too_much},8"]
    done = aj(tmp_path / "logs", *words)
    assert done.returncode == 4
    assert "SFT stopped at step 1: the grad_norm became inf; lower the learning_rate" in done.stderr
    assert f"1 of 2 variants did not finish, for the reasons above: {too_much}. Run the same command" in done.stderr
    told = [row for row in done.stdout.splitlines() if "lora.alpha" in row]
    assert ["finished" in row for row in told] == [False, True]


def test_a_sweep_whose_runs_could_not_be_evaluated_here_trains_none_of_them(tiny_base, dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("AJ_LOGS", str(tmp_path / "logs"))
    monkeypatch.delenv("VLLM_BASE_URL", raising=False)
    monkeypatch.setattr("train.serve.PLUGIN", "no-such-plugin")
    recipe, quiet = tmp_path / "recipe.yaml", Console(file=io.StringIO())
    recipe.write_text(yaml.safe_dump(make_recipe(tiny_base, dpo=None, export={"merge": False}).model_dump(mode="json")))
    with pytest.raises(ServeError, match="without the package no-such-plugin; run: make setup"):
        run_sweep(recipe, variants(recipe, [], ["lora.rank=2,4"]), dataset, quiet, quiet, suite="small")
    assert not (tmp_path / "logs").exists()
