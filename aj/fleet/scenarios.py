"""Scenarios: a fleet drawn from a seed and what a user asks of it, turn by turn; with the oracle's conversation."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from aj.contract import Contract
from aj.fleet.asks import ORDINALS, Ask, catalogue, draw_ask, draw_names
from aj.fleet.fleet import Fleet
from aj.fleet.oracle import solve
from aj.messages import Message, user
from aj.personas import load_personas
from aj.splits import Split


@dataclass(frozen=True, slots=True)
class Scenario:
    """A start state (host names and a seed) and the user's turns; plain data, so that it can be frozen in a file."""

    hosts: tuple[str, ...]
    seed: int
    asks: tuple[Ask, ...]

    def fleet(self) -> Fleet:
        return Fleet.draw(self.hosts, self.seed)

    def to_record(self) -> dict[str, Any]:
        return {"hosts": list(self.hosts), "seed": self.seed, "asks": [asdict(ask) for ask in self.asks]}


def scenario_from_record(record: dict[str, Any]) -> Scenario:
    """The inverse of `Scenario.to_record`; raises KeyError or TypeError on a record of another shape."""
    return Scenario(tuple(record["hosts"]), record["seed"], tuple(Ask(**ask) for ask in record["asks"]))


def play(scenario: Scenario, contract: Contract, until: int | None = None) -> tuple[list[Message], Fleet]:
    """The oracle's conversation over the first `until` turns (all by default), and the fleet it leaves behind."""
    fleet, rng = scenario.fleet(), Random(scenario.seed)
    messages: list[Message] = []
    for ask in scenario.asks[:until]:
        messages.append(user(ask.text))
        messages += solve(ask, messages, fleet, contract, rng)
    return messages, fleet


def draw_scenario(
    rng: Random,
    split: Split,
    intents: Sequence[str],
    persona: str | None = None,
    hosts: tuple[int, int] = (2, 4),
    refer_back: bool = True,
) -> Scenario:
    """One user asking for `intents` in turn. A later turn may name a host by its place in the list ("on the second
    one") or, with `refer_back`, by the turn before ("there too"), which a state block does not show."""
    seed = rng.randrange(2**31)
    names = draw_names(rng, split, rng.randint(*hosts))
    state = Fleet.draw(names, seed).hosts
    persona = persona or rng.choice(sorted(load_personas().personas))
    asks: list[Ask] = []
    for number, intent in enumerate(intents):
        scopes = catalogue().intents[intent].scopes
        scope = rng.choice(scopes)
        if scope != "host":
            asks.append(draw_ask(rng, split, intent, persona))
            continue
        before = asks[-1].host if asks else None
        if before and refer_back and rng.random() < 0.3:
            asks.append(draw_ask(rng, split, intent, persona, state[before], "again"))
        elif number and rng.random() < 0.4:
            position = rng.randrange(len(names))
            nth = "last" if position == len(names) - 1 and rng.random() < 0.5 else ORDINALS[position]
            asks.append(draw_ask(rng, split, intent, persona, state[names[position]], "ordinal", nth))
        else:
            asks.append(draw_ask(rng, split, intent, persona, state[rng.choice(names)]))
    return Scenario(tuple(names), seed, tuple(asks))
