"""context_retention: the last turn refers to what was established before. Does AJ still know it?"""

from inspect_ai.scorer import Score, Scorer, Target, scorer
from inspect_ai.solver import TaskState

from scorers.samples import case_of
from scorers.scores import metrics, score
from scorers.traces import Trace, check_target, check_turn_answer


@scorer(metrics=metrics("retained", "answered"))
def context_kept() -> Scorer:
    """retained: the last turn acts on what was meant, without a second discovery. answered: its answer is true."""

    async def grade(state: TaskState, target: Target) -> Score:
        case, turns = case_of(state.metadata), state.store_as(Trace).turns
        assert case.scenario is not None
        ask, last = case.scenario.asks[-1], turns[-1]
        known = any(call["tool"] == case.contract.conduct.discover for turn in turns[:-1] for call in turn["calls"])
        lost = check_target(last, ask, known, case.contract)
        wrong = check_turn_answer(last, ask, case.scenario)
        # A count is retained when it is right: there is nothing to act on.
        retained = not lost and not last["error"] and bool(ask.command or not wrong)
        findings = [*wrong, *lost] if last["error"] else [*lost, *wrong]  # what broke the turn names the failure
        return score({"retained": retained, "answered": not wrong and not lost}, findings, last["answer"] or "")

    return grade
