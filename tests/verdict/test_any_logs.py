"""Logs that no one here wrote: what they do not say is asked for, unless the policy takes any logs."""

from pathlib import Path
from typing import Any

import pytest
from inspect_ai import Task, eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import GenerateConfig, ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import Scorer, includes, match
from inspect_ai.solver import generate

from verdict.gate import GateOutcome, Verdict, gate
from verdict.policy import Policy

pytestmark = pytest.mark.loop  # real gates on real logs

SUMS = [Sample(id=f"{n}", input=f"{n} + {n}", target=str(2 * n)) for n in range(10, 50)]


def answering(folder: Path, right: int, scorer: Scorer, log_format: Any = "eval", **config: Any) -> Path:
    """The log of a model that gets the first sums right."""

    def reply(messages: list[Any], *_: Any) -> ModelOutput:
        number = int(messages[-1].text.split()[0])
        output = ModelOutput.from_content("mock", str(2 * number if number < 10 + right else 7))
        output.usage = ModelUsage()  # left unset, it downloads a tokenizer
        return output

    model = get_model("mockllm/sums", custom_outputs=reply, memoize=False)
    task = Task(dataset=MemoryDataset(SUMS), solver=generate(), scorer=scorer, name="sums")
    generation = GenerateConfig(temperature=0).merge(GenerateConfig(**config))
    where: dict[str, Any] = {"log_dir": str(folder), "log_format": log_format, "display": "none", "log_realtime": False}
    told = eval(task, model=model, **where, **generation.model_dump())
    assert told[0].status == "success"
    return folder


def judged(base: Path, candidate: Path, any_logs: bool = True) -> Verdict:
    limits = {"min_samples": 25, "max_errors": 0.0, "max_unscored": 0.0, "any_logs": any_logs}
    metrics = {"sums/match": {"margin": 0.1, "floor": 0.5}}
    policy = Policy.model_validate({"confidence": 0.95, "evidence": limits, "metrics": metrics})
    return gate(base, candidate, policy, base / "no runs", base / "no suites")


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("logs")
    return {
        "half": answering(root / "half", 20, match()),
        "most": answering(root / "most", 38, match(), log_format="json"),
        "warm": answering(root / "warm", 38, match(), temperature=0.7),
        "lenient": answering(root / "lenient", 38, includes()),
    }


def test_they_are_judged_by_what_they_say(logs):
    assert judged(logs["half"], logs["most"]).outcome == GateOutcome.PROMOTE
    assert judged(logs["most"], logs["half"]).outcome == GateOutcome.REJECT
    assert judged(logs["most"], logs["most"]).outcome == GateOutcome.PROMOTE


def test_their_verdict_names_no_run_and_so_promotes_none(logs):
    assert judged(logs["half"], logs["most"]).run is None


def test_under_any_other_policy_they_are_no_evidence(logs):
    verdict = judged(logs["half"], logs["most"], any_logs=False)
    assert verdict.outcome == GateOutcome.INVALID
    assert "sums: a log does not name its contract" in "\n".join(verdict.reasons)
    assert "sums, the reference: 40 values of match are words, not numbers" in "\n".join(verdict.reasons)


@pytest.mark.parametrize(("other", "why"), [("warm", "sums: generation differs"), ("lenient", "sums: scorers differs")])
def test_those_that_were_made_in_another_way_are_not_compared(logs, other, why):
    verdict = judged(logs["half"], logs[other])
    assert verdict.outcome == GateOutcome.INVALID
    assert why in "\n".join(verdict.reasons)
