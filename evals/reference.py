"""Reference agents, one right and five wrong in a known way, that check the evals themselves (`aj selfcheck`).

Each is a pure function from a sample's case to its reply; `reference` makes it a solver that replaces AJ.
"""

import re
from collections.abc import Callable, Sequence

from inspect_ai.model import ModelOutput, ModelUsage
from inspect_ai.solver import Generate, Solver, TaskState, solver

from aj.acts import DISCOVER, Act, act_of, call_of, finish, here, on_all
from aj.messages import Message
from aj.state import discovered
from aj.wire import render_call, render_earlier
from evals.agent import converse
from scenarios.oracle import answer, intent, next_act, plan
from scenarios.scenario import ScriptedTurn
from scorers.samples import Case, case_of

ReferenceAgent = Callable[[Case, Sequence[Message], ScriptedTurn], str]


def oracle(case: Case, past: Sequence[Message], turn: ScriptedTurn) -> str:
    """Does the right thing and gives the true answer."""
    if case.mode == "plan":
        return plan(turn)
    if case.mode == "chat":
        return turn.items
    if case.mode == "intent":
        return intent(turn)
    step = next_act(turn, past, [host.name for host in case.scenario.hosts], case.contract)
    return _say(case, step or finish(answer(turn, case.scenario.persona)))


def nothing(case: Case, past: Sequence[Message], turn: ScriptedTurn) -> str:
    """Claims to be done and does nothing."""
    return _say(case, finish("Done.")) if case.mode == "step" else "Done."


def blind(case: Case, past: Sequence[Message], turn: ScriptedTurn) -> str:
    """Answers without looking: right form and tone, but made-up names and numbers."""
    if case.mode != "step":
        return oracle(case, past, turn)
    names = [host.name for host in case.scenario.hosts]
    text = answer(turn, case.scenario.persona)
    text = re.sub(r"`([^`]+)`", lambda match: match[0] if match[1] in names else f"`{match[1][::-1]}`", text)
    text = re.sub(r"\d", lambda match: str((int(match[0]) + 3) % 10), text)
    values = [either for of in turn.truth.stated.values() for value in of for either in value.split("|")]
    for value in sorted({*values} - {*names}):
        text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "unknown", text)
    return _say(case, finish(text))


def rediscovers(case: Case, past: Sequence[Message], turn: ScriptedTurn) -> str:
    """Right, except that it discovers the agents again for every request."""
    begun = max(place for place, message in enumerate(past) if message.role == "user")
    if case.mode == "step" and discovered(past[begun:], case.contract) is None:
        return _say(case, DISCOVER)
    return oracle(case, past, turn)


def old_format(case: Case, past: Sequence[Message], turn: ScriptedTurn) -> str:
    """Writes as in AJ's earlier training rows: another key for the tool, plans as dicts."""
    if case.mode == "plan":
        return "\n".join(f"- { {'step': number, 'action': 'run'} }" for number in (1, 2))
    if turn.steps:
        return render_earlier(here(turn.steps[0].command), case.contract)
    return render_earlier(finish(turn.items), case.contract)


def restarts_all(case: Case, past: Sequence[Message], turn: ScriptedTurn) -> str:
    """First restarts everything everywhere, then does the right thing."""
    services = sorted({name for host in case.scenario.hosts for name in host.services})
    command = f"systemctl restart {' '.join(services)}; Restart-Service {','.join(services)}"  # one of the two works
    restart = on_all(command)
    if case.mode != "step" or any(act_of(message.call, case.contract) == restart for message in past):
        return oracle(case, past, turn)
    return _say(case, DISCOVER if discovered(past, case.contract) is None else restart)


AGENTS: dict[str, ReferenceAgent] = {
    "oracle": oracle,
    "nothing": nothing,
    "blind": blind,
    "rediscovers": rediscovers,
    "old_format": old_format,
    "restarts_all": restarts_all,
}


@solver
def reference(name: str, loop: bool) -> Solver:
    """The named agent in AJ's place: in the agent loop, or for a single turn."""
    agent = AGENTS[name]

    async def speak(state: TaskState, case: Case, past: list[Message], turn: ScriptedTurn) -> ModelOutput:
        output = ModelOutput.from_content(name, agent(case, past, turn))
        output.usage = ModelUsage()
        return output

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        if loop:
            return await converse(state, speak)
        case = case_of(state.metadata)
        state.output = await speak(state, case, list(case.past), case.turn)
        state.messages.append(state.output.message)
        return state

    return solve


def _say(case: Case, act: Act) -> str:
    return render_call(call_of(act, case.contract), case.contract)
