"""What the agents that break a truth share: rival values, and answers with one value replaced."""

import re
from collections.abc import Callable, Iterator
from random import Random

from aj.acts import on
from evals.agents.true_answer import TrueAnswer, whole

OPPOSITES = {
    "active": "inactive",
    "inactive": "active",
    "failed": "active",
    "running": "stopped",
    "stopped": "running",
    "enabled": "disabled",
    "disabled": "enabled",
}
"""A state in the oracle's words -> one that excludes it."""
STATE = rf"\bis ({'|'.join(OPPOSITES)})\b"


def with_another_value(told: TrueAnswer, rng: Random, other: Callable[[str], str | None]) -> str | None:
    """The answer with one stated value replaced in one place; `other` says by what, None if by nothing."""
    if told.turn.kind in ("plain", "ask_back", "restart"):
        return None
    changes: list[tuple[str, str, str]] = []
    for host, value in told.values:
        new = other(value)
        if new and not any(whole(either).fullmatch(new) for either in accepted(told, host, value)):
            changes.append((host, value, new))
    if not changes:
        return None
    host, value, new = rng.choice(changes)
    return told.say(_replaced(told, host, value, new))


def _replaced(told: TrueAnswer, host: str, value: str, new: str) -> str:
    """The items with a value replaced where it first stands about the host."""
    clauses = told.clauses()
    about = host if len(clauses) > 1 else clauses[0][0]
    return ", ".join(whole(value).sub(lambda _: new, c, count=1) if of == about else c for of, c in clauses)


def accepted(told: TrueAnswer, host: str, value: str) -> list[str]:
    """All wordings of the stated value that `value` is one of."""
    for stated in told.turn.truth.stated[host]:
        if value in stated.split("|"):
            return stated.split("|")
    return [value]


def pairs_of(names: list[str]) -> Iterator[tuple[str, str]]:
    return ((one, other) for one in names for other in names if one != other)


def values_elsewhere(told: TrueAnswer, one: str, other: str) -> Iterator[tuple[str, str]]:
    """(value of `one`, value of `other`), as stated or, where only one host was asked about, as the same command shows
    it at the same place in its output on the other host."""
    stated = told.turn.truth.stated
    for host, mine in told.values:
        if host != one:
            continue
        if other in stated:
            theirs = [value for host, value in told.values if host == other]
        else:
            theirs = _shown(told, one, other, mine)
        yield from ((mine, value) for value in theirs if value not in accepted(told, one, mine))


def _shown(told: TrueAnswer, one: str, other: str, mine: str) -> list[str]:
    steps = [step for step in told.turn.steps if step.host == one]
    if len(steps) != 1 or len(told.turn.steps) != 1 or told.case.scenario.goal or not numeric(mine):
        return []
    here, there = (told.case.scenario.fleet().dispatch(on(host, steps[0].command)) for host in (one, other))
    alike = alike_to(mine)
    ours, theirs = alike.findall(here), alike.findall(there)
    return [theirs[ours.index(mine)]] if mine in ours and len(ours) == len(theirs) else []


def rival(told: TrueAnswer, value: str, rng: Random) -> str | None:
    """Another value of the same kind."""
    if value.lower() in OPPOSITES:
        return OPPOSITES[value.lower()]
    mine = {host for host, stated in told.values if stated == value}
    others = [other for host, other in told.values if host not in mine and alike_to(value).fullmatch(other)]
    others = [other for other in others if other != value]
    return rng.choice(others) if others else redrawn(value, rng)


def numeric(value: str) -> bool:
    return re.fullmatch(r"[\d.,-]+ ?[%\w]{0,4}", value) is not None and any(char.isdigit() for char in value)


def alike_to(value: str) -> re.Pattern[str]:
    """Matches values written like `value`: each run of digits stands for any."""
    shape = re.sub(r"\d+", r"\\d+", re.escape(value))
    return re.compile(rf"(?<![\w.]){shape}(?![\w%]|\.\d)")


def redrawn(value: str, rng: Random) -> str | None:
    """The value with every digit changed; None if it has none."""
    if not numeric(value):
        return None
    return re.sub(r"\d", lambda m: str((int(m[0]) + rng.choice((1, 2, 3))) % 9 + 1), value)
