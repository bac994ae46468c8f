"""Loads and validates a contract: one YAML file that says how AJ speaks. Its identity is a hash of its content."""

import json
import re
from collections.abc import Sequence
from functools import cache, cached_property, lru_cache, reduce
from operator import or_
from pathlib import Path
from typing import Any, Literal

from jsonschema_rs import Validator
from pydantic import Field, ValidationError, ValidationInfo, field_validator

from aj.dialects import standard, standard_if_known
from aj.errors import ConfigError, ContractError
from aj.files import Strict, digest, read_yaml, validate_yaml
from aj.findings import Finding
from aj.hints import hint, hints_in, in_any_case
from aj.meaning import ActKind, CallMeaning, check_fields, check_tools
from aj.schemas import compile_schema

CONTRACTS = Path(__file__).parent / "contracts"


class Keys(Strict):
    """The keys of a call on the wire; None for a note or reasoning without a key."""

    tool: str
    params: str
    note: str | None
    reasoning: str | None

    @cached_property
    def spoken(self) -> tuple[str, ...]:
        """The keys whose values are text."""
        return tuple(key for key in (self.note, self.reasoning) if key)


class Wire(Strict):
    """The text form of a call and of a tool's result."""

    open: str
    close: str
    keys: Keys
    think_tag: str
    result_open: str
    result_close: str
    prose_limit: int
    call_marks: tuple[str, ...]
    """Keys of which a text above `prose_limit` characters must have one, if not that of the tool: otherwise the runtime
    takes it for prose."""


class Tool(Strict):
    """One tool; `parameters` is a JSON Schema of an object, as `aj.schemas` reads it."""

    name: str = Field(min_length=1)
    effect: Literal["read", "write", "control"]
    summary: str
    parameters: dict[str, Any]

    @field_validator("parameters")
    @classmethod
    def _is_a_schema(cls, value: dict[str, Any]) -> dict[str, Any]:
        compile_schema(value)
        if standard(value) != value:
            raise ValueError("not a JSON Schema: it has other words for a type, or for what is required")
        if value.get("type") != "object":
            raise ValueError("a tool's parameters must be of type object")
        return value

    @property
    def signature(self) -> str:
        """`name(required, optional?): summary`, as the prompt shows it."""
        required = self.parameters.get("required", [])
        names = [name if name in required else f"{name}?" for name in self.parameters.get("properties", {})]
        return f"{self.name}({', '.join(names)}): {self.summary}"


class ModeSpec(Strict):
    """One way in which the model is called, with its system prompt."""

    reply: Literal["call", "call_or_text", "markdown", "numbered_list", "word"]
    prompt: str
    min_items: int = 0
    max_items: int = 0
    words: tuple[str, ...] = ()


class Loop(Strict):
    uses: int
    window: int


class Conduct(Strict):
    """Limits on a conversation that the runtime enforces."""

    max_steps: int
    loop: Loop


class Sign(Strict):
    """A form that output takes."""

    has: tuple[str, ...] = Field(min_length=1)
    """Texts in lower case of which each match contains one: most replies have none, and are not searched."""
    pattern: str


class MadeUp(Strict):
    """Signs of output that did not come from a tool, in any case."""

    fences: tuple[str, ...]
    """How the language of a fenced block begins."""
    signs: tuple[Sign, ...]
    phrases: tuple[str, ...]

    @cached_property
    def fence(self) -> re.Pattern[str]:
        return re.compile(rf"```\s*(?:{'|'.join(map(re.escape, self.fences))})", re.IGNORECASE)

    def found(self, text: str) -> re.Match[str] | None:
        """The first form or phrase in a text."""
        forms, anything = self._forms
        if not (has := hints_in(text) & anything):
            return None
        return _any_of(tuple(pattern for one, pattern in forms if has & one)).search(text)

    @cached_property
    def _forms(self) -> tuple[tuple[tuple[int, str], ...], int]:
        """(hint, pattern) of each form and phrase, and the hints of all."""
        forms = [(form.has, form.pattern) for form in self.signs] + [
            ((said,), re.escape(said)) for said in self.phrases
        ]
        found = tuple((hint(*in_any_case(*map(re.escape, has))), pattern) for has, pattern in forms)
        return found, reduce(or_, (one for one, _ in found), 0)


@lru_cache(64)
def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


class Sentences(Strict):
    """What the runtime does with a tool's name that is a sentence: it takes the first of `tools` in it."""

    above: int
    """Characters of a name that is taken for a sentence."""
    tools: tuple[str, ...]


class Aliases(Strict):
    """Keys and names that occur instead of the right ones."""

    tool_keys: tuple[str, ...]
    name_keys: tuple[str, ...]
    params_keys: tuple[str, ...]
    lifted: dict[str, str]
    """Key of the object -> parameter. If `params` is empty, the runtime takes the first of these alone."""
    notes: tuple[str, ...]
    """Keys that the runtime reads as a note, after the contract's own."""
    sentences: Sentences
    retired_tools: tuple[str, ...]
    earlier: dict[ActKind, CallMeaning]
    """How AJ's earlier data wrote an act, under the first of `tool_keys`."""

    @cached_property
    def keys(self) -> frozenset[str]:
        """All keys that occur instead of the right ones."""
        return frozenset((*self.tool_keys, *self.name_keys, *self.params_keys))


class Deviation(Strict):
    why: str
    fix: str


class Contract(Strict):
    """How AJ speaks; see `contracts/aj.yaml` for the meaning of each part."""

    name: str
    wire: Wire
    tools: tuple[Tool, ...] = Field(min_length=1)
    acts: dict[ActKind, CallMeaning]
    modes: dict[str, ModeSpec]
    conduct: Conduct
    made_up: MadeUp
    aliases: Aliases
    deviations: dict[str, Deviation]

    @field_validator("tools")
    @classmethod
    def _have_names_of_their_own(cls, tools: tuple[Tool, ...]) -> tuple[Tool, ...]:
        if len({tool.name for tool in tools}) < len(tools):
            raise ValueError("two tools have the same name")
        return tools

    @field_validator("acts")
    @classmethod
    def _are_calls_of_its_tools(
        cls, acts: dict[ActKind, CallMeaning], info: ValidationInfo
    ) -> dict[ActKind, CallMeaning]:
        check_fields(acts)
        check_tools(acts, {tool.name: tool.parameters for tool in info.data.get("tools", ())})
        return acts

    @cached_property
    def hash(self) -> str:
        """Identity: changes with any word of the contract."""
        return digest(self.model_dump())

    @cached_property
    def tool_by_name(self) -> dict[str, Tool]:
        return {tool.name: tool for tool in self.tools}

    @cached_property
    def meanings(self) -> dict[str, tuple[tuple[ActKind, CallMeaning], ...]]:
        """What a tool's calls may mean, by the tool's name."""
        tools = {meaning.tool for meaning in self.acts.values()}
        return {tool: tuple(item for item in self.acts.items() if item[1].tool == tool) for tool in tools}

    @cached_property
    def validators(self) -> dict[str, Validator]:
        """A compiled JSON Schema validator per tool: compiling one per check took most of a check's time."""
        return {tool.name: compile_schema(tool.parameters) for tool in self.tools}

    @cached_property
    def explained(self) -> dict[str, Deviation]:
        """The deviations, with this contract's own names filled in."""
        keys = self.wire.keys
        finish = self.acts["finish"].tool if "finish" in self.acts else "plain text"
        names = {"{{tool}}": keys.tool, "{{params}}": keys.params, "{{finish}}": finish}

        def named(text: str) -> str:
            for slot, name in names.items():
                text = text.replace(slot, name)
            return text

        return {code: Deviation(why=named(one.why), fix=named(one.fix)) for code, one in self.deviations.items()}

    def finding(self, code: str, detail: str = "", span: tuple[int, int] | None = None) -> Finding:
        """A finding with the contract's words for `code`; an unknown code is our own fault, a KeyError."""
        deviation = self.explained[code]
        return Finding(code, f"{deviation.why} ({detail})" if detail else deviation.why, deviation.fix, span)


OWN_TOOLS = "tools"
"""The contract with the form and modes of rows that have their own tools."""


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
            raise ContractError(f"There is no contract {str(name)!r}; use one of {known}, or the path of a YAML file.")
    try:
        return _load(path)
    except ConfigError as error:
        raise ContractError(str(error)) from error


def _load(path: Path) -> Contract:
    return validate_yaml(path, _merged(path, ()), Contract)


def _merged(path: Path, heirs: tuple[Path, ...]) -> dict[str, Any]:
    """A contract may extend another: its top-level keys replace those of the base; modes are merged by name."""
    if path in heirs:
        raise ConfigError(f"{path}:1: extends itself; name the contract that it builds on.")
    own = read_yaml(path)
    if "extends" not in own:
        return own
    base_path = path.parent / str(own.pop("extends"))
    base = _merged(base_path, (*heirs, path))
    validate_yaml(base_path, base, Contract)
    return base | own | {"modes": base.get("modes", {}) | own.get("modes", {})}


MAX_OWN_TOOLS = 200_000
"""Characters of a row's own tool list as JSON, about 50,000 tokens: more fits into no context in training."""


def contract_with(tools: Sequence[dict[str, Any]]) -> Contract:
    """The contract OWN_TOOLS (native wire form, without AJ's conduct) with the tools that a row declares itself.

    Args:
        tools: {"name", "description", "parameters": JSON Schema}, in the order of the prompt.

    Raises:
        ContractError: a schema is invalid, too large or nested too deep; two tools share a name; there is no tool.
    """
    try:
        text = json.dumps(list(tools), ensure_ascii=False, allow_nan=False)
        text.encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise ContractError(f"The row's tools are not JSON ({str(error)[:80]}); leave the row out.") from error
    if len(text) > MAX_OWN_TOOLS:
        raise ContractError(f"The row's tools take {len(text):,} characters of {MAX_OWN_TOOLS:,}; leave the row out.")
    return _contract_with(text)


@lru_cache(maxsize=128)
def _contract_with(text: str) -> Contract:
    # Built from scratch, never `model_copy`: a copy skips validation and keeps the cached hash and validators.
    base = load_contract(OWN_TOOLS)
    parts = {name: getattr(base, name) for name in Contract.model_fields}
    try:
        parts["tools"] = tuple(_own_tool(tool) for tool in json.loads(text))
        return Contract(**parts)
    except ValidationError as error:
        first = error.errors()[0]
        raise ContractError(f"The row's tools are invalid ({first['msg'][:200]}); leave the row out.") from error


def _own_tool(tool: dict[str, Any]) -> Tool:
    # What a foreign tool does is unknown, so it counts as a tool that changes things.
    return Tool.model_validate(
        {
            "name": tool.get("name"),
            "effect": "write",
            "summary": tool.get("description") or "",
            "parameters": standard_if_known(tool.get("parameters")),
        }
    )


def tools_json(contract: Contract) -> str:
    """The tools in OpenAI form, one JSON object per line, as in Qwen2.5's template."""

    def openai(tool: Tool) -> dict[str, Any]:
        function = {"name": tool.name, "description": tool.summary, "parameters": tool.parameters}
        return {"type": "function", "function": function}

    return "\n".join(json.dumps(openai(tool), ensure_ascii=False) for tool in contract.tools)
