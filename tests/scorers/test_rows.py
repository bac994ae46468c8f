"""Rows: every target of a row is held to the checks that score the model; what is no target is not."""

import pytest
from msgspec.structs import replace

from aj.contract import load_contract
from aj.findings import codes
from aj.messages import Call, Message, Mode, Pair, Row, calls, reply, result, user
from aj.state import Agent, agents_listed
from scorers.checks.rows import check_pair, check_row
from scorers.checks.taught import told_discovery

AJ, NATIVE = load_contract("aj"), load_contract("native")
LIST = result("list_agents", Agent("web01", "linux", "10.0.0.2:7000").line)
GOOD = Row((user("who?"), calls("list_agents"), LIST, calls("complete", {"answer": "`web01`, 1 agent"})))


def _with(*messages: Message, mode: Mode = "step") -> Row:
    return Row((user("who?"), *messages), mode)


@pytest.mark.parametrize("contract", [AJ, NATIVE], ids=["aj", "native"])
@pytest.mark.parametrize("layout", ["dialogue", "state_block"])
def test_a_good_row_has_no_finding_under_either_contract(contract, layout):
    assert check_row(replace(GOOD, layout=layout), contract) == []


@pytest.mark.parametrize(
    ("row", "findings"),
    [
        (_with(), ["no_target"]),
        (_with(calls("list_agents"), LIST), ["no_target"]),
        (_with(reply('{"action": "bash", "params": {"command": "ls"}}')), ["action_key"]),
        (_with(reply("Let me look.")), ["no_call"]),
        (_with(calls("launch_rocket")), ["unknown_tool"]),
        (_with(calls("bash", {})), ["bad_argument"]),
        (_with(calls("remote_bash", {"agent_id": "web01", "command": "ls"})), ["before_discovery"]),
        (_with(calls("list_agents"), LIST, calls("list_agents")), ["second_discovery"]),
        (_with(calls("complete", {"answer": "It was executed."})), ["made_up_output"]),
        (_with(calls("list_agents"), mode="plan"), ["plan_as_dict", "not_a_list"]),
        (_with(calls("list_agents"), mode="chat"), ["json_in_prose"]),
        (_with(reply("task"), mode="intent"), []),
        (_with(reply("maybe"), mode="intent"), ["not_a_word"]),
        (_with(reply("1. Look.\n2. Report."), mode="plan"), []),
    ],
)
def test_what_a_row_would_teach_wrong_is_named(row, findings):
    assert codes(check_row(row, AJ)) == findings


def test_a_wrong_turn_in_the_middle_is_a_target_of_a_dialogue_but_not_of_a_state_block():
    middle = (user("who?"), reply("Let me look."), user("who?"), calls("list_agents"))
    assert codes(check_row(Row(middle, layout="dialogue"), AJ)) == ["no_call"]
    assert check_row(Row(middle, layout="state_block"), AJ) == []


@pytest.mark.parametrize(
    ("request_", "findings"),
    [
        ("Context: list_agents found: web01 (windows) and db01.\nTask: how is web01?", []),
        ("Context: list_agents found: db01.\nTask: how is web01?", ["unknown_agent"]),
        ("Context: it is late.\nTask: how is web01?", ["before_discovery"]),
        ("Task: list_agents found: web01.", ["before_discovery"]),
    ],
)
def test_agents_that_the_context_of_a_request_tells_were_discovered(request_, findings):
    row = Row((user(request_), calls("remote_bash", {"agent_id": "web01", "command": "df"})))
    assert codes(check_row(row, AJ)) == findings


def test_a_discovery_told_in_words_is_a_call_and_the_lines_of_its_result():
    call, found = told_discovery([user("Context: Agents: web01 (windows), db01.\nTask: x")], NATIVE)
    assert (call.role, call.call) == ("assistant", Call("list_agents"))
    assert (found.role, found.tool) == ("tool", "list_agents")
    assert agents_listed(found.content) == (Agent("web01", "windows", "unknown"), Agent("db01", "linux", "unknown"))
    assert told_discovery([], AJ) == told_discovery([user("Task: x")], AJ) == []


NONE = '{"tool": "none", "params": {}}'
PAIR = Pair((user("who?"),), calls("list_agents"), NONE, metadata={"pattern": "tool_none_error"})


@pytest.mark.parametrize(
    ("pair", "findings"),
    [
        (PAIR, []),
        (replace(PAIR, metadata={"pattern": "wrong_count"}), ["wrong_pattern"]),
        (replace(PAIR, rejected='{"tool": "list_agents", "params": {}}'), ["wrong_pattern"]),
        (replace(PAIR, chosen=reply(NONE)), ["tool_none"]),
        (replace(PAIR, chosen=user("who?")), ["no_target"]),
    ],
)
def test_a_pair_chooses_what_is_right_and_rejects_its_own_pattern(pair, findings):
    assert codes(check_pair(pair, AJ)) == findings


def test_a_pair_is_held_to_its_own_layout_and_mode():
    past = (user("who?"), reply("Let me look."), user("who?"))
    of = {"pattern": "tool_none_error"}
    assert codes(check_pair(Pair(past, calls("list_agents"), NONE, metadata=of), AJ)) == ["no_call"]
    assert check_pair(Pair(past, calls("list_agents"), NONE, layout="state_block", metadata=of), AJ) == []
    dicts = "- {'step': 1, 'action': 'look'}"
    plan = Pair((user("who?"),), reply("1. Look.\n2. Report."), dicts, "plan", metadata={"pattern": "plan_as_dict"})
    assert check_pair(plan, AJ) == []
