"""What a policy demands of one metric or slice, and how data decides it: passed, failed or open.

Each check has a null hypothesis on either side, so that "not shown to hold" is never read as "shown not to hold":

    margin    passes if the paired difference is shown to be above -margin; fails if it is shown to be below 0 and the
              margin does not hold (the margin tolerates a drop inside it; `best` and floors stop a slow slide); if the
              metric is strict, it fails as soon as it is shown to be below 0
    best      the same as margin, against the earlier champion that scored most, if that is more than the reigning one
    floor     passes if the candidate's score is shown to be above the floor; fails if it is shown to be below
    improve   passes if the difference is shown to be above 0; asked only while the champion scores less than the mark
    slice     fails if the slice is shown to have fallen, by more than the metric's margin; stays open if it fell by
              more than `slices` allows, shown or not (25 samples rarely show anything); passes otherwise

Multiplicity: promotion needs all checks at once, an intersection-union test (Berger 1982), which needs no correction.
Rejection needs one of many, so failures are corrected by Holm's method (1979), metrics and slices as separate groups:
each group rejects an equally good candidate with a probability of at most 1 - confidence.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from verdict.noise import Noise
from verdict.policy import Policy
from verdict.scores import ALL
from verdict.stats import MeanEstimate, holm

CheckRule = Literal["margin", "best", "floor", "improve", "slice"]
State = Literal["passed", "failed", "open"]


@dataclass(frozen=True, slots=True)
class Check:
    """One requirement of the policy, and its result."""

    metric: str
    """task/metric."""
    rule: CheckRule
    slice: str
    state: State
    value: float
    """The paired difference; for a floor, the candidate's score."""
    low: float
    high: float
    """One-sided bounds, each at the policy's confidence."""
    threshold: float
    """What `value` is compared with."""
    samples_needed: int | None
    """For an open check: samples that would decide it if the truth is what was seen; None if no number would."""
    against: str | None = None
    """For `best`, the run of the earlier champion."""
    within_noise: bool | None = None
    """Whether the difference may be noise; None for floors and slices, and where the noise was not measured."""


@dataclass(frozen=True, slots=True)
class Demand:
    """A check before it is decided: `estimate` is compared with `threshold` to pass and `fail_under` to fail."""

    metric: str
    rule: CheckRule
    slice: str
    estimate: MeanEstimate
    threshold: float
    fail_under: float
    tolerated: float = -math.inf
    """What fell by at most this cannot fail, whatever is shown."""
    strict: bool = False
    """What is shown to fail fails, even if it passes as well."""
    against: str | None = None
    """For `best`, the run of the earlier champion."""


Level = Callable[[float], float]
"""What a p-value must be below to decide, if this alpha may be spent on it: alpha itself, where data is seen once."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A demand, and what its p-values say of it at a level."""

    demand: Demand
    state: State
    level: float
    """What the p-value of a pass had to be below."""

    def check(self, noise: Mapping[str, Noise] = MappingProxyType({})) -> Check:
        """With its bounds at that level, and with what would decide it if it is open.

        `noise`: `task/metric` -> what was measured of it.
        """
        demand, estimate = self.demand, self.demand.estimate
        needed = _samples_needed(demand, self.level) if self.state == "open" else None
        bounds = estimate.low(self.level), estimate.high(self.level)
        named = demand.metric, demand.rule, demand.slice
        within = None
        if demand.metric in noise and demand.slice == ALL and demand.rule != "floor":
            within = noise[demand.metric].explains(estimate.mean, estimate.n)
        return Check(*named, self.state, estimate.mean, *bounds, demand.threshold, needed, demand.against, within)


def decide(demands: Sequence[Demand], policy: Policy, levels: Sequence[Level] | None = None) -> list[Decided]:
    """Decide demands: passes at the policy's confidence, failures by Holm's method within each group.

    `levels[i]` is for `demands[i]`, where the data is looked at several times (`verdict.looks`).
    """
    alpha = 1 - policy.confidence
    shown: dict[int, bool] = {}
    for rules in (("margin", "best", "floor"), ("slice",)):
        group = [index for index, demand in enumerate(demands) if demand.rule in rules]
        p_values = [demands[index].estimate.p_below(demands[index].fail_under) for index in group]
        falls = holm(p_values, alpha, levels and [levels[index] for index in group])
        shown |= dict(zip(group, falls, strict=True))
    passing = [level(alpha) for level in levels] if levels else [alpha] * len(demands)
    return [
        Decided(demand, _state(demand, shown.get(index, False), passing[index]), passing[index])
        for index, demand in enumerate(demands)
    ]


def _state(demand: Demand, shown_below: bool, alpha: float) -> State:
    estimate = demand.estimate
    failed = shown_below and estimate.mean < -demand.tolerated
    if demand.rule == "slice":
        passed = not failed and estimate.mean > demand.threshold
    else:
        passed = estimate.p_above(demand.threshold) < alpha
        failed = failed and (demand.strict or not passed)
    return "failed" if failed else "passed" if passed else "open"


def _samples_needed(demand: Demand, alpha: float) -> int | None:
    """The smaller number of those that would show a pass or a failure, as far as the data point in that direction."""
    mean, options = demand.estimate.mean, []
    if mean > demand.threshold:
        options.append(demand.estimate.samples_needed(demand.threshold, alpha))
    if mean < demand.fail_under and demand.rule != "improve":
        options.append(demand.estimate.samples_needed(demand.fail_under, alpha))
    return min((option for option in options if option is not None), default=None)


def shown_value(check: Check) -> str:
    """A check's value in tables, with a sign where it may be noise."""
    return f"{'≈ ' if check.within_noise else ''}{check.value:+.3f}"


def reason(check: Check) -> str:
    """One sentence; for an open check, with what would decide it."""
    name = check.metric if check.slice == ALL else f"{check.metric} {check.slice}"
    noise = ", within the noise," if check.within_noise else ""
    interval = f"{check.value:+.3f} [{check.low:+.3f}, {check.high:+.3f}]{noise}"
    if check.rule == "floor":
        what = f"score {check.value:.3f} [{check.low:.3f}, {check.high:.3f}] against the floor {check.threshold:.2f}"
    elif check.rule == "improve":
        what = f"change {interval} where an improvement is required"
    else:
        to = f" to the earlier champion {check.against}" if check.against else ""
        what = f"change {interval}{to} where {check.threshold:+.2f} is tolerated"
    if check.state == "failed":
        return f"{name}: {what}: shown to be worse."
    if check.samples_needed:
        return f"{name}: {what}: not shown either way; about {check.samples_needed} samples would decide."
    return f"{name}: {what}: not shown either way, and more samples of the same kind would not decide it."
