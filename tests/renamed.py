"""AJ's contract with another name for every tool, parameter and key: what holds under it depends on no name."""

from pathlib import Path
from typing import Any

import yaml

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
    aliases = contract["aliases"]
    aliases["lifted"] = {_new(key): _new(name) for key, name in aliases["lifted"].items()}
    return Contract.model_validate(contract | {"name": "renamed"})


def write_contract(contract: Contract, folder: Path) -> Path:
    """The contract as a file of its own."""
    path = folder / f"{contract.name}.yaml"
    path.write_text(yaml.safe_dump(contract.model_dump(mode="json", exclude_unset=True), sort_keys=False))
    return path


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
