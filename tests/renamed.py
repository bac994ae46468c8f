"""AJ's contract with another name for every tool, parameter and key: what holds under it depends on no name."""

from typing import Any

from aj.contract import Contract, load_contract


def renamed_contract() -> Contract:
    """The contract `aj`, in which each tool, each parameter of a tool and each key of a call has another name."""
    contract = load_contract().model_dump(exclude_unset=True)
    for tool in contract["tools"]:
        tool["name"] = _new(tool["name"])
        tool["parameters"] = _renamed(tool["parameters"])
    keys = contract["wire"]["keys"]
    keys.update({part: _new(key) for part, key in keys.items()})
    for act in contract["acts"].values():
        act.update({part: _new(name) for part, name in act.items()})
    aliases, conduct = contract["aliases"], contract["conduct"]
    aliases["lifted"] = {_new(tool): [*map(_new, names)] for tool, names in aliases["lifted"].items()}
    for rule, named in conduct.items():  # the rules that name tools or parameters
        if isinstance(named, str):
            conduct[rule] = _new(named)
        elif isinstance(named, tuple):
            conduct[rule] = [*map(_new, named)]
    return Contract.model_validate(contract | {"name": "renamed"})


def _new(name: str) -> str:
    return f"my_{name}"


def _renamed(schema: dict[str, Any]) -> dict[str, Any]:
    """A tool's schema with other names for its parameters."""
    found = dict(schema)
    found["properties"] = {_new(name): value for name, value in schema.get("properties", {}).items()}
    if "required" in schema:
        found["required"] = [*map(_new, schema["required"])]
    if "oneOf" in schema:
        found["oneOf"] = [{"required": [*map(_new, one["required"])]} for one in schema["oneOf"]]
    return found
