"""Arguments are held against a tool's schema as tool lists write it: in any draft, with anybody's names of types."""

from typing import Any

import pytest

from aj.contract import load_contract
from aj.dialects import standard
from aj.findings import codes
from aj.schemas import BadSchema, argument_fault, compile_schema, without_nulls
from aj.wire import judge_call


def fault(schema: dict[str, Any], **arguments: Any) -> str | None:
    """The code of what is wrong with the arguments."""
    found = argument_fault(compile_schema(schema), arguments)
    return found and found.code


def takes(kind: Any, **beside: Any) -> dict[str, Any]:
    """A schema with the one argument `a`."""
    return {"type": "object", "properties": {"a": {"type": kind, **beside}}, "required": ["a"]}


# --- what a tool does not declare -----------------------------------------------------------------------------------

TITLE = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
SEVENTH = "http://json-schema.org/draft-07/schema#"
ADDRESS = {"type": "object", "properties": {"street": {"type": "string"}}}


@pytest.mark.parametrize(
    ("schema", "arguments"),
    [
        (TITLE, {"title": "Blue", "artist": "The Harlans"}),
        (TITLE, {"title": "Blue", "Title": "Blue"}),
        (TITLE, {"title": "Blue", "artist": None}),
        (TITLE | {"$schema": SEVENTH}, {"title": "Blue", "artist": "x"}),
        (TITLE | {"additionalProperties": False}, {"title": "Blue", "artist": "x"}),
        ({"type": "object", "properties": {}}, {"artist": "x"}),
        ({"type": "dict", "properties": {"to": ADDRESS}}, {"to": {"street": "x", "planet": "Mars"}}),
        ({"properties": {"to": {"type": "array", "items": ADDRESS}}}, {"to": [{"planet": "Mars"}]}),
        ({"properties": {"to": {"$ref": "#/$defs/x"}}, "$defs": {"x": ADDRESS}}, {"to": {"planet": "Mars"}}),
        ({"properties": {"to": {"anyOf": [ADDRESS, {"type": "null"}]}}}, {"to": {"planet": "Mars"}}),
        ({"allOf": [{"properties": {"a": {}}}], "properties": {"b": {}}}, {"c": 1}),
    ],
)
def test_an_argument_that_the_tool_does_not_declare_is_wrong(schema, arguments):
    assert fault(schema, **arguments) == "bad_argument"


@pytest.mark.parametrize(
    ("schema", "arguments"),
    [
        (TITLE | {"additionalProperties": True}, {"title": "Blue", "artist": "x"}),
        (TITLE | {"additionalProperties": {"type": "string"}}, {"title": "Blue", "artist": "x"}),
        (TITLE | {"patternProperties": {"^x-": {}}}, {"title": "Blue", "x-artist": "x"}),
        ({"type": "object"}, {"artist": "x"}),
        ({"properties": {"filter": {"type": "dict"}}}, {"filter": {"artist": "x"}}),
        ({"allOf": [{"properties": {"a": {}}}], "properties": {"b": {}}}, {"a": 1, "b": 2}),
        ({"anyOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}, {"a": 1}),
        ({"properties": {"to": {"$ref": "#/$defs/x"}}, "$defs": {"x": ADDRESS}}, {"to": {"street": "x"}}),
        ({"$schema": SEVENTH, "allOf": [{"properties": {"a": {}}}], "properties": {"b": {}}}, {"a": 1}),
    ],
)
def test_an_argument_that_is_declared_anywhere_or_left_open_is_right(schema, arguments):
    assert fault(schema, **arguments) is None


# --- null -----------------------------------------------------------------------------------------------------------


def test_null_for_an_argument_that_may_be_left_out_has_a_code_of_its_own():
    schema = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "required": ["a"]}
    assert fault(schema, a="x", b=None) == "null_argument"
    assert without_nulls(compile_schema(schema), {"a": "x", "b": None}) == {"a": "x"}
    assert fault(schema, a=None, b=1) == "bad_argument"
    assert fault(schema, a="x", b=None, c=None) == "bad_argument"
    assert fault(schema, a=3, b=None) == "bad_argument"
    assert without_nulls(compile_schema(schema), {"a": 3, "b": None}) is None


@pytest.mark.parametrize("kind", [["string", "null"], "Optional[str]", "str | None", "string or null", "any"])
def test_null_is_right_where_the_tool_takes_it(kind):
    assert fault(takes(kind), a=None) is None


def test_null_is_right_where_a_schema_says_nullable():
    assert fault(takes("string", nullable=True), a=None) is None
    assert fault(takes("string", nullable=False), a=None) == "bad_argument"


def test_ajs_own_call_with_a_null_is_told_apart_too():
    said = judge_call('{"tool": "bash", "params": {"command": "df", "timeout": null}}', load_contract())
    assert codes(said.findings) == ["null_argument"]


# --- names of types -------------------------------------------------------------------------------------------------

VALUES = {
    "string": "x",
    "integer": 3,
    "number": 3.5,
    "boolean": True,
    "array": [1],
    "object": {"k": 1},
    "null": None,
}
BY_OTHERS = {
    "string": ["str", "String", "text", "char", "date", "str, optional", "string (date-time)"],
    "integer": ["int", "Integer", "long", "int64", "integer(int32)"],
    "number": ["float", "double", "Decimal", "number (float)", "number<double>"],
    "boolean": ["bool", "Boolean"],
    "array": [
        "list",
        "tuple",
        "List[int]",
        "List[Dict[str, Any]]",
        "array of strings",
        "ArrayList",
        "typing.List[str]",
    ],
    "object": ["dict", "Dict[str, Any]", "map", "HashMap", "OBJECT"],
    "null": ["None", "NoneType"],
}


@pytest.mark.parametrize("name", BY_OTHERS)
def test_a_type_may_have_the_name_that_others_give_it(name):
    for other in BY_OTHERS[name]:
        assert fault(takes(other), a=VALUES[name]) is None, other
        wrong = {
            kind: value for kind, value in VALUES.items() if kind not in (name, *(["number"] * (name == "integer")))
        }
        wrong = {kind: value for kind, value in wrong.items() if (name, kind) != ("number", "integer")}
        for value in wrong.values():
            assert fault(takes(other), a=value) == "bad_argument", (other, value)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("Union[str, int]", ["string", "integer"]),
        ("int or float", ["integer", "number"]),
        ("Optional[List[int]]", ["array", "null"]),
        (["str", "dict"], ["string", "object"]),
        (["string", "string"], "string"),
        ("any", None),
        ("Union[Any, int]", None),
    ],
)
def test_several_types_in_one_name_are_each_of_them(kind, names):
    assert standard({"type": kind}).get("type") == names


@pytest.mark.parametrize("kind", ["colour", "nonsense", "Union[str, Colour]", "", "MyClass", "list or colour"])
def test_a_type_that_nobody_knows_is_not_taken_for_any(kind):
    with pytest.raises(BadSchema, match="type"):
        compile_schema(takes(kind))


def test_types_are_named_wherever_a_schema_holds_schemas():
    odd = {"type": "float"}
    schema = {
        "properties": {"a": odd},
        "patternProperties": {"b": odd},
        "$defs": {"c": odd},
        "items": odd,
        "prefixItems": [odd],
        "anyOf": [odd],
        "not": odd,
        "additionalProperties": odd,
        "enum": [odd],
    }
    assert str(standard(schema)).count("number") == 8
    assert standard(schema)["enum"] == [odd], "a value is no schema"


def test_a_property_may_be_named_like_a_keyword():
    schema = {"type": "object", "properties": {"type": {"type": "str"}, "required": {"type": "bool"}}}
    assert fault(schema, type="x", required=True) is None
    assert fault(schema, type=3) == "bad_argument"


# --- drafts ---------------------------------------------------------------------------------------------------------


FOURTH = "http://json-schema.org/draft-04/schema#"
NEWER = "https://json-schema.org/draft/"
REFERRING = {"properties": {"a": {"$ref": "#/definitions/x"}}, "definitions": {"x": {"type": "int"}}}


@pytest.mark.parametrize(
    ("schema", "right", "wrong"),
    [
        ({"$schema": FOURTH, **takes("number", minimum=0, exclusiveMinimum=True)}, 1, 0),
        (takes("number", minimum=0, exclusiveMinimum=True), 1, 0),
        (takes("number", exclusiveMinimum=0), 1, 0),
        ({"$schema": SEVENTH, **takes("array", items=[{"type": "string"}])}, ["x"], [1]),
        (takes("array", items=[{"type": "str"}]), ["x"], [1]),
        ({"$schema": SEVENTH, **REFERRING}, 1, "x"),
        ({"$schema": f"{NEWER}2019-09/schema", **takes("int")}, 1, "x"),
        ({"$schema": f"{NEWER}2020-12/schema", **takes("array", prefixItems=[{"type": "int"}])}, [1], ["x"]),
    ],
)
def test_a_schema_is_of_the_draft_that_it_declares_or_that_it_is_written_in(schema, right, wrong):
    assert fault(schema, a=right) is None
    assert fault(schema, a=wrong) == "bad_argument"


@pytest.mark.parametrize(
    "declared", ["https://example.com/schema", "draft-07", 7, "http://json-schema.org/draft-99/schema#"]
)
def test_a_draft_that_nobody_knows_is_named(declared):
    with pytest.raises(BadSchema, match="draft"):
        compile_schema({"$schema": declared, "type": "object"})


def test_required_within_a_property_counts():
    schema = {"type": "object", "properties": {"a": {"type": "string", "required": True}, "b": {"required": False}}}
    assert fault(schema, a="x") is None
    assert fault(schema, b=1) == "bad_argument"


@pytest.mark.parametrize(
    ("name", "pointer"),
    [
        ("x/y", "x~1y"),
        ("x~y", "x~0y"),
        ("x%y", "x%25y"),
        ("x y", "x%20y"),
        ("~1", "~01"),
        ("ü", "%C3%BC"),
        ("x~/y", "x~0~1y"),
    ],
)
def test_a_reference_with_escapes_is_followed(name, pointer):
    schema = {"properties": {"a": {"$ref": f"#/$defs/{pointer}"}}, "$defs": {name: {"type": "integer"}}}
    assert fault(schema, a=1) is None
    assert fault(schema, a="1") == "bad_argument"
