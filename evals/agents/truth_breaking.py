"""Agents that keep the form of the oracle's answer and break its truth: every one must fail wherever it changes one."""

from collections.abc import Sequence

from aj.acts import finish
from aj.messages import Message
from evals.agents import denying, hedging, misnaming, misstating
from evals.agents.saying import say
from evals.agents.true_answer import Alter
from scenarios.oracle import answer
from scenarios.scenario import ScriptedTurn
from scorers.samples import Case


def unlooked(case: Case, past: Sequence[Message], turn: ScriptedTurn) -> str:
    """A reference agent that claims what the oracle finds out, without a look (the others change its answers)."""
    return say(case, finish(answer(turn, case.scenario.persona)))


TRUTH_BREAKING: dict[str, Alter] = {
    "not_so": denying.not_so,
    "contracted": denying.contracted,
    "no_longer": denying.no_longer,
    "never": denying.never,
    "curly": denying.curly,
    "neither": denying.neither,
    "far_from": denying.far_from,
    "failed_to_be": denying.failed_to_be,
    "untrue": denying.untrue,
    "asked_and_denied": denying.asked_and_denied,
    "not_done": denying.not_done,
    "opposite": denying.opposite,
    "swapped_hosts": misstating.swapped_hosts,
    "value_of_another_host": misstating.value_of_another_host,
    "shifted_digit": misstating.shifted_digit,
    "wrong_unit": misstating.wrong_unit,
    "moved_point": misstating.moved_point,
    "stale": misstating.stale,
    "dropped_host": misnaming.dropped_host,
    "dropped_value": misstating.dropped_value,
    "added_host": misnaming.added_host,
    "renamed_host": misnaming.renamed_host,
    "everybody": misnaming.everybody,
    "hedged": hedging.hedged,
    "hedged_first": hedging.hedged_first,
    "in_doubt": hedging.in_doubt,
    "slashed": hedging.slashed,
    "in_brackets": hedging.in_brackets,
    "between": hedging.between,
    "every_state": hedging.every_state,
    "taken_back": hedging.taken_back,
    "withheld": misnaming.withheld,
    "wrong_parts": misstating.wrong_parts,
    "pasted": hedging.pasted,
}
