"""Earlier AJ data is parsed as it stands, in the mode that its response was written for."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Transcript
from datasets_build.sources import existing

CATALOGUE = "You are AJ.\n\nAvailable tools:\n- run: run it\n\nRespond with a JSON object with 'tool' and 'params'."


def parsed(value) -> Any:
    (item,) = existing.parse(value)
    return item


def record(response, system="You are AJ, an expert.", instruction="Show the free space"):
    return {"system": system, "instruction": instruction, "response": response}


def mode(response, **given):
    return parsed(record(response, **given)).mode


def test_the_mode_follows_the_response():
    assert mode("task") == "intent"
    assert mode("Conversational.") == "intent"
    assert mode('{"action": "run", "command": "df -h"}') == "step"
    assert mode("{'action': 'run', 'command': 'df -h'}") == "step"
    assert mode('I look first.\n{"tool": "bash", "params": {"command": "df -h"}}') == "step"
    assert mode('{"steps": ["Look", "Clean"], "reasoning": "look first"}') == "plan"
    assert mode("1. Look\n2. Clean", system="Create a plan with a few steps.") == "plan"
    assert mode("1. Look\n2. Clean") == "chat"
    assert mode("- {'step': 1, 'action': 'Look'}\n- {'step': 2, 'action': 'Clean'}") == "plan"
    assert mode("Run df -h and look at the last column.") == "chat"


@pytest.mark.parametrize(
    "response",
    [
        "Pass it as a dict:\n```python\nclient.find({'name': 'web01'})\n```",
        'Put this there:\n```json\n{"name": "Debug", "type": "node"}\n```\nThen press F5.',
        '```json\n{"name": "Debug"}\n```\nThen press F5.',
        "Set `{'action': 'drop'}` in the rule.",
        'Each step is `{"step": 1}`.',
        'Like so:\n```json\n{"tool": "bash", "params": {"command": "df"}}\n```',
        'A call looks like this:\n\n```\n{"action": "execute_command", "command": "df"}\n```\n\nThen it runs.',
        'One line is enough.\n~~~json\n{"tool": "bash", "params": {"command": "df"}}\n~~~\nIt shows the form.',
        'In the file:\n\n    {"tool": "bash", "params": {"command": "df"}}\n\nSave it.',
        'Write `{"tool": "bash", "params": {"command": "df"}}` into the file.',
        'Put this into package.json:\n```json\n{"name": "bash", "version": "1"}\n```',
    ],
)
def test_objects_in_the_code_of_an_explanation_are_part_of_a_chat(response):
    assert mode(response) == "chat"


@pytest.mark.parametrize(
    "response",
    [
        'Let me look:\n```json\n{"tool": "bash", "params": {"command": "df"}}\n```',
        '```json\n{"action": "execute_command", "command": "df"}\n```\nThat shows it.',
        '```\n{"mood": "fine"}\n```',
        "I run {'action': 'df'}.",
    ],
)
def test_a_call_of_a_tool_that_aj_has_or_had_is_one_in_any_wrapping(response):
    assert mode(response) == "step"


@pytest.mark.parametrize("form", ["Step {}: look", "{}: look", "({}) look", "[{}] look", "**{}.** look", "#{} look"])
def test_a_list_in_reply_to_a_prompt_for_a_plan_is_one_however_it_is_numbered(form):
    plan = "\n".join(form.format(number) for number in (1, 2))
    assert mode(plan, system="Create a plan with a few steps.") == "plan"
    assert mode(plan) == "chat"


def test_letters_number_a_plan_only_in_their_order():
    prompt = "Create a plan with a few steps."
    assert mode("a) look\nb) mend", system=prompt) == "plan"
    assert mode("i. look\nii. mend", system=prompt) == "plan"
    assert mode("A. Smith looks\nJ. Doe mends", system=prompt) == "chat"


def test_steps_under_numbers_are_a_plan():
    assert mode('{"steps": {"1": "Look", "2": "Mend"}}') == "plan"
    assert mode('{"plan": {"step_1": {"action": "Look"}, "step_2": {"action": "Mend"}}}') == "plan"


def test_prose_is_a_missing_call_where_the_prompt_asks_for_one_and_allows_no_text():
    assert mode("Just run df -h.", system=CATALOGUE) == "step"
    assert mode("Just run df -h.", system=f"{CATALOGUE} Or plain text for questions.") == "chat"


def test_flattened_history_stays_in_the_users_text():
    text = "[Previous message]: hi\n\n[My response]: hello\n\n---\n\n[Current message]: and now?"
    assert parsed(record("task", instruction=text)).turns[0].text == text


def test_a_response_stored_as_an_object_is_its_text():
    item = parsed(record({"tool": "list_agents", "params": {}}))
    assert json.loads(item.turns[1].text) == {"tool": "list_agents", "params": {}}


def test_records_that_no_row_can_come_from_say_why():
    assert parsed(record(7)).code == "no_text"


def test_only_earlier_data_matches():
    assert existing.matches(record("task"))
    assert not existing.matches({"messages": []})
    assert not existing.matches({"conversations": []})


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60)
@given(
    st.fixed_dictionaries({"instruction": VALUES, "response": VALUES}, optional={"system": VALUES, "metadata": VALUES})
)
def test_hostile_records_give_one_item_and_no_error(value):
    assert isinstance(parsed(value), Transcript | Refused)
