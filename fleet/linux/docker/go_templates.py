"""Renders the part of Go's template language used with `docker --format`: fields, a few functions, range, if, with."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_ACTION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
_BLOCKS = ("range", "if", "with")
MAX_ACTIONS = 60
"""Most actions in one template: more than anyone writes."""


class TemplateError(Exception):
    """An invalid template, or one that uses a missing field, in Docker's words."""

    def __init__(self, why: str) -> None:
        super().__init__(f"template parsing error: template: :1: {why}")


@dataclass(slots=True)
class _Node:
    """Text, an expression, or a block with its content."""

    word: str
    """text, value, range, if or with"""
    body: str
    """the text or expression"""
    inside: "list[_Node]" = field(default_factory=list)
    otherwise: "list[_Node]" = field(default_factory=list)


def render(template: str, value: Any) -> str:
    """The template filled from `value` (JSON-like data); \t and \n in it become tab and newline.

    Raises:
        TemplateError: bad syntax or an unknown field.
    """
    pieces = _ACTION.split(template.replace(r"\t", "\t").replace(r"\n", "\n"))
    if any("{{" in text for text in pieces[::2]):
        raise TemplateError("unclosed action")
    if len(pieces) > 2 * MAX_ACTIONS:
        raise TemplateError("template is too long")
    queue = [_Node("value" if place % 2 else "text", piece) for place, piece in enumerate(pieces)][::-1]
    nodes, end = _block(queue)
    if end:
        raise TemplateError(f"unexpected {{{{{end}}}}}")
    return _text(nodes, value, {})


def _block(queue: list[_Node]) -> tuple[list[_Node], str]:
    """Nodes up to the end of a block, taken off the queue, and the word that ended it ("" at the template's end)."""
    nodes: list[_Node] = []
    while queue:
        node = queue.pop()
        word, _, expression = node.body.partition(" ")
        if node.word == "value" and node.body in ("end", "else"):
            return nodes, node.body
        if node.word == "value" and word in _BLOCKS:
            inside, end = _block(queue)
            otherwise, end = _block(queue) if end == "else" else ([], end)
            if not end:
                raise TemplateError("unexpected EOF")
            node = _Node(word, expression, inside, otherwise)
        nodes.append(node)
    return nodes, ""


def _text(nodes: Iterable[_Node], here: Any, names: Mapping[str, Any]) -> str:
    out = []
    for node in nodes:
        if node.word == "text":
            out.append(node.body)
        elif node.word == "value":
            out.append(_shown(_value(node.body, here, names)))
        else:
            variables, _, expression = node.body.rpartition(":=")
            value = _value(expression.strip(), here, names)
            keys = re.findall(r"\$\w+", variables)
            if not value:
                out.append(_text(node.otherwise, here, names))
            elif node.word == "range":
                pairs = value.items() if isinstance(value, dict) else enumerate(value)
                out += [_text(node.inside, item, {**names, **_bound(keys, key, item)}) for key, item in pairs]
            else:
                out.append(_text(node.inside, value if node.word == "with" else here, names))
    return "".join(out)


def _bound(keys: list[str], key: Any, item: Any) -> dict[str, Any]:
    return dict(zip(keys, (key, item) if len(keys) > 1 else (item,), strict=False))


def _value(expression: str, here: Any, names: Mapping[str, Any]) -> Any:
    words = re.findall(r"\"[^\"]*\"|[^\s()]+", expression)
    if not words:
        raise TemplateError("missing value for command")
    function, *arguments = words
    if function[0] in '.$"' or function.isdecimal():
        return _operand(function, here, names)
    values = [_operand(word, here, names) for word in arguments]
    if function == "index" and len(values) > 1:
        for key in values[1:]:
            values[0] = _field(values[0], key)
        return values[0]
    if function not in _FUNCTIONS:
        raise TemplateError(f'function "{function}" not defined')
    try:
        return _FUNCTIONS[function](*values)
    except TypeError as error:
        raise TemplateError(f"error calling {function}: wrong arguments") from error


def _line(*values: Any) -> str:
    return " ".join(_shown(value) for value in values) + "\n"


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "json": lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
    "len": len,
    "upper": str.upper,
    "lower": str.lower,
    "title": str.title,
    "println": _line,
    "not": lambda value: not value,
}


def _operand(word: str, here: Any, names: Mapping[str, Any]) -> Any:
    if word.startswith('"'):
        return word.strip('"')
    if word.isdecimal():
        return int(word[:9])
    root, *path = word.split(".")
    if root and root not in names:
        raise TemplateError(f'undefined variable "{root}"')
    value = names[root] if root else here
    for key in path:
        value = _field(value, key) if key else value
    return value


def _field(value: Any, key: Any) -> Any:
    if isinstance(value, dict) and key in value:
        return value[key]
    if isinstance(value, list) and isinstance(key, int) and key < len(value):
        return value[key]
    raise TemplateError(f'executing "" at <.{key}>: map has no entry for key "{key}"')


def _shown(value: Any) -> str:
    if value is None:
        return "<no value>"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + " ".join(_shown(item) for item in value) + "]"
    return f"map[{' '.join(f'{key}:{_shown(value[key])}' for key in value)}]" if isinstance(value, dict) else str(value)
