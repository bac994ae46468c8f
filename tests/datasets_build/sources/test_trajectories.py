"""Trajectories: a thought belongs to what is done next, a result to the call before it."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Transcript
from datasets_build.sources import trajectories

STEPS = [
    {"step_type": "thought", "content": "The disk first."},
    {"step_type": "action", "tool": "execute_shell", "tool_input": {"cmd": "df -h"}},
    {"step_type": "observation", "content": "/dev/sda1 91%"},
    {"step_type": "thought", "content": "Nearly full."},
    {"step_type": "final_answer", "content": "The disk is 91% full."},
]


def parsed(value) -> Any:
    (item,) = trajectories.parse(value)
    return item


def test_steps_become_turns():
    item = parsed({"task": "Is the disk full?", "context": "", "trajectory": STEPS, "metadata": {"id": "t1"}})
    user, call, result, answer = item.turns
    assert user.text == "Is the disk full?"
    assert (call.call.tool, call.call.params, call.call.reasoning) == (
        "execute_shell",
        {"cmd": "df -h"},
        "The disk first.",
    )
    assert (result.tool, result.text) == ("execute_shell", "/dev/sda1 91%")
    assert answer.text == "<think>\nNearly full.\n</think>\n\nThe disk is 91% full."
    assert item.metadata["id"] == "t1"


def test_the_context_stands_before_the_task():
    assert parsed({"task": "Go", "context": "Two agents.", "trajectory": STEPS}).turns[0].text == (
        "Context: Two agents.\nTask: Go"
    )
    assert '{"agents": 2}' in parsed({"task": "Go", "context": {"agents": 2}, "trajectory": STEPS}).turns[0].text


def test_an_input_that_is_a_text_stays_one():
    steps = [{"step_type": "action", "tool": "shell", "tool_input": "df -h"}]
    assert parsed({"task": "Go", "trajectory": steps}).turns[1].call.params == {"input": "df -h"}


def test_steps_that_no_turn_can_come_from_say_why():
    assert parsed({"task": "Go", "trajectory": []}).code == "no_target"
    assert parsed({"task": "Go", "trajectory": [{"step_type": "dance"}]}).code == "unknown_step"
    assert parsed({"task": "Go", "trajectory": [{"step_type": "action"}]}).code == "tool_missing"
    assert parsed({"task": None, "trajectory": STEPS}).code == "no_text"


def test_only_trajectories_match():
    assert trajectories.matches({"task": "Go", "trajectory": []})
    assert not trajectories.matches({"task": "Go", "messages": []})


@settings(max_examples=40)
@given(
    st.lists(
        st.fixed_dictionaries(
            {"step_type": st.sampled_from(["thought", "action", "observation", "final_answer", "x"]) | st.none()},
            optional={
                "content": st.text(max_size=9) | st.integers(),
                "tool": st.text(max_size=4),
                "tool_input": st.text(),
            },
        )
        | st.none(),
        max_size=5,
    )
)
def test_hostile_trajectories_give_one_item_and_no_error(steps):
    assert isinstance(parsed({"task": "Go", "trajectory": steps}), Transcript | Refused)
