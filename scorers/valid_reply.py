"""tool_format: does the raw completion have the form that its mode requires, and is it the right next step?"""

from inspect_ai.scorer import Score, Scorer, Target, scorer
from inspect_ai.solver import TaskState

from aj.findings import Finding
from aj.wire import judge_call
from fleet.gaps import FleetGap
from scenarios.oracle import intent
from scorers.checks.replies import check_reply, said_word
from scorers.scores import grader, metrics
from scorers.stops import stopped
from scorers.world.steps import check_step


@scorer(metrics=metrics("valid", "right"))
def valid_reply() -> Scorer:
    """valid: the form is right. right: it also does what was asked."""
    by = grader(__name__)

    async def grade(state: TaskState, target: Target) -> Score:
        text, case = state.output.completion, by.case(state.metadata)
        if stop := stopped(state.output, state.metadata):
            return by.stopped(stop, text, "valid", "right")
        findings = list(check_reply(text, case.contract, case.mode))
        valid = not findings
        call = judge_call(text, case.contract).call if case.mode == "step" else None
        if case.mode == "intent" and valid and (said := said_word(text, case.contract)) != intent(case.turn):
            findings.append(Finding("wrong_intent", f"{said} where {intent(case.turn)} is right", "say what it is"))
        if call is not None:
            try:
                findings += check_step(call, case.turn, case.past, case.fleet(), case.contract)
            except FleetGap as gap:
                return by.gap(gap.gaps)
        return by.score({"valid": valid, "right": not findings}, findings, text)

    return grade
