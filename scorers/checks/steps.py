"""One decision: is this the right next call for the ask, given what is known? Decided by its effect in the fleet."""

from collections.abc import Sequence

from aj.contract import Contract
from aj.findings import Finding
from aj.fleet.asks import Ask, facts
from aj.fleet.fleet import Fleet
from aj.fleet.oracle import finishing
from aj.messages import Call, Message
from aj.state import discovered
from scorers.checks.answers import check_answer
from scorers.checks.conduct import check_conduct


def check_step(call: Call, ask: Ask, past: Sequence[Message], fleet: Fleet, contract: Contract) -> list[Finding]:
    """Findings on the next call after `past`, which ends on the user's message or on a result. Acts on `fleet`."""
    conduct = contract.conduct
    if found := check_conduct(call, past, contract):
        return found
    truth = facts(ask, fleet.hosts, fleet.local)
    if ask.scope != "local" and discovered(past, contract) is None:
        return [] if call.tool == conduct.discover else [_wrong_tool(call, conduct.discover)]
    if not ask.command or _has_result(past, contract):
        answer = finishing(call, contract)
        return [_wrong_tool(call, conduct.finish)] if answer is None else check_answer(answer, ask, truth)
    wanted = {"fleet": conduct.fleet_wide, "host": conduct.targeted, "local": ("bash",)}[ask.scope]
    if call.tool not in wanted:
        return [_wrong_tool(call, wanted[0])]
    if ask.host and call.params[conduct.target] != ask.host:
        return [
            Finding(
                "wrong_host",
                f"acts on {call.params[conduct.target]}, not on {ask.host}",
                "act on the host that was asked about",
            )
        ]
    return _check_effect(call, ask, truth, fleet, contract)


def _has_result(past: Sequence[Message], contract: Contract) -> bool:
    """Whether the ask was already acted on: only the answer is missing."""
    return past[-1].role == "tool" and past[-1].tool != contract.conduct.discover


def _check_effect(
    call: Call, ask: Ask, truth: dict[str, tuple[str, ...]], fleet: Fleet, contract: Contract
) -> list[Finding]:
    """Whatever the command is, its output must hold the facts, and a restart must have happened, only there."""
    before = fleet.hosts
    output = fleet.dispatch(call, contract)
    changed = {name: host.restarts for name, host in fleet.hosts.items() if host != before[name]}
    if ask.intent == "restart":
        if changed == {ask.host: (ask.service,)}:
            return []
        return [
            Finding(
                "wrong_effect",
                f"{ask.service} on {ask.host} was not what restarted",
                "restart the named service on the named host",
            )
        ]
    if changed:
        return [Finding("unasked_change", f"changes {', '.join(changed)}", "only look when asked to look")]
    missing = [value for values in truth.values() for value in values if value not in output]
    return (
        [
            Finding(
                "wrong_command", f"its output does not tell {missing[0]!r}", "run a command that answers the question"
            )
        ]
        if missing
        else []
    )


def _wrong_tool(call: Call, wanted: str) -> Finding:
    return Finding("wrong_tool", f"{call.tool} where {wanted} is right", f"call {wanted}")
