"""Cmdlets that turn objects into text: Format-Table, Format-List, Out-String, ConvertTo-Json."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby

from fleet.windows.binding import Cmdlet, CmdletCall
from fleet.windows.cmdlets.objects import compute
from fleet.windows.failure import MAX_TEXT, Budget, Unmodelled, no_memory
from fleet.windows.format import WIDTH, list_text, property_names, render, table_text, view_text
from fleet.windows.json_text import JsonData, compressed, pretty
from fleet.windows.matching import like
from fleet.windows.members import span_properties
from fleet.windows.session import SHOWN, shown
from fleet.windows.tree import Block, TypeName
from fleet.windows.values import (
    CUSTOM,
    EnumText,
    Hash,
    PSObject,
    PSValue,
    bounded,
    display,
    every_property,
    items,
    to_text,
)
from fleet.windows.views import VIEWS

MAX_JSON_DEPTH = 20
"""Largest -Depth of ConvertTo-Json: the hundred that PowerShell allows would exhaust Python's stack."""


def _records(call: CmdletCall) -> list[PSObject]:
    return [item for item in call.input if isinstance(item, PSObject) and item.type != SHOWN]


def _chosen(call: CmdletCall, records: Sequence[PSObject]) -> list[PSObject]:
    """The records reduced to the properties in -Property, including wildcards and calculated ones."""
    rows = []
    for record in records:
        values: dict[str, PSValue] = {}
        for spec in items(call.value("Property")):
            if isinstance(spec, str) and any(mark in spec for mark in "*?"):
                values.update({name: value for name, value in every_property(record).items() if like(name, spec)})
            else:
                label, value = compute(call, record, spec)
                values[label] = value
        rows.append(PSObject(CUSTOM, values))
    return rows


def format_table(call: CmdletCall) -> Iterable[PSValue]:
    records = _records(call)
    if not records:
        return [shown(render(call.input))]
    return [shown("".join(_heading(call, group) + _table(call, group) for group in _groups(call, records)))]


def _table(call: CmdletCall, records: list[PSObject]) -> str:
    headers, wrap = not call.flag("HideTableHeaders"), call.flag("Wrap")
    if call.has("Property"):
        chosen = _chosen(call, records)
        return table_text(chosen, property_names(chosen), headers, wrap)
    view = VIEWS.get(records[0].type)
    if view and headers:
        view = view.fitted() if call.flag("AutoSize") else view
        return view_text(records, replace(view, wrapped=view.wrapped or wrap))
    return table_text(records, list(records[0].values), headers, wrap)


def _groups(call: CmdletCall, records: list[PSObject]) -> list[list[PSObject]]:
    """The records, cut wherever the property changes by which -GroupBy groups them."""
    if not call.has("GroupBy"):
        return [records]
    spec = call.value("GroupBy")
    return [list(group) for _, group in groupby(records, lambda record: display(compute(call, record, spec)[1]))]


def _heading(call: CmdletCall, records: list[PSObject]) -> str:
    if not call.has("GroupBy"):
        return ""
    label, value = compute(call, records[0], call.value("GroupBy"))
    return f"\n\n   {label}: {display(value)}\n"


def format_list(call: CmdletCall) -> Iterable[PSValue]:
    records = _records(call)
    if not records:
        return [shown(render(call.input))]
    return [shown("".join(_heading(call, group) + _list(call, group) for group in _groups(call, records)))]


def _list(call: CmdletCall, records: list[PSObject]) -> str:
    if call.has("Property"):
        chosen = _chosen(call, records)
        return "".join(list_text([row], list(row.values)).removesuffix("\n") for row in chosen) + "\n"
    return list_text(records, ())


def format_wide(call: CmdletCall) -> Iterable[PSValue]:
    name = call.text("Property", "Name")
    return [shown("\n" + "".join(f"{display(record.get(name))}\n" for record in _records(call)) + "\n")]


def out_string(call: CmdletCall) -> Iterable[PSValue]:
    text = render(items(call.value("InputObject")) if call.has("InputObject") else call.input)
    check_width(call, text)
    return list(text.splitlines()) if call.flag("Stream") else [text]


def check_width(call: CmdletCall, text: str) -> None:
    """What does not fit into WIDTH columns was cut already, and -Width must not change it."""
    width = call.number("Width")
    if width is not None and (max(map(len, text.split("\n"))) > width or (width > WIDTH and "..." in text)):
        raise Unmodelled(f"{call.cmdlet.name} -Width")


def to_json(call: CmdletCall) -> Iterable[PSValue]:
    depth = call.number("Depth")
    depth = 2 if depth is None else min(max(depth, 0), MAX_JSON_DEPTH)
    given = items(call.value("InputObject")) if call.has("InputObject") else call.input
    held = [_plain(value, depth, call.session.budget) for value in given]
    data = held[0] if len(held) == 1 else held
    text = compressed(data) if call.flag("Compress") else pretty(data)
    call.session.budget.spend(len(text))
    return [bounded(text)] if held else []


def _plain(value: PSValue, depth: int, budget: Budget) -> JsonData:
    """A value as JSON-ready data; whatever is nested deeper than `depth` becomes a string."""
    budget.spend()
    match value:
        case EnumText():
            return value.number
        case None | bool() | int() | float() | str() | datetime():
            return value
        case timedelta():
            return {name: _plain(held, 0, budget) for name, held in span_properties(value).items()}
        case list() if depth >= 0:
            return [_plain(member, depth - 1, budget) for member in value]
        case Hash() | PSObject() if depth >= 0:
            members = value.values if isinstance(value, Hash) else every_property(value)
            return {name: _plain(held, depth - 1, budget) for name, held in members.items()}
        case _:
            return to_text(value)


def from_json(call: CmdletCall) -> Iterable[PSValue]:
    text = "\n".join(call.names("InputObject"))
    if len(text) > MAX_TEXT:
        raise no_memory()
    try:
        return items(_value(json.loads(text)))
    except (ValueError, RecursionError):
        name = text[:60]
        raise call.failure(
            f"Invalid JSON primitive: {name}.", "System.ArgumentException", "NotSpecified", ":", "ArgumentException"
        ) from None


def _value(data: object) -> PSValue:
    match data:
        case dict():
            return PSObject(CUSTOM, {str(key): _value(held) for key, held in data.items()})
        case list():
            return [_value(held) for held in data]
        case int() if abs(data) >= 2**63:
            return float(data) if abs(data) < 2**1000 else math.inf
        case None | bool() | int() | float() | str():
            return data
        case _:
            return to_text(None)


def members(call: CmdletCall) -> Iterable[PSValue]:
    """The properties of the first object of each class."""
    if any("property" not in kind.lower() for kind in call.texts("MemberType")):
        raise Unmodelled("Get-Member -MemberType")
    seen, pieces = set(), []
    for item in call.input:
        kind = item.type if isinstance(item, PSObject) else f"System.{type(item).__name__.capitalize()}"
        if kind in seen or isinstance(item, Block | TypeName):
            continue
        seen.add(kind)
        held = item.values if isinstance(item, PSObject) else {"Length": 0} if isinstance(item, str) else {}
        rows = [
            PSObject(CUSTOM, {"Name": name, "MemberType": "Property", "Definition": f"{name} {{get;}}"})
            for name in held
            if not call.has("Name") or any(like(name, one) for one in call.texts("Name"))
        ]
        pieces.append(f"\n\n   TypeName: {kind}\n{table_text(rows, ['Name', 'MemberType', 'Definition'])}")
    return [shown("".join(pieces))]


CMDLETS = (
    Cmdlet(
        "Format-Table",
        format_table,
        "Property",
        "GroupBy",
        "AutoSize HideTableHeaders Wrap Force",
        rest="Property",
        lacks="View Expand ShowError DisplayError InputObject",
    ),
    Cmdlet(
        "Format-List",
        format_list,
        "Property",
        "GroupBy",
        "Force",
        rest="Property",
        lacks="View Expand ShowError DisplayError InputObject",
    ),
    Cmdlet("Format-Wide", format_wide, "Property", lacks="Column AutoSize GroupBy View"),
    Cmdlet("Out-String", out_string, "", "Width InputObject", "Stream"),
    Cmdlet("Out-Host", lambda call: call.input, lacks="Paging"),
    Cmdlet("Out-Default", lambda call: call.input),
    Cmdlet("ConvertTo-Json", to_json, "InputObject", "Depth", "Compress"),
    Cmdlet("ConvertFrom-Json", from_json, "InputObject"),
    Cmdlet("Get-Member", members, "Name", "MemberType", lacks="Force Static View InputObject"),
)
