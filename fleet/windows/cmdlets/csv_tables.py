"""Cmdlets for tables in text: ConvertTo-Csv, Export-Csv, ConvertFrom-Csv and Import-Csv."""

import csv
from collections.abc import Iterable
from datetime import datetime

from fleet.windows.binding import Cmdlet, CmdletCall
from fleet.windows.cmdlets.files import named_items
from fleet.windows.paths import exactly, write_text
from fleet.windows.session import SHOWN
from fleet.windows.values import CUSTOM, PSObject, PSValue, display, every_property, items, to_text
from fleet.windows.views import SERVICE


def _lines(call: CmdletCall, given: Iterable[PSValue]) -> list[str]:
    records = [item for item in given if isinstance(item, PSObject) and item.type != SHOWN]
    names = list(every_property(records[0])) if records else []  # as a table, from the first object
    mark = call.text("Delimiter", ",")
    rows = [[_quoted(name) for name in names], *([_cell(record, name) for name in names] for record in records)]
    lines = [mark.join(row) for row in rows] if names else []
    typed = [] if call.flag("NoTypeInformation") or not records else [f"#TYPE {records[0].type}"]
    return typed + lines


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _cell(record: PSObject, name: str) -> str:
    """A value as its own ToString() gives it, in the en-US culture; null is not even quoted."""
    match record.get(name):
        case None:
            return ""
        case datetime() as moment:
            return _quoted(display(moment))
        case list():
            return _quoted(f"{SERVICE}[]" if record.type == SERVICE else "System.Object[]")
        case value:
            return _quoted(to_text(value))


def to_csv(call: CmdletCall) -> Iterable[PSValue]:
    return list(_lines(call, items(call.value("InputObject")) if call.has("InputObject") else call.input))


def export_csv(call: CmdletCall) -> Iterable[PSValue]:
    lines = _lines(call, items(call.value("InputObject")) if call.has("InputObject") else call.input)
    path = call.text("Path") or call.text("LiteralPath")
    old = exactly(call.session, path)
    if call.flag("NoClobber") and old:
        text = f"The file '{old[0].path}' already exists."
        raise call.failure(text, "NoClobber", "ResourceExists", f"{old[0].path}:String", "IOException")
    if call.flag("Append") and old:  # the table goes on under its old head
        lines = lines[1 if call.flag("NoTypeInformation") else 2 :]
    text = "".join(f"{line}\n" for line in lines)
    if not call.what_if("Export-Csv", path):
        write_text(call.session, path, text, call.flag("Append"), call.cmdlet.name, call.text("Encoding"))
    return []


def from_csv(call: CmdletCall) -> Iterable[PSValue]:
    return _records(call, [line for text in call.names("InputObject") for line in text.splitlines()])


def import_csv(call: CmdletCall) -> Iterable[PSValue]:
    found = [item.file for item in named_items(call, "Path", "LiteralPath") if item.file]
    return [record for file in found for record in _records(call, file.content.splitlines())]


def _records(call: CmdletCall, lines: list[str]) -> list[PSValue]:
    call.session.budget.spend(sum(map(len, lines)))
    plain = [line for line in lines if line.strip() and not line.startswith("#TYPE")]
    rows = list(csv.reader(plain, delimiter=call.text("Delimiter", ",")[:1] or ","))
    names = call.texts("Header") or (rows.pop(0) if rows else [])
    return [PSObject(CUSTOM, dict(zip(names, [*row, *[None] * len(names)], strict=False))) for row in rows]


CMDLETS = (
    Cmdlet("ConvertTo-Csv", to_csv, "InputObject", "Delimiter", "NoTypeInformation|NTI", lacks="UseCulture"),
    Cmdlet(
        "Export-Csv",
        export_csv,
        "Path Delimiter",
        "LiteralPath|PSPath InputObject Encoding",
        "NoTypeInformation|NTI Append Force NoClobber",
        lacks="UseCulture",
    ),
    Cmdlet("ConvertFrom-Csv", from_csv, "InputObject Delimiter", "Header", lacks="UseCulture"),
    Cmdlet("Import-Csv", import_csv, "Path Delimiter", "LiteralPath|PSPath Header Encoding", lacks="UseCulture"),
)
