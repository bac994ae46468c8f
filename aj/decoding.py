"""The JSON Schema with which a server decodes calls, written for what its engine does with one.

vLLM hands a schema to xgrammar, after Inspect has dropped `const` and `oneOf` from it. There, a string with a bound on
its length or with a pattern can hold no escape, so no quote and no Windows path; `oneOf` beside `properties` takes
anything; and keys come in the schema's order, which is that of `aj.wire.render_call`. So the schema says less than the
contract, and all that it allows is judged afterwards like any other completion.
"""

from collections.abc import Iterator
from typing import Any

from aj.contract import Contract
from aj.errors import ContractError

_DECODED = ("type", "enum", "required", "additionalProperties")
"""Keywords without schemas in them that the engine keeps to; the others are checked afterwards."""


def call_schema(contract: Contract) -> dict[str, Any]:
    """The schema of a call: one alternative for each tool, and for each choice that a tool gives between parameters.

    Raises:
        ContractError: a call is more than one JSON object, so that no JSON Schema describes it.
    """
    wire, keys = contract.wire, contract.wire.keys
    if wire.open.strip() or wire.close.strip():
        raise ContractError(
            f"A call under the contract {contract.name!r} is not JSON alone but stands in {wire.open.strip()}, "
            "so a JSON Schema cannot constrain it; leave out -T constrained=true."
        )

    def one(tool: str, params: dict[str, Any]) -> dict[str, Any]:
        properties = {keys.tool: {"type": "string", "enum": [tool]}, keys.params: params}
        properties |= {key: {"type": "string"} for key in keys.spoken}
        return _object(properties, [keys.tool, keys.params])

    return {"anyOf": [one(tool.name, params) for tool in contract.tools for params in _choices(tool.parameters)]}


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _choices(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """An object's schema without `oneOf` and `anyOf` beside its properties: one for each alternative, without what only
    the others require."""
    either = schema.get("oneOf") or schema.get("anyOf") or [{}]
    for chosen in either:
        own = [*schema.get("required", []), *chosen.get("required", [])]
        others = {name for other in either if other is not chosen for name in other.get("required", [])} - {*own}
        given = schema.get("properties", {}) | chosen.get("properties", {})
        left = {name: part for name, part in given.items() if "oneOf" not in schema or name not in others}
        yield _decodable({**schema, "properties": left, "required": own})


def _decodable(schema: Any) -> Any:
    """What the engine keeps to of a schema."""
    if not isinstance(schema, dict):
        return schema
    kept = {key: schema[key] for key in _DECODED if key in schema and not isinstance(schema[key], dict)}
    if "const" in schema:
        kept["enum"] = [schema["const"]]
    if "properties" in schema:
        kept["properties"] = {name: _decodable(part) for name, part in schema["properties"].items()}
    if "items" in schema:
        kept["items"] = _decodable(schema["items"])
    if isinstance(schema.get("additionalProperties"), dict):
        kept["additionalProperties"] = _decodable(schema["additionalProperties"])
    if "properties" not in schema and (either := schema.get("anyOf") or schema.get("oneOf")):
        kept["anyOf"] = [_decodable(part) for part in either]
    return kept
