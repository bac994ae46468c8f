"""Plain records of a small log and what its samples say, for tests that need no log."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from verdict.costs import Cost
from verdict.epochs import Sample
from verdict.samples import Recorded, Seal
from verdict.scores import TaskScores

ONE = Sample("a", {"right": 1.0}, {"kind": "x"}, "t1", "t1", "eval", (), 1, 0, 0, {"right": 1}, {"right": 0})
FOUR = {name: replace(ONE, id=name) for name in "abcd"}
SERVED = {"server": {"dtype": "bfloat16"}, "model": {"revision": "r1"}}
TOLD = {
    "contract": "c1",
    "samples": "s1",
    "suite": "small",
    "asked": "q1",
    "serving": SERVED,
    "versions": {"x": "1"},
    "model_name": "aj-one",
    "run": "one",
    "adapter": "ad",
    "dataset": "d1",
}
LOG = TaskScores(
    path=Path("logs/evals/one/1.eval"),
    task="known",
    version="3",
    created="2026-01-01T10:00:00+00:00",
    status="success",
    model="aj-one",
    answered_by="vllm//logs/runs/one/merged",
    metadata=TOLD,
    settings={"generation": {"temperature": 0}, "eval settings": {"epochs": 1}},
    retuned=(),
    expected=4,
    limited=False,
    cost=Cost(4, 0, 0, 0.0),
    graders={"right": ("g1",)},
    samples=FOUR,
)


RECORDED = Recorded(
    Seal("answers", "scores"), FOUR, dict.fromkeys(FOUR, (1,)), dict.fromkeys(FOUR, "?"), (), LOG.graders, {}
)


def with_samples(**changes: Any) -> dict[str, Sample]:
    """The four samples, of which the first two are changed."""
    return FOUR | {name: replace(FOUR[name], **changes) for name in "ab"}
