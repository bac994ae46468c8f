"""An exam whose score is drawn, decided by every byte of the replies: two runs that fare alike have said the same."""

import json
from collections.abc import Sequence
from hashlib import sha256

from train.exam import Answer, Exam
from train.recipe import Recipe

QUESTIONS = {
    f"sample {n}": [{"role": "system", "content": "You are AJ."}, {"role": "user", "content": "yo? " * n}]
    for n in range(1, 12)
}


def lottery(samples: Sequence[str], answer: Answer) -> dict[str, float]:
    replies = answer([QUESTIONS[name] for name in samples])
    drawn = sha256(json.dumps(replies).encode()).digest()[0]
    return {"tool_format/right": drawn / 255, "samples": len(samples)}


EXAM = Exam("lottery", QUESTIONS, 12, lottery)


def examiner(_: Recipe) -> Exam:
    return EXAM
