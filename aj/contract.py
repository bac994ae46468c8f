"""Loads and validates a contract: one YAML file that says how AJ speaks. Its content hash is its identity."""

import json
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from pydantic import Field, field_validator, model_validator

from aj.errors import ConfigError, ContractError
from aj.files import Strict, digest, read_yaml, validate_yaml
from aj.findings import Finding

CONTRACTS = Path(__file__).parent / "contracts"


class Keys(Strict):
    """Names of a call's keys on the wire; a note or reasoning of None has no key."""

    tool: str
    params: str
    note: str | None
    reasoning: str | None


class Wire(Strict):
    """The text form of a call and of a tool's result."""

    open: str
    close: str
    keys: Keys
    think_tag: str
    result_open: str
    result_close: str
    prose_limit: int


class Tool(Strict):
    """One tool; `parameters` is a JSON Schema (draft 2020-12) of an object."""

    name: str
    effect: Literal["read", "write", "control"]
    summary: str
    parameters: dict[str, Any]

    @field_validator("parameters")
    @classmethod
    def _is_a_schema(cls, value: dict[str, Any]) -> dict[str, Any]:
        try:
            Draft202012Validator.check_schema(value)
        except SchemaError as error:
            place = "/".join(str(part) for part in error.path) or "the top"
            raise ValueError(f"not a JSON Schema: {error.message} at {place}") from error
        if value.get("type") != "object":
            raise ValueError("a tool's parameters must be of type object")
        return value

    @property
    def signature(self) -> str:
        """`name(required, optional?): summary`, as the prompt shows it."""
        required = self.parameters.get("required", [])
        names = [name if name in required else f"{name}?" for name in self.parameters.get("properties", {})]
        return f"{self.name}({', '.join(names)}): {self.summary}"


class Mode(Strict):
    """One way in which the model is called, with its system prompt."""

    reply: Literal["call", "markdown", "numbered_list", "word"]
    prompt: str
    min_items: int = 0
    max_items: int = 0
    words: tuple[str, ...] = ()


class Loop(Strict):
    uses: int
    window: int


class Conduct(Strict):
    """Rules over a conversation that the runtime enforces."""

    discover: str
    target: str
    targeted: tuple[str, ...]
    fleet_wide: tuple[str, ...]
    finish: str
    max_steps: int
    loop: Loop


class MadeUp(Strict):
    """Marks of output that no tool gave."""

    fences: tuple[str, ...]
    patterns: tuple[str, ...]
    phrases: tuple[str, ...]


class Aliases(Strict):
    """Keys and names seen instead of the right ones."""

    tool_keys: tuple[str, ...]
    name_keys: tuple[str, ...]
    params_keys: tuple[str, ...]
    lifted: dict[str, tuple[str, ...]]
    retired_tools: tuple[str, ...]


class Deviation(Strict):
    why: str
    fix: str


class Contract(Strict):
    """How AJ speaks; see `contracts/aj.yaml` for the meaning of each part."""

    name: str
    wire: Wire
    tools: tuple[Tool, ...] = Field(min_length=1)
    modes: dict[str, Mode]
    conduct: Conduct
    made_up: MadeUp
    aliases: Aliases
    deviations: dict[str, Deviation]

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "Contract":
        names = [tool.name for tool in self.tools]
        if len(set(names)) < len(names):
            raise ValueError("two tools have the same name")
        conduct = self.conduct
        named = (conduct.discover, conduct.finish, *conduct.targeted, *conduct.fleet_wide)
        missing = [name for name in named if name not in names]
        if missing:
            raise ValueError(f"conduct names tools that do not exist: {', '.join(missing)}")
        return self

    @cached_property
    def hash(self) -> str:
        """Identity: changes with any word of the contract."""
        return digest(self.model_dump())

    @cached_property
    def tool_by_name(self) -> dict[str, Tool]:
        return {tool.name: tool for tool in self.tools}

    @cached_property
    def validators(self) -> dict[str, Draft202012Validator]:
        """A compiled JSON Schema validator a tool: compiling one per check cost most of a check's time."""
        return {tool.name: Draft202012Validator(tool.parameters) for tool in self.tools}

    def finding(self, code: str, detail: str = "", span: tuple[int, int] | None = None) -> Finding:
        """A finding with the contract's words for `code`; an unknown code is our own fault and raises KeyError."""
        deviation = self.deviations[code]
        return Finding(code, f"{deviation.why} ({detail})" if detail else deviation.why, deviation.fix, span)


@cache
def load_contract(name: str | Path = "aj") -> Contract:
    """Load `contracts/<name>.yaml`, or a contract file by its path.

    Raises:
        ContractError: there is no such contract, or it contradicts itself; the message starts with `file:line:`.
    """
    path = Path(name)
    if path.suffix not in (".yaml", ".yml"):
        path = CONTRACTS / f"{name}.yaml"
        if not path.exists():
            known = ", ".join(sorted(file.stem for file in CONTRACTS.glob("*.yaml")))
            raise ContractError(f"There is no contract {str(name)!r}; known: {known}, or give the path of a YAML file.")
    try:
        return _load(path)
    except ConfigError as error:
        raise ContractError(str(error)) from error


def _load(path: Path) -> Contract:
    """A contract may extend another: its top-level keys replace those of the base; modes are merged by name."""
    own = read_yaml(path)
    if "extends" not in own:
        return validate_yaml(path, own, Contract)
    base_path = path.parent / str(own.pop("extends"))
    base = read_yaml(base_path)
    merged = base | own | {"modes": base.get("modes", {}) | own.get("modes", {})}
    validate_yaml(base_path, base, Contract)
    return validate_yaml(path, merged, Contract)


def tools_json(contract: Contract) -> str:
    """The tools in OpenAI form, one JSON object a line, as Qwen2.5's template writes them."""

    def openai(tool: Tool) -> dict[str, Any]:
        function = {"name": tool.name, "description": tool.summary, "parameters": tool.parameters}
        return {"type": "function", "function": function}

    return "\n".join(json.dumps(openai(tool), ensure_ascii=False) for tool in contract.tools)
