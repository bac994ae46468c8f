"""Real Inspect logs of three scripted models, made once: `base` knows nothing, `good` nearly all, `old` fell back."""

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from inspect_ai import Task, eval, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import EvalLog, read_eval_log, write_eval_log
from inspect_ai.model import GenerateConfig, ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import TaskState, generate

from aj.files import digest_file, digest_model, digest_weights, write_json, write_jsonl
from tests.quick_inspect import installed_packages_are_listed_once as installed_packages_are_listed_once
from verdict.gate import Verdict, gate
from verdict.policy import Policy
from verdict.samples import DONE, read_recorded
from verdict.scores import logs_in
from verdict.sealed import note_in_order

GRADER = "97ade4"
PATTERNS = ("made_up", "old_keys", "prose", "two_calls")


@scorer(metrics={"right": [mean()], "brief": [mean()]})
def right() -> Scorer:
    async def score(state: TaskState, target: Target) -> Score:
        correct = state.output.completion == target.text
        code = None if correct else state.metadata["slice"]["pattern"]
        about = {"code": code, "findings": [], "grader": GRADER}
        return Score(value={"right": float(correct), "brief": 1.0}, metadata=about)

    return score


@scorer(metrics={"valid": [mean()]})
def valid() -> Scorer:
    async def score(state: TaskState, target: Target) -> Score:
        return Score(value={"valid": float(state.output.completion == target.text)}, metadata={"grader": GRADER})

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


def frozen(sample: Sample) -> dict[str, Any]:
    """A sample as its file says it."""
    told = sample.metadata or {}
    turn = {"role": "user", "content": sample.input}
    return {"id": sample.id, "small": True, "messages": [turn]} | {key: told[key] for key in ("template", "slice")}


SETTINGS = GenerateConfig(temperature=0, max_tokens=64)


@task
def known_issues(suite: str = "small") -> Task:
    data = MemoryDataset(samples("known_issues", 12, 2))
    return Task(dataset=data, solver=generate(), scorer=right(), version=3, config=SETTINGS, name="known_issues")


@task
def tool_format(suite: str = "small") -> Task:
    data = MemoryDataset(samples("tool_format", 7, 1))
    return Task(dataset=data, solver=generate(), scorer=valid(), version=2, config=SETTINGS, name="tool_format")


def always_right(*_: Any) -> ModelOutput:
    output = ModelOutput.from_content("mock", "right")
    output.usage = ModelUsage()  # left unset, it downloads a tokenizer
    return output


def mostly(question: str) -> bool:
    return not question.endswith(("prose 0", "made_up 5"))


def fell_back(question: str) -> bool:
    return mostly(question) and "old_keys" not in question


@dataclass(frozen=True)
class Lab:
    """A `logs/` folder with evals, runs, data sets, and ways to make a changed copy of an eval."""

    logs: Path

    def evals(self, name: str) -> Path:
        return self.logs / "evals" / name

    def change(
        self, source: str, change: Callable[[EvalLog], EvalLog | None], tasks: str = "", sealed: bool = True
    ) -> Path:
        """A copy of `source`'s eval folder in which `change` was applied to every log.

        `sealed`: as if the eval itself had written them so (in JSON); otherwise somebody changed them later.
        """
        target = self.logs / "evals" / f"{source}-changed"
        shutil.copytree(self.evals(source), target)
        changed = []
        for path in target.glob(f"*{tasks}_*.*"):
            log = read_eval_log(str(path))
            path.unlink()
            changed.append(path.with_suffix(".json") if sealed else path)
            write_eval_log(change(log) or log, str(changed[-1]))
        if sealed:
            seal(target, changed)
        return target

    def judge(self, policy: Policy, base: str | Path, candidate: str | Path) -> Verdict:
        """Gate `candidate` (a name or a folder) against `base`."""
        left, right = (self.evals(side) if isinstance(side, str) else side for side in (base, candidate))
        return gate(left, right, policy, self.logs, self.suites)

    @property
    def suites(self) -> Path:
        """The frozen samples."""
        return self.logs / "suites"

    def run(self, name: str) -> Path:
        return self.logs / "runs" / name


def seal(folder: Path, logs: Iterable[Path] | None = None) -> None:
    """Seal the logs (by default all) as `aj eval` does when it has written them."""
    done = folder / DONE
    told = json.loads(done.read_text()) if done.exists() else {}
    found = {path.name: asdict(read_recorded(path).seal) for path in logs or logs_in(folder)}
    there = {name: seal for name, seal in told.get("seals", {}).items() if (folder / name).exists()}
    write_json(done, {**told, "seals": {**there, **found}})
    note_in_order(folder, folder.parents[1] / "suites")


def weights(name: str) -> bytes:
    return f"adapter of {name}".encode()


SERVED_BASE = {
    "revision": "ba5e",
    "context": 2048,
    "quantization": None,
    "template": None,
    "adapter": None,
    "rank": None,
}
ROWS = {"sft.jsonl": ("train-1",), "dpo.jsonl": ("train-2",)}


def write_run(logs: Path, name: str) -> dict[str, Any]:
    """A finished run's folder and its data set's; returns the run's manifest."""
    run, dataset = logs / "runs" / name, logs / "datasets" / f"d{name}"
    for folder in (run / "adapter", run / "merged", dataset):
        folder.mkdir(parents=True)
    (run / "adapter" / "adapter_model.safetensors").write_bytes(weights(name))
    (run / "adapter" / "adapter_config.json").write_text('{"r": 8, "lora_alpha": 16}')
    (run / "merged" / "model.safetensors").write_bytes(f"merged {name}".encode())
    for file in ("config.json", "tokenizer.json", "chat_template.jinja"):
        (run / "merged" / file).write_text(json.dumps({"file": file}))
    for file, templates in ROWS.items():
        turn = {"role": "user", "content": f"a request of {file}"}
        write_jsonl(dataset / file, [{"messages": [turn], "metadata": {"templates": list(templates)}}])
    files = {file: digest_file(dataset / file) for file in ROWS}
    manifest = {
        "hash": name,
        "name": f"aj-{name}",
        "adapter": digest_weights(run / "adapter"),
        "merged": digest_weights(run / "merged"),
        "serving": SERVED_BASE | {"revision": digest_model(run / "merged")},
        "base": {"name": "smollm2", "revision": "5eed", "serving": SERVED_BASE},
        "contract": "c0ffee",
        "dataset": f"d{name}",
        "files": files,
    }
    write_json(run / "manifest.json", manifest)
    told = {"hash": f"d{name}", "name": f"data-{name}", "templates": ["train-1", "train-2"], "files": files}
    write_json(dataset / "lock.json", told)
    return manifest


def arm(name: str, manifest: dict[str, Any] | None = None) -> dict[str, Any]:
    """What an eval's metadata says of its model and of how it was asked; without a manifest, of the base."""
    run = manifest or {}
    return {
        "contract": "c0ffee",
        "versions": {"inspect-ai": "0.3", "bashkit": "0.20"},
        "suite": "small",
        "asked": "4a12",
        "model_name": f"aj-{name}",
        "run": name,
        "adapter": run.get("adapter"),
        "dataset": run.get("dataset"),
        "answers": f"answers of {name}",
        "serving": {
            "server": {"enforce_eager": True, "dtype": "bfloat16", "max_model_len": 2048},
            "model": run.get("serving", SERVED_BASE),
        },
    }


def model_of(name: str) -> str:
    """What Inspect calls the model."""
    return "vllm//models/smollm2" if name == "base" else f"vllm//logs/runs/{name}/merged"


def answered(log: EvalLog, knows: Callable[[str], bool]) -> None:
    """Mark wrong what a model does not know. Events go, for speed: nothing here reads them."""
    for sample in log.samples or []:
        sample.events = []
        ((scorer_name, score),) = (sample.scores or {}).items()
        assert isinstance(score.value, dict)
        if not knows(str(sample.input)):
            headline = next(iter(score.value))
            code = {"code": sample.metadata["slice"]["pattern"], "grader": GRADER}
            sample.scores = {scorer_name: Score(value={**score.value, headline: 0.0}, metadata=code)}


WRITTEN = {"base": ".eval", "good": ".eval", "old": ".eval", "same": ".json"}
"""Both of Inspect's formats; JSON is written twelve times as fast."""

ARMS: dict[str, Callable[[str], bool]] = {"base": lambda _: False, "good": mostly, "same": mostly, "old": fell_back}


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copied for each test."""
    return _made(tmp_path_factory.getbasetemp() / "made")


@cache
def _made(root: Path) -> Path:
    """One real eval, and its logs with each model's mistakes.

    Made once, although pytest takes a fixture that several folders import for as many fixtures.
    """
    model = get_model("mockllm/model", custom_outputs=always_right, memoize=False)
    tasks, suites = [known_issues(), tool_format()], root / "logs" / "suites"
    for one in tasks:
        write_jsonl(suites / f"{one.name}.jsonl", map(frozen, one.dataset))
    eval(tasks, model=model, log_dir=str(root / "eval"), display="none", log_realtime=False)
    manifests = {name: write_run(root / "logs", name) for name in ARMS if name != "base"}
    for path in (root / "eval").glob("*.eval"):
        log = read_eval_log(str(path))
        for name, knows in ARMS.items():
            copy = log.model_copy(deep=True)
            asked = {"samples": digest_file(suites / f"{log.eval.task}.jsonl")}
            copy.eval.metadata = arm(name, manifests.get(name)) | asked
            copy.eval.model = model_of(name)
            answered(copy, knows)
            (root / "logs" / "evals" / name).mkdir(parents=True, exist_ok=True)
            write_eval_log(copy, str(root / "logs" / "evals" / name / f"{path.stem}{WRITTEN[name]}"))
    for name in ARMS:
        seal(root / "logs" / "evals" / name)
    return root / "logs"


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
                "tool_format/valid": {"margin": 0.15, "floor": 0.7},
                "known_issues/right": {
                    "margin": 0.15,
                    "floor": 0.4,
                    "improve_until": 0.8,
                    "slices": {"pattern": 0.25},
                },
            },
        }
    )
