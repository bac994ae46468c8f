"""Times as DateTime knows them: their kinds, and how DateTime.Parse reads them in the en-US culture."""

import re
from calendar import day_name, month_name
from datetime import datetime, timedelta, timezone

from fleet.windows.failure import Unmodelled

LOCAL, UNIVERSAL, UNSPECIFIED = (timezone(timedelta(0), kind) for kind in ("Local", "Utc", "Unspecified"))
"""The kinds of a DateTime; a host's own zone is UTC."""
MONTHS = [name.lower() for name in month_name[1:]]
DAYS = [name.lower() for name in day_name]
KNOWN = {*MONTHS, *DAYS, *(name[:3] for name in MONTHS + DAYS), "am", "pm", "a", "p", "t", "z", "gmt"}
"""Words that a time may have."""
PIVOT = 30
"""The first year of two digits that means the last century."""
PARTS = ("year", "month", "day")
DATE = r"""
(?: (?P<year1>\d{4}) [-/.] (?P<month1>\d{1,2}) (?: [-/.] (?P<day1>\d{1,2}) )?
  | (?P<month2>\d{1,2}) [-/.] (?P<day2>\d{1,2}) [-/.] (?P<year2>\d{4}|\d{2})
  | (?: [a-z]+day ,? \s+ )? (?P<month3>[a-z]{3,9}) \s+ (?P<day3>\d{1,2}) ,? \s+ (?P<year3>\d{4})
  | (?P<day4>\d{1,2}) [\s-] (?P<month4>[a-z]{3,9}) [\s-] (?P<year4>\d{4})
)"""
TIME = r"""
(?P<hour>\d{1,2}) (?: : (?P<minute>\d{1,2}) (?: : (?P<second>\d{1,2}) (?: [.] (?P<fraction>\d{1,7}) )? )? )?
(?: \s* (?P<half>[ap]) m? \b )?"""
ZONE = r"\s* (?: (?P<utc>Z|GMT) | (?P<sign>[+-]) (?P<hours>\d{1,2}) (?: :? (?P<minutes>\d{2}) )? )"
WHOLE = re.compile(f"{DATE} (?: (?: T | \\s+ ) {TIME} (?: {ZONE} )? )?", re.VERBOSE | re.IGNORECASE)
CLOCK = re.compile(f"{TIME}|\\d{{1,2}}/\\d{{1,2}}", re.VERBOSE | re.IGNORECASE)


def kind_of(value: datetime) -> str:
    return value.tzname() or ""


def parse_moment(text: str) -> datetime | str:
    """The time that a text names, or what .NET says of it.

    Raises:
        Unmodelled: it needs today's date.
    """
    found = WHOLE.fullmatch(text.strip())
    if found is None:
        if CLOCK.fullmatch(text.strip()) and not text.strip().isdigit():
            raise Unmodelled(f"[datetime]'{text.strip()}'")
        return _complaint(text)
    part = found.groupdict()
    year, month, day = (next((part[f"{name}{n}"] for n in "1234" if part[f"{name}{n}"]), "1") for name in PARTS)
    try:
        moment = datetime(_year(year), _month(month), int(day), tzinfo=UNSPECIFIED) + _clock(part)
    except ValueError:
        return _complaint(text)
    if part["utc"] is None and part["sign"] is None:
        return moment
    shift = timedelta(hours=int(part["hours"] or 0), minutes=int(part["minutes"] or 0))
    return (moment + shift if part["sign"] == "-" else moment - shift).replace(tzinfo=LOCAL)


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else int(text) + (2000 if int(text) < PIVOT else 1900)


def _month(text: str) -> int:
    """
    Raises:
        ValueError: there is no such month.
    """
    if text.isdigit():
        return int(text)
    return [name if len(text) > 3 else name[:3] for name in MONTHS].index(text.lower()) + 1


def _clock(part: dict[str, str | None]) -> timedelta:
    """
    Raises:
        ValueError: there is no such time of day.
    """
    hour, minute, second = (int(part[name] or 0) for name in ("hour", "minute", "second"))
    if part["half"]:
        if not 1 <= hour <= 12:
            raise ValueError
        hour = hour % 12 + (12 if part["half"].lower() == "p" else 0)
    if hour > 23 or minute > 59 or second > 59 or (part["hour"] and not part["minute"] and not part["half"]):
        raise ValueError
    fraction = int((part["fraction"] or "0").ljust(6, "0")[:6])
    return timedelta(hours=hour, minutes=minute, seconds=second, microseconds=fraction)


def _complaint(text: str) -> str:
    unknown = next((word for word in re.finditer(r"[A-Za-z]+", text) if word[0].lower() not in KNOWN), None)
    if unknown is None:
        return "String was not recognized as a valid DateTime."
    where = f"There is an unknown word starting at index {unknown.start()}."
    return f"The string was not recognized as a valid DateTime. {where}"
