"""Agents that leave the choice of the answer to the reader."""

import re
from random import Random

from evals.agents.parts import OPPOSITES, STATE, rival, with_another_value
from evals.agents.true_answer import Alter, TrueAnswer, in_prose


def _hedging(form: str) -> Alter:
    """Give two answers, only one of which is right."""

    def hedge(told: TrueAnswer, rng: Random) -> str | None:
        number = told.turn.truth.count
        if number is not None:
            return told.say(told.turn.items, count=form.format(value=number, other=number + 1))
        return with_another_value(told, rng, lambda value: _hedged(told, value, rng, form))

    return hedge


def _hedged(told: TrueAnswer, value: str, rng: Random, form: str) -> str | None:
    other = rival(told, value, rng)
    return form.format(value=value, other=other) if other else None


hedged = _hedging("{value} or {other}")
hedged_first = _hedging("either {other} or {value}")
in_doubt = _hedging("{other}, maybe {value}")
slashed = _hedging("{value}/{other}")
in_brackets = _hedging("{value} (or {other})")
between = _hedging("something between {other} and {value}")


def every_state(told: TrueAnswer, rng: Random) -> str | None:
    """`mysql` on `a` is active, inactive, failed, running, stopped, enabled, disabled"""
    return told.reworded(in_prose(STATE, f"is {', '.join(OPPOSITES)}", told.turn.items))


def taken_back(told: TrueAnswer, rng: Random) -> str | None:
    """`a` 88%. No, it is 79%."""
    values = [(value, other) for _, value in told.values if (other := rival(told, value, rng))]
    if not values or told.turn.kind not in ("facts", "failed"):
        return None
    value, other = rng.choice(values)
    return told.say(f"{told.turn.items}. Wait, no: not {value}, it is {other}")


def pasted(told: TrueAnswer, rng: Random) -> str | None:
    """All that was seen, as it is, where it holds more than the facts."""
    seen = "\n\n".join(told.results)
    more = {*re.findall(r"\w+", seen)} - {*re.findall(r"\w+", told.text)}
    return seen if more and told.turn.kind not in ("plain", "ask_back") else None
