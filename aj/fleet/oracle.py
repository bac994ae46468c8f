"""The oracle: solves an ask through the tools, and says the true answer in AJ's voice for the persona."""

from collections.abc import Sequence
from random import Random

from aj.contract import Contract
from aj.fleet.asks import Ask, catalogue, facts
from aj.fleet.fleet import Fleet
from aj.messages import Call, Message, calls, result
from aj.personas import load_personas
from aj.state import discovered

PLAIN = frozenset({"disk", "memory", "load", "service", "log"})
"""Intents whose values are read as words and numbers; all other values are names, written as inline code."""


def solve(ask: Ask, past: Sequence[Message], fleet: Fleet, contract: Contract, rng: Random) -> list[Message]:
    """The turns from the user's message (not included) to `complete`; acts on `fleet`."""
    turns: list[Message] = []
    note = _note(ask, rng)

    def act(tool: str, **params: str) -> None:
        call = calls(tool, dict(params), None if turns else note)
        assert call.call is not None
        turns.extend([call, result(tool, fleet.dispatch(call.call, contract))])

    conduct = contract.conduct
    if ask.scope != "local" and discovered(past, contract) is None:
        act(conduct.discover)
    if ask.command and ask.scope == "fleet":
        act(conduct.fleet_wide[0], command=ask.command)
    elif ask.command and ask.host:
        act(conduct.targeted[0], **{conduct.target: ask.host, "command": ask.command})
    elif ask.command:
        act("bash", command=ask.command)
    return [*turns, calls(conduct.finish, {"answer": true_answer(ask, fleet, rng)})]


def _note(ask: Ask, rng: Random) -> str | None:
    notes = load_personas().personas[ask.persona].notes
    return rng.choice(notes) if notes else None


def true_answer(ask: Ask, fleet: Fleet, rng: Random) -> str:
    """The answer to `ask` from the fleet's state, in AJ's voice for `ask.persona`."""
    intent = catalogue().intents[ask.intent]
    voice = load_personas().personas[ask.persona].voice
    known = facts(ask, fleet.hosts, fleet.local)
    kind = {"count": voice.count, "restart": voice.restart}.get(ask.intent, voice.facts)
    slots = {
        "items": _items(ask, known),
        "names": _listed([f"`{name}`" for name in known]),
        "count": str(len(known)),
        "noun": intent.noun,
        "why": intent.why,
        "service": ask.service or "",
        "host": ask.host or "",
    }
    text = rng.choice(kind)
    for slot, value in slots.items():
        text = text.replace(f"{{{slot}}}", value)
    return text


def plan(ask: Ask) -> str:
    """The ask as a numbered list of steps, for plan mode."""
    intent = catalogue().intents[ask.intent]
    where = f"on `{ask.host}`" if ask.host else "in the workspace" if ask.scope == "local" else "on every agent"
    act = [f"Run `{ask.command}` {where}."] if ask.command else []
    discover = [] if ask.scope == "local" else ["Discover the agents."]
    steps = [*discover, *act, f"Report the {intent.noun}."]
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1))


def _items(ask: Ask, known: dict[str, tuple[str, ...]]) -> str:
    def values(of: tuple[str, ...]) -> str:
        return ", ".join(of) if ask.intent in PLAIN else ", ".join(f"`{value}`" for value in of)

    if ask.intent == "hostname":
        return _listed([f"`{name}`" for name in known])
    if ask.intent == "service":
        return ", ".join(f"`{ask.service}` on `{name}` is {values(of)}" for name, of in known.items())
    return ", ".join(f"`{name}` {values(of)}" if name else values(of) for name, of in known.items())


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def finishing(call: Call | None, contract: Contract) -> str | None:
    """The answer of a finishing call; None for any other."""
    if call is None or call.tool != contract.conduct.finish:
        return None
    return str(call.params.get("answer") or call.params.get("error") or "")
