"""Records from outside, of kinds that were once taken for something else: what lint says, and what becomes of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from aj.messages import Pair, Row
from aj.wire import render_turn
from datasets_build.ledger import Refused
from datasets_build.lint.items import lint_record
from datasets_build.reading.records import Record
from datasets_build.repair.settle import settle
from datasets_build.sources.shapes import parse
from tests.datasets_build.sources.talks import AJ

CALLS = 'You are AJ. Reply with one JSON object: {"tool": name, "params": {...}}.'
LIST = '{"tool": "list_agents", "params": {}}'


def earlier(instruction: str, response: Any, system: str = "You are AJ.") -> dict[str, Any]:
    stated = response if isinstance(response, str) else json.dumps(response, ensure_ascii=False)
    return {"system": system, "instruction": instruction, "response": stated}


def answered(answer: str, instruction: str = "did it work?") -> dict[str, Any]:
    return earlier(instruction, {"tool": "complete", "params": {"answer": answer}}, CALLS)


def lesson(wrong: str) -> dict[str, Any]:
    """The wrong answer stands in the system prompt, with words in brackets before the colon."""
    system = f"You are AJ.\n\nLESSON.\n\nWRONG (do NOT do this):\n{wrong}\n\nCORRECT approach:\nlist them."
    said = [("system", system), ("user", "who is online?"), ("assistant", LIST)]
    return {"messages": [{"role": role, "content": text} for role, text in said]}


def lint(record: dict[str, Any]) -> set[str]:
    return {found.finding.code for found in lint_record(Record(Path("x"), 1, record), AJ)[1]}


def became(record: dict[str, Any]) -> str:
    """The last turn of the row or pair as it is written, or the code of the refusal."""
    (value,) = [settle(item, AJ).value for item in parse(record)]
    if isinstance(value, Refused):
        return value.code
    return render_turn(value.chosen if isinstance(value, Pair) else value.messages[-1], AJ)


@pytest.mark.parametrize("wrong", ['{"tool": "none", "params": {}}', "Two boxes are online.", "```bash\nuptime\n```"])
def test_a_wrong_answer_in_the_system_prompt_is_found_and_goes(wrong):
    assert lint(lesson(wrong)) == {"wrong_in_system"}
    assert became(lesson(wrong)) == LIST


def test_a_pair_that_prefers_prose_to_a_call_is_refused():
    pair = {
        "prompt": "how many boxes answer?",
        "context": "Boxes were found earlier: web01, db01",
        "chosen": "Two boxes answer, as found earlier: `web01` and `db01`. Shall I look again?",
        "rejected": '{"tool": "none", "params": {"reason": "known"}}',
        "category": "tool_none_error",
    }
    assert (lint(pair), became(pair)) == ({"no_call"}, "no_call")


def test_numbers_of_steps_stand_once():
    steps = ["1. Make a new key", "2. Copy it to the host", "3. Remove the old one"]
    told = became(earlier("How do I rotate the keys?", {"action": "rotate", "steps": steps, "why": "Old keys leak."}))
    assert all(step in told for step in steps)
    assert "1. 1." not in told


CODE = (
    "Like this:\n```python\nwith open('a.txt') as f:\n    print(f.read())\n```\nThe file is closed by itself.",
    "Pass it as a dict:\n```python\nclient.find({'name': 'web01'})\n```",
    'Put this into `launch.json`:\n```json\n{"name": "Debug", "type": "node"}\n```\nThen press F5.',
    "All parts must be executed successfully, or none counts; a job that was executed halfway is undone.",
)


@pytest.mark.parametrize("answer", CODE)
def test_code_in_an_explanation_is_no_fault_and_stays(answer):
    record = earlier("Explain it to me", answer)
    assert (lint(record), became(record)) == (set(), answer)


def test_an_address_with_a_prefix_is_private():
    record = answered("`eth0` has 10.20.3.17/24.", "What is the address of `eth0`?")
    assert "private_address" in lint(record)


def test_an_answer_about_a_host_that_nobody_looked_at_is_ungrounded():
    record = answered("The disk of `web77` is 93% full; `/var/log` holds 28G of it.", "how full is the disk of web77?")
    assert (lint(record), became(record)) == ({"ungrounded"}, "ungrounded")


def test_a_dict_plan_is_one_under_any_name_and_becomes_a_list():
    steps = [{"step": number, "action": what} for number, what in enumerate(("Back up", "Upgrade", "Check"), 1)]
    for name in ("plan", "steps"):
        record = earlier("plan the upgrade", {"action": "multi_step_plan", name: steps})
        assert "plan_as_dict" in lint(record)
        assert became(record) == "1. Back up\n2. Upgrade\n3. Check"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("block", "That would erase the box. I will not run it."),
        ("clarify", "There are three boxes. Which one do you mean? I'll need a yes before I delete anything."),
    ],
)
def test_a_refusal_and_a_question_back_are_not_unfinished(kind, words):
    assert words in became(earlier("run rm -rf / on web01", {"action": kind, "response": words}, CALLS))


def test_a_heading_that_the_repair_writes_is_no_made_up_output():
    told = {"status": "fine", "explanation": "It bubbles up.", "example_output": "a { b: c }"}
    assert "It bubbles up." in became(earlier("nesting does not work", told))


@pytest.mark.parametrize("word", ["Executed successfully on `web01`.", "It WAS EXECUTED.", "**bash result:** fine",
                                  "↳ Got 5 lines"])  # fmt: skip
def test_what_the_runtime_takes_for_made_up_output_is_one(word):
    assert (lint(answered(word)), became(answered(word))) == ({"made_up_output"}, "made_up_output")


@pytest.mark.parametrize("mark", ["JSON", "Python", "python3", " json", "jsonc"])
def test_a_fence_that_the_runtime_rejects_is_a_finding_and_goes(mark):
    record = answered(f"Here:\n```{mark}\n{{}}\n```")
    assert lint(record) == {"code_fence"}
    assert not {"code_fence", "made_up_output"} & lint(earlier("did it work?", became(record), CALLS))


def test_marks_in_a_thought_are_no_finding_and_leave_no_trace():
    thought = "<think>\nThe job was executed already, I could also use ```python\nx\n```.\n</think>\n\n"
    call = '{"tool": "bash", "params": {"command": "df -h"}}'
    record = earlier("disk?", thought + call, CALLS)
    assert (lint(record), became(record)) == (set(), call)


def test_the_word_for_an_intent_may_be_written_in_any_case():
    record = earlier("restart nginx", "Task", "Say task or conversational.")
    assert (lint(record), became(record)) == (set(), "task")


def test_kinds_told_by_marks_and_tools_are_what_they_say():
    kto = {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "no"}], "label": False}
    assert became(kto) == "not_to_learn"
    pair = {"prompt": [kto["messages"][0]], "chosen": [{"role": "assistant", "content": "Hello."}],
            "rejected": [kto["messages"][1]]}  # fmt: skip
    (value,) = [settle(item, AJ).value for item in parse(pair)]
    assert isinstance(value, Pair)
    assert isinstance(settle(next(parse(earlier("hi", "Hello."))), AJ).value, Row)
