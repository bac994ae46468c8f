"""What a conversation has established: the agents discovered, the steps done, the current task."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import zip_longest

from msgspec import Struct

from aj.acts import act_of, kind_of
from aj.contract import Contract
from aj.messages import Call, Message

# `  - id: host (platform) @ ip:port`, the runtime's line for one agent.
_AGENT_LINE = re.compile(
    r"^\s*- (?P<id>[^\s:]+): (?P<host>\S+) \((?P<platform>\w+)\) @ (?P<address>\S+)$", re.MULTILINE
)

ONE_LINE = 400
"""Characters of a step's result shown in the state block."""

SHORT = 4000
"""Texts shorter than this many characters are read once and remembered: the checks of a row read the same text, and
many rows share one."""


class Agent(Struct, frozen=True):
    """A machine that AJ can reach, as shown by a discovery."""

    id: str
    platform: str = "linux"
    address: str = ""

    @property
    def line(self) -> str:
        return f"  - {self.id}: {self.id} ({self.platform}) @ {self.address}"


def agents_listed(text: str) -> tuple[Agent, ...]:
    """The agents in the result of a discovery."""
    return (_listed if len(text) < SHORT else _listed.__wrapped__)(text)


@lru_cache(64)
def _listed(text: str) -> tuple[Agent, ...]:
    if ") @ " not in text:
        return ()
    return tuple(Agent(m["id"], m["platform"], m["address"]) for m in _AGENT_LINE.finditer(text))


def discovered(messages: Sequence[Message], contract: Contract) -> tuple[Agent, ...] | None:
    """The agents of the last discovery; None if there was none."""
    for place in range(len(messages) - 1, -1, -1):
        if messages[place].role == "tool" and _lists_agents(messages, place, contract):
            return agents_listed(messages[place].content)
    return None


def _lists_agents(messages: Sequence[Message], place: int, contract: Contract) -> bool:
    """Whether a result is that of a discovery. Its tool says so, unless that one serves other acts as well."""
    meaning = contract.acts.get("discover")
    if meaning is None or messages[place].tool != meaning.tool:
        return False
    if len(contract.meanings[meaning.tool]) == 1:
        return True
    return place > 0 and kind_of(messages[place - 1].call, contract) == "discover"


def past_steps(messages: Sequence[Message], contract: Contract) -> list[tuple[Call, str]]:
    """(call, result) of every finished call of the current task; discoveries are shown as agents instead."""
    start = max((i for i, message in enumerate(messages) if message.role == "user"), default=0)
    steps = []
    for place in range(start + 1, len(messages)):
        call, result = messages[place - 1].call, messages[place]
        if call and result.role == "tool" and not _lists_agents(messages, place, contract):
            steps.append((call, result.content))
    return steps


def state_block(messages: Sequence[Message], contract: Contract) -> str:
    """The past as one user message: the agents, the completed steps with one-line results, and the task."""
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
    act = act_of(call, contract)
    place = f"{call.tool} {act.host}" if act and act.host else call.tool
    return f"{place} `{act.command if act else ''}`"


def _one_line(output: str) -> str:
    line = " | ".join(part.strip() for part in output.splitlines() if part.strip()) or "no output"
    return line if len(line) <= ONE_LINE else line[: ONE_LINE - 1] + "…"


def sources_of(past: Sequence[Message]) -> list[str]:
    """What an answer after `past` may say: the texts of the user and of the tools, and what ran on AJ's own calls."""
    found = []
    for message, after in zip_longest(past, past[1:]):
        if message.role in ("user", "tool"):
            found.append(message.content)
        elif message.call and after and after.role == "tool":
            found += [value for value in message.call.params.values() if isinstance(value, str)]
    return found
