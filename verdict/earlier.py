"""The best earlier champion of each metric: drops that a margin tolerates may not add up to more than it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aj.errors import AJError
from verdict.compare import paired
from verdict.evidence import Arm, problems
from verdict.policy import Policy
from verdict.scores import ALL, read_folder
from verdict.stats import MeanEstimate


@dataclass(frozen=True, slots=True)
class Best:
    """The earlier champion that scored most in a metric."""

    run: str
    change: MeanEstimate
    """The candidate's paired difference to it."""


def best_earlier(
    reigning: Arm, candidate: Arm, folders: Sequence[Path], policy: Policy, logs: Path, suites: Path
) -> tuple[Mapping[str, Best], list[str]]:
    """`task/metric` -> the earlier champion that scored most, if that is more than the reigning one; and one sentence
    for each of them whose logs are no evidence.

    `folders` are evals of earlier champions, which are held to all that is asked of a reference. `logs` and `suites`
    are those of `verdict.gate.gate`.
    """
    best: dict[str, Best] = {}
    told: list[str] = []
    now = _changes(reigning, candidate, policy)
    for folder in folders:
        try:
            arm = read_folder(folder)
            changes = _changes(arm, candidate, policy)
            higher = {name: change for name, change in changes.items() if change.mean < now[name].mean}
            if _run(arm) == _run(candidate) or (changes.keys() == now.keys() and not higher):
                continue
            found = problems(arm, candidate, policy.gated, policy.evidence, logs, suites)
        except AJError as error:
            told.append(f"the earlier champion of {folder} is left out: {error}")
            continue
        if found:
            told.append(f"the earlier champion {_run(arm)} cannot be a reference, and is left out: {found[0]}")
            continue
        for name, change in higher.items():
            if name not in best or change.mean < best[name].change.mean:
                best[name] = Best(_run(arm), change)
    return best, told


def _changes(arm: Arm, candidate: Arm, policy: Policy) -> dict[str, MeanEstimate]:
    """`task/metric` -> the candidate's difference to an arm, where both have values."""
    split = ((name, *name.split("/")) for name in policy.metrics)
    pairs = {name: paired(arm[task], candidate[task], metric) for name, task, metric in split if task in arm}
    return {name: found[ALL].difference() for name, found in pairs.items() if found}


def _run(arm: Arm) -> str:
    return str(next(iter(arm.values())).metadata.get("run"))
