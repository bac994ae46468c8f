"""The board's page for many simulated models: python benchmarks/board.py --models 100 --samples 2000 --to FILE

Prints how long the page takes to make, and its size. The models get better from the first to the last; their answers
are made up.
"""

import argparse
import json
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np

from verdict.board.models import Titles
from verdict.board.page import to_html
from verdict.board.rows import Entry, rank
from verdict.costs import Cost
from verdict.epochs import Sample
from verdict.scores import TaskScores

TASKS = {
    "tool_format": ("valid", "right"),
    "known_issues": ("right", "brief"),
    "context_retention": ("retained", "grounded"),
    "persona": ("match", "contrast"),
    "task_success": ("success", "end_state", "no_mine", "facts", "grounded", "valid"),
}
PERSONAS = ("casual_developer", "curious_learner", "executive_brief", "senior_engineer", "stressed_oncall")
DISTANCES = ("1", "2", "4", "8", "16")
CODES = ("no_call", "made_up_number", "wrong_tool", "unknown_agent", "false_state", "too_long", "wrong_persona")
CHAMPION = "5"


def simulated(folder: Path, models: int, samples: int) -> tuple[list[Entry], Titles]:
    """`models` with `samples` each over five tasks, and a registry; the logs' conversations are written to `folder`."""
    random = np.random.default_rng(7)
    each = samples // len(TASKS)
    entries = [_entry(place, models, each, folder, random) for place in range(models)]
    crowned = {"run": CHAMPION, "name": "model 5", "adapter": "ad", "verdict": {"outcome": "REJECT"}, "forced": True}
    event = {
        "event": "promote",
        "at": "2026-01-05T10:00:00+00:00",
        "champion": crowned | {"reason": "needed for a demo"},
    }
    return entries, Titles(CHAMPION, [event])


def _entry(place: int, models: int, each: int, folder: Path, random: np.random.Generator) -> Entry:
    skill = 0.3 + 0.65 * place / max(1, models - 1)
    logs = {task: _write_log(folder / f"{task}-{place}.eval", each, random) for task in TASKS}
    tasks = {task: _scores(place, task, each, skill, logs[task], random) for task in TASKS}
    return Entry(f"model {place}", tasks)


def _scores(place: int, task: str, each: int, skill: float, path: Path, random: np.random.Generator) -> TaskScores:
    values = (random.random((each, len(TASKS[task]))) < skill).astype(float)
    codes = random.integers(len(CODES), size=each)
    samples = {
        str(at): Sample(
            id=str(at),
            values=dict(zip(TASKS[task], values[at].tolist(), strict=True)),
            slices={"persona": PERSONAS[at % 5], "distance": DISTANCES[at // 5 % 5]},
            family=f"family {at // 4}",
            template=f"family {at // 4}",
            split="eval",
            codes=() if values[at].all() else (CODES[codes[at]],),
            epochs=1,
            errors=0,
            unscored=0,
            scored=dict.fromkeys(TASKS[task], 1),
            unasked=dict.fromkeys(TASKS[task], 0),
        )
        for at in range(each)
    }
    return TaskScores(
        path=path,
        task=task,
        version="1",
        created=f"2026-01-{1 + place % 28:02}T10:00:00+00:00",
        status="success",
        model=f"model {place}",
        answered_by=f"vllm/model-{place}",
        metadata={"run": str(place), "suite": "full", "dataset": f"d{place}", "samples": "s"},
        settings={"generation": {"temperature": 0}, "eval settings": {"epochs": 1}},
        retuned=(),
        expected=each,
        limited=False,
        cost=Cost(each, 400 * each, 90 * each, 2.5 * each),
        graders={task: ("grader",)},
        samples=samples,
    )


def _write_log(path: Path, each: int, random: np.random.Generator) -> Path:
    """A log as far as the board opens it: samples with a conversation of some length, different in each."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("header.json", json.dumps({"eval": {}}))
        for at in range(each):
            archive.writestr(f"samples/{at}_epoch_1.json", json.dumps(_sample(at, random)))
    return path


def _sample(at: int, random: np.random.Generator) -> dict[str, object]:
    system = {"role": "system", "content": "You are AJ. You run commands on a fleet of servers. " * 20}
    asked = {"role": "user", "content": f"What is the load of host web-{random.integers(10_000)}?"}
    numbers = " ".join(map(str, random.integers(1000, size=60).tolist()))
    turns = [
        {"role": "assistant", "content": f'{{"tool": "remote_bash", "params": {{"command": "uptime {at}"}}}}'},
        {"role": "tool", "content": f"load average: {numbers}"},
        {"role": "assistant", "content": f"The load is {random.random():.2f}."},
    ]
    finding = {"code": CODES[at % len(CODES)], "why": "0.42 is not what the host said", "fix": "say what it said"}
    about = {"code": finding["code"], "findings": [finding]}
    return {
        "id": str(at),
        "epoch": 1,
        "input": [system, asked],
        "messages": [system, asked, *turns],
        "scores": {"made_up": {"value": 0.0, "explanation": finding["why"], "metadata": about}},
        "store": {"Trace:changed": {f"web-{at}/services/nginx/state": ["running", "stopped"]}},
        "metadata": {},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=100)
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--to", type=Path, default=None)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        models, titles = simulated(Path(folder), told.models, told.samples)
        start = time.process_time()
        rows = rank(models)
        page = to_html(models, rows, titles, Path(folder))
    print(f"{len(rows):,} scores, {len(page) / 1e6:.1f} MB, made in {time.process_time() - start:.0f} CPU seconds")
    if told.to:
        told.to.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
