"""Lazy policies: agents that hardly read what is asked. What they reach, a policy's floor must lie above.

Outside of step mode each gives the reply that is most often right there.
"""

from collections.abc import Callable, Sequence

from aj.acts import DISCOVER, Act, act_of, finish, on_all
from aj.messages import Message
from aj.state import Agent, discovered
from evals.agents.saying import ReferenceAgent, say
from scenarios.requests import listed
from scenarios.scenario import ScriptedTurn
from scorers.samples import Case

ELSEWHERE = {
    "plan": "1. Discover the agents.\n2. Run the command on them.\n3. Report the result.",
    "chat": "Sure, what do you need?",
    "intent": "task",
}
"""The constant reply in each mode but step."""
LOOK = on_all("uptime; free -h; df -h /; systemctl --failed --no-legend")
"""One command that shows what is asked for most often."""

Step = Callable[[Case, Sequence[Message]], Act]


def _policy(step: Step) -> ReferenceAgent:
    def reply(case: Case, past: Sequence[Message], turn: ScriptedTurn) -> str:
        return say(case, step(case, past)) if case.mode == "step" else ELSEWHERE[case.mode]

    return reply


def _constant(words: str) -> Step:
    return lambda case, past: finish(words)


def echoes(case: Case, past: Sequence[Message]) -> Act:
    """Says what the user said."""
    return finish(next(message.content for message in reversed(past) if message.role == "user"))


def lists_agents(case: Case, past: Sequence[Message]) -> Act:
    """Looks up the agents, every time."""
    return DISCOVER


def pastes(case: Case, past: Sequence[Message]) -> Act:
    """Answers with all results so far."""
    return finish(_results(past) or "Nothing yet.")


def looks_and_pastes(case: Case, past: Sequence[Message]) -> Act:
    """Looks up the agents, runs one command on all, then answers with all results."""
    if _known(case, past) is None:
        return DISCOVER
    begun = max(place for place, message in enumerate(past) if message.role == "user")
    looked = any(act_of(message.call, case.contract) == LOOK for message in past[begun:])
    return pastes(case, past) if looked else LOOK


def recites_agents(case: Case, past: Sequence[Message]) -> Act:
    """Looks up the agents, then answers with their names and number."""
    agents = _known(case, past)
    if agents is None:
        return DISCOVER
    return finish(f"{listed([agent.id for agent in agents])}. That's {len(agents)}.") if agents else finish("None.")


def says_every_state(case: Case, past: Sequence[Message]) -> Act:
    """Looks up the agents, then says every word for a state about each."""
    agents = _known(case, past)
    if agents is None:
        return DISCOVER
    return finish(", ".join(f"`{agent.id}` is active, inactive, failed, not running, up, enabled" for agent in agents))


def _known(case: Case, past: Sequence[Message]) -> tuple[Agent, ...] | None:
    return discovered(past, case.contract)


def _results(past: Sequence[Message]) -> str:
    return "\n\n".join(message.content for message in past if message.role == "tool")


LAZY: dict[str, ReferenceAgent] = {
    "done": _policy(_constant("Done.")),
    "well": _policy(_constant("Everything is active and running, nothing has failed.")),
    "no": _policy(_constant("I can't help with that.")),
    "ask": _policy(_constant("Which one do you mean?")),
    "echo": _policy(echoes),
    "list": _policy(lists_agents),
    "paste": _policy(pastes),
    "look": _policy(looks_and_pastes),
    "names": _policy(recites_agents),
    "state": _policy(says_every_state),
}
"""By a name short enough for the head of a column."""
