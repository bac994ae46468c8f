"""Agents that keep the form of the oracle's answer and break its truth: every one must fail wherever it changes one."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from random import Random

from aj.acts import finish, on
from aj.messages import Message
from aj.state import agents_listed
from evals.agents.saying import say
from evals.agents.true_answer import Alter, TrueAnswer, in_prose, whole
from scenarios.oracle import answer
from scenarios.scenario import ScriptedTurn
from scorers.samples import Case

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
_STATE = rf"\bis ({'|'.join(OPPOSITES)})\b"


# --- denials ----------------------------------------------------------------------------------------------------------


def _denying(state: str, value: str) -> Alter:
    """Deny every state ("is active"), or every value that follows a host ("`a` 88%", "`a` has 12")."""

    def deny(told: TrueAnswer, rng: Random) -> str | None:
        items = in_prose(_STATE, lambda m: state.replace("STATE", m[1]), told.turn.items)
        clauses = [_denied(host, clause, value) for host, clause in told.clauses()]
        if items == told.turn.items and all(clauses):
            items = ", ".join(clause for clause in clauses if clause)
        return _if_changed(told, items)

    return deny


def _denied(host: str, clause: str, value: str) -> str | None:
    found = re.fullmatch(rf"(`{re.escape(host)}`)(?: is at| has| uses)? (\d[\w.%]*)", clause)
    return f"{found[1]} {value.replace('VALUE', found[2])}" if host and found else None


not_so = _denying("is not STATE", "is not at VALUE")
contracted = _denying("isn't STATE", "isn't at VALUE")
no_longer = _denying("is no longer STATE", "is no longer at VALUE")
never = _denying("was never STATE", "was never at VALUE")
neither = _denying("is neither STATE nor healthy", "is neither at VALUE nor near it")
far_from = _denying("is anything but STATE", "is nowhere near VALUE")
failed_to_be = _denying("failed to be STATE", "failed to reach VALUE")


def not_done(told: TrueAnswer, rng: Random) -> str | None:
    """I have not restarted `mysql` on `a`, where it was restarted"""
    return f"I have not restarted {told.turn.items}." if told.turn.kind == "restart" else None


def untrue(told: TrueAnswer, rng: Random) -> str | None:
    """It is not true that `mysql` on `a` is active."""
    stated = [clause for _, clause in told.clauses() if re.search(_STATE, clause, re.I)]
    if len(stated) != len(told.clauses()) or told.turn.kind != "facts":
        return None
    denied = " and ".join(f"it is not true that {clause}" for clause in stated)
    return told.say(denied[0].upper() + denied[1:])


# --- other values -----------------------------------------------------------------------------------------------------


def opposite(told: TrueAnswer, rng: Random) -> str | None:
    """`mysql` on `a` is inactive, where it is active"""
    items = in_prose(_STATE, lambda m: f"is {OPPOSITES[m[1].lower()]}", told.turn.items)
    items = items.replace("has exited", "is running").replace("has failed", "is active")
    if items == told.turn.items and told.turn.kind == "failed":
        items = re.sub(r"does not exist (on `[^`]+`).*", r"exists \1", items)
        items = re.sub(r"is not running (on `[^`]+`).*", r"is running \1", items)
    return _if_changed(told, items)


def swapped_hosts(told: TrueAnswer, rng: Random) -> str | None:
    """Two hosts have each other's values."""
    pairs = [
        (one, other)
        for one, other in _pairs(told.hosts)
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
        for one, other in _pairs(told.fleet)
        for mine, theirs in _theirs(told, one, other)
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
    return _with_another_value(told, rng, lambda value: _shift(value, rng))


def wrong_unit(told: TrueAnswer, rng: Random) -> str | None:
    """88% becomes 88G, 3.1Gi becomes 3.1Mi"""
    return _with_another_value(told, rng, _other_unit)


def stale(told: TrueAnswer, rng: Random) -> str | None:
    """What an earlier result said, or one may have said: the state before, or another number."""

    def before(value: str) -> str | None:
        if value.lower() in OPPOSITES:
            return OPPOSITES[value.lower()]
        alike = _alike(value)
        results = [text for text in told.results[:-1] if not agents_listed(text)]
        earlier = [found for text in results for found in alike.findall(text) if found != value]
        return (rng.choice(earlier) if earlier else _redrawn(value, rng)) if _numeric(value) else None

    return _with_another_value(told, rng, before)


# --- hosts ------------------------------------------------------------------------------------------------------------


def dropped_host(told: TrueAnswer, rng: Random) -> str | None:
    """One of several hosts is left out."""
    clauses = told.clauses()
    if len(clauses) < 2:
        return None
    left = rng.randrange(len(clauses))
    return told.say(", ".join(clause for place, (_, clause) in enumerate(clauses) if place != left))


def added_host(told: TrueAnswer, rng: Random) -> str | None:
    """A host that does not exist has a value as well."""
    clauses = told.clauses()
    if not clauses[0][0] or told.turn.kind == "restart":
        return None
    host, clause = rng.choice(clauses)
    ghost = _ghost(told, rng)
    return told.say(", ".join([*(said for _, said in clauses), clause.replace(f"`{host}`", f"`{ghost}`")]))


def renamed_host(told: TrueAnswer, rng: Random) -> str | None:
    """The value is said about a host that does not exist."""
    if not told.hosts or told.turn.kind == "ask_back":
        return None
    host, ghost = rng.choice(told.hosts), _ghost(told, rng)
    return told.say(told.turn.items.replace(f"`{host}`", f"`{ghost}`"))


def everybody(told: TrueAnswer, rng: Random) -> str | None:
    """Every agent is said to be one of those asked for, or to have the value of the one asked about."""
    (host, clause), *more = told.clauses()
    never = [name for name in told.turn.truth.never if name in told.fleet]
    alone = [name for name in told.fleet if name != host and not more]
    others = never or [name for name in alone if any(True for _ in _theirs(told, host, name))]
    if not others or not host:
        return None
    return told.say(", ".join([told.turn.items, *(clause.replace(f"`{host}`", f"`{name}`") for name in others)]))


# --- answers that leave the choice to the reader ---------------------------------------------------------------------


def _hedging(form: str) -> Alter:
    """Give two answers, only one of which is right."""

    def hedge(told: TrueAnswer, rng: Random) -> str | None:
        number = told.turn.truth.count
        if number is not None:
            return told.say(told.turn.items, count=form.format(value=number, other=number + 1))
        return _with_another_value(told, rng, lambda value: _hedged(told, value, rng, form))

    return hedge


def _hedged(told: TrueAnswer, value: str, rng: Random, form: str) -> str | None:
    other = _rival(told, value, rng)
    return form.format(value=value, other=other) if other else None


hedged = _hedging("{value} or {other}")
hedged_first = _hedging("either {other} or {value}")
in_doubt = _hedging("{other}, maybe {value}")


def every_state(told: TrueAnswer, rng: Random) -> str | None:
    """`mysql` on `a` is active, inactive, failed, running, stopped, enabled, disabled"""
    return _if_changed(told, in_prose(_STATE, f"is {', '.join(OPPOSITES)}", told.turn.items))


def taken_back(told: TrueAnswer, rng: Random) -> str | None:
    """`a` 88%. No, it is 79%."""
    values = [(value, other) for _, value in told.values if (other := _rival(told, value, rng))]
    if not values or told.turn.kind not in ("facts", "failed"):
        return None
    value, other = rng.choice(values)
    return told.say(f"{told.turn.items}. Wait, no: not {value}, it is {other}")


def dropped_value(told: TrueAnswer, rng: Random) -> str | None:
    """One of several files in a list is left out."""
    listed = re.search(r"`[^`]+`(?:, `[^`]+`)+$", told.turn.items)
    if not listed or len(told.hosts) > 1:
        return None
    names = listed[0].split(", ")
    names.pop(rng.randrange(len(names)))
    return told.say(told.turn.items[: listed.start()] + ", ".join(names))


def pasted(told: TrueAnswer, rng: Random) -> str | None:
    """All that was seen, as it is, where it holds more than the facts."""
    seen = "\n\n".join(told.results)
    more = {*re.findall(r"\w+", seen)} - {*re.findall(r"\w+", told.text)}
    return seen if more and told.turn.kind not in ("plain", "ask_back") else None


def unlooked(case: Case, past: Sequence[Message], turn: ScriptedTurn) -> str:
    """A reference agent that claims what the oracle finds out, without a look (the others change its answers)."""
    return say(case, finish(answer(turn, case.scenario.persona)))


# --- parts ------------------------------------------------------------------------------------------------------------


def _if_changed(told: TrueAnswer, items: str) -> str | None:
    return told.say(items) if items != told.turn.items and told.turn.kind not in ("plain", "ask_back") else None


def _with_another_value(told: TrueAnswer, rng: Random, other: Callable[[str], str | None]) -> str | None:
    """The answer with one stated value replaced in one place; `other` says by what, None if by nothing."""
    if told.turn.kind in ("plain", "ask_back", "restart"):
        return None
    changes: list[tuple[str, str, str]] = []
    for host, value in told.values:
        new = other(value)
        if new and not any(whole(either).fullmatch(new) for either in _accepted(told, host, value)):
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


def _accepted(told: TrueAnswer, host: str, value: str) -> list[str]:
    """All wordings of the stated value that `value` is one of."""
    for stated in told.turn.truth.stated[host]:
        if value in stated.split("|"):
            return stated.split("|")
    return [value]


def _stated(told: TrueAnswer, host: str) -> list[str]:
    return [value for value in told.turn.truth.stated[host] if value != host]


def _differ(some: Iterable[str], others: Iterable[str]) -> bool:
    return not {word for value in some for word in value.split("|")} & {
        word for value in others for word in value.split("|")
    }


def _pairs(names: list[str]) -> Iterator[tuple[str, str]]:
    return ((one, other) for one in names for other in names if one != other)


def _theirs(told: TrueAnswer, one: str, other: str) -> Iterator[tuple[str, str]]:
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
        yield from ((mine, value) for value in theirs if value not in _accepted(told, one, mine))


def _shown(told: TrueAnswer, one: str, other: str, mine: str) -> list[str]:
    steps = [step for step in told.turn.steps if step.host == one]
    if len(steps) != 1 or len(told.turn.steps) != 1 or told.case.scenario.goal or not _numeric(mine):
        return []
    here, there = (told.case.scenario.fleet().dispatch(on(host, steps[0].command)) for host in (one, other))
    alike = _alike(mine)
    ours, theirs = alike.findall(here), alike.findall(there)
    return [theirs[ours.index(mine)]] if mine in ours and len(ours) == len(theirs) else []


def _rival(told: TrueAnswer, value: str, rng: Random) -> str | None:
    """Another value of the same kind."""
    if value.lower() in OPPOSITES:
        return OPPOSITES[value.lower()]
    mine = {host for host, stated in told.values if stated == value}
    others = [other for host, other in told.values if host not in mine and _alike(value).fullmatch(other)]
    others = [other for other in others if other != value]
    return rng.choice(others) if others else _redrawn(value, rng)


def _numeric(value: str) -> bool:
    return re.fullmatch(r"[\d.,-]+ ?[%\w]{0,4}", value) is not None and any(char.isdigit() for char in value)


def _alike(value: str) -> re.Pattern[str]:
    """Matches values written like `value`: each run of digits stands for any."""
    shape = re.sub(r"\d+", r"\\d+", re.escape(value))
    return re.compile(rf"(?<![\w.]){shape}(?![\w%]|\.\d)")


def _redrawn(value: str, rng: Random) -> str | None:
    """The value with every digit changed; None if it has none."""
    if not _numeric(value):
        return None
    return re.sub(r"\d", lambda m: str((int(m[0]) + rng.choice((1, 2, 3))) % 9 + 1), value)


def _shift(value: str, rng: Random) -> str | None:
    places = [place for place, char in enumerate(value) if char.isdigit()]
    if not places:
        return None
    place = rng.choice(places)
    return f"{value[:place]}{int(value[place]) % 9 + 1}{value[place + 1 :]}"


def _other_unit(value: str) -> str | None:
    found = re.fullmatch(r"(\d[\d.]*)( ?)(%|[KMGT]i?B?|days)", value)
    if not found:
        return None
    units = {"%": "G", "days": "hours", "K": "M", "M": "G", "G": "M", "T": "G"}
    unit = found[3]
    new = units[unit] if unit in units else units[unit[0]] + unit[1:]
    return f"{found[1]}{found[2]}{new}"


def _ghost(told: TrueAnswer, rng: Random) -> str:
    """The name of an agent that does not exist, like one that does."""
    known = " ".join([*told.results, *told.fleet])
    name = rng.choice(told.fleet)
    ghosts = (f"{name[:-1]}{letter}" for letter in rng.sample("0123456789abcdefghjkmn", 22))
    return next(ghost for ghost in ghosts if ghost not in known)


TRUTH_BREAKING: dict[str, Alter] = {
    "not_so": not_so,
    "contracted": contracted,
    "no_longer": no_longer,
    "never": never,
    "neither": neither,
    "far_from": far_from,
    "failed_to_be": failed_to_be,
    "untrue": untrue,
    "not_done": not_done,
    "opposite": opposite,
    "swapped_hosts": swapped_hosts,
    "value_of_another_host": value_of_another_host,
    "shifted_digit": shifted_digit,
    "wrong_unit": wrong_unit,
    "stale": stale,
    "dropped_host": dropped_host,
    "dropped_value": dropped_value,
    "added_host": added_host,
    "renamed_host": renamed_host,
    "everybody": everybody,
    "hedged": hedged,
    "hedged_first": hedged_first,
    "in_doubt": in_doubt,
    "every_state": every_state,
    "taken_back": taken_back,
    "pasted": pasted,
}
