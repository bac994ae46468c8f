"""The gate at looks: what two arms that are asked batch by batch say so far, and which tasks to ask further."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from aj.errors import AJError
from aj.files import SAMPLES, logs_dir
from verdict.earlier import best_earlier, held_against
from verdict.evidence import Arm, incomplete, problems
from verdict.gate import GateOutcome, Verdict, concluded, demands_of, ungated, verdict_of
from verdict.joined import join
from verdict.looks import Look, follow
from verdict.noise import known, unlike_the_noise
from verdict.policy import Policy
from verdict.samples import Recorded
from verdict.scores import TaskScores

Logs = Mapping[str, Sequence[Path]]
"""Task -> the logs of one arm in which its samples are."""
Numbers = Mapping[str, int]
"""Task -> how many batches of it were asked."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The verdict after some looks."""

    verdict: Verdict
    waiting: tuple[str, ...]
    """Tasks of which more would help; none where the verdict is certain or all was asked."""
    base: Arm
    candidate: Arm
    """What was read, joined over the batches; empty if it could not be."""


def judge(
    base: Logs,
    candidate: Logs,
    looks: Sequence[Numbers],
    by_look: Mapping[str, Sequence[Sequence[str]]],
    policy: Policy,
    logs: Path | None = None,
    suites: Path = SAMPLES,
    champions: Sequence[Arm] = (),
) -> Standing:
    """Judge two arms after `looks`, the last of which is now.

    Args:
        by_look: task -> the ids at each of its looks (`verdict.looks.samples_by_look`).
        logs, suites: as for `verdict.gate.gate`.
        champions: as for `verdict.earlier.best_earlier`.
    """
    numbers = looks[-1]
    asked = {task: by_look[task][number - 1] for task, number in numbers.items()}
    sizes = {task: len(by_look[task][-1]) for task in numbers}
    read: dict[Path, tuple[Recorded, list[str]]] = {}
    limits = policy.evidence
    if unasked := [task for task, number in numbers.items() if number < len(by_look[task])]:
        limits = limits.model_copy(update={"min_samples": 0})  # a look passes over a metric with fewer

    def no_evidence(left: Arm, right: Arm) -> list[str]:
        folder = logs or logs_dir()
        return problems(left, right, policy.gated, limits, folder, suites, lambda log: read[log.path], asked, sizes)

    try:
        left, right = (_joined(arm, asked, read) for arm in (base, candidate))
        found = no_evidence(left, right)
        noise = known(left, right)
    except AJError as error:
        return Standing(verdict_of(GateOutcome.INVALID, [str(error)], [], {}, {}, policy), (), {}, {})
    found += [problem for name, rule in policy.metrics.items() for problem in ungated(left, right, name, rule)]
    found += unlike_the_noise(left, right, noise, policy)
    if found:
        return Standing(verdict_of(GateOutcome.INVALID, found, [], left, right, policy), (), left, right)

    def against(arm: Arm) -> list[str]:
        whole = {task: [scores.path] for task, scores in arm.items()}
        return no_evidence(_joined(whole, asked, read), right)

    best, left_out = best_earlier(champions, left, right, policy, against)
    told = [_look(left, right, best, then, by_look, policy) for then in looks]
    *_, decided = follow(told, policy)
    checks = [one.check(noise) for one in decided]
    verdict = concluded(checks, left, right, policy, left_out)
    silent = policy.metrics.keys() - {check.metric for check in checks}
    # The gate allows a share of the whole suite to be unscored. Of what was asked so far it may be more, which is no
    # evidence for a promotion yet.
    arms = (left, right)
    lacking = [task for task in unasked if any(any(incomplete(arm[task], policy.gated[task], limits)) for arm in arms)]
    if (silent or lacking) and verdict.outcome is GateOutcome.PROMOTE:
        verdict = replace(verdict, outcome=GateOutcome.INCONCLUSIVE)
    open_tasks = _tasks([*silent, *(check.metric for check in checks if check.state != "passed")])
    waiting = [task for task in unasked if task in (*open_tasks, *lacking)]
    certain = verdict.outcome is not GateOutcome.INCONCLUSIVE
    return Standing(verdict, () if certain else tuple(waiting), left, right)


def in_pairs(standing: Standing) -> list[tuple[TaskScores, TaskScores]]:
    """What was read of the base and of the candidate, task by task."""
    return [(standing.base[task], standing.candidate[task]) for task in standing.base]


def _tasks(metrics: Sequence[str]) -> list[str]:
    return [metric.split("/")[0] for metric in metrics]


def _joined(arm: Logs, asked: Mapping[str, Sequence[str]], read: dict[Path, tuple[Recorded, list[str]]]) -> Arm:
    """The arm's logs by task; what their samples say goes to `read`."""
    found = {}
    for task, names in asked.items():
        scores, recorded, told = join(arm.get(task, ()), names)
        found[task], read[scores.path] = scores, (recorded, told)
    return found


def _look(
    base: Arm,
    candidate: Arm,
    best: Mapping[str, Arm],
    numbers: Numbers,
    by_look: Mapping[str, Sequence[Sequence[str]]],
    policy: Policy,
) -> Look:
    then = {task: set(by_look[task][number - 1]) for task, number in numbers.items()}
    left, right = (
        {
            task: replace(arm[task], samples={key: one for key, one in arm[task].samples.items() if key in names})
            for task, names in then.items()
        }
        for arm in (base, candidate)
    )
    demands = [demand for name, rule in policy.metrics.items() for demand in demands_of(left, right, name, rule)]
    demands += held_against(best, right, policy)
    return Look(demands, {task: len(names) / len(by_look[task][-1]) for task, names in then.items()})
