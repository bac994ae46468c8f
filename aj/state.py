"""What a conversation has established: the agents discovered, the steps done, the task at hand."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from aj.contract import Contract
from aj.messages import Call, Message

# `  - id: host (platform) @ ip:port`, the runtime's line for one agent.
_AGENT_LINE = re.compile(
    r"^\s*- (?P<id>[^\s:]+): (?P<host>\S+) \((?P<platform>\w+)\) @ (?P<address>\S+)$", re.MULTILINE
)

ONE_LINE = 400
"""Characters of a step's result that the state block shows."""

SHORT = 4000
"""Characters below which a text's reading is remembered: a row's checks ask for the same one, many rows share one."""


@dataclass(frozen=True, slots=True)
class Agent:
    """One machine that AJ can reach, as `list_agents` shows it."""

    id: str
    platform: str = "linux"
    address: str = ""

    @property
    def line(self) -> str:
        return f"  - {self.id}: {self.id} ({self.platform}) @ {self.address}"


def agents_listed(text: str) -> tuple[Agent, ...]:
    """The agents in a `list_agents` result."""
    return (_listed if len(text) < SHORT else _listed.__wrapped__)(text)


@lru_cache(64)
def _listed(text: str) -> tuple[Agent, ...]:
    return tuple(Agent(m["id"], m["platform"], m["address"]) for m in _AGENT_LINE.finditer(text))


def discovered(messages: Sequence[Message], contract: Contract) -> tuple[Agent, ...] | None:
    """The agents of the last discovery; None when nothing was discovered yet."""
    for message in reversed(messages):
        if message.role == "tool" and message.tool == contract.conduct.discover:
            return agents_listed(message.content)
    return None


def past_steps(messages: Sequence[Message], contract: Contract) -> list[tuple[Call, str]]:
    """(call, result) of every call finished for the task at hand; the discovery shows in the agents instead."""
    start = max((i for i, message in enumerate(messages) if message.role == "user"), default=0)
    steps = []
    for call_message, result_message in pairwise(messages[start:]):
        if call_message.call and result_message.role == "tool" and result_message.tool != contract.conduct.discover:
            steps.append((call_message.call, result_message.content))
    return steps


def state_block(messages: Sequence[Message], contract: Contract) -> str:
    """The past as one user message: the agents, the completed steps with one-line results, then the task."""
    agents = discovered(messages, contract)
    shown = ", ".join(f"{agent.id} ({agent.platform})" for agent in agents or ()) or "none discovered"
    lines = [f"Agents: {shown}"]
    steps = past_steps(messages, contract)
    if steps:
        lines.append("Done:")
        lines += [f"- {_describe(call, contract)} -> {_one_line(output)}" for call, output in steps]
    task = next(message.content for message in reversed(messages) if message.role == "user")
    return "\n".join([*lines, f"Task: {task}"])


def _describe(call: Call, contract: Contract) -> str:
    where = call.params.get(contract.conduct.target)
    place = f"{call.tool} {where}" if where else call.tool
    return f"{place} `{call.params.get('command', '')}`"


def _one_line(output: str) -> str:
    line = " | ".join(part.strip() for part in output.splitlines() if part.strip()) or "no output"
    return line if len(line) <= ONE_LINE else line[: ONE_LINE - 1] + "…"
