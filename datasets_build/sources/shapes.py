"""The known shapes of records: which source a record comes from, and what it would teach."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Parsed
from datasets_build.sources import agentinstruct, existing, native, rendered, toucan, trajectories
from datasets_build.sources.chats import choices, conversations, exchanges, logs, named, traces
from datasets_build.sources.chats.marks import demand_learned
from datasets_build.sources.glaive import records as glaive
from datasets_build.sources.openwebui import exports as openwebui

Value = Mapping[str, Any]

_WAY_OUT = (
    'write it as {"messages": [{"role", "content"}, …]}, {"prompt", "completion"} or {"prompt", "chosen", "rejected"}'
)


class Shape(NamedTuple):
    """A documented shape of a record."""

    matches: Callable[[Value], bool]
    parse: Callable[[Value], Iterator[Parsed]]
    names: frozenset[str] | None = None
    """Keys of which a record of this shape has at least one; None if it may have any."""


SHAPES: dict[str, Shape] = {
    "rendered": Shape(rendered.matches, rendered.parse, frozenset(("part",))),
    "native": Shape(native.matches, native.parse, frozenset(("messages",))),
    "openwebui": Shape(openwebui.matches, openwebui.parse),
    "toucan": Shape(toucan.matches, toucan.parse, frozenset(("messages",))),
    "glaive": Shape(glaive.matches, glaive.parse, frozenset(("chat",))),
    "agentinstruct": Shape(agentinstruct.matches, agentinstruct.parse, frozenset(("conversations",))),
    "traces": Shape(traces.matches, traces.parse, frozenset(traces.NAMES)),
    "trajectories": Shape(trajectories.matches, trajectories.parse, frozenset(("trajectory",))),
    "preferences": Shape(choices.matches, choices.parse, frozenset(choices.REJECTED)),
    "logs": Shape(logs.matches, logs.parse, frozenset((*logs.REQUESTS, *conversations.COLUMNS))),
    "conversations": Shape(
        conversations.matches, conversations.parse, frozenset((*conversations.COLUMNS, conversations.MANY))
    ),
    "existing": Shape(existing.matches, existing.parse, frozenset(("response",))),
    "exchanges": Shape(exchanges.matches, exchanges.parse, frozenset(exchanges.REPLIES)),
    "named": Shape(named.matches, named.parse),
}
"""Every shape by the name of its source. They are tried in this order, so narrower ones come first."""


def shape_of(value: Value) -> str | None:
    """The name of the first shape that fits a record; None if none does."""
    return _fitting(value)[0]


def _fitting(value: Value) -> tuple[str | None, Value]:
    """The shape that fits a record, and what of the record it fits: what is not empty, or all of it.

    Tables of several shapes give each row the columns of all of them.
    """
    stated = value
    if not all(value.values()):
        stated = {name: one for name, one in value.items() if one or isinstance(one, str | int | float)}
    name = _fit(stated)
    return (name, stated) if name is not None or stated is value else (_fit(value), value)


def _fit(value: Value) -> str | None:
    return next((name for name in _possible(tuple(SHAPES), tuple(value)) if SHAPES[name].matches(value)), None)


@lru_cache(256)
def _possible(names: tuple[str, ...], keys: tuple[str, ...]) -> tuple[str, ...]:
    """The shapes that a record with these keys can have: the records of a file mostly have the same."""
    wanted = ((name, SHAPES[name].names) for name in names)
    return tuple(name for name, needed in wanted if needed is None or not needed.isdisjoint(keys))


def parse(value: Value) -> Iterator[Parsed]:
    """What a record would teach, one item for each conversation; a record of unknown shape is refused with its keys."""
    name, value = _fitting(value)
    if name is not None:
        try:
            demand_learned(value)
        except Refused as refused:
            yield refused
        else:
            yield from SHAPES[name].parse(value)
        return
    keys = ", ".join(sorted(map(str, value))[:12]) or "none"
    yield Refused("unknown_shape", f"a record of no known shape, with the keys {keys[:200]}; {_WAY_OUT}")
