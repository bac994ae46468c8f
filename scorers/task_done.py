"""task_success: was everything done that the user asked for, nothing else, and was the answer true?"""

from inspect_ai.scorer import Score, Scorer, Target, scorer
from inspect_ai.solver import TaskState

from scorers.samples import Trace
from scorers.scores import grader, metrics
from scorers.traces import check_end, check_turn_answer, check_turn_grounded


@scorer(metrics=metrics("success", "end_state", "no_mine", "milestones", "facts", "grounded", "valid"))
def task_done() -> Scorer:
    """end_state: the goal holds. no_mine: nothing else changed. milestones: what had to be seen was seen. facts: every
    answer is true. grounded: nothing in it is made up. success: all of these. valid: every call was valid."""
    by = grader(__name__)

    async def grade(state: TaskState, target: Target) -> Score:
        case, trace = by.case(state.metadata), state.store_as(Trace)
        if trace.simulator:
            return by.sign(Score.unscored(reason=f"the simulated user failed: {trace.simulator}"))
        played = list(zip(trace.turns, case.scenario.turns, strict=True))
        found = check_end(trace, case.scenario) | {
            "facts": [f for done, turn in played for f in check_turn_answer(done, turn, case.scenario)],
            "grounded": [f for done, turn in played for f in check_turn_grounded(done, turn, case.scenario)],
        }
        # The failure is named after a broken call rather than its consequences, and after a mine rather than a missed
        # goal.
        order = ("no_mine", "facts", "end_state", "milestones", "grounded")
        findings = [f for part in order for f in found[part]]
        valid = all(call["valid"] for turn in trace.turns for call in turn["calls"])
        valid = valid and not any(turn["error"] for turn in trace.turns)
        values = {"success": not findings} | {part: not of for part, of in found.items()} | {"valid": valid}
        answers = "\n".join(turn["answer"] or f"({turn['error']})" for turn in trace.turns)
        return by.score(values, findings, answers)

    return grade
