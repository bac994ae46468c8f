"""Conduct: would AJ's runtime let this call through at this point of the conversation? (The agent loop asks too.)"""

from collections.abc import Sequence

from aj.contract import Contract
from aj.findings import Finding
from aj.messages import Call, Message
from aj.state import discovered


def check_conduct(call: Call, past: Sequence[Message], contract: Contract) -> list[Finding]:
    """Discovery rules and loops, as the runtime enforces them; `past` ends before the call."""
    conduct = contract.conduct
    agents = discovered(past, contract)
    found = []
    if call.tool == conduct.discover and agents is not None:
        found.append(Finding("second_discovery", "the agents were discovered before", "use the agents already listed"))
    if call.tool in (*conduct.targeted, *conduct.fleet_wide) and agents is None:
        found.append(
            Finding("before_discovery", f"{call.tool} before {conduct.discover}", f"call {conduct.discover} first")
        )
    target = call.params.get(conduct.target)
    if call.tool in conduct.targeted and agents is not None and target not in [agent.id for agent in agents]:
        found.append(
            Finding("unknown_agent", f"{target!r} was not discovered", "use an agent of the list, spelled as there")
        )
    return found + check_loop(call, past, contract)


def check_loop(call: Call, past: Sequence[Message], contract: Contract) -> list[Finding]:
    """Whether the runtime would take the call for one time too many of the same."""
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
                f"{call.tool} for the {limit.uses}rd time within {limit.window} steps",
                "finish or do something else",
            )
        ]
    return []
