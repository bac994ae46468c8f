"""Formats values with .NET format strings: "{0:N2}" -f 3, (Get-Date).ToString('yyyy-MM-dd')."""

import re
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext

from fleet.windows.failure import Failure
from fleet.windows.values import PSValue, bounded, clock, display, number_text, to_text

MAX_DIGITS = 99
"""Highest precision that .NET allows."""
MAX_WIDTH = 1_000
"""Widest padded item: no real table is wider."""
MAX_TEMPLATE = 10_000

ITEM = re.compile(r"\{\{|\}\}|\{(\d{1,4})(?:,\s*(-?\d{1,9})\s*)?(?::([^{}]*))?\}|[{}]")
STANDARD = re.compile(r"([NFDXPCGER])(\d{0,9})", re.IGNORECASE)
DATE_PART = re.compile(
    r"y{1,4}|M{1,4}|d{1,4}|H{1,2}|h{1,2}|m{1,2}|s{1,2}|f{1,7}|t{1,2}|z{1,3}|K|'[^']*'|\"[^\"]*\"|\\.|.", re.DOTALL
)
STANDARD_DATES = {
    "d": "M/d/yyyy",
    "D": "dddd, MMMM d, yyyy",
    "t": "h:mm tt",
    "T": "h:mm:ss tt",
    "f": "dddd, MMMM d, yyyy h:mm tt",
    "F": "dddd, MMMM d, yyyy h:mm:ss tt",
    "g": "M/d/yyyy h:mm tt",
    "G": "M/d/yyyy h:mm:ss tt",
    "s": "yyyy-MM-ddTHH:mm:ss",
    "u": "yyyy-MM-dd HH:mm:ssZ",
    "o": "yyyy-MM-ddTHH:mm:ss.fffffffZ",
    "O": "yyyy-MM-ddTHH:mm:ss.fffffffZ",
    "R": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "M": "MMMM d",
    "Y": "MMMM yyyy",
}


def _wrong() -> Failure:
    return Failure(
        "Error formatting a string: Index (zero based) must be greater than or equal to zero and less than the size of "
        "the argument list..",
        "FormatError",
        kind="RuntimeException",
    )


def bad_format() -> Failure:
    return Failure("Error formatting a string: Input string was not in a correct format..", "FormatError")


def compose(template: str, arguments: list[PSValue]) -> str:
    """Fill the items of a composite format string such as "{0,8:N1} of {1}".

    Raises:
        Failure: an item is missing, or a format is invalid.
    """
    if len(template) > MAX_TEMPLATE:
        raise bad_format()

    def item(match: re.Match[str]) -> str:
        if match[0] in ("{{", "}}"):
            return match[0][0]
        if match[1] is None:
            raise bad_format()
        if int(match[1]) >= len(arguments):
            raise _wrong()
        text = format_value(arguments[int(match[1])], match[3] or "")
        width = int(match[2] or 0)
        if abs(width) > MAX_WIDTH:
            raise bad_format()
        return text.ljust(-width) if width < 0 else text.rjust(width)

    return bounded(ITEM.sub(item, template))


def format_value(value: PSValue, form: str) -> str:
    """A value in one format; "" means its default text."""
    if not form:
        return display(value) if isinstance(value, datetime) else to_text(value)
    if isinstance(value, datetime):
        return format_date(value, form)
    if isinstance(value, timedelta):
        return _format_span(value, form)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _format_number(value, form)
    return to_text(value)


def _format_number(value: int | float, form: str) -> str:
    found = STANDARD.fullmatch(form)
    if found is None:
        return _custom_number(value, form)
    letter, digits = found[1].upper(), min(int(found[2] or 0), MAX_DIGITS)
    places = digits if found[2] else 2
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return number_text(value)
    match letter:
        case "N":
            return f"{_rounded(value, places):,f}"
        case "F":
            return f"{_rounded(value, places):f}"
        case "P":
            return f"{_rounded(value, places + 2).scaleb(2):,.{places}f} %"
        case "C":
            amount = _rounded(value, places)
            return f"${amount:,f}" if value >= 0 else f"(${-amount:,f})"
        case "E":
            return f"{value:.{digits if found[2] else 6}e}".upper() if form[0] == "E" else f"{value:.{places}e}"
        case "D" | "X" if isinstance(value, float):
            raise Failure("Error formatting a string: Format specifier was invalid..", "FormatError")
        case "D":
            return f"{'-' if value < 0 else ''}{abs(int(value)):0{digits}d}"
        case "X":
            text = f"{int(value) & (2**64 - 1 if value < 0 else -1):0{digits}x}"
            return text.upper() if form[0] == "X" else text
        case _:
            return number_text(float(value)) if isinstance(value, float) else str(value)


def _rounded(value: int | float, places: int) -> Decimal:
    """A number of fifteen digits, halves rounded away from zero, as .NET Framework formats it; never -0."""
    exact = Decimal(value) if isinstance(value, int) else Decimal(f"{value:.15g}")
    with localcontext() as context:
        context.prec = 500  # the digits before the point of any double, and MAX_DIGITS behind it
        return exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) + 0


def _custom_number(value: int | float, form: str) -> str:
    """A number in a custom format: 0.00, #,##0.0, 0.0%"""
    pattern = re.search(r"[#0,]+(?:\.([#0]*))?|\.([#0]+)", form)
    if pattern is None:
        return form
    percent = 2 * ("%" in form)
    decimals = (pattern[1] or pattern[2] or "")[:MAX_DIGITS]
    whole = pattern[0].split(".")[0]
    rounded = _rounded(value, len(decimals) + percent).scaleb(percent)
    text = f"{rounded:{',' if ',' in whole else ''}.{len(decimals)}f}"
    optional = len(decimals) - len(decimals.rstrip("#"))
    if optional:
        head, _, tail = text.partition(".")
        kept = tail.rstrip("0").ljust(len(decimals) - optional, "0")
        text = f"{head}.{kept}" if kept else head
    wide = min(whole.replace(",", "").count("0"), MAX_DIGITS)
    sign, text = ("-", text[1:]) if text.startswith("-") else ("", text)
    head, dot, tail = text.partition(".")
    return form[: pattern.start()] + sign + head.rjust(wide, "0") + dot + tail + form[pattern.end() :]


def format_date(value: datetime, form: str) -> str:
    """A time in .NET's format letters: yyyy-MM-dd HH:mm:ss."""
    pattern = STANDARD_DATES.get(form, form)[:MAX_TEMPLATE]
    if len(form) == 1 and form not in STANDARD_DATES:
        raise bad_format()
    return "".join(_date_part(value, found[0]) for found in DATE_PART.finditer(pattern))


def _date_part(value: datetime, part: str) -> str:
    hour = value.hour % 12 or 12
    match part:
        case "yyyy" | "yyy":
            return f"{value.year:04d}"
        case "yy" | "y":
            return f"{value.year % 100:02d}"
        case "MMMM" | "dddd":
            return value.strftime("%B" if part[0] == "M" else "%A")
        case "MMM" | "ddd":
            return value.strftime("%b" if part[0] == "M" else "%a")
        case "tt" | "t":
            return value.strftime("%p")[: len(part)]
        case "zzz" | "zz" | "z" | "K":
            return {"zzz": "+00:00", "zz": "+00", "z": "+0", "K": "Z"}[part]
    numbers = {"M": value.month, "d": value.day, "H": value.hour, "h": hour, "m": value.minute, "s": value.second}
    if part[0] in numbers:
        return str(numbers[part[0]]).rjust(len(part), "0")
    if part[0] == "f":
        return f"{value.microsecond:06d}0"[: len(part)]
    return part[1:-1] if part[0] in "'\"" and len(part) > 1 else part.removeprefix("\\")


def _format_span(value: timedelta, form: str) -> str:
    """A time span in a format such as d\\.hh\\:mm."""
    hours, rest = divmod(value.seconds, 3600)
    numbers = {"d": value.days, "h": hours, "m": rest // 60, "s": rest % 60}

    def part(match: re.Match[str]) -> str:
        text = match[0]
        if text[0] in numbers:
            return str(numbers[text[0]]).rjust(len(text), "0")
        return text[1:-1] if text[0] == "'" else text.removeprefix("\\")

    if form in ("c", "g", "G"):
        return to_text(value)
    return re.sub(r"d{1,8}|h{1,2}|m{1,2}|s{1,2}|'[^']*'|\\.|.", part, form[:MAX_TEMPLATE])


def long_date(value: datetime) -> str:
    """A time as Get-Date prints it: Wednesday, March 4, 2026 10:15:00 AM"""
    return f"{value.strftime('%A, %B')} {value.day}, {value.year} {clock(value)}"
