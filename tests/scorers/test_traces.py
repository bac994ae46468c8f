"""Traces: what an agent did in a turn and what it left behind, held against the world."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from inspect_ai.util import Store

from aj.acts import here, on, on_all
from aj.contract import load_contract
from aj.findings import codes
from fleet.draw import draw_host
from fleet.workspace import draw_workspace
from scenarios.oracle import answer
from scenarios.scenario import Milestone, Scenario, ScriptedTurn
from scenarios.trouble import with_service
from scenarios.truth import Truth
from scorers.samples import Trace
from scorers.traces import check_end, check_target, check_turn_answer, check_turn_grounded

AJ = load_contract()
HOSTS = tuple(with_service(draw_host(name, Random(name)), "nginx") for name in ("web01", "db02"))


def _turn(steps: tuple, truth: Truth, items: str = "", **rest: Any) -> ScriptedTurn:
    return ScriptedTurn("now?", "now.eval.0", steps, truth, items, "it matters", **rest)


FULL = {host.name: (f"{host.percent()}%",) for host in HOSTS}
DISKS = _turn((on_all("df -h /"),), Truth(FULL), ", ".join(f"`{name}` {values[0]}" for name, values in FULL.items()))
DISK = _turn((on("web01", "df -h /"),), Truth({"web01": FULL["web01"]}))
RESTART = _turn((on("web01", "systemctl restart nginx"),), Truth({"web01": ("nginx",)}), kind="restart")
COUNT = _turn((), Truth({"web01": (), "db02": ()}, count=2), kind="count")
LOCAL = _turn((here("cat VERSION"),), Truth({"": ("1.2.3",)}))
TALK = _turn((), Truth(), "You're welcome.", kind="plain")
NGINX = "web01/services/nginx"
SCENARIO = Scenario(
    "test", 7, "senior_engineer", HOSTS, draw_workspace(Random(7), HOSTS[0].now), (DISKS, RESTART),
    {f"{NGINX}/restarts": "1"}, (f"{NGINX}/*",), (Milestone("looked", "web01", "Use%"),),
)  # fmt: skip


def _played(
    *tools: tuple[str, dict[str, Any]],
    answer: str | None = None,
    error: str | None = None,
    sources: tuple[str, ...] = (),
) -> dict[str, Any]:
    made = [{"tool": tool, "params": params, "valid": True, "refused": None} for tool, params in tools]
    return {"calls": made, "answer": answer, "error": error, "sources": list(sources)}


LIST = ("list_agents", {})
ALL = ("remote_bash_all", {"command": "df"})
WEB = ("remote_bash", {"agent_id": "web01", "command": "df"})
DB = ("remote_bash", {"agent_id": "db02", "command": "df"})
BASH = ("bash", {"command": "cat VERSION"})
THINK = ("think", {"thought": "hm"})


# --- the answer -----------------------------------------------------------------------------------------------------


def test_a_true_answer_is_right_and_an_untrue_one_or_an_error_is_not():
    true = answer(DISKS, "senior_engineer")
    assert check_turn_answer(_played(answer=true), DISKS, SCENARIO) == []
    assert codes(check_turn_answer(_played(answer="fine"), DISKS, SCENARIO)) == ["name_missing", "name_missing"]
    assert codes(check_turn_answer(_played(error="too_many_calls"), DISKS, SCENARIO)) == ["too_many_calls"]


def test_a_true_answer_that_nobody_looked_for_is_made_up():
    true = answer(DISKS, "senior_engineer")
    seen = tuple(f"{name} {values[0]}" for name, values in FULL.items())
    assert check_turn_grounded(_played(answer=true, sources=seen), DISKS, SCENARIO) == []
    blind = check_turn_grounded(_played(answer=true, sources=("how full are web01 and db02?",)), DISKS, SCENARIO)
    assert set(codes(blind)) == {"ungrounded"}
    assert len(blind) == 2


def test_talk_needs_no_source_and_what_was_not_said_none_either():
    assert check_turn_grounded(_played(answer="Since 1999!"), TALK, SCENARIO) == []
    assert codes(check_turn_grounded(_played(answer="Since 1999!"), COUNT, SCENARIO)) == ["ungrounded"]
    assert check_turn_grounded(_played(error="loop"), DISKS, SCENARIO) == []


# --- the end --------------------------------------------------------------------------------------------------------


def _trace(**values: Any) -> Trace:
    return Trace(store=Store(), **values)  # a store of its own: the default one is the running sample's


SEEN = [("web01", "Use% 45%")]
ONCE = {f"{NGINX}/restarts": ("0", "1")}
OTHER = {"db02/services/nginx/restarts": ("0", "1")}


@pytest.mark.parametrize(
    ("changed", "seen", "findings"),
    [
        (ONCE, SEEN, []),
        ({}, SEEN, ["goal_missed"]),
        ({f"{NGINX}/restarts": ("0", "2")}, SEEN, ["goal_missed"]),
        ({"web01/services/cron/restarts": ("0", "1")}, SEEN, ["goal_missed", "unasked_change"]),
        (OTHER, SEEN, ["goal_missed", "wrong_host"]),
        (ONCE | OTHER, SEEN, ["wrong_host"]),
        (ONCE, [("db02", "Use% 45%")], ["milestone_missed"]),
        ({}, [], ["goal_missed", "milestone_missed"]),
    ],
)
def test_exactly_what_was_asked_for_was_done_and_what_had_to_be_seen_was_seen(changed, seen, findings):
    found = check_end(_trace(changed=changed, seen=seen), SCENARIO)
    assert list(found) == ["end_state", "no_mine", "milestones"]
    assert codes([finding for of in found.values() for finding in of]) == findings


def test_nothing_changes_when_nothing_was_asked_to():
    asked = replace(SCENARIO, goal={}, may_change=(), milestones=())
    assert not any(check_end(_trace(), asked).values())
    assert codes(check_end(_trace(changed=ONCE), asked)["no_mine"]) == ["unasked_change"]


# --- what was meant -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("turn", "played", "known", "findings"),
    [
        (DISKS, _played(ALL), True, []),
        (DISKS, _played(LIST, ALL), False, []),
        (DISKS, _played(ALL), False, ["invented"]),
        (DISKS, _played(answer="45%"), False, ["invented"]),
        (DISKS, _played(LIST, ALL), True, ["second_discovery"]),
        (DISKS, _played(WEB), True, ["lost_reference"]),
        (DISKS, _played(WEB, DB), True, ["lost_reference"]),
        (DISKS, _played(), True, ["lost_reference"]),
        (DISK, _played(WEB), True, []),
        (DISK, _played(THINK, WEB), True, []),
        (DISK, _played(WEB, WEB), True, []),
        (DISK, _played(DB), True, ["lost_reference"]),
        (DISK, _played(WEB, DB), True, ["lost_reference"]),
        (DISK, _played(ALL), True, ["lost_reference"]),
        (DISK, _played(), True, ["lost_reference"]),
        (COUNT, _played(), True, []),
        (COUNT, _played(ALL), True, ["lost_reference"]),
        (LOCAL, _played(BASH), True, []),
        (LOCAL, _played(WEB), True, ["lost_reference"]),
    ],
)
def test_a_turn_acts_on_what_was_meant(turn, played, known, findings):
    assert codes(check_target(played, turn, known, AJ)) == findings


def test_who_knows_no_agents_may_ask_instead_of_discovering():
    question = replace(DISKS, steps=())
    assert check_target(_played(answer="Which agents do you mean?"), question, False, AJ) == []
    assert codes(check_target(_played(answer="All at 45%."), question, False, AJ)) == ["invented"]
