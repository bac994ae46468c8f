"""What a pass of the repair is: a transcript goes in, and one that is closer to a row comes out.

A pass is pure and has one purpose. It reports what it mended, by the codes that lint has for it, and raises
Refused where no repair is certain. Their order is in `datasets_build.repair.settle`.
"""

from collections.abc import Callable
from typing import NamedTuple

from msgspec import Struct, field

from aj.contract import Contract
from aj.wire import Judgement, judge_call
from datasets_build.reading.transcripts import Transcript


class Mended(NamedTuple):
    """What a pass returns."""

    item: Transcript
    codes: tuple[str, ...] = ()
    """What was mended, in the order of the turns; a code may occur several times."""


class Bench(Struct, frozen=True):
    """What every pass works with."""

    contract: Contract
    judged: dict[str, Judgement] = field(default_factory=dict)
    """By text: passes and checks read the same one, and judging is most of the cost of a call."""

    def judge(self, text: str) -> Judgement:
        """`judge_call` under the contract, once for each text."""
        if text not in self.judged:
            self.judged[text] = judge_call(text, self.contract)
        return self.judged[text]


Pass = Callable[[Transcript, Bench], Mended]
