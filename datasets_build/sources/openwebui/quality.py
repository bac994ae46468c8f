"""How good a chat of AJ's is: the share of his turns that show none of three known faults.

A turn is bad if it reports an unknown tool, writes `"action":` without `"tool":`, or says that no agents were
discovered after it had listed them. A build keeps the chats whose score reaches its recipe's threshold.
"""

from collections.abc import Sequence

RECOMMENDED = 0.7
"""The threshold to use: below it, close to one turn in three teaches a fault."""


def faults(turns: Sequence[str]) -> list[str | None]:
    """The fault of each assistant turn of a conversation."""
    found, listed = [], False
    for turn in turns:
        found.append(_fault(turn, listed))
        listed = listed or "list_agents" in turn
    return found


def score(found: Sequence[str | None]) -> float:
    """The share of turns without a fault; 0 if there is no turn."""
    return sum(one is None for one in found) / len(found) if found else 0.0


def _fault(text: str, listed: bool) -> str | None:
    lower = text.lower()
    if "unknown tool" in lower:
        return "unknown_tool"
    if '"action":' in lower and '"tool":' not in lower:
        return "action_key"
    if listed and "no agents were discovered" in lower:
        return "lost_agents"
    return None
