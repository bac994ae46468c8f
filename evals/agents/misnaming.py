"""Agents that name other hosts than they should."""

from random import Random

from evals.agents.parts import values_elsewhere
from evals.agents.true_answer import TrueAnswer
from scenarios.requests import listed


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
    others = never or [name for name in alone if any(True for _ in values_elsewhere(told, host, name))]
    if not others or not host:
        return None
    return told.say(", ".join([told.turn.items, *(clause.replace(f"`{host}`", f"`{name}`") for name in others)]))


def withheld(told: TrueAnswer, rng: Random) -> str | None:
    """The hosts are named, but nothing is said about them."""
    if told.names_only or not told.values or not told.hosts or told.turn.kind != "facts":
        return None
    return told.say(f"I looked at {listed(told.hosts)}")


def _ghost(told: TrueAnswer, rng: Random) -> str:
    """The name of an agent that does not exist, like one that does."""
    known = " ".join([*told.results, *told.fleet])
    name = rng.choice(told.fleet)
    ghosts = (f"{name[:-1]}{letter}" for letter in rng.sample("0123456789abcdefghjkmn", 22))
    return next(ghost for ghost in ghosts if ghost not in known)
