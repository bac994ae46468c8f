"""One decision, judged by its effect in the fleet: for each finding a call that gets it, beside one that is right."""

from random import Random

import pytest

from aj.contract import load_contract
from aj.findings import codes
from aj.fleet.asks import Ask
from aj.fleet.fleet import Fleet
from aj.fleet.oracle import true_answer
from aj.messages import Call, Message, calls, result, user
from scorers.checks.steps import check_step

AJ = load_contract()


@pytest.fixture
def fleet() -> Fleet:
    return Fleet.draw(["web01", "db02"], 7)


def _ask(intent: str, scope: str, host: str | None = None, service: str | None = None) -> Ask:
    return Ask(intent, scope, "senior_engineer", f"{intent}?", f"{intent}.eval.0", host, service)  # type: ignore[arg-type]


DISKS = _ask("disk", "fleet")
DISK = _ask("disk", "host", "web01")
RESTART = _ask("restart", "host", "web01", "nginx")
COUNT = _ask("count", "fleet")
LOCAL = _ask("workspace", "local")
COLD = [user("now?")]


def _known(fleet: Fleet) -> list[Message]:
    return [*COLD, calls("list_agents"), result("list_agents", fleet.dispatch(Call("list_agents"), AJ))]


def _remote(command: str, agent: str = "web01") -> Call:
    return Call("remote_bash", {"agent_id": agent, "command": command})


def _all(command: str) -> Call:
    return Call("remote_bash_all", {"command": command})


def _bash(command: str) -> Call:
    return Call("bash", {"command": command})


def _answer(text: str) -> Call:
    return Call("complete", {"answer": text})


KNOWN_CASES = [
    (DISKS, _all("df -h /"), []),
    (DISKS, _all("df -h"), []),
    (DISKS, _all("df -h | tail -1"), []),
    (DISKS, _all("uptime"), ["wrong_command"]),
    (DISKS, _all("nosuchcmd"), ["wrong_command"]),
    (DISKS, _remote("df -h /"), ["wrong_tool"]),
    (DISKS, _bash("df -h /"), ["wrong_tool"]),
    (DISKS, _answer("`web01` 45%"), ["wrong_tool"]),
    (DISKS, Call("think", {"thought": "hm"}), ["wrong_tool"]),
    (DISKS, Call("list_agents"), ["second_discovery"]),
    (DISKS, _all("df -h /; systemctl restart nginx"), ["unasked_change"]),
    (DISK, _remote("df -h /"), []),
    (DISK, _remote("df -h /", "db02"), ["wrong_host"]),
    (DISK, _remote("df -h /", "web99"), ["unknown_agent"]),
    (DISK, _all("df -h /"), ["wrong_tool"]),
    (RESTART, _remote("systemctl restart nginx"), []),
    (RESTART, _remote("systemctl restart nginx && systemctl is-active nginx"), []),
    (RESTART, _remote("systemctl status nginx"), ["wrong_effect"]),
    (RESTART, _remote("systemctl restart docker"), ["wrong_effect"]),
    (RESTART, _remote("systemctl restart nginx docker; systemctl restart docker"), ["wrong_effect"]),
    (RESTART, _remote("systemctl restart nginx", "db02"), ["wrong_host"]),
    (RESTART, _all("systemctl restart nginx"), ["wrong_tool"]),
    (COUNT, _answer("`web01` and `db02`, 2 agents"), []),
    (COUNT, _answer("`web01` and `db02`, 3 agents"), ["wrong_count"]),
    (COUNT, _answer("2 agents"), ["name_missing", "name_missing"]),
    (COUNT, _all("hostname"), ["wrong_tool"]),
]


@pytest.mark.parametrize(("ask", "call", "findings"), KNOWN_CASES)
def test_a_step_after_discovery_is_judged_by_its_effect(fleet, ask, call, findings):
    assert {"nginx", "docker"} <= set(fleet.hosts["web01"].services)
    assert codes(check_step(call, ask, _known(fleet), fleet, AJ)) == findings


@pytest.mark.parametrize(
    ("ask", "call", "findings"),
    [
        (DISKS, Call("list_agents"), []),
        (DISKS, _all("df -h /"), ["before_discovery"]),
        (DISK, _remote("df -h /"), ["before_discovery"]),
        (DISKS, _bash("df -h /"), ["wrong_tool"]),
        (COUNT, _answer("2 agents"), ["wrong_tool"]),
        (LOCAL, _bash("ls"), []),
        (LOCAL, _bash("cat VERSION"), ["wrong_command"]),
        (LOCAL, Call("list_agents"), ["wrong_tool"]),
    ],
)
def test_a_first_step_discovers_unless_the_ask_is_local(fleet, ask, call, findings):
    assert codes(check_step(call, ask, COLD, fleet, AJ)) == findings


def test_once_there_is_a_result_only_the_answer_is_right(fleet):
    past = [*_known(fleet), calls("remote_bash_all", {"command": "df -h /"}), result("remote_bash_all", "…")]
    true = _answer(true_answer(DISKS, fleet, Random(1)))
    assert check_step(true, DISKS, past, fleet, AJ) == []
    assert codes(check_step(_answer("`web01` 0%, `db02` 0%"), DISKS, past, fleet, AJ)) == ["wrong_fact", "wrong_fact"]
    assert codes(check_step(_all("df -h /"), DISKS, past, fleet, AJ)) == ["wrong_tool"]
    assert codes(check_step(Call("complete", {"error": "cannot"}), DISKS, past, fleet, AJ)) == ["name_missing"] * 2
