"""Batches at Anthropic, each noted in the ledger before and after it is sent, so that no job is paid for twice.

The API has no idempotency key, and a batch carries no name: creating one twice means paying twice. So the ledger notes
an intent first, creation is never retried blindly, and after a crash the batches at the provider are matched with the
open intents by their size and then by the ids of their results.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import anthropic
from anthropic.types.messages import MessageBatch, MessageBatchIndividualResponse

from aj.contract import Contract
from datasets_build.drawn.worded.teachers.cost import billed
from datasets_build.drawn.worded.teachers.ledger import Intent, JobResult, Ledger
from datasets_build.drawn.worded.teachers.prompting import SCHEMA, job_prompt, system_prompt
from datasets_build.drawn.worded.teachers.wording import Job

MAX_TOKENS = 4_000
"""Of a reply, thoughts included; the longest conversation takes about 1,000."""
CREATE_TRIES = 5
SKEW = 3600.0
"""Seconds by which the provider's clock and ours may differ."""


@dataclass(frozen=True, slots=True)
class Options:
    """How the batches are run; `sleep` and `clock` are replaced in tests."""

    model: str = "claude-sonnet-5-5"
    max_cost: float = 5.0
    """US dollars for this ledger, earlier runs included; a hard cap"""
    effort: str = "low"
    poll: float = 30.0
    """seconds between two looks at a batch"""
    folder: Path | None = None
    """of the ledger; `logs/teachers/<hash>/` by default"""
    tell: Callable[[str], None] = lambda _: None
    """gets the estimate and the progress"""
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time


class Batches:
    """The batches of one client, with the ledger open."""

    def __init__(
        self, contract: Contract, options: Options, client: anthropic.Anthropic, ledger: Ledger, identity: str
    ) -> None:
        self._contract, self._options, self._client, self._ledger = contract, options, client, ledger
        self._mark = f"-{identity}"
        """ends every custom id: the same jobs may be at the provider for another model too"""

    def _request(self, job: Job) -> Any:
        """One entry of a batch; the shared system prompt is marked for the cache that lives an hour."""
        system = {"type": "text", "text": system_prompt(), "cache_control": {"type": "ephemeral", "ttl": "1h"}}
        return {
            "custom_id": f"{job.id}{self._mark}",
            "params": {
                "model": self._options.model,
                "max_tokens": MAX_TOKENS,
                "system": [system],
                "messages": [{"role": "user", "content": job_prompt(job, self._contract)}],
                "output_config": {"effort": self._options.effort, "format": {"type": "json_schema", "schema": SCHEMA}},
            },
        }

    def submit(self, chunk: Sequence[Job]) -> str:
        """Create one batch and give its id."""
        intent = Intent(uuid4().hex[:12], tuple(job.id for job in chunk), self._options.clock())
        self._ledger.intend(intent)
        requests = [self._request(job) for job in chunk]
        for attempt in range(1, CREATE_TRIES + 1):
            try:
                # Not by the SDK's own retries: after a broken connection or a 5xx the batch may exist all the same.
                batch = self._client.with_options(max_retries=0).messages.batches.create(requests=requests)
            except anthropic.APIError as error:
                if not _may_pass(error):
                    self._ledger.lost(intent.intent)  # a refusal is certain: nothing was created
                    raise
                if (found := self._found(intent)) is not None:
                    return found
                if attempt == CREATE_TRIES:
                    raise
                self._options.sleep(_wait(error, attempt))
            else:
                self._ledger.created(intent.intent, batch.id)
                return batch.id
        raise AssertionError("the last try returns or raises")

    def finish_open(self) -> None:
        """Read all results of earlier runs' batches, first finding those whose ids they could not note."""
        for intent in list(self._ledger.open_intents.values()):
            if self._found(intent) is None:
                self._ledger.lost(intent.intent)
        for batch in list(self._ledger.open_batches):
            self.collect(batch)

    def _found(self, intent: Intent) -> str | None:
        """The batch of an intent, noted in the ledger; None if the provider has none."""
        for batch in self._client.messages.batches.list(limit=100):
            if batch.created_at.timestamp() < intent.at - SKEW:
                break  # the newest come first
            if batch.id in self._ledger.batches or _size(batch) != len(intent.jobs):
                continue
            ended = self._ended(batch.id)
            if ended.results_url is None:
                continue  # archived: results of a batch this old are gone
            first = next(iter(self._client.messages.batches.results(batch.id)), None)
            if first is not None and self._job_of(first) in intent.jobs:
                self._ledger.created(intent.intent, batch.id)
                return batch.id
        return None

    def _ended(self, batch: str) -> MessageBatch:
        """Wait until a batch has ended."""
        while (state := self._client.messages.batches.retrieve(batch)).processing_status != "ended":
            done = _size(state) - state.request_counts.processing
            self._options.tell(f"batch {batch}: {done} of {_size(state)} done, ${self._ledger.spent:.2f} spent")
            self._options.sleep(self._options.poll)
        return state

    def _job_of(self, response: MessageBatchIndividualResponse) -> str:
        """The job that a result is of; "" if the request was none of ours."""
        custom = response.custom_id
        return custom.removesuffix(self._mark) if custom.endswith(self._mark) else ""

    def collect(self, batch: str) -> None:
        """Wait for a batch, and note each of its results once; a job without a result counts as expired."""
        jobs = frozenset(self._ledger.open_batches[batch].jobs)
        self._ended(batch)
        fresh: list[JobResult] = []
        for response in self._client.messages.batches.results(batch):
            if (job := self._job_of(response)) in jobs and job not in self._ledger.results:
                fresh.append(_result(job, response, self._options.model))
            if len(fresh) == 100:
                self._ledger.record(batch, fresh)
                fresh = []
        self._ledger.record(batch, fresh)
        missing = [job for job in sorted(jobs) if job not in self._ledger.results]
        self._ledger.record(batch, [JobResult(job, "expired") for job in missing])
        self._ledger.done(batch)


def _size(batch: MessageBatch) -> int:
    counts = batch.request_counts
    return counts.processing + counts.succeeded + counts.errored + counts.canceled + counts.expired


def _may_pass(error: anthropic.APIError) -> bool:
    """Whether the next try may go better: rate limits, overload, a broken connection."""
    if isinstance(error, anthropic.APIStatusError):
        return error.status_code in (408, 409, 429) or error.status_code >= 500
    return isinstance(error, anthropic.APIConnectionError)


def _wait(error: anthropic.APIError, attempt: int) -> float:
    """Seconds to wait: what the server asks for, or twice as long each time."""
    if isinstance(error, anthropic.APIStatusError):
        asked = error.response.headers.get("retry-after", "")
        if asked.replace(".", "", 1).isdigit():
            return min(float(asked), 600.0)
    return 2.0**attempt


def _result(job: str, response: MessageBatchIndividualResponse, model: str) -> JobResult:
    result = response.result
    if result.type == "succeeded":
        message = result.message
        text = "".join(block.text for block in message.content if block.type == "text")
        cost = billed(model, message.usage.model_dump())
        return JobResult(job, "succeeded", text, message.stop_reason or "", cost)
    why = result.error.error.type if result.type == "errored" else ""
    return JobResult(job, result.type, stop=why)
