"""Whatever an export holds, it is read without an error and in little time."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets_build.reading.transcripts import Transcript
from datasets_build.sources.openwebui.exports import parse
from tests.datasets_build.sources.exports import plugin, talk, transcript

TAG = ["<details", ' type="tool_calls"', ' done="true"', ' name="f"', ' arguments="{}"', ">", "</details>", "&quot;"]
BLOCK = [
    "```",
    "```\n",
    "**bash output:**\n",
    "**Execute `",
    "` on `",
    "`:**\n",
    "**Remote (",
    "<!-- aj:",
    "-->",
    "---\n",
]
OTHER = [
    "\n",
    "---\n",
    "📋 **Task Plan:**\n",
    "💭",
    '{"tool": "f"',
    "}",
    "<summary>🔧 Executing Tool: x</summary>",
    "a",
]
scraps = st.lists(st.sampled_from([*TAG, *BLOCK, *OTHER]), max_size=30).map("".join)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | scraps,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "a", "text", "rating"]), inner),
    max_leaves=6,
)
KEYS = "parentId childrenIds role content annotation output error done tool_calls recipient timestamp model author"
known = st.sampled_from(["a", "b", "user", "assistant", "tool"])
nodes = st.dictionaries(st.sampled_from(KEYS.split()), values | known, max_size=6)
trees = st.fixed_dictionaries({"messages": st.dictionaries(st.sampled_from("abcd"), nodes | st.none())})
chats = st.fixed_dictionaries(
    {"chat": st.fixed_dictionaries({"history": trees})},
    optional={"id": values, "data": values, "meta": values, "current_message_id": values},
)


@settings(max_examples=50)
@given(chats)
def test_any_record_gives_at_least_one_item_and_never_raises(record):
    found = list(parse(record))
    assert found
    for item in found:
        if isinstance(item, Transcript):
            assert item.turns[-1].role == "assistant"
            assert 0 <= item.metadata["quality"] <= 1


@settings(max_examples=100)
@given(scraps)
def test_no_text_makes_a_call_without_a_tool_or_loses_the_end(text):
    for item in parse(talk(text + "\n\nThe end.")):
        if isinstance(item, Transcript):
            assert all(turn.call.tool for turn in item.turns if turn.call)


@pytest.mark.parametrize(
    "unit",
    [
        "<details>",
        '<details type="tool_calls" done="true" a="',
        "<details>\n<summary>🔧 Executing Tool: x</summary>\n```\n",
        "**bash output:**\n```\n```a\n",
        "**Execute `",
        "\n---",
        "<!-- aj:",
        '{"tool":',
        "📋 **Task Plan:**\n• a\n",
    ],
)
def test_a_message_of_400_000_characters_takes_no_more_than_a_moment(unit):
    started = time.process_time()
    list(parse(talk(unit * (400_000 // len(unit)))))
    assert time.process_time() - started < 2


def test_a_hundred_tool_logs_in_one_message_are_all_read():
    shown = "".join(plugin("bash", f'{{"command": "cat {n}"}}', "x" * 3900) for n in range(100)) + "Done."
    started = time.process_time()
    assert len(transcript(talk(shown)).turns) == 1 + 200 + 1
    assert time.process_time() - started < 1
