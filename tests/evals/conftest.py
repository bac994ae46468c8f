"""The oracle as a model: it finds the sample by the messages it is given, and says what the oracle says there."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from inspect_ai import Task, eval
from inspect_ai.log import EvalLog
from inspect_ai.model import ChatMessage, ModelOutput, ModelUsage, get_model

from aj.contract import load_contract
from aj.files import read_jsonl
from aj.fleet.oracle import plan
from aj.fleet.scenarios import play, scenario_from_record
from aj.messages import from_record
from aj.wire import render_prompt, render_turn
from evals.frozen import SAMPLES

Speak = Callable[[list[ChatMessage]], str]
Turns = list[tuple[list[dict[str, str]], str]]
Evaluate = Callable[..., EvalLog]
AGENT_TASKS = ("context_retention", "task_success")
TASKS = ("tool_format", "known_issues", "persona", *AGENT_TASKS)


def read(task: str) -> list[dict[str, Any]]:
    return [record for _, record in read_jsonl(SAMPLES / f"{task}.jsonl")]


def turns(task: str, record: dict[str, Any], contract: str = "aj") -> Turns:
    """(prompt, what the oracle says to it) for every turn that the sample asks of the model."""
    speaks = load_contract(contract)
    past = [from_record(message) for message in record["messages"]]
    prompt = render_prompt(past, speaks, record["mode"], record["layout"])
    if record["mode"] == "chat":
        return [(prompt, "All good here!")]
    scenario = scenario_from_record(record["scenario"])
    if record["mode"] == "plan":
        return [(prompt, plan(scenario.asks[-1]))]
    messages, _ = play(scenario, speaks)
    if task not in AGENT_TASKS:
        return [(prompt, render_turn(messages[len(past)], speaks))]
    spoken = [place for place, message in enumerate(messages) if message.role == "assistant"]
    return [(render_prompt(messages[:place], speaks), render_turn(messages[place], speaks)) for place in spoken]


@pytest.fixture(scope="session")
def samples() -> dict[str, list[dict[str, Any]]]:
    """The frozen samples of each task."""
    return {task: read(task) for task in TASKS}


@pytest.fixture(scope="session")
def gold(samples: dict[str, list[dict[str, Any]]]) -> Callable[[str, dict[str, Any]], str]:
    """What the oracle says to a sample of one turn."""
    return lambda task, record: turns(task, record)[0][1]


@pytest.fixture(scope="session")
def oracle(samples: dict[str, list[dict[str, Any]]]) -> Callable[[str], Speak]:
    """A model that knows every sample, by the contract it speaks."""

    @cache
    def speaking(contract: str) -> Speak:
        known = {
            tuple(message["content"] for message in prompt): turn
            for task, records in samples.items()
            for record in records
            for prompt, turn in turns(task, record, contract)
        }
        return lambda messages: known[tuple(message.text for message in messages)]

    return speaking


@pytest.fixture(scope="session")
def evaluate(tmp_path_factory: pytest.TempPathFactory) -> Evaluate:
    """Run a task with a model that answers with `speak`, on samples drawn from all of the task's kinds."""

    def run(task: Task, speak: Speak, limit: int = 12, status: str = "success") -> EvalLog:
        def answer(messages: list[ChatMessage], *_: Any) -> ModelOutput:
            output = ModelOutput.from_content("mock", speak(messages))
            output.usage = ModelUsage()  # left unset, it downloads a tokenizer
            return output

        model = get_model("mockllm/model", custom_outputs=answer, memoize=False)
        (log,) = eval(
            task,
            model=model,
            limit=limit,
            sample_shuffle=5,
            log_dir=str(tmp_path_factory.mktemp("logs")),
            display="none",
            log_realtime=False,
        )
        assert log.status == status, log.error
        return log

    return run
