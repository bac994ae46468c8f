"""Records with one request and its reply in columns of their own.

{"prompt", "completion", "label"}                         TRL, and KTO; texts or lists of messages
{"instruction", "input", "output", "system", "history"}   Alpaca, LLaMA-Factory
{"question", "answer"}, {"input", "output"} …             the same by other names, perhaps with a `context`
{"query", "answers", "tools"}                             xLAM: the answers are calls
"""

from collections.abc import Iterator, Mapping
from typing import Any

from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Parsed, Transcript, one_conversation
from datasets_build.sources.chats.messages import messages_of
from datasets_build.sources.chats.said import Talk, Utterance
from datasets_build.sources.chats.turns import transcript_of
from datasets_build.sources.chats.written import call_of, calls_of
from datasets_build.sources.declared import tools_of
from datasets_build.sources.inferred import metadata_of
from datasets_build.sources.trajectories import request_of

REQUESTS = ("prompt", "instruction", "question", "query", "user", "problem", "input", "input_text")
REPLIES = ("completion", "output", "response", "answer", "answers", "assistant", "solution", "output_text")
THOUGHTS = ("reasoning", "reasoning_content", "thinking", "thought", "thoughts", "rationale", "cot", "chain_of_thought")


def matches(value: Mapping[str, Any]) -> bool:
    return all(_column(value, names) for names in (REQUESTS, REPLIES))


def parse(value: Mapping[str, Any]) -> Iterator[Parsed]:
    return one_conversation(_transcript, value)


def asked_of(value: Mapping[str, Any]) -> list[Utterance]:
    """What comes before the reply: the system prompt, the history, the request."""
    found = [Utterance("system", value["system"])] if isinstance(value.get("system"), str) and value["system"] else []
    history = value.get("history") or []
    for past in history if isinstance(history, list) else [history]:
        if not isinstance(past, list) or len(past) != 2 or not all(isinstance(one, str) for one in past):
            raise Refused("no_text", "'history' is not a list of pairs of texts")
        found += [Utterance("user", past[0]), Utterance("assistant", past[1])]
    column = _column(value, REQUESTS)
    request = value[column] if column else None
    if isinstance(request, list):
        return [*found, *messages_of(value, request)]
    words = [request, value.get("input")] if column != "input" else [request]
    told = "\n\n".join(one for one in words if isinstance(one, str) and one.strip())
    request = request_of(told, value.get("context"))
    if request is None:
        raise Refused("no_text", "'context' is not a text")
    return [*found, Utterance("user", request)]


def _transcript(value: Mapping[str, Any]) -> Transcript:
    asked = asked_of(value)
    tools = tools_of(value, "\n\n".join(one.text for one in asked if one.role == "system"))
    column = _column(value, REPLIES)
    reply = value[column] if column else None
    metadata = metadata_of(value)
    if tools and column == "answers":
        calls = calls_of(reply) if isinstance(reply, str) else tuple(map(call_of, reply or ()))
        # The record does not hold their results, so it ends on the first call, a right one by itself.
        said = [Utterance("assistant", calls=calls[:1])]
        metadata |= {"cut": "calls"} if len(calls) > 1 else {}
    elif isinstance(reply, str):
        said = [Utterance("assistant", reply, _thought(value))]
    else:
        said = messages_of(value, reply if isinstance(reply, list) else [reply])
    return transcript_of(Talk((*asked, *said), tools, metadata))


def _thought(value: Mapping[str, Any]) -> str:
    """The reasoning that a record states in a column of its own; one word is a setting, such as "on"."""
    stated = (value.get(name) for name in THOUGHTS)
    return next((text for text in stated if isinstance(text, str) and " " in text.strip()), "")


def _column(value: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    """The first of the columns that holds a text, a message or a list of messages."""
    return next((name for name in names if _speaks(value.get(name))), None)


def _speaks(value: Any) -> bool:
    if isinstance(value, dict):
        return "content" in value and "role" in value
    if isinstance(value, list):
        return bool(value) and all(isinstance(one, dict) for one in value)
    return isinstance(value, str)
