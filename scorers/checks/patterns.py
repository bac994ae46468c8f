"""The eight documented error patterns: which one, if any, does this output show?"""

import re
from collections.abc import Iterator, Sequence

from aj.acts import act_of
from aj.contract import Contract
from aj.findings import codes
from aj.messages import Message, Mode
from aj.state import discovered
from aj.wire import Judgement, judge_call
from scorers.checks.answers import NUMBERS
from scorers.checks.replies import check_reply

_NO_AGENTS = re.compile(
    r"no agents|n[o'’]t (?:know|see|have) (?:of )?any (?:agents|servers)|no (?:servers|hosts)", re.IGNORECASE
)
_COUNTED = re.compile(rf"\b(\d+|{'|'.join(NUMBERS)}) (?:\w+ )?agents?\b", re.IGNORECASE)


def known_issue(text: str, past: Sequence[Message], contract: Contract, mode: Mode) -> str | None:
    """The most specific documented pattern that a raw completion shows; None if it shows none."""
    if mode == "plan":
        return "plan_as_dict" if "plan_as_dict" in codes(check_reply(text, contract, mode)) else None
    return next(issues(text, judge_call(text, contract), past, contract), None)


def issues(text: str, judgement: Judgement, past: Sequence[Message], contract: Contract) -> Iterator[str]:
    """Every documented pattern that a completion for a call shows, the most specific first."""
    agents = discovered(past, contract)
    found = codes(judgement.findings)
    if "tool_none" in found:
        yield "tool_none_error"
    if agents and _NO_AGENTS.search(text):
        yield "lost_context"
    if "action_key" in found:
        yield "wrong_output_format"
    if "no_call" in found and "```" in text:
        yield "code_block_instead_of_action"
    act = act_of(judgement.dispatched, contract)
    if act is None:
        return
    if act.reaches_agents and agents is None:
        yield "missing_list_agents"
    names = [agent.id for agent in agents or ()]
    if act.kind == "here" and any(name in act.command for name in names):
        yield "hallucinated_commands"
    if act.words and names and (counted := _COUNTED.search(act.words)) and number_of(counted[1]) != len(names):
        yield "wrong_count"


def number_of(word: str) -> int:
    """A number in digits or in words."""
    return NUMBERS[word.lower()] if word.lower() in NUMBERS else int(word)
