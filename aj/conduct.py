"""Conduct: would AJ's runtime let this call through at this point of the conversation? (The agent loop asks too.)"""

from collections.abc import Sequence

from aj.acts import REACHES, kind_of, meaning_of, written
from aj.contract import Contract
from aj.findings import Finding
from aj.messages import Call, Message
from aj.state import discovered


def check_conduct(call: Call, past: Sequence[Message], contract: Contract) -> list[Finding]:
    """Discovery rules and loops, as the runtime enforces them; `past` ends before the call."""
    kind, found = kind_of(call, contract), list[Finding]()
    agents = discovered(past, contract) if kind == "discover" or kind in REACHES else None
    if kind == "discover" and agents is not None:
        found.append(Finding("second_discovery", "the agents were discovered before", "use the agents already listed"))
    if kind in REACHES and agents is None:
        discover = written("discover", contract)
        found.append(Finding("before_discovery", f"{call.tool} before {discover}", f"call {discover} first"))
    if kind == "on_one" and agents is not None:
        host = meaning_of(call, contract).host
        if host and host not in [agent.id for agent in agents]:  # without one, the tool itself gives an error
            why = f"{host!r} was not discovered"
            found.append(Finding("unknown_agent", why, "use an agent from the list, spelled the same"))
    return found + check_loop(call, past, contract)


def check_loop(call: Call, past: Sequence[Message], contract: Contract) -> list[Finding]:
    """Whether the runtime would regard the call as a loop."""
    limit, recent = contract.conduct.loop, list[str]()
    for message in reversed(past):
        if message.role == "user" or len(recent) == limit.window - 1:
            break
        if message.call:
            recent.append(message.call.tool)
    if recent.count(call.tool) + 1 >= limit.uses:
        return [
            Finding(
                "loop",
                f"{call.tool} is used {limit.uses} times within {limit.window} steps",
                "finish or do something else",
            )
        ]
    return []
