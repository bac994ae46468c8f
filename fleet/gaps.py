"""Gaps: what a real host would have answered and the fleet cannot. They say nothing about the model that asked."""

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from aj.errors import AJError


@dataclass(frozen=True, slots=True)
class Gap:
    """Something asked of a host that the fleet lacks; whoever plays a sample ends it there."""

    kind: Literal["command", "option", "fault"]
    """a real command or a real option that is not simulated; a fault is our own bug"""
    what: str
    """swapon, "ls --author", "df: IndexError: … (disk_use.py:12)" """


class FleetGap(AJError):
    """A command line asked for what the fleet lacks. To whoever judges a model, the sample is unscored."""

    def __init__(self, gaps: Sequence[Gap]) -> None:
        self.gaps = tuple(gaps)
        super().__init__(f"The fleet lacks {named(gaps)}; use another command, or add it in fleet/.")


def named(gaps: Sequence[Gap]) -> str:
    """The gaps in a few words."""
    return ", ".join(dict.fromkeys(gap.what for gap in gaps))


def fault(name: str, error: BaseException) -> Gap:
    """The gap that an unforeseen exception in a command is, with the place where it was raised."""
    place = traceback.extract_tb(error.__traceback__)[-1:]
    where = f" ({place[0].filename.rpartition('/')[2]}:{place[0].lineno})" if place else ""
    return Gap("fault", f"{name}: {type(error).__name__}: {error}{where}")
