"""Form in every mode: each prose code has a reply that shows it and one that does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aj.contract import load_contract
from aj.findings import codes
from aj.wire import judge_call
from scorers.checks.replies import check_reply

AJ = load_contract()
PLAN = "1. Discover the agents.\n2. Run `df -h /`.\n3. Report."


@pytest.mark.parametrize(
    ("mode", "text"),
    [
        ("step", '{"tool": "list_agents", "params": {}}'),
        ("plan", PLAN),
        ("plan", "1) Look.\n\n2) Report.\n"),
        ("plan", "  1. Look.\n  2. Report."),
        ("chat", "Hi! It's **quiet** here.\n- a\n- b"),
        ("chat", "Set `{x}` in the shell."),
        ("chat", "```bash\nls\n```"),
        ("chat", '```JSON\n{"name": "web01"}\n```\nThat is all.'),
        ("chat", "Pass `{'name': 'web01'}`, or:\n```python\nfind({'name': 'web01'})\n```"),
        ("chat", 'It goes on:\n```json\n{"a": 1,'),
        ("chat", "All parts are executed successfully, or none.\n**df output:** see below"),
        ("chat", "<think>\nThey want {'a': 1}?\n</think>\n\nHi!"),
        ("plan", "1. Look at `{'name': 'web01'}`.\n2. Report what has been run."),
        ("plan", "<think>First, {'step': 1}.</think>\n1. Look.\n2. Report."),
        ("intent", "task"),
        ("intent", " conversational.\n"),
        ("intent", "Task"),
        ("intent", "**CONVERSATIONAL**"),
        ("intent", "thoughts of a model whose template opens them</think>\n\nTask."),
    ],
)
def test_a_reply_in_its_modes_form_has_no_finding(mode, text):
    assert check_reply(text, AJ, mode) == ()


@pytest.mark.parametrize(
    ("mode", "text", "code"),
    [
        ("chat", "", "empty_output"),
        ("plan", " \n", "empty_output"),
        ("intent", "", "empty_output"),
        ("chat", '{"tool": "complete", "params": {"answer": "hi"}}', "json_in_prose"),
        ("chat", "Sure: {'a': 1}", "json_in_prose"),
        ("chat", 'Here: {"a": 1}\n```json\n{"a": 1}\n```', "json_in_prose"),
        ("chat", '```json\n{"tool": "bash", "params": {"command": "ls"}}\n```', "json_in_prose"),
        ("chat", "<think>What now?</think> \n", "empty_output"),
        ("plan", "Look, then report.", "not_a_list"),
        ("plan", "Plan:\n1. Look.\n2. Report.", "not_a_list"),
        ("plan", "- Look.\n- Report.", "not_a_list"),
        ("plan", "1. Look.", "plan_length"),
        ("plan", "\n".join(f"{n}. Step." for n in range(1, 7)), "plan_length"),
        ("plan", "1. {'step': 1, 'action': 'look'}\n2. Report.", "plan_as_dict"),
        ("plan", '- {"step": 1}', "plan_as_dict"),
        ("plan", '```json\n[{"step": 1, "action": "look"}]\n```', "plan_as_dict"),
        ("plan", "1. Look.\n```bash\nls\n```", "not_a_list"),
        ("intent", "It is a task", "not_a_word"),
        ("intent", '{"intent": "task"}', "not_a_word"),
        ("step", "task", "no_call"),
        ("step", PLAN, "no_call"),
    ],
)
def test_a_reply_in_another_form_is_named(mode, text, code):
    assert codes(check_reply(text, AJ, mode))[0] == code


def test_a_step_is_judged_as_a_call():
    text = '{"action": "x"}'
    assert check_reply(text, AJ, "step") == judge_call(text, AJ).findings


@given(st.text(), st.sampled_from(["step", "plan", "chat", "intent"]))
def test_any_text_can_be_checked_and_findings_have_a_place_in_it(text, mode):
    for finding in check_reply(text, AJ, mode):
        assert finding.code in AJ.deviations
        assert finding.span is None or text[slice(*finding.span)]
