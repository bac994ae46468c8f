"""One decision: is this the right next call for the turn, given what is known? Decided by its effect in the fleet."""

import re
from collections.abc import Sequence

from aj.conduct import check_conduct
from aj.contract import Contract
from aj.findings import Finding
from aj.messages import Call, Message
from aj.wire import finishing
from fleet.fleet import LOCAL, Fleet
from fleet.snapshot import diff
from scenarios.oracle import next_call
from scenarios.scenario import ScriptedTurn
from scorers.checks.answers import check_answer, check_grounded


def check_step(
    call: Call, turn: ScriptedTurn, past: Sequence[Message], fleet: Fleet, contract: Contract
) -> list[Finding]:
    """Findings on the next call after `past`, which ends on the user's message or on a result. Acts on `fleet`."""
    conduct = contract.conduct
    if found := check_conduct(call, past, contract):
        return found
    wanted = next_call(turn, past, fleet.hosts, contract)
    if wanted is None:
        answer = finishing(call, contract)
        return [_wrong_tool(call, conduct.finish)] if answer is None else check_said(answer, turn, past, fleet)
    if call.tool != wanted.tool:
        return [_wrong_tool(call, wanted.tool)]
    target = wanted.params.get(conduct.target)
    if call.params.get(conduct.target) != target:
        why = f"acts on {call.params.get(conduct.target)}, not on {target}"
        return [Finding("wrong_host", why, "act on the host that was asked about")]
    if turn.exact and call.params["command"] != wanted.params["command"]:
        why = f"runs {call.params['command']!r}, asked for was {wanted.params['command']!r}"
        return [Finding("wrong_command", why, "copy the command to the letter")]
    last = bool(turn.steps) and wanted is turn.steps[-1]
    return _check_effect(call, wanted, turn if last else None, fleet, contract)


def check_said(answer: str, turn: ScriptedTurn, past: Sequence[Message], fleet: Fleet) -> list[Finding]:
    """Is the answer true, and does every number and name in it stand in the past?"""
    found = check_answer(answer, turn.truth)
    if turn.kind == "plain" or found:
        return found  # talk may tell of the world's numbers: nothing was looked up
    sources = [message.content for message in past if message.role in ("user", "tool")]
    return check_grounded(answer, sources, list(fleet.hosts))


def _check_effect(
    call: Call, wanted: Call, turn: ScriptedTurn | None, fleet: Fleet, contract: Contract
) -> list[Finding]:
    """Whatever the command is, it must change what the oracle's changes, and a turn's last one must tell the facts that
    the oracle's tells (an earlier step may have told the others)."""
    if wanted.tool == contract.conduct.discover:
        return []
    before = fleet.snapshot()
    hosts = [host for name, host in before.items() if name != LOCAL]
    oracle = Fleet(hosts, before[LOCAL])
    told = oracle.dispatch(wanted, contract)
    output = fleet.dispatch(call, contract)
    meant, changed = diff(before, oracle.snapshot()), diff(before, fleet.snapshot())
    if changed != meant:
        stray = sorted({*changed} ^ {*meant}) or sorted(changed)
        code = "wrong_effect" if meant else "unasked_change"
        return [
            Finding(code, f"differs from what was asked for in {', '.join(stray[:3])}", "do what was asked, only that")
        ]
    values = [value for of in turn.truth.stated.values() for value in of] if turn and not meant else []
    missing = [value for value in values if _tells(told, value) and not _tells(output, value)]
    if missing:
        return [Finding("wrong_command", f"its output does not tell {missing[0]!r}", "run a command that answers")]
    return []


def _tells(output: str, value: str) -> bool:
    """As a word of its own: `inactive` does not tell `active`."""
    return any(re.search(rf"(?<!\w){re.escape(either)}(?!\w)", output) for either in value.split("|"))


def _wrong_tool(call: Call, wanted: str) -> Finding:
    return Finding("wrong_tool", f"{call.tool} where {wanted} is right", f"call {wanted}")
