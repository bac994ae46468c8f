"""Formats values with .NET format strings: "{0:N2}" -f 3, (Get-Date).ToString('yyyy-MM-dd')."""

import re
from datetime import datetime, timedelta

from fleet.windows.date_formats import format_date, format_span
from fleet.windows.failure import DotNetError, Failure, bad_format
from fleet.windows.number_formats import format_number
from fleet.windows.values import EnumText, PSValue, bounded, clock, display, to_text

MAX_WIDTH = 1_000
"""Widest padded item: no real table is wider."""
MAX_TEMPLATE = 10_000

ITEM = re.compile(
    r"\{\{|\}\}|\{(?P<index>[0-9]{1,6}) *(?:, *(?P<width>-?[0-9]{1,6}) *)?(?::(?P<form>(?:\{\{|\}\}|[^{}])*+))?\}|[{}]"
)
NOT_ENOUGH = "Index (zero based) must be greater than or equal to zero and less than the size of the argument list."


def compose(template: str, arguments: list[PSValue]) -> str:
    """Fill the items of a composite format string such as "{0,8:N1} of {1}".

    Raises:
        DotNetError: an item is missing, or a format is invalid.
    """
    if len(template) > MAX_TEMPLATE:
        raise bad_format()

    def item(match: re.Match[str]) -> str:
        if match[0] in ("{{", "}}"):
            return match[0][0]
        if match["index"] is None:
            raise bad_format()
        if int(match["index"]) >= len(arguments):
            raise DotNetError("FormatException", NOT_ENOUGH)
        form = (match["form"] or "").replace("{{", "{").replace("}}", "}")
        text = format_value(arguments[int(match["index"])], form)
        width = int(match["width"] or 0)
        if abs(width) > MAX_WIDTH:
            raise bad_format()
        return text.ljust(-width) if width < 0 else text.rjust(width)

    return bounded(ITEM.sub(item, template))


def formatted(template: str, arguments: list[PSValue]) -> str:
    """What the operator -f gives.

    Raises:
        Failure: an item is missing, or a format is invalid.
    """
    try:
        return compose(template, arguments)
    except DotNetError as error:
        raise Failure(f"Error formatting a string: {error.message}.", "FormatError") from None


def format_value(value: PSValue, form: str) -> str:
    """A value in one format; "" means its default text.

    Raises:
        DotNetError: values of this kind have no such format.
    """
    if not form:
        return display(value) if isinstance(value, datetime) else to_text(value)
    match value:
        case datetime():
            return format_date(value, form)
        case timedelta():
            return format_span(value, form)
        case EnumText() if form in ("D", "d"):
            return str(value.number)
        case int() | float() if not isinstance(value, bool):
            return format_number(value, form)
        case _:
            return to_text(value)


def long_date(value: datetime) -> str:
    """A time as Get-Date prints it: Wednesday, March 4, 2026 10:15:00 AM"""
    return f"{value.strftime('%A, %B')} {value.day}, {value.year} {clock(value)}"
