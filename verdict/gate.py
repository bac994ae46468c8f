"""The regression gate: may this candidate replace the champion? PROMOTE, REJECT, INCONCLUSIVE or INVALID.

    INVALID        the logs are not evidence (`verdict.evidence`); nothing is computed
    REJECT         at least one check failed
    PROMOTE        every check passed
    INCONCLUSIVE   otherwise; gives the number of samples that would decide

What each check asks, and how it is decided: `verdict.checks`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aj.collector import uncollected
from aj.errors import AJError
from aj.files import SAMPLES, digest, logs_dir
from verdict.checks import Check, Demand, State, decide, reason, shown_value
from verdict.compare import TAIL
from verdict.earlier import best_earlier, held_against, read_champions
from verdict.evidence import Arm, problems
from verdict.noise import WITHIN, known, unlike_the_noise
from verdict.paired import paired
from verdict.policy import MetricPolicy, Policy
from verdict.scores import ALL, read_folder
from verdict.stats import MeanEstimate, holm
from verdict.tables import Sheet

if TYPE_CHECKING:
    from rich.console import Group


class GateOutcome(IntEnum):
    """The value is the exit code of `aj gate`."""

    PROMOTE = 0
    REJECT = 1
    INCONCLUSIVE = 2
    INVALID = 3


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
    """Hash of what the policy says; a key that it leaves out is none of it."""


@uncollected()
def gate(
    base: Path,
    candidate: Path,
    policy: Policy,
    logs: Path | None = None,
    suites: Path = SAMPLES,
    earlier: Sequence[Path] = (),
) -> Verdict:
    """Judge the eval folder `candidate` against that of the champion (of the base model, for a first champion).

    `logs` contains runs/ and datasets/ (default: `logs_dir()`), `suites` the frozen samples, `earlier` the evals of the
    champions before this one. Bad evidence raises nothing: the verdict is INVALID. Of an earlier champion, it is told
    and left out.
    """
    logs = logs or logs_dir()
    try:
        left, right = read_folder(base), read_folder(candidate)
        found = problems(left, right, policy.gated, policy.evidence, logs, suites)
        noise = known(left, right)
    except AJError as error:
        return verdict_of(GateOutcome.INVALID, [str(error)], [], {}, {}, policy)
    found += [problem for name, rule in policy.metrics.items() for problem in ungated(left, right, name, rule)]
    found += unlike_the_noise(left, right, noise, policy)
    if found:
        return verdict_of(GateOutcome.INVALID, found, [], left, right, policy)
    demands = [demand for name, rule in policy.metrics.items() for demand in demands_of(left, right, name, rule)]
    champions, left_out = read_champions(earlier, policy)

    def against(arm: Arm) -> list[str]:
        return problems(arm, right, policy.gated, policy.evidence, logs, suites)

    best, refused = best_earlier([left, *champions], left, right, policy, against)
    demands += held_against(best, right, policy)
    checks = [decided.check(noise) for decided in decide(demands, policy)]
    return concluded(checks, left, right, policy, [*left_out, *refused])


def concluded(checks: Sequence[Check], base: Arm, candidate: Arm, policy: Policy, notes: Sequence[str] = ()) -> Verdict:
    """The verdict that decided checks give; `notes` end its reasons."""
    telling = [check for check in checks if check.state == "failed"] or [c for c in checks if c.state == "open"]
    reasons = [reason(check) for check in telling] or [f"all {len(checks)} checks passed."]
    if worse := list(shown_worse(base, candidate, policy)):
        reasons.append(f"shown to be worse, but not gated: {'; '.join(worse)}.")
    outcome = outcome_of([check.state for check in checks])
    return verdict_of(outcome, [*reasons, *notes], checks, base, candidate, policy)


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


def ungated(base: Arm, candidate: Arm, name: str, rule: MetricPolicy) -> Iterator[str]:
    """A slice that the policy names must exist, and no part of it may be left out."""
    task, metric = name.split("/")
    if not rule.slices or task not in base or task not in candidate:
        return  # a missing task is among the `problems`
    columns = base[task].columns
    asked = columns.metric(metric).unasked == 0
    asking = [part for part, places in columns.places_by_slice().items() if asked[places].any()]
    there = paired(base[task], candidate[task], metric)
    for key in rule.slices:
        values = sorted(value for name, value in asking if name == key)
        if not values:
            yield f"{name}: the policy gates slices by {key!r}, but no sample has it; correct the policy."
        for value in values:
            if f"{key}={value}" not in there:
                yield f"{name}: no sample of {key}={value} is scored in both logs; see `inspect view`."


def demands_of(base: Arm, candidate: Arm, name: str, rule: MetricPolicy) -> Iterator[Demand]:
    """What the policy demands of a metric, and what both arms say of it; nothing where they share no sample."""
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


def verdict_of(
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
        run=None if policy.evidence.any_logs else told.get("run"),
        adapter=told.get("adapter"),
        reference=reference,
        policy=digest(policy.model_dump(exclude_defaults=True)),
    )


def _regressed(checks: Sequence[Check], policy: Policy) -> Iterator[str]:
    """Slices shown to be worse; if their metric failed as a whole, every slice that fell by more than its margin."""
    fallen = {check.metric for check in checks if check.rule == "margin" and check.state == "failed"}
    for check in checks:
        beyond = check.metric in fallen and check.value < -policy.metrics[check.metric].margin
        if check.rule == "slice" and (check.state == "failed" or beyond):
            yield f"{check.metric} {check.slice}"


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
    noisy = WITHIN if any(check.within_noise for check in verdict.checks) else ""
    sheet = Sheet("", ["metric", "slice", "rule", "result"], ["value", "bounds", "compared with"], noisy)
    for check in verdict.checks:
        numbers = shown_value(check), f"{check.low:+.3f} … {check.high:+.3f}", f"{check.threshold:+.2f}"
        colour = {"failed": "red", "open": "yellow"}.get(check.state, "")
        sheet.add(check.metric, check.slice, check.rule, check.state, *numbers, style=colour)
    return Group(*lines, *([sheet] if verdict.checks else []))
