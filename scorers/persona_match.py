"""persona: the same facts to five kinds of user. Does the answer match the tone, and are the facts still right?"""

from inspect_ai.scorer import Score, Scorer, Target, scorer
from inspect_ai.solver import TaskState

from aj.findings import Finding
from aj.fleet.asks import facts
from aj.fleet.oracle import finishing
from aj.wire import judge_call
from scorers.checks.answers import check_answer
from scorers.checks.voice import check_voice
from scorers.samples import case_of
from scorers.scores import metrics, score


@scorer(metrics=metrics("match", "style", "facts"))
def persona_match() -> Scorer:
    """style: every rule of AJ's voice and of the persona holds. facts: the answer is true. match: both."""

    async def grade(state: TaskState, target: Target) -> Score:
        text, case = state.output.completion, case_of(state.metadata)
        verdict = judge_call(text, case.contract)
        answer = finishing(verdict.call, case.contract)
        if answer is None:
            why = list(verdict.findings) or [Finding("no_answer", "the turn does not answer", "finish with the answer")]
            return score({"match": False, "style": False, "facts": False}, why, text)
        fleet = case.fleet()
        truth = facts(case.ask, fleet.hosts, fleet.local)
        style = check_voice(answer, case.ask.persona, [name for name in truth if name])
        wrong = check_answer(answer, case.ask, truth)
        values = {"match": not style and not wrong, "style": not style, "facts": not wrong}
        return score(values, [*style, *wrong], answer)

    return grade
