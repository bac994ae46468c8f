"""What the tests of the evidence share: how a refusal looks, and changes of a log."""

from collections.abc import Callable

import pytest
from inspect_ai.log import EvalLog

from verdict.gate import GateOutcome


def refused(verdict, reason):
    assert verdict.outcome is GateOutcome.INVALID, verdict.reasons
    assert not verdict.checks
    assert any(reason in given for given in verdict.reasons), verdict.reasons


def settled(change):
    """Name a change of a log after its function."""
    return pytest.param(*change, id=change[0].__name__)


def graded_by(name: str | None, count: int) -> Callable[[EvalLog], None]:
    """Let the first `count` scores name another grader, or none."""

    def change(log: EvalLog) -> None:
        for sample in (log.samples or [])[:count]:
            for score in (sample.scores or {}).values():
                score.metadata = {**(score.metadata or {}), "grader": name} if name else {}

    return change
