"""How a reference agent speaks: a function from a sample's case to AJ's raw reply."""

from collections.abc import Callable, Sequence

from aj.acts import Act, call_of
from aj.messages import Message
from aj.wire import render_call
from scenarios.scenario import ScriptedTurn
from scorers.samples import Case

ReferenceAgent = Callable[[Case, Sequence[Message], ScriptedTurn], str]
"""(case, conversation so far, current turn) -> the raw completion."""


def say(case: Case, act: Act) -> str:
    """The act as the call that the case's contract has for it."""
    return render_call(call_of(act, case.contract), case.contract)
