"""Anthropic's Message Batches as a teacher: half price, a cached system prompt, a hard cap, and no job paid for twice.

The API has no idempotency key, and a batch carries no name: whoever creates one twice pays twice. So the ledger notes
an intent first, creation is never retried blindly, and after a crash the batches at the provider are matched with the
open intents by their size and then by the ids of their results.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import anthropic
from anthropic.types.messages import MessageBatch, MessageBatchIndividualResponse
from filelock import FileLock, Timeout

from aj.contract import Contract
from aj.errors import AJError
from aj.files import digest, logs_dir
from datasets_build.drawn.worded.teachers.cost import Request, billed, estimate, price_of
from datasets_build.drawn.worded.teachers.ledger import Intent, Ledger, Result
from datasets_build.drawn.worded.teachers.prompting import SCHEMA, job_prompt, read_wording, system_prompt
from datasets_build.drawn.worded.teachers.wording import Failed, Job, Refused, Teacher, Worded

MAX_TOKENS = 4_000
"""Of a reply, thoughts included; the longest conversation takes about 1,000."""
MAX_REQUESTS, MAX_BYTES = 10_000, 100_000_000
"""Of one batch; the API takes ten times as many, and 256 MB."""
CREATE_TRIES = 5
SKEW = 3600.0
"""Seconds by which the provider's clock and ours may differ."""


@dataclass(frozen=True, slots=True)
class Options:
    """How the batches are run; `sleep` and `clock` are there for tests."""

    model: str = "claude-sonnet-5-5"
    max_cost: float = 5.0
    """US dollars for this ledger, earlier runs included; a hard cap"""
    effort: str = "low"
    poll: float = 30.0
    """seconds between two looks at a batch"""
    folder: Path | None = None
    """of the ledger; `logs/teachers/<hash>/` by default"""
    tell: Callable[[str], None] = lambda _: None
    """is told the estimate and the progress"""
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time


def anthropic_teacher(contract: Contract, options: Options, client: anthropic.Anthropic) -> Teacher:
    """The teacher behind `client`.

    Raises (also while it words):
        ConfigError: the model's price is not known.
        AJError: the estimate is above the cap, the key is refused, or another run has the ledger.
    """
    price_of(options.model)
    identity = digest(options.model, options.effort, MAX_TOKENS, system_prompt(), SCHEMA)
    folder = options.folder or logs_dir() / "teachers" / identity
    started = [False]

    def word(jobs: Iterable[Job]) -> Iterator[tuple[str, Worded]]:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise AJError(f"Another run words with {folder}; wait for it, or give another --seed.") from error
        try:
            run = _Run(contract, options, client, Ledger(folder), identity)
            yield from run.word(jobs, may_refuse=not started[0])
            started[0] = True
        except anthropic.APIStatusError as error:
            raise AJError(_explained(error, options.model)) from error
        except anthropic.APIConnectionError as error:
            why = "Anthropic cannot be reached; check the network, then run again: nothing is paid twice."
            raise AJError(why) from error
        finally:
            lock.release()

    return Teacher(f"anthropic/{options.model}", word)


def _explained(error: anthropic.APIStatusError, model: str) -> str:
    """One sentence; the body of the error may be shown, the request (and the key in it) not."""
    if error.status_code in (401, 403):
        return (
            f"Anthropic refuses the key (HTTP {error.status_code}); set ANTHROPIC_API_KEY to one that may use {model}."
        )
    kind = error.type or "no type"
    return f"Anthropic answers HTTP {error.status_code} ({kind}); run again later: nothing is paid twice."


class _Run:
    """One pass over jobs, with the ledger open."""

    def __init__(
        self, contract: Contract, options: Options, client: anthropic.Anthropic, ledger: Ledger, identity: str
    ) -> None:
        self._contract, self._options, self._client, self._ledger = contract, options, client, ledger
        self._mark = f"-{identity}"
        """ends every custom id: the same jobs may be at the provider for another model too"""

    def word(self, jobs: Iterable[Job], may_refuse: bool) -> Iterator[tuple[str, Worded]]:
        """First what was sent before, then what is in the ledger, then what is new, as far as the cap goes."""
        self._finish_open()
        queue: list[Job] = []
        for job in jobs:
            if (known := self._ledger.results.get(job.id)) is not None:
                yield job.id, _worded(known)
            else:
                queue.append(job)
        if queue and may_refuse:
            self._check_cap(queue)
        while queue:
            chunk = self._affordable(queue)
            if not chunk:
                why = f"the cap of ${self._options.max_cost:.2f} is reached (${self._ledger.spent:.2f} spent)"
                yield from ((job.id, Refused(why, "cost_cap", stop=True)) for job in queue)
                return
            queue = queue[len(chunk) :]
            self._collect(self._submit(chunk))
            for job in chunk:
                yield job.id, _worded(self._ledger.results[job.id])

    # --- cost -------------------------------------------------------------------------------------------------------

    def _check_cap(self, queue: Sequence[Job]) -> None:
        model, cap, spent = self._options.model, self._options.max_cost, self._ledger.spent
        guess = estimate(model, [self._sizes(job) for job in queue], MAX_TOKENS)
        self._options.tell(
            f"{len(queue)} conversations with {model}: about ${guess.expected:.2f}, at most ${guess.at_most:.2f}; "
            f"${spent:.2f} spent before, cap ${cap:.2f}"
        )
        if spent + guess.expected > cap:
            raise AJError(
                f"Wording {len(queue)} conversations with {model} costs about ${guess.expected:.2f} "
                f"(${spent:.2f} spent before), above the cap of ${cap:.2f}; raise --max-cost or lower --count."
            )

    def _affordable(self, queue: Sequence[Job]) -> list[Job]:
        """As many jobs as cannot pass the cap, however long the replies are, and as fit into a batch."""
        left = self._options.max_cost - self._ledger.spent
        chunk: list[Job] = []
        size = 0
        for job in queue[:MAX_REQUESTS]:
            sizes = self._sizes(job)
            left -= estimate(self._options.model, [sizes], MAX_TOKENS).at_most
            size += 4 * (sizes.system + sizes.prompt)
            if left < 0 or size > MAX_BYTES:
                break
            chunk.append(job)
        return chunk

    def _sizes(self, job: Job) -> Request:
        prompt = job_prompt(job, self._contract)
        return Request(len(system_prompt()), len(prompt), sum(len(slot.text) for slot in job.slots))

    # --- batches ----------------------------------------------------------------------------------------------------

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

    def _submit(self, chunk: Sequence[Job]) -> str:
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

    def _finish_open(self) -> None:
        """What a run before this one sent: find the batches whose ids it could not note, and read all results."""
        for intent in list(self._ledger.open_intents.values()):
            if self._found(intent) is None:
                self._ledger.lost(intent.intent)
        for batch in list(self._ledger.open_batches):
            self._collect(batch)

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

    def _collect(self, batch: str) -> None:
        """Wait for a batch, and note every result of it once; a job of which it says nothing counts as expired."""
        jobs = frozenset(self._ledger.open_batches[batch].jobs)
        self._ended(batch)
        fresh: list[Result] = []
        for response in self._client.messages.batches.results(batch):
            if (job := self._job_of(response)) in jobs and job not in self._ledger.results:
                fresh.append(_result(job, response, self._options.model))
            if len(fresh) == 100:
                self._ledger.record(batch, fresh)
                fresh = []
        self._ledger.record(batch, fresh)
        missing = [job for job in sorted(jobs) if job not in self._ledger.results]
        self._ledger.record(batch, [Result(job, "expired") for job in missing])
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


def _result(job: str, response: MessageBatchIndividualResponse, model: str) -> Result:
    result = response.result
    if result.type == "succeeded":
        message = result.message
        text = "".join(block.text for block in message.content if block.type == "text")
        cost = billed(model, message.usage.model_dump())
        return Result(job, "succeeded", text, message.stop_reason or "", cost)
    why = result.error.error.type if result.type == "errored" else ""
    return Result(job, result.type, stop=why)


def _worded(result: Result) -> Worded:
    """What a result means for its job."""
    if result.outcome != "succeeded":
        return Failed(f"teacher_{result.outcome}", result.stop or f"the request is {result.outcome}")
    if result.stop == "refusal":
        return Refused("the model declines")
    if result.stop == "model_context_window_exceeded":
        return Refused("the conversation is too long for the model", "teacher_context_exceeded")
    if result.stop == "max_tokens":
        return Failed("teacher_cut_off", f"longer than {MAX_TOKENS} tokens")
    return read_wording(result.text)
