"""The regression gate: may this candidate replace the champion? PROMOTE, REJECT, INCONCLUSIVE or INVALID.

    INVALID        the logs are not evidence (`verdict.evidence`); nothing is computed
    REJECT         at least one check failed
    PROMOTE        every check passed
    INCONCLUSIVE   otherwise; gives the number of samples that would decide

Each check has a null hypothesis on either side, so that "not shown to hold" is never read as "shown not to hold":

    margin    passes if the paired difference is shown to be above -margin; fails if it is shown to be below 0 and the
              margin does not hold (the margin tolerates a drop inside it; floors stop a slow slide); if the metric is
              strict, it fails as soon as it is shown to be below 0
    floor     passes if the candidate's score is shown to be above the floor; fails if it is shown to be below
    improve   passes if the difference is shown to be above 0; asked only while the champion scores less than the mark
    slice     fails if the slice is shown to have fallen, by more than the metric's margin; stays open if it fell by
              more than `slices` allows, shown or not (25 samples rarely show anything); passes otherwise

Multiplicity: promotion needs all checks at once, an intersection-union test (Berger 1982), which needs no correction.
Rejection needs one of many, so failures are corrected by Holm's method (1979), metrics and slices as separate groups:
each group rejects an equally good candidate with a probability of at most 1 - confidence.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from aj.errors import AJError
from aj.files import SAMPLES, digest, logs_dir
from verdict.compare import TAIL, paired
from verdict.evidence import Arm, problems
from verdict.policy import MetricPolicy, Policy
from verdict.scores import ALL, read_folder
from verdict.stats import MeanEstimate, holm
from verdict.tables import Sheet

if TYPE_CHECKING:
    from rich.console import Group


State = Literal["passed", "failed", "open"]


class GateOutcome(IntEnum):
    """The value is the exit code of `aj gate`."""

    PROMOTE = 0
    REJECT = 1
    INCONCLUSIVE = 2
    INVALID = 3


@dataclass(frozen=True, slots=True)
class Check:
    """One requirement of the policy, and its result."""

    metric: str
    """task/metric."""
    rule: Literal["margin", "floor", "improve", "slice"]
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


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's answer about one candidate and one reference."""

    outcome: GateOutcome
    reasons: tuple[str, ...]
    checks: tuple[Check, ...]
    regressed: tuple[str, ...]
    """Slices that got worse, as `task/metric slice=value`."""
    samples_needed: int | None
    """For the open check that needs most; None if nothing is open, or if more samples would not help."""
    run: str | None
    """The candidate's run; None if the logs do not say."""
    adapter: str | None
    reference: str | None
    """The reference's run, or `base`."""
    policy: str
    """Hash of the policy."""


def gate(base: Path, candidate: Path, policy: Policy, logs: Path | None = None, suites: Path = SAMPLES) -> Verdict:
    """Judge the eval folder `candidate` against that of the champion (of the base model, for a first champion).

    `logs` contains runs/ and datasets/ (default: `logs_dir()`), `suites` the frozen samples.
    Bad evidence raises nothing: the verdict is INVALID.
    """
    try:
        left, right = read_folder(base), read_folder(candidate)
        found = problems(left, right, policy.gated, policy.evidence, logs or logs_dir(), suites)
    except AJError as error:
        return _verdict(GateOutcome.INVALID, [str(error)], [], {}, {}, policy)
    found += [problem for name, rule in policy.metrics.items() for problem in _ungated(left, right, name, rule)]
    if found:
        return _verdict(GateOutcome.INVALID, found, [], left, right, policy)
    demands = [demand for name, rule in policy.metrics.items() for demand in _demands(left, right, name, rule)]
    checks = [decided.check() for decided in decide(demands, policy)]
    return concluded(checks, left, right, policy)


def concluded(checks: Sequence[Check], base: Arm, candidate: Arm, policy: Policy) -> Verdict:
    """The verdict that decided checks give."""
    telling = [check for check in checks if check.state == "failed"] or [c for c in checks if c.state == "open"]
    reasons = [reason(check) for check in telling] or [f"all {len(checks)} checks passed."]
    if worse := list(shown_worse(base, candidate, policy)):
        reasons.append(f"shown to be worse, but not gated: {'; '.join(worse)}.")
    return _verdict(outcome_of([check.state for check in checks]), reasons, checks, base, candidate, policy)


def outcome_of(states: Sequence[State]) -> GateOutcome:
    """One failed check rejects, and all must pass to promote."""
    if "failed" in states:
        return GateOutcome.REJECT
    if {*states} == {"passed"}:
        return GateOutcome.PROMOTE
    return GateOutcome.INCONCLUSIVE


def shown_worse(base: Arm, candidate: Arm, policy: Policy) -> Iterator[str]:
    """Every metric and slice that the policy does not gate and that is shown to have fallen, with its 95% interval.

    Corrected by Holm's method, metrics and slices as separate groups, like the checks themselves.
    """
    fallen: dict[bool, list[tuple[str, MeanEstimate]]] = {True: [], False: []}
    for task in base.keys() & candidate.keys():
        for metric in base[task].metrics:
            rule = policy.metrics.get(f"{task}/{metric}")
            for label, pairs in paired(base[task], candidate[task], metric).items():
                if not (rule and (label == ALL or label.split("=")[0] in rule.slices)):
                    name = f"{task}/{metric}" if label == ALL else f"{task}/{metric} {label}"
                    fallen[label == ALL].append((name, pairs.difference()))
    for group in fallen.values():
        shown = holm([change.p_below(0.0) for _, change in group], 1 - policy.confidence)
        for (name, change), worse in sorted(zip(group, shown, strict=True), key=lambda item: item[0][0]):
            if worse:
                yield f"{name} {change.mean:+.3f} [{change.low(TAIL):+.3f}, {change.high(TAIL):+.3f}]"


def _ungated(base: Arm, candidate: Arm, name: str, rule: MetricPolicy) -> Iterator[str]:
    """A slice that the policy names must exist, and no part of it may be left out."""
    task, metric = name.split("/")
    if task not in base or task not in candidate:
        return  # `problems` says so
    samples = [sample for sample in base[task].samples.values() if not sample.unasked.get(metric)]
    there = paired(base[task], candidate[task], metric)
    for key in rule.slices:
        values = sorted({sample.slices[key] for sample in samples if key in sample.slices})
        if not values:
            yield f"{name}: the policy gates slices by {key}, but no sample has it; correct the policy."
        for value in values:
            if f"{key}={value}" not in there:
                yield f"{name}: no sample of {key}={value} is scored in both logs; see `inspect view`."


@dataclass(frozen=True, slots=True)
class Demand:
    """A check before it is decided: `estimate` is compared with `threshold` to pass and `fail_under` to fail."""

    metric: str
    rule: Literal["margin", "floor", "improve", "slice"]
    slice: str
    estimate: MeanEstimate
    threshold: float
    fail_under: float
    tolerated: float = -math.inf
    """What fell by at most this cannot fail, whatever is shown."""
    strict: bool = False
    """What is shown to fail fails, even if it passes as well."""


def _demands(base: Arm, candidate: Arm, name: str, rule: MetricPolicy) -> Iterator[Demand]:
    task, metric = name.split("/")
    for label, pairs in paired(base[task], candidate[task], metric).items():
        if label == ALL:
            change = pairs.difference()
            yield Demand(name, "margin", ALL, change, -rule.margin, 0.0, strict=rule.strict)
            if rule.floor is not None:
                yield Demand(name, "floor", ALL, pairs.score(), rule.floor, rule.floor)
            if rule.improve_until is not None and pairs.a.mean() < rule.improve_until:
                yield Demand(name, "improve", ALL, change, 0.0, 0.0)
        elif (fall := rule.slices.get(label.split("=")[0])) is not None:
            yield Demand(name, "slice", label, pairs.difference(), -fall, 0.0, rule.margin)


@dataclass(frozen=True, slots=True)
class Levels:
    """What a p-value must be below to decide a demand, if alpha is what may be spent on it."""

    passing: Callable[[float], float]
    failing: Callable[[float], float]


def _alone(alpha: float) -> float:
    return alpha


ONCE = Levels(_alone, _alone)
"""Of data that is looked at once."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A demand, and what its p-values say of it at a level."""

    demand: Demand
    state: State
    level: float
    """What the p-value of a pass had to be below."""

    def check(self) -> Check:
        """With its bounds at that level, and with what would decide it if it is open."""
        demand, estimate = self.demand, self.demand.estimate
        needed = _samples_needed(demand, self.level) if self.state == "open" else None
        bounds = estimate.low(self.level), estimate.high(self.level)
        named = demand.metric, demand.rule, demand.slice
        return Check(*named, self.state, estimate.mean, *bounds, demand.threshold, needed)


def decide(demands: Sequence[Demand], policy: Policy, levels: Sequence[Levels] | None = None) -> list[Decided]:
    """Decide demands: passes at the policy's confidence, failures by Holm's method within each group.

    `levels[i]` is for `demands[i]`, where the data is looked at several times (`verdict.looks`).
    """
    alpha = 1 - policy.confidence
    levels = levels or [ONCE] * len(demands)
    shown: dict[int, bool] = {}
    for rules in (("margin", "floor"), ("slice",)):
        group = [index for index, demand in enumerate(demands) if demand.rule in rules]
        p_values = [demands[index].estimate.p_below(demands[index].fail_under) for index in group]
        falls = holm(p_values, alpha, [levels[index].failing for index in group])
        shown |= dict(zip(group, falls, strict=True))
    passing = [level.passing(alpha) for level in levels]
    states = [_state(demand, shown.get(index, False), passing[index]) for index, demand in enumerate(demands)]
    return [Decided(*told) for told in zip(demands, states, passing, strict=True)]


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


def _verdict(
    outcome: GateOutcome, reasons: Sequence[str], checks: Sequence[Check], base: Arm, candidate: Arm, policy: Policy
) -> Verdict:
    told = next(iter(candidate.values())).metadata if candidate else {}
    reference = next(iter(base.values())).metadata.get("run") if base else None
    open_checks = [check for check in checks if check.state == "open"]
    undecidable = any(check.samples_needed is None for check in open_checks)
    needed = max((check.samples_needed or 0 for check in open_checks), default=0)
    return Verdict(
        outcome=outcome,
        reasons=tuple(reasons),
        checks=tuple(checks),
        regressed=tuple(_regressed(checks, policy)),
        samples_needed=None if undecidable or not needed or outcome != GateOutcome.INCONCLUSIVE else needed,
        run=told.get("run"),
        adapter=told.get("adapter"),
        reference=reference,
        policy=digest(policy.model_dump()),
    )


def _regressed(checks: Sequence[Check], policy: Policy) -> Iterator[str]:
    """Slices shown to be worse; if their metric failed as a whole, every slice that fell by more than its margin."""
    fallen = {check.metric for check in checks if check.rule == "margin" and check.state == "failed"}
    for check in checks:
        beyond = check.metric in fallen and check.value < -policy.metrics[check.metric].margin
        if check.rule == "slice" and (check.state == "failed" or beyond):
            yield f"{check.metric} {check.slice}"


def reason(check: Check) -> str:
    """One sentence; for an open check, with what would decide it."""
    name = check.metric if check.slice == ALL else f"{check.metric} {check.slice}"
    interval = f"{check.value:+.3f} [{check.low:+.3f}, {check.high:+.3f}]"
    if check.rule == "floor":
        what = f"score {check.value:.3f} [{check.low:.3f}, {check.high:.3f}] against the floor {check.threshold:.2f}"
    elif check.rule == "improve":
        what = f"change {interval} where an improvement is required"
    else:
        what = f"change {interval} where {check.threshold:+.2f} is tolerated"
    if check.state == "failed":
        return f"{name}: {what}: shown to be worse."
    if check.samples_needed:
        return f"{name}: {what}: not shown either way; about {check.samples_needed} samples would decide."
    return f"{name}: {what}: not shown either way, and more samples of the same kind would not decide it."


def to_record(verdict: Verdict) -> dict[str, Any]:
    """For `--format json`, `champion.json` and the history; `outcome` is its name."""
    return {**asdict(verdict), "outcome": verdict.outcome.name}


def panel(verdict: Verdict) -> "Group":
    """For the terminal: the verdict, its reasons, then every check."""
    from rich.console import Group
    from rich.text import Text

    style = {"PROMOTE": "green", "REJECT": "red"}.get(verdict.outcome.name, "yellow")
    lines = [Text(verdict.outcome.name, f"bold {style}"), *(Text(f"  {reason}") for reason in verdict.reasons)]
    if verdict.regressed:
        lines += [Text("got worse:"), *(Text(f"  {name}") for name in verdict.regressed)]
    sheet = Sheet("", ["metric", "slice", "rule", "result"], ["value", "bounds", "compared with"])
    for check in verdict.checks:
        numbers = f"{check.value:+.3f}", f"{check.low:+.3f} … {check.high:+.3f}", f"{check.threshold:+.2f}"
        colour = {"failed": "red", "open": "yellow"}.get(check.state, "")
        sheet.add(check.metric, check.slice, check.rule, check.state, *numbers, style=colour)
    return Group(*lines, *([sheet] if verdict.checks else []))
