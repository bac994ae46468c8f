"""Sources as large as a recipe wants them: records of the real shapes, each with words of its own."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from tests.datasets_build.made import words

SHELL = {
    "name": "desktop-commander-execute_command",
    "description": "Execute a shell command and return its output",
    "parameters": {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]},
}
RULES = "I'll play the role of a linux(ubuntu) operating system. Take one of the actions bash, finish or answer."


def existing(rng: Random, number: int) -> dict[str, Any]:
    """Calls in the contract's form and in the one before it, and talk whose history stands in the request."""
    if number % 5 == 0:
        past = f"[Previous message]: {words(rng, 8)}\n[My response]: {words(rng, 8)}"
        asked = f"{past}\n[Current message]: And why {words(rng, 12)}?"
        return {"system": "You are AJ.", "instruction": asked, "response": f"Since {words(rng, 14)}."}
    command = f"grep -c {words(rng, 1)} /var/log/{words(rng, 1)}.log"
    old = {"action": "execute_command", "command": command}
    call = old if number % 2 else {"tool": "bash", "params": {"command": command}}
    asked = f"How often does {words(rng, 12)} stand in {words(rng, 3)}?"
    return {"system": "You are AJ.", "instruction": asked, "response": json.dumps(call)}


def toucan(rng: Random, number: int) -> dict[str, Any]:
    call = {"name": SHELL["name"], "arguments": json.dumps({"command": f"cat /srv/{words(rng, 1)}.conf"})}
    messages = [
        {"role": "user", "content": f"What does {words(rng, 14)} say?"},
        {"role": "assistant", "content": "", "function_call": call},
        {"role": "function", "name": SHELL["name"], "content": words(rng, 6)},
        {"role": "assistant", "content": f"It says {words(rng, 14)}."},
    ]
    return {
        "uuid": f"toucan-{number}",
        "subset_name": "single-turn-original",
        "messages": json.dumps(messages),
        "available_tools": json.dumps([{"type": "function", "function": SHELL}]),
        "target_tools": SHELL["name"],
        "response_quality_assessment": json.dumps({name: {"score": 5} for name in ("completeness", "conciseness")}),
    }


def agentinstruct(rng: Random, number: int) -> dict[str, Any]:
    count = rng.randrange(2, 900)
    said = [
        f"{RULES}\n\nNow, my problem is:\n\nHow many of {words(rng, 14)} are in /srv/{words(rng, 1)}?",
        f"Think: {words(rng, 8)}.\n\nAct: bash\n\n```bash\nls /srv/{words(rng, 1)} | wc -l\n```",
        f"The output of the OS:\n\n{count}",
        f"Think: {words(rng, 8)}.\n\nAct: answer({count})",
    ]
    speakers = ({"from": "human", "loss": None}, {"from": "gpt", "loss": True})
    return {"id": f"os_{number}", "conversations": [speakers[n % 2] | {"value": text} for n, text in enumerate(said)]}


def openwebui(rng: Random, number: int) -> dict[str, Any]:
    asked = {"id": "m1", "parentId": None, "childrenIds": ["m2"], "role": "user", "content": f"Why {words(rng, 12)}?"}
    said = {"id": "m2", "parentId": "m1", "childrenIds": [], "role": "assistant", "content": f"{words(rng, 20)}.",
            "done": True}  # fmt: skip
    history = {"currentId": "m2", "messages": {"m1": asked, "m2": said}}
    chat = {"title": words(rng, 2), "models": ["aj"], "history": history}
    return {"id": f"chat-{number}", "title": words(rng, 2), "chat": chat, "meta": {"tags": []}}


SOURCES: dict[str, tuple[Callable[[Random, int], dict[str, Any]], int]] = {
    "existing_aj": (existing, 3200),
    "toucan": (toucan, 2100),
    "agentinstruct": (agentinstruct, 1100),
    "openwebui": (openwebui, 1000),
}
"""Folder -> (its records, how many): some more than `aj-10k` takes of each."""


def write_sources(root: Path) -> None:
    """The folders that `aj-10k` reads, in three files each."""
    for name, (make, count) in SOURCES.items():
        records = list(_records(name, make, count))
        (root / name).mkdir(parents=True)
        for third in range(3):
            lines = "".join(json.dumps(record) + "\n" for record in records[third::3])
            (root / name / f"part{third}.jsonl").write_text(lines, encoding="utf-8")


def _records(name: str, make: Callable[[Random, int], dict[str, Any]], count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield make(Random(f"{name}.{number}"), number)
