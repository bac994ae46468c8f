"""A row of foreign tools keeps its own tool list: in its record, in its prompt and in its checks."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aj.contract import contract_with, load_contract
from aj.errors import ConfigError, ContractError
from aj.findings import codes
from aj.messages import Call, Message, Row, calls, reply, result, row_from_record, row_to_record, user
from aj.schemas import BadSchema, argument_error, compile_schema
from aj.wire import judge_call, render_row
from scorers.checks.rows import check_row

AJ = load_contract("aj")


def _tool(name="weather", description="Says the weather", **properties):
    schema = {"type": "object", "properties": properties or {"city": {"type": "string"}}, "required": ["city"]}
    return {"name": name, "description": description, "parameters": schema}


TOOL = _tool()
ROW = Row(
    (user("rain in Oslo?"), calls("weather", {"city": "Oslo"}, "One moment."), result("weather", "wet"), reply("Yes.")),
    tools=(TOOL,),
)


def _without_tools(row):
    return Row(row.messages, row.mode, row.layout, row.metadata)


def test_the_ids_of_rows_without_tools_are_what_they_were():
    row = Row((user("hi"), calls("list_agents", note="On it!"), result("list_agents", "none"), reply("none")))
    assert row.id == "c568da5ee52b"
    assert "tools" not in row_to_record(row)


def test_own_tools_are_part_of_the_id_and_come_back_as_they_were():
    record = json.loads(json.dumps(row_to_record(ROW)))
    assert isinstance(record["tools"], str)
    assert row_from_record(record) == ROW
    assert len({ROW.id, _without_tools(ROW).id, Row(ROW.messages, tools=(_tool("rain"),)).id}) == 3


def test_a_null_in_the_tools_column_is_no_tool():
    record = row_to_record(_without_tools(ROW)) | {"tools": None}
    assert row_from_record(record) == _without_tools(ROW)


@pytest.mark.parametrize("tools", ["[3]", "{}", "no JSON", [], 3, "[" * 100_000])
def test_a_tools_column_that_is_no_list_of_objects_is_refused(tools):
    with pytest.raises(ValueError, match="'tools' must"):
        row_from_record(row_to_record(_without_tools(ROW)) | {"tools": tools})


def test_a_row_with_own_tools_is_rendered_with_them_and_without_aj():
    system, *turns = render_row(ROW, AJ)
    assert '{"type": "function", "function": {"name": "weather", "description": "Says the weather"' in system["content"]
    assert "list_agents" not in system["content"]
    call = '{"name": "weather", "arguments": {"city": "Oslo"}}'
    assert turns[1] == {"role": "assistant", "content": f"One moment.\n<tool_call>\n{call}\n</tool_call>"}
    assert turns[2] == {"role": "user", "content": "<tool_response>\nwet\n</tool_response>"}
    assert turns[3] == {"role": "assistant", "content": "Yes."}


def test_a_row_with_own_tools_passes_without_ajs_conduct():
    steps = [turn for _ in range(4) for turn in (calls("weather", {"city": "Oslo"}), result("weather", "wet"))]
    assert check_row(ROW, AJ) == []
    assert check_row(Row((user("rain?"), *steps, reply("Yes.")), tools=(TOOL,)), AJ) == []


@pytest.mark.parametrize(
    ("turn", "code"),
    [
        (calls("weather", {"city": 3}), "bad_argument"),
        (calls("weather", {}), "bad_argument"),
        (calls("list_agents"), "unknown_tool"),
        (reply(" "), "empty_output"),
        (reply("It was executed successfully."), "made_up_output"),
        (reply('<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}\n</tool_call>'), "broken_json"),
    ],
)
def test_a_row_with_own_tools_is_held_to_its_own_schemas(turn, code):
    assert code in codes(check_row(Row((user("rain?"), turn), tools=(TOOL,)), AJ))


@pytest.mark.parametrize("form", [("chat", "dialogue"), ("step", "state_block")])
def test_own_tools_belong_into_a_dialogue_in_step_mode(form):
    assert codes(check_row(Row(ROW.messages, *form, tools=(TOOL,)), AJ)) == ["bad_mode"]


def _nested(depth):
    schema: dict = {"type": "string"}
    for _ in range(depth):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


@pytest.mark.parametrize(
    "parameters",
    [
        {"type": "string"},
        {"type": "object", "properties": {"a": {"type": "colour"}}},
        {"type": "object", "properties": {"a": {"pattern": "(((a{100}){100}){100}){100}"}}},
        {"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:9/schema"}}},
        {"type": "object", "properties": {"a": {"$ref": "file:///etc/hostname"}}},
        {"type": "object", "properties": {"a": {"$ref": "#/$defs/none"}}},
        {"type": "object", "enum": list(range(30_000))},
        _nested(30),
        _nested(50_000),
        {"type": "object", "default": float("nan")},
        {"type": "object", "description": "\ud800"},
        {"type": "object", "description": "x" * 300_000},
        "text",
        None,
    ],
)
def test_a_schema_that_is_none_or_out_of_bounds_rejects_the_row(parameters):
    tool = {"name": "weather", "description": "", "parameters": parameters}
    assert codes(check_row(Row((user("rain?"), reply("Yes.")), tools=(tool,)), AJ)) == ["bad_schema"]
    with pytest.raises(ContractError, match="leave"):
        contract_with([tool])


@pytest.mark.parametrize("tools", [[TOOL, TOOL], [], [{}], [TOOL | {"name": ""}], [TOOL | {"name": 3}]])
def test_tools_without_a_name_of_their_own_are_refused(tools):
    with pytest.raises(ContractError):
        contract_with(tools)


def test_a_catastrophic_pattern_costs_no_time():
    started = time.perf_counter()
    for pattern in ("^(a+)+$", r"^(a|a)*\1$", "^(?=(a+)+$)(a+)+$"):
        schema = {"type": "object", "properties": {"text": {"type": "string", "pattern": pattern}}}
        assert argument_error(compile_schema(schema), {"text": "a" * 5_000 + "b"})
    assert time.perf_counter() - started < 3


DOUBLED = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(30)} | {"d30": {}}
CHAIN = {f"d{n}": {"$ref": f"#/$defs/d{n + 1}"} for n in range(5_000)} | {"d5000": {}}


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"$ref": "#"}, "circle"),
        ({"properties": {"a": {"items": {"$ref": "#/properties/a"}}}}, "circle"),
        ({"$ref": "#/$defs/d0", "$defs": DOUBLED}, "more than 20,000"),
        ({"$ref": "#/$defs/d0", "$defs": CHAIN}, "too deep"),
        ({"$ref": "#/$defs/none"}, "nowhere"),
        ({"$dynamicRef": "#anchor"}, "nowhere"),
    ],
)
def test_references_that_could_run_away_are_refused(schema, said):
    with pytest.raises(BadSchema, match=said):
        compile_schema(schema)


def test_a_reference_within_the_schema_is_followed():
    schema = {"properties": {"a": {"$ref": "#/$defs/x~1y"}, "b": {"$ref": "#/allOf/0"}}, "allOf": [{"type": "object"}]}
    validator = compile_schema(schema | {"$defs": {"x/y": {"type": "integer"}}})
    assert argument_error(validator, {"a": 1, "b": {}}) is None
    assert argument_error(validator, {"a": "1"})
    assert argument_error(validator, {"b": 1})


def test_arguments_nested_out_of_bounds_are_wrong_and_not_a_crash():
    value: dict = {}
    for _ in range(5_000):
        value = {"a": value}
    assert argument_error(compile_schema({"properties": {"a": {"const": {}}}}), value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KEYWORDS = st.sampled_from(
    ["type", "properties", "required", "items", "enum", "pattern", "$ref", "$id", "$schema", "allOf", "minimum"]
)


@given(st.dictionaries(KEYWORDS, JSON, max_size=4), st.dictionaries(st.text(), JSON, max_size=2))
@settings(max_examples=50)
def test_any_schema_compiles_or_is_refused(schema, arguments):
    try:
        found = argument_error(compile_schema(schema), arguments)
    except BadSchema:
        return
    assert found is None or found


def test_equal_tools_give_one_contract_and_other_tools_another():
    assert contract_with([TOOL]) is contract_with((json.loads(json.dumps(TOOL)),))
    other = contract_with([_tool("rain")])
    assert other.hash != contract_with([TOOL]).hash != load_contract("tools").hash
    assert list(other.validators) == list(other.tool_by_name) == ["rain"]
    assert judge_call('<tool_call>\n{"name": "rain", "arguments": {"city": "x"}}\n</tool_call>', other).call == Call(
        "rain", {"city": "x"}
    )


def test_a_contract_that_extends_itself_is_refused(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("extends: own.yaml\n")
    with pytest.raises(ConfigError, match=r"own\.yaml:1: extends itself"):
        load_contract(path)


def test_a_role_without_target_is_not_checked():
    row = Row((Message("user", "hi"), reply("Yes."), user("and now?")), tools=(TOOL,))
    assert codes(check_row(row, AJ)) == ["no_target"]
