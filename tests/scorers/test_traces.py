"""Traces: what an agent did in a turn and what it left behind, held against the world."""

from random import Random
from typing import Any

import pytest

from aj.contract import load_contract
from aj.findings import codes
from aj.fleet.asks import Ask
from aj.fleet.oracle import true_answer
from aj.fleet.scenarios import Scenario
from scorers.traces import check_end_state, check_target, check_turn_answer

AJ = load_contract()
HOSTS = ("web01", "db02")


def _ask(intent: str, scope: str, host: str | None = None, service: str | None = None) -> Ask:
    return Ask(intent, scope, "senior_engineer", f"{intent}?", f"{intent}.eval.0", host, service)  # type: ignore[arg-type]


DISK, DISKS = _ask("disk", "host", "web01"), _ask("disk", "fleet")
RESTART = _ask("restart", "host", "web01", "nginx")
SCENARIO = Scenario(HOSTS, 7, (DISKS, RESTART))


def _turn(*tools: tuple[str, dict[str, Any]], answer: str | None = None, error: str | None = None) -> dict[str, Any]:
    made = [{"tool": tool, "params": params, "valid": True} for tool, params in tools]
    return {"calls": made, "answer": answer, "error": error}


LIST = ("list_agents", {})
ALL = ("remote_bash_all", {"command": "df"})
WEB = ("remote_bash", {"agent_id": "web01", "command": "df"})
DB = ("remote_bash", {"agent_id": "db02", "command": "df"})


def test_a_true_answer_is_right_and_an_untrue_one_or_an_error_is_not():
    true = true_answer(DISKS, SCENARIO.fleet(), Random(1))
    assert check_turn_answer(_turn(answer=true), DISKS, SCENARIO) == []
    assert codes(check_turn_answer(_turn(answer="fine"), DISKS, SCENARIO)) == ["name_missing", "name_missing"]
    assert codes(check_turn_answer(_turn(error="too_many_calls"), DISKS, SCENARIO)) == ["too_many_calls"]


@pytest.mark.parametrize(
    ("restarts", "findings"),
    [
        ({"web01": ["nginx"]}, []),
        ({}, ["wrong_effect"]),
        ({"web01": ["nginx", "nginx"]}, ["wrong_effect"]),
        ({"web01": ["docker"]}, ["wrong_effect"]),
        ({"db02": ["nginx"]}, ["wrong_effect"]),
        ({"web01": ["nginx"], "db02": ["nginx"]}, ["wrong_effect"]),
    ],
)
def test_exactly_what_was_asked_for_was_restarted(restarts, findings):
    assert codes(check_end_state(restarts, SCENARIO)) == findings


@pytest.mark.parametrize("restarts", [{}, {"web01": []}])
def test_nothing_restarts_when_nothing_was_asked_to(restarts):
    assert check_end_state(restarts, Scenario(HOSTS, 7, (DISKS,))) == []
    assert codes(check_end_state({"web01": ["nginx"]}, Scenario(HOSTS, 7, (DISKS,)))) == ["wrong_effect"]


@pytest.mark.parametrize(
    ("ask", "turn", "known", "findings"),
    [
        (DISKS, _turn(ALL), True, []),
        (DISKS, _turn(LIST, ALL), False, []),
        (DISKS, _turn(LIST, ALL), True, ["second_discovery"]),
        (DISKS, _turn(WEB), True, ["lost_reference"]),
        (DISKS, _turn(), True, ["lost_reference"]),
        (DISK, _turn(WEB), True, []),
        (DISK, _turn(WEB, WEB), True, []),
        (DISK, _turn(DB), True, ["lost_reference"]),
        (DISK, _turn(WEB, DB), True, ["lost_reference"]),
        (DISK, _turn(ALL), True, ["lost_reference"]),
        (DISK, _turn(), True, ["lost_reference"]),
        (_ask("count", "fleet"), _turn(), True, []),
        (_ask("workspace", "local"), _turn(("bash", {"command": "cat VERSION"})), True, []),
    ],
)
def test_a_turn_acts_on_what_was_meant(ask, turn, known, findings):
    assert codes(check_target(turn, ask, known, AJ)) == findings
