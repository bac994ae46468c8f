"""Agents that deny what is so."""

import re
from random import Random

from evals.agents.parts import OPPOSITES, STATE
from evals.agents.true_answer import Alter, TrueAnswer, in_prose


def _denying(state: str, value: str) -> Alter:
    """Deny every state ("is active"), or every value that follows a host ("`a` 88%", "`a` has 12")."""

    def deny(told: TrueAnswer, rng: Random) -> str | None:
        items = in_prose(STATE, lambda m: state.replace("STATE", m[1]), told.turn.items)
        clauses = [_denied(host, clause, value) for host, clause in told.clauses()]
        if items == told.turn.items and all(clauses):
            items = ", ".join(clause for clause in clauses if clause)
        return told.reworded(items)

    return deny


def _denied(host: str, clause: str, value: str) -> str | None:
    found = re.fullmatch(rf"(`{re.escape(host)}`)(?: is at| has| uses)? (\d[\w.%]*)", clause)
    return f"{found[1]} {value.replace('VALUE', found[2])}" if host and found else None


not_so = _denying("is not STATE", "is not at VALUE")
contracted = _denying("isn't STATE", "isn't at VALUE")
curly = _denying("isn’t STATE", "isn’t at VALUE")
no_longer = _denying("is no longer STATE", "is no longer at VALUE")
never = _denying("was never STATE", "was never at VALUE")
neither = _denying("is neither STATE nor healthy", "is neither at VALUE nor near it")
far_from = _denying("is anything but STATE", "is nowhere near VALUE")
failed_to_be = _denying("failed to be STATE", "failed to reach VALUE")


def untrue(told: TrueAnswer, rng: Random) -> str | None:
    """It is not true that `mysql` on `a` is active."""
    stated = [clause for _, clause in told.clauses() if re.search(STATE, clause, re.I)]
    if len(stated) != len(told.clauses()) or told.turn.kind != "facts":
        return None
    denied = " and ".join(f"it is not true that {clause}" for clause in stated)
    return told.say(denied[0].upper() + denied[1:])


def asked_and_denied(told: TrueAnswer, rng: Random) -> str | None:
    """Is `mysql` on `a` active? No."""
    state = re.fullmatch(r"(`[^`]+` on `[^`]+`) is (\w+)", told.turn.items)
    return told.reworded(f"Is {state[1]} {state[2]}? No, it is not") if state else None


def not_done(told: TrueAnswer, rng: Random) -> str | None:
    """I have not restarted `mysql` on `a`, where it was restarted"""
    return f"I have not restarted {told.turn.items}." if told.turn.kind == "restart" else None


def opposite(told: TrueAnswer, rng: Random) -> str | None:
    """`mysql` on `a` is inactive, where it is active"""
    items = in_prose(STATE, lambda m: f"is {OPPOSITES[m[1].lower()]}", told.turn.items)
    items = items.replace("has exited", "is running").replace("has failed", "is active")
    if items == told.turn.items and told.turn.kind == "failed":
        items = re.sub(r"does not exist (on `[^`]+`).*", r"exists \1", items)
        items = re.sub(r"is not running (on `[^`]+`).*", r"is running \1", items)
    return told.reworded(items)
