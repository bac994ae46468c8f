"""A sitting: one sample as the oracle played it. Any other answer is judged in its place, by the task's own scorer.

Only the answer changes, so the conversation need not be played again: the same calls led to it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from inspect_ai import Task
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelName, ModelOutput
from inspect_ai.scorer import Score, Scorer, Target
from inspect_ai.solver import TaskState

from aj.acts import finish
from aj.messages import Message
from evals.agents.oracle import oracle
from evals.agents.saying import ReferenceAgent, say
from evals.agents.true_answer import TrueAnswer
from evals.reference import play
from evals.suite import LOOPED
from scenarios.scenario import ScriptedTurn
from scorers.samples import Case, Trace


@dataclass(frozen=True, slots=True)
class Judged:
    """What the scorer says about one sample."""

    values: Mapping[str, float]
    """metric -> value; NaN where the sample does not ask for it"""
    answer: str
    why: str


@dataclass(frozen=True, slots=True)
class Sitting:
    """A sample that was played, and the answers given in it."""

    task: str
    played: Sample
    state: TaskState
    told: tuple[tuple[int, TrueAnswer], ...]
    """(place in the trace's turns, answered turn); empty where the right reply answers nothing"""
    looks: bool
    """whether the oracle makes a call in step mode before it answers"""

    @property
    def sample(self) -> str:
        """The sample's id."""
        return str(self.played.id)

    def judge(self, answers: Mapping[int, str]) -> Judged:
        """Score the sample with other answers, by their place in the trace's turns."""
        case = self.told[0][1].case
        if self.task not in LOOPED:
            kept = self.state.output
            (answer,) = answers.values()
            self.state.output = ModelOutput.from_content("reference", say(case, finish(answer)))
            judged = judge(self.task, self.state)
            self.state.output = kept
            return judged
        trace = self.state.store_as(Trace)
        turns = trace.turns
        trace.turns = [
            {**turn, "answer": answers[place]} if place in answers else turn for place, turn in enumerate(turns)
        ]
        judged = judge(self.task, self.state)
        trace.turns = turns
        return judged


def sit(task: str, sample: Sample) -> Sitting:
    """Let the oracle play a sample."""
    told: list[TrueAnswer] = []
    looks = False

    def recorded(case: Case, past: Sequence[Message], turn: ScriptedTurn) -> str:
        nonlocal looks
        said = oracle(case, past, turn)
        if case.mode == "step" and said == say(case, finish(TrueAnswer(case, turn, tuple(past)).text)):
            told.append(TrueAnswer(case, turn, tuple(past)))
        elif case.mode == "step":
            looks = True
        return said

    state = played(recorded, task, sample)
    return Sitting(task, sample, state, tuple(enumerate(told)), looks)


def played(agent: ReferenceAgent, task: str, sample: Sample) -> TaskState:
    """A sample's state after an agent played it, without Inspect around it."""
    assert not isinstance(sample.input, str)
    state = TaskState(
        ModelName("none/none"), str(sample.id), 1, sample.input, list(sample.input), metadata=sample.metadata
    )
    return asyncio.run(play(agent, state, task in LOOPED))


def judge(task: str, state: TaskState) -> Judged:
    """What the task's scorer says about a played sample."""
    score = asyncio.run(_score(_scorer(task), state))
    assert isinstance(score.value, dict)
    values = {key: float(value) for key, value in score.value.items() if isinstance(value, int | float)}
    return Judged(values, score.answer or "", score.explanation or "")


async def _score(scorer: Scorer, state: TaskState) -> Score:
    score = await scorer(state, Target(""))
    assert score is not None
    return score


@cache
def samples(task: str, suite: str, contract: str) -> tuple[Sample, ...]:
    """The samples of a task's suite."""
    return tuple(_task(task, suite, contract).dataset)


@cache
def _scorer(task: str) -> Scorer:
    scorers = _task(task, "small", "aj").scorer
    assert scorers
    return scorers[0]


@cache
def _task(task: str, suite: str, contract: str) -> Task:
    return getattr(import_module(f"evals.{task}"), task)(suite=suite, contract=contract)
