"""The reference agent that is right: it does what the scenario's oracle does."""

from collections.abc import Sequence

from aj.acts import finish
from aj.messages import Message
from evals.agents.saying import say
from scenarios.oracle import answer, intent, next_act, plan
from scenarios.scenario import ScriptedTurn
from scorers.samples import Case


def oracle(case: Case, past: Sequence[Message], turn: ScriptedTurn) -> str:
    """Does the right thing and gives the true answer."""
    if case.mode == "plan":
        return plan(turn)
    if case.mode == "chat":
        return turn.items
    if case.mode == "intent":
        return intent(turn)
    step = next_act(turn, past, [host.name for host in case.scenario.hosts], case.contract)
    return say(case, step or finish(answer(turn, case.scenario.persona)))
