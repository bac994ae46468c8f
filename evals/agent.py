"""The agent loop: AJ acts in a simulated fleet, turn by turn, under its runtime's rules."""

from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

from inspect_ai.model import ChatMessageUser, ModelOutput, get_model
from inspect_ai.solver import Generate, Solver, TaskState, solver

from aj.acts import act_of, meaning_of
from aj.conduct import check_conduct
from aj.messages import Message, calls, reply, result, user
from aj.wire import judge_call, render_turn
from evals.simulated_user import SimulatorFailure, reworded
from fleet.fleet import Fleet
from fleet.snapshot import diff
from scenarios.scenario import Scenario, ScriptedTurn
from scorers.samples import Case, Trace, case_of, seen_on

SPARE_CALLS = 4
"""Model calls per user turn in addition to the oracle's steps: discovery, the answer, and two to find the way."""
Speak = Callable[[TaskState, Case, list[Message], ScriptedTurn], Awaitable[ModelOutput]]
"""Speaks for AJ: the model under test, or a reference agent (`evals.reference`)."""


async def ask_model(state: TaskState, case: Case, past: list[Message], turn: ScriptedTurn) -> ModelOutput:
    return await get_model().generate(state.messages)


@solver
def agent(simulated_user: bool = False) -> Solver:
    """Play the user's turns against the model, starting with the one in the prompt."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        return await converse(state, ask_model, simulated_user)

    return solve


async def converse(state: TaskState, speak: Speak, simulated_user: bool = False) -> TaskState:
    """Play the conversation from the prompt on, and record it in the sample's `Trace`."""
    case, trace = case_of(state.metadata), state.store_as(Trace)
    fleet, past = case.fleet(), list(case.past)
    trace.seen = _seen(past, case)
    for number, turn in enumerate(case.scenario.turns[case.begun - 1 :]):
        if number:  # the first one is the sample's input
            try:
                text = turn.text
                if simulated_user:
                    text = await reworded(turn.text, case.scenario.persona, _names(case.scenario))
            except SimulatorFailure as failure:
                trace.simulator = str(failure)
                return state
            state.messages.append(ChatMessageUser(content=text))
            past.append(user(text))
        played = await _user_turn(state, past, fleet, case, turn, speak)
        trace.turns = [*trace.turns, played]
    trace.seen = _seen(past, case)
    trace.changed = diff(case.scenario.start, fleet.snapshot())
    return state


def _names(scenario: Scenario) -> set[str]:
    """Names of hosts, services and containers, which a simulated user must not change."""
    hosts = scenario.hosts
    services = {name for host in hosts for name in (*host.services, *(c.name for c in host.containers))}
    return {host.name for host in hosts} | services


def _seen(past: list[Message], case: Case) -> list[tuple[str, str]]:
    names = [host.name for host in case.scenario.hosts]
    return [
        seen
        for asked, told in pairwise(past)
        if told.role == "tool" and (act := act_of(asked.call, case.contract))
        for seen in seen_on(act, told.content, names)
    ]


async def _user_turn(
    state: TaskState, past: list[Message], fleet: Fleet, case: Case, turn: ScriptedTurn, speak: Speak
) -> dict[str, Any]:
    """Play one request up to its answer; anything for which the runtime would end the task ends the turn."""
    contract = case.contract
    played: dict[str, Any] = {"calls": [], "answer": None, "error": None, "sources": []}
    for _ in range(min(len(turn.steps) + SPARE_CALLS, contract.conduct.max_steps)):
        state.output = await speak(state, case, past, turn)
        state.messages.append(state.output.message)
        judgement = judge_call(state.output.completion, contract)
        call = judgement.dispatched
        if call is None or judgement.outcome != "runs":
            past.append(reply(state.output.completion))
            return played | {"error": judgement.findings[0].code}
        played["calls"].append({"tool": call.tool, "params": call.params, "valid": judgement.ok})
        misconduct = check_conduct(call, past, contract)
        past.append(calls(call.tool, call.params, call.note))
        if misconduct:
            return played | {"error": misconduct[0].code}
        act = meaning_of(call, contract)
        if act.kind == "finish":
            sources = [message.content for message in past if message.role in ("user", "tool")]
            return played | {"answer": act.words, "sources": sources}
        output = result(call.tool, fleet.dispatch(act))
        past.append(output)
        state.messages.append(ChatMessageUser(content=render_turn(output, contract)))
    return played | {"error": "too_many_calls"}
