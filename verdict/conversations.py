"""The conversation of a log's sample as text: what was asked, and what the model wrote."""

import json
from typing import Any


def request_of(sample: dict[str, Any]) -> str:
    """The last thing that the user said before the model replied."""
    told = sample.get("metadata") or {}
    if isinstance(told.get("request"), str):
        return told["request"]
    asked = sample["input"]
    return asked if isinstance(asked, str) else text(next(m for m in reversed(asked) if m["role"] == "user")["content"])


def written(sample: dict[str, Any]) -> str:
    """What the model wrote after the input; tool calls as JSON."""
    return "\n".join(said(message) for message in replied(sample) if message["role"] == "assistant")


def asked(sample: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages of the input."""
    given = sample["input"]
    return [{"role": "user", "content": given}] if isinstance(given, str) else given


def replied(sample: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages after the input: the model's, and what its tools and the user answered."""
    return sample.get("messages", [])[len(asked(sample)) :]


def said(message: dict[str, Any]) -> str:
    """A message's text, then its tool calls as JSON."""
    calls = [
        json.dumps({"tool": call["function"], "params": call["arguments"]}, ensure_ascii=False)
        for call in message.get("tool_calls") or []
    ]
    return "\n".join(part for part in (text(message["content"]), *calls) if part)


def text(content: Any) -> str:
    """The text of a message's content, without pictures and thoughts."""
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if part.get("type") == "text")
