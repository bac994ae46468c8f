"""The oracle: solves a scenario act by act, and gives the true answer in AJ's voice for the persona."""

from collections.abc import Container, Sequence
from random import Random

from aj.acts import DISCOVER, Act, act_of, call_of, finish
from aj.contract import Contract
from aj.messages import Message, result, user
from aj.personas import load_personas
from aj.state import discovered
from fleet.fleet import Fleet
from fleet.gaps import FleetGap
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
    """The messages after the user's message, up to the answer; acts on `fleet`.

    Raises:
        FleetGap: the fleet lacks what a step asks for.
    """
    turns: list[Message] = []
    rng = Random(turn.text)
    note = _note(persona, rng) if turn.kind != "plain" else None
    while (act := next_act(turn, [*past, *turns], fleet.hosts, contract)) is not None:
        call = call_of(act, contract, None if turns else note)
        turns.append(Message("assistant", call=call))
        turns.append(result(call.tool, fleet.dispatch(act)))
        if fleet.gaps:
            raise FleetGap(fleet.gaps)
    return [*turns, Message("assistant", call=call_of(finish(answer(turn, persona, rng)), contract))]


def next_act(turn: ScriptedTurn, past: Sequence[Message], hosts: Container[str], contract: Contract) -> Act | None:
    """What the oracle does next after `past`, which ends within `turn`; None if only the answer is missing."""
    remote = any(step.reaches_agents for step in turn.steps)
    about_agents = turn.truth.count is not None or any(name in hosts for name in turn.truth.stated)
    no_such_agent = turn.kind == "failed" and not turn.steps  # the list of agents shows it
    if (remote or about_agents or no_such_agent) and discovered(past, contract) is None:
        return DISCOVER
    begun = max(place for place, message in enumerate(past) if message.role == "user")
    acts = (act_of(message.call, contract) for message in past[begun:])
    done = sum(1 for act in acts if act and act.runs and act.command)  # without a command, nothing ran
    return turn.steps[done] if done < len(turn.steps) else None


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


def plan(turn: ScriptedTurn) -> str:
    """The turn as a numbered list of steps, for plan mode."""
    steps = ["Discover the agents."] if any(step.reaches_agents for step in turn.steps) else []
    for step in turn.steps:
        where = {"on_one": f"on `{step.host}`", "on_all": "on every agent"}.get(step.kind, "in the workspace")
        steps.append(f"Run `{step.command}` {where}.")
    return "\n".join(f"{number}. {step}" for number, step in enumerate([*steps, "Report the result."], start=1))


def intent(turn: ScriptedTurn) -> str:
    """The word for intent mode: is the turn a task, or small talk?"""
    return "conversational" if turn.kind == "plain" else "task"
