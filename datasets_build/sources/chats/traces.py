"""Traces of requests to models: OpenTelemetry's spans, alone or in OTLP files, and Langfuse's observations.

    gen_ai.input.messages, gen_ai.output.messages     OpenTelemetry's conventions; JSON text or values
    gen_ai.prompt.0.role, gen_ai.completion.0.role    OpenLLMetry, an attribute for each field
    llm.input_messages.0.message.role, …              OpenInference
    {"type": "GENERATION", "input", "output"}         Langfuse

An agent sends its whole past with every request; `mix.longer` leaves out what a later request contains.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Parsed, Transcript, one_conversation
from datasets_build.sources.chats.logs import answered
from datasets_build.sources.chats.marks import is_cut
from datasets_build.sources.chats.messages import messages_of
from datasets_build.sources.chats.said import Talk, Utterance
from datasets_build.sources.chats.turns import transcript_of
from datasets_build.sources.declared import tools_of
from datasets_build.sources.foreign import read_json

NAMES = ("resourceSpans", "resource_spans", "spans", "attributes", "observations", "type")
_KINDS = ("gen_ai.", "llm.", "langfuse.")
_INPUTS = ("gen_ai.input.messages", "gen_ai.prompt", "llm.input_messages", "langfuse.observation.input", "input.value")
_OUTPUTS = (
    "gen_ai.output.messages", "gen_ai.completion", "llm.output_messages", "langfuse.observation.output", "output.value",
)  # fmt: skip
_TOOLS = ("gen_ai.tool.definitions", "llm.request.functions", "llm.tools")
_MODELS = ("gen_ai.response.model", "gen_ai.request.model", "llm.model_name", "model", "providedModelName")
_FAILED = (2, "2", "ERROR", "STATUS_CODE_ERROR")


def matches(value: Mapping[str, Any]) -> bool:
    return any(_is_request(span) for span in _spans(value))


def parse(value: Mapping[str, Any]) -> Iterator[Parsed]:
    for span in filter(_is_request, _spans(value)):
        yield from one_conversation(_transcript, span)


def _transcript(span: Mapping[str, Any]) -> Transcript:
    return transcript_of(_talk(span))


# --- spans ----------------------------------------------------------------------------------------------------------


def _spans(value: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The spans or observations of a record, each as a flat mapping of its attributes and its own fields."""
    for names in (("resourceSpans", "scopeSpans", "spans"), ("resource_spans", "scope_spans", "spans")):
        if names[0] in value:
            scopes = [scope for resource in _dicts(value[names[0]]) for scope in _dicts(resource.get(names[1]))]
            return [_flat(span) for scope in scopes for span in _dicts(scope.get(names[2]))]
    inner = _dicts(value.get("spans")) or _dicts(value.get("observations"))
    return [_flat(span) for span in inner or [value]]


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _flat(span: Mapping[str, Any]) -> Mapping[str, Any]:
    found = {**span, **_attributes(span.get("attributes"))}
    for event in _dicts(span.get("events")):
        found |= {key: one for key, one in _attributes(event.get("attributes")).items() if key.startswith(_KINDS)}
    return found


def _attributes(stated: Any) -> dict[str, Any]:
    """Attributes from an object, or from OTLP's list of {"key", "value"}."""
    if isinstance(stated, dict):
        return stated
    return {str(one.get("key")): _value(one.get("value")) for one in _dicts(stated)}


def _value(stated: Any) -> Any:
    if not isinstance(stated, dict) or len(stated) != 1:
        return stated
    ((kind, value),) = stated.items()
    if kind == "arrayValue":
        return [_value(one) for one in value.get("values", ())] if isinstance(value, dict) else value
    if kind == "kvlistValue":
        return _attributes(value.get("values")) if isinstance(value, dict) else value
    return value if kind.endswith("Value") else stated


def _is_request(span: Mapping[str, Any]) -> bool:
    if span.get("type") == "GENERATION":
        return "input" in span
    return _stated(span, _INPUTS) is not None and any(key.startswith(_KINDS) for key in span)


# --- one request ----------------------------------------------------------------------------------------------------


def _talk(span: Mapping[str, Any]) -> Talk:
    status = span.get("status")
    code = status.get("code", status.get("status_code")) if isinstance(status, dict) else status
    if code in _FAILED or span.get("level") == "ERROR":
        raise Refused("failed_request", "the request ended with an error")
    if any(map(is_cut, _reasons(span))):
        raise Refused("unfinished", "the answer is not finished")
    langfuse = span.get("type") == "GENERATION"
    asked = _read(span.get("input") if langfuse else _stated(span, _INPUTS))
    told = _read(span.get("output") if langfuse else _stated(span, _OUTPUTS))
    request = asked if isinstance(asked, dict) else {"messages": asked}
    stated = request.get("messages")
    past = [Utterance("user", stated)] if isinstance(stated, str) else messages_of({}, _messages(stated))
    tools = tools_of(request) or tools_of({"tools": _listed_tools(_stated(span, _TOOLS))})
    return Talk((*_system(span), *past, *_reply(told)), tools, _metadata(span))


def _system(span: Mapping[str, Any]) -> list[Utterance]:
    parts = _read(span.get("gen_ai.system_instructions"))
    words = [one.get("content") for one in _dicts(parts)]
    return [Utterance("system", "\n\n".join(word for word in words if isinstance(word, str)))] if words else []


def _reply(told: Any) -> list[Utterance]:
    if isinstance(told, str):
        return [Utterance("assistant", told)]
    if isinstance(told, dict):
        return answered(told)
    return messages_of({}, _messages(told)[:1])


def _messages(stated: Any) -> list[Any]:
    """Messages, out of OpenInference's wrapping ({"message": …, "tool_calls": [{"tool_call": …}]})."""
    found = [one["message"] if isinstance(one, dict) and isinstance(one.get("message"), dict) else one
             for one in (stated if isinstance(stated, list) else [stated])]  # fmt: skip
    return [_with_bare_calls(one) for one in found]


def _with_bare_calls(message: Any) -> Any:
    calls = _dicts(message.get("tool_calls")) if isinstance(message, dict) else []
    return {**message, "tool_calls": [call.get("tool_call", call) for call in calls]} if calls else message


def _listed_tools(stated: Any) -> Any:
    found = [_read(one.get("tool", one)) if isinstance(one, dict) else one for one in _dicts(_read(stated))]
    return [one.get("json_schema", one) if isinstance(one, dict) else one for one in found]


def _reasons(span: Mapping[str, Any]) -> Sequence[Any]:
    stated = _read(span.get("gen_ai.response.finish_reasons"))
    told = _dicts(_read(_stated(span, _OUTPUTS)))
    return [*(stated if isinstance(stated, list) else [stated]), *(one.get("finish_reason") for one in told)]


def _metadata(span: Mapping[str, Any]) -> dict[str, Any]:
    context = span.get("context")
    places = (span, context if isinstance(context, dict) else {})
    origin = next((place[key] for place in places for key in ("traceId", "trace_id", "id") if place.get(key)), "")
    model = next((span[name] for name in _MODELS if isinstance(span.get(name), str)), "unknown")
    return {"source": "traces", "licence": "owner", "teacher": model, "origin": str(origin)}


# --- attributes -----------------------------------------------------------------------------------------------------


def _stated(span: Mapping[str, Any], names: Sequence[str]) -> Any:
    """The first of the attributes that is there: as one value, or as one attribute for each of its fields."""
    for name in names:
        if name in span:
            return span[name]
        if fields := {key.removeprefix(f"{name}."): one for key, one in span.items() if key.startswith(f"{name}.")}:
            return _nested(fields)
    return None


def _nested(fields: Mapping[str, Any]) -> Any:
    """{"0.role": "user", "1.role": …} as a list of objects."""
    heads: dict[str, dict[str, Any]] = {}
    for key, value in fields.items():
        head, _, rest = key.partition(".")
        heads.setdefault(head, {})[rest] = value
    found = {head: inner[""] if "" in inner else _nested(inner) for head, inner in heads.items()}
    if all(head.isdecimal() for head in found):
        return [found[head] for head in sorted(found, key=int)]
    return found


def _read(value: Any) -> Any:
    """A value, out of its JSON text; a text that is none is itself."""
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        try:
            return read_json(value)
        except ValueError:
            return value
    return value
