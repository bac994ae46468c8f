"""A scene: a scenario of the train split whose requests are in plain words, with what fills their slots.

`scenarios` puts the persona's tone around a request when it draws one. A teacher writes that tone itself, so here a
request stays as the template words it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from aj.acts import Act
from datasets_build.drawn.worded.scenes import confirmations, journeys, questions
from scenarios.catalogue import templates
from scenarios.scenario import Scenario, Stage, StatedValues, Template


@dataclass(frozen=True, slots=True)
class Scene:
    """A scenario, and for each of its turns the values in the request: service, path, host …"""

    scenario: Scenario
    filled: tuple[Mapping[str, str], ...]


class _PlainStage(Stage):
    """A stage without a tone, which remembers the slots of each request."""

    def __init__(self, made: Template, seed: int, persona: str) -> None:
        super().__init__(made.name, made.split, seed, persona, made.size, made.windows)
        self.filled: list[Mapping[str, str]] = []

    def turn(
        self, texts: Sequence[str], steps: Sequence[Act], stated: StatedValues, items: str, why: str, **rest: Any
    ) -> None:
        super().turn(texts, steps, stated, items, why, **rest)
        slots = {name: value for name, value in rest.items() if name not in _OPTIONS}
        toned = self.turns[-1]
        # The identity of a wording ends on its number; an everyday request comes with one text, its number elsewhere.
        text = texts[int(toned.phrasing.rpartition(".")[2])] if len(texts) > 1 else texts[0]
        for slot, value in slots.items():
            text = text.replace(f"{{{slot}}}", value)
        self.turns[-1] = replace(toned, text=text)
        self.filled.append(slots)


_OPTIONS = frozenset({"kind", "count", "never", "phrasing", "exact"})


@cache
def scenes() -> Mapping[str, Template]:
    """Every template of the train split by name: the fleet's own, and those of this package."""
    own = {made.name: made for made in (*journeys.made(), *confirmations.made(), *questions.made())}
    train = templates("train")
    assert not own.keys() & train.keys()
    return {**train, **own}


def draw_scene(template: str, seed: int, persona: str) -> Scene:
    """The scene of a seed: always the same one. A KeyError on a name that is no train template is our own fault."""
    stage = _PlainStage(scenes()[template], seed, persona)
    scenes()[template].build(stage)
    return Scene(stage.scenario(), tuple(stage.filled))
