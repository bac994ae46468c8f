"""Plans, explanations and the other modes: objects become the words that they hold."""

import pytest

from aj.messages import Row
from tests.datasets_build.repaired import code, said, settled


@pytest.mark.parametrize(
    "old",
    [
        {"steps": ["Look", "Clean up"], "reasoning": "look first"},
        {"action": "multi_step_plan", "steps": [{"step": 1, "action": "Look"}, {"step": 2, "action": "Clean up"}]},
        {"plan": ["1. Look", "Step 2: Clean up"]},
    ],
)
def test_plans_that_are_objects_become_numbered_lists(old):
    assert said(old) == "1. Look\n2. Clean up"


def test_a_plan_of_dict_bullets_becomes_a_numbered_list():
    text = "- {'step': 1, 'action': 'Look'}\n- {'step': 2, 'action': 'Clean up'}"
    outcome = settled(text)
    assert isinstance(outcome.value, Row)
    assert outcome.value.messages[-1].content == "1. Look\n2. Clean up"
    assert "plan_as_dict" in outcome.repaired


def test_a_plan_that_is_too_long_is_not_cut():
    assert code({"steps": [f"Step number {n}" for n in range(7)]}) == "plan_length"


def test_an_explanation_that_is_an_object_becomes_markdown():
    old = {
        "status": "known",
        "explanation": "The disk is full.",
        "policies": {"AllSigned": "Signed only"},
        "common_causes": ["Old logs", {"cause": "Core dumps", "fix": "Limit them"}],
        "cleanup_steps": ["Look", "Delete"],
        "code": "du -sh /var/*\nrm old.log",
    }
    assert said(old) == (
        "The disk is full.\n\n**Policies:**\n- **AllSigned:** Signed only\n\n"
        "**Common causes:**\n- Old logs\n- **Cause:** Core dumps\n  - **Fix:** Limit them\n\n"
        "**Cleanup steps:**\n1. Look\n2. Delete\n\n```\ndu -sh /var/*\nrm old.log\n```"
    )


@pytest.mark.parametrize("language", ["python", "JSON", "python3", "jsonc", " Shell", "bash", ""])
def test_a_fence_in_a_chat_stays_as_it_is(language):
    text = f"Like so:\n\n```{language}\nls\n```"
    assert said(text) == text


@pytest.mark.parametrize("language", ["python", "JSON", "python3", "jsonc", " Shell"])
def test_a_fence_that_the_runtime_rejects_in_an_answer_loses_its_language_alone(language):
    def answer(language: str) -> dict[str, str]:
        return {"action": "direct_answer", "response": f"Like so:\n\n```{language}\nls\n```"}

    assert said(answer(language)) == said(answer(""))
    assert "bash" in str(said(answer("bash")))


def test_code_that_may_as_well_be_prose_is_rejected():
    assert code({"status": "x", "remarks": "first line\nsecond line"}) == "unclear_text"


def test_the_word_of_intent_mode_stands_alone():
    assert said("Task.") == "task"
