"""A conversation is the same row in whatever form it is stored."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aj.messages import Row, row_to_record
from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Preference, Transcript
from datasets_build.sources.shapes import parse, shape_of
from tests.datasets_build.sources.talks import (
    ASKED,
    OPENAI,
    TOLD,
    TOOL,
    USED,
    call,
    calling,
    codes,
    function,
    made,
    result,
    row,
    said,
    spoken,
    user,
)  # fmt: skip

USE = [ASKED, ("disk_free", {"host": "web01"}), USED, TOLD]
HERMES = f"<tool_call>\n{json.dumps({'name': 'disk_free', 'arguments': {'host': 'web01'}})}\n</tool_call>"
SHAREGPT = [
    {"from": "human", "value": ASKED},
    {"from": "function_call", "value": json.dumps({"name": "disk_free", "arguments": {"host": "web01"}})},
    {"from": "observation", "value": USED},
    {"from": "gpt", "value": TOLD},
]
PYTHON = {"name": "disk_free", "parameters": {"type": "dict", "properties": {"host": {"type": "str"}}}}
ITEMS = [
    {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Look."}]},
    {"type": "function_call", "call_id": "c1", **function()},
    {"type": "function_call_output", "call_id": "c1", "output": USED},
    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": TOLD}]},
]
BLOCKS = [
    user(),
    said([
        {"type": "thinking", "thinking": "Look.", "signature": "s"},
        {"type": "tool_use", "id": "t1", "name": "disk_free", "input": {"host": "web01"}},
    ]),
    user([{"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": USED}]}]),
    said([{"type": "text", "text": TOLD}]),
]  # fmt: skip
TRACED = [
    {"role": "user", "parts": [{"type": "text", "content": ASKED}]},
    {"role": "assistant", "parts": [
        {"type": "tool_call", "id": "c1", "name": "disk_free", "arguments": {"host": "web01"}}]},
    {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": USED}]},
    {"role": "assistant", "parts": [{"type": "text", "content": TOLD}]},
]  # fmt: skip
RESPONSES = {
    "role": "user",
    "content": f"<tool_response>\n{{'name': 'disk_free', 'content': {USED}}}\n</tool_response>",
}
ANTHROPIC = {"name": "disk_free", "description": "d", "input_schema": TOOL["parameters"]}
FORMS = {
    "openai": {"messages": [user(), calling(call("a")), result("a"), said()], "tools": [OPENAI]},
    "parallel flag": {"messages": [user(), calling(call("a")), result("a"), said()], "tools": [OPENAI],
                      "parallel_tool_calls": False},
    "arguments as object": {"messages": [user(), calling(call(encoded=0)), result(name="disk_free"), said()],
                            "tools": [OPENAI]},
    "arguments encoded three times": {"tools": [TOOL], "messages": [
        user(), calling(call(encoded=3)), result(), said()]},
    "arguments twice encoded": {"messages": [user(), calling(call(encoded=2)), result(), said()], "tools": [TOOL]},
    "functions": {"functions": [TOOL], "messages": [user(), said(None, function_call=function()),
        {"role": "function", "name": "disk_free", "content": USED}, said()]},
    "columns as text": {"messages": json.dumps([user(), calling(call("a")), result("a"), said()]),
                        "tools": json.dumps([OPENAI])},
    "list of texts": {"messages": [user(), calling(call("a")), result("a"), said()], "tools": [json.dumps(TOOL)]},
    "anthropic": {"system": "You help.", "messages": BLOCKS, "tools": [ANTHROPIC]},
    "sharegpt": {"conversations": SHAREGPT, "tools": json.dumps([TOOL]), "system": "You help."},
    "sharegpt in roles": {"conversations": [user(), calling(call("a")), result("a"), said()], "tools": [TOOL]},
    "hermes": {"messages": [{"role": "system", "content": f"<tools>\n{json.dumps(OPENAI)}\n</tools>"}, user(),
                            said(HERMES), result(text=f"<tool_response>\n{USED}\n</tool_response>"), said()]},
    "hermes in Python": {"messages": [{"role": "system", "content": f"<tools>{json.dumps([OPENAI])}</tools>"}, user(),
        said("<tool_call>\n{'arguments': {'host': 'web01'}, 'name': 'disk_free'}\n</tool_call>"), RESPONSES, said()]},
    "parts": {"messages": TRACED, "tools": [TOOL]},
    "messages as texts": {"messages": [json.dumps(m) for m in (user(), calling(call("a")), result("a"), said())],
                          "tools": [TOOL]},
    "functions. before the name": {"messages": [user(), calling({"id": "a", "function": {
        "name": "functions.disk_free", "arguments": '{"host": "web01"}'}}), result("a"), said()], "tools": [TOOL]},
    "when2call": {"tools": [json.dumps(TOOL)], "messages": [
        user(), said(f"<TOOLCALL>[{json.dumps(function(encoded=0))}]</TOOLCALL>"), result(), said()]},
    "mistral text": {"messages": [user(), said(f"[TOOL_CALLS] [{json.dumps(function(encoded=0))}]"), result(), said()],
                     "tools": [OPENAI]},
    "toolace": {"system": f"Functions you can call: {json.dumps([PYTHON])}", "conversations": [
        {"from": "user", "value": ASKED}, {"from": "assistant", "value": '[disk_free(host="web01")]'},
        {"from": "tool", "value": USED}, {"from": "assistant", "value": TOLD}]},
    "request log": {"request": {"messages": [user(), calling(call("a")), result("a")], "tools": [OPENAI]},
                    "response": {"choices": [{"message": said(), "finish_reason": "stop"}]}},
    "request log as text": {"request": json.dumps({"messages": [user(), calling(call("a")), result("a")],
        "tools": [OPENAI]}), "response": json.dumps({"choices": [{"message": said()}]})},
    "stored completion": {"messages": [user(), calling(call("a")), result("a")], "tools": [OPENAI],
                          "choices": [{"message": said(), "finish_reason": "stop"}]},
    "responses in a log": {"request": {"input": ASKED, "tools": [{"type": "function", **TOOL}]},
                           "response": {"output": ITEMS, "status": "completed"}},
    "responses": {"input": [user()], "tools": [{"type": "function", **TOOL}], "output": ITEMS},
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_use_of_a_tool_is_the_same_row_in_every_form(form):
    found = row(FORMS[form])
    assert spoken(found) == USE
    assert [tool["name"] for tool in found.tools] == ["disk_free"]
    assert found.tools[0]["parameters"]["type"] == "object"
    assert codes(FORMS[form], "map") == ["foreign_tool"]


@pytest.mark.parametrize("form", ["anthropic", "responses"])
def test_a_thought_before_a_call_is_its_reasoning(form):
    called = next(m.call for m in row(FORMS[form]).messages if m.call)
    assert called.reasoning == "Look."


def test_words_alone_are_a_chat_in_every_form():
    spoken_forms = (
        {"conversations": [{"from": "human", "value": ASKED}, {"from": "gpt", "value": TOLD}]},
        {"conversations": [{"from": "system", "value": "Help."}, {"role": "user", "content": ASKED}, said()]},
        {"messages": [user(), said([{"type": "text", "text": TOLD}])]},
        {"messages": [user(), {"role": "model", "content": TOLD}]},
        {"system": [{"type": "text", "text": "You help."}], "messages": [user(), said()]},
        {"request": {"body": {"messages": [user()]}}, "response": {"body": {"role": "assistant", "content": [
            {"type": "text", "text": TOLD}], "stop_reason": "end_turn"}}},
        {"input": ASKED, "output": [ITEMS[-1]]},
    )  # fmt: skip
    for record in spoken_forms:
        found = row(record)
        assert (found.mode, spoken(found), found.tools) == ("chat", [ASKED, TOLD], ())


def test_a_message_may_be_a_request_with_its_reply():
    for one, other in (("input", "output"), ("human", "assistant"), ("user", "assistant"), ("question", "answer")):
        found = row({"conversation": [{one: "hello", other: "Hi!"}, {one: ASKED, other: TOLD}]})
        assert spoken(found) == ["hello", "Hi!", ASKED, TOLD]
        marked = row({"conversation": [{one: "hello", other: "Hi!", "train": False}, {one: ASKED, other: TOLD}]})
        assert [message.learned for message in marked.messages] == [True, False, True, True]


def test_a_list_of_ajs_own_tools_makes_no_foreign_row():
    asked = [user("Which agents are there?"), calling({"function": {"name": "list_agents", "arguments": "{}"}})]
    found = row({"messages": asked, "tools": [{"name": "list_agents"}, {"name": "complete"}]})
    assert found.tools == ()
    assert spoken(found)[1] == ("list_agents", {})


def test_a_declined_request_keeps_the_tools_that_it_was_declined_with():
    found = row({"messages": [user("Order a pizza"), said("I have no tool for that.")], "tools": [json.dumps(TOOL)]})
    assert (found.mode, len(found.tools)) == ("step", 1)


def test_python_types_and_bare_parameters_become_json_schema():
    bare = {"name": "disk_free", "parameters": {
        "host": {"type": "str"}, "depth": {"type": "int", "default": 2}, "tags": {"type": "List[str]"},
        "more": {"type": "str, optional"}, "any": {"type": "Union[str, int]", "default": None}}}  # fmt: skip
    record = {"query": ASKED, "answers": json.dumps([function(encoded=0)]), "tools": json.dumps([bare])}
    (found,) = made(record)
    assert isinstance(found, Refused)  # `tags` has no default, so a call without it is wrong
    bare["parameters"].pop("tags")
    schema = row({**record, "tools": json.dumps([bare])}).tools[0]["parameters"]
    assert schema["required"] == ["host"]
    assert [one.get("type") for one in schema["properties"].values()] == [
        "string",
        "integer",
        "string",
        ["string", "integer"],
    ]


def test_a_trajectory_that_failed_is_not_learned():
    messages = [said("Hi! How can I help?", turn_idx=0), user(), {"role": "assistant", "content": None, "tool_calls": [
        {"id": "c1", "name": "disk_free", "arguments": {"host": "web01"}, "requestor": "assistant"}]},
        {"id": "c1", "role": "tool", "content": USED, "requestor": "assistant", "error": False}, said()]  # fmt: skip
    record = {"id": "s1", "messages": messages, "reward_info": {"reward": 0.0}, "tools": [TOOL]}
    assert codes(record) == ["failed_task"]
    found = row(record | {"reward_info": {"reward": 1.0}})
    assert spoken(found) == USE
    assert found.metadata["cut"] == "greeting"
    asks = {"role": "user", "content": None, "tool_calls": [{"id": "u1", "name": "look"}]}
    messages[2:2] = [asks, {"id": "u1", "role": "tool", "content": "seen", "requestor": "user"}]
    simulations = [{"messages": messages, "reward_info": {"reward": reward}, "tools": [TOOL]} for reward in (1.0, 0.0)]
    kept, failed = made({"timestamp": "now", "simulations": simulations})
    assert isinstance(kept, Row)
    assert spoken(kept) == USE
    assert isinstance(failed, Refused)
    assert codes({"traj": [user(), said()], "reward": 0.0}) == ["failed_task"]


def test_results_of_parallel_calls_in_one_message_go_to_their_calls():
    both = '[disk_free(host="web01"), disk_free(host="db01")]'
    talk = [{"from": "user", "value": ASKED}, {"from": "assistant", "value": both},
            {"from": "tool", "value": '[{"name": "disk_free", "results": 42}, {"name": "disk_free", "results": 91}]'},
            {"from": "assistant", "value": TOLD}]  # fmt: skip
    found = row({"system": json.dumps([PYTHON]), "conversations": talk})
    assert spoken(found)[1:5] == [("disk_free", {"host": "web01"}), "42", ("disk_free", {"host": "db01"}), "91"]


def test_an_answer_about_what_the_row_does_not_hold_is_refused():
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    for record in (
        {"messages": [user([{"type": "text", "text": "What is this?"}, picture]), said("A rack.")]},
        {"messages": [user([{"type": "image"}, {"type": "text", "text": "What is this?"}]), said("A rack.")]},
        {"messages": [user([{"type": "document", "source": {"type": "base64"}}]), said("A report.")]},
        {"messages": [user("How big?"), said("It has 3 TB [1].", sources=[{"name": "wiki"}])]},
        {"messages": [user("How big?"), said("It has 3 TB [1].")], "citations": ["https://example.org"]},
        {
            "messages": [
                user(
                    "How big?",
                ),
                said("It has 3 TB."),
            ],
            "documents": [{"text": "3 TB"}],
        },
        {"messages": [user("What is this? ![](data:image/png;base64,AAAA)"), said("A rack.")]},
        {"messages": [user("<image>What is this?"), said("A rack.")], "images": ["rack.png"]},
    ):
        assert codes(record) == ["unseen_source"]


def test_an_answer_that_was_cut_off_is_refused():
    for response in (
        {"choices": [{"message": said("It is `postg"), "finish_reason": "length"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "It is"}], "stop_reason": "max_tokens"},
        {"output": [ITEMS[-1]], "status": "incomplete"},
    ):
        assert codes({"request": {"messages": [user()]}, "response": response}) == ["unfinished"]


def test_records_that_no_row_can_come_from_say_why():
    refused = {
        "no_target": {"messages": [user()]},
        "unknown_role": {"messages": [{"role": "narrator", "content": "hi"}, said()]},
        "no_text": {"messages": [user(7), said()]},
        "broken_call": {"messages": [user(), calling(call("a")), result("a"), said(tool_calls="none")]},
        "empty_output": {"messages": [user(), said("", reasoning_content="Look it up.")]},
        "broken_json": {"messages": '[{"role": '},
        "bad_tools": {"messages": [user(), said()], "tools": [{"name": ""}]},
        "undeclared_tool": {"messages": [user(), calling({"function": {"name": "x"}})], "tools": [TOOL]},
        "unclosed_think": {"messages": [user(), said("<think>so far")], "tools": [TOOL]},
    }
    for code, record in refused.items():
        assert codes(record) == [code], record


TWICE = r'{"host": "web01", "\u0068ost": "db01"}'


@pytest.mark.parametrize("arguments", [TWICE, json.dumps(TWICE), f'{{"host": {TWICE}}}', '{"host": 1, "host": 1}'])
def test_arguments_with_a_key_twice_are_refused_however_they_are_written(arguments):
    talk = [user(), calling({"id": "a", "function": {"name": "bash", "arguments": arguments}}), result("a"), said()]
    own = {"name": "bash", "description": "", "parameters": {"type": "object", "properties": {}}}
    assert codes({"messages": talk}) == ["duplicate_key"]
    assert codes({"messages": talk, "tools": [own, TOOL]}) == ["duplicate_key"]


def test_a_call_in_a_text_with_a_key_twice_is_refused_and_not_read_as_python():
    for written in (
        '<tool_call>{"name": "disk_free", "arguments": {"host": "web01", "host": "db01"}}</tool_call>',
        "<tool_call>{'name': 'disk_free', 'arguments': {'host': 'web01', 'host': 'db01'}}</tool_call>",
        '<tool_call>{"name": "disk_free", "name": "disk_free", "arguments": {}}</tool_call>',
        '[disk_free(host={"a": 1, "a": 2})]',
    ):
        assert codes({"messages": [user(), said(written)], "tools": [TOOL]}) == ["broken_call"], written


@pytest.mark.parametrize("big", [2**64, -(2**63) - 1, 10**40])
def test_integers_of_any_size_stay_what_they_are_in_a_call(big):
    tool = {**TOOL, "parameters": {"type": "object", "properties": {"host": {"type": "integer"}}}}
    for arguments in ({"host": big}, json.dumps({"host": big}), json.dumps(json.dumps({"host": big}))):
        told = row({"messages": [user(), calling({"function": {"name": "disk_free", "arguments": arguments}})],
                    "tools": [tool]})  # fmt: skip
        assert spoken(told)[1] == ("disk_free", {"host": big})
        assert str(big) in json.dumps(row_to_record(told))


def test_forms_that_are_not_read_are_named_with_a_way_out():
    named = {
        "Gemini": {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
        "ChatML": {"text": "<|im_start|>user\nhi<|im_end|>"},
        "Llama 3": {"text": "<|begin_of_text|><|start_header_id|>user<|end_header_id|>hi"},
        "Mistral": {"text": "<s>[INST] hi [/INST] hello</s>"},
        "Guanaco": {"text": "### Human: hi### Assistant: hello"},
        "Zephyr": {"text": "<|user|>\nhi</s>\n<|assistant|>\nhello</s>"},
        "Vicuna": {"text": "USER: hi ASSISTANT: hello</s>"},
        "Axolotl": {"segments": [{"label": True, "text": "hi"}]},
        "OpenAssistant": {"message_id": "a", "parent_id": None, "role": "prompter", "text": "hi"},
        "batch API": {"id": "b", "custom_id": "r1", "response": {"body": {"choices": [{"message": said()}]}}},
        "pretraining": {"text": "Once upon a time."},
    }
    for name, record in named.items():
        (found,) = made(record)
        assert isinstance(found, Refused)
        assert (found.code, name in found.why) == ("other_form", True)
        assert any(word in found.why for word in ("write", "give the messages", "join"))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
MESSAGE = st.fixed_dictionaries(
    {},
    optional={
        "role": st.sampled_from(["user", "assistant", "tool", "system"]) | VALUES,
        "content": VALUES,
        "tool_calls": st.lists(st.fixed_dictionaries({"function": VALUES}), max_size=2) | VALUES,
        "function_call": VALUES,
    },
)
MESSAGES = st.lists(MESSAGE | VALUES, max_size=4)


@settings(max_examples=100)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(("messages", "chosen", "rejected", "prompt", "input", "output"), MESSAGES | VALUES),
            **dict.fromkeys(("tools", "system", "metadata", "label", "loss_mask", "history"), VALUES),
        },
    )
)
def test_hostile_records_give_items_and_no_error(record):
    found = list(parse(record))
    assert found
    assert all(isinstance(item, Transcript | Preference | Refused) for item in found)


def test_our_own_rows_are_not_taken_for_others():
    assert shape_of({"messages": [], "mode": "step", "layout": "dialogue"}) == "native"
    assert isinstance(made({"messages": [user(), said()]})[0], Row)
