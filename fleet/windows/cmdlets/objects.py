"""Cmdlets on pipeline objects: filtering, sorting, counting, selecting."""

from collections.abc import Iterable, Sequence

from fleet.windows.binding import Cmdlet, CmdletCall
from fleet.windows.failure import Failure
from fleet.windows.matching import like
from fleet.windows.members import call_method, get_property, own_property
from fleet.windows.operators import comparison, sort_key
from fleet.windows.session import shown
from fleet.windows.tree import Block
from fleet.windows.values import (
    CUSTOM,
    Hash,
    PSObject,
    PSValue,
    collapse,
    every_property,
    items,
    to_number,
    to_text,
    truthy,
)

COMPARED = (
    "EQ", "NE", "GT", "GE", "LT", "LE", "Like", "NotLike", "Match", "NotMatch", "Contains", "NotContains", "In", "NotIn"
)  # fmt: skip
COMPARISONS = " ".join(f"{name}|I{name} C{name}" for name in COMPARED) + " Is IsNot"
"""Where-Object's switches; -Not came with PowerShell 6."""
_OPERATORS = frozenset(COMPARISONS.replace("|", " ").split())


def compute(call: CmdletCall, item: PSValue, spec: PSValue) -> tuple[str, PSValue]:
    """(label, value) of a property given by name, script block, or @{n=…; e=…}."""
    match spec:
        case Block():
            return spec.text.strip(), _computed(call, item, spec)
        case Hash():
            names = [key for key in spec.values if key.lower()[:1] in ("n", "l")]
            found = next((spec.values[key] for key in spec.values if key.lower()[:1] == "e"), None)
            label, value = compute(call, item, found)
            return (to_text(spec.values[names[0]]) if names else label), value
        case _:
            name = to_text(spec)
            real = item.real_name(name) if isinstance(item, PSObject) else None
            return real or name, own_property(item, name)


def _computed(call: CmdletCall, item: PSValue, block: Block) -> PSValue:
    """The value of a calculated property; null if it fails."""
    try:
        return collapse(call.session.invoke(block, item, guarded=False))
    except Failure as failure:
        if failure.final:
            raise
        call.session.note(failure)
        return None


def where_object(call: CmdletCall) -> Iterable[PSValue]:
    if block := call.block("FilterScript") or call.block("Property"):
        return [item for item in call.input if truthy(collapse(call.session.invoke(block, item)))]
    name, right = call.text("Property"), call.value("Value")
    if not name:
        raise call.cmdlet.unbound(
            "Cannot process command because of one or more missing mandatory parameters: FilterScript.",
            "MissingMandatoryParameter",
            call.span,
        )
    operator = next((key.lower() for key in call.bound if key in _OPERATORS), None)
    if operator is None:
        return [item for item in call.input if truthy(own_property(item, name))]
    fits = comparison(f"-{operator}", right, call.session.budget) if call.input else truthy
    return [item for item in call.input if truthy(fits(own_property(item, name)))]


def foreach_object(call: CmdletCall) -> Iterable[PSValue]:
    process = call.value("Process")
    invoke = call.session.invoke
    output = list(invoke(block, None)) if (block := call.block("Begin")) else []
    blocks = [block for block in items(process) if isinstance(block, Block)]
    for item in call.input if call.piped else []:
        if blocks:
            for block in blocks:
                output += invoke(block, item)
        else:
            output += items(_member_of(call, item, *items(process)))
        call.session.budget.spend()
    return output + (list(invoke(block, None)) if (block := call.block("End")) else [])


def _member_of(call: CmdletCall, item: PSValue, name: PSValue, *arguments: PSValue) -> PSValue:
    """A property's value, or the result of the method with that name."""
    found = get_property(item, to_text(name))
    known = isinstance(item, PSObject | Hash | list) or item is None
    if found is None and not known:
        given = [*arguments, *items(call.value("ArgumentList"))]
        return call_method(item, to_text(name), given, call.session.budget)
    return found


def sort_object(call: CmdletCall) -> Iterable[PSValue]:
    specs = items(call.value("Property")) or [None]
    rows, cased = list(call.input), call.flag("CaseSensitive")
    for spec in reversed(specs):
        down = call.flag("Descending")
        if isinstance(spec, Hash):
            down = truthy(spec.get("Descending")) or (down and spec.get("Ascending") is None)
        rows.sort(key=lambda row, spec=spec: sort_key(_sorted_by(call, row, spec), cased), reverse=down)
    return _unique(call, rows, specs) if call.flag("Unique") else rows


def _sorted_by(call: CmdletCall, row: PSValue, spec: PSValue) -> PSValue:
    if spec is None:
        return row
    return own_property(row, spec) if isinstance(spec, str) else compute(call, row, spec)[1]


def _unique(call: CmdletCall, rows: Sequence[PSValue], specs: Sequence[PSValue]) -> list[PSValue]:
    """Sort-Object takes what differs in case only for equal, Select-Object does not."""
    cased, seen, kept = call.cmdlet.name == "Select-Object" or call.flag("CaseSensitive"), set(), []
    for row in rows:
        parts = [to_text(row if spec is None else compute(call, row, spec)[1]) for spec in specs]
        key = "\0".join(part if cased else part.lower() for part in parts)
        if key not in seen:
            seen.add(key)
            kept.append(row)
    return kept


def select_object(call: CmdletCall) -> Iterable[PSValue]:
    rows = _slice(call, list(call.input))
    if call.has("ExpandProperty"):
        rows = _expanded(call, rows)
    elif call.has("Property"):
        rows = [_project(call, row) for row in rows]
    if call.flag("Unique"):
        rows = _unique(call, rows, [None])
    return rows


def _slice(call: CmdletCall, rows: list[PSValue]) -> list[PSValue]:
    if (skipped := max(call.number("Skip") or 0, 0)) and call.has("Last") and not call.has("First"):
        rows = rows[: max(len(rows) - skipped, 0)]
    else:
        rows = rows[skipped:]
    if (left := call.number("SkipLast")) is not None:
        rows = rows[: max(len(rows) - max(left, 0), 0)]
    if call.has("Index"):
        return [rows[place] for place in call.numbers("Index") if 0 <= place < len(rows)]
    first, last = call.number("First"), call.number("Last")
    if first is None and last is None:
        return rows
    head = rows[: max(first or 0, 0)]
    tail = rows[max(len(rows) - max(last or 0, 0), len(head)) :] if last else []
    return head + tail


def _project(call: CmdletCall, item: PSValue) -> PSObject:
    values: dict[str, PSValue] = {}
    for spec in items(call.value("Property")):
        if isinstance(spec, str) and any(mark in spec for mark in "*?"):
            held = every_property(item) if isinstance(item, PSObject) else {}
            values.update({name: value for name, value in held.items() if like(name, spec)})
        else:
            label, value = compute(call, item, spec)
            values[label] = value
    for name in call.texts("ExcludeProperty"):
        values = {key: value for key, value in values.items() if not like(key, name)}
    own = item.type if isinstance(item, PSObject) else "System.String"
    return PSObject(f"Selected.{own}", values)


def _expanded(call: CmdletCall, rows: Sequence[PSValue]) -> list[PSValue]:
    name, output = call.text("ExpandProperty"), []
    for row in rows:
        missing = row.real_name(name) is None if isinstance(row, PSObject) else True
        value = get_property(row, name)
        if value is None and missing:
            call.fail(
                f'Property "{name}" cannot be found.',
                "ExpandPropertyNotFound",
                "InvalidArgument",
                f"{to_text(row)[:80]}:PSObject",
                "PSArgumentException",
            )
        output += items(value)
    return output


def measure_object(call: CmdletCall) -> Iterable[PSValue]:
    if call.flag("Line") or call.flag("Word") or call.flag("Character"):
        return [_measure_text(call)]
    return [found for name in call.texts("Property") or [""] if (found := _measured(call, name)) is not None]


def _measured(call: CmdletCall, name: str) -> PSObject | None:
    """What is measured of one property, or of the objects themselves; None if none of them has it."""
    values = [own_property(item, name) if name else item for item in call.input]
    values = [value for value in values if value is not None]
    if name and call.input and not values:
        text = f'The property "{name}" cannot be found in the input for any objects.'
        call.fail(text, "GenericMeasurePropertyNotFound", "InvalidArgument", ":", "PSArgumentException")
        return None
    numbers: list[float] = []
    if any(call.flag(flag) for flag in ("Sum", "Average")):
        numbers = [number for value in values if (number := _numeric(call, value)) is not None]
    ordered = sorted(values, key=sort_key) if values else [None]
    result: dict[str, PSValue] = {
        "Count": len(values),
        "Average": sum(numbers) / len(numbers) if call.flag("Average") and numbers else None,
        "Sum": sum(numbers) if call.flag("Sum") and numbers else None,
        "Maximum": ordered[-1] if call.flag("Maximum") else None,
        "Minimum": ordered[0] if call.flag("Minimum") else None,
        "Property": name or None,
    }
    return PSObject("Microsoft.PowerShell.Commands.GenericMeasureInfo", result)


def _numeric(call: CmdletCall, value: PSValue) -> float | None:
    """A value as a number; one that is none is reported, and None."""
    try:
        return float(to_number(value))
    except Failure:
        shown_value = to_text(value)[:80]
        text = f'Input object "{shown_value}" is not numeric.'
        call.fail(text, "NonNumericInputObject", "InvalidType", f"{shown_value}:String", "PSInvalidCastException")
        return None


def _measure_text(call: CmdletCall) -> PSObject:
    texts = [to_text(item) for item in call.input]
    values: dict[str, PSValue] = {
        "Lines": sum(text.count("\n") + 1 for text in texts if text) if call.flag("Line") else None,
        "Words": sum(len(text.split()) for text in texts) if call.flag("Word") else None,
        "Characters": sum(len("".join(t.split()) if call.flag("IgnoreWhiteSpace") else t) for t in texts)
        if call.flag("Character")
        else None,
        "Property": None,
    }
    return PSObject("Microsoft.PowerShell.Commands.TextMeasureInfo", values)


def group_object(call: CmdletCall) -> Iterable[PSValue]:
    specs = items(call.value("Property")) or [None]
    groups: dict[str, tuple[str, list[PSValue]]] = {}
    cased = call.flag("CaseSensitive")
    for item in call.input:
        parts = [to_text(item if spec is None else compute(call, item, spec)[1]) for spec in specs]
        name = ", ".join(parts)
        groups.setdefault(name if cased else name.lower(), (name, []))[1].append(item)
    if call.flag("AsHashTable"):
        return [Hash(dict(groups.values()))]
    short = call.flag("NoElement")
    kind = "Microsoft.PowerShell.Commands.GroupInfo" + ("NoElement" if short else "")
    return [
        PSObject(kind, {"Count": len(members), "Name": name, **({} if short else {"Group": members})})
        for name, members in groups.values()
    ]


def write_output(call: CmdletCall) -> Iterable[PSValue]:
    return items(call.value("InputObject")) if call.has("InputObject") else call.input


def write_host(call: CmdletCall) -> Iterable[PSValue]:
    text = call.text("Separator", " ").join(to_text(value) for value in items(call.value("Object")) or call.input)
    call.session.printed.append(shown(text + ("" if call.flag("NoNewline") else "\n")))
    return []


def write_error(call: CmdletCall) -> Iterable[PSValue]:
    call.fail(
        call.text("Message"),
        "Microsoft.PowerShell.Commands.WriteErrorException",
        "NotSpecified",
        ":",
        "WriteErrorException",
    )
    return []


def new_object(call: CmdletCall) -> Iterable[PSValue]:
    """Supports property bags only: anything else could reach beyond the host."""
    name = call.text("TypeName").lower().removeprefix("system.management.automation.")
    if name not in ("psobject", "pscustomobject"):
        text = "Cannot create type. Only core types are supported in this language mode."
        raise call.failure(
            text, "CannotCreateTypeConstrainedLanguage", "PermissionDenied", ":", "PSNotSupportedException"
        )
    held = call.value("Property")
    return [PSObject(CUSTOM, dict(held.values) if isinstance(held, Hash) else {})]


def add_type(call: CmdletCall) -> Iterable[PSValue]:
    text = "Cannot add type. Definition of new types is not supported in this language mode."
    raise call.failure(text, "CannotDefineNewType", "PermissionDenied", ":", "PSNotSupportedException")


CMDLETS = (
    Cmdlet("Where-Object", where_object, "Property Value", "FilterScript InputObject", COMPARISONS),
    Cmdlet(
        "ForEach-Object", foreach_object, "Process|MemberName", "Begin End InputObject ArgumentList", rest="Process"
    ),
    Cmdlet(
        "Sort-Object",
        sort_object,
        "Property",
        "",
        "Descending Unique CaseSensitive",
        rest="Property",
        lacks="Culture InputObject",
    ),
    Cmdlet(
        "Select-Object",
        select_object,
        "Property",
        "First Last Skip SkipLast Index ExpandProperty ExcludeProperty",
        "Unique Wait",
    ),
    Cmdlet(
        "Measure-Object",
        measure_object,
        "Property",
        "",
        "Sum Average Maximum Minimum Line Word Character IgnoreWhiteSpace",
    ),
    Cmdlet(
        "Group-Object",
        group_object,
        "Property",
        "",
        "NoElement AsHashTable|AHT AsString CaseSensitive",
        rest="Property",
        lacks="Culture InputObject",
    ),
    Cmdlet("Write-Output", write_output, "InputObject", rest="InputObject", lacks="NoEnumerate"),
    Cmdlet("Write-Host", write_host, "Object", "ForegroundColor BackgroundColor Separator", "NoNewline", rest="Object"),
    Cmdlet(
        "Write-Error",
        write_error,
        "Message|Msg",
        lacks="Category ErrorId Exception TargetObject RecommendedAction ErrorRecord",
    ),
    Cmdlet("Out-Null", lambda call: None, "InputObject"),
    Cmdlet("New-Object", new_object, "TypeName ArgumentList", "Property"),
    Cmdlet(
        "Add-Type", add_type, "TypeDefinition", "AssemblyName Path MemberDefinition Name Namespace Language", "PassThru"
    ),
)
