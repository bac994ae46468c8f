"""Binds the arguments of a call to the parameters of a function that a line defined."""

from collections.abc import Sequence

from fleet.windows.binding import Argument
from fleet.windows.tree import Function
from fleet.windows.values import PSValue


def bind_function(function: Function, given: Sequence[Argument]) -> tuple[dict[str, PSValue], list[PSValue]]:
    """(parameter -> value, what is left for $args): named arguments first, then the others in order."""
    types = {name: type_.lower() for name, type_, _ in function.parameters}
    bound: dict[str, PSValue] = {}
    loose: list[PSValue] = []
    waiting = ""
    for argument in given:
        wanted = (argument.name or "").lower()
        name = next((name for name in types if wanted and name.startswith(wanted)), None)
        if argument.name is None and waiting:
            bound[waiting], waiting = argument.value, ""
        elif name is None:
            loose.append(argument.value if argument.name is None else f"-{argument.name}")
        elif argument.has_value or types[name] == "switch":
            bound[name] = argument.value if argument.has_value else True
        else:
            waiting = name
    for name, type_ in types.items():
        if name not in bound and loose and type_ != "switch":
            bound[name] = loose.pop(0)
    return bound, loose
