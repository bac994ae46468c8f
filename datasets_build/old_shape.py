"""Rows in the shape of the earlier AJ data, which taught the failures: `"action"` for `"tool"`, dict plans, no agents.

They serve the regression recipe, which shows that the gate stops a model trained on such rows. 48% of the 3,700 earlier
rows had this key; a build refuses such rows unless its recipe names the source under `unchecked`.
"""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

from aj.contract import Contract
from aj.fleet.patterns import PATTERNS, Case, draw_case
from aj.messages import Row, reply


def old_shape(rng: Random, contract: Contract, count: int) -> Iterator[Row]:
    """`count` rows, one in eight in plan mode; the answers are text, since no call of the contract looks like this."""
    names = list(PATTERNS)
    for number in range(count):
        case = draw_case(rng, "train", names[number % len(names)], contract)
        metadata = {"source": "old_shape", "templates": [ask.template for ask in case.scenario.asks]}
        yield Row((*case.past, reply(_answer(case))), case.mode, case.layout, metadata)


def _answer(case: Case) -> str:
    if case.mode == "plan":
        return case.wrong
    ask, call = case.ask, case.right.call
    if ask.command:
        old: dict[str, Any] = {
            "action": "execute_command",
            "command": ask.command,
            "explanation": f"Checks {ask.intent}",
        }
    else:
        old = {"action": "direct_answer", "response": str(call.params.get("answer", "")) if call else ""}
    return json.dumps(old, ensure_ascii=False)
