"""Samples as Inspect samples: the prompt rendered from the contract, the ground truth in the metadata.

The suites small and full are frozen, of the eval split. The suite practice is drawn from the train split: what fails
there may be learned (`aj harvest`), and no log of it is evidence for the gate.
"""

from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
    ResponseSchema,
)
from inspect_ai.util import JSONSchema

from aj.contract import load_contract
from aj.errors import ConfigError
from aj.files import digest, digest_file, read_jsonl
from aj.messages import from_record
from aj.wire import call_schema, render_prompt
from evals.draws import practice
from scenarios.catalogue import templates

Suite = Literal["small", "full", "practice"]
SAMPLES = Path(__file__).parent / "samples"
HOUSE = Path(__file__).parents[1]
MAX_TOKENS = 128
"""Tokens of one reply: AJ's longest gold answer takes 88; a base model would ramble on for thousands."""


def dataset(task: str, suite: Suite, contract: str, seed: int = 0) -> MemoryDataset:
    """The samples of a task: those marked "small", all of them, or those that `seed` draws to practise on."""
    if suite not in get_args(Suite):
        raise ConfigError(f"There is no suite {suite!r}; use -T suite=small, -T suite=full or -T suite=practice.")
    if seed and suite != "practice":
        raise ConfigError(f"The suite {suite} is frozen and takes no seed; leave -T seed={seed} out.")
    if suite == "practice":
        chosen = list(practice(task, seed))
    else:
        records = [record for _, record in read_jsonl(SAMPLES / f"{task}.jsonl")]
        chosen = [record for record in records if suite == "full" or record["small"]]
    return MemoryDataset([_to_sample(record, contract) for record in chosen], name=task)


def metadata(task: str, suite: Suite, contract: str, seed: int = 0) -> dict[str, Any]:
    """What makes two logs comparable, beside Inspect's own header."""
    drawn = suite == "practice"
    return {
        "contract": load_contract(contract).hash,
        "samples": digest([r["id"] for r in practice(task, seed)]) if drawn else digest_file(SAMPLES / f"{task}.jsonl"),
        "suite": suite,
        "harness": harness(),
    } | ({"seed": seed} if drawn else {})


@cache
def harness() -> str:
    """Identity of what asks and scores: after a changed check, world or sample, old scores compare to nothing."""
    kinds = (".py", ".yaml")
    files = [path for part in ("aj", "fleet", "scenarios", "evals", "scorers") for path in (HOUSE / part).rglob("*")]
    return digest(*(digest_file(path) for path in sorted(files) if path.suffix in kinds or path.parent == SAMPLES))


def config(constrained: bool, contract: str, temperature: float = 0.0) -> GenerateConfig:
    """Temperature 0, unless several epochs are to differ. Constrained decoding is off by default: we measure the model,
    not the grammar."""
    schema = None
    if constrained:
        json_schema = JSONSchema.model_validate(call_schema(load_contract(contract)))
        schema = ResponseSchema(name="call", json_schema=json_schema)
    return GenerateConfig(temperature=temperature, max_tokens=MAX_TOKENS, response_schema=schema)


def _to_sample(record: dict[str, Any], contract: str) -> Sample:
    past = [from_record(message) for message in record["messages"]]
    prompt = render_prompt(past, load_contract(contract), record["mode"], record["layout"])
    case = {
        "contract": contract,
        "mode": record["mode"],
        "layout": record["layout"],
        "past": record["messages"],
        "scenario": record["scenario"],
        "template": record["template"],
        "family": record["template"],
        "slice": record["slice"],
        **record["slice"],
        "group": str(record["scenario"]["seed"]),
        "request": next(m["content"] for m in reversed(record["messages"]) if m["role"] == "user"),
        "split": templates()[record["scenario"]["template"]].split,
    }
    return Sample(id=record["id"], input=[_chat(message) for message in prompt], metadata=case)


def _chat(message: dict[str, str]) -> ChatMessage:
    # Messages, not system_message(): that reads the prompt's JSON braces as a template.
    kind = {"system": ChatMessageSystem, "user": ChatMessageUser, "assistant": ChatMessageAssistant}[message["role"]]
    return kind(content=message["content"])
