"""How good a chat with AJ is: the share of AJ's turns that show none of three known faults.

A turn is bad if it reports an unknown tool, names its tool under an alias of the contract's key, or says that no agents
were discovered although they had been listed. A build keeps the chats whose score reaches its recipe's threshold; below
0.7, close to one turn in three teaches a fault.
"""

from collections.abc import Sequence

from aj.contract import load_contract


def faults(turns: Sequence[str]) -> list[str | None]:
    """The fault of each assistant turn of a conversation."""
    found, listed, discovery = [], False, load_contract().acts["discover"].tool
    for turn in turns:
        found.append(_fault(turn, listed))
        listed = listed or discovery in turn
    return found


def score(found: Sequence[str | None]) -> float:
    """The share of turns without a fault; 0 if there is no turn."""
    return sum(one is None for one in found) / len(found) if found else 0.0


def _fault(text: str, listed: bool) -> str | None:
    lower = text.lower()
    if "unknown tool" in lower:
        return "unknown_tool"
    contract = load_contract()
    if f'"{contract.aliases.tool_keys[0]}":' in lower and f'"{contract.wire.keys.tool}":' not in lower:
        return "action_key"
    if listed and "no agents were discovered" in lower:
        return "lost_agents"
    return None
