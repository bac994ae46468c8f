"""The fleet as a verifiers environment, played through verifiers' own command in an environment of its own."""

import json
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from aj.contract import load_contract
from aj.wire import render_turn
from scenarios.oracle import play
from tests.loop.scripted import running
from train.scenes import draw

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "train/environments/aj_fleet"
CONTRACT = load_contract("aj")
TEMPLATES = ["disk_space", "service_management"]


@pytest.fixture(scope="module")
def evaluate(tmp_path_factory):
    """Runs `vf-eval` and returns each episode's reward."""
    folder = tmp_path_factory.mktemp("verifiers")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    for what in (["-e", PACKAGE], ["--no-deps", "-e", ROOT]):
        subprocess.run([folder / "venv/bin/pip", "install", "--quiet", *what], check=True)

    def run(model: str, tasks: int) -> list[float]:
        command = [folder / "venv/bin/vf-eval", "aj-fleet", "--no-push", "--no-rich", "-n", str(tasks), "-m", model,
                   "--client.base-url", running().address, "--client.api-key-var", "NO_KEY", "-o", folder / "outputs",
                   "--run.name", model, "--env.taskset.templates", json.dumps(TEMPLATES)]  # fmt: skip
        path = os.pathsep.join((str(folder / "venv/bin"), os.environ["PATH"]))
        subprocess.run(command, check=True, cwd=folder, env={**os.environ, "PATH": path, "NO_KEY": "none"})
        played = [json.loads(line) for line in (folder / "outputs" / model / "traces.jsonl").read_text().splitlines()]
        return [episode["traces"][0]["rewards"]["world"]["score"] for episode in played]

    return run


def oracle(said: list[dict]) -> str:
    """The oracle's next reply in the conversation."""
    return ORACLE[said[1]["content"]][sum(message["role"] == "assistant" for message in said)]


ORACLE = {
    scene.turns[0].text: [
        render_turn(message, CONTRACT) for message in play(scene, CONTRACT)[0] if message.role == "assistant"
    ]
    for scene in islice(draw(TEMPLATES, 0), 8)
}


@pytest.mark.servers
@pytest.mark.timeout(900)
def test_the_oracle_earns_one_and_idle_talk_nothing(evaluate):
    running().replies |= {"oracle": oracle, "idle": "Well, well."}
    assert evaluate("oracle", 8) == [1] * 8
    assert evaluate("idle", 2) == [0] * 2
