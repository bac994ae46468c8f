"""Preferences: both forms, with the context that is not in the prompt."""

from typing import Any

import pytest

from datasets_build.reading.transcripts import Preference
from datasets_build.sources import preferences

CHOSEN = '{"tool": "list_agents", "params": {}}'
REJECTED = '{"action": "execute_command", "command": "hostname"}'


def parsed(value) -> Any:
    (item,) = preferences.parse(value)
    return item


def test_both_forms_keep_what_they_say_of_themselves():
    pair = {"prompt": "Who is online?", "chosen": CHOSEN, "rejected": REJECTED}
    first = parsed({**pair, "context": "Nothing discovered.", "category": "discovery", "explanation": "discover first"})
    second = parsed({**pair, "metadata": {"preference_reason": "discovers", "margin": 2, "category": "discovery"}})
    assert isinstance(first, Preference)
    assert first.turns[0].text == "Context: Nothing discovered.\nTask: Who is online?"
    assert second.turns[0].text == "Who is online?"
    assert (first.chosen.text, first.rejected.text, first.mode) == (CHOSEN, REJECTED, "step")
    assert first.metadata["explanation"] == "discover first"
    assert second.metadata["margin"] == 2


@pytest.mark.parametrize(
    ("chosen", "rejected", "mode"),
    [
        ("Two answer: `web01`, `db01`.", '{"tool": "none", "params": {}}', "step"),
        ("Two answer.", "{'action': 'direct_answer', 'response': 'Two'}", "step"),
        ("Two answer.", '```json\n{"action": "direct_answer"}\n```', "step"),
        ("1. Look\n2. Report", '{"steps": [{"step": 1}]}', "plan"),
        ("1. Look\n2. Report", "- {'step': 1, 'action': 'look'}", "plan"),
        ("Yes, `web01` answers.", "dunno", "chat"),
        ("Pass `{'name': 'a'}`.", 'Use a dict:\n```json\n{"name": 1}\n```\nlike so', "chat"),
        ("Fine, thanks!", "task", "chat"),
    ],
)
def test_a_rejected_call_or_plan_tells_what_the_chosen_prose_should_have_been(chosen, rejected, mode):
    assert parsed({"prompt": "how many?", "chosen": chosen, "rejected": rejected}).mode == mode


def test_a_pair_without_texts_says_why():
    assert parsed({"prompt": "hi", "chosen": None, "rejected": "no"}).code == "no_text"


def test_only_preferences_match():
    assert preferences.matches({"prompt": "", "chosen": "", "rejected": ""})
    assert not preferences.matches({"prompt": "", "response": ""})
