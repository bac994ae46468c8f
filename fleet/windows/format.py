"""Formats objects as Windows PowerShell prints them: as tables, lists or plain lines."""

import textwrap
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import zip_longest
from operator import le

from fleet.windows.columns import View
from fleet.windows.dotnet import long_date
from fleet.windows.error_records import ErrorRecord
from fleet.windows.exceptions import BASES
from fleet.windows.failure import MAX_OUTPUT
from fleet.windows.members import hash_entries, span_properties
from fleet.windows.session import SHOWN
from fleet.windows.tree import Block, TypeName
from fleet.windows.values import CUSTOM, Hash, PSObject, PSValue, display, every_property, to_text
from fleet.windows.views import LISTS, MATCH, VIEWS

WIDTH = 120
"""Console width in columns."""
FEW = 4
"""An object without a predefined view is shown as a table up to this many properties, beyond that as a list."""
ROWS_LOOKED_AT = 300
"""Rows examined to determine a table's columns."""
NARROWEST = 8
"""Columns are not truncated below this width."""
LAST_NARROWEST = 4
"""Nor the last one of a predefined view below this one."""


def render(values: Sequence[PSValue], nested: bool = False) -> str:
    """A pipeline's output as shown on the console; nested in an array, arrays show only their class."""
    pieces, total, place = [], 0, 0
    while place < len(values) and total < MAX_OUTPUT:
        value = values[place]
        if isinstance(value, PSObject) and value.type != SHOWN:
            end = place
            while end < len(values) and _same_shape(value, values[end]):
                end += 1
            piece = _objects([record for record in values[place:end] if isinstance(record, PSObject)])
            place = end
        else:
            piece = _single(value, nested)
            place += 1
        pieces.append(piece)
        total += len(piece)
    return "".join(pieces)[:MAX_OUTPUT]


def _same_shape(first: PSObject, other: PSValue) -> bool:
    if not isinstance(other, PSObject) or other.type == SHOWN:
        return False
    if first.type in VIEWS:
        return VIEWS.get(other.type) is VIEWS[first.type]
    if _is_shapeless(first) and _is_shapeless(other):
        return True
    return other.type == first.type


def _is_shapeless(record: PSObject) -> bool:
    """Whether nothing but the first of a group decides how such records are shown."""
    return record.type.startswith("Selected.") or record.type == CUSTOM


def _single(value: PSValue, nested: bool) -> str:
    """A value without properties, on its own lines."""
    match value:
        case PSObject():
            return value.text
        case datetime():
            return f"\n{long_date(value)}\n\n"
        case timedelta():
            return list_text([PSObject("System.TimeSpan", span_properties(value))], ())
        case Hash():
            entries = [entry for entry in hash_entries(value) if isinstance(entry, PSObject)]
            return view_text(entries, VIEWS["System.Collections.DictionaryEntry"])
        case list():
            return "System.Object[]\n" if nested else render(value, nested=True)
        case Block():
            return f"{value.text}\n"
        case TypeName():
            return f"{value.name}\n"
        case None:
            return "\n"
        case _:
            return f"{to_text(value)}\n"


def _objects(records: list[PSObject]) -> str:
    first = records[0]
    every_property(first)
    if first.type == MATCH:
        return "\n" + "".join(f"{record.text}\n" for record in records) + "\n"
    if isinstance(first, ErrorRecord):
        return "".join(record.shown for record in records if isinstance(record, ErrorRecord))
    if first.type in BASES:
        return "".join(f"{to_text(record.get('Message'))}\n" for record in records)
    if first.type in VIEWS:
        return view_text(records, VIEWS[first.type])
    if first.type in LISTS or len(first.values) > FEW:
        return list_text(records, ())
    return table_text(records, list(first.values))


def view_text(records: Sequence[PSObject], view: View) -> str:
    """The predefined table of a class; one per group of rows."""
    if not view.group:
        return "\n" + _view_rows(records, view) + "\n"
    groups: list[tuple[str, list[PSObject]]] = []
    for record in records:
        name = display(record.get(view.group)).rpartition("::")[2]
        if not groups or groups[-1][0] != name:
            groups.append((name, []))
        groups[-1][1].append(record)
    return "".join(f"\n\n{view.heading.format(name)}\n{_view_rows(rows, view)}\n" for name, rows in groups)


def _view_rows(records: Sequence[PSObject], view: View) -> str:
    cells = [column.cell for column in view.columns]
    rows = [[cell(record) for cell in cells] for record in records]
    right = [place for place, column in enumerate(view.columns) if column.right]
    labels, widths = [column.label for column in view.columns], [column.width for column in view.columns]
    return grid(labels, rows, right, widths, wrap=view.wrapped)


def grid(
    labels: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[int],
    widths: Sequence[int] = (),
    headers: bool = True,
    wrap: bool = False,
    cut: bool = True,
) -> str:
    """Rows under headers and dashes; width 0 means as wide as needed. Cells that are too wide for the console go on
    below, or end in "...", unless they may be as long as they are."""
    flat = rows if wrap else [[cell.replace("\n", " ") for cell in row] for row in rows]
    given = list(widths) or [0] * len(labels)
    fitted = [
        width or max(len(label), max((_breadth(row[place]) for row in flat), default=0))
        for place, (label, width) in enumerate(zip(labels, given, strict=True))
    ]
    if cut and any(given):
        fitted = _trimmed(fitted)
        labels, flat = labels[: len(fitted)], [row[: len(fitted)] for row in flat]
    while cut and sum(fitted) + len(fitted) - 1 > WIDTH and max(fitted) > NARROWEST:
        widest = fitted.index(max(fitted))
        over = sum(fitted) + len(fitted) - 1 - WIDTH
        rest = max([width for place, width in enumerate(fitted) if place != widest], default=0)
        fitted[widest] = max(fitted[widest] - over, min(rest, fitted[widest] - 1), NARROWEST)

    shape = " ".join(f"{{:{'>' if place in right else '<'}{width}}}" for place, width in enumerate(fitted))

    def line(cells: Sequence[str]) -> str:
        if not all(map(le, map(len, cells), fitted)):
            cells = [_cut(cell, width) for cell, width in zip(cells, fitted, strict=True)]
        return shape.format(*cells).rstrip() + "\n"

    def wrapped(cells: Sequence[str]) -> str:
        parts = [_wrapped(cell, width) for cell, width in zip(cells, fitted, strict=True)]
        return "".join(map(line, zip_longest(*parts, fillvalue="")))

    narrow = any(len(label) > width for label, width in zip(labels, fitted, strict=True))
    dashes = ["-" * min(len(label), width) for label, width in zip(labels, fitted, strict=True)]
    head = (wrapped if narrow else line)(labels) + line(dashes)
    return (head if headers else "") + "".join(map(wrapped if wrap else line, flat))


def _trimmed(widths: list[int]) -> list[int]:
    """The columns of a predefined view that fit on the console: the last one may be narrower, further ones are left
    out."""
    kept = list(widths)
    while (over := sum(kept) + len(kept) - 1 - WIDTH) > 0 and len(kept) > 1:
        if kept[-1] - over >= LAST_NARROWEST:
            kept[-1] -= over
        else:
            kept.pop()
    return kept


def _breadth(cell: str) -> int:
    return max(map(len, cell.split("\n"))) if "\n" in cell else len(cell)


def _wrapped(cell: str, width: int) -> list[str]:
    return [part for line in cell.split("\n") for part in textwrap.wrap(line, width, break_on_hyphens=False) or [""]]


def _cut(cell: str, width: int) -> str:
    if len(cell) <= width:
        return cell
    return cell[: width - 3] + "..." if width > 3 else cell[:width]


def table_text(records: Sequence[PSObject], names: Sequence[str], headers: bool = True, wrap: bool = False) -> str:
    """A table of properties: those named, or all that the first rows have. Numbers are right-aligned."""
    columns = list(names) or property_names(records)
    if not columns:
        return ""
    cells = [[record.get(name) for name in columns] for record in records]
    right = [place for place in range(len(columns)) if _all_numbers([row[place] for row in cells])]
    rows = [[display(cell) for cell in row] for row in cells]
    return "\n" + grid(columns, rows, right, headers=headers, wrap=wrap) + "\n"


def _all_numbers(cells: Sequence[PSValue]) -> bool:
    held = [cell for cell in cells if cell is not None]
    return bool(held) and all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in held)


def property_names(records: Sequence[PSObject]) -> list[str]:
    names: dict[str, None] = {}
    for record in records[:ROWS_LOOKED_AT]:
        names.update(dict.fromkeys(record.values))
    return list(names)


def list_text(records: Sequence[PSObject], names: Sequence[str]) -> str:
    """Lines of "Name : value", object after object: the properties named, or those that the class shows by default."""
    pieces = []
    for record in records:
        chosen = list(names) or list(LISTS.get(record.type, record.values))
        width = max((len(name) for name in chosen), default=0)
        lines = [_entry(name, display(record.get(name)), width) for name in chosen]
        pieces.append("\n" + "".join(lines))
    return "".join(pieces) + "\n"


def _entry(name: str, text: str, width: int) -> str:
    """One entry of a list; further lines of the value are aligned below the first."""
    first, *rest = text.split("\n")
    margin = " " * (width + 3)
    return f"{name:<{width}} : {first}".rstrip(" ") + "\n" + "".join(f"{margin}{line}\n" for line in rest if line)
