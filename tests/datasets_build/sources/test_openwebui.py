"""Chat exports: the tree, the branch, ratings, and the many ways in which a tool's use is shown."""

import html
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Preference, Transcript, Turn
from datasets_build.sources.openwebui.exports import matches, parse


def message(name: str, parent: str | None, role: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"id": name, "parentId": parent, "childrenIds": [], "role": role, "content": content, **more}


def export(*messages: dict[str, Any], current: str | None = None, **more: Any) -> dict[str, Any]:
    history = {"messages": {m["id"]: m for m in messages}, "currentId": current or messages[-1]["id"]}
    return {"id": "c1", "title": "Disks", "chat": {"history": history, "messages": [], **more}}


def talk(reply: str, **more: Any) -> dict[str, Any]:
    return export(message("u", None, "user", "how full are the disks?"), message("a", "u", "assistant", reply, **more))


def transcript(record: dict[str, Any]) -> Transcript:
    (found,) = [item for item in parse(record) if isinstance(item, Transcript)]
    return found


def lost(record: dict[str, Any]) -> list[str]:
    return [item.code for item in parse(record) if isinstance(item, Refused)]


def shape(turns: tuple[Turn, ...]) -> list[tuple[Any, ...]]:
    return [(t.role, (t.call.tool, t.call.params) if t.call else t.tool or t.text) for t in turns]


# --- the tree -------------------------------------------------------------------------------------------------------


def test_the_active_branch_is_the_walk_up_from_the_current_message():
    record = export(
        message("u", None, "user", "hi"),
        message("a1", "u", "assistant", "first"),
        message("a2", "u", "assistant", "second"),
        message("u2", "a1", "user", "and then?"),
        message("a3", "u2", "assistant", "this"),
        current="a3",
    )
    found = transcript(record)
    assert [turn.text for turn in found.turns] == ["hi", "first", "and then?", "this"]
    assert (found.mode, found.metadata["branches_left"], found.metadata["origin"]) == ("chat", 1, "c1")
    assert "title" not in found.metadata


def test_without_a_current_message_the_flat_list_says_it_and_then_the_newest_leaf():
    record = export(
        message("u", None, "user", "hi", timestamp=1),
        message("a1", "u", "assistant", "old", timestamp=2),
        message("a2", "u", "assistant", "new", timestamp=3),
    )
    del record["chat"]["history"]["currentId"]
    assert transcript(record).turns[-1].text == "new"
    record["chat"]["messages"] = [{"id": "u"}, {"id": "a1"}]
    assert transcript(record).turns[-1].text == "old"
    record["current_message_id"] = "a2"
    assert transcript(record).turns[-1].text == "new"


def test_missing_links_null_messages_and_rings_are_survived():
    record = export(message("u", None, "user", "hi"), message("a", None, "assistant", "yes"))
    messages = record["chat"]["history"]["messages"]
    del messages["a"]["parentId"]
    messages["u"]["childrenIds"] = ["a", "gone"]
    messages["gone"] = None
    assert [turn.text for turn in transcript(record).turns] == ["hi", "yes"]
    messages["u"]["parentId"] = "a"
    assert [turn.text for turn in transcript(record).turns] == ["hi", "yes"]


@pytest.mark.parametrize("wrap", [lambda chat: chat["chat"], lambda chat: {"snapshot": {"chat": chat}, "data": {}}])
def test_items_without_the_wrapper_and_feedback_exports_are_chats_too(wrap):
    record = wrap(talk("fine"))
    assert matches(record)
    assert [turn.text for turn in transcript(record).turns] == ["how full are the disks?", "fine"]


def test_a_flat_list_alone_is_a_chain():
    record = {"chat": {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yes"}]}}
    assert [turn.text for turn in transcript(record).turns] == ["hi", "yes"]


def test_rows_of_other_sources_are_no_chats():
    assert not matches({"messages": [{"role": "user", "content": "hi"}]})
    assert not matches({"system": "s", "chat": "USER: hi"})
    assert lost({"messages": []}) == ["no_chat"]
    assert lost({"chat": {"history": {"messages": {}}}}) == ["empty_chat"]


def test_chatgpt_calls_and_results_stand_in_messages_of_their_own():
    def node(name: str, parent: str | None, role: str, parts: list[str], **more: Any) -> dict[str, Any]:
        author = {"role": role, "name": more.pop("tool", None)}
        text = {"content_type": "text", "parts": parts}
        return {"id": name, "parent": parent, "message": {"author": author, "content": text, **more}}

    nodes = [
        {"id": "root", "parent": None, "message": None},
        node("u", "root", "user", ["2+2?"]),
        node("c", "u", "assistant", ["2+2"], recipient="python"),
        node("r", "c", "tool", ["4"], tool="python"),
        node("a", "r", "assistant", ["It is ", "4."]),
    ]
    found = transcript({"mapping": {n["id"]: n for n in nodes}, "current_node": "a"})
    assert shape(found.turns)[1:3] == [("assistant", ("python", {"code": "2+2"})), ("tool", "python")]
    assert (found.turns[-1].text, found.mode) == ("It is \n4.", "step")


# --- failed, rated, faulty ------------------------------------------------------------------------------------------


def test_a_failed_reply_is_counted_and_leaves_no_turn():
    record = export(
        message("u", None, "user", "hi"),
        message("a", "u", "assistant", "", error={"content": "load failed"}),
        message("u2", "a", "user", "again"),
        message("a2", "u2", "assistant", "yes"),
    )
    assert [turn.text for turn in transcript(record).turns] == ["hi", "again", "yes"]
    assert lost(record) == ["failed_turn"]
    assert lost(talk("", error={"content": "load failed"})) == ["no_reply", "failed_turn"]


@pytest.mark.parametrize(
    "more", [{"annotation": {"rating": -1}}, {"done": False}, {"error": {"content": "connection lost"}}]
)
def test_a_reply_that_is_rated_bad_or_cut_off_is_no_target(more):
    assert transcript(talk("half of it", **more)).turns[-1].target is False
    assert transcript(talk("all of it")).turns[-1].target is True


def test_the_quality_is_the_share_of_replies_without_a_known_fault():
    record = export(
        message("u", None, "user", "hi"),
        message("a", "u", "assistant", "**list_agents output:**\n```\n  - web01\n```\nThere is web01."),
        message("u2", "a", "user", "and its disk?"),
        message("a2", "u2", "assistant", "No agents were discovered."),
    )
    found = transcript(record)
    assert (found.metadata["quality"], found.metadata["faults"]) == (0.5, ["lost_agents"])
    assert [turn.target for turn in found.turns if turn.role == "assistant"] == [True, True, False]


def test_a_good_and_a_bad_sibling_are_a_preference_over_their_shared_prompt():
    record = export(
        message("u0", None, "user", "hi"),
        message("a0", "u0", "assistant", "hello"),
        message("u", "a0", "user", "status?"),
        message("a1", "u", "assistant", "who knows", annotation={"rating": -1, "comment": "rude"}),
        message("a2", "u", "assistant", "all well", annotation={"rating": 1, "reason": "accurate_information"}),
    )
    (found,) = [item for item in parse(record) if isinstance(item, Preference)]
    assert [turn.text for turn in found.turns] == ["hi", "hello", "status?"]
    assert (found.chosen.text, found.rejected.text, found.mode) == ("all well", "who knows", "chat")
    assert found.metadata["reasons"] == {"chosen": "accurate_information"}


def test_two_good_siblings_are_no_preference_and_ratings_of_tool_use_are_not_certain():
    good, bad = {"annotation": {"rating": 1}}, {"annotation": {"rating": -1}}
    user = message("u", None, "user", "status?")
    record = export(user, message("a", "u", "assistant", "one", **good), message("b", "u", "assistant", "two", **good))
    assert not [item for item in parse(record) if isinstance(item, Preference)]
    tools = native("bash", {"command": "df"}, "ok") + "\nAll well."
    record = export(user, message("a", "u", "assistant", tools, **good), message("b", "u", "assistant", "two", **bad))
    assert "rated_tools" in lost(record)


# --- how tools are shown --------------------------------------------------------------------------------------------


def native(tool: str, params: dict[str, Any], result: str | None, twice: bool = True) -> str:
    given = json.dumps(params)
    given = html.escape(json.dumps(given) if twice else given)
    if result is None:
        return f'<details type="tool_calls" done="false" id="1" name="{tool}" arguments="{given}">\n</details>'
    out = html.escape(json.dumps(result))
    return (
        f'<details type="tool_calls" done="true" id="1" name="{tool}" arguments="{given}" result="{out}" files="">\n'
        "<summary>Tool Executed</summary>\n</details>"
    )


def plugin(tool: str, params: str, result: str) -> str:
    return (
        f"<details>\n<summary>🔧 Executing Tool: {tool}</summary>\n\n**Parameters:**\n\n```json\n{params}\n```\n\n"
        f"</details>\n\n<details>\n<summary>✅ Tool Result: {tool}</summary>\n\n```text\n{result}\n```\n\n</details>\n"
    )


@pytest.mark.parametrize("twice", [True, False])
def test_native_calls_become_a_call_and_a_result_with_the_words_before_them(twice):
    thought = '<details type="reasoning" done="true">\n<summary>Thought</summary>\n&gt; look first\n</details>'
    shown = f"{thought}\nOn it!\n{native('bash', {'command': 'df -h', 'n': [1]}, '87% /<var>', twice)}\nIt is at 87%."
    found = transcript(talk(shown))
    call, result, answer = found.turns[1:]
    assert call.call is not None
    assert (call.text, call.call.params, call.call.reasoning) == (
        "On it!",
        {"command": "df -h", "n": [1]},
        "look first",
    )
    assert (result.role, result.tool, result.text) == ("tool", "bash", "87% /<var>")
    assert (answer.text, found.mode) == ("It is at 87%.", "step")


def test_a_result_in_the_body_is_read_as_one_in_an_attribute():
    tag = '<details type="tool_calls" done="true" name="f" arguments="{}">'
    shown = f"{tag}\n<summary>x</summary>\n&quot;a\\nb&quot;\n</details>done"
    assert transcript(talk(shown)).turns[2].text == "a\nb"


def test_a_call_that_never_ended_goes_with_the_words_before_it():
    record = talk(native("bash", {"command": "df"}, "ok") + "Well: 1\nNow this:\n" + native("bash", {}, None))
    assert shape(transcript(record).turns)[1:] == [("assistant", ("bash", {"command": "df"}))]
    assert lost(record) == ["unfinished_call"]


@pytest.mark.parametrize("broken", ["[1]", "null", '{"a": NaN}', '{"a": ', '{"a": "\\ud800"}', "[" * 3000])
def test_arguments_that_are_no_object_are_never_guessed(broken):
    given = html.escape(broken)
    shown = f'<details type="tool_calls" done="true" name="f" arguments="{given}" result="1"></details>'
    record = talk(shown + "one")
    assert shape(transcript(record).turns)[1:] == [("tool", "f"), ("assistant", "one")]
    assert lost(record) == ["unknown_call"]


def test_a_plugin_shows_call_and_result_in_blocks_of_their_own_whose_fences_may_hold_anything():
    tricky = 'a </details> b\n<details type="tool_calls" done="true" name="evil" arguments="{}" result="1"></details>'
    found = transcript(talk("Look:\n" + plugin("bash", '{"command": "cat x"}', tricky) + "\nThat is it."))
    assert shape(found.turns)[1:] == [
        ("assistant", ("bash", {"command": "cat x"})),
        ("tool", "bash"),
        ("assistant", "That is it."),
    ]
    assert found.turns[2].text == tricky


def test_what_a_plugin_shows_again_behind_each_new_thought_is_taken_once():
    thought = '<details type="reasoning" done="true">\n<summary>t</summary>\n&gt; {}\n</details>\n'
    one, two = plugin("bash", '{"command": "ls"}', "x"), plugin("bash", '{"command": "df"}', "y")
    found = transcript(talk(thought.format(1) + one + thought.format(2) + one + two + "Done."))
    commands = [turn.call.params["command"] for turn in found.turns if turn.call]
    assert commands == ["ls", "df"]
    assert [turn.call.reasoning for turn in found.turns if turn.call] == ["1", "2"]


def test_a_call_that_was_really_made_twice_stays():
    one = plugin("bash", '{"command": "ls"}', "x")
    assert len([turn for turn in transcript(talk(one + one + "Done.")).turns if turn.call]) == 2


def test_the_output_list_counts_and_the_content_is_only_its_rendering():
    output = [
        {"type": "reasoning", "content": [{"type": "output_text", "text": "hm"}]},
        {"type": "message", "content": [{"type": "output_text", "text": "On it."}]},
        {"type": "function_call", "call_id": "2", "name": "b", "arguments": "{}"},
        {"type": "function_call", "call_id": "1", "name": "a", "arguments": '{"x": 1}'},
        {"type": "function_call_output", "call_id": "1", "output": [{"type": "input_text", "text": "one"}]},
        {"type": "function_call_output", "call_id": "2", "output": "two"},
        {"type": "message", "content": [{"type": "output_text", "text": "Done."}]},
    ]
    found = transcript(talk("rendered", output=output))
    assert [turn.text for turn in found.turns[1:]] == ["On it.", "two", "", "one", "Done."]
    assert shape(found.turns)[3] == ("assistant", ("a", {"x": 1}))


def test_details_that_tell_of_no_tool_are_words():
    said = "See <details><summary>More</summary>all of it</details> and a < b <details"
    assert transcript(talk(said)).turns[-1].text == said


def test_a_code_interpreter_is_a_call_with_its_code():
    output = html.escape(json.dumps({"stdout": "4"}))
    shown = (
        f'<details type="code_interpreter" done="true" output="{output}">\n<summary>Analyzed</summary>\n'
        "```python\nprint(2+2)\n```\n</details>\nFour."
    )
    found = transcript(talk(shown))
    assert shape(found.turns)[1] == ("assistant", ("code_interpreter", {"code": "print(2+2)"}))
    assert json.loads(found.turns[2].text) == {"stdout": "4"}


# --- AJ's own display -----------------------------------------------------------------------------------------------

PLAN = "> 📋 **Task Plan:**\n> ✅ discover the agents\n> ⏳ check the disks\n> • sum up\n\n"
LINES = "Available agents:\n  - web01: web01 (linux) @ 10.0.0.5:1"
AGENTS = f"<!-- aj:list_agents -->\n**list_agents output:**\n```\n{LINES}\n```\n"
DISK = "**remote_bash output:**\n```\n/dev/sda1 87%\n```\n"


def test_ajs_display_is_split_into_call_result_and_answer_and_unknown_commands_are_not_invented():
    record = talk(
        PLAN + AGENTS + "Now the disk.\n\n**remote_bash output:**\n```\n/dev/sda1 87%\n```\n\n---\n`web01` is at 87%."
    )
    found = transcript(record)
    assert shape(found.turns)[1:] == [
        ("assistant", ("list_agents", {})),
        ("tool", "list_agents"),
        ("tool", "remote_bash"),
        ("assistant", "`web01` is at 87%."),
    ]
    assert all(turn.target for turn in found.turns)
    assert lost(record) == ["unknown_call"]


@pytest.mark.parametrize(
    ("heading", "tool", "params"),
    [
        ("**Execute `df -h | tail` on `web01`:**", "execute", {"agent_id": "web01", "command": "df -h | tail"}),
        ("Execute `a` on `b` on `web01`:", "execute", {"agent_id": "web01", "command": "a` on `b"}),
        ("**Execute `uptime`:**", "execute", {"command": "uptime"}),
        ("**Remote (web01):** `uptime`", "remote_execute", {"agent_id": "web01", "command": "uptime"}),
        ("**Command:** `ls\n-l`", "execute_shell", {"command": "ls\n-l"}),
        ("**File: /etc/hosts**", "read_file", {"path": "/etc/hosts"}),
        ("**Available Agents:**", "list_agents", {}),
    ],
)
def test_a_heading_that_tells_the_arguments_makes_the_call_certain(heading, tool, params):
    record = talk(f"{heading}\n```bash\nout\n```\nFine.")
    assert shape(transcript(record).turns)[1:] == [
        ("assistant", (tool, params)),
        ("tool", tool),
        ("assistant", "Fine."),
    ]
    assert not lost(record)


@pytest.mark.parametrize(
    "heading", ["**Command output:**", "**Directory listing:**", "**bash output:**", "**Execute `x` on `unknown`:**"]
)
def test_a_heading_that_does_not_tell_them_leaves_the_result_alone(heading):
    record = talk(f"{heading}\n```\nout\n```\nFine.")
    assert [turn.role for turn in transcript(record).turns] == ["user", "tool", "assistant"]


def test_a_call_in_the_wire_form_before_its_output_stays_in_the_text():
    call = '{"tool": "remote_bash", "params": {"agent_id": "web01", "command": "df"}}'
    record = talk(f"> 💭 {call}\n\n**remote_bash output:**\n```\n87%\n```\nIt is full.")
    assert shape(transcript(record).turns)[1:] == [
        ("assistant", call),
        ("tool", "remote_bash"),
        ("assistant", "It is full."),
    ]
    other = call.replace("remote_bash", "bash")
    assert "unknown_call" in lost(talk(f"{other}\n**remote_bash output:**\n```\n87%\n```\nIt is full."))


def test_fences_within_an_output_do_not_let_it_out():
    inner = "# Title\n```bash\nrm -rf /\n```\nend"
    found = transcript(talk(f"**bash output:**\n```\n{inner}\n```\n\n{AGENTS}All read."))
    assert next(turn.text for turn in found.turns if turn.role == "tool") == inner
    assert found.turns[-1].text == "All read."


def test_an_output_that_is_cut_off_is_no_answer():
    found = list(parse(talk("**bash output:**\n```\nline\nline")))
    assert [item.code for item in found if isinstance(item, Refused)] == ["no_reply", "unknown_call"]


def test_a_wire_call_that_stands_alone_makes_the_chat_a_task():
    assert transcript(talk('{"action": "list_agents", "params": {}}')).mode == "step"
    assert transcript(talk('Use {"colour": "red"} there.')).mode == "chat"


# --- hostile --------------------------------------------------------------------------------------------------------

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
