"""What a policy can decide on a suite, before anything is run: by simulation, through the gate's own checks.

Two equally good models do not answer alike: one sample in ten flips, half of them each way, and the samples of a family
flip together with a correlation of .3. A worse model loses that share and its drop. Families of samples share a chance
to be lost, and one to be won, drawn from beta distributions. The metrics are taken as independent, the champion as
above the marks of `improve_until` and the floors, and as the first; what is left are margins and slices.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aj.errors import ConfigError
from aj.files import SAMPLES
from verdict.checks import Demand, decide
from verdict.frozen import frozen_samples
from verdict.policy import MetricPolicy, Policy
from verdict.scores import ALL
from verdict.stats import MeanEstimate, difference_of_families

if TYPE_CHECKING:
    from rich.console import Group

FLIPS = 0.1
"""Share of samples that change between equally good models."""
CORRELATION = 0.3
"""Of such changes within a family."""
DRAWS = 300
WANTED = 0.8
"""A margin that passes an equally good candidate less often than this is not decided by its suite."""
DROPS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
"""In margins: what is simulated; between them, chances are interpolated."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One sample of a suite, as far as a plan needs it."""

    family: str
    slices: dict[str, str]


@dataclass(frozen=True, slots=True)
class PlanRow:
    """What the margin of one metric, or the fall that a slice may have, can tell on a suite; chances are in 0..1, drops
    in score."""

    metric: str
    """`task/metric`, or `task/metric name=value` of a slice."""
    samples: int
    families: int
    margin: float
    identical: bool
    """Does a candidate pass that gives the same answers?"""
    equal: float
    """The chance that an equally good one passes."""
    even: float
    """The true drop that passes once in two."""
    rarely: float
    """The true drop that passes once in twenty."""
    found: float | None
    """The true drop that is shown to be one four times in five; None if no drop up to 1.5 margins is."""

    @property
    def decided(self) -> bool:
        return self.identical and self.equal >= WANTED


@dataclass(frozen=True, slots=True)
class Plan:
    """What a whole policy can tell on a suite."""

    suite: str
    rows: tuple[PlanRow, ...]
    slices: tuple[PlanRow, ...]
    """For each gated kind of slice, what its value with the fewest families can tell."""
    identical: bool
    """Is a candidate with the same answers promoted?"""
    equal: float
    """The chance that an equally good candidate is promoted."""


def plan(
    policy: Policy, suite: str, asks: Callable[[str, dict[str, Any]], bool], suites: Path = SAMPLES, draws: int = DRAWS
) -> Plan:
    """Plan a policy on the frozen samples of a suite; `asks` says whether a sample asks for a metric.

    Raises:
        ConfigError: a task of the policy has no frozen samples, or a metric is asked of fewer than two families, or no
            sample has a slice of the policy.
    """
    asked = {name: _questions(name, suite, asks, suites) for name in policy.metrics}
    for name, rule in policy.metrics.items():
        for key in rule.slices:
            if not any(key in question.slices for question in asked[name]):
                raise ConfigError(f"{name}: no sample of the suite {suite} has a slice {key!r}; correct the policy.")
    rows = tuple(_row(name, rule, asked[name], policy, draws) for name, rule in policy.metrics.items())
    slices = tuple(
        _slice_row(name, key, fall, asked[name], policy, draws)
        for name, rule in policy.metrics.items()
        for key, fall in rule.slices.items()
    )
    random = np.random.default_rng(0)
    changes = {name: _changes(questions, 0.0, draws, random) for name, questions in asked.items()}

    def promoted(draw: int) -> bool:
        named = policy.metrics.items()
        demands = [
            demand for name, rule in named for demand in planned_demands(name, rule, asked[name], changes[name][draw])
        ]
        return all(check.state == "passed" for check in decide(demands, policy))

    equal = float(np.mean([promoted(draw) for draw in range(draws)]))
    return Plan(suite, rows, slices, all(row.identical for row in rows), equal)


def _questions(name: str, suite: str, asks: Callable[[str, dict[str, Any]], bool], suites: Path) -> list[Planned]:
    task, metric = name.split("/")
    path = suites / f"{task}.jsonl"
    if not path.is_file():
        raise ConfigError(f"{path} does not exist, so nothing is known of {name}; correct the policy.")
    found = [
        Planned(record["template"], {key: str(value) for key, value in record["slice"].items()})
        for record in frozen_samples(path, suite)
        if asks(metric, record)
    ]
    if len({question.family for question in found}) < 2:
        raise ConfigError(f"{name}: the suite {suite} asks for it in fewer than two families; correct the policy.")
    return found


def _row(name: str, rule: MetricPolicy, questions: Sequence[Planned], policy: Policy, draws: int) -> PlanRow:
    alpha = 1 - policy.confidence
    return _simulated(
        name,
        rule.margin,
        questions,
        lambda estimate: estimate.p_above(-rule.margin) < alpha,
        lambda estimate: estimate.p_below(0.0) < alpha,
        draws,
    )


def _slice_row(name: str, key: str, fall: float, questions: Sequence[Planned], policy: Policy, draws: int) -> PlanRow:
    """Of the values of a slice, that with the fewest families; it passes if it is not seen to fall too far."""
    alpha, margin = 1 - policy.confidence, policy.metrics[name].margin
    parts: dict[str, list[Planned]] = {}
    for question in questions:
        if key in question.slices:
            parts.setdefault(question.slices[key], []).append(question)
    value, part = min(parts.items(), key=lambda item: (len({q.family for q in item[1]}), len(item[1]), item[0]))
    return _simulated(
        f"{name} {key}={value}",
        fall,
        part,
        lambda estimate: estimate.mean > -fall,
        lambda estimate: estimate.mean < -margin and estimate.p_below(0.0) < alpha,
        draws,
    )


def _simulated(
    name: str,
    margin: float,
    questions: Sequence[Planned],
    passes: Callable[[MeanEstimate], bool],
    falls: Callable[[MeanEstimate], bool],
    draws: int,
) -> PlanRow:
    """How often true drops pass, and how often they are shown to be one."""
    random = np.random.default_rng(0)
    passing, showing = [], []
    for share in DROPS:
        drawn = [_estimate(questions, change) for change in _changes(questions, share * margin, draws, random)]
        passing.append(float(np.mean([passes(estimate) for estimate in drawn])))
        showing.append(float(np.mean([falls(estimate) for estimate in drawn])))
    drops = [share * margin for share in DROPS]
    still = _estimate(questions, np.zeros(len(questions)))
    return PlanRow(
        metric=name,
        samples=len(questions),
        families=still.families,
        margin=margin,
        identical=passes(still),
        equal=passing[0],
        even=_crossing(drops, passing, 0.5),
        rarely=_crossing(drops, passing, 0.05),
        found=_crossing(drops, [-chance for chance in showing], -0.8) if max(showing) >= 0.8 else None,
    )


def _crossing(drops: Sequence[float], falling: Sequence[float], level: float) -> float:
    """The drop at which a falling curve reaches a level, at least 0."""
    return float(np.interp(-level, [-value for value in np.minimum.accumulate(falling)], drops))


def planned_demands(name: str, rule: MetricPolicy, questions: Sequence[Planned], change: np.ndarray) -> list[Demand]:
    """What a metric's policy demands of the changes of these samples."""
    demands = [Demand(name, "margin", ALL, _estimate(questions, change), -rule.margin, 0.0, strict=rule.strict)]
    for key, fall in rule.slices.items():
        for value in sorted({question.slices[key] for question in questions if key in question.slices}):
            within = [index for index, question in enumerate(questions) if question.slices.get(key) == value]
            part = _estimate([questions[index] for index in within], change[within])
            demands.append(Demand(name, "slice", f"{key}={value}", part, -fall, 0.0, rule.margin))
    return demands


def _estimate(questions: Sequence[Planned], change: np.ndarray) -> MeanEstimate:
    _, place = np.unique([question.family for question in questions], return_inverse=True)
    return difference_of_families(np.bincount(place, change), np.bincount(place))


def _changes(questions: Sequence[Planned], drop: float, draws: int, random: np.random.Generator) -> np.ndarray:
    """Per draw, what each sample loses (-1) or wins (1)."""
    families, place = np.unique([question.family for question in questions], return_inverse=True)

    def chances(rate: float) -> np.ndarray:
        spread = (1 - CORRELATION) / CORRELATION
        return random.beta(rate * spread, (1 - rate) * spread, (draws, len(families)))[:, place]

    lost = random.random((draws, len(questions))) < chances(FLIPS / 2 + drop)
    kept = 1 - FLIPS / 2 - drop
    won = random.random((draws, len(questions))) < chances(FLIPS / 2 / kept)
    return np.where(lost, -1.0, won.astype(float))


def to_record(found: Plan) -> dict[str, Any]:
    """For `--format json`."""
    return asdict(found)


def table(found: Plan) -> "Group":
    """For the terminal, within 80 columns."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Group
    from rich.table import Table

    title = f"What the policy can decide on the suite {found.suite}"
    shown = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    shown.add_column("metric", overflow="fold")
    for column in ("n", "fam.", "margin", "equal", "50%", "5%", "found"):
        shown.add_column(column, justify="right")
    for row in (*found.rows, *found.slices):
        numbers = f"{row.samples}", f"{row.families}", f"{row.margin:.2f}"
        drops = f"{row.even:.2f}", f"{row.rarely:.2f}", "-" if row.found is None else f"{row.found:.2f}"
        shown.add_row(row.metric, *numbers, f"{row.equal:.2f}", *drops, style="" if row.decided else "yellow")
    same = "always" if found.identical else "never"
    told = (
        f"equal: the chance that an equally good candidate passes, if {FLIPS:.0%} of samples flip, correlated by "
        f"{CORRELATION} within families. 50%, 5%: the true drop that passes so often. found: the true drop that is "
        f"shown to be one four times in five. Of the slices, those with the fewest families. "
        f"The whole policy promotes a candidate with the same answers {same}, and "
        f"an equally good one with a chance of {found.equal:.2f}, the champion being above all marks and floors."
    )
    warnings = [
        f"{row.metric}: {row.families} families of samples do not decide a margin of {row.margin:.2f}; "
        "widen it, or add templates."
        for row in (*found.rows, *found.slices)
        if not row.decided
    ]
    return Group(shown, told, *warnings)
