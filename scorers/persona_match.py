"""persona: the same facts for five kinds of user; does the answer match the tone, and are the facts still right?"""

import math
from collections import defaultdict

from inspect_ai.scorer import Metric, SampleScore, Score, Scorer, Target, metric, scorer
from inspect_ai.solver import TaskState

from aj.acts import finishing
from aj.findings import Finding
from aj.personas import load_personas
from aj.wire import judge_call
from scorers.checks.contrast import check_contrast, check_recipient
from scorers.checks.voice import check_voice
from scorers.scores import grader, metrics
from scorers.stops import stopped
from scorers.world.steps import check_final_answer


@metric(scores="unreduced")
def contrast() -> Metric:
    """Share of questions whose replies differ between personas in the right direction, epoch by epoch, among those
    answered to all five; NaN if none was."""

    def share(scores: list[SampleScore]) -> float:
        asked: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
        for scored in scores:
            about, told = scored.sample_metadata or {}, scored.score.metadata or {}
            if scored.score.answer and "epoch" in told:  # only an answer has one
                asked[about["group"], told["epoch"]][about["persona"]] = scored.score.answer
        whole = [replies for replies in asked.values() if len(replies) == len(load_personas().personas)]
        return sum(not check_contrast(replies) for replies in whole) / len(whole) if whole else math.nan

    return share


METRICS = metrics("match", "style", "facts", by="persona")
METRICS["match"].append(contrast())


@scorer(metrics=METRICS)
def persona_match() -> Scorer:
    """style: every rule of AJ's voice and of the persona holds, and the reply is for no other one. facts: the answer is
    true. match: both."""
    by = grader(__name__)

    async def grade(state: TaskState, target: Target) -> Score:
        text, case = state.output.completion, by.case(state.metadata)
        if stop := stopped(state.output, state.metadata):
            return by.stopped(stop, text, "match", "style", "facts")
        judgement = judge_call(text, case.contract)
        answer = finishing(judgement.call, case.contract)
        if answer is None:
            why = list(judgement.findings) or [
                Finding("no_answer", "the turn does not answer", "finish with the answer")
            ]
            return by.score({"match": False, "style": False, "facts": False}, why, text)
        names = [host.name for host in case.scenario.hosts]
        asks_back, persona = case.turn.truth.asks_back, case.scenario.persona
        style = check_voice(answer, persona, names, asks_back)
        if not style and not asks_back:  # a question back is much the same for everybody
            style = check_recipient(answer, persona, names)
        wrong = check_final_answer(answer, case.turn, case.past, case.fleet())
        values = {"match": not style and not wrong, "style": not style, "facts": not wrong}
        return by.score(values, [*style, *wrong], answer, epoch=state.epoch)

    return grade
