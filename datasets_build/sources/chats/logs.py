"""Requests to a model's API with their answers, as clients, proxies and tracers log them.

    {"request": {"messages", "tools"}, "response": {"choices": [{"message", "finish_reason"}]}}     OpenAI's chats
    {"request", "response": {"role", "content": […], "stop_reason"}}                                Anthropic's messages
    {"input", "instructions", "tools", "output": […]}                                               OpenAI's Responses
    {"messages", "choices" | "response"}                                                            both in one

Request and response may be wrapped (`body`) or stored as JSON text; of several choices the first is read.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Parsed, Transcript, one_conversation
from datasets_build.sources.chats.conversations import chat_of, column_of
from datasets_build.sources.chats.marks import is_cut
from datasets_build.sources.chats.messages import messages_of
from datasets_build.sources.chats.said import Talk, Utterance
from datasets_build.sources.chats.turns import transcript_of
from datasets_build.sources.declared import tools_of
from datasets_build.sources.foreign import read_json
from datasets_build.sources.inferred import metadata_of

REQUESTS = ("request", "input", "inputs", "body", "kwargs")
_RESPONSES = ("response", "output", "outputs", "completion", "choices")


def matches(value: Mapping[str, Any]) -> bool:
    return _parts(value) is not None


def parse(value: Mapping[str, Any]) -> Iterator[Parsed]:
    return one_conversation(_exchange, value)


def _parts(value: Mapping[str, Any]) -> tuple[Mapping[str, Any], Any] | None:
    """The request with its messages, and the response; None if the record is no exchange with an API."""
    response = _unwrapped(next((value[name] for name in _RESPONSES if value.get(name)), None))
    if not isinstance(response, dict | list):
        return None
    response = {"choices": response} if "choices" in value else response
    for found in (_unwrapped(value.get(name)) for name in REQUESTS):
        if isinstance(found, dict) and (column_of(found) or "input" in found):
            return found, response
    if (column := column_of(value)) and not _answers(value[column]):
        return value, response
    items = isinstance(response, list) and any(isinstance(one, dict) and "type" in one for one in response)
    return (value, response) if items and "input" in value else None


def _unwrapped(value: Any) -> Any:
    """What a request or a response holds, out of its text and its wrapping."""
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        try:
            value = read_json(value)
        except ValueError:
            return None
    return value["body"] if isinstance(value, dict) and isinstance(value.get("body"), dict) else value


def _answers(messages: Any) -> bool:
    last = messages[-1] if isinstance(messages, list) and messages else None
    return isinstance(last, dict) and last.get("role", last.get("from")) in ("assistant", "gpt", "model")


def _exchange(value: Mapping[str, Any]) -> Transcript:
    if value.get("error"):
        raise Refused("failed_request", "the request ended with an error")
    parts = _parts(value)
    if parts is None:
        raise Refused("no_text", "the record holds no request, or no response")
    request, response = parts
    asked = chat_of(request) if column_of(request) else Talk(tuple(_input(request)), tools_of(request))
    _demand_finished(value.get("status"))
    return transcript_of(Talk((*asked.said, *answered(response)), asked.tools, metadata_of(value)))


def _input(request: Mapping[str, Any]) -> list[Utterance]:
    """The request of OpenAI's Responses."""
    stated, told = request["input"], request.get("instructions")
    said = [Utterance("user", stated)] if isinstance(stated, str) else messages_of(request, stated)
    return [Utterance("system", told), *said] if isinstance(told, str) and told else said


def answered(response: Mapping[str, Any] | Sequence[Any]) -> list[Utterance]:
    """What a response says. Raises Refused if it is not finished, or cannot be read."""
    if not isinstance(response, Mapping):
        return messages_of({}, response)
    choices = response.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        _demand_finished(choices[0].get("finish_reason"))
        return messages_of({}, [choices[0].get("message")])
    _demand_finished(response.get("stop_reason") or response.get("finish_reason") or response.get("status"))
    if isinstance(response.get("output"), list):
        return messages_of({}, response["output"])
    return messages_of({}, [response.get("message") or {"role": "assistant", **response}])


def _demand_finished(reason: Any) -> None:
    if is_cut(reason):
        raise Refused("unfinished", f"the answer is not finished ({reason})")
