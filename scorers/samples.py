"""What a frozen eval sample carries to its scorer: a case in plain data, rebuilt into the world it came from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aj.contract import Contract, load_contract
from aj.messages import Message, Mode, from_record
from fleet.fleet import Fleet
from scenarios.registry import scenario_from_record
from scenarios.scenario import Scenario, Turn


@dataclass(frozen=True, slots=True)
class Case:
    """One sample's ground truth: the scenario, and the past that stood in the prompt."""

    contract: Contract
    mode: Mode
    past: tuple[Message, ...]
    scenario: Scenario

    @property
    def turn(self) -> Turn:
        """The user's turn at hand: the last one that the prompt shows."""
        return self.scenario.turns[self.begun - 1]

    @property
    def begun(self) -> int:
        """How many of the user's turns the prompt shows."""
        return sum(message.role == "user" for message in self.past)

    def fleet(self) -> Fleet:
        """The fleet as it stands when the model is asked: the calls of the past, made again."""
        return replay(self.scenario, self.past, self.contract)


def replay(scenario: Scenario, past: Sequence[Message], contract: Contract) -> Fleet:
    """A new fleet after the calls of `past`, which the contract accepted."""
    fleet = scenario.fleet()
    for message in past:
        if message.call:
            fleet.dispatch(message.call, contract)
    return fleet


def case_of(metadata: dict[str, Any]) -> Case:
    """Rebuild the case from a sample's metadata; our own data, so a KeyError is our fault and surfaces."""
    return Case(
        contract=load_contract(metadata["contract"]),
        mode=metadata["mode"],
        past=tuple(from_record(record) for record in metadata["past"]),
        scenario=scenario_from_record(metadata["scenario"]),
    )
