"""Are the evals right? The oracle must score 1 everywhere, and each bad agent must fail where it should."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import chdir, redirect_stdout
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any

from rich.table import Table

from aj.errors import AJError
from evals.suite import LOOPED, TASKS
from loop.evaluate import EVALS


@dataclass(frozen=True, slots=True)
class Mean:
    """What one agent scored on one metric."""

    agent: str
    task: str
    metric: str
    mean: float
    n: int
    low: float
    high: float
    """Bounds of the mean; 0 and 1 where nothing is expected."""

    @property
    def ok(self) -> bool:
        return self.low <= self.mean <= self.high


# (agent, task/metric) -> bounds of the mean. The oracle's are all 1; what is not listed is free.
EXPECTED: dict[tuple[str, str], tuple[float, float]] = {
    ("nothing", "tool_format/right"): (0.0, 0.2),  # in chat mode its reply is as good as any
    ("nothing", "known_issues/right"): (0.0, 0.0),
    ("nothing", "context_retention/retained"): (0.0, 0.0),
    ("nothing", "persona/facts"): (0.0, 0.0),
    ("nothing", "task_success/success"): (0.0, 0.0),
    ("nothing", "task_success/end_state"): (0.0, 0.0),
    ("nothing", "task_success/milestones"): (0.0, 0.0),
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
    ("rediscovers", "task_success/no_mine"): (1.0, 1.0),
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
}


def selfcheck(suite: str, report: Callable[[str], None], contract: str = "aj", limit: int | None = None) -> list[Mean]:
    """Run every reference agent over the suite; `report` is called with the name of each one as it starts.

    Args:
        contract: a contract's name or file; the same agents must score the same under each.
        limit: samples per task; the expected means are those of all samples.

    Raises:
        AJError: a task ended in an error, or a metric with an expected mean was not scored.
    """
    from evals.reference import AGENTS

    means: list[Mean] = []
    for agent in AGENTS:
        report(agent)
        means += _means(agent, suite, contract, limit)
    scored = {(m.agent, f"{m.task}/{m.metric}") for m in means}
    asked = {(agent, metric) for agent, metric in EXPECTED if agent in AGENTS and metric.split("/")[0] in TASKS}
    if missing := sorted(metric for _, metric in asked - scored):
        raise AJError(f"Nothing scores {', '.join(missing)}; correct EXPECTED in loop/selfcheck.py.")
    return means


def _means(agent: str, suite: str, contract: str, limit: int | None) -> Iterator[Mean]:
    from inspect_ai import eval

    from evals.reference import reference

    with TemporaryDirectory() as logs, chdir(EVALS.parent), redirect_stdout(sys.stderr):
        for task in TASKS:
            (log,) = eval(
                f"evals/{task}.py",
                solver=reference(agent, task in LOOPED),
                model=None,
                task_args={"suite": suite, "contract": contract},
                limit=limit,
                log_dir=logs,
                display="rich" if sys.stderr.isatty() else "none",
                log_realtime=False,
                log_samples=False,
            )
            if log.status != "success" or log.results is None:
                why = str(log.error.message).strip().splitlines()[-1] if log.error else log.status
                raise AJError(f"The agent {agent!r} broke {task} ({why}); run: aj --debug selfcheck --suite {suite}")
            yield from _of_task(agent, task, log.results.scores)


def _of_task(agent: str, task: str, scores: Iterable[Any]) -> Iterator[Mean]:
    for score in scores:
        if "mean" in score.metrics and score.scored_samples:
            free = (1.0, 1.0) if agent == "oracle" else (0.0, 1.0)
            low, high = EXPECTED.get((agent, f"{task}/{score.name}"), free)
            yield Mean(agent, task, score.name, score.metrics["mean"].value, score.scored_samples or 0, low, high)


def table(means: Iterable[Mean]) -> Table:
    """The means as a table for the terminal, with a mark where one is out of bounds."""
    shown = Table("agent", "task", "metric", "mean", "n", "")
    for m in means:
        shown.add_row(m.agent, m.task, m.metric, f"{m.mean:.3f}", str(m.n), "" if m.ok else "WRONG")
    return shown


def to_records(means: Iterable[Mean]) -> list[dict[str, Any]]:
    """Rows of `--format json`."""
    return [{"agent": m.agent, "task": m.task, "metric": m.metric, "mean": m.mean, "n": m.n, "ok": m.ok} for m in means]


def wrong(means: Iterable[Mean]) -> list[str]:
    """One sentence for each mean outside its bounds."""
    return [
        f"{m.agent} scored {m.mean:.3f} on {m.task}/{m.metric}, but {m.low:g} to {m.high:g} is expected"
        for m in means
        if not m.ok
    ]
