"""The two splits of every text and name: what is trained on, and what evals are made of."""

from typing import Literal

from pydantic import Field

from aj.files import Strict

Split = Literal["train", "eval"]


class SplitTexts(Strict):
    """The texts of the two splits; a test ensures that they share none."""

    train: tuple[str, ...] = Field(min_length=1)
    eval: tuple[str, ...] = Field(min_length=1)

    def of(self, split: Split) -> tuple[str, ...]:
        return self.train if split == "train" else self.eval
