"""Rows in the shape of the earlier AJ data, which taught the failures: `"action"` for `"tool"`, dict plans, no agents.

They serve the regression recipe, which shows that the gate stops a model trained on such rows. 48% of the 3,700 earlier
rows had this key; a build refuses such rows unless its recipe names the source under `unchecked`.
"""

from collections.abc import Iterator
from random import Random

from aj.acts import act_of, finish, here
from aj.contract import Contract
from aj.messages import Row, reply
from aj.wire import render_earlier
from datasets_build.drawn.corrections import draw_corrections
from scenarios.error_patterns import PATTERNS, PatternCase


def old_shape(rng: Random, contract: Contract, count: int) -> Iterator[Row]:
    """`count` rows, one in eight in plan mode; the answers are text, since no call of the contract looks like this."""
    for number, case in enumerate(draw_corrections(rng, contract, -(-count // len(PATTERNS)))):
        if number == count:
            return
        metadata = {"source": "old_shape", "templates": [turn.phrasing for turn in case.scenario.turns]}
        yield Row((*case.past, reply(_answer(case, contract))), case.mode, case.layout, metadata)


def _answer(case: PatternCase, contract: Contract) -> str:
    if case.mode == "plan":
        return case.wrong
    if case.turn.steps:
        return render_earlier(here(case.turn.steps[0].command), contract, explanation="Runs it")
    act = act_of(case.right.call, contract)
    return render_earlier(finish(act.answer if act else ""), contract)
