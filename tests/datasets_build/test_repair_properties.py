"""Whatever a record holds: what comes out of the repair is right and means the same."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from aj.messages import Call, Row, pair_to_record, row_to_record
from datasets_build.ledger import Refused
from datasets_build.lint.items import lint_value
from datasets_build.reading.transcripts import Transcript, Turn
from datasets_build.repair.retired import load_retired
from datasets_build.repair.settle import settle
from datasets_build.sources import native
from scorers.checks.rows import check_row
from tests.datasets_build.repaired import CONTRACT, settled

SHELLS = [name for tool in load_retired().tools if tool.to == "here" and not tool.command for name in tool.names]
WORDS = st.text(alphabet="abc ./-'\"\\$|\n\téü☂", min_size=1, max_size=20).filter(str.strip)


def again(value):
    record = row_to_record(value) if isinstance(value, Row) else pair_to_record(value)
    (item,) = native.parse(json.loads(json.dumps(record)))
    return settle(item, CONTRACT)


@settings(max_examples=50)
@given(
    st.sampled_from(["tool", "action", "name"]),
    st.sampled_from([name for name in SHELLS if "file" not in name]),
    st.sampled_from(["command", "cmd", "script"]),
    st.sampled_from(["params", "args", "arguments", "parameters", None]),
    WORDS,
)
def test_a_repaired_command_is_the_same_command(key, name, param, nested, command):
    old = {key: name, **({nested: {param: command}} if nested else {param: command})}
    outcome = settled(old)
    if isinstance(outcome.value, Refused):  # the checks find a lone backslash or a phrase: refused, never changed
        assert outcome.value.code in ("lone_backslash", "escaped_unicode", "made_up_output")
        return
    assert isinstance(outcome.value, Row)
    assert outcome.value.messages[-1].call == Call("bash", {"command": command})
    assert again(outcome.value).value == outcome.value
    assert again(outcome.value).repaired == ()


@settings(max_examples=50)
@given(st.lists(st.text(alphabet="abcdef `'./", min_size=1, max_size=20).filter(str.strip), min_size=2, max_size=5))
def test_every_step_of_a_plan_stands_in_its_row(steps):
    outcome = settled({"steps": [{"step": n, "action": step} for n, step in enumerate(steps, start=1)]})
    assert isinstance(outcome.value, Row)
    lines = outcome.value.messages[-1].content.splitlines()
    assert lines == [f"{n}. {step.strip()}" for n, step in enumerate(steps, start=1)]
    assert again(outcome.value).value == outcome.value


TEXTS = st.text(alphabet="abcdef .,", min_size=1, max_size=15).filter(str.strip)


@settings(max_examples=50)
@given(
    st.dictionaries(
        st.sampled_from(["explanation", "solutions", "tip", "code", "first_steps"]),
        st.recursive(TEXTS, lambda inner: st.lists(inner, min_size=1, max_size=3), max_leaves=4),
        min_size=1,
    )
)
def test_every_text_of_an_explanation_stands_in_its_row(record):
    outcome = settled({"status": "x", **record})
    assert isinstance(outcome.value, Row)
    content = outcome.value.messages[-1].content

    def leaves(value):
        return [value] if isinstance(value, str) else [leaf for part in value for leaf in leaves(part)]

    for leaf in leaves(list(record.values())):
        assert leaf.strip() in content


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["bash", "run", "none", "complete", "provide_code", "multi_step_plan", "write_file", "plan", "x"]
)
OBJECT = st.fixed_dictionaries(
    {},
    optional={
        "tool": NAMES | VALUES,
        "action": NAMES | VALUES,
        "params": VALUES,
        "command": VALUES,
        "steps": VALUES,
        "status": VALUES,
        "response": VALUES,
        "code": VALUES,
        "path": VALUES,
        "content": VALUES,
    },
)
TURN = st.builds(
    Turn,
    st.sampled_from(["user", "assistant", "tool"]),
    st.text(max_size=20) | OBJECT.map(json.dumps) | OBJECT.map(repr),
    st.none() | st.builds(Call, NAMES, st.dictionaries(st.text(max_size=6), VALUES, max_size=2)),
    st.none() | st.just("bash"),
    st.booleans(),
)


@settings(max_examples=50)
@given(
    st.lists(TURN, max_size=4).map(lambda turns: (Turn("user", "hi"), *turns, Turn("assistant", "Hello."))),
    st.sampled_from(["step", "chat", "plan", "intent"]),
)
def test_hostile_conversations_give_a_right_row_or_a_reason(turns, mode):
    outcome = settle(Transcript(turns, mode), CONTRACT)
    if isinstance(outcome.value, Refused):
        assert outcome.value.code
        return
    assert isinstance(outcome.value, Row)
    assert check_row(outcome.value, CONTRACT) == []
    assert lint_value(outcome.value, CONTRACT) == []
    assert again(outcome.value).value == outcome.value


@settings(max_examples=50)
@given(OBJECT)
def test_hostile_objects_give_a_right_row_or_a_reason(record):
    outcome = settled(record)
    if isinstance(outcome.value, Refused):
        assert outcome.value.code
        return
    assert isinstance(outcome.value, Row)
    assert check_row(outcome.value, CONTRACT) == []
    assert lint_value(outcome.value, CONTRACT) == []
