"""The exam that a stage takes while it trains: a few samples, chosen once, and how the checkpoints fared in it.

Questions and grading come from outside: training knows no eval.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aj.curves import EXAM
from aj.errors import TrainError
from aj.wire import Answer, Prompt
from train.metrics import read_metrics
from train.recipe import ExamOptions, Recipe
from train.tokens import TokenizedPair, TokenizedRow, answered_prompts, encode_prompt, spread


@dataclass(frozen=True, slots=True)
class Exam:
    """What may be asked, and who grades it."""

    id: str
    """Identity of the questions, of what asks them, and of the grader."""
    questions: Mapping[str, Prompt]
    """Sample -> its first prompt."""
    max_tokens: int
    """Of a reply."""
    take: Callable[[Sequence[str], Answer], dict[str, float]]
    """Asks these samples; TASK/METRIC -> mean, and "samples" -> how many could be judged."""


Examiner = Callable[[Recipe], Exam]
"""Makes the exam that a recipe asks for; raises ConfigError if there is none."""


def choose(
    exam: Exam, options: ExamOptions, rows: Sequence[TokenizedRow], pairs: Sequence[TokenizedPair], tokenizer: Any
) -> list[str]:
    """The samples that are asked: `options.samples` of those whose prompt is not answered in any row or pair.

    Raises:
        TrainError: there are not so many.
    """
    trained = answered_prompts(rows) | {tuple(pair.prompt_ids) for pair in pairs}
    new = [
        sample for sample, prompt in exam.questions.items() if tuple(encode_prompt(prompt, tokenizer)) not in trained
    ]
    if len(new) < options.samples:
        raise TrainError(
            f"exam.samples is {options.samples}, but of the {len(exam.questions)} practice samples of "
            f"{options.task}, {len(new)} ask what no row answers; lower it."
        )
    return spread(new, options.samples)


@dataclass
class Results:
    """How the checkpoints of one stage fared."""

    options: ExamOptions
    scores: dict[int, float] = field(default_factory=dict)
    """Step -> score; step 0 is what the stage starts from, where an earlier stage has taken the exam."""

    @classmethod
    def of(
        cls, options: ExamOptions, lines: Sequence[Mapping[str, Any]], stage: str, until: int | None = None
    ) -> "Results":
        """Those in a stage's metrics, up to a step."""
        told = [line for line in lines if line["stage"] == f"{stage}{EXAM}"]
        return cls(
            options, {line["step"]: line[options.metric] for line in told if until is None or line["step"] <= until}
        )

    @property
    def best(self) -> int:
        """The step with the best score; of equal ones the last."""
        return max(self.scores, key=lambda step: (self.scores[step], step))

    @property
    def declined(self) -> bool:
        """Whether training should stop: so many exams after the best one were all worse."""
        later = [step for step in self.scores if step > self.best] if self.scores else []
        return self.options.patience is not None and len(later) >= self.options.patience


def score_before(options: ExamOptions, adapter: Path) -> float | None:
    """What the adapter `STAGE-adapter` of an earlier stage scored in that stage's exam."""
    stage = adapter.name.removesuffix("-adapter")
    results = Results.of(options, read_metrics(adapter.with_name(stage)), stage.upper())
    return results.scores[results.best] if results.scores else None
