"""The corrections: eight documented error patterns, each with variations, as rows (right answers) and preference pairs.

The wrong text is only in a pair's `rejected`, never in a row: the original set put it into the system prompt and so
trained on it.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

from aj.contract import Contract
from aj.messages import Layout, Pair, Row
from aj.personas import load_personas
from datasets_build.drawn.templated import about
from scenarios.error_patterns import PATTERNS, PatternCase, draw_case


def draw_corrections(rng: Random, contract: Contract, multiply: int) -> Iterator[PatternCase]:
    """`multiply` variations of each pattern, in turn; two in three as a state block, where most were seen."""
    personas = sorted(load_personas().personas)
    layouts: tuple[Layout, ...] = ("dialogue", "state_block", "state_block")
    for _ in range(multiply):
        for name in PATTERNS:
            yield draw_case(name, "train", rng.randrange(2**31), rng.choice(personas), contract, rng.choice(layouts))


def to_row(case: PatternCase) -> Row:
    return Row((*case.past, case.right), case.mode, case.layout, _metadata(case))


def to_pair(case: PatternCase) -> Pair:
    return Pair(case.past, case.right, case.wrong, case.mode, case.layout, _metadata(case))


def _metadata(case: PatternCase) -> dict[str, Any]:
    return about(case.scenario, "corrections", pattern=case.pattern)
