"""What the oracle asks the fleet for and the fleet lacks: nothing, or the evals ask for what cannot be played."""

from collections.abc import Iterator
from dataclasses import dataclass

from aj.contract import load_contract
from evals.frozen import dataset
from evals.suite import TASKS
from fleet.gaps import FleetGap
from scenarios.catalogue import scenario_from_record
from scenarios.oracle import play


@dataclass(frozen=True, slots=True)
class GapFound:
    """A gap of the fleet that a sample's oracle meets."""

    task: str
    sample: str
    kind: str
    what: str


def gaps(suite: str, contract: str = "aj", limit: int | None = None) -> Iterator[GapFound]:
    """The gaps that the oracle meets over the suite.

    Args:
        limit: samples per task.
    """
    played: dict[str, FleetGap | None] = {}
    for task in TASKS:
        for sample in list(dataset(task, suite, contract))[:limit]:
            record = (sample.metadata or {})["scenario"]
            key = str(sorted(record.items()))
            if key not in played:
                played[key] = _met(record, contract)
            if found := played[key]:
                yield from (GapFound(task, str(sample.id), gap.kind, gap.what) for gap in found.gaps)


def _met(record: dict[str, object], contract: str) -> FleetGap | None:
    try:
        play(scenario_from_record(record), load_contract(contract))
    except FleetGap as gap:
        return gap
    return None
