"""persona: the same facts for five kinds of user; does the answer match the tone, and are the facts still right?"""

from inspect_ai.scorer import Metric, SampleScore, Score, Scorer, Target, metric, scorer
from inspect_ai.solver import TaskState

from aj.acts import finishing
from aj.findings import Finding
from aj.personas import load_personas
from aj.wire import judge_call
from scorers.checks.contrast import check_contrast
from scorers.checks.voice import check_voice
from scorers.scores import grader, metrics
from scorers.world.steps import check_final_answer


@metric
def contrast() -> Metric:
    """Share of questions whose replies differ between personas in the right direction, if all five were answered."""

    def share(scores: list[SampleScore]) -> float:
        replies: dict[str, dict[str, str]] = {}
        for scored in scores:
            about = scored.sample_metadata or {}
            if scored.score.answer and (scored.score.metadata or {}).get("answered"):
                replies.setdefault(about["group"], {})[about["persona"]] = scored.score.answer
        whole = [group for group in replies.values() if len(group) == len(load_personas().personas)]
        return sum(not check_contrast(group) for group in whole) / len(whole) if whole else 0.0

    return share


METRICS = metrics("match", "style", "facts", by="persona")
METRICS["match"].append(contrast())


@scorer(metrics=METRICS)
def persona_match() -> Scorer:
    """style: every rule of AJ's voice and of the persona holds. facts: the answer is true. match: both."""
    by = grader(__name__)

    async def grade(state: TaskState, target: Target) -> Score:
        text, case = state.output.completion, by.case(state.metadata)
        judgement = judge_call(text, case.contract)
        answer = finishing(judgement.call, case.contract)
        if answer is None:
            why = list(judgement.findings) or [
                Finding("no_answer", "the turn does not answer", "finish with the answer")
            ]
            return by.score({"match": False, "style": False, "facts": False}, why, text)
        names = [host.name for host in case.scenario.hosts]
        style = check_voice(answer, case.scenario.persona, names, asks_back=case.turn.truth.asks_back)
        wrong = check_final_answer(answer, case.turn, case.past, case.fleet())
        values = {"match": not style and not wrong, "style": not style, "facts": not wrong}
        return by.score(values, [*style, *wrong], answer, answered=True)

    return grade
