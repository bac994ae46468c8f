r"""Times and spans of time in .NET's format strings: yyyy-MM-dd HH:mm:ss, hh\:mm.

Source: "Standard date and time format strings", "Custom date and time format strings" and those of TimeSpan; the
culture is en-US.
"""

import re
from datetime import datetime, timedelta

from fleet.windows.failure import bad_format
from fleet.windows.moments import kind_of
from fleet.windows.values import span_text

DATE_PART = re.compile(
    r"y+|M+|d+|H+|h+|m+|s+|f+|F+|t+|z+|g+|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|%[^%]|\\.|[^'\"%\\]", re.DOTALL
)
SPAN_PART = re.compile(r"d+|h+|m+|s+|f+|F+|'[^']*'|\"[^\"]*\"|%[^%]|\\.", re.DOTALL)
MOST = {"d": 8, "h": 2, "m": 2, "s": 2}
"""How often a letter may be repeated in the format of a span."""
STANDARD = {
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
    "U": "dddd, MMMM d, yyyy h:mm:ss tt",
    "o": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "m": "MMMM d",
    "y": "MMMM yyyy",
}
STANDARD |= {letter.upper(): STANDARD[letter] for letter in "ormy"}


def _parts(pattern: re.Pattern[str], form: str) -> list[str]:
    """
    Raises:
        DotNetError: the format has what is neither a part nor quoted.
    """
    found = pattern.findall(form)
    if sum(map(len, found)) != len(form):
        raise bad_format()
    return found


def _plain(part: str) -> str:
    """The text of a quoted part or of an escape."""
    inner = part[1:-1] if part[0] in "'\"" else part
    return re.sub(r"\\(.)", r"\1", inner, flags=re.DOTALL)


def format_date(value: datetime, form: str) -> str:
    """A time in a standard format, which is one letter, or in a custom one.

    Raises:
        DotNetError: the format is invalid.
    """
    if len(form) == 1 and form not in STANDARD:
        raise bad_format()
    text = ""
    for part in _parts(DATE_PART, STANDARD.get(form, form)):
        shown = _date_part(value, part.removeprefix("%"))
        if part[0] == "F" and not shown:
            text = text.removesuffix(".")
        text += shown
    return text


def _date_part(value: datetime, part: str) -> str:
    letter, count = part[0], len(part)
    match letter:
        case "y":
            return str(value.year % 100 if count < 3 else value.year).rjust(count, "0")
        case "M" | "d" if count > 2:
            code = {"M": "%b%B", "d": "%a%A"}[letter]
            return value.strftime(code[:2] if count == 3 else code[2:])
        case "M" | "d" | "H" | "h" | "m" | "s":
            hour = value.hour % 12 or 12
            numbers = {"M": value.month, "d": value.day, "H": value.hour, "m": value.minute, "s": value.second}
            return str(numbers.get(letter, hour)).rjust(min(count, 2), "0")
        case "f" | "F":
            return _fraction(value.microsecond, part)
        case "t":
            return value.strftime("%p")[:count]
        case "z":
            return {1: "+0", 2: "+00"}.get(count, "+00:00")
        case "K":
            return {"Local": "+00:00", "Utc": "Z"}.get(kind_of(value), "")
        case "g":
            return "A.D."
        case "'" | '"' | "\\":
            return _plain(part)
        case _:
            return part


def _fraction(microseconds: int, part: str) -> str:
    """ff shows so many digits of a second, FF leaves out zeros at the end.

    Raises:
        DotNetError: there are only seven digits.
    """
    if len(part) > 7:
        raise bad_format()
    digits = f"{microseconds:06d}0"[: len(part)]
    return digits if part[0] == "f" else digits.rstrip("0")


def format_span(value: timedelta, form: str) -> str:
    """A span of time in a standard format, c, g or G, or in a custom one, which shows no sign.

    Raises:
        DotNetError: the format is invalid; a colon, say, must be escaped.
    """
    size = abs(value)
    minutes, seconds = divmod(size.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    sign = "-" if value < timedelta(0) else ""
    match form:
        case "c" | "t" | "T":
            return span_text(value)
        case "g":
            fraction = _fraction(size.microseconds, "FFFFFFF")
            days = f"{size.days}:" if size.days else ""
            return f"{sign}{days}{hours}:{minutes:02d}:{seconds:02d}{'.' + fraction if fraction else ''}"
        case "G":
            return f"{sign}{size.days}:{hours:02d}:{minutes:02d}:{seconds:02d}.{size.microseconds:06d}0"
        case _ if len(form) == 1:
            raise bad_format()
    numbers = {"d": size.days, "h": hours, "m": minutes, "s": seconds}

    def shown(part: str) -> str:
        letter = part[0]
        if letter in numbers and len(part) <= MOST[letter]:
            return str(numbers[letter]).rjust(len(part), "0")
        if letter in "fF":
            return _fraction(size.microseconds, part)
        if letter in "'\"\\":
            return _plain(part)
        raise bad_format()

    return "".join(shown(part.removeprefix("%")) for part in _parts(SPAN_PART, form))
