"""The known shapes of records: which source a record comes from, and what it would teach."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Parsed
from datasets_build.sources import agentinstruct, existing, native, rendered, toucan, trajectories
from datasets_build.sources.chats import choices, conversations, exchanges, logs, named
from datasets_build.sources.chats.marks import demand_learned
from datasets_build.sources.glaive import records as glaive
from datasets_build.sources.openwebui import exports as openwebui

Value = Mapping[str, Any]


class Shape(NamedTuple):
    """A documented shape of a record."""

    matches: Callable[[Value], bool]
    parse: Callable[[Value], Iterator[Parsed]]


SHAPES: dict[str, Shape] = {
    "rendered": Shape(rendered.matches, rendered.parse),
    "native": Shape(native.matches, native.parse),
    "openwebui": Shape(openwebui.matches, openwebui.parse),
    "toucan": Shape(toucan.matches, toucan.parse),
    "glaive": Shape(glaive.matches, glaive.parse),
    "agentinstruct": Shape(agentinstruct.matches, agentinstruct.parse),
    "trajectories": Shape(trajectories.matches, trajectories.parse),
    "preferences": Shape(choices.matches, choices.parse),
    "logs": Shape(logs.matches, logs.parse),
    "conversations": Shape(conversations.matches, conversations.parse),
    "existing": Shape(existing.matches, existing.parse),
    "exchanges": Shape(exchanges.matches, exchanges.parse),
    "named": Shape(named.matches, named.parse),
}
"""Every shape by the name of its source. They are tried in this order, so narrower ones come first."""


def shape_of(value: Value) -> str | None:
    """The name of the first shape that fits a record; None if none does."""
    return next((name for name, shape in SHAPES.items() if shape.matches(value)), None)


def parse(value: Value) -> Iterator[Parsed]:
    """What a record would teach, one item for each conversation; a record of unknown shape is refused with its keys."""
    name = shape_of(value)
    if name is not None:
        try:
            demand_learned(value)
        except Refused as refused:
            yield refused
        else:
            yield from SHAPES[name].parse(value)
        return
    keys = ", ".join(sorted(map(str, value))[:12]) or "none"
    yield Refused("unknown_shape", f"a record of no known shape; its keys: {keys[:200]}")
