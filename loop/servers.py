"""The servers of models that are asked in turn: one for both where one is the other's adapter, or two at once."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil

from loop.evaluate import make_ready, server_ends
from loop.targets import Target
from train.precision import has_gpu
from train.serve import Served

ROOM = 17 * 2**30
"""Bytes that must be free so that two servers may run at once: 7 GB each, and the evals."""


@dataclass(slots=True)
class Servers:
    """Those of several models, or one after the other where the machine holds only one."""

    together: bool
    stack: ExitStack
    running: list[Target] = field(default_factory=list)
    ready: list[Target] = field(default_factory=list)

    def runs(self, target: Target | None) -> bool:
        """Whether the target's server runs already."""
        return target in self.running

    def start(self, target: Target, suite: str) -> None:
        """Let the target's server run from now on: Inspect starts it with the first request."""
        if target in self.running:
            return
        if not self.together:
            self.end()
        if target not in self.ready:
            make_ready(target, suite)
            self.ready.append(target)
        self.stack.enter_context(server_ends(target))
        self.running.append(target)

    def end(self) -> None:
        self.stack.close()
        self.running.clear()


@contextmanager
def servers(targets: Sequence[Target]) -> Iterator[Servers]:
    """The servers of these models; all end with the context."""
    ours = [target.served for target in targets if target.served and target.arguments]
    models = {served.model for served in ours}
    shared = len(models) == 1 and all(_loaded(served) == _loaded(ours[0]) for served in ours)
    if shared:
        _claim(ours)
    # Inspect knows a server by its model's folder: two for one folder would be taken for each other.
    roomy = len(models) == len(ours) and not has_gpu() and psutil.virtual_memory().available >= ROOM
    found = Servers(shared or roomy, ExitStack())
    try:
        yield found
    finally:
        found.end()


def _loaded(served: Served) -> dict[str, Any]:
    """What a server was started with, apart from adapters."""
    return {**served.metadata()["server"], **served.about(), "adapter": None, "rank": None}


def _claim(models: Sequence[Served]) -> None:
    """Tell Inspect of every adapter before its server starts: one server then answers for the base and its adapters."""
    from inspect_ai.model import get_model

    for served in models:
        get_model(served.inspect_model, memoize=False, **served.arguments())
