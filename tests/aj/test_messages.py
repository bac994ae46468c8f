"""Rows and pairs are stored in the ecosystem's form, read back as they were, and refused when changed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aj.errors import DataError
from aj.files import write_jsonl
from aj.messages import (
    Call,
    Message,
    Pair,
    Row,
    calls,
    from_record,
    pair_from_record,
    pair_to_record,
    read_pairs,
    read_rows,
    reply,
    result,
    row_from_record,
    row_to_record,
    to_record,
    user,
    without_note,
)

TEXT = st.text()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT, lambda inner: st.dictionaries(TEXT, inner), max_leaves=5
)
SPOKEN = st.none() | st.text(min_size=1)
CALLS = st.builds(Call, st.text(min_size=1), st.dictionaries(TEXT, JSON, max_size=3), SPOKEN, SPOKEN)
MESSAGES = st.one_of(
    st.builds(user, TEXT),
    st.builds(reply, TEXT),
    st.builds(result, st.text(min_size=1), TEXT),
    st.builds(lambda call: Message("assistant", call=call), CALLS),
)
CONVERSATIONS = st.lists(MESSAGES, min_size=1, max_size=4).map(tuple)
MODES = st.sampled_from(["step", "chat", "plan", "intent"])
LAYOUTS = st.sampled_from(["dialogue", "state_block"])
METADATA = st.dictionaries(TEXT, JSON, max_size=2)
ROWS = st.builds(Row, CONVERSATIONS, MODES, LAYOUTS, METADATA)
PAIRS = st.builds(Pair, CONVERSATIONS, MESSAGES, TEXT, MODES, LAYOUTS, METADATA)

ROW = Row((user("hi"), calls("list_agents", note="On it!"), result("list_agents", "none"), reply("none")))
PAIR = Pair((user("hi"),), calls("list_agents"), '{"tool": "none"}')


def _through_json(record):
    return json.loads(json.dumps(record, ensure_ascii=False))


@given(MESSAGES)
def test_a_message_comes_back_as_it_was(message):
    assert from_record(_through_json(to_record(message))) == message


@given(ROWS)
def test_a_row_comes_back_as_it_was(row):
    assert row_from_record(_through_json(row_to_record(row))) == row


@given(PAIRS)
def test_a_pair_comes_back_as_it_was(pair):
    assert pair_from_record(_through_json(pair_to_record(pair))) == pair


def test_a_call_is_stored_in_openai_form_with_its_arguments_as_an_object():
    call = Message("assistant", call=Call("bash", {"command": "ls"}, "On it!", "look first"))
    assert to_record(call) == {
        "role": "assistant",
        "content": "On it!",
        "reasoning_content": "look first",
        "tool_calls": [{"type": "function", "function": {"name": "bash", "arguments": {"command": "ls"}}}],
    }


def test_a_turn_without_its_note_is_otherwise_the_same():
    assert without_note(calls("bash", {"command": "ls"}, "On it!")) == calls("bash", {"command": "ls"})
    assert without_note(reply("hi")) == reply("hi")


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"role": "system", "content": "x"}, "role 'system' is none of user, assistant, tool"),
        ({"content": "x"}, "role None"),
        ({"role": "user", "content": 3}, "content is a int"),
        ({"role": "assistant", "tool_calls": [{}, {}]}, "one call"),
        ({"role": "assistant", "tool_calls": {"function": {}}}, "one call"),
        ({"role": "assistant", "tool_calls": [3]}, "arguments must be an object"),
        ({"role": "assistant", "tool_calls": [{"function": {"name": "a", "arguments": "{}"}}]}, "not a string"),
        ({"role": "assistant", "tool_calls": [{"function": {"name": "a"}}]}, "arguments must be an object"),
    ],
)
def test_a_record_that_is_not_a_message_is_refused(record, said):
    with pytest.raises(ValueError, match=said):
        from_record(record)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"messages": []}, "at least one message"),
        ({"messages": "hi"}, "at least one message"),
        ({"messages": ["hi"]}, "at least one message"),
        ({"mode": "shout"}, "mode 'shout' is none of step"),
        ({"layout": "spiral"}, "layout 'spiral' is none of dialogue"),
        ({"metadata": []}, "'metadata' must be an object"),
        ({"mode": "chat"}, "does not match the content"),
        ({"id": "000000000000"}, "does not match the content"),
        ({"messages": [{"role": "user", "content": "hi \ud800"}]}, "surrogates not allowed"),
    ],
)
def test_a_row_that_was_changed_or_corrupted_is_refused_with_file_and_line(tmp_path, change, said):
    path = tmp_path / "sft.jsonl"
    good, bad = row_to_record(ROW), row_to_record(ROW) | change
    path.write_text(json.dumps(good) + "\n\n" + json.dumps(bad) + "\n")
    with pytest.raises(DataError, match=said) as caught:
        read_rows(path)
    assert str(caught.value).startswith(f"{path}:3: ")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"chosen": "text"}, "a pair needs 'chosen'"),
        ({"rejected": {"role": "assistant"}}, "and 'rejected'"),
        ({"rejected": "another"}, "does not match the content"),
        ({"chosen": {"role": "assistant", "content": "another"}}, "does not match the content"),
    ],
)
def test_a_pair_that_was_changed_or_corrupted_is_refused_with_file_and_line(tmp_path, change, said):
    path = tmp_path / "dpo.jsonl"
    write_jsonl(path, [pair_to_record(PAIR), pair_to_record(PAIR) | change])
    with pytest.raises(DataError, match=said) as caught:
        read_pairs(path)
    assert str(caught.value).startswith(f"{path}:2: ")


def test_rows_and_pairs_are_read_from_a_file(tmp_path):
    write_jsonl(tmp_path / "sft.jsonl", [row_to_record(ROW)])
    write_jsonl(tmp_path / "dpo.jsonl", [pair_to_record(PAIR)])
    assert read_rows(tmp_path / "sft.jsonl") == [ROW]
    assert read_pairs(tmp_path / "dpo.jsonl") == [PAIR]


def test_an_id_is_the_content_and_not_the_metadata():
    assert replace(ROW, metadata={"source": "x"}).id == ROW.id
    changed = [replace(ROW, mode="chat"), replace(ROW, layout="state_block"), replace(ROW, messages=ROW.messages[:-1])]
    assert len({row.id for row in (ROW, *changed)}) == 4
    assert replace(PAIR, rejected="x").id != PAIR.id
