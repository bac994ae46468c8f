"""Are the evals right? Plays agents whose scores are known, and tells which of them score what they should not."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing import get_context
from typing import Any

from aj.children import die_with_parent
from aj.errors import AJError, ConfigError
from evals.suite import TASKS
from loop.selfcheck.found import KINDS, Kind, Mean, SelfcheckReport

PARTS = 4
"""Pieces of a task's samples, so that no core waits long for the last one."""

Unit = tuple[str, Callable[[], Sequence[Any]]]
"""(what is done, how); the second can go to another process"""


def selfcheck(
    suite: str,
    report: Callable[[str], None],
    contract: str = "aj",
    limit: int | None = None,
    kinds: Sequence[Kind] = KINDS,
    agent: str | None = None,
    jobs: int | None = None,
) -> SelfcheckReport:
    """Play every agent of these kinds over the suite.

    Args:
        report: called with what was done, piece by piece.
        contract: a contract's name or file; the same agents must score the same under each.
        limit: samples per task; the expected means of the reference agents are those of all samples.
        agent: the only one to play.
        jobs: number of processes; by default one for each core, and with 1 no other process is started.

    Raises:
        AJError: a task ended in an error, a metric with an expected mean was not scored, or an agent changes nothing.
        ConfigError: there is no such agent.
    """
    from loop.selfcheck.changed import CHANGES, Tried, idle, summarise

    chosen = _chosen(kinds, agent)
    changing: dict[Kind, list[str]] = {kind: names for kind, names in chosen.items() if kind in CHANGES}
    changing = {kind: names for kind, names in changing.items() if names}
    units = [*_units(chosen, changing, suite, contract, limit)]
    checked, tried = SelfcheckReport(), []
    for number, (what, found) in enumerate(_done(units, jobs or len(os.sched_getaffinity(0))), start=1):
        report(f"{number}/{len(units)} {what}")
        checked.means += [one for one in found if isinstance(one, Mean)]
        tried += [one for one in found if isinstance(one, Tried)]
    tried.sort(key=lambda one: (one.kind, one.agent, one.task, one.sample))
    checked.means = sorted(checked.means, key=_place(chosen)) + summarise(tried, changing)
    checked.misses = [miss for one in tried if (miss := one.miss)]
    if limit is None and (none := idle(tried, changing)):
        raise AJError(f"{', '.join(none)} changed hardly any answer; see evals/agents.")
    return checked


def _chosen(kinds: Sequence[Kind], agent: str | None) -> dict[Kind, list[str]]:
    from evals.agents.lazy import LAZY
    from evals.reference import AGENTS
    from loop.selfcheck.changed import CHANGES, agents_of

    every: dict[Kind, list[str]] = {"reference": [*AGENTS], **{f: agents_of(f) for f in CHANGES}, "lazy": [*LAZY]}
    named: dict[Kind, list[str]] = {kind: every[kind] for kind in kinds}
    chosen: dict[Kind, list[str]] = {kind: [name for name in named[kind] if agent in (None, name)] for kind in kinds}
    if not any(chosen.values()):
        there = ", ".join(name for names in named.values() for name in names)
        raise ConfigError(f"There is no agent {agent!r} in {', '.join(named)}; there are {there}.")
    return chosen


def _units(
    chosen: Mapping[Kind, list[str]], changing: dict[Kind, list[str]], suite: str, contract: str, limit: int | None
) -> Iterator[Unit]:
    """The long ones first."""
    from loop.selfcheck.changed import try_part
    from loop.selfcheck.policies import reaches
    from loop.selfcheck.references import references

    for agent in chosen.get("reference", ()):
        yield agent, partial(references, agent, suite, contract, limit)
    if changing:
        for task in TASKS:
            for part in range(PARTS):
                what = f"{' and '.join(changing)}: {task}, part {part + 1}"
                yield what, partial(try_part, task, suite, contract, limit, part, PARTS, changing)
    for policy in chosen.get("lazy", ()):
        yield f"lazy: {policy}", partial(reaches, policy, suite, contract, limit)


def _done(units: Sequence[Unit], jobs: int) -> Iterator[tuple[str, Sequence[Any]]]:
    if jobs == 1:
        yield from ((what, work()) for what, work in units)
        return
    # Not forked: Inspect and rich have threads.
    with ProcessPoolExecutor(jobs, get_context("spawn"), initializer=die_with_parent) as pool:
        doing = {pool.submit(work): what for what, work in units}
        try:
            for future in as_completed(doing):
                yield doing[future], future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _place(chosen: Mapping[Kind, list[str]]) -> Callable[[Mean], tuple[int, int]]:
    """Sorts by kind and agent as they are listed, whatever ended first."""
    return lambda mean: (KINDS.index(mean.kind), chosen[mean.kind].index(mean.agent))
