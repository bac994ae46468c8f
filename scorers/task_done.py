"""task_success: was everything that the user asked for done, there and only there, and answered truly?"""

from inspect_ai.scorer import Score, Scorer, Target, scorer
from inspect_ai.solver import TaskState

from scorers.samples import case_of
from scorers.scores import metrics, score
from scorers.traces import Trace, check_end_state, check_turn_answer


@scorer(metrics=metrics("success", "end_state", "facts", "valid"))
def task_done() -> Scorer:
    """end_state: the fleet is as it should be. facts: each answer is true. success: both. valid: every call was."""

    async def grade(state: TaskState, target: Target) -> Score:
        case, trace = case_of(state.metadata), state.store_as(Trace)
        assert case.scenario is not None
        wrong_state = check_end_state(trace.restarts, case.scenario)
        wrong = [
            f
            for turn, ask in zip(trace.turns, case.scenario.asks, strict=True)
            for f in check_turn_answer(turn, ask, case.scenario)
        ]
        valid = all(call["valid"] for turn in trace.turns for call in turn["calls"]) and not any(
            turn["error"] for turn in trace.turns
        )
        values = {
            "success": not wrong_state and not wrong,
            "end_state": not wrong_state,
            "facts": not wrong,
            "valid": valid,
        }
        answers = "\n".join(turn["answer"] or f"({turn['error']})" for turn in trace.turns)
        return score(values, [*wrong, *wrong_state], answers)

    return grade
