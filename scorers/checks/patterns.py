"""The eight documented error patterns: which one, if any, does this output show?"""

import re
from collections.abc import Iterator, Sequence

from aj.acts import REACHES, act_of, kind_of
from aj.contract import Contract
from aj.findings import codes
from aj.hints import hint, hints_in, in_any_case
from aj.messages import Message, Mode
from aj.state import Agent, discovered
from aj.wire import Judgement, judge_call
from scorers.checks.replies import check_reply
from scorers.checks.said.counts import miscounts

MODES: dict[str, Mode] = {
    "wrong_output_format": "step",
    "tool_none_error": "step",
    "lost_context": "step",
    "hallucinated_commands": "step",
    "wrong_count": "step",
    "code_block_instead_of_action": "step",
    "missing_list_agents": "step",
    "plan_as_dict": "plan",
}
"""The documented patterns, and the mode in which each occurs."""

_NO_AGENTS_HINT = hint(*in_any_case("no agents", "any agents", "any servers", "no servers", "no hosts"))
_NO_AGENTS = re.compile(
    r"no agents|n[o'’]t (?:know|see|have) (?:of )?any (?:agents|servers)|no (?:servers|hosts)", re.IGNORECASE
)


def known_issue(text: str, past: Sequence[Message], contract: Contract, mode: Mode) -> str | None:
    """The most specific documented pattern that a raw completion shows; None if it shows none, as prose in a chat."""
    if mode == "plan":
        return "plan_as_dict" if "plan_as_dict" in codes(check_reply(text, contract, mode)) else None
    if mode != "step" and not text.lstrip().startswith("{"):
        return None
    return next(issues(text, judge_call(text, contract), discovered(past, contract), contract), None)


def issues(text: str, judgement: Judgement, agents: Sequence[Agent] | None, contract: Contract) -> Iterator[str]:
    """Every documented pattern that a completion for a call shows, the most specific first.

    Args:
        agents: those discovered before; None without a discovery.
    """
    found = codes(judgement.findings)
    if "tool_none" in found:
        yield "tool_none_error"
    if agents and hints_in(text) & _NO_AGENTS_HINT and _NO_AGENTS.search(text):
        yield "lost_context"
    if "action_key" in found:
        yield "wrong_output_format"
    if "no_call" in found and "```" in text:
        yield "code_block_instead_of_action"
    if agents is None and kind_of(judgement.dispatched, contract) in REACHES:
        yield "missing_list_agents"
    act = act_of(judgement.dispatched, contract) if agents else None
    if agents and act:
        if act.kind == "here" and any(agent.id in act.command for agent in agents):
            yield "hallucinated_commands"
        if act.words and miscounts(act.words, len(agents)):
            yield "wrong_count"
