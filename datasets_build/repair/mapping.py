"""The pass that turns calls of foreign tools into commands in AJ's own shell; `mapping.yaml` lists these tools.

A call is mapped only where its counterpart is certain: not with an unknown argument, a value of another kind, a schema
that does not declare what the call gives, or a tool that acts somewhere else.
"""

import re
import shlex
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from pydantic import Field

from aj.acts import Act, call_of
from aj.contract import Contract
from aj.files import Strict, load_yaml
from aj.messages import Call
from datasets_build.ledger import Refused
from datasets_build.reading.transcripts import Transcript
from datasets_build.repair.passes import Bench, Mended

RULES = Path(__file__).parent / "mapping.yaml"

MAX_COMMAND = 20_000

_NAME = re.compile(r"[A-Za-z0-9][\w.:@/-]{0,200}")
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\|[^/]*\\[^/]*")
_SLOT = re.compile(r"\{([\w:]+)\}")
_TYPES = {
    "command": ("string", "array"),
    "path": ("string",),
    "paths": ("array",),
    "text": ("string",),
    "name": ("string",),
    "number": ("integer", "number"),
    "flag": ("boolean",),
    "seconds": ("integer", "number"),
    "milliseconds": ("integer", "number"),
    "folder": ("string",),
}


class MappingRule(Strict):
    """One kind of foreign tool and the command that does the same."""

    tool: str
    says: str = ""
    container: bool = False
    args: dict[str, str]
    run: tuple[str | tuple[str, ...], ...] = Field(min_length=1)

    def slots(self) -> dict[str, tuple[str, str, bool]]:
        """Argument name -> (the name that `run` uses, its kind, whether it is required)."""
        found = {}
        for names, kind in self.args.items():
            first, *others = names.split("|")
            for name in (first, *others):
                found[name] = (first, kind.removesuffix("!"), kind.endswith("!"))
        return found


class MappingRules(Strict):
    unless: str
    rules: tuple[MappingRule, ...]


@cache
def load_rules() -> MappingRules:
    return load_yaml(RULES, MappingRules)


def map_tools(item: Transcript, bench: Bench) -> Mended:
    """The pass: calls of the record's own tools become the contract's.

    Raises:
        Refused: a call has no counterpart; or there are no calls, and the answer is about tools that AJ does not have.
    """
    if not any(turn.call for turn in item.turns):
        raise Refused("foreign_tool", "the conversation is about tools that AJ does not have")
    turns = (replace(turn, call=_mapped(turn.call, item.tools, bench.contract), tool=None) for turn in item.turns)
    return Mended(replace(item, turns=tuple(turns), tools=()))


def _mapped(call: Call | None, tools: tuple[dict[str, Any], ...], contract: Contract) -> Call | None:
    mapped = map_call(call, tools, contract) if call else None
    if call and not mapped:
        raise Refused(
            "foreign_tool", f"{call.tool[:60]!r} has no counterpart; `aj data … --foreign keep` keeps such rows"
        )
    return mapped


def map_call(call: Call, tools: tuple[dict[str, Any], ...], contract: Contract) -> Call | None:
    """The contract's call of its own shell that does what a foreign tool's call does; None where none is certain.

    Args:
        tools: the record's own list, which must hold the call's tool: its schema and description are evidence.
    """
    tool = next((tool for tool in tools if tool.get("name") == call.tool), None)
    if tool is None or "here" not in contract.acts:
        return None
    for rule in load_rules().rules:
        act = _apply(rule, call, tool)
        if act is not None:
            return _call(act, call, contract)
    return None


def _call(act: Act, call: Call, contract: Contract) -> Call | None:
    """The act as a call, with the words beside the foreign one; None where the contract has no place for a field."""
    parameters = contract.acts["here"].parameters
    if (act.folder is not None and "folder" not in parameters) or (act.timeout and "timeout" not in parameters):
        return None
    made = call_of(act, contract, call.note, call.reasoning)
    return made if contract.validators[made.tool].is_valid(made.params) else None


def _apply(rule: MappingRule, call: Call, tool: Mapping[str, Any]) -> Act | None:
    """The act by one rule; None where the rule does not fit."""
    name = next((name for name in _bare(call.tool) if re.fullmatch(rule.tool, name)), None)
    said = f"{call.tool} {tool.get('description')}".lower()[:4_000]
    if name is None or not re.search(rule.says, said):
        return None
    if rule.container and not re.search("docker|container", said):
        return None
    if not rule.container and re.search(load_rules().unless, said):
        return None
    values = _values(rule, call.params, tool)
    if values is None:
        return None
    words: list[str] = []
    for part in rule.run:
        group = (part,) if isinstance(part, str) else part
        filled = [_fill(word, values, name) for word in group]
        if any(word is None for word in filled):
            if isinstance(part, str):
                return None
            continue
        words += [word for word in filled if word]
    command = " ".join(words)
    if not 0 < len(command) <= MAX_COMMAND:
        return None
    return Act("here", command=command, timeout=values.get("timeout"), folder=values.get("folder"))


def _bare(name: str) -> tuple[str, ...]:
    """Possible names of the tool, the likeliest first: `server-readFile` and `mcp__server__read_file` are read_file."""
    last = re.split(r"__|[.:/]", name[:200])[-1]
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", last).lower().split("-")
    # Servers are named with hyphens, most tools with underscores; of a tool with hyphens, the last words count.
    return (words[-1],) if "_" in words[-1] or len(words) == 1 else ("_".join(words[-2:]), words[-1])


def _values(rule: MappingRule, arguments: Mapping[str, Any], tool: Mapping[str, Any]) -> dict[str, Any] | None:
    """The arguments as words of a command, by the names that `run` uses; None if one does not fit."""
    slots, schema, found = rule.slots(), tool.get("parameters"), {}
    declared = schema.get("properties", {}) if isinstance(schema, dict) else {}
    if not isinstance(declared, dict):
        return None
    for name, value in arguments.items():
        if name not in slots or name not in declared:
            return None
        first, kind, _ = slots[name]
        if value is None or kind == "ignored":
            continue
        if first in found or not _declares(declared[name], kind):
            return None
        try:
            key = {"seconds": "timeout", "milliseconds": "timeout", "folder": "folder"}.get(kind, first)
            found[key] = _word(kind, value)
        except ValueError:
            return None
    needed = {first for first, _, required in slots.values() if required}
    return found if needed <= set(found) else None


def _declares(schema: Any, kind: str) -> bool:
    """Whether the tool's schema allows this kind of argument; a schema without a type allows any."""
    kinds = schema.get("type") if isinstance(schema, dict) else None
    if kinds is None:
        return True
    listed = kinds if isinstance(kinds, list) else [kinds]
    return any(one in _TYPES[kind] for one in listed)


def _word(kind: str, value: Any) -> Any:
    """An argument as a part of the command. Raises ValueError if it is of another kind."""
    if isinstance(value, str) and ("\0" in value or not value.strip()):
        raise ValueError("empty, or with a character that no command line can hold")
    if kind in ("number", "seconds", "milliseconds") and isinstance(value, int | float) and not isinstance(value, bool):
        number = value / 1000 if kind == "milliseconds" else value
        if number < 0 or number > 10**9 or (kind == "number" and number != int(number)):
            raise ValueError("not a count")
        return str(int(number)) if kind == "number" else max(1, round(number))
    if kind == "flag" and isinstance(value, bool):
        return "" if value else None
    if kind in ("path", "folder") and isinstance(value, str):
        return _path(value) if kind == "path" else _checked(value)
    if kind == "text" and isinstance(value, str):
        return shlex.quote(value)
    if kind == "name" and isinstance(value, str) and _NAME.fullmatch(value):
        return value
    if kind == "command" and isinstance(value, str):
        return value.strip()
    if kind in ("command", "paths") and isinstance(value, list) and value and all(isinstance(v, str) for v in value):
        return shlex.join(value) if kind == "command" else " ".join(_path(v) for v in value)
    raise ValueError("of another kind")


def _checked(path: str) -> str:
    if not path.strip() or "\0" in path or _WINDOWS.match(path):
        raise ValueError("not a path of a shell")
    return path


def _path(path: str) -> str:
    path = _checked(path)
    if path.startswith("~/"):  # quoted, the shell would not expand it
        return "~/" + shlex.quote(path[2:]) if path[2:] else "~/"
    return shlex.quote(f"./{path}" if path.startswith("-") else path) if path != "~" else path


def _fill(word: str, values: Mapping[str, Any], name: str) -> str | None:
    """A word of `run` with its argument; None if that is missing, "" for a flag's own word."""
    slot = _SLOT.fullmatch(word)
    if not slot:
        return word
    return name.partition("_")[0] if slot[1] == "tool:verb" else values.get(slot[1])
