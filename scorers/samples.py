"""What a frozen eval sample carries to its scorer: a case in plain data, rebuilt into the world it came from."""

from dataclasses import dataclass
from typing import Any

from aj.contract import Contract, load_contract
from aj.fleet.asks import Ask
from aj.fleet.fleet import Fleet
from aj.fleet.scenarios import Scenario, play, scenario_from_record
from aj.messages import Message, Mode, from_record


@dataclass(frozen=True, slots=True)
class Case:
    """One sample's ground truth: the scenario, and the past that stood in the prompt."""

    contract: Contract
    mode: Mode
    past: tuple[Message, ...]
    scenario: Scenario | None

    @property
    def ask(self) -> Ask:
        """The ask at hand; only samples with a scenario have one."""
        assert self.scenario is not None
        return self.scenario.asks[-1]

    def fleet(self) -> Fleet:
        """The fleet as it stands when the model is asked: earlier turns played by the oracle, as in `past`."""
        assert self.scenario is not None
        return play(self.scenario, self.contract, until=len(self.scenario.asks) - 1)[1]


def case_of(metadata: dict[str, Any]) -> Case:
    """Rebuild the case from a sample's metadata; our own data, so a KeyError is our fault and surfaces."""
    scenario = metadata.get("scenario")
    return Case(
        contract=load_contract(metadata["contract"]),
        mode=metadata["mode"],
        past=tuple(from_record(record) for record in metadata["past"]),
        scenario=scenario_from_record(scenario) if scenario else None,
    )
