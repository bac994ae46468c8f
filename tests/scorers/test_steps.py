"""One decision, judged by its effect in the fleet: for each finding a call that gets it, beside one that is right."""

from dataclasses import replace
from random import Random

import pytest

from aj.acts import DISCOVER, Act, call_of, finish, give_up, here, on, on_all, think
from aj.contract import load_contract
from aj.findings import Finding, codes
from aj.messages import Message, calls, result, user
from fleet.draw import draw_host
from fleet.fleet import Fleet
from fleet.gaps import FleetGap
from fleet.workspace import draw_workspace
from scenarios.oracle import answer
from scenarios.scenario import ScriptedTurn
from scenarios.trouble import with_service
from scenarios.truth import Truth
from scorers.world.steps import check_final_answer, check_step

AJ = load_contract()
HOSTS = [with_service(with_service(draw_host(name, Random(name)), "nginx"), "docker") for name in ("web01", "db02")]
LOCAL_HOST = draw_workspace(Random(7), HOSTS[0].now)


@pytest.fixture
def fleet() -> Fleet:
    return Fleet(HOSTS, LOCAL_HOST)


def _turn(steps: tuple, truth: Truth, **rest) -> ScriptedTurn:
    items = ", ".join(f"`{name}` {values[0] if values else ''}" for name, values in truth.stated.items())
    return ScriptedTurn("now?", "now.eval.0", steps, truth, items, "it matters", **rest)


FULL = {host.name: (f"{host.percent()}%",) for host in HOSTS}
DISKS = _turn((on_all("df -h /"),), Truth(FULL))
DISK = _turn((on("web01", "df -h /"),), Truth({"web01": FULL["web01"]}))
RESTART = _turn((on("web01", "systemctl restart nginx"),), Truth({"web01": ("nginx",)}), kind="restart")
COUNT = _turn((), Truth({"web01": (), "db02": ()}, count=2), kind="count")
LOCAL = _turn((here("ls"),), Truth({"": ("app.py", "config.yml")}))
DICTATED = _turn((on("web01", "echo 'a  b'"),), Truth({"web01": ()}), exact=True)
WHICH = _turn((), Truth(asks_back=True), kind="ask_back")
TWO = _turn((on("web01", "rm /srv/app/VERSION"), on("web01", "ls /srv/app")), Truth({"web01": ("gone",)}))
COLD = [user("now?")]


def _known(fleet: Fleet) -> list[Message]:
    return [*COLD, calls("list_agents"), result("list_agents", fleet.dispatch(DISCOVER))]


def _check(act: Act, turn: ScriptedTurn, past: list[Message], fleet: Fleet) -> list[Finding]:
    return check_step(call_of(act, AJ), turn, past, fleet, AJ)


KNOWN_CASES = [
    (DISKS, on_all("df -h /"), []),
    (DISKS, on_all("df -h"), []),
    (DISKS, on_all("df -h | grep /$"), []),
    (DISKS, on_all("uptime"), ["wrong_command"]),
    (DISKS, on_all("nosuchcmd"), ["wrong_command"]),
    (DISKS, on("web01", "df -h /"), ["wrong_tool"]),
    (DISKS, here("df -h /"), ["wrong_tool"]),
    (DISKS, finish("`web01` 45%"), ["wrong_tool"]),
    (DISKS, think("hm"), ["wrong_tool"]),
    (DISKS, DISCOVER, ["second_discovery"]),
    (DISKS, on_all("df -h /; systemctl restart nginx"), ["unasked_change"]),
    (DISKS, on_all("df -h /; touch /tmp/was-here"), ["unasked_change"]),
    (DISK, on("web01", "df -h /"), []),
    (DISK, on("db02", "df -h /"), ["wrong_host"]),
    (DISK, on("web99", "df -h /"), ["unknown_agent"]),
    (DISK, on_all("df -h /"), ["wrong_tool"]),
    (RESTART, on("web01", "systemctl restart nginx"), []),
    (RESTART, on("web01", "service nginx restart"), []),
    (RESTART, on("web01", "systemctl restart nginx && systemctl is-active nginx"), []),
    (RESTART, on("web01", "systemctl status nginx"), ["wrong_effect"]),
    (RESTART, on("web01", "systemctl restart docker"), ["wrong_effect"]),
    (RESTART, on("web01", "systemctl restart nginx docker; systemctl restart docker"), ["wrong_effect"]),
    (RESTART, on("web01", "systemctl restart nginx; systemctl restart nginx"), ["wrong_effect"]),
    (RESTART, on("web01", "systemctl restart nginx; rm /srv/app/VERSION"), ["wrong_effect"]),
    (RESTART, on("db02", "systemctl restart nginx"), ["wrong_host"]),
    (RESTART, on_all("systemctl restart nginx"), ["wrong_tool"]),
    (COUNT, finish("`web01` and `db02`, 2 agents"), []),
    (COUNT, finish("`web01` and `db02`, 3 agents"), ["wrong_count"]),
    (COUNT, finish("2 agents"), ["name_missing", "name_missing"]),
    (COUNT, on_all("hostname"), ["wrong_tool"]),
    (DICTATED, on("web01", "echo 'a  b'"), []),
    (DICTATED, on("web01", "echo 'a b'"), ["wrong_command"]),
    (DICTATED, on("web01", 'echo "a  b"'), ["wrong_command"]),
    (DICTATED, on("db02", "echo 'a  b'"), ["wrong_host"]),
    (WHICH, finish("Do you mean `web01` or `db02`?"), []),
    (WHICH, finish("I restarted `web01`."), ["no_question"]),
    (WHICH, on("web01", "systemctl restart nginx"), ["wrong_tool"]),
    (TWO, on("web01", "rm /srv/app/VERSION"), []),
    (TWO, on("web01", "rm -f /srv/app/VERSION; ls /srv/app"), []),
    (TWO, on("web01", "rm -rf /srv/app"), ["wrong_effect"]),
    (TWO, on("web01", "ls /srv/app"), ["wrong_effect"]),
]


@pytest.mark.parametrize(("turn", "act", "findings"), KNOWN_CASES)
def test_a_step_after_discovery_is_judged_by_its_effect(fleet, turn, act, findings):
    assert codes(_check(act, turn, _known(fleet), fleet)) == findings


@pytest.mark.parametrize(
    ("turn", "act", "findings"),
    [
        (DISKS, DISCOVER, []),
        (DISKS, on_all("df -h /"), ["before_discovery"]),
        (DISK, on("web01", "df -h /"), ["before_discovery"]),
        (DISKS, here("df -h /"), ["wrong_tool"]),
        (COUNT, finish("2 agents"), ["wrong_tool"]),
        (LOCAL, here("ls"), []),
        (LOCAL, here("ls -la"), []),
        (LOCAL, here("cat VERSION"), ["wrong_command"]),
        (LOCAL, here("ls; rm VERSION"), ["unasked_change"]),
        (LOCAL, DISCOVER, ["wrong_tool"]),
        (WHICH, finish("Which one do you mean?"), []),
        (WHICH, DISCOVER, ["wrong_tool"]),
    ],
)
def test_a_first_step_discovers_unless_the_turn_is_local_or_a_question_back(fleet, turn, act, findings):
    assert codes(_check(act, turn, COLD, fleet)) == findings


LOOKS = _turn((on("web01", "df -h /"), on("web01", "hostname")), Truth({"web01": (*FULL["web01"], "web01")}))


def test_only_the_last_step_of_several_must_tell_the_facts_and_only_those_that_the_oracles_tells(fleet):
    known = _known(fleet)
    assert _check(on("web01", "true"), LOOKS, known, fleet) == []
    seen = fleet.dispatch(LOOKS.steps[0])
    past = [*known, Message("assistant", call=call_of(LOOKS.steps[0], AJ)), result("remote_bash", seen)]
    assert codes(_check(on("web01", "true"), LOOKS, past, fleet)) == ["wrong_command"]
    assert _check(on("web01", "uname -n"), LOOKS, past, fleet) == []  # the disk was told before


def test_a_word_within_another_word_tells_nothing(fleet):
    state = on("web01", "echo inactive")
    asked = ScriptedTurn(
        "is nginx up?", "x", (on("web01", "systemctl is-active nginx"),), Truth({"web01": ("active",)}), "", ""
    )
    assert codes(_check(state, asked, _known(fleet), fleet)) == ["wrong_command"]


def test_once_there_is_a_result_only_the_true_answer_is_right(fleet):
    seen = fleet.dispatch(DISKS.steps[0])
    past = [*_known(fleet), calls("remote_bash_all", {"command": "df -h /"}), result("remote_bash_all", seen)]
    true = answer(DISKS, "senior_engineer")
    assert _check(finish(true), DISKS, past, fleet) == []
    assert codes(_check(finish("`web01` 0%, `db02` 0%"), DISKS, past, fleet)) == ["wrong_fact", "wrong_fact"]
    assert codes(_check(finish(f"{true} Down since 03:17."), DISKS, past, fleet)) == ["ungrounded"]
    assert codes(_check(on_all("df -h /"), DISKS, past, fleet)) == ["wrong_tool"]
    assert codes(_check(give_up("cannot"), DISKS, past, fleet)) == ["name_missing"] * 2


def test_a_true_answer_is_made_up_where_nobody_looked(fleet):
    true = answer(DISKS, "senior_engineer")
    assert set(codes(check_final_answer(true, DISKS, _known(fleet), fleet))) == {"ungrounded"}


def test_talk_may_tell_of_numbers_that_nobody_looked_up(fleet):
    talk = _turn((), Truth(), kind="plain")
    assert check_final_answer("Since 1999!", talk, COLD, fleet) == []
    assert codes(check_final_answer("Since 1999!", replace(talk, kind="facts"), COLD, fleet)) == ["ungrounded"]


@pytest.mark.parametrize("command", ["localectl; df -h /", "df -h / | localectl", "df --no-such-thing /; ls --author"])
def test_a_command_that_a_real_host_has_and_the_fleet_lacks_is_not_judged(fleet: Fleet, command: str):
    with pytest.raises(FleetGap):
        _check(on_all(command), DISKS, _known(fleet), fleet)


def test_a_wrong_host_is_wrong_whatever_the_command(fleet: Fleet):
    assert codes(_check(on("db02", "localectl"), DISK, _known(fleet), fleet)) == ["wrong_host"]
