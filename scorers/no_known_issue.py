"""known_issues: where a documented error pattern is likely, does AJ do the right thing instead?"""

from inspect_ai.scorer import Score, Scorer, Target, scorer
from inspect_ai.solver import TaskState

from aj.findings import Finding
from aj.wire import judge_call
from fleet.gaps import FleetGap
from scorers.checks.patterns import known_issue
from scorers.checks.replies import check_reply
from scorers.samples import Case
from scorers.scores import grader, metrics
from scorers.stops import stopped
from scorers.world.steps import check_step


@scorer(metrics=metrics("right"))
def no_known_issue() -> Scorer:
    """right: the turn is valid and does what was asked. A failure is named after the pattern it shows, if any."""
    by = grader(__name__)

    async def grade(state: TaskState, target: Target) -> Score:
        text, case = state.output.completion, by.case(state.metadata)
        if stop := stopped(state.output, state.metadata):
            return by.stopped(stop, text, "right")
        try:
            findings = check_turn(text, case)
        except FleetGap as gap:
            return by.gap(gap.gaps)
        shown = known_issue(text, case.past, case.contract, case.mode)
        return by.score({"right": not findings}, findings, text, code=shown)

    return grade


def check_turn(text: str, case: Case) -> list[Finding]:
    """Check the form first, then, for a call, its effect in the fleet.

    Raises:
        FleetGap: the call asks a host for what the fleet lacks.
    """
    findings = list(check_reply(text, case.contract, case.mode))
    if findings or case.mode != "step":
        return findings
    call = judge_call(text, case.contract).call
    assert call is not None
    return check_step(call, case.turn, case.past, case.fleet(), case.contract)
