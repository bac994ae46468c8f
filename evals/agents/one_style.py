"""Agents that answer every persona in one style. The facts are right, so only the tone can give them away."""

from collections.abc import Sequence

from aj.acts import finish
from aj.messages import Message
from evals.agents.oracle import oracle
from evals.agents.saying import ReferenceAgent, say
from scenarios.oracle import next_act
from scenarios.scenario import ScriptedTurn
from scorers.samples import Case

STYLES = {
    "status_style": "Status: {items}. So that's where it stands now. That's because I just checked. What's next?",
    "chatty_style": "Yes, here's what I found: {items}. So that's how it's going now. What's next, should I?",
    "brief_style": "Confirmed: {items}. Next: standing by.",
    "bare_style": "{items}.",
}


def _in_style(style: str) -> ReferenceAgent:
    def reply(case: Case, past: Sequence[Message], turn: ScriptedTurn) -> str:
        hosts = [host.name for host in case.scenario.hosts]
        if case.mode != "step" or turn.kind == "plain" or next_act(turn, past, hosts, case.contract):
            return oracle(case, past, turn)
        number = turn.truth.count
        items = turn.items if number is None else f"{turn.items}, that's {number}"
        return say(case, finish(style.replace("{items}", items)))

    return reply


ONE_STYLE: dict[str, ReferenceAgent] = {name: _in_style(style) for name, style in STYLES.items()}
