"""Compares an agent's trace (`scorers.samples.Trace`) with the world."""

from typing import Any

from aj.acts import Act, meaning_of, written
from aj.contract import Contract
from aj.findings import Finding
from aj.messages import Call
from scenarios.scenario import Scenario, ScriptedTurn
from scorers.checks.answers import check_answer, check_grounded
from scorers.samples import Trace
from scorers.stops import UNJUDGED
from scorers.world.outcome import check_goal, check_milestones, check_mines


def unjudged(trace: Trace) -> str | None:
    """Why nobody can judge what was played (a code of `scorers.stops.UNJUDGED`); None if it can be judged."""
    if not trace.turns:
        return "no_reply"
    error = trace.turns[-1]["error"]
    return error if error in UNJUDGED else None


def reason(trace: Trace, code: str) -> str:
    """What a code of `UNJUDGED` means, and which gaps of the fleet the trace met."""
    met = ", ".join(what for _, what in trace.gaps)
    return f"{UNJUDGED[code]}: {met}" if met else UNJUDGED[code]


def check_turn_answer(played: dict[str, Any], turn: ScriptedTurn, scenario: Scenario) -> list[Finding]:
    """Was this user turn answered, and truthfully?"""
    if played["error"]:
        return [Finding(played["error"], "the turn ended in an error", "see the code")]
    return check_answer(played["answer"], turn.truth, played["sources"], [host.name for host in scenario.hosts])


def check_turn_grounded(played: dict[str, Any], turn: ScriptedTurn, scenario: Scenario) -> list[Finding]:
    """Is everything in the answer found in a result or in the user's words?"""
    if played["answer"] is None or turn.kind == "plain":
        return []
    return check_grounded(played["answer"], played["sources"], [host.name for host in scenario.hosts])


def check_end(trace: Trace, scenario: Scenario) -> dict[str, list[Finding]]:
    """Findings on the end state: the goal, what must not be touched, and the milestones."""
    return {
        "end_state": check_goal(scenario, trace.changed),
        "no_mine": check_mines(scenario, trace.changed),
        "milestones": check_milestones(scenario.milestones, trace.seen),
    }


def needs_commands(scenario: Scenario) -> bool:
    """Does what the user asks for take any command?"""
    return any(step.runs for turn in scenario.turns for step in turn.steps)


def ran_commands(trace: Trace, contract: Contract) -> bool:
    """Did AJ run any command, or try to?"""
    return any(act.runs for turn in trace.turns for act in _acts(turn, contract))


def recovered(trace: Trace, right: bool) -> bool | None:
    """Whether all came `right` after a call that got an error instead of a result; None if no call did."""
    return right if any(call["refused"] for turn in trace.turns for call in turn["calls"]) else None


def _acts(played: dict[str, Any], contract: Contract) -> list[Act]:
    """What the turn's calls mean that reached their tools."""
    return [meaning_of(Call(c["tool"], c["params"]), contract) for c in played["calls"] if not c["refused"]]


def check_target(played: dict[str, Any], turn: ScriptedTurn, known: bool, contract: Contract) -> list[Finding]:
    """Did the turn act on what the user refers to, without a second discovery?"""
    acts = _acts(played, contract)
    discovers = any(act.kind == "discover" for act in acts)
    if known and discovers:
        return [Finding("second_discovery", "the agents were discovered before", "use the agents already listed")]
    if not known and not discovers and "?" not in (played["answer"] or ""):
        why, fix = "nothing was discovered, but AJ neither discovers nor asks", f"call {written('discover', contract)}"
        return [Finding("invented", why, fix)]
    meant = {_target(step) for step in turn.steps}
    acted = {_target(act) for act in acts if act.runs}
    if meant == acted:
        return []
    shown = ", ".join(sorted(acted)) or "nothing"
    why = f"acts on {shown}, meant is {', '.join(sorted(meant)) or 'nothing'}"
    return [Finding("lost_reference", why, "resolve the reference")]


def _target(act: Act) -> str:
    return "all of them" if act.kind == "on_all" else act.host or "the workspace"
