"""Tool lists in JSON Schema's own words: they are written by hand and by other languages' tools, whose names of types,
and whose ways to say "may be null" and "must be given", are not JSON Schema's.
"""

import re
from typing import Any

_NAMES = {
    "string": "string str text char character varchar bytes binary base64 date datetime date-time time uuid uri url "
    "email path file filepath password hostname ip ipv4 ipv6",
    "integer": "integer int int8 int16 int32 int64 uint uint8 uint16 uint32 uint64 long short byte bigint",
    "number": "number num float float32 float64 double decimal numeric real",
    "boolean": "boolean bool",
    "array": "array list tuple set frozenset sequence iterable collection arraylist vector queue stack",
    "object": "object dict dictionary map mapping hashmap hashtable record struct",
    "null": "null none nil void nonetype undefined",
    "": "any anything mixed unknown json enum literal generic *",
}
_TYPES = {word: name for name, words in _NAMES.items() for word in words.split()}
"""JSON Schema's name of a type by what others call it; "" where any value is meant."""

_LONGEST = 200
"""Characters of a type's name."""

SINGLE = ("items", "additionalProperties", "additionalItems", "unevaluatedProperties", "unevaluatedItems", "contains",
    "propertyNames", "not", "if", "then", "else")  # fmt: skip
LISTS = ("items", "prefixItems", "allOf", "anyOf", "oneOf")
NAMED = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")


def standard(schema: Any) -> Any:
    """A schema with JSON Schema's names of types, and with `required` where JSON Schema has it.

    Raises:
        ValueError: it names a type that nobody knows.
    """
    if not isinstance(schema, dict):
        return schema
    found = dict(schema)
    for key in SINGLE:
        if isinstance(inner := found.get(key), dict):
            found[key] = standard(inner)
    for key in LISTS:
        if isinstance(inner := found.get(key), list):
            found[key] = [standard(one) for one in inner]
    for key in NAMED:
        if isinstance(inner := found.get(key), dict):
            found[key] = {name: standard(one) for name, one in inner.items()}
    _name_type(found)
    _lift_required(found)
    return found


def standard_if_known(schema: Any) -> Any:
    """The same, but a schema that names a type that nobody knows is left as it is, for a check to name."""
    try:
        return standard(schema)
    except (ValueError, RecursionError):
        return schema


def _name_type(schema: dict[str, Any]) -> None:
    stated = schema.get("type")
    texts = [stated] if isinstance(stated, str) else stated
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        return
    nullable = ["null"] if schema.pop("nullable", False) is True else []
    names = list(dict.fromkeys([*(name for text in texts for name in _named(text)), *nullable]))
    if "" in names:
        del schema["type"]
    elif names != texts:
        schema["type"] = names[0] if len(names) == 1 else names


def _named(text: str) -> list[str]:
    """JSON Schema's names for a type as people write it: `dict`, `List[int]`, `Optional[str]`, `int or float`,
    `number (double)`, `str, optional`."""
    words = text.strip().lower()[:_LONGEST]
    if union := re.fullmatch(r"(?:typing\.)?(union|optional)\[(.+)\]", words):
        words = f"{union[2]}|null" if union[1] == "optional" else union[2]
    while (bare := re.sub(r"\s*(?:\[[^\[\]]*\]|\([^()]*\)|<[^<>]*>)", "", words)) != words:
        words = bare
    found = []
    for word in re.split(r"[|,/]|\bor\b", words):
        word = re.sub(r"^(?:typing\.)?|\s+of\s.*$", "", word.strip())
        if word in _TYPES:
            found.append(_TYPES[word])
        elif word not in ("", "optional", "required"):
            raise ValueError(f"it names a type that nobody knows ({text[:80]!r})")
    if not found:
        raise ValueError(f"it names no type ({text[:80]!r})")
    return found


def _lift_required(schema: dict[str, Any]) -> None:
    """`required: true` in a property, as the third draft had it, as a name in the list of the object."""
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return
    stated = {name: one.get("required") for name, one in properties.items() if isinstance(one, dict)}
    own = {name: said for name, said in stated.items() if isinstance(said, bool)}
    if own:
        without = {name: {k: v for k, v in properties[name].items() if k != "required"} for name in own}
        schema["properties"] = properties | without
        listed = schema.get("required")
        needed = [*(listed if isinstance(listed, list) else []), *(name for name, said in own.items() if said)]
        schema["required"] = list(dict.fromkeys(needed))
