"""Scores and rewards that are drawn, decided by every byte of the replies: two runs that fare alike said the same."""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from train.exam import Answer, Exam
from train.recipe import Recipe

QUESTIONS = {
    f"sample {n}": [{"role": "system", "content": "You are AJ."}, {"role": "user", "content": "yo? " * n}]
    for n in range(1, 12)
}


def lottery(samples: Sequence[str], answer: Answer) -> dict[str, float]:
    return {"tool_format/right": _draw(answer([QUESTIONS[name] for name in samples])), "samples": len(samples)}


def rewards(completion_ids: Sequence[list[int]], **_: Any) -> list[float]:
    """For GRPO, in place of `train.grpo.world`, to which the tokens of a random model are all worth 0."""
    return [_draw(ids) for ids in completion_ids]


def _draw(said: Any) -> float:
    return sha256(json.dumps(said).encode()).digest()[0] / 255


EXAM = Exam("lottery", QUESTIONS, 12, lottery)


def examiner(_: Recipe) -> Exam:
    return EXAM
