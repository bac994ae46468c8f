"""Why a reply ended, and whose limit ended it: what our own limits cut off says nothing about the model."""

from collections.abc import Mapping
from typing import Any

from inspect_ai.model import ContentReasoning, ModelOutput

from aj.contract import load_contract

REPLY_TOKENS = 256
"""Room for any right reply: the longest gold one has 88 tokens, and a learner may be told 130 words. A base model would
ramble on for thousands."""
THOUGHT_TOKENS = 4096
"""Room for the thoughts of a reasoning model before its reply."""
REPEATED = 4
"""How often a reply says the same thing at its end until a server that looks for that gives it up."""

UNJUDGED = {
    "no_reply": "the model was not asked, or its reply was lost",
    "no_room": "the conversation fills the model's context, or the reply had less room than a right one may take",
    "filtered": "a content filter stopped the reply",
    "fleet_gap": "the model asked a host for what a real one has and the simulated one lacks",
    "interrupted": "a limit of time or cost, a person or an error stopped the sample",
}
"""Code -> why a sample cannot be judged: it stays unscored, and is counted."""


def stopped(output: ModelOutput, sample: Mapping[str, Any]) -> str | None:
    """What ended a reply other than the model: a code of `UNJUDGED`; `cut_short` if it had room, or only repeated
    itself; else None.

    Args:
        sample: the sample's metadata; `contract` and `reasoning` count.
    """
    if output.empty:
        return "no_reply"
    if output.stop_reason == "model_length":  # of a server that refuses, the completion is the error's text
        return "no_room"
    if output.stop_reason == "content_filter":
        details = output.choices[0].stop_details
        # The model's own refusal is an answer like any other.
        return None if details and details.type == "refusal" else "filtered"
    if output.stop_reason == "max_tokens":
        return "cut_short" if _had_room(output, sample) else "no_room"
    # vLLM's "repetition" is no reason that Inspect knows.
    if output.stop_reason == "unknown" and _repeats(output.completion):
        return "cut_short"
    return None


def _repeats(text: str) -> bool:
    """Whether the end of a text is one piece, said `REPEATED` times."""
    return any(text.endswith(text[-size:] * REPEATED) for size in range(1, len(text) // REPEATED + 1))


def _had_room(output: ModelOutput, sample: Mapping[str, Any]) -> bool:
    """Whether a right reply would have fitted, whoever set the limit. A server that does not count tokens is taken to
    have given what the task asks for."""
    used = output.usage.output_tokens if output.usage else 0
    needed = REPLY_TOKENS + (THOUGHT_TOKENS if _thinks(output, sample) else 0)
    return not used or used >= needed


def _thinks(output: ModelOutput, sample: Mapping[str, Any]) -> bool:
    """Whether the task says so, or the reply shows thoughts, as the server tells them or in the contract's tag."""
    content = output.message.content
    parts = content if isinstance(content, list) else []
    if sample.get("reasoning") or any(isinstance(part, ContentReasoning) for part in parts):
        return True
    tag = load_contract(sample["contract"]).wire.think_tag if "contract" in sample else None
    return tag is not None and any(mark in output.completion for mark in (f"<{tag}>", f"</{tag}>"))
