"""The oracle: solves a scenario with the tools and gives the true answer in AJ's voice for the persona."""

from collections.abc import Container, Sequence
from random import Random

from aj.contract import Contract
from aj.messages import Call, Message, calls, result, user
from aj.personas import load_personas
from aj.state import discovered
from fleet.fleet import Fleet
from scenarios.scenario import Scenario, ScriptedTurn


def play(scenario: Scenario, contract: Contract, until: int | None = None) -> tuple[list[Message], Fleet]:
    """The oracle's conversation over the first `until` turns (default: all), and the resulting fleet."""
    fleet = scenario.fleet()
    messages: list[Message] = []
    for turn in scenario.turns[:until]:
        messages.append(user(turn.text))
        messages += solve(turn, scenario.persona, messages, fleet, contract)
    return messages, fleet


def solve(turn: ScriptedTurn, persona: str, past: Sequence[Message], fleet: Fleet, contract: Contract) -> list[Message]:
    """The messages after the user's message, up to the finishing call; acts on `fleet`."""
    turns: list[Message] = []
    rng = Random(turn.text)
    note = _note(persona, rng) if turn.kind != "plain" else None
    while (step := next_call(turn, [*past, *turns], fleet.hosts, contract)) is not None:
        turns.append(calls(step.tool, step.params, None if turns else note))
        turns.append(result(step.tool, fleet.dispatch(step, contract)))
    return [*turns, calls(contract.conduct.finish, {"answer": answer(turn, persona, rng)})]


def next_call(turn: ScriptedTurn, past: Sequence[Message], hosts: Container[str], contract: Contract) -> Call | None:
    """The oracle's next call after `past`, which ends within `turn`; None if only the answer is missing."""
    conduct = contract.conduct
    remote = any(step.tool in (*conduct.targeted, *conduct.fleet_wide) for step in turn.steps)
    about_agents = turn.truth.count is not None or any(name in hosts for name in turn.truth.stated)
    no_such_agent = turn.kind == "failed" and not turn.steps  # the list of agents shows it
    if (remote or about_agents or no_such_agent) and discovered(past, contract) is None:
        return Call(conduct.discover)
    begun = max(place for place, message in enumerate(past) if message.role == "user")
    acted = [m for m in past[begun:] if m.call and contract.tool_by_name[m.call.tool].effect == "write"]
    return turn.steps[len(acted)] if len(acted) < len(turn.steps) else None


def _note(persona: str, rng: Random) -> str | None:
    notes = load_personas().personas[persona].notes
    return rng.choice(notes) if notes else None


def answer(turn: ScriptedTurn, persona: str, rng: Random | None = None) -> str:
    """The true answer to a turn, in AJ's voice for `persona`."""
    if turn.kind == "plain":
        return turn.items
    voice = load_personas().personas[persona].voice
    text = (rng or Random(turn.text)).choice(getattr(voice, turn.kind))
    slots = {"items": turn.items, "count": str(turn.truth.count), "why": turn.why, "question": turn.items}
    for slot, value in slots.items():
        text = text.replace(f"{{{slot}}}", value)
    return text


def plan(turn: ScriptedTurn, contract: Contract) -> str:
    """The turn as a numbered list of steps, for plan mode."""
    conduct = contract.conduct
    remote = any(step.tool in (*conduct.targeted, *conduct.fleet_wide) for step in turn.steps)
    steps = ["Discover the agents."] if remote else []
    for step in turn.steps:
        target = step.params.get(conduct.target)
        where = (
            f"on `{target}`" if target else "on every agent" if step.tool in conduct.fleet_wide else "in the workspace"
        )
        steps.append(f"Run `{step.params['command']}` {where}.")
    return "\n".join(f"{number}. {step}" for number, step in enumerate([*steps, "Report the result."], start=1))


def intent(turn: ScriptedTurn) -> str:
    """The word for intent mode: is the turn a task, or small talk?"""
    return "conversational" if turn.kind == "plain" else "task"
