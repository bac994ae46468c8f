"""Anthropic's Message Batches as a teacher: half price, a cached system prompt and a hard cap on the cost."""

from collections.abc import Iterable, Iterator, Sequence

import anthropic
from filelock import FileLock, Timeout

from aj.contract import Contract
from aj.errors import AJError
from aj.files import digest, logs_dir
from datasets_build.drawn.worded.teachers.cost import Request, estimate, price_of
from datasets_build.drawn.worded.teachers.ledger import JobResult, Ledger
from datasets_build.drawn.worded.teachers.message_batches import MAX_TOKENS, Batches, Options
from datasets_build.drawn.worded.teachers.prompting import SCHEMA, job_prompt, read_wording, system_prompt
from datasets_build.drawn.worded.teachers.wording import COST_CAP, Job, Teacher, Worded
from datasets_build.ledger import Refused

MAX_REQUESTS, MAX_BYTES = 10_000, 100_000_000
"""Of one batch; the API takes ten times as many, and 256 MB."""


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
            raise AJError(f"Another run is using {folder}; wait for it, or give another --seed.") from error
        try:
            ledger = Ledger(folder)
            run = _Run(contract, options, ledger, Batches(contract, options, client, ledger, identity))
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

    def __init__(self, contract: Contract, options: Options, ledger: Ledger, batches: Batches) -> None:
        self._contract, self._options, self._ledger, self._batches = contract, options, ledger, batches

    def word(self, jobs: Iterable[Job], may_refuse: bool) -> Iterator[tuple[str, Worded]]:
        """First what was sent before, then what is in the ledger, then what is new, as far as the cap goes."""
        self._batches.finish_open()
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
                yield from ((job.id, Refused(COST_CAP, why)) for job in queue)
                return
            queue = queue[len(chunk) :]
            self._batches.collect(self._batches.submit(chunk))
            for job in chunk:
                yield job.id, _worded(self._ledger.results[job.id])

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


def _worded(result: JobResult) -> Worded:
    """What a result means for its job."""
    if result.outcome != "succeeded":
        return Refused(f"teacher_{result.outcome}", result.stop or f"the request is {result.outcome}")
    if result.stop == "refusal":
        return Refused("teacher_refused", "the model declines")
    if result.stop == "model_context_window_exceeded":
        return Refused("teacher_context_exceeded", "the conversation is too long for the model")
    if result.stop == "max_tokens":
        return Refused("teacher_cut_off", f"longer than {MAX_TOKENS} tokens")
    return read_wording(result.text)
