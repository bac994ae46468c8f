"""What AJ's runtime makes of a completion: every form of the table, and what holds for any text."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aj.contract import load_contract
from aj.files import read_yaml
from aj.findings import codes
from aj.messages import Call
from aj.runtime import react
from aj.wire import judge_call, render_call

AJ = load_contract()
FORMS: list[dict[str, Any]] = read_yaml(Path(__file__).parent / "runtime_forms.yaml")["forms"]
ROWS = [pytest.param(row, id=f"{form['form'][:40]}: {row['text'][:60]}") for form in FORMS for row in form["rows"]]


@pytest.mark.parametrize("row", ROWS)
def test_the_runtime_and_the_contract_judge_each_form_as_the_table_says(row):
    verdict = judge_call(row["text"], AJ)
    assert (codes(verdict.findings) or "valid") == row["verdict"]
    assert verdict.outcome == row["outcome"]
    reached = verdict.dispatched or verdict.attempted
    assert [reached.tool, reached.params] == row["call"] if reached else "call" not in row
    assert verdict.error == row.get("error", verdict.error)
    assert bool(verdict.error) == (verdict.outcome in ("unknown_tool", "bad_arguments"))


def test_every_form_names_the_lines_of_its_source():
    assert all(form["source"].startswith("AJ's runtime, ") for form in FORMS)


# --- any text -------------------------------------------------------------------------------------------------------

PARTS = [
    "ls",
    '\\"',
    "\\\\",
    "\\n",
    "\\t",
    "\\b",
    "\\/",
    "\\u2014",
    "\\d",
    "C:\\temp",
    "```json",
    "```bash",
    "{",
    "}",
    "é",
]
PARTS += [
    "**df output:**",
    "was executed",
    "<think>",
    "</think>",
    "web01",
    "x" * 60,
    "\n",
    '"',
    "bash",
    " ",
    "script output:\n",
]
BODIES = st.lists(st.sampled_from(PARTS), max_size=4).map("".join)
SHAPES = [
    '{{"tool": "bash", "params": {{"command": "{}"}}}}',
    '{{"tool": "{}", "params": {{}}}}',
    '{{"action": "remote_bash", "command": "{}"}}',
    "{}",
]
COMPLETIONS = st.tuples(BODIES, st.sampled_from(SHAPES), BODIES).map(lambda t: t[0][:9] + t[1].format(t[2]))
WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)


@given(COMPLETIONS)
def test_what_the_contract_accepts_reaches_its_tool_unchanged(text):
    verdict, does = judge_call(text, AJ), react(text, AJ)
    if verdict.ok:
        assert (does.outcome, does.call) == ("runs", verdict.call)
    assert (verdict.outcome, verdict.error) == (does.outcome, does.error)


@given(WORDS, st.sampled_from(["bash", "complete", "think"]))
def test_a_rendered_call_is_dispatched_as_it_was_meant_or_refused_by_the_contract(words, tool):
    field = {"bash": "command", "complete": "answer", "think": "thought"}[tool]
    text = render_call(Call(tool, {field: words}), AJ)
    if judge_call(text, AJ).ok:
        assert react(text, AJ).call == Call(tool, {field: words})


@given(COMPLETIONS, BODIES)
def test_thoughts_change_nothing(text, thought):
    closed = f"<think>{thought.replace('</think>', '')}</think>\n{text}"
    plain, thoughtful = react(text.strip(), AJ), react(closed, AJ)
    if "</think>" not in text:
        assert (plain.outcome, plain.error) == (thoughtful.outcome, thoughtful.error)
        if judge_call(text, AJ).ok:
            assert judge_call(closed, AJ).ok


@given(st.dictionaries(WORDS.filter(lambda key: key not in ("command", "timeout", "cwd")), WORDS, max_size=3))
def test_arguments_that_a_tool_does_not_know_are_not_looked_at(extra):
    text = json.dumps({"tool": "bash", "params": {"command": "ls"} | extra}, ensure_ascii=False)
    if react(text, AJ).outcome != "rejected":
        assert react(text, AJ).call == Call("bash", {"command": "ls"})


@pytest.mark.parametrize(
    "piece", ["{", "}", '{"', "\\", "command ", "script output:", "output:\n", "</think>", "```", "\\\\"]
)
@pytest.mark.timeout(20)
def test_a_huge_text_is_read_in_time(piece):
    assert react(f'{{"tool": "bash", {piece * 100_000}', AJ).outcome != "runs"
