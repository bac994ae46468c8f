"""Constrained decoding with the engine's own matcher: it can write every right call, and nothing of another shape."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inspect_ai import eval as inspect_eval
from inspect_ai.model import GenerateConfig, ModelOutput, ModelUsage, get_model
from inspect_ai.util._json import json_schema_dump

from aj.acts import DISCOVER, Act, call_of, finish, give_up, on
from aj.contract import load_contract
from aj.decoding import call_schema
from aj.errors import ContractError
from aj.findings import codes
from aj.wire import judge_call, render_call
from evals.decoding import LOOP, grammar
from evals.frozen import dataset
from evals.reference import oracle
from evals.task_success import task_success
from evals.tool_format import tool_format
from scorers.samples import case_of

AJ = load_contract()
Decodes = Callable[[str], bool]


@pytest.fixture(scope="module")
def decodes() -> Decodes:
    """Whether the engine can write a text as a whole reply, token by token of one byte, under the grammar that Inspect
    hands on."""
    import xgrammar  # which imports torch

    bytes_and_end = xgrammar.TokenizerInfo([*(bytes([byte]) for byte in range(1, 256)), b"<end>"], stop_token_ids=[255])
    asked = grammar(True, "aj")
    assert asked
    schema = json.dumps(json_schema_dump(asked.json_schema))
    compiled = xgrammar.GrammarCompiler(bytes_and_end).compile_json_schema(schema)

    def can(text: str) -> bool:
        matcher = xgrammar.GrammarMatcher(compiled)
        return matcher.accept_string(text) and matcher.accept_token(255)

    return can


@pytest.mark.loop
def test_every_step_of_the_oracle_can_be_decoded(decodes):
    samples = [sample for task in ("known_issues", "persona") for sample in dataset(task, "small", "aj")]
    cases = [case_of(sample.metadata or {}) for sample in samples[::3]]
    steps = {oracle(case, list(case.past), case.turn) for case in cases if case.mode == "step"}
    assert {tool for tool in AJ.tool_by_name if any(f'"{tool}"' in step for step in steps)} >= {
        "complete",
        "list_agents",
    }
    assert [step for step in steps if not decodes(step)] == []


WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t\"\\'{}$é😀"), min_size=1, max_size=20
)
HARD = st.sampled_from(
    ['echo "hi"', "C:\\temp\\new", "\\\\fs01\\share", "awk '{print $1}'", "a\nb\n", 'say \\"x\\"', "ütf—8 😀"]
)
TEXTS = st.lists(WORDS | HARD, min_size=1, max_size=3).map("".join)
ACTS = st.one_of(
    st.builds(Act, st.just("here"), command=TEXTS, timeout=st.none() | st.integers(1), folder=st.none() | TEXTS),
    st.builds(on, TEXTS, TEXTS),
    st.builds(finish, TEXTS) | st.builds(give_up, TEXTS),
    st.just(DISCOVER),
)
NOTES = st.none() | TEXTS
CALLS = st.builds(call_of, ACTS, st.just(AJ), NOTES, NOTES)


@pytest.mark.loop
@settings(max_examples=40)
@given(CALLS)
def test_a_rendered_call_can_be_decoded_whatever_its_texts_quote(decodes, call):
    assert decodes(render_call(call, AJ))


@pytest.mark.loop
@pytest.mark.parametrize(
    "text",
    [
        '{"tool": "none", "params": {}}',
        '{"tool": "bash", "params": {}}',
        '{"tool": "list_agents", "params": {"all": true}}',
        '{"tool": "complete", "params": {}}',
        '{"tool": "complete", "params": {"answer": "a", "error": "b"}}',
        '{"tool": "bash", "params": {"command": "ls", "shell": "zsh"}}',
        '{"action": "bash", "params": {"command": "ls"}}',
        '{"tool": "bash", "params": {"command": 5}}',
        '{"tool": "list_agents", "params": {}, "mood": "good"}',
        '{"tool": "list_agents", "params": {}} Done.',
        "Done.",
    ],
)
def test_a_call_of_another_shape_cannot_be_decoded(decodes, text):
    assert not decodes(text)


@pytest.mark.loop
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"tool": "bash", "params": {"command": ""}}', "bad_argument"),
        ('{"tool": "bash", "params": {"command": "ls", "timeout": 0}}', "bad_argument"),
        ('{"tool": "complete", "params": {"answer": "It was executed."}}', "made_up_output"),
        ('{"tool": "bash", "params": {"command": ".\\test.ps1"}}', "lone_backslash"),
    ],
)
def test_what_no_grammar_tells_is_judged_afterwards(decodes, text, code):
    assert decodes(text)
    assert code in codes(judge_call(text, AJ).findings)


# --- where it binds -------------------------------------------------------------------------------------------------


@pytest.mark.loop
@pytest.mark.parametrize("constrained", [True, False])
def test_only_a_call_is_decoded_with_the_grammar(evaluate, constrained):
    asked: list[tuple[str, bool]] = []

    def answer(messages: list[Any], _tools: Any, _choice: Any, config: GenerateConfig) -> ModelOutput:
        step = "JSON object" in messages[0].text
        asked.append(("call" if step else "words", config.response_schema is not None))
        output = ModelOutput.from_content("mock", "{}")
        output.usage = ModelUsage()
        return output

    model = get_model("mockllm/model", custom_outputs=answer, memoize=False)
    for name in (tool_format, task_success):
        task = name(suite="small", constrained=constrained)
        first = {(sample.metadata or {})["mode"]: sample.id for sample in reversed(list(task.dataset))}
        task.dataset = task.dataset.filter(lambda sample, first=first: sample.id in first.values())
        evaluate(task, model=model)
    assert set(asked) == {("call", constrained), ("words", False)}


def test_a_call_that_is_not_json_alone_has_no_grammar():
    with pytest.raises(ContractError, match="stands in <tool_call>"):
        call_schema(load_contract("native"))


def test_a_choice_between_parameters_becomes_one_object_for_each():
    either = [one["properties"]["params"] for one in call_schema(AJ)["anyOf"]][-2:]
    assert [(list(one["properties"]), one["required"]) for one in either] == [
        (["answer"], ["answer"]),
        (["error"], ["error"]),
    ]


@pytest.mark.loop
@pytest.mark.parametrize("task", [tool_format, task_success])
def test_only_vllm_is_asked_to_give_up_what_repeats_itself(task, tmp_path, monkeypatch):
    """Another server may refuse a request with a word that it does not know."""
    for name, asked in {"vllm/": {"repetition_detection": LOOP}, "mockllm/": None}.items():
        model = get_model("mockllm/model", memoize=False)
        monkeypatch.setattr(type(model), "__str__", lambda _, name=name: f"{name}model")
        (log,) = inspect_eval(task("small"), model, limit=1, log_dir=str(tmp_path), display="none")
        assert log.samples
        asking = [event.config.extra_body for event in log.samples[0].events if event.event == "model"]
        assert asking
        assert asking == [asked] * len(asking)
