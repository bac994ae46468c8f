"""What looking early costs and saves, by simulation through the gate's own functions: python benchmarks/looks.py

Prints two tables in Markdown. The first is about one margin: over base scores and correlations, the largest P(pass) of a
candidate that is worse by exactly the margin, and the largest P(fail) of an equal one, at any look. The second is about
the default policy on a frozen suite: verdicts of the fixed design and of looks, and the share of samples that looks took.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from aj.files import SAMPLES, read_jsonl
from gate import ALPHA, BASES, CORRELATIONS, DESIGNS, FLIPS, changes
from evals.suite import asks
from verdict.gate import Demand, GateOutcome, decide, outcome_of
from verdict.looks import SHARES, Look, follow, parts
from verdict.plan import CORRELATION, Planned
from verdict.plan import _demands as _demands_of
from verdict.policy import Limits, MetricPolicy, Policy, load_policy
from verdict.stats import difference_of_families

LIMITS = Limits(min_samples=25, max_errors=0.02, max_unscored=0.02)
Random = np.random.Generator


def one_margin(margin: float, draws: int, random: Random) -> None:
    policy = Policy(confidence=1 - ALPHA, evidence=LIMITS, metrics={"task/metric": MetricPolicy(margin=margin)})
    print(f"| margin {margin} | worse: once | worse: looks | equal passes: once | looks | equal fails: once | looks |")
    print("|---" * 7 + "|", flush=True)
    for label, sizes in DESIGNS.items():
        if not 50 <= sizes.sum() <= 500:
            continue
        worst, shown = np.zeros(2), np.zeros(2)
        for (_, won), rho in product(BASES.items(), CORRELATIONS if sizes.max() > 1 else (0.0,)):
            worst = np.maximum(worst, _rate("passed", changes(sizes, margin, won, rho, draws, random), sizes, policy))
            if won:
                shown = np.maximum(shown, _rate("failed", changes(sizes, 0.0, won, rho, draws, random), sizes, policy))
        equal = _rate("passed", changes(sizes, 0.0, FLIPS, 0.3, draws // 2, random), sizes, policy)
        cells = " | ".join(f"{number:.3f}" for number in (*worst, *equal, *shown))
        print(f"| {label} | {cells} |", flush=True)


def _rate(state: str, drawn: np.ndarray, sizes: np.ndarray, policy: Policy) -> np.ndarray:
    """How often a margin ends in a state: looked at once, and at every look of SHARES."""
    ends = [int(np.searchsorted(np.cumsum(sizes), share * sizes.sum()) + 1) for share in SHARES]
    margin = policy.metrics["task/metric"].margin
    found = np.zeros(2)
    for sums in drawn:
        order = np.random.default_rng(int(abs(sums).sum())).permutation(len(sums))
        told = [
            Look([_margin("task/metric", sums[order[:end]], sizes[order[:end]], margin)], {"task": end / ends[-1]})
            for end in ends
        ]
        found += decide(told[-1].demands, policy)[0].state == state, _ends(told, policy) == state
    return found / len(drawn)


def _margin(name: str, sums: np.ndarray, sizes: np.ndarray, margin: float) -> Demand:
    return Demand(name, "margin", "all", difference_of_families(sums, sizes), -margin, 0.0)


def _ends(told: Sequence[Look], policy: Policy) -> str:
    """The state at the look that decides, or at the last."""
    return next((state for state in (d[0].state for d in follow(told, policy)) if state != "open"), "open")


@dataclass(frozen=True)
class Task:
    """The frozen samples of a task, and how many of them, in the order of the looks, each look has."""

    records: list[dict]
    ends: list[int]


@dataclass(frozen=True)
class Case:
    """A candidate: what share of samples it wins (`won`) and how many more it loses than wins (`drop`)."""

    label: str
    drop: float
    won: float = FLIPS
    only: str = ""
    """The one metric that is so; the others are equal."""
    slice: str = ""
    """The one slice of it that is lost."""


def tasks_of(suite: str, policy: Policy) -> dict[str, Task]:
    found = {}
    for task in policy.gated:
        records = [r for _, r in read_jsonl(SAMPLES / f"{task}.jsonl") if suite == "full" or r["small"]]
        sets = parts(records)
        place = {name: number for number, name in enumerate(sets[-1])}
        found[task] = Task(sorted(records, key=lambda r: place[r["id"]]), [len(part) for part in sets])
    return found


def whole_policy(suite: str, case: Case, draws: int, random: Random) -> None:
    policy = load_policy()
    tasks = tasks_of(suite, policy)
    once, early, used = Counter(), Counter(), []
    for _ in range(draws):
        drawn = {
            name: _one_metric(name, tasks[name.split("/")[0]].records, case, random) for name in policy.metrics
        }
        told = _looks(tasks, drawn, policy)
        once[outcome_of([one.state for one in decide(told(len(SHARES)).demands, policy)]).name] += 1
        outcome, share = _until(tasks, told, policy)
        early[outcome] += 1
        used.append(share)
    rate = " | ".join(f"{counts[name] / draws:.3f}" for counts in (once, early) for name in ("PROMOTE", "REJECT"))
    print(f"| {suite}: {case.label} | {rate} | {np.mean(used):.2f} |", flush=True)


def _one_metric(name: str, records: list[dict], case: Case, random: Random) -> np.ndarray:
    """What each sample loses (-1) or wins (1)."""
    hit = not case.only or case.only == name
    drop, won = (case.drop, case.won) if hit and not case.slice else (0.0, FLIPS)
    families, place = np.unique([r["template"] for r in records], return_inverse=True)

    def chances(rate: float) -> np.ndarray:
        spread = (1 - CORRELATION) / CORRELATION
        return random.beta(rate * spread, (1 - rate) * spread, len(families))[place] if rate else np.zeros(len(place))

    lost = random.random(len(records)) < chances(max(won + drop, 0.0))
    gained = random.random(len(records)) < chances(won / max(1 - won - drop, won))
    change = np.where(lost, -1.0, gained.astype(float))
    if case.slice and hit:
        within = np.array([case.slice in map(str, r["slice"].values()) for r in records])
        change[within & (random.random(len(records)) < case.drop)] = -1.0
    return change


def _looks(tasks: dict[str, Task], drawn: dict[str, np.ndarray], policy: Policy) -> Callable[[int], Look]:
    """The look of a number (1..), if every task is still asked."""

    def look(number: int | dict[str, int]) -> Look:
        numbers = number if isinstance(number, dict) else dict.fromkeys(tasks, number)
        demands, shares = [], {}
        for name, rule in policy.metrics.items():
            task, metric = name.split("/")
            records, end = tasks[task].records, tasks[task].ends[numbers[task] - 1]
            asked = [i for i in range(end) if asks(metric, records[i])]
            shares[task] = end / len(records)
            demands += _demands_of(name, rule, [Planned(records[i]["template"], {k: str(v) for k, v in records[i]["slice"].items()}) for i in asked], drawn[name][asked])
        return Look(demands, shares)

    return look


def _until(tasks: dict[str, Task], told: Callable, policy: Policy) -> tuple[str, float]:
    numbers, looks = dict.fromkeys(tasks, 0), []
    decided: list = []
    while True:
        waiting = {one.demand.metric.split("/")[0] for one in decided if one.state != "passed"} or set(tasks)
        waiting = {task for task in waiting if numbers[task] < len(SHARES)}
        outcome = outcome_of([one.state for one in decided]) if decided else GateOutcome.INCONCLUSIVE
        if outcome != GateOutcome.INCONCLUSIVE or not waiting:
            asked = sum(task.ends[numbers[name] - 1] for name, task in tasks.items())
            return outcome.name, asked / sum(len(task.records) for task in tasks.values())
        numbers = {task: number + (task in waiting) for task, number in numbers.items()}
        looks.append(told(numbers))
        decided = list(follow(looks, policy))[-1]
