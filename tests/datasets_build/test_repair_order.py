"""The turns of a record come into the order of a row, or the row is refused."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aj.messages import Call, Row
from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Transcript, Turn
from datasets_build.repair.order import split_history, split_written
from datasets_build.repair.settle import settle
from tests.datasets_build.repaired import AGENTS, CONTRACT, code, code_of, conversation, settled


def test_flattened_history_becomes_turns_of_one_mode():
    history = (
        '[Conversation context: code]\n\n[Previous message]: Say hi\n\n[My response]: {"action": "provide_code", '
        '"language": "bash", "code": "echo hi"}\n\n---\n\n[Current message]: Louder'
    )
    outcome = settled({"action": "provide_code", "language": "bash", "code": "echo HI"}, instruction=history)
    assert isinstance(outcome.value, Row)
    assert [(m.role, m.content) for m in outcome.value.messages] == [
        ("user", "Say hi"),
        ("assistant", "`echo hi`"),
        ("user", "Louder"),
        ("assistant", "`echo HI`"),
    ]
    assert "flattened_history" in outcome.repaired
    assert code({"action": "run", "command": "echo HI"}, instruction=history) == "mixed_modes"


def test_output_that_the_assistant_wrote_becomes_a_result():
    text = (
        '{"action": "run", "command": "df -h"}\n\n**shell output:**\n```\n/dev/sda1 91%\n```\n\nThe disk is 91% full.'
    )
    outcome = conversation(Turn("user", "Is the disk full?"), Turn("assistant", text))
    assert isinstance(outcome.value, Row)
    _, first, result, answer = outcome.value.messages
    assert first.call == Call("bash", {"command": "df -h"})
    assert (result.tool, result.content) == ("bash", "/dev/sda1 91%")
    assert answer.call == Call("complete", {"answer": "The disk is 91% full."})
    assert "made_up_output" in outcome.repaired


def test_output_without_a_call_before_it_is_rejected():
    text = "**shell output:**\n```\n/dev/sda1 91%\n```\n\nNearly full."
    assert code_of(conversation(Turn("user", "Is it full?"), Turn("assistant", text))) == "made_up_output"


def test_stated_calls_with_results_and_a_prose_answer_become_a_whole_conversation():
    outcome = conversation(
        Turn("user", "How long is web01 up?"),
        Turn("assistant", "Looking.", Call("discover", {})),
        Turn("tool", AGENTS, tool="discover"),
        Turn("assistant", "", Call("remote_execute", {"cmd": "uptime"})),
        Turn("tool", "up 3 days", tool="remote_execute"),
        Turn("assistant", "`web01` is up for 3 days."),
    )
    assert isinstance(outcome.value, Row)
    calls = [message.call for message in outcome.value.messages if message.call]
    assert calls == [
        Call("list_agents", {}, "Looking."),
        Call("remote_bash", {"agent_id": "web01", "command": "uptime"}),
        Call("complete", {"answer": "`web01` is up for 3 days."}),
    ]


def test_parallel_calls_with_results_in_order_follow_each_other():
    outcome = conversation(
        Turn("user", "Disk and memory?"),
        Turn("assistant", "", Call("bash", {"command": "df"})),
        Turn("assistant", "", Call("bash", {"command": "free"})),
        Turn("tool", "disk"),
        Turn("tool", "memory"),
        Turn("assistant", "Both fine."),
    )
    assert isinstance(outcome.value, Row)
    assert [m.content for m in outcome.value.messages if m.role == "tool"] == ["disk", "memory"]
    assert "several_calls" in outcome.repaired


def test_a_call_without_its_result_ends_a_row_and_stands_in_no_other_place():
    call_turn = Turn("assistant", "", Call("bash", {"command": "df"}))
    assert isinstance(conversation(Turn("user", "Disk?"), call_turn).value, Row)
    twice = (Turn("user", "Disk?"), call_turn, Turn("user", "?"), call_turn)
    assert code_of(conversation(*twice)) == "missing_result"


def test_a_row_ends_before_the_runtime_would_detect_a_loop():
    steps = [
        part
        for n in range(4)
        for part in (Turn("assistant", "", Call("bash", {"command": f"ls {n}"})), Turn("tool", "x"))
    ]
    outcome = conversation(Turn("user", "Where is it?"), *steps, Turn("assistant", "Nowhere."))
    assert isinstance(outcome.value, Row)
    assert [m.call.params["command"] for m in outcome.value.messages if m.call] == ["ls 0", "ls 1"]
    assert outcome.value.messages[-1].call is not None
    assert "loop" in outcome.repaired


def test_demonstrations_and_cut_off_turns_are_not_trained_on():
    shown, answer = Turn("assistant", "shown", target=False), Turn("assistant", "42.")
    turns = (Turn("user", "example"), shown, Turn("user", "Real one"), answer, Turn("user", "And?"), shown)
    outcome = settle(Transcript(turns, "chat"), CONTRACT)
    assert isinstance(outcome.value, Row)
    assert [message.content for message in outcome.value.messages] == ["Real one", "42."]
    assert outcome.repaired == ("untrained_turns",)
    assert code_of(settle(Transcript(turns[:2], "chat"), CONTRACT)) == "no_target"


@pytest.mark.parametrize(
    ("turns", "why"),
    [
        ((Turn("assistant", "hi"),), "no_user"),
        ((Turn("user", "hi"), Turn("tool", "x"), Turn("assistant", "hi")), "stray_result"),
        ((Turn("user", "hi"), Turn("assistant", "a"), Turn("assistant", "b")), "two_answers"),
        ((Turn("user", "hi"), Turn("assistant", " ")), "empty_output"),
    ],
)
def test_turns_that_cannot_follow_each_other_are_rejected(turns, why):
    assert code_of(settle(Transcript(turns, "chat"), CONTRACT)) == why


CALL = '{"tool": "bash", "params": {"command": "df -h"}}'
HISTORY = """[Conversation context: two questions]

[Previous message]: Write a greeting

[My response]: {"code": "hi"}

---

[Current message]: Shorter"""


def test_flattened_history_becomes_turns():
    assert split_history(HISTORY) == (
        "two questions",
        [("user", "Write a greeting"), ("assistant", '{"code": "hi"}'), ("user", "Shorter")],
    )
    assert split_history("Just a question about [Previous message] marks") is None


@pytest.mark.parametrize(
    "text",
    [
        HISTORY.replace("[Current message]", "[Previous message]"),
        HISTORY.replace('[My response]: {"code": "hi"}', ""),
        f"Somebody said:\n{HISTORY.partition(chr(10) * 2)[2]}",
    ],
)
def test_history_of_which_it_is_not_certain_who_said_what_is_refused(text):
    with pytest.raises(Refused):
        split_history(text)


def test_output_that_the_assistant_wrote_is_cut_out():
    text = f"{CALL}\n\n**bash output:**\n```\n/dev/sda1 91%\n```\n\nNearly full."
    assert split_written(text) == ([CALL, "Nearly full."], ["/dev/sda1 91%"])
    assert split_written("Output:\n```\n```") == (["", ""], [""])
    assert split_written("No output here.") == (["No output here."], [])


def test_output_whose_block_is_never_closed_is_refused():
    with pytest.raises(Refused):
        split_written("**bash output:**\n```\n/dev/sda1 91%")


@settings(max_examples=80)
@given(st.text(alphabet="{}[]\"':,`\\ \nabTrue#-", max_size=60))
def test_hostile_texts_are_split_or_refused_without_an_error(text):
    for split in (split_history, split_written):
        with suppress(Refused):  # any other error fails
            split(text)
