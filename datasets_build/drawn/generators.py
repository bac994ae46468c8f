"""The generators of rows by name. Each is a stream: the rows that come first do not depend on how many are taken."""

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from functools import partial
from random import Random

from aj.contract import Contract
from aj.messages import Row
from datasets_build.drawn import templated
from datasets_build.drawn.old_shape import old_shape
from datasets_build.recipe import AnyPart, ConvertedPart, CountedPart, DialoguesPart
from scenarios.catalogue import CATEGORIES, templates
from scenarios.scenario import Template

Draw = Callable[[Random, Contract, int], Iterator[Row]]

COUNTED: dict[str, Draw] = {
    "tasks": templated.tasks,
    "contexts": templated.contexts,
    "dictated": templated.dictated,
    "talks": templated.talks,
    "state_blocks": templated.state_blocks,
    "plans": templated.plans,
    "chats": templated.chats,
    "old_shape": old_shape,
}
"""Generators of which a recipe says only how many rows they give."""


def generator_of(part: CountedPart | DialoguesPart) -> Draw:
    """The generator of a part's rows."""
    return COUNTED[part.kind] if isinstance(part, CountedPart) else partial(templated.dialogues, turns=part.turns)


DRAWN_FROM: dict[str, tuple[str, ...]] = {
    "corrections": ("patterns.train_*",),
    "old_shape": ("patterns.train_*",),
    "dialogues": ("everyday.train_[0-9]",),
    "tasks": tuple(f"{category}.*" for category in CATEGORIES),
    "contexts": ("ladder.train_*",),
    "dictated": ("hard_values.train_*",),
    "talks": ("talk.train",),
    "state_blocks": ("everyday.train_block",),
    "plans": ("everyday.train_remote",),
    "chats": ("everyday.train_remote",),
    "near_misses": ("everyday.train_block", "ladder.train_*"),
    "worded": ("*",),
}
"""Which templates of the train split a part of each kind may draw, as patterns of their names."""


def templates_of(part: AnyPart) -> list[Template]:
    """The templates that a part may draw: a new one among them makes another data set. Files are drawn from none."""
    patterns = () if isinstance(part, ConvertedPart) else DRAWN_FROM[part.kind]
    return [made for name, made in templates("train").items() if any(fnmatchcase(name, glob) for glob in patterns)]
