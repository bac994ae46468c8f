"""The tools that a record declares, in whatever form, as {"name", "description", "parameters": JSON Schema}."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from aj.contract import load_contract
from aj.dialects import standard_if_known
from datasets_build.ledger import Refused
from datasets_build.sources.foreign import check_text, read_json

COLUMNS = ("tools", "functions", "available_tools")
"""Where a record lists its tools; the second is OpenAI's older name."""

MAX_TOOLS = 512

_NO_ARGUMENTS: dict[str, Any] = {"type": "object", "properties": {}}

_BLOCKS = (("<|im_system|>tool_declare<|im_middle|>", "<|im_end|>"), ("<tools>", "</tools>"))
"""Where a system text declares tools: as Kimi-K2's template does, and as Hermes does."""

_LIST = re.compile(r'\[\s*\{\s*"(?:name|type|function|description)"\s*:')


def tools_of(value: Mapping[str, Any], system: str = "") -> tuple[dict[str, Any], ...]:
    """The tools in a record's columns; if it has no such column, those in its system text.

    A list of the contract's own tools is none: the row is one of AJ's.

    Raises:
        Refused: the list cannot be read.
    """
    for column in COLUMNS:
        if (stated := value.get(column)) not in (None, "", [], "[]"):
            return _foreign(declare(_entries(stated)))
    return _foreign(tools_in(system))


def tools_in(system: str) -> tuple[dict[str, Any], ...]:
    """The tools that a system text declares between the tags of a template."""
    for start, end in _BLOCKS:
        # Hermes' introduction mentions an empty pair of tags before the block itself.
        text = system.rpartition(start)[2].partition(end)[0].strip() if start in system else ""
        if text:
            return declare(_entries(text))
    return ()


def listed_in(system: str) -> tuple[dict[str, Any], ...]:
    """The tools of the first JSON list of them in a system text, as ToolACE has it; () without one."""
    match = _LIST.search(system)
    if match is None:
        return ()
    try:
        found, _ = json.JSONDecoder().raw_decode(system, match.start())
        return declare(found)
    except (ValueError, RecursionError) as error:
        raise Refused("bad_tools", f"the system text's tool list is not JSON ({str(error)[:80]})") from error


def _foreign(tools: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
    known = load_contract().tool_by_name
    return () if all(tool["name"] in known for tool in tools) else tools


def _entries(stated: Any) -> list[Any]:
    """A list of tools from a list, from JSON text, from JSON lines, or from a list of JSON texts."""
    if isinstance(stated, str):
        try:
            stated = read_json(stated)
        except ValueError:
            stated = [line for line in stated.splitlines() if line.strip()]
    if isinstance(stated, dict):
        stated = [stated]
    if not isinstance(stated, list):
        raise Refused("bad_tools", f"the tool list is a {type(stated).__name__}, not a list")
    try:
        entries = [read_json(entry) if isinstance(entry, str) else entry for entry in stated]
    except ValueError as error:
        raise Refused("bad_tools", f"the tool list is not JSON ({str(error)[:80]})") from error
    return [entry for entry in entries if entry is not None]


def declare(tools: Iterable[Any]) -> tuple[dict[str, Any], ...]:
    """A tool list, in OpenAI's form or bare, as {"name", "description", "parameters"}.

    A tool without parameters takes none. A tool that is declared twice in the same way is listed once.

    Raises:
        Refused: an entry is not a tool, or two different tools have the same name.
    """
    found: dict[str, dict[str, Any]] = {}
    for entry in tools:
        inner = entry.get("function", entry) if isinstance(entry, dict) else None
        if not isinstance(inner, dict) or not isinstance(name := inner.get("name"), str) or not name.strip():
            raise Refused("bad_tools", "an entry of the tool list has no name")
        description = inner.get("description")
        tool = {
            "name": name,
            "description": description if isinstance(description, str) else "",
            "parameters": _parameters(inner.get("parameters", inner.get("input_schema", inner.get("inputSchema")))),
        }
        check_text(json.dumps(tool, ensure_ascii=False))
        if found.setdefault(name, tool) != tool:
            raise Refused("declared_twice", f"the tool {name[:60]!r} is declared twice, differently")
        if len(found) > MAX_TOOLS:
            raise Refused("bad_tools", f"the record declares more than {MAX_TOOLS} tools")
    return tuple(found.values())


def _parameters(value: Any) -> Any:
    if isinstance(value, str) and value.strip().startswith("{"):
        try:
            value = read_json(value)
        except ValueError as error:
            raise Refused("bad_tools", "the parameters of a tool are a text that is not JSON") from error
    if not value:
        return _NO_ARGUMENTS
    if not isinstance(value, dict):
        return value
    if "properties" not in value and all(isinstance(one, dict) for one in value.values()):
        needed = [
            name for name, one in value.items() if "default" not in one and "optional" not in str(one.get("type"))
        ]
        value = {"type": "object", "properties": value, "required": needed}  # xLAM lists the parameters alone
    # Properties without a type can only mean an object, since a call's arguments are one.
    value = {"type": "object"} | value if "properties" in value else value
    return standard_if_known(value)
