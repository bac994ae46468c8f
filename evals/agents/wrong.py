"""Reference agents that are wrong in a known way, each in what it does (`loop.selfcheck` says where they must fail)."""

import re
from collections.abc import Sequence

from aj.acts import DISCOVER, act_of, finish, here, on_all
from aj.messages import Message
from aj.state import discovered
from aj.wire import render_earlier
from evals.agents.oracle import oracle
from evals.agents.saying import say
from scenarios.oracle import answer
from scenarios.scenario import ScriptedTurn
from scorers.samples import Case


def nothing(case: Case, past: Sequence[Message], turn: ScriptedTurn) -> str:
    """Claims to be done and does nothing."""
    return say(case, finish("Done.")) if case.mode == "step" else "Done."


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
    return say(case, finish(text))


def rediscovers(case: Case, past: Sequence[Message], turn: ScriptedTurn) -> str:
    """Right, except that it discovers the agents again for every request."""
    begun = max(place for place, message in enumerate(past) if message.role == "user")
    if case.mode == "step" and discovered(past[begun:], case.contract) is None:
        return say(case, DISCOVER)
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
    return say(case, DISCOVER if discovered(past, case.contract) is None else restart)
