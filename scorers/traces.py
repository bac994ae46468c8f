"""An agent's trace: what it did, turn by turn, and the checks that hold it against the world."""

from typing import Any

from inspect_ai.util import StoreModel
from pydantic import Field

from aj.contract import Contract
from aj.findings import Finding
from aj.fleet.asks import Ask, facts
from aj.fleet.scenarios import Scenario
from scorers.checks.answers import check_answer


class Trace(StoreModel):
    """What happened, for scoring now and again offline; reassigned, not mutated, so that changes are logged."""

    turns: list[dict[str, Any]] = Field(default_factory=list)
    """Per user turn: {"calls": [{"tool", "params", "valid"}], "answer": text or None, "error": code or None}"""
    restarts: dict[str, list[str]] = Field(default_factory=dict)
    """End state: host -> services restarted."""


def check_turn_answer(turn: dict[str, Any], ask: Ask, scenario: Scenario) -> list[Finding]:
    """Was this user turn answered, and truly?"""
    if turn["error"]:
        return [Finding(turn["error"], "the turn ended in an error", "see the code")]
    fleet = scenario.fleet()  # restarts change no other fact, so the start state tells the truth of every turn
    return check_answer(turn["answer"], ask, facts(ask, fleet.hosts, fleet.local))


def check_end_state(restarts: dict[str, list[str]], scenario: Scenario) -> list[Finding]:
    """Exactly the restarts that were asked for have happened, each once."""
    wanted = sorted((ask.host or "", ask.service or "") for ask in scenario.asks if ask.intent == "restart")
    done = sorted((host, service) for host, services in restarts.items() for service in services)
    if done == wanted:
        return []
    return [
        Finding(
            "wrong_effect",
            f"restarted {done or 'nothing'}, asked for {wanted or 'nothing'}",
            "do what was asked, there and only there",
        )
    ]


def check_target(turn: dict[str, Any], ask: Ask, known: bool, contract: Contract) -> list[Finding]:
    """Did the turn act on what the ask refers to, without discovering a second time?"""
    conduct = contract.conduct
    tools = [call["tool"] for call in turn["calls"]]
    if known and conduct.discover in tools:
        return [Finding("second_discovery", "the agents were discovered before", "use the agents already listed")]
    if not ask.command:
        return []
    if ask.scope == "fleet" and not set(tools) & set(conduct.fleet_wide):
        return [Finding("lost_reference", "does not act on all of them", f"use {conduct.fleet_wide[0]}")]
    targets = {call["params"][conduct.target] for call in turn["calls"] if call["tool"] in conduct.targeted}
    if ask.host and targets != {ask.host}:
        return [
            Finding(
                "lost_reference",
                f"acts on {sorted(targets) or 'nothing'}, meant is {ask.host}",
                "resolve the reference",
            )
        ]
    return []
