"""Toucan: every config's form becomes turns of one call each, and what is not certain is refused by its code."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aj.messages import Call
from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Transcript, Turn
from datasets_build.sources.toucan import matches, parse

TOOL = {"name": "srv-size", "description": "Size of a folder", "parameters": {"type": "object", "properties": {}}}
OTHER = {"name": "srv-age", "description": "Age", "parameters": {"properties": {"unit": {"type": "string"}}}}
LISTED = [{"type": "function", "function": TOOL}, {"type": "function", "function": OTHER}]
ASK, DONE = {"role": "user", "content": "How big?"}, {"role": "assistant", "content": "Small."}


def call(name="srv-size", arguments="{}", said=""):
    return {"role": "assistant", "content": said, "function_call": {"name": name, "arguments": arguments}}


def answer(text, name="srv-size"):
    return {"role": "function", "content": text, "name": name}


def say(text):
    return {"role": "assistant", "content": text}


def record(*messages, **columns):
    base = {"uuid": "u-1", "subset_name": "multi-turn", "available_tools": json.dumps(LISTED)}
    return base | {"messages": json.dumps(messages)} | columns


def read(*messages, **columns):
    value = record(*messages, **columns)
    assert matches(value)
    (item,) = parse(value)
    return item


def turns(*messages, **columns):
    item = read(*messages, **columns)
    assert isinstance(item, Transcript), item
    return item.turns


def code(*messages, **columns):
    item = read(*messages, **columns)
    assert isinstance(item, Refused)
    return item.code


def test_an_emission_split_over_messages_is_one_turn():
    first = Turn("assistant", call=Call("srv-size", {"deep": True}, "Let me look."))
    found = turns(ASK, say("Let me look."), call(arguments='{"deep": true}'), answer("3 MB"), DONE)
    assert found == (
        Turn("user", "How big?"),
        first,
        Turn("tool", "3 MB", tool="srv-size"),
        Turn("assistant", "Small."),
    )


def test_parallel_calls_are_taken_one_after_another_with_their_own_results():
    found = turns(ASK, say("Both."), call(), call("srv-age"), answer("old", "srv-age"), answer("3 MB"), DONE)
    assert [turn.call.tool if turn.call else turn.text for turn in found[1:]] == [
        *("srv-size", "3 MB", "srv-age", "old", "Small.")
    ]
    assert [turn.call.note for turn in found if turn.call] == ["Both.", None]


def test_results_without_a_name_are_matched_by_order():
    nameless = [{"role": "tool", "content": text} for text in ("3 MB", "old")]
    found = turns(ASK, call(), call("srv-age"), *nameless, DONE)
    assert [(turn.tool, turn.text) for turn in found if turn.role == "tool"] == [
        ("srv-size", "3 MB"),
        ("srv-age", "old"),
    ]


def test_the_sft_config_is_read_although_a_call_is_a_python_dict():
    written = {"role": "tool_call", "content": "{'name': 'size', 'arguments': '{\"path\": \"it\\'s\"}'}"}
    found = turns(ASK, written, {"role": "tool_response", "content": "3 MB"}, DONE)
    assert found[1].call == Call("srv-size", {"path": "it's"})
    assert found[2] == Turn("tool", "3 MB", tool="srv-size")


@pytest.mark.parametrize(
    "system",
    [
        f"<|im_system|>tool_declare<|im_middle|>{json.dumps(LISTED)}<|im_end|>",
        "Tools within <tools></tools> tags:\n<tools>\n" + "\n".join(map(json.dumps, LISTED)) + "\n</tools>\nCall them.",
    ],
)
def test_tools_are_read_from_the_system_text_where_the_columns_lack_them(system):
    item = read({"role": "system", "content": system}, ASK, DONE, available_tools="")
    assert isinstance(item, Transcript)
    assert [tool["name"] for tool in item.tools] == ["srv-size", "srv-age"]
    assert item.tools[1]["parameters"] == {"type": "object", "properties": {"unit": {"type": "string"}}}


def test_a_row_whose_right_answer_is_to_decline_has_tools_and_no_call():
    item = read(ASK, say("None of my tools does that."), subset_name="irrelevant")
    assert isinstance(item, Transcript)
    assert (item.mode, len(item.tools), item.metadata["subset"]) == ("step", 2, "irrelevant")
    assert "quality" not in item.metadata


def test_grades_licence_teacher_and_origin_stand_in_the_metadata():
    grades = {"completeness": {"reasoning": "so", "score": 4}, "conciseness": {"score": 5}, "order_correctness": True}
    steps = [{"model": "q", "generation_params": {"step": "1.2", "model_path": "a/question"}}]
    steps += [{"model": "k", "generation_params": {"step": "4.1", "model_path": "b/teacher"}}]
    item = read(
        *(ASK, DONE),
        response_quality_assessment=json.dumps(grades | {"desired_tools_used_percentage": 0.5}),
        metadata=json.dumps({"synthetic_data_gen_configs": str(steps)}),
    )
    assert isinstance(item, Transcript)
    graded = {"completeness": 4, "conciseness": 5, "desired_tools_used_percentage": 0.5, "order_correctness": True}
    assert item.metadata["quality"] == graded
    assert [item.metadata[key] for key in ("source", "licence", "teacher", "origin")] == [
        *("toucan", "Apache-2.0", "b/teacher", "u-1")
    ]


def test_grades_that_are_broken_take_nothing_from_the_conversation():
    item = read(ASK, DONE, response_quality_assessment="{", metadata='{"synthetic_data_gen_configs": "[("}')
    assert isinstance(item, Transcript)
    assert item.metadata["teacher"] == "unknown"


def test_a_thought_becomes_the_reasoning_of_the_call_after_it():
    found = turns(ASK, say("<think>\nfirst the size\n</think>\n\nOn it."), call(), answer("3 MB"), DONE)
    assert found[1].call == Call("srv-size", {}, "On it.", "first the size")


@pytest.mark.parametrize(
    ("after", "cut"), [((ASK,), "ends_on_user"), ((call(), answer("3 MB")), "ends_on_tool"), ((), None)]
)
def test_a_row_that_does_not_end_on_the_assistant_is_cut_there_and_says_so(after, cut):
    item = read(ASK, DONE, ASK, DONE, *after)
    assert isinstance(item, Transcript)
    assert item.turns[-1].role == "assistant"
    assert item.metadata.get("cut") == cut


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ((ASK, call(arguments='{"a": ')), "broken_call"),
        ((ASK, call(arguments='{"a": 1, "a": 2}')), "duplicate_key"),
        ((ASK, call(arguments='{"a": 1e999}')), "broken_call"),
        ((ASK, call(arguments="[1]")), "arguments_not_object"),
        ((ASK, call("launch")), "undeclared_tool"),
        ((ASK, call(), DONE), "no_result"),
        ((ASK, call(), call("srv-age")), "no_result"),
        (({"role": "user", "content": " "}, DONE), "no_user"),
        ((ASK, call(), DONE, answer("3 MB")), "result_without_call"),
        ((ASK, call(), call("srv-age"), answer("old", "srv-age")), "no_result"),
        ((ASK, answer("3 MB"), DONE), "result_without_call"),
        ((ASK, call(), answer("old", "srv-age"), DONE), "result_without_call"),
        ((ASK, say("<think>never closed")), "unclosed_think"),
        ((ASK, say("so <|tool_call_begin|>")), "special_token"),
        ((ASK, {"role": "narrator", "content": "x"}), "unknown_role"),
        ((ASK, {"role": "assistant", "content": [5]}), "no_text"),
        ((DONE,), "no_answer"),
        ((ASK,), "no_target"),
        ((ASK, {"role": "tool_call", "content": "__import__('os').getcwd()"}), "broken_call"),
        ((ASK, {"role": "tool_call", "content": "[" * 5_000}), "broken_call"),
    ],
)
def test_what_is_not_certain_is_refused_by_its_code(messages, expected):
    assert code(*messages) == expected


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"messages": "[{"}, "broken_json"),
        ({"messages": "3"}, "no_text"),
        ({"messages": "[" * 100_000}, "broken_json"),
        ({"available_tools": '[{"function": {}}]'}, "bad_tools"),
        ({"available_tools": json.dumps([TOOL, TOOL | {"description": "x"}])}, "declared_twice"),
        ({"available_tools": json.dumps([TOOL | {"description": "<|im_end|>"}])}, "special_token"),
        ({"messages": '[{"role": "user", "content": "\\ud800"}]'}, "broken_json"),
        ({"messages": [{"role": "user", "content": "\ud800"}, DONE]}, "broken_text"),
    ],
)
def test_a_broken_column_is_refused_by_its_code(columns, expected):
    assert code(ASK, DONE, **columns) == expected


def test_a_tool_that_is_declared_twice_alike_stands_once():
    item = read(ASK, DONE, available_tools=json.dumps([TOOL, TOOL]))
    assert isinstance(item, Transcript)
    assert item.tools == (TOOL,)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
ROLES = st.sampled_from(["system", "user", "assistant", "function", "tool", "tool_call", "tool_response", "x"])
MESSAGES = st.fixed_dictionaries(
    {"role": ROLES, "content": st.text(max_size=20) | st.just("<think>") | JSON},
    optional={"name": st.just("srv-size") | JSON, "function_call": JSON | st.just({"name": "srv-size"})},
)


@given(st.lists(MESSAGES | JSON, max_size=5) | JSON, JSON, JSON)
@settings(max_examples=50)
def test_whatever_stands_in_a_record_it_is_read_or_refused(messages, tools, grades):
    for columns in ((messages, tools, grades), tuple(map(json.dumps, (messages, tools, grades)))):
        keys = ("messages", "available_tools", "response_quality_assessment")
        value = {"subset_name": "x"} | dict(zip(keys, columns, strict=True))
        assert matches(value)
        assert [isinstance(item, Transcript | Refused) for item in parse(value)] == [True]


CALLED = st.lists(st.lists(st.sampled_from(["srv-size", "srv-age"]), min_size=1, max_size=3), min_size=1, max_size=4)


@given(CALLED)
@settings(max_examples=40)
def test_no_call_and_no_result_is_lost_or_moved(emissions):
    messages, expected = [ASK], []
    for number, names in enumerate(emissions):
        messages += [call(name, f'{{"n": {number}}}') for name in names]
        messages += [answer(f"{number}.{place}", name) for place, name in enumerate(names)]
        expected += [pair for place, name in enumerate(names) for pair in ((name, number), (name, f"{number}.{place}"))]
    found = turns(*messages, DONE)[1:-1]
    assert [
        (turn.call.tool, turn.call.params["n"]) if turn.call else (turn.tool, turn.text) for turn in found
    ] == expected


def test_other_records_are_not_taken_for_toucan():
    assert not matches({"messages": [ASK], "metadata": {}})
    assert not matches({"system": "", "chat": "USER: hi"})
