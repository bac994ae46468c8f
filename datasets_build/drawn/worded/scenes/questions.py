"""Questions that need no call (`questions.yaml`), one template each."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from pydantic import Field, TypeAdapter

from aj.files import Strict, read_yaml
from scenarios.scenario import BuildScenario, Template


class Question(Strict):
    """One thing that a user may want to know; see `questions.yaml`."""

    texts: tuple[str, ...] = Field(min_length=2)
    answer: str
    says: tuple[str, ...]
    why: str


@cache
def catalogue() -> dict[str, tuple[Question, ...]]:
    """Category -> its questions."""
    values = read_yaml(Path(__file__).parent / "questions.yaml")
    return TypeAdapter(dict[str, tuple[Question, ...]]).validate_python(values)


def made() -> Sequence[Template]:
    return [
        Template(f"{category}.question_{number}", category, "train", "easy", _asks(question))
        for category, questions in catalogue().items()
        for number, question in enumerate(questions)
    ]


def _asks(asked: Question) -> BuildScenario:
    return lambda stage: stage.turn(asked.texts, [], {"": asked.says}, asked.answer, asked.why)
