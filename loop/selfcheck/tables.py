"""What a selfcheck found, as tables for a terminal of 80 columns."""

from collections.abc import Iterator, Sequence

from rich import box
from rich.table import Table

from evals.suite import TASKS
from loop.selfcheck.found import Kind, Mean, SelfcheckReport
from loop.selfcheck.gaps import GapFound
from loop.selfcheck.policies import floors

_TITLES: dict[Kind, str] = {
    "truth_keeping": "True answers in another form: each must score 1 on every metric",
    "truth_breaking": "False answers in the oracle's form: each must score 0",
}


def tables(checked: SelfcheckReport) -> Iterator[Table]:
    """At least one for each kind that was played."""
    if means := checked.of("reference"):
        yield _references(means)
    for kind, title in _TITLES.items():
        if means := checked.of(kind):
            yield _changes(means, title)
    if means := checked.of("lazy"):
        yield from _lazy(means)


def gap_table(found: Sequence[GapFound]) -> Table:
    """A row for each gap of the fleet, with a sample that meets it."""
    shown = _table(f"What the oracle asks for and the fleet lacks: {len(found)}", "gap")
    for head in ("kind", "task", "sample"):
        shown.add_column(head)
    for gap in found:
        shown.add_row(gap.what, gap.kind, gap.task, gap.sample)
    return shown


def _references(means: Sequence[Mean]) -> Table:
    shown = _table("Reference agents: the oracle scores 1, the others fail where they should", "agent")
    for head in ("task", "metric"):
        shown.add_column(head)
    for head in ("mean", "n", ""):
        shown.add_column(head, justify="right")
    for m in means:
        shown.add_row(m.agent, m.task, m.metric, f"{m.mean:.3f}", str(m.n), "" if m.ok else "WRONG")
    return shown


def _changes(means: Sequence[Mean], title: str) -> Table:
    """A row for each agent, a column for each task: the mean that is farthest from right, and the samples touched."""
    shown = _table(f"{title} (mean, samples touched)", "agent")
    for task in TASKS:
        shown.add_column(task.replace("_", "_\n", 1), justify="right")
    for agent in dict.fromkeys(mean.agent for mean in means):
        cells = []
        for task in TASKS:
            mine = [mean for mean in means if (mean.agent, mean.task) == (agent, task)]
            worst = max(mine, key=lambda mean: abs(mean.mean - mean.low), default=None)
            mark = "" if worst is None or worst.ok else "!"
            cells.append(f"{worst.mean:.3f}{mark} {worst.n:>3}" if worst else "")
        shown.add_row(agent, *cells)
    return shown


def _lazy(means: Sequence[Mean]) -> Iterator[Table]:
    """For each task a row for each metric, with the gate's floor; a column for each policy."""
    policies = [*dict.fromkeys(mean.agent for mean in means)]
    for task in TASKS:
        by_metric: dict[str, dict[str, Mean]] = {}
        for mean in means:
            if mean.task == task:
                by_metric.setdefault(mean.metric, {})[mean.agent] = mean
        shown = _table(f"What lazy policies reach on {task}; the gate's floor must be higher", "metric")
        for head in (*policies, "floor"):
            shown.add_column(head, justify="right", width=5)
        for metric, row in by_metric.items():
            floor = floors().get(f"{task}/{metric}")
            cells = [_short(row[policy]) if policy in row else "" for policy in policies]
            shown.add_row(metric, *cells, f"{floor:.3f}"[1:] if floor is not None else "")
        yield shown


def _short(mean: Mean) -> str:
    """.500, with a mark where it is too high."""
    digits = "1.00" if mean.mean == 1 else f"{mean.mean:.3f}"[1:]
    return digits if mean.ok else f"{digits}!"


def _table(title: str, first: str) -> Table:
    shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=0, show_edge=False, min_width=80)
    shown.add_column(first, no_wrap=True)
    return shown
