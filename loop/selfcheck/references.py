"""Reference agents in AJ's place, through Inspect: the oracle is right, each bad agent must fail where it should."""

import math
import sys
from collections.abc import Iterable, Iterator
from contextlib import chdir, redirect_stdout
from tempfile import TemporaryDirectory
from typing import Any

from aj.errors import AJError
from evals.agents.one_style import ONE_STYLE
from evals.suite import LOOPED, TASKS
from loop.evaluate import EVALS
from loop.selfcheck.found import Mean

# (agent, task/metric) -> bounds of the mean. The oracle's are all 1; what is not listed is free.
EXPECTED: dict[tuple[str, str], tuple[float, float]] = {
    ("nothing", "tool_format/right"): (0.0, 0.2),  # in chat mode its reply is as good as any
    ("nothing", "known_issues/right"): (0.0, 0.0),
    ("nothing", "context_retention/retained"): (0.0, 0.0),
    ("nothing", "persona/facts"): (0.0, 0.0),
    ("nothing", "task_success/success"): (0.0, 0.0),
    ("nothing", "task_success/end_state"): (0.0, 0.0),
    ("nothing", "task_success/milestones"): (0.0, 0.0),
    ("nothing", "task_success/no_mine"): (0.0, 0.0),
    ("nothing", "task_success/grounded"): (0.0, 0.0),
    ("nothing", "task_success/valid"): (1.0, 1.0),
    ("blind", "tool_format/valid"): (1.0, 1.0),
    ("blind", "task_success/success"): (0.0, 0.1),  # asking back needs no look
    ("blind", "persona/facts"): (0.0, 0.1),
    ("blind", "context_retention/answered"): (0.0, 0.1),
    ("rediscovers", "tool_format/valid"): (1.0, 1.0),
    ("rediscovers", "context_retention/retained"): (
        0.125,
        0.125,
    ),  # right for one probe in eight, where nothing is known yet
    ("rediscovers", "task_success/no_mine"): (0.95, 1.0),  # a second discovery may end a task before its first command
    ("old_format", "tool_format/valid"): (0.0, 0.0),
    ("old_format", "known_issues/right"): (0.0, 0.0),
    ("old_format", "context_retention/retained"): (0.0, 0.0),
    ("old_format", "persona/match"): (0.0, 0.0),
    ("old_format", "task_success/valid"): (0.0, 0.0),
    ("old_format", "task_success/success"): (0.0, 0.0),
    ("restarts_all", "tool_format/valid"): (1.0, 1.0),
    ("restarts_all", "persona/match"): (0.0, 0.0),
    ("restarts_all", "task_success/no_mine"): (0.0, 0.0),
    ("restarts_all", "task_success/success"): (0.0, 0.0),
    ("restarts_all", "context_retention/answered"): (0.0, 0.0),
    **{(style, "persona/facts"): (1.0, 1.0) for style in ONE_STYLE},
    **{(style, "persona/match"): (0.0, 0.2) for style in ONE_STYLE},  # right for one persona of five at most
    **{(style, "persona/contrast"): (0.0, 0.0) for style in ONE_STYLE},
}


def references(agent: str, suite: str, contract: str, limit: int | None) -> list[Mean]:
    """Run one reference agent over its tasks, through Inspect.

    Args:
        contract: a contract's name or file; the same agents must score the same under each.
        limit: samples per task; the expected means are those of all samples.

    Raises:
        AJError: a task ended in an error, or a metric with an expected mean was not scored.
    """
    logs = list(_logs(agent, suite, contract, limit))
    told = {f"{task}/{key}" for task, scores in logs for score in scores for key in (score.name, *score.metrics)}
    asked = {metric for who, metric in EXPECTED if who == agent and metric.split("/")[0] in tasks_of(agent)}
    if missing := sorted(asked - told):
        raise AJError(f"Nothing scores {', '.join(missing)}; correct EXPECTED in loop/selfcheck/references.py.")
    return [mean for task, scores in logs for mean in _of_task(agent, task, scores)]


def tasks_of(agent: str) -> tuple[str, ...]:
    """The tasks that an agent is run on: one style for everybody only matters where tone is scored."""
    return tuple(task for task in TASKS if agent not in ONE_STYLE or task == "persona")


def _logs(agent: str, suite: str, contract: str, limit: int | None) -> Iterator[tuple[str, list[Any]]]:
    """(task, its scores)"""
    from inspect_ai import eval

    from evals.reference import reference

    with TemporaryDirectory() as logs, chdir(EVALS.parent), redirect_stdout(sys.stderr):
        for task in tasks_of(agent):
            (log,) = eval(
                f"evals/{task}.py",
                solver=reference(agent, task in LOOPED),
                model=None,
                task_args={"suite": suite, "contract": contract},
                limit=limit,
                log_dir=logs,
                display="none",
                log_realtime=False,
                log_samples=False,
            )
            if log.status != "success" or log.results is None:
                why = str(log.error.message).strip().splitlines()[-1] if log.error else log.status
                raise AJError(f"The agent {agent!r} broke {task} ({why}); run: aj --debug selfcheck --suite {suite}")
            yield task, log.results.scores


def _of_task(agent: str, task: str, scores: Iterable[Any]) -> Iterator[Mean]:
    for score in scores:
        for metric, key in (("mean", score.name), ("contrast", "contrast")):
            value = score.metrics[metric].value if metric in score.metrics else math.nan
            if score.scored_samples and not math.isnan(value):
                free = (1.0, 1.0) if agent == "oracle" else (0.0, 1.0)
                low, high = EXPECTED.get((agent, f"{task}/{key}"), free)
                yield Mean("reference", agent, task, key, value, score.scored_samples, low, high)
