"""The agent loop: AJ acts in a simulated fleet, turn by turn, under its runtime's rules."""

from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

from inspect_ai.model import ChatMessageUser, GenerateConfig, ModelOutput, get_model
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.util import LimitExceededError

from aj.acts import act_of, meaning_of
from aj.conduct import check_conduct
from aj.contract import Contract
from aj.messages import Message, calls, reply, result, user
from aj.runtime import dispatched
from aj.state import sources_of
from aj.wire import judge_call, render_turn
from evals.decoding import decoding, grammar
from evals.simulated_user import SimulatorFailure, reworded
from fleet.fleet import Fleet
from fleet.snapshot import diff
from scenarios.scenario import Scenario, ScriptedTurn
from scorers.samples import Case, Trace, case_of, seen_on
from scorers.stops import UNJUDGED, stopped

SPARE_CALLS = 4
"""Model calls per user turn in addition to the oracle's steps: discovery, the answer, and two to find the way. A call
that got an error instead of a result does not count."""
BUDGETS = ("message", "token", "turn")
"""Limits of Inspect that a model uses up by what it says: a turn that they cut short was played, up to there."""
Speak = Callable[[TaskState, Case, list[Message], ScriptedTurn], Awaitable[ModelOutput]]
"""Speaks for AJ: the model under test, or a reference agent (`evals.reference`)."""


@solver
def agent(constrained: bool, contract: str, simulated_user: bool = False) -> Solver:
    """Play the user's turns against the model, starting with the one in the prompt."""
    grammar(constrained, contract)  # refused before anything is asked

    async def ask_model(state: TaskState, case: Case, past: list[Message], turn: ScriptedTurn) -> ModelOutput:
        return await get_model().generate(state.messages, config=GenerateConfig(**decoding(constrained, contract)))

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        return await converse(state, ask_model, simulated_user)

    return solve


async def converse(state: TaskState, speak: Speak, simulated_user: bool = False) -> TaskState:
    """Play the conversation from the prompt on, and record it in the sample's `Trace`, up to where a limit ends it."""
    case, trace = case_of(state.metadata), state.store_as(Trace)
    fleet, past = case.fleet(), list(case.past)
    try:
        for number, turn in enumerate(case.scenario.turns[case.begun - 1 :]):
            played: dict[str, Any] = {"calls": [], "answer": None, "error": "interrupted", "sources": []}
            try:
                if number:  # the first one is the sample's input
                    await _say(state, past, case, turn, simulated_user)
                played = await _user_turn(state, past, fleet, case, turn, speak, played)
            except SimulatorFailure as failure:
                trace.simulator = str(failure)
                return state
            except LimitExceededError as limit:
                if limit.type in BUDGETS:
                    played["error"] = "no_reply" if state.output.empty else "limit"
                raise
            finally:
                trace.turns = [*trace.turns, played]
            if played["error"] in UNJUDGED:
                return state
    finally:
        trace.gaps = [(gap.kind, gap.what) for gap in fleet.gaps]
        trace.seen = _seen(past, case)
        trace.changed = diff(case.scenario.start, fleet.snapshot())
    return state


async def _say(state: TaskState, past: list[Message], case: Case, turn: ScriptedTurn, simulated_user: bool) -> None:
    """The user's next line; raises SimulatorFailure."""
    text = turn.text
    if simulated_user:
        text = await reworded(turn.text, case.scenario.persona, _names(case.scenario))
    state.messages.append(ChatMessageUser(content=text))
    past.append(user(text))


def _names(scenario: Scenario) -> set[str]:
    """Names of hosts, services and containers, which a simulated user must not change."""
    hosts = scenario.hosts
    services = {name for host in hosts for name in (*host.services, *(c.name for c in host.containers))}
    return {host.name for host in hosts} | services


def _happened(past: list[Message], contract: Contract) -> list[Message]:
    """The conversation without calls that got an error instead of a result, and without these errors: they say nothing
    but what AJ said itself."""
    refused = [bool(message.call and dispatched(message.call, contract).error) for message in past]
    errors = (after and message.role == "tool" for message, after in zip(past, [False, *refused], strict=False))
    return [message for message, call, error in zip(past, refused, errors, strict=True) if not (call or error)]


def _seen(past: list[Message], case: Case) -> list[tuple[str, str]]:
    names = [host.name for host in case.scenario.hosts]
    return [
        seen
        for asked, told in pairwise(_happened(past, case.contract))
        if told.role == "tool" and (act := act_of(asked.call, case.contract))
        for seen in seen_on(act, told.content, names)
    ]


async def _user_turn(
    state: TaskState,
    past: list[Message],
    fleet: Fleet,
    case: Case,
    turn: ScriptedTurn,
    speak: Speak,
    played: dict[str, Any],
) -> dict[str, Any]:
    """Play one request up to its answer; anything for which the runtime would end the task ends the turn.

    The calls are added to `played` one by one, so that they are known if a limit cuts the turn short."""
    contract = case.contract
    for step in range(contract.conduct.max_steps):
        if step == len(turn.steps) + SPARE_CALLS + sum(bool(call["refused"]) for call in played["calls"]):
            break
        state.output = await speak(state, case, past, turn)
        stop = stopped(state.output, state.metadata)
        if stop in UNJUDGED:
            return played | {"error": stop}
        state.messages.append(state.output.message)
        if stop:
            past.append(reply(state.output.completion))
            return played | {"error": stop}
        judgement = judge_call(state.output.completion, contract)
        call = judgement.dispatched or judgement.attempted
        if call is None:
            past.append(reply(state.output.completion))
            return _ended(played, judgement.findings[0].code)
        refused = judgement.findings[0].code if judgement.error else None
        told = {"tool": call.tool, "params": call.params, "valid": judgement.ok, "refused": refused}
        played["calls"].append(told)
        misconduct = check_conduct(call, past, contract)
        past.append(calls(call.tool, call.params, call.note))
        if misconduct:
            return _ended(played, misconduct[0].code)
        act = None if refused else meaning_of(call, contract)
        if act and act.kind == "finish":
            sources = sources_of(_happened(past, contract))
            return played | {"answer": act.words, "error": None, "sources": sources}
        output = result(call.tool, fleet.dispatch(act) if act else judgement.error)
        if fleet.gaps:
            return played | {"error": "fleet_gap"}
        past.append(output)
        state.messages.append(ChatMessageUser(content=render_turn(output, contract)))
    return _ended(played, "too_many_calls")


def _ended(played: dict[str, Any], code: str) -> dict[str, Any]:
    """A turn without an answer, named after the call that broke it rather than after what came of that."""
    return played | {"error": next((call["refused"] for call in played["calls"] if call["refused"]), code)}
