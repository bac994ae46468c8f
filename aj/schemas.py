"""JSON Schemas of tools, compiled once and bounded: those of foreign rows are hostile data.

jsonschema-rs limits backtracking in patterns and recursion, and fetches nothing when told to stay offline; `jsonschema`
hangs on `^(a+)+$` and takes thirty times as long. References are bounded here: a chain of thirty, each used twice by
the next, took 49 s.
"""

from typing import Any

from jsonschema_rs import Draft202012Validator, FancyRegexOptions, ReferencingError, ValidationError

MAX_DEPTH = 40
"""Nesting of a schema's values; the deepest tool in public tool lists has 14 levels."""

MAX_VALUES = 20_000
"""Values in one schema: a thousand properties with all their keywords."""

_PATTERNS = FancyRegexOptions(backtrack_limit=20_000, size_limit=1 << 20, dfa_size_limit=1 << 20)


class BadSchema(ValueError):
    """Not a JSON Schema (draft 2020-12), or one that exceeds the bounds."""


def compile_schema(schema: dict[str, Any]) -> Draft202012Validator:
    """A validator of `schema`; raises BadSchema."""
    check_bounds(schema)
    _check_references(schema)
    try:
        return Draft202012Validator(schema, offline=True, validate_formats=False, pattern_options=_PATTERNS)
    except ValidationError as error:
        place = "/".join(str(part) for part in error.instance_path) or "the top"
        raise BadSchema(f"not a JSON Schema: {error.message[:200]} at {place}") from error
    except (ValueError, ReferencingError) as error:
        raise BadSchema(f"not a JSON Schema: {str(error)[:200]}") from error


def argument_error(validator: Draft202012Validator, arguments: dict[str, Any]) -> str | None:
    """Why `arguments` do not fit; None if they do."""
    try:
        return next((error.message for error in validator.iter_errors(arguments)), None)
    except (RecursionError, ValueError):  # the validator gives up on values about 250 levels deep
        return "nested too deep"


def check_bounds(value: Any) -> None:
    """Raises BadSchema if a value contains more than MAX_VALUES values or is nested deeper than MAX_DEPTH."""
    level, seen = [value], 0
    for _ in range(MAX_DEPTH):
        seen += len(level)
        if seen > MAX_VALUES:
            raise BadSchema(f"it contains more than {MAX_VALUES:,} values")
        level = [inner for outer in level for inner in _inner(outer)]
        if not level:
            return
    raise BadSchema(f"it is nested deeper than {MAX_DEPTH} levels")


def _check_references(schema: dict[str, Any]) -> None:
    """Raises BadSchema if references lead out of the schema, in a circle, or to more than MAX_VALUES values."""
    sizes: dict[int, int] = {}
    unfinished: set[int] = set()

    def size(value: Any) -> int:
        if id(value) in sizes:
            return sizes[id(value)]
        if id(value) in unfinished:
            raise BadSchema("its references form a circle")
        unfinished.add(id(value))
        parts = _inner(value)
        if isinstance(value, dict):
            parts += [_referred(schema, ref) for key in _REFERENCES if isinstance(ref := value.get(key), str)]
        found = 1 + sum(size(part) for part in parts if isinstance(part, dict | list))
        if found > MAX_VALUES:
            raise BadSchema(f"its references expand it to more than {MAX_VALUES:,} values")
        unfinished.remove(id(value))
        sizes[id(value)] = found
        return found

    try:
        size(schema)
    except RecursionError as error:
        raise BadSchema("its references are nested too deep") from error


_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


def _referred(schema: dict[str, Any], ref: str) -> Any:
    """What a JSON pointer within the schema points to; any other kind of reference is refused."""
    found: Any = schema
    start, *steps = ref.split("/")
    for step in steps:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and name in found:
            found = found[name]
        elif isinstance(found, list) and name.isdecimal() and int(name[:6]) < len(found):
            found = found[int(name[:6])]
        else:
            start = ""
    if start != "#":
        raise BadSchema(f"its reference {ref[:80]!r} points nowhere in it")
    return found


def _inner(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, list | tuple) else []
