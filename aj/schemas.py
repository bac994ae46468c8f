"""JSON Schemas of tools, compiled once and bounded: those of foreign rows are hostile data.

jsonschema-rs limits backtracking in patterns and recursion, and fetches nothing when told to stay offline; `jsonschema`
hangs on `^(a+)+$` and takes thirty times as long. References are bounded here: a chain of thirty, each used twice by
the next, took 49 s.
"""

from typing import Any, Literal, NamedTuple
from urllib.parse import unquote

from jsonschema_rs import (
    Draft4Validator,
    Draft7Validator,
    Draft201909Validator,
    Draft202012Validator,
    FancyRegexOptions,
    ReferencingError,
    ValidationError,
    Validator,
    validator_cls_for,
)

from aj.dialects import standard

MAX_DEPTH = 40
"""Nesting of a schema's values; the deepest tool in public tool lists has 14 levels."""

MAX_VALUES = 20_000
"""Values in one schema: a thousand properties with all their keywords."""

_PATTERNS = FancyRegexOptions(backtrack_limit=20_000, size_limit=1 << 20, dfa_size_limit=1 << 20)

_UNDECLARED = (Draft202012Validator, Draft7Validator, Draft4Validator)
"""The drafts that a schema without `$schema` may be of; the first that it is valid under counts."""

_DRAFTS = ("/draft-04/", "/draft-06/", "/draft-07/", "/draft/2019-09/", "/draft/2020-12/")


class BadSchema(ValueError):
    """No JSON Schema that a call can be checked against, or one that exceeds the bounds."""


class ArgumentFault(NamedTuple):
    """What is wrong with a call's arguments."""

    code: Literal["bad_argument", "null_argument"]
    """`null_argument`: nothing but null where a declared argument could be left out."""
    why: str


def compile_schema(schema: dict[str, Any]) -> Validator:
    """A validator of a tool's arguments, of the draft that the schema declares; raises BadSchema.

    Types may have the names that tool lists commonly give them (`aj.dialects`). An object that declares properties and
    says nothing about others takes no others. JSON Schema would take any, so that no argument could be made up.
    """
    check_bounds(schema)
    try:
        schema = standard(schema)
    except ValueError as error:
        raise BadSchema(f"not a JSON Schema: {error}") from error
    _check_references(schema)
    fault: Exception | None = None
    for draft in _drafts(schema):
        try:
            return draft(
                _closed(schema, draft, schema), offline=True, validate_formats=False, pattern_options=_PATTERNS
            )
        except (ValueError, ReferencingError) as error:
            fault = fault or error
    if isinstance(fault, ValidationError):
        place = "/".join(str(part) for part in fault.instance_path) or "the top"
        raise BadSchema(f"not a JSON Schema: {fault.message[:200]} at {place}") from fault
    raise BadSchema(f"not a JSON Schema: {str(fault)[:200]}") from fault


def argument_fault(validator: Validator, arguments: dict[str, Any]) -> ArgumentFault | None:
    """What is wrong with `arguments`; None if they fit."""
    why = argument_error(validator, arguments)
    if why is None:
        return None
    optional = without_nulls(validator, arguments) is not None and not _undeclared(validator, arguments)
    return ArgumentFault("null_argument" if optional else "bad_argument", why)


def without_nulls(validator: Validator, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """`arguments` without those that are null, if they fit then."""
    stated = {name: value for name, value in arguments.items() if value is not None}
    return stated if len(stated) < len(arguments) and argument_error(validator, stated) is None else None


def argument_error(validator: Validator, arguments: dict[str, Any]) -> str | None:
    """Why `arguments` do not fit; None if they do."""
    try:
        return next(map(_said, validator.iter_errors(arguments)), None)
    except (RecursionError, ValueError):  # the validator gives up on values about 250 levels deep
        return "nested too deep"


_UNEXPECTED = ("additionalProperties", "unevaluatedProperties")


def _said(error: ValidationError) -> str:
    made_up: list[str] | None = getattr(error.kind, "unexpected", None)  # only some kinds of errors have it
    return f"{', '.join(map(repr, made_up))} is not declared" if made_up else error.message


def _undeclared(validator: Validator, arguments: dict[str, Any]) -> bool:
    """Whether an argument is one that the tool does not declare."""
    return any(e.kind.name in _UNEXPECTED and not e.instance_path for e in validator.iter_errors(arguments))


def _drafts(schema: dict[str, Any]) -> tuple[Any, ...]:
    declared = schema.get("$schema")
    if declared is None:
        return _UNDECLARED
    if not isinstance(declared, str) or not any(draft in declared for draft in _DRAFTS):
        raise BadSchema(f"it declares a draft that is not known ({str(declared)[:80]!r})")
    return (validator_cls_for(schema),)


def _closed(schema: Any, draft: Any, root: dict[str, Any]) -> Any:
    """The schema of a value, in which each object that declares properties takes no others."""
    if not isinstance(schema, dict):
        return schema
    found = dict(schema)
    properties = schema.get("properties")
    if isinstance(properties, dict):
        found["properties"] = {name: _closed(one, draft, root) for name, one in properties.items()}
    if isinstance(items := schema.get("items"), dict):
        found["items"] = _closed(items, draft, root)
    if not _SAME_VALUE & schema.keys():  # else another part could declare what a branch does not
        for key in ("anyOf", "oneOf"):
            if isinstance(branches := schema.get(key), list):
                found[key] = [_closed(one, draft, root) for one in branches]
    if _OTHERS & schema.keys():
        return found
    if draft in (Draft202012Validator, Draft201909Validator):
        return found | {"unevaluatedProperties": False} if _declares(schema, root) else found
    # Older drafts cannot say "no others" of schemas that are combined.
    alone = isinstance(properties, dict) and not _COMBINED & schema.keys()
    return found | {"additionalProperties": False} if alone else found


_OTHERS = {"additionalProperties", "unevaluatedProperties"}
_SAME_VALUE = {"properties", "$ref", "allOf"}
_COMBINED = {"$ref", "allOf", "anyOf", "oneOf", "if"}


def _declares(schema: Any, root: dict[str, Any]) -> bool:
    """Whether an object's properties are declared, here or where the schema refers to."""
    if not isinstance(schema, dict):
        return False
    if isinstance(schema.get("properties"), dict):
        return True
    parts = schema.get("allOf")
    parts = list(parts) if isinstance(parts, list) else []
    if isinstance(ref := schema.get("$ref"), str):
        parts.append(_referred(root, ref))
    return any(_declares(part, root) for part in parts)


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
    start, *steps = unquote(ref).split("/")
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
