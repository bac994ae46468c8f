"""A model as a judge of tone: it gets a written rubric, is asked twice with the options swapped, and is undecided if
the answers differ.

The rules (`scorers.checks.voice`) come first; a judge sees what rules cannot, and makes other mistakes than they do.
`aj judge-check` prints how well both agree with the labels in `judge_labels.jsonl`.
"""

import re
from functools import cache
from pathlib import Path
from typing import Literal

from inspect_ai.model import ChatMessage, ChatMessageSystem, ChatMessageUser, GenerateConfig, Model, get_model
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer, stderr
from inspect_ai.solver import TaskState

from aj.acts import finishing
from aj.contract import load_contract
from aj.files import Strict, digest, load_yaml
from aj.wire import judge_call
from scorers.scores import CLUSTER, grader
from scorers.stops import UNJUDGED, stopped

Option = Literal["A", "B"]

FITS, FAILS = "The reply fits this user.", "The reply does not fit this user."
_ANSWER = re.compile(r"\W*ANSWER:\W*([AB])\W*")


class Portrait(Strict):
    """One persona in the rubric: who asks, and what a reply to them should and should not do."""

    user: str
    fits: tuple[str, ...]
    fails: tuple[str, ...]


class Rubric(Strict):
    """The instructions for the judge (`judge_rubric.yaml`)."""

    task: str
    always: tuple[str, ...]
    personas: dict[str, Portrait]


@cache
def load_rubric() -> Rubric:
    return load_yaml(Path(__file__).parent / "judge_rubric.yaml", Rubric)


@scorer(metrics=[mean(), stderr(cluster=CLUSTER)])
def persona_judge() -> Scorer:
    """1 if the judge finds that the reply fits, 0 if not; unscored if its verdicts disagree.

    A sample's metadata holds `persona` and `request` (the user's text). The reply is the model's output or, if the
    metadata names a `contract`, the answer in its call; a missing answer fits nobody. The judge is the model with the
    role "grader": without one the eval fails, since no model should judge itself unasked.
    """

    by = grader(__name__)

    async def grade(state: TaskState, target: Target) -> Score:
        # The role's own settings take precedence over this one.
        model = get_model(role="grader", required=True, config=GenerateConfig(temperature=0.0))
        if (stop := stopped(state.output, state.metadata)) in UNJUDGED:
            return by.unscored(stop, UNJUDGED[stop])
        reply: str | None = state.output.completion
        if "contract" in state.metadata:
            contract = load_contract(state.metadata["contract"])
            reply = finishing(judge_call(state.output.completion, contract).dispatched, contract)
        if reply is None:
            scored = Score(value=0.0, answer=state.output.completion, explanation="the turn does not answer")
        else:
            scored = await judge_reply(model, state.metadata["persona"], state.metadata["request"], reply)
        return by.sign(scored)

    return grade


async def judge_reply(model: Model, persona: str, request: str, reply: str) -> Score:
    """Ask twice, with the options in both orders. Exceptions from the judge are passed on.

    Returns:
        1 or 0 when both answers agree; unscored with reason `grader_failed` (a refusal, or no answer in the form asked
        for) or `judge_inconsistent` (it prefers a place, not an option).
    """
    verdicts, said = [], []
    for fits_first in (True, False):
        output = await model.generate(question(persona, request, reply, fits_first))
        said.append(output.completion)
        choice = parse_choice(output.completion)
        if choice is None:
            return Score.unscored(reason="grader_failed", answer=reply, explanation=_shown(said))
        verdicts.append((choice == "A") == fits_first)
    if verdicts[0] != verdicts[1]:
        return Score.unscored(reason="judge_inconsistent", answer=reply, explanation=_shown(said))
    return Score(value=float(verdicts[0]), answer=reply, explanation=_shown(said))


def question(persona: str, request: str, reply: str, fits_first: bool) -> list[ChatMessage]:
    """The rubric and the reply; an unknown persona raises KeyError."""
    rubric, portrait = load_rubric(), load_rubric().personas[persona]
    first, second = (FITS, FAILS) if fits_first else (FAILS, FITS)
    # A text cannot contain its own hash, so it cannot close its tag and pose as our instructions.
    mark = digest(request, reply)
    system = "\n\n".join(
        [
            rubric.task,
            f"Whoever asks:\n{_listed(rubric.always)}",
            f"This user: {portrait.user}.",
            f"A reply that fits:\n{_listed(portrait.fits)}",
            f"A reply that does not fit:\n{_listed(portrait.fails)}",
        ]
    )
    asked = (
        f"<user-{mark}>\n{request}\n</user-{mark}>\n\n<reply-{mark}>\n{reply}\n</reply-{mark}>\n\n"
        f"A: {first}\nB: {second}\n\n"
        "Name in one sentence what decides. Then write, alone on the last line, ANSWER: A or ANSWER: B."
    )
    return [ChatMessageSystem(content=system), ChatMessageUser(content=asked)]


def parse_choice(completion: str) -> Option | None:
    """The option on the last line; None if it is not one, or if earlier lines name another."""
    lines = [line for line in completion.splitlines() if line.strip()]
    found = [match[1] for line in lines if (match := _ANSWER.fullmatch(line))]
    if not lines or not _ANSWER.fullmatch(lines[-1]) or len(set(found)) != 1:
        return None
    return "A" if found[0] == "A" else "B"


def _listed(points: tuple[str, ...]) -> str:
    return "\n".join(f"- {point}" for point in points)


def _shown(said: list[str]) -> str:
    return "\n---\n".join(said)
