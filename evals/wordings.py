"""Every wording that the evals could use, with its slots open: what the data builder refuses, however it is filled."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from aj.acts import Act
from scenarios.both import hard_values, ladder
from scenarios.catalogue import templates
from scenarios.requests import catalogue
from scenarios.scenario import Stage, StatedValues, Template
from scenarios.smalltalk import small_talk

SEEDS = (3, 4)
"""Of the scenarios drawn from each template: a few templates choose among their wordings."""


class Listening(Stage):
    """A stage that also keeps every wording it is offered, not only the one that is drawn."""

    def __init__(self, made: Template, seed: int, persona: str = "senior_engineer") -> None:
        super().__init__(made.name, made.split, seed, persona, made.size, made.windows)
        self.heard: list[str] = []

    def turn(
        self, texts: Sequence[str], steps: Sequence[Act], stated: StatedValues, items: str, why: str, **rest: Any
    ) -> None:
        self.heard += [self._named(text) for text in texts]
        super().turn(texts, steps, stated, items, why, **rest)

    def _named(self, text: str) -> str:
        """The text with a slot for each host's name."""
        for name in sorted(self.hosts, key=len, reverse=True):
            text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", "{host}", text)
        return text


def wordings() -> list[str]:
    """Those of the held-out templates, and the `eval` texts that templates of both splits are written from."""
    return sorted({" ".join(text.split()) for text in chain(_held_out(), _requests(), _others())})


def _held_out() -> Iterator[str]:
    for made in templates().values():
        if made.root.startswith("scenarios.held_out."):
            for seed in SEEDS:
                stage = Listening(made, seed)
                made.build(stage)
                yield from stage.heard


def _requests() -> Iterator[str]:
    """Everyday requests at every place of the eval split: at a training place, some are training texts."""
    places = catalogue().places
    named = [text for name in type(places).model_fields for text in getattr(places, name).eval]
    for intent in catalogue().intents.values():
        for text in intent.eval:
            yield from (text.replace("{where}", place) for place in named) if "{where}" in text else (text,)


def _others() -> Iterator[str]:
    yield from (talk.text for talk in small_talk().eval)
    yield from hard_values.ASK["eval"]
    for texts in (ladder.texts(), hard_values.commands()):
        for name in type(texts).model_fields:
            yield from getattr(texts, name).eval
