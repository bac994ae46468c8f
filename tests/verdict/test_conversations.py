"""A log's sample as text: the request, the replies with their calls, from a text or from messages with parts."""

import pytest

from verdict.conversations import asked, replied, request_of, said, text, written

USER = {"role": "user", "content": "how is web01?"}
CALL = {"function": "remote_bash", "arguments": {"command": "echo ü"}}
ACTS = {"role": "assistant", "content": "Looking.", "tool_calls": [CALL]}
RESULT = {"role": "tool", "content": "ü"}
ENDS = {"role": "assistant", "content": [{"type": "reasoning", "text": "hm"}, {"type": "text", "text": "Fine."}]}
SYSTEM = {"role": "system", "content": "You are AJ."}


@pytest.mark.parametrize(
    ("sample", "request_"),
    [
        ({"input": "how is it?"}, "how is it?"),
        ({"input": "state: …", "metadata": {"request": "how is it?"}}, "how is it?"),
        ({"input": "how is it?", "metadata": {"request": 3}}, "how is it?"),
        ({"input": "how is it?", "metadata": None}, "how is it?"),
        ({"input": [SYSTEM, USER, ACTS, RESULT]}, "how is web01?"),
        ({"input": [USER, ACTS, {"role": "user", "content": [{"type": "text", "text": "and db01?"}]}]}, "and db01?"),
    ],
)
def test_the_request_is_the_last_thing_that_the_user_said_before_the_reply(sample, request_):
    assert request_of(sample) == request_


def test_what_is_asked_ends_where_the_reply_begins():
    assert asked({"input": "how is web01?"}) == [USER]
    assert asked({"input": [SYSTEM, USER]}) == [SYSTEM, USER]
    assert replied({"input": "how is web01?", "messages": [USER, ACTS, RESULT]}) == [ACTS, RESULT]
    assert replied({"input": [SYSTEM, USER], "messages": [SYSTEM, USER, ENDS]}) == [ENDS]
    assert replied({"input": "how is web01?"}) == []


def test_what_the_model_wrote_is_its_words_and_its_calls():
    call = '{"tool": "remote_bash", "params": {"command": "echo ü"}}'
    assert said(ACTS) == f"Looking.\n{call}"
    assert said({"content": "", "tool_calls": [CALL]}) == call
    assert said({"content": "Fine.", "tool_calls": None}) == "Fine."
    assert written({"input": "?", "messages": [USER, ACTS, RESULT, ENDS]}) == f"Looking.\n{call}\nFine."


def test_pictures_and_thoughts_are_no_text():
    assert (
        text([{"type": "text", "text": "a"}, {"type": "image", "image": "x"}, {"type": "text", "text": "b"}]) == "a\nb"
    )
    assert text([{"text": "of no type"}]) == ""
