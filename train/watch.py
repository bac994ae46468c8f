"""What is measured of a run while it trains."""

from collections.abc import Sequence
from dataclasses import dataclass

from train.exam import Exam
from train.held_out import HeldOutRow


@dataclass(frozen=True, slots=True)
class Watch:
    held_out: Sequence[HeldOutRow] = ()
    exam: Exam | None = None
    samples: Sequence[str] = ()
    """Those of the exam that are asked."""
