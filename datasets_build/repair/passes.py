"""What a pass of the repair is: a transcript goes in, and one that is closer to a row comes out.

A pass is pure and has one purpose. It reports what it mended, by the codes that lint has for it, and raises
Refused where no repair is certain. Their order is in `datasets_build.repair.settle`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from aj.contract import Contract
from datasets_build.lint.items import Judge
from datasets_build.reading.transcripts import Transcript


class Mended(NamedTuple):
    """What a pass returns."""

    item: Transcript
    codes: tuple[str, ...] = ()
    """What was mended, in the order of the turns; a code may occur several times."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What every pass works with."""

    contract: Contract
    judge: Judge


Pass = Callable[[Transcript, Bench], Mended]
