"""Real Inspect logs of three scripted models, made once: `base` knows nothing, `good` nearly all, `old` fell back."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from inspect_ai import Task, eval, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import EvalLog, read_eval_log, write_eval_log
from inspect_ai.model import GenerateConfig, Model, ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import TaskState, generate

from loop.policy import Policy

PATTERNS = ("made_up", "old_keys", "prose", "two_calls")


@scorer(metrics={"right": [mean()], "brief": [mean()]})
def right() -> Scorer:
    async def score(state: TaskState, target: Target) -> Score:
        correct = state.output.completion == target.text
        code = None if correct else state.metadata["slice"]["pattern"]
        return Score(value={"right": float(correct), "brief": 1.0}, metadata={"code": code, "findings": []})

    return score


@scorer(metrics={"valid": [mean()]})
def valid() -> Scorer:
    async def score(state: TaskState, target: Target) -> Score:
        return Score(value={"valid": float(state.output.completion == target.text)})

    return score


def samples(name: str, count: int, family_size: int) -> list[Sample]:
    """`count` of each pattern."""
    return [
        Sample(
            id=f"{pattern}-{index}",
            input=f"{name} {pattern} {index}",
            target="right",
            metadata={
                "template": f"{name}-{pattern}-{index // family_size}",
                "family": f"{name}-{pattern}-{index // family_size}",
                "slice": {"pattern": pattern},
                "split": "eval",
            },
        )
        for pattern in PATTERNS
        for index in range(count)
    ]


SETTINGS = GenerateConfig(temperature=0, max_tokens=64)


@task
def known_issues(suite: str = "small") -> Task:
    data = MemoryDataset(samples("known_issues", 12, 2))
    return Task(dataset=data, solver=generate(), scorer=right(), version=3, config=SETTINGS, name="known_issues")


@task
def tool_format(suite: str = "small") -> Task:
    data = MemoryDataset(samples("tool_format", 7, 1))
    return Task(dataset=data, solver=generate(), scorer=valid(), version=2, config=SETTINGS, name="tool_format")


def scripted(knows: Callable[[str], bool]) -> Model:
    def answer(messages: Any, *_: Any) -> ModelOutput:
        output = ModelOutput.from_content("mock", "right" if knows(messages[-1].text) else "wrong")
        output.usage = ModelUsage()  # left unset, it downloads a tokenizer
        return output

    return get_model("mockllm/model", custom_outputs=answer, memoize=False)


def mostly(question: str) -> bool:
    return not question.endswith(("prose 0", "made_up 5"))


def fell_back(question: str) -> bool:
    return mostly(question) and not "old_keys" in question


@dataclass(frozen=True)
class Lab:
    """A `logs/` folder with evals, runs, data sets, and ways to make a changed copy of an eval."""

    logs: Path

    def evals(self, name: str) -> Path:
        return self.logs / "evals" / name

    def change(self, source: str, change: Callable[[EvalLog], None], tasks: str = "") -> Path:
        """A copy of `source`'s eval folder in which `change` was applied to every log."""
        target = self.logs / "evals" / f"{source}-changed"
        shutil.copytree(self.evals(source), target)
        for path in target.glob(f"*{tasks}_*.eval"):
            log = read_eval_log(str(path))
            change(log)
            write_eval_log(log, str(path))
        return target

    def run(self, name: str) -> Path:
        return self.logs / "runs" / name


def write_run(logs: Path, name: str) -> str:
    """A finished run folder; returns its adapter's hash."""
    run, adapter = logs / "runs" / name, f"adapter of {name}".encode()
    (run / "adapter").mkdir(parents=True)
    (run / "merged").mkdir()
    (run / "adapter" / "adapter_model.safetensors").write_bytes(adapter)
    (run / "merged" / "model.safetensors").write_bytes(b"merged")
    sha = hashlib.sha256(adapter).hexdigest()[:12]
    merged = hashlib.sha256(b"merged").hexdigest()
    manifest = {"hash": name, "name": f"aj-{name}", "adapter": sha, "merged": merged}
    (run / "manifest.json").write_text(json.dumps({**manifest, "contract": "c0ffee", "dataset": "d" + name}))
    dataset = logs / "datasets" / f"d{name}"
    dataset.mkdir(parents=True)
    (dataset / "lock.json").write_text(json.dumps({"hash": f"d{name}", "templates": ["train-1", "train-2"]}))
    return sha


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once, then copied for each test."""
    logs = tmp_path_factory.mktemp("made") / "logs"
    for name, knows in {"base": lambda _: False, "good": mostly, "old": fell_back}.items():
        trained = name != "base"
        metadata = {
            "contract": "c0ffee",
            "samples": "5a5a",
            "suite": "small",
            "model_name": f"aj-{name}",
            "run": name,
            "adapter": write_run(logs, name) if trained else None,
            "dataset": f"d{name}" if trained else None,
            "serving": {"enforce_eager": True, "dtype": "bfloat16", "max_model_len": 2048},
        }
        folder = str(logs / "evals" / name)
        eval(
            [known_issues(), tool_format()],
            model=scripted(knows),
            metadata=metadata,
            log_dir=folder,
            display="none",
            max_tasks=2,
            log_realtime=False,
        )
    # As good as `good`, but another run: what a retrained candidate without change looks like.
    sha = write_run(logs, "same")
    shutil.copytree(logs / "evals" / "good", logs / "evals" / "same")
    for path in (logs / "evals" / "same").glob("*.eval"):
        log = read_eval_log(str(path))
        log.eval.metadata = {**(log.eval.metadata or {}), "run": "same", "adapter": sha, "dataset": "dsame"}
        log.eval.metadata["model_name"] = "aj-same"
        write_eval_log(log, str(path))
    return logs


@pytest.fixture
def lab(made: Path, tmp_path: Path) -> Lab:
    shutil.copytree(made, tmp_path / "logs")
    return Lab(tmp_path / "logs")


@pytest.fixture
def policy() -> Policy:
    return Policy.model_validate(
        {
            "confidence": 0.95,
            "evidence": {"min_samples": 25, "max_errors": 0.02, "max_unscored": 0.02},
            "metrics": {
                "tool_format/valid": {"margin": 0.1, "floor": 0.7},
                "known_issues/right": {
                    "margin": 0.1,
                    "floor": 0.4,
                    "improve_until": 0.8,
                    "slices": {"pattern": 0.25},
                },
            },
        }
    )
