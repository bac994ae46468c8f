"""One decision: is this the right next call, given what is known? Judged by its effect in the fleet."""

import re
from collections.abc import Sequence

from aj.acts import Act, meaning_of, written
from aj.conduct import check_conduct
from aj.contract import Contract
from aj.findings import Finding
from aj.messages import Call, Message
from aj.state import sources_of
from fleet.fleet import LOCAL, Fleet
from fleet.gaps import FleetGap
from fleet.snapshot import diff
from scenarios.oracle import next_act
from scenarios.scenario import ScriptedTurn
from scorers.checks.answers import check_answer
from scorers.checks.grounding import check_grounded


def check_step(
    call: Call, turn: ScriptedTurn, past: Sequence[Message], fleet: Fleet, contract: Contract
) -> list[Finding]:
    """Findings on the next call after `past`, which ends on the user's message or on a result. Acts on `fleet`.

    Raises:
        FleetGap: the call asks a host for what the fleet lacks.
    """
    if found := check_conduct(call, past, contract):
        return found
    act, wanted = meaning_of(call, contract), next_act(turn, past, fleet.hosts, contract)
    if wanted is None and act.kind == "finish":
        return check_final_answer(act.words, turn, past, fleet)
    if wanted is None or act.kind != wanted.kind:
        right = written(wanted.kind if wanted else "finish", contract)
        return [Finding("wrong_tool", f"{call.tool} where {right} is right", f"call {right}")]
    if act.host != wanted.host:
        why = f"acts on {act.host}, not on {wanted.host}"
        return [Finding("wrong_host", why, "act on the host that was asked about")]
    if turn.exact and act.command != wanted.command:
        why = f"runs {act.command!r}, asked for was {wanted.command!r}"
        return [Finding("wrong_command", why, "copy the command to the letter")]
    last = bool(turn.steps) and wanted is turn.steps[-1]
    return _check_effect(act, wanted, turn if last else None, fleet)


def check_final_answer(answer: str, turn: ScriptedTurn, past: Sequence[Message], fleet: Fleet) -> list[Finding]:
    """Is the answer true, and are all its numbers and names found in the conversation?"""
    results = [message.content for message in past if message.role == "tool"]
    found = check_answer(answer, turn.truth, results, list(fleet.hosts))
    if turn.kind == "plain" or found:
        return found  # small talk may mention numbers: nothing was looked up
    return check_grounded(answer, sources_of(past), list(fleet.hosts))


def _check_effect(act: Act, wanted: Act, turn: ScriptedTurn | None, fleet: Fleet) -> list[Finding]:
    """Whatever the command, it must change what the oracle's changes, and the last one of a turn must show the facts
    that the oracle's shows (an earlier step may have shown others)."""
    if wanted.kind == "discover":
        return []
    before = fleet.snapshot()
    hosts = [host for name, host in before.items() if name != LOCAL]
    oracle = Fleet(hosts, before[LOCAL])
    told = oracle.dispatch(wanted)
    output = fleet.dispatch(act)
    if fleet.gaps:
        raise FleetGap(fleet.gaps)
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
    """Whether a value appears as a whole word: `inactive` does not show `active`."""
    return any(re.search(rf"(?<!\w){re.escape(either)}(?!\w)", output) for either in value.split("|"))
