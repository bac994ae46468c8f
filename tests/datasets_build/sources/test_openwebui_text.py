"""How chats show tools: each form becomes a call and its result, and no argument is invented."""

import html
import json

import pytest

from datasets_build.ledger import Refused
from datasets_build.sources.openwebui.exports import parse
from tests.datasets_build.sources.exports import lost, native, plugin, shape, talk, transcript


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


@pytest.mark.parametrize(
    "broken", ["[1]", "null", '{"a": NaN}', '{"a": ', '{"a": "\\ud800"}', "[" * 3000, '{"a": 1, "a": 2}']
)
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
    found = transcript(talk("On it.\n\nDone.", output=output))
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
