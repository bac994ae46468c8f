"""A few samples of the practice suite for whoever can answer many conversations at once: a checkpoint, while it trains.

The practice suite is drawn from templates that are trained on: choosing a checkpoint by what the gate asks would be
training on the test.
"""

import asyncio
import math
from collections import defaultdict
from collections.abc import Coroutine, Generator, Sequence
from importlib import import_module

from inspect_ai.dataset import Sample
from inspect_ai.model import ChatMessage, ModelName, ModelOutput
from inspect_ai.scorer import Score, Scorer, Target
from inspect_ai.solver import TaskState

from aj.errors import ConfigError
from aj.files import digest
from aj.identity import identity
from aj.messages import Message
from aj.wire import Answer, Prompt
from evals.agent import converse
from evals.agents.oracle import oracle
from evals.frozen import dataset
from evals.identities import NOT_ASKING, asked, graded, records
from evals.reference import play
from evals.suite import GRADERS, LOOPED, TASKS
from scenarios.scenario import ScriptedTurn
from scorers.samples import Case, case_of

SUITE = "practice"


def questions(metric: str, contract: str, seed: int, reasoning: bool = False) -> dict[str, Prompt]:
    """Sample -> its first prompt, in the order drawn.

    Raises:
        ConfigError: there is no such metric, TASK/METRIC.
    """
    task, _, name = metric.partition("/")
    if task not in TASKS:
        raise ConfigError(f"{metric}: there is no task {task!r}; use one of {', '.join(TASKS)}.")
    samples = _samples(task, contract, seed, reasoning)
    state = _state(samples[0])
    asyncio.run(play(oracle, state, task in LOOPED))
    known = _values(_scorer(task), state)
    if name not in known:
        raise ConfigError(f"{metric}: {task} has no metric {name!r}; use one of {', '.join(known)}.")
    return {str(sample.id): _prompt(_state(sample).messages) for sample in samples}


def identity_of(task: str, contract: str, seed: int) -> str:
    """Of the samples, of what asks them, and of what grades the answers."""
    samples = [record["id"] for record in records(task, SUITE, seed)]
    takes = identity("evals.exam:take", without=NOT_ASKING)
    return digest(contract, samples, takes, asked(task, SUITE, seed), graded(task))


def take(
    task: str, contract: str, seed: int, reasoning: bool, chosen: Sequence[str], answer: Answer
) -> dict[str, float]:
    """TASK/METRIC -> the mean of the samples `chosen` that ask for it; "samples" -> how many could be scored."""
    found = {str(sample.id): sample for sample in _samples(task, contract, seed, reasoning)}
    states = [_state(found[name]) for name in chosen]
    _play([_talk(state, task in LOOPED) for state in states], answer)
    scorer = _scorer(task)
    values: dict[str, list[float]] = defaultdict(list)
    scores = [_values(scorer, state) for state in states]
    for metric, value in (item for score in scores for item in score.items()):
        if not math.isnan(value):
            values[f"{task}/{metric}"].append(value)
    return {metric: sum(told) / len(told) for metric, told in values.items()} | {"samples": sum(map(bool, scores))}


class _Asked:
    """A conversation that waits for a reply; whoever drives it sends one."""

    def __init__(self, prompt: Prompt) -> None:
        self.prompt = prompt

    def __await__(self) -> Generator["_Asked", tuple[str, bool], tuple[str, bool]]:
        return (yield self)


async def _speak(state: TaskState, case: Case, past: list[Message], turn: ScriptedTurn) -> ModelOutput:
    text, whole = await _Asked(_prompt(state.messages))
    return ModelOutput.from_content("checkpoint", text, stop_reason="stop" if whole else "max_tokens")


async def _talk(state: TaskState, looped: bool) -> None:
    if looped:
        await converse(state, _speak)
        return
    case = case_of(state.metadata)
    state.output = await _speak(state, case, list(case.past), case.turn)


def _play(talks: Sequence[Coroutine[_Asked, tuple[str, bool], None]], answer: Answer) -> None:
    """All conversations at once, round by round, so that the same ones are always answered together."""
    waiting = {talk: talk.send(None) for talk in talks}  # pyright: ignore[reportArgumentType]
    while waiting:
        replies = answer([asked.prompt for asked in waiting.values()])
        for talk, reply in zip(list(waiting), replies, strict=True):
            try:
                waiting[talk] = talk.send(reply)
            except StopIteration:
                del waiting[talk]


def _samples(task: str, contract: str, seed: int, reasoning: bool) -> list[Sample]:
    return list(dataset(task, SUITE, contract, seed, reasoning))


def _state(sample: Sample) -> TaskState:
    assert not isinstance(sample.input, str)
    return TaskState(
        ModelName("none/none"), str(sample.id), 1, sample.input, list(sample.input), metadata=sample.metadata
    )


def _prompt(messages: Sequence[ChatMessage]) -> Prompt:
    return [{"role": message.role, "content": message.text} for message in messages]


def _scorer(task: str) -> Scorer:
    module = GRADERS[task]
    return getattr(import_module(module), module.rpartition(".")[2])()


def _values(scorer: Scorer, state: TaskState) -> dict[str, float]:
    """metric -> value; NaN where the sample does not ask for it; empty if it cannot be scored."""
    score: Score | None = asyncio.run(_score(scorer, state))
    assert score is not None
    return {key: float(value) for key, value in score.value.items()} if isinstance(score.value, dict) else {}  # pyright: ignore


async def _score(scorer: Scorer, state: TaskState) -> Score | None:
    return await scorer(state, Target(""))
