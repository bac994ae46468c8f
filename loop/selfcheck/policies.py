"""What lazy policies reach: every floor of the gate's default policy must lie above all of it."""

import math
from collections import defaultdict

from evals.agents.lazy import LAZY
from evals.sittings import judge, played, samples
from evals.suite import TASKS
from loop.selfcheck.found import Mean
from verdict.policy import load_policy


def floors() -> dict[str, float]:
    """task/metric -> the floor of the default policy, where it has one."""
    return {name: asked.floor for name, asked in load_policy().metrics.items() if asked.floor is not None}


def reaches(policy: str, suite: str, contract: str, limit: int | None) -> list[Mean]:
    """The means of one lazy policy on every metric, each bounded by what lies just below the floor."""
    means: list[Mean] = []
    below = {name: math.nextafter(floor, -1.0) for name, floor in floors().items()}
    for task in TASKS:
        values: dict[str, list[float]] = defaultdict(list)
        for sample in samples(task, suite, contract)[:limit]:
            for metric, value in judge(task, played(LAZY[policy], task, sample)).values.items():
                values[metric].append(value)
        for metric, given in values.items():
            if scored := [value for value in given if not math.isnan(value)]:
                high = below.get(f"{task}/{metric}", 1.0)
                means.append(Mean("lazy", policy, task, metric, sum(scored) / len(scored), len(scored), 0.0, high))
    return means
