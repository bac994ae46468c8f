"""Requests to a model's API with their answers, as clients and proxies log them.

{"request": {"messages", "tools"}, "response": {"choices": [{"message", "finish_reason"}]}}     OpenAI's chats
{"request", "response": {"role", "content": […], "stop_reason"}}                                Anthropic's messages
{"input", "instructions", "tools", "output": […]}                                               OpenAI's Responses
"""

from collections.abc import Iterator, Mapping
from typing import Any

from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Parsed, Transcript, one_conversation
from datasets_build.sources.chats.conversations import chat_of, column_of
from datasets_build.sources.chats.messages import messages_of
from datasets_build.sources.chats.said import Talk, Utterance
from datasets_build.sources.chats.turns import transcript_of
from datasets_build.sources.declared import tools_of
from datasets_build.sources.inferred import metadata_of

_REQUESTS = ("request", "input", "inputs", "body", "kwargs")
_RESPONSES = ("response", "output", "outputs", "completion")
_UNFINISHED = ("length", "max_tokens", "content_filter", "pause_turn", "refusal")


def matches(value: Mapping[str, Any]) -> bool:
    return _is_exchange(value) or _is_responses(value)


def parse(value: Mapping[str, Any]) -> Iterator[Parsed]:
    return one_conversation(_exchange if _is_exchange(value) else _responses, value)


def _is_exchange(value: Mapping[str, Any]) -> bool:
    return column_of(_inner(value, _REQUESTS)) is not None and bool(_inner(value, _RESPONSES))


def _is_responses(value: Mapping[str, Any]) -> bool:
    output = value.get("output")
    items = output if isinstance(output, list) else []
    return "input" in value and any(isinstance(one, dict) and "type" in one for one in items)


def _inner(value: Mapping[str, Any], names: tuple[str, ...]) -> Mapping[str, Any]:
    """The object of a request or a response, without its wrapping (`body`)."""
    found = next((value[name] for name in names if isinstance(value.get(name), dict)), {})
    return found["body"] if isinstance(found.get("body"), dict) else found


def _exchange(value: Mapping[str, Any]) -> Transcript:
    if value.get("error"):
        raise Refused("failed_request", "the request ended with an error")
    request = _inner(value, _REQUESTS)
    chat = chat_of(request)
    return transcript_of(Talk((*chat.said, *_answered(_inner(value, _RESPONSES))), chat.tools, metadata_of(value)))


def _answered(response: Mapping[str, Any]) -> list[Utterance]:
    """The message of a response; of several choices the first."""
    choices = response.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        _demand_finished(choices[0].get("finish_reason"))
        return messages_of({}, [choices[0].get("message")])
    _demand_finished(response.get("stop_reason") or response.get("finish_reason") or response.get("status"))
    if isinstance(response.get("output"), list):
        return messages_of({}, response["output"])
    return messages_of({}, [response.get("message") or {"role": "assistant", **response}])


def _responses(value: Mapping[str, Any]) -> Transcript:
    _demand_finished(value.get("status"))
    stated = value["input"]
    said = [Utterance("user", stated)] if isinstance(stated, str) else messages_of(value, stated)
    if isinstance(told := value.get("instructions"), str) and told:
        said = [Utterance("system", told), *said]
    said += messages_of({}, value["output"])
    return transcript_of(Talk(tuple(said), tools_of(value), metadata_of(value)))


def _demand_finished(reason: Any) -> None:
    if reason in (*_UNFINISHED, "in_progress", "incomplete", "failed", "cancelled"):
        raise Refused("unfinished", f"the answer is not finished ({reason})")
