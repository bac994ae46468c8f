"""Agents that state another value, or say it about another host."""

import re
from collections.abc import Iterable
from random import Random

from aj.state import agents_listed
from evals.agents.parts import (
    OPPOSITES,
    alike_to,
    numeric,
    pairs_of,
    redrawn,
    values_elsewhere,
    with_another_value,
)
from evals.agents.true_answer import TrueAnswer, whole


def swapped_hosts(told: TrueAnswer, rng: Random) -> str | None:
    """Two hosts have each other's values."""
    pairs = [
        (one, other)
        for one, other in pairs_of(told.hosts)
        if told.clauses()[0][0] and _stated(told, one) and _differ(_stated(told, one), _stated(told, other))
    ]
    if not pairs:
        return None
    one, other = rng.choice(pairs)
    names = {f"`{one}`": f"`{other}`", f"`{other}`": f"`{one}`"}
    swapped = [re.sub(r"`[^`]+`", lambda m: names.get(m[0], m[0]), clause) for _, clause in told.clauses()]
    return told.say(", ".join(swapped))


def value_of_another_host(told: TrueAnswer, rng: Random) -> str | None:
    """One host has the value that is right for another one."""
    clauses = dict(told.clauses())
    chosen = [
        (one, mine, theirs)
        for one, other in pairs_of(told.fleet)
        for mine, theirs in values_elsewhere(told, one, other)
        if one in clauses and whole(mine).search(clauses[one])
    ]
    if not chosen:
        return None
    host, mine, theirs = rng.choice(chosen)
    return told.say(", ".join(whole(mine).sub(lambda _: theirs, c) if h == host else c for h, c in clauses.items()))


def shifted_digit(told: TrueAnswer, rng: Random) -> str | None:
    """88% becomes 89%, or four agents become five."""
    number = told.turn.truth.count
    if number is not None:
        return told.say(told.turn.items, count=str(number + rng.choice((-1, 1))))
    return with_another_value(told, rng, lambda value: _shift(value, rng))


def _shift(value: str, rng: Random) -> str | None:
    places = [place for place, char in enumerate(value) if char.isdigit()]
    if not places:
        return None
    place = rng.choice(places)
    return f"{value[:place]}{int(value[place]) % 9 + 1}{value[place + 1 :]}"


def wrong_unit(told: TrueAnswer, rng: Random) -> str | None:
    """88% becomes 88G, 3.1Gi becomes 3.1Mi"""
    return with_another_value(told, rng, _other_unit)


def _other_unit(value: str) -> str | None:
    found = re.fullmatch(r"(\d[\d.]*)( ?)(%|[KMGT]i?B?|days)", value)
    if not found:
        return None
    units = {"%": "G", "days": "hours", "K": "M", "M": "G", "G": "M", "T": "G"}
    unit = found[3]
    new = units[unit] if unit in units else units[unit[0]] + unit[1:]
    return f"{found[1]}{found[2]}{new}"


def moved_point(told: TrueAnswer, rng: Random) -> str | None:
    """0.47 becomes 4.7, 5.6Gi becomes 56Gi"""

    def moved(value: str) -> str | None:
        found = re.fullmatch(r"(\d+)\.(\d)(\d*)(\D*)", value)
        if not found:
            return None
        whole_part = f"{found[1]}{found[2]}".lstrip("0") or "0"
        return f"{whole_part}{'.' if found[3] else ''}{found[3]}{found[4]}"

    return with_another_value(told, rng, moved)


def stale(told: TrueAnswer, rng: Random) -> str | None:
    """What an earlier result said, or one may have said: the state before, or another number."""

    def before(value: str) -> str | None:
        if value.lower() in OPPOSITES:
            return OPPOSITES[value.lower()]
        alike = alike_to(value)
        results = [text for text in told.results[:-1] if not agents_listed(text)]
        earlier = [found for text in results for found in alike.findall(text) if found != value]
        return (rng.choice(earlier) if earlier else redrawn(value, rng)) if numeric(value) else None

    return with_another_value(told, rng, before)


def wrong_parts(told: TrueAnswer, rng: Random) -> str | None:
    """That's 4 agents, 2 Linux and 2 Windows, where other numbers are right."""
    number = told.turn.truth.count
    if number is None:
        return None
    windows = sum(host.platform == "windows" for host in told.case.scenario.hosts)
    wrong = windows + 1 if windows < number else windows - 1
    return told.say(told.turn.items, count=f"{number} agents, {number - wrong} Linux and {wrong} Windows")


def dropped_value(told: TrueAnswer, rng: Random) -> str | None:
    """One of several files in a list is left out."""
    files = re.search(r"`[^`]+`(?:, `[^`]+`)+$", told.turn.items)
    if not files or len(told.hosts) > 1:
        return None
    names = files[0].split(", ")
    names.pop(rng.randrange(len(names)))
    return told.say(told.turn.items[: files.start()] + ", ".join(names))


def _stated(told: TrueAnswer, host: str) -> list[str]:
    return [value for value in told.turn.truth.stated[host] if value != host]


def _differ(some: Iterable[str], others: Iterable[str]) -> bool:
    return not {word for value in some for word in value.split("|")} & {
        word for value in others for word in value.split("|")
    }
