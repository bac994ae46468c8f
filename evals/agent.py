"""The agent loop: the model acts in a simulated fleet, turn by turn, under the rules of AJ's runtime."""

from typing import Any

from inspect_ai.model import ChatMessageUser, get_model
from inspect_ai.solver import Generate, Solver, TaskState, solver

from aj.contract import Contract
from aj.fleet.fleet import Fleet
from aj.fleet.oracle import finishing
from aj.messages import Message, calls, reply, result, user
from aj.wire import judge_call, render_turn
from scorers.checks.conduct import check_conduct
from scorers.samples import case_of
from scorers.traces import Trace

MAX_CALLS = 6
"""Model calls a user turn: the oracle needs three; more only lets a lost model ramble."""


@solver
def agent() -> Solver:
    """Play the scenario's user turns against the model."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        case = case_of(state.metadata)
        assert case.scenario is not None
        fleet, trace = case.scenario.fleet(), state.store_as(Trace)
        past: list[Message] = []
        for number, ask in enumerate(case.scenario.asks):
            if number:  # the first user message is the sample's input
                state.messages.append(ChatMessageUser(content=ask.text))
            past.append(user(ask.text))
            turn = await _user_turn(state, past, fleet, case.contract)
            trace.turns = [*trace.turns, turn]
        trace.restarts = {name: list(host.restarts) for name, host in fleet.hosts.items() if host.restarts}
        return state

    return solve


async def _user_turn(state: TaskState, past: list[Message], fleet: Fleet, contract: Contract) -> dict[str, Any]:
    """One request, up to its answer; whatever the runtime would end the task for ends the turn."""
    turn: dict[str, Any] = {"calls": [], "answer": None, "error": None}
    for _ in range(MAX_CALLS):
        state.output = await get_model().generate(state.messages)
        state.messages.append(state.output.message)
        verdict = judge_call(state.output.completion, contract)
        call = verdict.dispatched
        if call is None or verdict.outcome != "runs":
            past.append(reply(state.output.completion))
            return turn | {"error": verdict.findings[0].code}
        turn["calls"].append({"tool": call.tool, "params": call.params, "valid": verdict.ok})
        misconduct = check_conduct(call, past, contract)
        past.append(calls(call.tool, call.params, call.note))
        if misconduct:
            return turn | {"error": misconduct[0].code}
        answer = finishing(call, contract)
        if answer is not None:
            return turn | {"answer": answer}
        output = result(call.tool, fleet.dispatch(call, contract))
        past.append(output)
        state.messages.append(ChatMessageUser(content=render_turn(output, contract)))
    return turn | {"error": "too_many_calls"}
