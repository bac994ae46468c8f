"""The reference agents by name, and the solver that puts one in AJ's place (`aj selfcheck`)."""

from inspect_ai.model import ModelOutput, ModelUsage
from inspect_ai.solver import Generate, Solver, TaskState, solver

from aj.messages import Message
from evals.agent import converse
from evals.agents.one_style import ONE_STYLE
from evals.agents.oracle import oracle
from evals.agents.saying import ReferenceAgent
from evals.agents.wrong import blind, nothing, old_format, rediscovers, restarts_all
from scenarios.scenario import ScriptedTurn
from scorers.samples import Case, case_of

AGENTS: dict[str, ReferenceAgent] = {
    "oracle": oracle,
    "nothing": nothing,
    "blind": blind,
    "rediscovers": rediscovers,
    "old_format": old_format,
    "restarts_all": restarts_all,
    **ONE_STYLE,
}


@solver
def reference(name: str, loop: bool) -> Solver:
    """The named agent in AJ's place: in the agent loop, or for a single turn."""
    agent = AGENTS[name]

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        return await play(agent, state, loop)

    return solve


async def play(agent: ReferenceAgent, state: TaskState, loop: bool) -> TaskState:
    """The sample of `state`, played by an agent in AJ's place: in the agent loop, or for a single turn."""

    async def speak(state: TaskState, case: Case, past: list[Message], turn: ScriptedTurn) -> ModelOutput:
        output = ModelOutput.from_content("reference", agent(case, past, turn))
        output.usage = ModelUsage()
        return output

    if loop:
        return await converse(state, speak)
    case = case_of(state.metadata)
    state.output = await speak(state, case, list(case.past), case.turn)
    state.messages.append(state.output.message)
    return state
