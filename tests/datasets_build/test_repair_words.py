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
        {"steps": ["1) 1. Look", "2) 2. Clean up"]},
        {"steps": ["b) Clean up", "a) Look"]},
        {"steps": [{"order": 2, "description": "Clean up"}, {"order": 1, "description": "Look"}]},
        {"steps": [{"step": {"number": 1, "action": "Look"}}, {"step": {"number": 2, "action": "Clean up"}}]},
        {"plan": {"step_2": {"task": "Clean up"}, "step_1": {"task": "Look"}}},
        {"action": "plan", "steps": {"1": "Look", "2": "Clean up"}},
    ],
)
def test_plans_that_are_objects_become_numbered_lists(old):
    assert said(old) == "1. Look\n2. Clean up"


@pytest.mark.parametrize(
    ("steps", "lines"),
    [
        (["1. Make a key", "2. Copy it"], "1. Make a key\n2. Copy it"),
        (["Step 1: 1. Make a key", "Step 2: 2. Copy it"], "1. Make a key\n2. Copy it"),
        ([{"step": 2, "action": "Copy it"}, {"step": 1, "action": "Make a key"}], "1. Make a key\n2. Copy it"),
        ({"1": "Make a key", "2": "Copy it"}, "1. Make a key\n2. Copy it"),
        ([{"title": "Make a key", "description": "Keys leak."}], "1. **Make a key**: Keys leak."),
        (
            [{"order": 1, "title": "Make a key", "command": "ssh-keygen"}],
            "1. **Make a key**\n   - **Command:** `ssh-keygen`",
        ),
    ],
)
@pytest.mark.parametrize(("key", "heading"), [("steps", "Steps"), ("plan", "Plan"), ("workflow", "Workflow")])
def test_steps_in_an_explanation_have_one_number_each_in_their_order(key, heading, steps, lines):
    assert said({"status": "x", "explanation": "Old keys leak.", key: steps}) == (
        f"Old keys leak.\n\n**{heading}:**\n{lines}"
    )


def test_named_steps_keep_their_names_and_their_order():
    old = {"action": "multi_step_plan", "steps": {"prepare": "Make a key", "go_live": {"command": "scp a b"}}}
    assert said(old) == "**Steps:**\n1. **Prepare:** Make a key\n2. **Go live:**\n   - **Command:** `scp a b`"


def test_a_list_of_any_name_keeps_the_order_that_it_states():
    old = {"status": "x", "answer": "Two ways.", "checks": [{"step": 2, "look": "the log"}, {"step": 1, "look": "df"}]}
    assert said(old) == "Two ways.\n\n**Checks:**\n1. **Look:** df\n2. **Look:** the log"
    assert said({"status": "x", "answer": "Two.", "causes": ["1. Old logs", "2. Core dumps"]}) == (
        "Two.\n\n**Causes:**\n1. Old logs\n2. Core dumps"
    )
    assert said({"status": "x", "answer": "Two.", "ports": ["443: open", "80: closed"]}) == (
        "Two.\n\n**Ports:**\n- 443: open\n- 80: closed"
    )


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        (["1. Look", "3. Mend"], "unclear_order"),
        (
            [{"tool": "bash", "params": {"command": "df"}}, {"tool": "bash", "params": {"command": "du"}}],
            "several_calls",
        ),
        ([{"step": 1, "action": "execute_command", "command": "df"}], "several_calls"),
    ],
)
@pytest.mark.parametrize("more", [{}, {"status": "x", "explanation": "So."}])
def test_steps_of_no_certain_order_and_steps_that_are_calls_are_refused(more, steps, why):
    assert code({**more, "steps": steps}) == why


PLAN = "Create a plan with a few steps."


@pytest.mark.parametrize(
    "text",
    [
        "1) 1. Look\n2) 2. Mend",
        "Step 1: Look\nStep 2: Mend",
        "a) Look\nb) Mend",
        "2. Mend\n1. Look",
        "* 1. Look\n* 2. Mend",
    ],
)
def test_a_written_plan_has_one_number_for_each_step(text):
    outcome = settled(text, system=PLAN)
    assert said(text, system=PLAN) == "1. Look\n2. Mend"
    assert outcome.repaired == ("not_a_list",)


def test_a_step_within_a_step_has_no_place_of_its_own_in_a_plan():
    assert code("1. Look\n   - at the log\n2. Mend", system=PLAN) == "unclear_order"


@pytest.mark.parametrize(
    ("key", "heading"),
    [
        ("example_output", "Example output"),
        ("Output:", "Output"),
        ("## results", "Results"),
        ("bash  output", "Bash output"),
    ],
)
def test_a_heading_is_the_words_of_its_key(key, heading):
    assert said({"status": "x", "explanation": "It bubbles up.", key: "a b"}) == f"It bubbles up.\n\n**{heading}:** a b"
    nested = {"status": "x", "explanation": "It bubbles up.", "parts": [{"cause": "x", key: "a b"}]}
    assert said(nested) == f"It bubbles up.\n\n**Parts:**\n- **Cause:** x\n  - **{heading}:** a b"


@pytest.mark.parametrize(
    ("language", "tag"),
    [("python", "python"), ("C++", "C++"), ("tsx", "tsx"), ("any language", ""), ("", ""), (None, "")],
)
def test_code_has_the_language_that_the_object_names(language, tag):
    old = {"action": "provide_code", "language": language, "explanation": "So:", "code": "a\nb", "example": "c\nd"}
    assert said(old) == f"So:\n\n```{tag}\na\nb\n```\n\n**Example**\n\n```\nc\nd\n```"


@pytest.mark.parametrize(
    "put", [lambda text: text, lambda text: [text], lambda text: [{"title": "So", "answer": text}]]
)
def test_json_that_a_text_quotes_is_inline_code(put):
    assert 'in it: `{"a": ["b"]}` or `{"c": 1}`.' in said(
        {"status": "x", "explanation": "Two ways.", "ways": put('in it: {"a": ["b"]} or {"c": 1}.')}
    )


@pytest.mark.parametrize(
    "key", ["example_output", "command_output", "expected_results", "Sample output", "df_results:"]
)
@pytest.mark.parametrize("shown", ["```\nup\n```", '```json\n{"a": 1}\n```', '{\n "a": 1\n}', "- up\n- down"])
@pytest.mark.parametrize("put", [lambda part: part, lambda part: {"cases": part}, lambda part: {"ways": [part]}])
def test_a_heading_that_the_repair_writes_refuses_no_row(key, shown, put):
    outcome = settled({"status": "x", "explanation": "It bubbles up.", **put({key: shown})})
    assert isinstance(outcome.value, Row), outcome.value


def test_a_text_that_is_json_is_code():
    assert said({"status": "x", "answer": "So:", "config": '{"a": 1}'}) == 'So:\n\n**Config:** `{"a": 1}`'


@pytest.mark.parametrize("name", ["useState", "pg_hba.conf", "AllSigned", "docker-compose", "read/write", "std::move"])
def test_a_key_that_is_a_name_stays_as_it_is(name):
    assert said({"status": "x", "answer": "So:", "options": {name: "y"}}) == f"So:\n\n**Options:**\n- **{name}:** y"


@pytest.mark.parametrize(
    ("old", "text"),
    [
        ({"diagnosis": "Too often.", "explanation": "It waits."}, "Too often.\n\n**Explanation:** It waits."),
        ({"code": "a\nb", "explanation": "It waits."}, "It waits.\n\n```\na\nb\n```"),
        ({"error": "E1", "summary": "Bad.", "answer": "No."}, "No.\n\n**Error:** E1\n\n**Summary:** Bad."),
    ],
)
def test_what_an_explanation_begins_with_stays_its_beginning_if_it_can_lead(old, text):
    assert said({"status": "x", **old}) == text


def test_a_question_back_needs_no_heading():
    assert said({"status": "x", "analysis": "It may be the index.", "question": "Which one?"}) == (
        "It may be the index.\n\nWhich one?"
    )


def test_an_example_in_words_is_no_code():
    old = {"status": "x", "answer": "So:", "fault": {"example": "free twice", "test": "free(a)"}}
    assert said(old) == "So:\n\n**Fault:**\n- **Example:** free twice\n- **Test:** `free(a)`"


def test_what_says_nothing_is_left_out_at_any_depth():
    old = {"status": "x", "answer": "So:", "causes": [{"cause": "logs", "fix": None, "more": []}]}
    assert said(old) == "So:\n\n**Causes:**\n- **Cause:** logs"


def test_labels_that_a_reply_has_no_place_for_are_named_by_a_code():
    assert "extra_key" in settled({"steps": ["Look", "Mend"], "reasoning": "look first"}).repaired


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
