"""Calls that an assistant wrote into its text, in the forms of common data sets, for records that declare their tools.

<tool_call>{"name", "arguments"}</tool_call>     Hermes, Qwen; also <function_call>, <functioncall>
<TOOLCALL>[{"name", "arguments"}]</TOOLCALL>     When2Call, Nemotron
[TOOL_CALLS][{"name", "arguments"}]              Mistral
[disk_free(host="web01"), uptime()]              ToolACE, read as Python and never evaluated
"""

import ast
import json
import re
from collections.abc import Collection
from itertools import pairwise
from typing import Any

from datasets_build.ledger import Refused
from datasets_build.reading import literals
from datasets_build.sources.chats.said import Stated
from datasets_build.sources.foreign import read_json

MAX_LITERAL = 100_000
"""Characters of a Python literal that are read; its parser needs much more memory than the text."""

_TAGGED = re.compile(r"<(tool_calls?|TOOLCALLS?|function_?call)>(.*?)(?:</\1>|\Z)", re.DOTALL)
_MARKED = re.compile(r"\[TOOL_CALLS\]\s*(?=\[)")
_RESPONSE = re.compile(r"<(tool_response|function_response)>(.*?)(?:</\1>|\Z)", re.DOTALL)
_INVOKED = re.compile(r"\s*\[\s*[A-Za-z_]")


def split_calls(text: str, tools: Collection[str]) -> tuple[str, tuple[Stated, ...]]:
    """(the words before the calls, the calls).

    Raises:
        Refused: a call cannot be read (`broken_call`), or words follow the calls (`text_after_call`).
    """
    if found := list(_TAGGED.finditer(text)):
        between = [text[one.end() : two.start()] for one, two in pairwise(found)]
        if any(part.strip() for part in (*between, text[found[-1].end() :])):
            raise Refused("text_after_call", "words follow a call in its turn")
        calls = [call for one in found for call in calls_of(one[2])]
        return text[: found[0].start()].strip(), tuple(calls)
    if marked := _MARKED.search(text):
        return text[: marked.start()].strip(), calls_of(text[marked.end() :])
    if _INVOKED.match(text) and any(f"{name}(" in text for name in tools):
        return "", _invoked(text, tools)
    return text, ()


def split_results(text: str) -> list[tuple[str, str]]:
    """(tool, output) of every result in a tool's message; the tool is "" where it is not named."""
    if blocks := [one[2].strip() for one in _RESPONSE.finditer(text)]:
        return [_result(block) for block in blocks]
    listed = _listed(text)
    return listed if len(listed) > 1 else [("", text)]


def _listed(text: str) -> list[tuple[str, str]]:
    """ToolACE's `[{"name", "results"}, …]`: the results of parallel calls in one text; [] for any other text."""
    if not text.lstrip().startswith("[{"):
        return []
    try:
        found = read_json(text)
    except ValueError:
        return []
    if not all(isinstance(one, dict) and one.keys() == {"name", "results"} for one in found):
        return []
    return [(str(one["name"]), json.dumps(one["results"], ensure_ascii=False)) for one in found]


def calls_of(text: str) -> tuple[Stated, ...]:
    """One call or a list of calls, from their text."""
    found = read_literal(text)
    return tuple(call_of(one) for one in (found if isinstance(found, list) else [found]))


def call_of(value: Any) -> Stated:
    """A call from its object: OpenAI's, Anthropic's, or a bare one."""
    inner = (value if value.get("function") is None else value["function"]) if isinstance(value, dict) else None
    if isinstance(inner, str) and isinstance(value, dict):
        inner = {**value, "name": inner}
    name = inner.get("name") if isinstance(inner, dict) else None
    if not isinstance(inner, dict) or not isinstance(name, str) or not isinstance(value, dict):
        raise Refused("broken_call", "a call is not an object with a name")
    stated = (inner.get(key) for key in ("arguments", "parameters", "args", "input"))
    arguments = next((one for one in stated if one is not None), None)
    key = next((value[key] for key in ("call_id", "id") if isinstance(value.get(key), str)), "")
    return Stated(name, arguments, key)


def read_literal(text: str) -> Any:
    """JSON, or a Python literal as some data sets store it. Raises Refused if it is neither."""
    if len(text) > MAX_LITERAL:
        raise Refused("broken_call", f"a call has {len(text):,} characters")
    try:
        return read_json(text)
    except ValueError:
        pass  # perhaps it is Python's form
    try:
        return literals.read_literal(text)
    except ValueError as error:
        raise Refused("broken_call", f"a call's text cannot be read ({str(error)[:80]})") from error


def _result(block: str) -> tuple[str, str]:
    """Hermes' `{"name", "content"}`, or the bare output."""
    if block.startswith("{"):
        try:
            found = read_literal(block)
        except Refused:
            return "", block
        name, content = found.get("name"), found.get("content")
        if isinstance(name, str) and "content" in found and found.keys() <= {"name", "content", "tool_call_id"}:
            return name, content if isinstance(content, str) else _again(block, content)
    return "", block


def _again(block: str, content: Any) -> str:
    """An output as it was written, where that is found; else as JSON."""
    spaced = json.dumps(content, ensure_ascii=False)
    compact = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return compact if compact in block and spaced not in block else spaced


def _invoked(text: str, tools: Collection[str]) -> tuple[Stated, ...]:
    """`[f(a=1), g.h(b="x")]`; names that Python does not allow are known from the tool list."""
    if len(text) > MAX_LITERAL:
        raise Refused("broken_call", f"a call has {len(text):,} characters")
    names: dict[str, str] = {}
    for place, name in enumerate(sorted(tools, key=len, reverse=True)):
        if not name.isidentifier():
            names[f"tool_{place}_"] = name
            text = text.replace(f"{name}(", f"tool_{place}_(")
    try:
        body = ast.parse(text.strip(), mode="eval").body
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise Refused("broken_call", f"a call's text cannot be read ({type(error).__name__})") from error
    if not isinstance(body, ast.List) or not body.elts:
        raise Refused("broken_call", "the calls are not a list")
    return tuple(_of_node(node, names) for node in body.elts)


def _of_node(node: ast.expr, names: dict[str, str]) -> Stated:
    if not isinstance(node, ast.Call) or node.args or any(one.arg is None for one in node.keywords):
        raise Refused("broken_call", "an entry of the list is not a call with named arguments")
    name = ast.unparse(node.func)
    try:
        arguments = {str(one.arg): literals.value_of(_json_names(one.value)) for one in node.keywords}
    except ValueError as error:
        raise Refused("broken_call", "an argument of a call is not a value") from error
    return Stated(names.get(name, name), arguments)


def _json_names(node: ast.expr) -> ast.expr:
    """`true`, `false` and `null`, which some calls have among Python's values, as values."""
    words = {"true": True, "false": False, "null": None}

    class Names(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return ast.Constant(words[node.id]) if node.id in words else node

    return Names().visit(node)
