"""The corrections: eight documented error patterns, each with variations, as rows (right answers) and preference pairs.

The wrong text stands only in a pair's `rejected`, never in a row: the original set put it into the system prompt and
so trained on it.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

from aj.contract import Contract
from aj.fleet.patterns import PATTERNS, Case, draw_case
from aj.messages import Pair, Row


def draw_corrections(rng: Random, contract: Contract, multiply: int) -> Iterator[Case]:
    """`multiply` variations of each pattern, in turn."""
    for _ in range(multiply):
        for name in PATTERNS:
            yield draw_case(rng, "train", name, contract)


def to_row(case: Case) -> Row:
    return Row((*case.past, case.right), case.mode, case.layout, _metadata(case))


def to_pair(case: Case) -> Pair:
    return Pair(case.past, case.right, case.wrong, case.mode, case.layout, _metadata(case))


def _metadata(case: Case) -> dict[str, Any]:
    return {
        "source": "corrections",
        "pattern": case.pattern,
        "templates": [ask.template for ask in case.scenario.asks],
        "persona": case.ask.persona,
        "hosts": list(case.scenario.hosts),
    }
