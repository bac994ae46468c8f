"""What looking early costs and saves, by simulation through the gate's functions: python -m benchmarks.looks

Prints two tables in Markdown. The first is about one margin, looked at once, and at every look until it is decided:

    worse    the largest P(pass) of a candidate that is worse by exactly the margin, over base scores from .5 to .99 and
             correlations of 0, .3 and .8 within families
    equal    P(pass) of an equal one, if one sample in ten flips, correlated by .3
    fails    the largest P(fail) of an equal one, over the same cells

The second is about the default policy on the frozen suites: the verdicts of both designs, and the share of the samples
that was asked until the verdict. Metrics are independent, as for `aj gate --plan`. Everything is seeded.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from aj.files import SAMPLES
from benchmarks.gate import ALPHA, BASES, CORRELATIONS, DESIGNS, FLIPS, changes
from evals.suite import asks
from verdict.checks import Demand, decide
from verdict.frozen import frozen_samples
from verdict.gate import GateOutcome, outcome_of
from verdict.looks import SHARES, Look, follow, samples_by_look
from verdict.plan import CORRELATION, Planned, planned_demands
from verdict.policy import Limits, MetricPolicy, Policy, load_policy
from verdict.stats import difference_of_families

DESIGNED = [label for label, sizes in DESIGNS.items() if 60 <= sizes.sum() <= 500 and sizes.max() in (1, 5, 13)]
Random = np.random.Generator


def one_margin(margin: float, draws: int, random: Random) -> None:
    limits = Limits(min_samples=25, max_errors=0.02, max_unscored=0.02)
    policy = Policy(confidence=1 - ALPHA, evidence=limits, metrics={"task/metric": MetricPolicy(margin=margin)})
    print(f"| margin {margin} | worse: once | looks | equal: once | looks | fails: once | looks |\n" + "|---" * 7 + "|")
    for label in DESIGNED:
        sizes = DESIGNS[label]
        worst, shown = np.zeros(2), np.zeros(2)
        for (_, won), rho in product(BASES.items(), CORRELATIONS if sizes.max() > 1 else (0.0,)):
            worst = np.maximum(worst, errors("passed", margin, won, rho, draws, sizes, policy, random))
            if won:
                shown = np.maximum(shown, errors("failed", 0.0, won, rho, draws, sizes, policy, random))
        equal = rates("passed", changes(sizes, 0.0, FLIPS, 0.3, draws, random), sizes, policy)
        print(f"| {label} | {' | '.join(f'{number:.3f}' for number in (*worst, *equal, *shown))} |", flush=True)


def errors(
    state: str, drop: float, won: float, rho: float, draws: int, sizes: np.ndarray, policy: Policy, random: Random
) -> np.ndarray:
    """How often the wrong state is reached; drawn anew and more often if above ALPHA, as the largest of many may be."""
    found = rates(state, changes(sizes, drop, won, rho, draws, random), sizes, policy)
    if (found > ALPHA).any():
        found = rates(state, changes(sizes, drop, won, rho, 8 * draws, random), sizes, policy)
    return found


def rates(state: str, drawn: np.ndarray, sizes: np.ndarray, policy: Policy) -> np.ndarray:
    """How often a margin ends in a state: looked at once, and at every look of SHARES."""
    asked = np.cumsum(sizes)
    ends = [int(np.searchsorted(asked, share * asked[-1])) + 1 for share in SHARES]
    margin, found = policy.metrics["task/metric"].margin, np.zeros(2)
    for sums in drawn:
        looks = [
            Look([_margin(sums[:end], sizes[:end], margin)], {"task": float(asked[end - 1] / asked[-1])})
            for end in ends
        ]
        states = (decided[0].state for decided in follow(looks, policy))
        ended = next((state for state in states if state != "open"), "open")
        found += decide(looks[-1].demands, policy)[0].state == state, ended == state
    return found / len(drawn)


def _margin(sums: np.ndarray, sizes: np.ndarray, margin: float) -> Demand:
    return Demand("task/metric", "margin", "all", difference_of_families(sums, sizes), -margin, 0.0)


@dataclass(frozen=True)
class Case:
    """A candidate: the share of samples that it wins, and by how much the share that it loses is larger."""

    label: str
    drop: float = 0.0
    won: float = FLIPS
    only: str = ""
    """The one metric that is so, if the others are equal."""
    slice: str = ""
    """The one slice of it that is so."""


CASES = (
    Case("the same answers", won=0.0),
    Case("equal, one sample in ten flips"),
    Case("better by 50 points", drop=-0.5, won=0.55),
    Case("better by 90 points", drop=-0.9, won=0.91),
    Case("worse by 10 points", drop=0.1),
    Case("worse by 30 points", drop=0.3),
    Case("worse by 60 points", drop=0.6),
    Case("tool_format/right worse by its margin", only="tool_format/right", drop=0.16),
    Case("tool_format/right worse by half its margin", only="tool_format/right", drop=0.08),
    Case("no_mine worse by its margin", only="task_success/no_mine", drop=0.13),
    Case("a pattern lost by half", only="known_issues/right", slice="wrong_count", drop=0.5),
    Case("a pattern lost", only="known_issues/right", slice="wrong_count", drop=1.0),
)


@dataclass(frozen=True)
class Asked:
    """The samples of a task in the order of the looks, and how many each look has."""

    records: list[dict[str, Any]]
    ends: list[int]


def asked_of(suite: str, task: str) -> Asked:
    records = frozen_samples(SAMPLES / f"{task}.jsonl", suite)
    found = samples_by_look(records)
    by_id = {record["id"]: record for record in records}
    return Asked([by_id[name] for name in found[-1]], [len(names) for names in found])


def whole_policy(suite: str, case: Case, draws: int, random: Random) -> None:
    policy = load_policy()
    tasks = {task: asked_of(suite, task) for task in policy.gated}
    once: Counter[GateOutcome] = Counter()
    early: Counter[GateOutcome] = Counter()
    shares: list[float] = []
    for _ in range(draws):
        drawn = {name: answers(name, tasks[name.split("/")[0]].records, case, random) for name in policy.metrics}

        def look(numbers: Mapping[str, int], drawn: dict[str, np.ndarray] = drawn) -> Look:
            return look_at(tasks, numbers, drawn, policy)

        everything = look(dict.fromkeys(tasks, len(SHARES)))
        once[outcome_of([one.state for one in decide(everything.demands, policy)])] += 1
        outcome, share = until_decided(tasks, look, policy)
        early[outcome] += 1
        shares.append(share)
    told = [counts[name] / draws for counts in (once, early) for name in (GateOutcome.PROMOTE, GateOutcome.REJECT)]
    print(
        f"| {suite}: {case.label} | {' | '.join(f'{rate:.3f}' for rate in told)} | {np.mean(shares):.2f} |", flush=True
    )


def answers(name: str, records: list[dict[str, Any]], case: Case, random: Random) -> np.ndarray:
    """What each sample loses (-1) or wins (1) on one metric."""
    this = not case.only or case.only == name
    drop, won = (case.drop, case.won) if this and not case.slice else (0.0, FLIPS)
    families, place = np.unique([record["template"] for record in records], return_inverse=True)

    def hit(rate: float) -> np.ndarray:
        spread = (1 - CORRELATION) / CORRELATION
        chances = random.beta(rate * spread, (1 - rate) * spread, len(families)) if rate else np.zeros(len(families))
        return random.random(len(records)) < chances[place]

    lost = hit(max(won + drop, 0.0))
    change = np.where(lost, -1.0, hit(won / (1 - max(won + drop, 0.0))).astype(float))
    if this and case.slice:
        within = np.array([case.slice in record["slice"].values() for record in records])
        change[within & (random.random(len(records)) < case.drop)] = -1.0
    return change


def look_at(
    tasks: Mapping[str, Asked], numbers: Mapping[str, int], drawn: Mapping[str, np.ndarray], policy: Policy
) -> Look:
    """The look with the number `numbers[task]` of every task."""
    ends = {task: asked.ends[numbers[task] - 1] for task, asked in tasks.items()}
    demands: list[Demand] = []
    for name, rule in policy.metrics.items():
        task, metric = name.split("/")
        records = tasks[task].records
        chosen = [place for place in range(ends[task]) if asks(metric, records[place])]
        questions = [
            Planned(records[place]["template"], {key: str(value) for key, value in records[place]["slice"].items()})
            for place in chosen
        ]
        demands += planned_demands(name, rule, questions, drawn[name][chosen])
    return Look(demands, {task: ends[task] / len(asked.records) for task, asked in tasks.items()})


def until_decided(
    tasks: Mapping[str, Asked], look: Callable[[Mapping[str, int]], Look], policy: Policy
) -> tuple[GateOutcome, float]:
    """The verdict of looks, and the share of the samples that was asked until then."""
    numbers, looks = dict.fromkeys(tasks, 1), [look(dict.fromkeys(tasks, 1))]
    while True:
        *_, decided = follow(looks, policy)
        outcome = outcome_of([one.state for one in decided])
        waiting = {one.demand.metric.split("/")[0] for one in decided if one.state != "passed"}
        waiting = {task for task in waiting if numbers[task] < len(SHARES)}
        if outcome is not GateOutcome.INCONCLUSIVE or not waiting:
            break
        numbers = {task: number + (task in waiting) for task, number in numbers.items()}
        looks.append(look(numbers))
    asked = sum(task.ends[numbers[name] - 1] for name, task in tasks.items())
    return outcome, asked / sum(len(task.records) for task in tasks.values())


def main() -> None:
    parser = argparse.ArgumentParser(description="What looking early costs and saves, by simulation.")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--margin", type=float, default=0.1)
    arguments = parser.parse_args()
    random = np.random.default_rng(7)
    one_margin(arguments.margin, arguments.draws, random)
    print("\n| default policy | once: PROMOTE | REJECT | looks: PROMOTE | REJECT | samples |\n" + "|---" * 6 + "|")
    for suite, case in product(("small", "full"), CASES):
        whole_policy(suite, case, arguments.draws // (4 if suite == "small" else 10), random)


if __name__ == "__main__":
    main()
