"""Traces: a request to a model is the same row in whatever way it was recorded."""

import json
from typing import Any

import pytest

from tests.datasets_build.sources.talks import (
    ASKED,
    OPENAI,
    TOLD,
    TOOL,
    USED,
    call,
    calling,
    codes,
    made,
    result,
    row,
    said,
    spoken,
    user,
)  # fmt: skip

USE = [ASKED, ("disk_free", {"host": "web01"}), USED, TOLD]
PAST = [user(), calling(call("a")), result("a")]
PARTS = [
    {"role": "user", "parts": [{"type": "text", "content": ASKED}]},
    {"role": "assistant", "parts": [
        {"type": "tool_call", "id": "a", "name": "disk_free", "arguments": {"host": "web01"}}]},
    {"role": "tool", "parts": [{"type": "tool_call_response", "id": "a", "response": USED}]},
]  # fmt: skip
OUT = [{"role": "assistant", "parts": [{"type": "text", "content": TOLD}], "finish_reason": "stop"}]
CONVENTION: dict[str, Any] = {
    "gen_ai.system_instructions": [{"type": "text", "content": "You help."}],
    "gen_ai.input.messages": PARTS,
    "gen_ai.output.messages": OUT,
    "gen_ai.tool.definitions": [{"type": "function", **TOOL}],
    "gen_ai.response.model": "m1",
}


def otlp(*spans: dict[str, Any]) -> dict[str, Any]:
    return {"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {}, "spans": list(spans)}]}]}


def listed(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    """Attributes as OTLP writes them, values that are no texts as JSON text."""
    return [
        {"key": key, "value": {"stringValue": value if isinstance(value, str) else json.dumps(value)}}
        for key, value in attributes.items()
    ]


FIELDS = {
    "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": ASKED,
    "gen_ai.prompt.1.role": "assistant", "gen_ai.prompt.1.tool_calls.0.id": "a",
    "gen_ai.prompt.1.tool_calls.0.name": "disk_free", "gen_ai.prompt.1.tool_calls.0.arguments": '{"host": "web01"}',
    "gen_ai.prompt.2.role": "tool", "gen_ai.prompt.2.content": USED, "gen_ai.prompt.2.tool_call_id": "a",
    "gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": TOLD,
    "llm.request.functions.0.name": "disk_free", "llm.request.functions.0.parameters": json.dumps(TOOL["parameters"]),
}  # fmt: skip
INFERENCE = {
    "llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.content": ASKED,
    "llm.input_messages.1.message.role": "assistant",
    "llm.input_messages.1.message.tool_calls.0.tool_call.id": "a",
    "llm.input_messages.1.message.tool_calls.0.tool_call.function.name": "disk_free",
    "llm.input_messages.1.message.tool_calls.0.tool_call.function.arguments": '{"host": "web01"}',
    "llm.input_messages.2.message.role": "tool", "llm.input_messages.2.message.content": USED,
    "llm.input_messages.2.message.tool_call_id": "a",
    "llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": TOLD,
    "llm.tools.0.tool.json_schema": json.dumps(OPENAI),
}  # fmt: skip
FORMS = {
    "a span of its own": {"name": "chat m1", "trace_id": "t1", "attributes": CONVENTION},
    "OTLP": otlp({"traceId": "t1", "spanId": "s", "attributes": listed(CONVENTION)}),
    "an event": otlp({"traceId": "t1", "attributes": [], "events": [
        {"name": "gen_ai.client.inference.operation.details", "attributes": listed(CONVENTION)}]}),
    "OpenLLMetry": {"attributes": FIELDS},
    "OpenInference": {"context": {"trace_id": "t1"}, "attributes": INFERENCE},
    "Langfuse": {"type": "GENERATION", "traceId": "t1", "model": "m1",
                 "input": {"messages": PAST, "tools": [OPENAI]}, "output": said()},
    "Langfuse's trace": {"id": "t1", "observations": [
        {"type": "SPAN", "input": "x"},
        {"type": "GENERATION", "input": json.dumps({"messages": PAST, "tools": [OPENAI]}), "output": TOLD}]},
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_request_is_the_same_row_in_every_form(form):
    found = row(FORMS[form])
    assert spoken(found) == USE
    assert [tool["name"] for tool in found.tools] == ["disk_free"]
    assert found.metadata["source"] == "traces"


def test_a_trace_names_its_model():
    assert row(FORMS["OTLP"]).metadata | {"teacher": "m1", "origin": "t1"} == row(FORMS["OTLP"]).metadata
    assert row(FORMS["OpenLLMetry"]).metadata["teacher"] == "unknown"


def test_a_request_that_failed_or_was_cut_off_is_refused():
    cut = [{**OUT[0], "finish_reason": "length"}]
    assert codes({"attributes": CONVENTION, "status": {"code": "STATUS_CODE_ERROR"}}) == ["failed_request"]
    assert codes({"attributes": CONVENTION, "status": {"code": 2}}) == ["failed_request"]
    assert codes({**FORMS["Langfuse"], "level": "ERROR"}) == ["failed_request"]
    assert codes({"attributes": CONVENTION | {"gen_ai.output.messages": cut}}) == ["unfinished"]
    assert codes({"attributes": CONVENTION | {"gen_ai.response.finish_reasons": ["length"]}}) == ["unfinished"]


def test_spans_that_are_no_requests_are_passed_over_beside_those_that_are():
    other = {"traceId": "t1", "attributes": listed({"http.route": "/"})}
    span = {"traceId": "t1", "attributes": listed(CONVENTION)}
    assert len(made(otlp(other, span, span))) == 2
    assert codes(otlp(other)) == ["unknown_shape"]
