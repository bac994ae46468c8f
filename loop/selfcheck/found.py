"""What the reference agents scored, and where that is not what they must score."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Kind = Literal["reference", "truth_keeping", "truth_breaking", "lazy"]
KINDS: tuple[Kind, ...] = ("reference", "truth_keeping", "truth_breaking", "lazy")


@dataclass(frozen=True, slots=True)
class Mean:
    """What one agent scored on one metric."""

    kind: Kind
    agent: str
    task: str
    metric: str
    mean: float
    n: int
    """Number of samples that it is the mean of."""
    low: float
    high: float
    """Bounds of the mean; 0 and 1 where nothing is expected."""

    @property
    def ok(self) -> bool:
        return self.low <= self.mean <= self.high


@dataclass(frozen=True, slots=True)
class Miss:
    """A sample on which an agent scored what its answer must not score."""

    kind: Kind
    agent: str
    task: str
    sample: str
    metrics: tuple[str, ...]
    """Those with a wrong value."""
    answer: str
    why: str
    """What the scorer says about it."""


@dataclass
class SelfcheckReport:
    """All that a selfcheck found."""

    means: list[Mean] = field(default_factory=list)
    misses: list[Miss] = field(default_factory=list)

    def of(self, kind: Kind) -> list[Mean]:
        return [mean for mean in self.means if mean.kind == kind]


SHOWN = 3
"""Misses per agent and task that are told one by one; `--format json` has all."""


def wrong(checked: SelfcheckReport) -> list[str]:
    """A sentence for each mean out of bounds and for the first misses of each agent in each task."""
    return [_out_of_bounds(mean) for mean in checked.means if not mean.ok] + list(_told(checked.misses))


def _out_of_bounds(mean: Mean) -> str:
    said = f"{mean.agent} scored {mean.mean:.3f} on {mean.task}/{mean.metric}"
    if mean.kind == "lazy":
        return f"{said}, and the gate's floor must be higher; raise it in verdict/policies/default.yaml"
    return f"{said}, but {mean.low:g} to {mean.high:g} is expected"


def _told(misses: Iterable[Miss]) -> Iterable[str]:
    told: dict[tuple[str, str], int] = {}
    for miss in misses:
        told[miss.agent, miss.task] = number = told.get((miss.agent, miss.task), 0) + 1
        if number <= SHOWN:
            why = miss.why.splitlines()[0] if miss.why else "no reason"
            score = "0" if miss.kind == "truth_keeping" else "1"
            yield (
                f"{miss.agent} must not score {score} on {', '.join(miss.metrics)} of {miss.task} {miss.sample}: "
                f"{miss.answer!r} ({why})"
            )


def to_records(checked: SelfcheckReport) -> dict[str, Any]:
    """The object of `--format json`."""
    return {
        "means": [asdict(mean) | {"ok": mean.ok} for mean in checked.means],
        "misses": [asdict(miss) for miss in checked.misses],
    }
