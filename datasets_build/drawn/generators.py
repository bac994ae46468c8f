"""The generators of rows by name. Each is a stream: the rows that come first do not depend on how many are taken."""

from collections.abc import Callable, Iterator
from functools import partial
from random import Random

from aj.contract import Contract
from aj.messages import Row
from datasets_build.drawn import templated
from datasets_build.drawn.old_shape import old_shape
from datasets_build.recipe import CountedPart, DialoguesPart

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
