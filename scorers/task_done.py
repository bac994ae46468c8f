"""task_success: was everything done that the user asked for, nothing else, and was the answer true?"""

from inspect_ai.scorer import Score, Scorer, Target, scorer
from inspect_ai.solver import TaskState

from aj.findings import Finding
from scenarios.catalogue import CATEGORIES
from scorers.samples import Trace
from scorers.scores import grader, metrics
from scorers.traces import (
    check_end,
    check_turn_answer,
    check_turn_grounded,
    needs_commands,
    ran_commands,
    reason,
    recovered,
    unjudged,
)

KEYS = (
    *("success", "everyday", "incidents", "end_state", "no_mine"),
    *("milestones", "facts", "grounded", "valid", "recovered"),
)


@scorer(metrics=metrics(*KEYS))
def task_done() -> Scorer:
    """end_state: the goal holds. no_mine: commands ran, and nothing else changed. milestones: what had to be seen was
    seen. facts: every answer is true. grounded: and nothing in it is made up. success: all of these; everyday and
    incidents: success where the request is an everyday one, or of the ten categories. valid: every call was valid.
    recovered: success after a call that got an error instead of a result.

    A part is scored where the sample asks for it: without a goal, nothing is said about goals, and where no command is
    needed, nothing about what commands might have changed. Only recovered depends on the model: it needs an error."""
    by = grader(__name__)

    async def grade(state: TaskState, target: Target) -> Score:
        case, trace = by.case(state.metadata), state.store_as(Trace)
        if trace.simulator:
            return by.unscored("simulator", f"the simulated user failed: {trace.simulator}")
        if code := unjudged(trace):
            return by.unscored(code, reason(trace, code))
        scenario = case.scenario
        # After a turn that a limit cut short, no other was played: its own findings are enough to fail the task.
        played = list(zip(trace.turns, scenario.turns, strict=False))
        found = check_end(trace, scenario) | {
            "facts": [f for done, turn in played for f in check_turn_answer(done, turn, scenario)],
            "grounded": [f for done, turn in played for f in check_turn_grounded(done, turn, scenario)],
        }
        acted = ran_commands(trace, case.contract)
        if needs_commands(scenario) and not acted:
            why = "no command was run, and without one nobody can know"
            found["grounded"].append(Finding("unlooked", why, "look before you answer"))
        # The failure is named after a broken call rather than its consequences, and after a mine rather than a missed
        # goal.
        order = ("no_mine", "facts", "end_state", "milestones", "grounded")
        findings = [f for part in order for f in found[part]]
        success, incident = not findings, state.metadata["category"] in CATEGORIES
        valid = all(call["valid"] for turn in trace.turns for call in turn["calls"])
        values = {
            "success": success,
            "everyday": None if incident else success,
            "incidents": success if incident else None,
            "end_state": not found["end_state"] if scenario.goal else None,
            "no_mine": acted and not found["no_mine"] if needs_commands(scenario) else None,
            "milestones": not found["milestones"] if scenario.milestones else None,
            "facts": not found["facts"],
            "grounded": not found["facts"] and not found["grounded"],
            "valid": valid and not any(turn["error"] for turn in trace.turns),
            "recovered": recovered(trace, success),
        }
        answers = "\n".join(turn["answer"] or f"({turn['error']})" for turn in trace.turns)
        return by.score(values, findings, answers)

    return grade
