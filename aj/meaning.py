"""The `acts` section of a contract: which tool, with which parameters, means which act."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import combinations
from typing import Any, Literal

from pydantic import Field, model_validator

from aj.files import Misplaced, Strict

ActKind = Literal["here", "on_one", "on_all", "discover", "think", "finish"]
"""What AJ can do: run a command in its own workspace, on one agent or on every agent; look up the agents; write down
a thought; finish the task."""

NEEDS: Mapping[ActKind, tuple[str, ...]] = {
    "here": ("command",),
    "on_one": ("host", "command"),
    "on_all": ("command",),
    "discover": (),
    "think": ("thought",),
    "finish": ("answer",),
}
"""The fields of each act that a contract must map to a parameter."""
MAY: Mapping[ActKind, tuple[str, ...]] = {
    "here": ("timeout", "folder"),
    "on_one": ("timeout",),
    "on_all": ("timeout",),
    "discover": (),
    "think": (),
    "finish": ("error",),
}
"""The fields that it may map to one."""


class CallMeaning(Strict):
    """The call that means an act: a tool, the parameter for each field of the act, and fixed values.

    Several acts may share a tool if fixed values, or a parameter that only one of them has, distinguish them.
    """

    tool: str
    host: str | None = None
    command: str | None = None
    timeout: str | None = None
    folder: str | None = None
    thought: str | None = None
    answer: str | None = None
    error: str | None = None
    fixed: dict[str, str | int | bool] = Field(default={})

    @cached_property
    def parameters(self) -> dict[str, str]:
        """Field of the act -> parameter of the tool."""
        named = {field: getattr(self, field) for field in type(self).model_fields if field not in ("tool", "fixed")}
        return {field: parameter for field, parameter in named.items() if parameter is not None}

    @model_validator(mode="after")
    def _one_value_each(self) -> "CallMeaning":
        taken = [*self.parameters.values(), *self.fixed]
        if twice := sorted({name for name in taken if taken.count(name) > 1}):
            raise ValueError(f"{', '.join(twice)} is given two values; name each parameter once")
        return self


def check_fields(acts: Mapping[ActKind, CallMeaning]) -> None:
    """Raises Misplaced if an act has a parameter for a field that does not exist, or none for one that it needs."""
    for kind, meaning in acts.items():
        for field in meaning.parameters:
            if field not in (*NEEDS[kind], *MAY[kind]):
                raise Misplaced(f"the act {kind!r} has no {field}; remove it", kind, field)
        if missing := [field for field in NEEDS[kind] if field not in meaning.parameters]:
            raise Misplaced(f"it has no parameter for {', '.join(missing)}; name the tool's parameter", kind)


def check_tools(acts: Mapping[ActKind, CallMeaning], schemas: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises Misplaced if an act names a tool or a parameter that does not exist, leaves out a parameter that the tool
    requires, or cannot be distinguished from another act.

    Args:
        schemas: the JSON Schema of the parameters, by tool.
    """
    for kind, meaning in acts.items():
        if meaning.tool not in schemas:
            raise Misplaced(f"there is no tool {meaning.tool!r}; known: {', '.join(schemas)}", kind, "tool")
        schema = schemas[meaning.tool]
        for key, parameter in _named(meaning):
            if parameter not in schema.get("properties", {}):
                known = ", ".join(schema.get("properties", {})) or "none"
                raise Misplaced(f"{meaning.tool} has no parameter {parameter!r}; known: {known}", kind, key)
        given = {meaning.parameters.get(field) for field in NEEDS[kind]} | set(meaning.fixed)
        if missing := [name for name in schema.get("required", []) if name not in given]:
            raise Misplaced(f"{meaning.tool} requires {', '.join(missing)}; give it a fixed value", kind)
    for (kind, one), (other, two) in combinations(acts.items(), 2):
        if _told_by(kind, one) == _told_by(other, two):
            raise Misplaced(f"its calls cannot be distinguished from those of {kind!r}; give it a fixed value", other)


def _named(meaning: CallMeaning) -> Iterator[tuple[str, str]]:
    yield from meaning.parameters.items()
    yield from (("fixed", parameter) for parameter in meaning.fixed)


def _told_by(kind: ActKind, meaning: CallMeaning) -> tuple[str, set[str], dict[str, Any]]:
    """What distinguishes the calls of an act from those of another."""
    return meaning.tool, {meaning.parameters[field] for field in NEEDS[kind]}, meaning.fixed
