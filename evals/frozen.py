"""Turns samples into Inspect samples: the prompt rendered from the contract, the ground truth in the metadata.

The suites small and full are frozen and belong to the eval split. The practice suite is drawn from the train split: its
failures may be learned (`aj harvest`), and none of its logs is evidence for the gate.
"""

from typing import Any

from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
)

from aj.acts import from_records
from aj.contract import load_contract
from aj.messages import to_record
from aj.wire import render_prompt
from evals.identities import records
from scenarios.catalogue import templates
from scorers.samples import world
from scorers.stops import REPLY_TOKENS, THOUGHT_TOKENS


def dataset(task: str, suite: str, contract: str, seed: int = 0, reasoning: bool = False) -> MemoryDataset:
    """The samples of a task: those marked "small", all, or those that `seed` draws for practice."""
    chosen = [record for record in records(task, suite, seed) if suite != "small" or record["small"]]
    return MemoryDataset([_to_sample(record, contract, reasoning) for record in chosen], name=task)


def config(temperature: float = 0.0, reasoning: bool = False) -> GenerateConfig:
    """Temperature 0, unless several epochs should differ. A reasoning model has tokens of its own for its thoughts."""
    return GenerateConfig(temperature=temperature, max_tokens=REPLY_TOKENS + (THOUGHT_TOKENS if reasoning else 0))


def _to_sample(record: dict[str, Any], contract: str, reasoning: bool) -> Sample:
    past = from_records(record["messages"], load_contract(contract))
    prompt = render_prompt(past, load_contract(contract), record["mode"], record["layout"])
    case = {
        "contract": contract,
        "mode": record["mode"],
        "layout": record["layout"],
        "reasoning": reasoning,
        "past": [to_record(message) for message in past],
        "scenario": record["scenario"],
        "template": record["template"],
        "family": record["template"],
        "slice": record["slice"],
        **record["slice"],
        "group": str(record["scenario"]["seed"]),
        "request": next(m["content"] for m in reversed(record["messages"]) if m["role"] == "user"),
        "split": templates()[record["scenario"]["template"]].split,
        "world": world(**record["scenario"], contract=contract),
    }
    return Sample(id=record["id"], input=[_chat(message) for message in prompt], metadata=case)


def _chat(message: dict[str, str]) -> ChatMessage:
    # Messages instead of system_message(), which would read the prompt's JSON braces as a template.
    kind = {"system": ChatMessageSystem, "user": ChatMessageUser, "assistant": ChatMessageAssistant}[message["role"]]
    return kind(content=message["content"])
