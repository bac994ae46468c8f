"""Any model that Inspect knows as a teacher, by its name: `vllm/…`, `openai/…`, `hf/…`."""

import asyncio
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from aj.contract import Contract
from aj.errors import AJError
from datasets_build.drawn.worded.teachers.prompting import SCHEMA, job_prompt, read_wording, system_prompt
from datasets_build.drawn.worded.teachers.wording import Job, Teacher, Worded
from datasets_build.ledger import Refused

if TYPE_CHECKING:
    from inspect_ai.model import Model, ModelOutput

GIVE_UP = 20
"""Errors in a row, without an answer between, after which the model counts as unreachable."""


def inspect_teacher(model: "str | Model", contract: Contract, concurrency: int = 8, max_tokens: int = 2_000) -> Teacher:
    """The teacher behind an Inspect model; at most `concurrency` requests are open at a time.

    Structured output is asked for; where the provider has none, the prompt alone asks for JSON.

    Raises (while it words):
        AJError: the model does not answer.
    """
    from inspect_ai.model import ChatMessageSystem, ChatMessageUser, GenerateConfig, ResponseSchema, get_model
    from inspect_ai.util import JSONSchema

    known = get_model(model) if isinstance(model, str) else model
    schema = ResponseSchema(name="wording", json_schema=JSONSchema.model_validate(SCHEMA))
    config = GenerateConfig(max_tokens=max_tokens, response_schema=schema, max_retries=5, max_connections=concurrency)

    async def ask(job: Job) -> tuple[str, Worded]:
        prompt = [ChatMessageSystem(content=system_prompt()), ChatMessageUser(content=job_prompt(job, contract))]
        try:
            output = await known.generate(prompt, config=config)
        except Exception as error:  # a provider may raise anything; which job it was must be said
            return job.id, Refused("teacher_error", f"{type(error).__name__}: {str(error)[:200]}")
        return job.id, _worded(output)

    def word(jobs: Iterable[Job]) -> Iterator[tuple[str, Worded]]:
        loop = asyncio.new_event_loop()
        left, open_tasks, failed = iter(jobs), set[asyncio.Task[tuple[str, Worded]]](), 0
        try:
            while True:
                while len(open_tasks) < concurrency and (job := next(left, None)) is not None:
                    open_tasks.add(loop.create_task(ask(job)))
                if not open_tasks:
                    return
                waiting = asyncio.wait(open_tasks, return_when=asyncio.FIRST_COMPLETED)
                done, open_tasks = loop.run_until_complete(waiting)
                for task in done:
                    job_id, worded = task.result()
                    if isinstance(worded, Refused) and worded.code == "teacher_error":
                        failed += 1
                        if failed >= GIVE_UP:
                            raise AJError(f"{known} does not answer ({worded}); check its server and name, then rerun.")
                    else:
                        failed = 0
                    yield job_id, worded
        finally:
            for task in open_tasks:
                task.cancel()
            if open_tasks:
                loop.run_until_complete(asyncio.wait(open_tasks))
            loop.close()

    return Teacher(str(known), word)


def _worded(output: "ModelOutput") -> Worded:
    if output.stop_reason == "content_filter":
        return Refused("teacher_refused", "the model declines")
    if output.stop_reason == "model_length":
        return Refused("teacher_context_exceeded", "the conversation is too long for the model")
    if output.stop_reason == "max_tokens":
        return Refused("teacher_cut_off", "the reply is cut off")
    return read_wording(output.completion)
