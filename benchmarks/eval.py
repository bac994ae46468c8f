"""What `aj eval` adds to a server's own time: the suite through Inspect, and the same prompts from a bare client.

One server answers both, by turns, with an empty prefix cache each time. The client sends the prompts that the eval's
log holds, those of a sample one after the other, as many samples at once as the eval has connections; it scores nothing
and simulates no fleet. Of the eval, both its time from first to last answer and that of the whole call are told.

    python -m benchmarks.eval base:smollm2-135m --limit 20
"""

import argparse
import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from inspect_ai.event import ModelEvent
from inspect_ai.log import read_eval_log
from openai import AsyncOpenAI
from rich.console import Console
from rich.table import Table

from loop.evaluate import CONNECTIONS, evaluate
from loop.targets import find_target
from train.serve import HOST
from verdict.scores import read_folder

START_S = 600.0
"""For which a server may load."""


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt of an eval's log, as a server is asked with it."""

    messages: list[dict[str, str]]
    options: dict[str, Any]


Conversation = list[Request]
"""The prompts of one sample, in their order."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("model", nargs="?", default="base:smollm2-135m", help="a run or a base, as for `aj serve`")
    options.add_argument("--limit", type=int, default=20, help="samples of each task")
    options.add_argument("--rounds", type=int, default=2)
    chosen = options.parse_args()
    table = Table(title=f"{chosen.model}, {chosen.limit} samples of each task")
    for column in ("", "samples", "requests", "s", "samples/s", "aj eval / client"):
        table.add_column(column, justify="left" if column == "" else "right")
    with served(chosen.model) as url, TemporaryDirectory() as logs:
        target = find_target(chosen.model)
        os.environ["AJ_LOGS"] = logs  # after the model was found there
        for number in range(1, chosen.rounds + 1):
            _forget(url)
            started = time.monotonic()
            folder = evaluate(target, "small", chosen.limit, again=True)
            whole = time.monotonic() - started
            paths = [scores.path for scores in read_folder(folder).values()]
            asked = [conversation for path in paths for conversation in conversations(path)]
            _forget(url)
            started = time.monotonic()
            asyncio.run(ask(url, target.model.partition("/")[2], asked))
            bare = time.monotonic() - started
            requests = sum(map(len, asked))
            for name, seconds in (("client", bare), ("aj eval, asking", asking(paths)), ("aj eval, whole", whole)):
                counts = [str(len(asked)), str(requests), f"{seconds:.1f}", f"{len(asked) / seconds:.2f}"]
                table.add_row(f"{number}. {name}", *counts, f"{seconds / bare:.2f}")
    Console().print(table)


@contextmanager
def served(model: str) -> Iterator[str]:
    """The address of a server of the model, as `aj serve` starts it."""
    with closing(socket.socket()) as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "loop.commands.main", "serve", model, "--port", str(port)]
    # In this mode a server forgets its prefix cache when asked to.
    server = subprocess.Popen(command, env={**os.environ, "VLLM_SERVER_DEV_MODE": "1"}, stdout=sys.stderr)
    url = f"http://{HOST}:{port}"
    try:
        _wait(server, url)
        os.environ["VLLM_BASE_URL"] = f"{url}/v1"
        yield url
    finally:
        server.terminate()
        server.wait()


def _wait(server: subprocess.Popen[bytes], url: str) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end and server.poll() is None:
        try:
            httpx.get(f"{url}/health").raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(1)
    raise SystemExit("The server did not start; its last lines above say why.")


def _forget(url: str) -> None:
    httpx.post(f"{url}/reset_prefix_cache", timeout=60).raise_for_status()


def conversations(path: Path) -> list[Conversation]:
    """What each sample of a log has asked."""
    samples = read_eval_log(str(path), resolve_attachments=True).samples or []
    return [[_request(event) for event in sample.events if isinstance(event, ModelEvent)] for sample in samples]


def _request(event: ModelEvent) -> Request:
    messages = [{"role": message.role, "content": message.text} for message in event.input]
    told = event.config.model_dump(exclude_none=True)
    return Request(messages, {name: told[name] for name in ("temperature", "max_tokens", "seed") if name in told})


async def ask(url: str, model: str, asked: Sequence[Conversation]) -> None:
    """Send every prompt, `CONNECTIONS` at once."""
    free = asyncio.Semaphore(CONNECTIONS)

    async def follow(conversation: Conversation) -> None:
        async with free:
            for request in conversation:
                messages: Any = request.messages
                await client.chat.completions.create(model=model, messages=messages, **request.options)

    async with AsyncOpenAI(base_url=f"{url}/v1", api_key="none", timeout=600) as client:
        await asyncio.gather(*map(follow, asked))


def asking(paths: Sequence[Path]) -> float:
    """Seconds from the start of the first task to the end of the last."""
    stats = [read_eval_log(str(path), header_only=True).stats for path in paths]
    started = min(datetime.fromisoformat(one.started_at) for one in stats)
    return (max(datetime.fromisoformat(one.completed_at) for one in stats) - started).total_seconds()


if __name__ == "__main__":
    main()
