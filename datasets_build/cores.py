"""The same work on all cores: results in the order of the tasks, with only a few in memory at a time."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, TypeVar

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(
    function: Callable[[_Task], _Result],
    tasks: Iterable[_Task],
    prepare: Callable[..., None] | None = None,
    given: tuple[Any, ...] = (),
) -> Iterator[_Result]:
    """`function` of every task, each in one of as many processes as there are cores.

    Args:
        function: defined at the top of a module, so that the processes can import it.
        prepare: called with `given` in each process before its first task.
    """
    waiting: deque[Future[_Result]] = deque()
    pool = ProcessPoolExecutor(cores(), mp_context=get_context("spawn"), initializer=prepare, initargs=given)
    try:
        for task in tasks:
            waiting.append(pool.submit(function, task))
            if len(waiting) > 3 * cores():
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
