"""context_retention: the last turn refers to what was established before; does AJ still know it?"""

from inspect_ai.scorer import Score, Scorer, Target, scorer
from inspect_ai.solver import TaskState

from aj.state import discovered
from scorers.samples import Trace
from scorers.scores import grader, metrics
from scorers.traces import check_target, check_turn_answer, check_turn_grounded, reason, recovered, unjudged
from scorers.world.outcome import check_goal, check_mines


@scorer(metrics=metrics("retained", "answered", "recovered", by="distance"))
def context_kept() -> Scorer:
    """retained: the turn acts on what was meant, without a second discovery. answered: its answer is also true, and
    what was asked for was done and nothing else. recovered: answered after a call that got an error instead of a
    result; not scored without one."""
    by = grader(__name__)

    async def grade(state: TaskState, target: Target) -> Score:
        case, trace = by.case(state.metadata), state.store_as(Trace)
        if code := unjudged(trace):
            return by.unscored(code, reason(trace, code))
        (last,) = trace.turns
        known = discovered(case.past, case.contract) is not None
        lost = check_target(last, case.turn, known, case.contract)
        wrong = check_turn_answer(last, case.turn, case.scenario)
        wrong += check_turn_grounded(last, case.turn, case.scenario)
        wrong += check_goal(case.scenario, trace.changed) + check_mines(case.scenario, trace.changed)
        # An answer from memory counts as retained if it is right: there is nothing to act on.
        retained = not lost and not last["error"] and bool(case.turn.steps or not wrong)
        findings = (
            [*wrong, *lost] if last["error"] else [*lost, *wrong]
        )  # the failure is named after what broke the turn
        answered = not wrong and not lost
        values = {"retained": retained, "answered": answered, "recovered": recovered(trace, answered)}
        return by.score(values, findings, last["answer"] or "")

    return grade
