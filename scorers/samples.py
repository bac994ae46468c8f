"""What an eval sample carries to its scorer: its case, rebuilt from plain data, and the trace of the agent's actions.

The agent loop writes these and the checks read them, so nothing here judges: a changed check asks no question anew.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from inspect_ai.util import StoreModel
from pydantic import Field

from aj.acts import Act, meaning_of
from aj.contract import Contract, load_contract
from aj.files import digest
from aj.messages import Message, Mode, from_record
from fleet.fleet import Fleet
from scenarios.catalogue import scenario_from_record
from scenarios.scenario import Scenario, ScriptedTurn

Seen = tuple[str, str]
"""(host, or "" for AJ's own machine and results of no single host; text of a tool result)"""


@dataclass(frozen=True, slots=True)
class Case:
    """A sample's ground truth: the scenario, and the conversation shown in the prompt."""

    contract: Contract
    mode: Mode
    past: tuple[Message, ...]
    scenario: Scenario

    @property
    def turn(self) -> ScriptedTurn:
        """The current user turn: the last one that the prompt shows."""
        return self.scenario.turns[self.begun - 1]

    @property
    def begun(self) -> int:
        """Number of user turns that the prompt shows."""
        return sum(message.role == "user" for message in self.past)

    def fleet(self) -> Fleet:
        """The fleet at the moment the model is asked, after replaying the earlier calls."""
        return replay(self.scenario, self.past, self.contract)


@cache
def world(template: str, seed: int, persona: str, contract: str) -> str:
    """Identity of a scenario and its contract. Samples carry it, so that none is graded by a later truth."""
    scenario = scenario_from_record({"template": template, "seed": seed, "persona": persona})
    return digest(repr(scenario), load_contract(contract).hash)


def replay(scenario: Scenario, past: Sequence[Message], contract: Contract) -> Fleet:
    """A new fleet after the calls of `past`, which the contract accepted."""
    fleet = scenario.fleet()
    for message in past:
        if message.call:
            fleet.dispatch(meaning_of(message.call, contract))
    return fleet


def case_of(metadata: dict[str, Any]) -> Case:
    """Rebuild the case from a sample's metadata. It is our own data, so a KeyError is our fault."""
    return Case(
        contract=load_contract(metadata["contract"]),
        mode=metadata["mode"],
        past=tuple(from_record(record) for record in metadata["past"]),
        scenario=scenario_from_record(metadata["scenario"]),
    )


class Trace(StoreModel):
    """What happened, for scoring now or later; reassigned, not mutated, so that changes are logged."""

    turns: list[dict[str, Any]] = Field(default_factory=list)
    """Per user turn: {"calls": [{"tool", "params", "valid", "refused": code if it got an error instead of a result}],
    "answer": text or None, "error": code or None, "sources": texts that an answer may use}"""
    seen: list[Seen] = Field(default_factory=list)
    """(host, text) of every result, including earlier ones."""
    changed: dict[str, tuple[str | None, str | None]] = Field(default_factory=dict)
    """The difference between the end state and the initial state: see `fleet.snapshot.diff`."""
    gaps: list[tuple[str, str]] = Field(default_factory=list)
    """(kind, what) of each thing that a real host has and the fleet lacks: asked for one, the sample ends."""
    simulator: str | None = None
    """Why the simulated user failed, if it did: the sample then says nothing about the model."""


def seen_on(act: Act, text: str, names: Iterable[str]) -> list[Seen]:
    """An act's result as (host, text) pairs; a fleet-wide result is split into the blocks of `names`.

    Only at those names: an INI file shown for the whole fleet has blank lines and `[sections]` of its own.
    """
    if act.kind != "on_all":
        return [(act.host, text)]
    heads = "|".join(map(re.escape, names))
    _, *parts = re.split(rf"(?:\A|\n\n)\[({heads})\](?=\n| ERROR: )", text)
    return [(name, said.strip()) for name, said in zip(parts[::2], parts[1::2], strict=True)]
