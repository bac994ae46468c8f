"""Conduct: the runtime's rules over a conversation, each with a call that keeps it and one that breaks it."""

import pytest

from aj.conduct import check_conduct
from aj.contract import load_contract
from aj.findings import codes
from aj.messages import Call, Message, calls, result, user
from aj.state import Agent

AJ = load_contract()
START = [user("disks?")]
LIST = "Available agents:\n" + Agent("web01", "linux", "10.0.0.2:7000").line
KNOWN = [*START, calls("list_agents"), result("list_agents", LIST)]


def _remote(agent: str) -> Call:
    return Call("remote_bash", {"agent_id": agent, "command": "ls"})


ALL = Call("remote_bash_all", {"command": "ls"})


@pytest.mark.parametrize(
    ("call", "past", "findings"),
    [
        (Call("list_agents"), START, []),
        (Call("list_agents"), KNOWN, ["second_discovery"]),
        (_remote("web01"), KNOWN, []),
        (_remote("web01"), START, ["before_discovery"]),
        (ALL, KNOWN, []),
        (ALL, START, ["before_discovery"]),
        (_remote("Web01"), KNOWN, ["unknown_agent"]),
        (_remote("web02"), KNOWN, ["unknown_agent"]),
        (Call("bash", {"command": "ls"}), START, []),
        (Call("complete", {"answer": "hi"}), START, []),
    ],
)
def test_agents_are_discovered_first_once_and_named_as_found(call, past, findings):
    assert codes(check_conduct(call, past, AJ)) == findings


def _steps(*tools: str) -> list[Message]:
    return [turn for tool in tools for turn in (calls(tool, {"command": "ls"}), result(tool, "x"))]


BASH = Call("bash", {"command": "ls"})


@pytest.mark.parametrize(
    ("steps", "findings"),
    [
        ((), []),
        (("bash",), []),
        (("bash", "bash"), ["loop"]),
        (("bash", "think", "bash"), ["loop"]),
        (("bash", "think", "think", "bash"), ["loop"]),
        (("bash", "think", "think", "think", "bash"), []),
        (("think", "think"), []),
    ],
)
def test_the_third_use_of_a_tool_within_five_steps_is_a_loop(steps, findings):
    assert codes(check_conduct(BASH, [*START, *_steps(*steps)], AJ)) == findings


def test_a_new_request_starts_the_count_again():
    assert check_conduct(BASH, [*START, *_steps("bash", "bash"), user("and now?")], AJ) == []
