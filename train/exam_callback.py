"""Takes the exam while a stage trains, saves a checkpoint at each, and stops the stage when its results decline."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from accelerate.utils import gather_object
from transformers import TrainerCallback  # noqa: TID253

from aj.curves import EXAM
from aj.errors import TrainError
from aj.wire import Prompt
from train.answering import generate
from train.exam import Exam, Results
from train.metrics import Metrics
from train.processes import is_first, is_sharded, launched, number
from train.tokens import encode_prompt

BATCH = 8
"""Conversations that are answered at once."""


class TakesExam(TrainerCallback):
    """In every process, which share the batches if each has a whole model: all come to the same results, and so stop at
    the same step."""

    def __init__(
        self, trainer: Any, exam: Exam, samples: Sequence[str], results: Results, before: float | None, metrics: Metrics
    ) -> None:
        self.trainer, self.exam, self.samples, self.before, self.metrics = trainer, exam, samples, before, metrics
        self.results = results

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step == 0 and self.before is not None:
            self._note(0, {self.results.options.metric: self.before})

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step % self.results.options.every == 0 or state.global_step == state.max_steps:
            tokenizer = self.trainer.processing_class
            reply = partial(_replies, self.trainer.model, tokenizer, self.exam.max_tokens)
            self._note(state.global_step, self.exam.take(self.samples, reply))
            control.should_save = True
            control.should_training_stop |= self.results.declined

    def _note(self, step: int, scores: dict[str, float]) -> None:
        metric = self.results.options.metric
        if metric not in scores:
            raise TrainError(f"exam: none of the {len(self.samples)} samples could be scored by {metric}; ask more.")
        self.results.scores[step] = scores[metric]
        if is_first():
            first = {"step": step, metric: scores[metric]}
            self.metrics.append(first | scores, f"{self.metrics.stage}{EXAM}")


def _replies(model: Any, tokenizer: Any, max_tokens: int, asked: Sequence[Prompt]) -> list[tuple[str, bool]]:
    """A greedy reply to each conversation, and whether it came to its end.

    Conversations of like lengths make up a batch, whoever computes it: what is beside a row changes its last bits.
    """
    prompts = [encode_prompt(messages, tokenizer) for messages in asked]
    order = sorted(range(len(prompts)), key=lambda n: len(prompts[n]))
    batches = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
    made: list[tuple[int, list[int]]] = []
    for batch in batches if is_sharded() else batches[number() :: launched()]:
        made += zip(batch, generate(model, tokenizer, [prompts[n] for n in batch], max_tokens), strict=True)
    replies = dict(gather_object(made))
    return [
        (tokenizer.decode(ids, skip_special_tokens=True), ids[-1:] == [tokenizer.eos_token_id])
        for ids in (replies[n] for n in range(len(prompts)))
    ]
