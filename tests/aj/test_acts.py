"""A contract says which call means which act; the same act is another call under another contract, and reads back."""

import ast

import pytest

from aj.acts import (
    DISCOVER,
    Act,
    act_of,
    call_of,
    finish,
    finishing,
    here,
    kind_of,
    meaning_of,
    on,
    on_all,
    think,
    written,
)
from aj.contract import CONTRACTS, Contract, load_contract
from aj.errors import ContractError
from aj.messages import Call

AJ = load_contract("aj")
ACTS = [
    (here("ls"), Call("bash", {"command": "ls"})),
    (Act("here", command="ls", timeout=5, folder="src"), Call("bash", {"command": "ls", "timeout": 5, "cwd": "src"})),
    (on("web01", "df -h"), Call("remote_bash", {"agent_id": "web01", "command": "df -h"})),
    (on_all("uptime"), Call("remote_bash_all", {"command": "uptime"})),
    (DISCOVER, Call("list_agents")),
    (think("first the logs"), Call("think", {"thought": "first the logs"})),
    (finish("All is well."), Call("complete", {"answer": "All is well."})),
    (Act("finish", error="no such host"), Call("complete", {"error": "no such host"})),
]


@pytest.mark.parametrize(("act", "call"), ACTS)
def test_an_act_is_a_call_of_the_contract_and_reads_back(act, call):
    assert call_of(act, AJ) == call
    assert act_of(call, AJ) == act
    assert kind_of(call, AJ) == act.kind


@pytest.mark.parametrize("name", ["aj", "native"])
def test_the_acts_of_every_contract_read_back(name):
    contract = load_contract(name)
    assert [act_of(call_of(act, contract), contract) for act, _ in ACTS] == [act for act, _ in ACTS]


def test_parameters_come_in_the_order_of_the_schema():
    assert list(call_of(on("web01", "df"), AJ).params) == ["agent_id", "command"]


def test_a_note_goes_into_the_call():
    assert call_of(DISCOVER, AJ, "On it.").note == "On it."


@pytest.mark.parametrize("call", [None, Call("execute_command", {"command": "ls"}), Call("none")])
def test_what_the_contract_does_not_know_means_nothing(call):
    assert act_of(call, AJ) is None
    assert kind_of(call, AJ) is None
    assert finishing(call, AJ) is None


def test_an_invalid_call_is_read_as_far_as_it_goes():
    assert act_of(Call("remote_bash", {"command": ["df", "-h"], "timeout": "soon", "user": "root"}), AJ) == Act(
        "on_one", command="['df', '-h']"
    )


def test_a_call_that_the_contract_accepts_must_mean_something():
    assert meaning_of(Call("list_agents"), AJ) == DISCOVER
    with pytest.raises(ContractError, match=r"no act for weather with \{\}; add one to `acts`"):
        meaning_of(Call("weather"), AJ)


def test_a_contract_without_acts_can_say_none():
    with pytest.raises(ContractError, match="'tools' has no call for the act 'discover'"):
        call_of(DISCOVER, load_contract("tools"))


# --- several acts of one tool ---------------------------------------------------------------------------------------


def one_tool() -> Contract:
    """AJ with one tool for everything that runs; fixed values tell the acts apart."""
    parts = AJ.model_dump()
    properties = {name: {"type": "string"} for name in ("target", "command")}
    schema = {"type": "object", "properties": properties, "required": ["command"], "additionalProperties": False}
    tool = {"name": "run", "effect": "write", "summary": "", "parameters": schema}
    parts["tools"] = [tool, *(tool for tool in parts["tools"] if tool["name"] in ("think", "complete"))]
    parts["acts"] |= {
        "here": {"tool": "run", "command": "command"},
        "on_one": {"tool": "run", "host": "target", "command": "command"},
        "on_all": {"tool": "run", "command": "command", "fixed": {"target": "all"}},
        "discover": {"tool": "run", "fixed": {"command": "agents"}},
    }
    return Contract.model_validate(parts)


@pytest.mark.parametrize(
    ("params", "act"),
    [
        ({"command": "ls"}, here("ls")),
        ({"target": "web01", "command": "ls"}, on("web01", "ls")),
        ({"target": "all", "command": "ls"}, on_all("ls")),
        ({"command": "agents"}, DISCOVER),
        ({"target": "web01", "command": "agents"}, on("web01", "agents")),
        ({"target": "web01"}, Act("on_one", "web01")),
        ({}, Act("here")),
        ({"target": "web01", "command": "ls", "user": "root"}, on("web01", "ls")),
    ],
)
def test_of_several_acts_the_most_specific_is_meant(params, act):
    assert act_of(Call("run", params), one_tool()) == act
    assert kind_of(Call("run", params), one_tool()) == act.kind


def test_acts_that_share_a_tool_read_back():
    contract = one_tool()
    for act in (here("ls"), on("web01", "ls"), on_all("ls"), DISCOVER):
        assert act_of(call_of(act, contract), contract) == act


def test_a_sentence_names_the_tool_and_what_is_fixed():
    assert written("discover", AJ) == "list_agents"
    assert written("on_all", one_tool()) == "run (target: all)"


# --- a section that cannot be right ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "key", "said"),
    [
        ("tool: list_agents}", "tool: agents}", "discover", "there is no tool 'agents'; known: bash, remote_bash"),
        ("host: agent_id", "host: host", "on_one", "remote_bash has no parameter 'host'; known: agent_id, command"),
        ("host: agent_id, ", "", "on_one", "it has no parameter for host"),
        ("{tool: list_agents}", "{tool: list_agents, answer: a}", "discover", "the act 'discover' has no answer"),
        ("{tool: list_agents}", "{tool: think}", "discover", "think requires thought; give it a fixed value"),
        (
            "on_all: {tool: remote_bash_all",
            "on_all: {tool: bash",
            "on_all",
            "cannot be distinguished from those of 'here'",
        ),
        ("thought: thought}", "thought: thought, fixed: {thought: x}}", "think", "thought is given two values"),
        ("finish: {tool", "stop: {tool", "stop", "Input should be 'here'"),
    ],
)
def test_acts_that_cannot_be_right_are_refused_with_their_line(tmp_path, old, new, key, said):
    text = (CONTRACTS / "aj.yaml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "edited.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    line = next(n for n, line in enumerate(path.read_text().splitlines(), start=1) if line.startswith(f"  {key}:"))
    with pytest.raises(ContractError) as caught:
        load_contract(path)
    assert str(caught.value).startswith(f"{path}:{line}: acts.")
    assert said in str(caught.value)


# --- nobody else knows ----------------------------------------------------------------------------------------------

HOUSE = CONTRACTS.parents[1]
SPEAKS_ACTS = [HOUSE / "fleet" / "fleet.py"] + [
    path for room in ("aj", "scenarios", "scorers", "evals", "loop") for path in sorted((HOUSE / room).rglob("*.py"))
]


def test_only_a_contract_names_a_tool_or_looks_into_a_calls_parameters():
    parameters = {name for tool in AJ.tools for name in tool.parameters["properties"]}
    own_words = {*Act.__struct_fields__, *AJ.acts}  # an act's fields and kinds, named as some parameters are
    names = ({tool.name for tool in AJ.tools} | parameters) - own_words
    assert {"bash", "remote_bash", "list_agents", "complete", "agent_id"} <= names
    found = []
    for path in SPEAKS_ACTS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in names
            looks = isinstance(node, ast.Attribute) and node.attr == "params" and HOUSE / "aj" not in path.parents
            if named or looks:
                found.append(str(path.relative_to(HOUSE)))
    assert set(found) <= {"evals/agent.py"}  # the trace keeps a call as it was made
