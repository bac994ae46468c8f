"""Tasks run through Inspect: with a reference agent in AJ's place, or with a model that says what a function says."""

from collections.abc import Callable
from typing import Any

import pytest
from inspect_ai import Task, eval
from inspect_ai.log import EvalLog
from inspect_ai.model import ChatMessage, Model, ModelOutput, ModelUsage, get_model
from inspect_ai.solver import Solver

from aj.files import read_jsonl
from evals.identities import SAMPLES
from evals.suite import TASKS
from tests.quick_inspect import installed_packages_are_listed_once as installed_packages_are_listed_once

Speak = Callable[[list[ChatMessage]], str]
Evaluate = Callable[..., EvalLog]


@pytest.fixture(scope="session")
def samples() -> dict[str, list[dict[str, Any]]]:
    """The frozen samples of each task."""
    return {task: [record for _, record in read_jsonl(SAMPLES / f"{task}.jsonl")] for task in TASKS}


@pytest.fixture(scope="session")
def model_that_says() -> Callable[[Speak], Model]:
    """A model that answers messages with a function."""

    def make(speak: Speak) -> Model:
        def answer(messages: list[ChatMessage], *_: Any) -> ModelOutput:
            output = ModelOutput.from_content("mock", speak(messages))
            output.usage = ModelUsage()  # left unset, it downloads a tokenizer
            return output

        return get_model("mockllm/model", custom_outputs=answer, memoize=False)

    return make


@pytest.fixture(scope="session")
def evaluate(tmp_path_factory: pytest.TempPathFactory, model_that_says: Callable[[Speak], Model]) -> Evaluate:
    """Run a task on `limit` samples, drawn from all of its kinds: a function speaks as the model, or a solver as AJ.
    `options` are of Inspect's `eval`."""

    def run(
        task: Task,
        speak: Speak = lambda _: "",
        limit: int = 12,
        status: str = "success",
        solver: Solver | None = None,
        **options: Any,
    ) -> EvalLog:
        (log,) = eval(
            task,
            model=options.pop("model", None) or model_that_says(speak),
            solver=solver,
            limit=limit,
            sample_shuffle=5,
            log_dir=str(tmp_path_factory.mktemp("logs")),
            display="none",
            log_realtime=False,
            **options,
        )
        assert log.status == status, log.error
        return log

    return run
