"""The best earlier champion of each metric: drops that a margin tolerates may not add up to more than it.

It is chosen once for a comparison, by its own score on the whole suite, so that no look chooses by what it sees.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean

import numpy as np

from aj.errors import AJError
from verdict.checks import Demand
from verdict.evidence import Arm
from verdict.paired import paired
from verdict.policy import Policy
from verdict.scores import ALL, read_folder


def read_champions(folders: Sequence[Path], policy: Policy) -> tuple[list[Arm], list[str]]:
    """Whole evals of earlier champions, and one sentence for each that does not have every task of the policy."""
    arms: list[Arm] = []
    told: list[str] = []
    for folder in folders:
        try:
            arm = read_folder(folder)
        except AJError as error:
            told.append(f"the earlier champion of {folder} is left out: {error}")
            continue
        if missing := [task for task in policy.gated if task not in arm]:
            told.append(_left_out(arm, f"it has no log of {missing[0]}; run `aj eval` for it."))
        else:
            arms.append(arm)
    return arms, told


def best_earlier(
    champions: Sequence[Arm],
    reigning: Arm,
    candidate: Arm,
    policy: Policy,
    problems: Callable[[Arm], list[str]],
) -> tuple[dict[str, Arm], list[str]]:
    """`task/metric` -> the champion that scored most, if that is neither the reigning one nor the candidate; and one
    sentence for each of them whose logs are no evidence.

    `champions`: also the reigning one, if its whole eval is known; otherwise the others count, whatever it scores.
    `problems`: why an arm cannot be the candidate's reference.
    """
    left = [arm for arm in champions if run_of(arm) != run_of(candidate)]
    told: list[str] = []
    while True:
        best = _best(left, policy)
        held = {name: arm for name, arm in best.items() if run_of(arm) != run_of(reigning)}
        refused = {id(arm): why for arm in held.values() if (why := _why_not(arm, problems))}
        if not refused:
            return held, told
        told += refused.values()
        left = [arm for arm in left if id(arm) not in refused]


def held_against(best: Mapping[str, Arm], candidate: Arm, policy: Policy) -> Iterator[Demand]:
    """What the margins demand of the candidate against the best champions, on the samples that it has so far."""
    for name, arm in best.items():
        task, metric = name.split("/")
        if pairs := paired(arm[task], candidate[task], metric):
            change, margin = pairs[ALL].difference(), policy.metrics[name].margin
            yield Demand(name, "best", ALL, change, -margin, 0.0, against=run_of(arm))


def run_of(arm: Arm) -> str:
    """The run that the arm's logs name."""
    return str(next(iter(arm.values())).metadata.get("run"))


def _best(arms: Sequence[Arm], policy: Policy) -> dict[str, Arm]:
    scored = {
        name: [(fmean(values), arm) for arm in arms if len(values := _values(arm, name))] for name in policy.metrics
    }
    return {name: max(found, key=lambda one: one[0])[1] for name, found in scored.items() if found}


def _values(arm: Arm, name: str) -> list[float]:
    task, metric = name.split("/")
    values = arm[task].columns.metric(metric).values
    return values[~np.isnan(values)].tolist()


def _why_not(arm: Arm, problems: Callable[[Arm], list[str]]) -> str | None:
    try:
        found = problems(arm)
    except AJError as error:
        found = [str(error)]
    return _left_out(arm, found[0]) if found else None


def _left_out(arm: Arm, why: str) -> str:
    return f"the earlier champion {run_of(arm)} cannot be a reference, and is left out: {why}"
