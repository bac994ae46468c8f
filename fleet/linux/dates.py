"""Dates as GNU tools read them: date -d, touch -d, find -newermt (date input formats, coreutils manual)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SECONDS = {"sec": 1, "second": 1, "min": 60, "minute": 60, "hour": 3600, "day": 86_400, "week": 7 * 86_400,
    "fortnight": 14 * 86_400}  # fmt: skip
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ZONES = {"wet": 0, "bst": 1, "cet": 1, "eet": 2, "msk": 3, "jst": 9, "est": -5, "edt": -4, "cst": -6, "cdt": -5,
    "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}  # fmt: skip
"""Names of zones, in hours before UTC."""
_ZONE = rf"z|utc|gmt|{'|'.join(ZONES)}|[+-]\s?\d\d?(?::?\d\d)?"
_FORMS = (
    ("epoch", r"@(-?\d{1,11})(?:\.\d+)?"),
    ("iso", r"(\d{4})[-/](\d\d?)[-/](\d\d?)(?:t(?=\d))?"),
    ("digits", r"(\d{4})(\d\d)(\d\d)(?!\d|:)"),
    ("american", r"(\d\d?)/(\d\d?)(?:/(\d{4}|\d\d))?"),
    ("time", rf"(\d\d?):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s*(am|pm)?\s*({_ZONE})?(?![a-z])"),
    ("clock", r"(\d\d?)\s*(am|pm)\b"),
    ("day_month", r"(\d\d?)[\s-]+([a-z]{3,9})\.?(?:[\s,-]+(\d{4}))?(?![\d:])"),
    ("month_day", r"([a-z]{3,9})\.?\s+(\d\d?)(?:st|nd|rd|th)?(?:[\s,]+(\d{4}))?(?![\d:])"),
    ("relative", r"([+-]?\s?\d{1,9}|next|last|this|a|an)?\s*"
     r"(sec|second|min|minute|hour|day|week|fortnight|month|year)s?\b(\s+ago\b)?"),
    ("weekday", r"(next|last|this)?\s*(mon|tue|wed|thu|fri|sat|sun)[a-z]*\b"),
    ("word", r"(now|today|yesterday|tomorrow)\b"),
    ("zone", rf"({_ZONE})\b"),
)  # fmt: skip
"""What a date may be made of, in the order in which it is tried."""
_PATTERNS = tuple((name, re.compile(pattern)) for name, pattern in _FORMS)
FURTHEST = 10**11
"""Seconds: about the year 5138."""


@dataclass(slots=True)
class _Reading:
    """What was read so far."""

    now: datetime
    day: tuple[int, int, int] | None = None
    clock: tuple[int, int, int] | None = None
    zone: tzinfo | None = None
    years: int = 0
    months: int = 0
    seconds: int = 0
    weekday: tuple[int, int] | None = None
    """(day, which one: 0 the nearest, 1 the next, -1 the last)"""


def moment_of(text: str, now: int, zone: tzinfo = UTC) -> int | None:
    """The time meant by a date in GNU's input formats, in seconds; None if it is none."""
    if found := re.match(r'\s*TZ="([^"]*)"', text):
        text, zone = text[found.end() :], zone_of(found[1])
    left = text[:100].strip().lower()
    if found := re.fullmatch(r"@(-?\d{1,11})(?:\.\d+)?", left):
        return _within(int(found[1]))
    try:
        reading = _parsed(left, datetime.fromtimestamp(now, zone))
        return reading and _within(_resolved(reading, zone, now, bool(text.strip())))
    except (ValueError, OverflowError):  # a part that no calendar or clock has
        return None


def _parsed(left: str, now: datetime) -> _Reading | None:
    """What all the parts of a date say; None if one says nothing."""
    reading = _Reading(now)
    while left := left.lstrip(" ,"):
        for name, pattern in _PATTERNS:
            match = pattern.match(left)
            if match and _read(reading, name, match):
                left = left[match.end() :]
                break
        else:
            return None
    return reading


def _within(time: int) -> int | None:
    return time if 0 <= time < FURTHEST else None


def _read(reading: _Reading, name: str, match: re.Match[str]) -> bool:
    """Take in one part; False if it does not fit after all."""
    parts = match.groups()
    if name in ("iso", "digits"):
        reading.day = (int(parts[0]), int(parts[1]), int(parts[2]))
    elif name == "american":
        year = int(parts[2]) if parts[2] else reading.now.year
        reading.day = (year + 2000 if year < 69 else year, int(parts[0]), int(parts[1]))
    elif name in ("day_month", "month_day"):
        month, day = (parts[1], parts[0]) if name == "day_month" else (parts[0], parts[1])
        if month[:3] not in MONTHS:
            return False
        reading.day = (int(parts[2] or reading.now.year), MONTHS.index(month[:3]) + 1, int(day))
    elif name == "time":
        hour = int(parts[0]) % 12 + 12 * (parts[3] == "pm") if parts[3] else int(parts[0])
        reading.clock = (hour, int(parts[1]), int(parts[2] or 0))
        reading.zone = _offset(parts[4]) if parts[4] else reading.zone
    elif name == "clock":
        reading.clock = (int(parts[0]) % 12 + 12 * (parts[1] == "pm"), 0, 0)
    elif name == "relative":
        return _relative(reading, parts)
    elif name == "weekday":
        reading.weekday = (DAYS.index(parts[1]), {"next": 1, "last": -1}.get(parts[0] or "", 0))
    elif name == "word":
        reading.seconds += {"yesterday": -86_400, "tomorrow": 86_400}.get(parts[0], 0)
    else:
        reading.zone = _offset(parts[0])
    return True


def _relative(reading: _Reading, parts: tuple[str | None, ...]) -> bool:
    amount, unit, ago = parts
    words = {"next": 1, "last": -1, "this": 0, "a": 1, "an": 1, None: 1}
    count = words[amount] if amount in words else int((amount or "1").replace(" ", ""))
    count = -count if ago else count
    if unit == "year":
        reading.years += count
    elif unit == "month":
        reading.months += count
    else:
        reading.seconds += count * SECONDS[unit or "day"]
    return True


def _offset(text: str) -> tzinfo:
    if text in ("z", "utc", "gmt"):
        return UTC
    if text in ZONES:
        return timezone(timedelta(hours=ZONES[text]))
    digits = text[1:].strip().replace(":", "")
    hours, minutes = (int(digits[:-2]), int(digits[-2:])) if len(digits) > 2 else (int(digits), 0)
    return timezone((-1 if text[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes))


def _resolved(reading: _Reading, zone: tzinfo, now: int, given: bool) -> int:
    """The time: days and clock first, then months and years as a calendar has them, then what has a fixed length."""
    fixed = reading.day or reading.clock or reading.weekday or not given
    year, month, day = reading.day or (reading.now.year, reading.now.month, reading.now.day)
    datetime(year, month, day)  # a day that no calendar has is an error, one that months lead to is not
    hour, minute, second = reading.clock or (
        (0, 0, 0) if fixed else (reading.now.hour, reading.now.minute, reading.now.second)
    )
    months = year * 12 + month - 1 + reading.years * 12 + reading.months
    start = datetime(months // 12, months % 12 + 1, 1, hour, minute, second, tzinfo=reading.zone or zone)
    moment = start + timedelta(days=day - 1)
    if reading.weekday and not reading.day:  # beside a date a weekday counts for nothing
        wanted, which = reading.weekday
        ahead = (wanted - moment.weekday()) % 7
        weeks = which - (1 if which > 0 and ahead else 0)
        moment += timedelta(days=ahead + 7 * weeks)
    return int(moment.timestamp()) + reading.seconds


def zone_of(name: str) -> tzinfo:
    """The time zone that TZ names; like the C library, UTC under another name if there is none."""
    plain = name.removeprefix(":")
    try:
        if re.fullmatch(r"[A-Za-z][\w+-]*(?:/[\w+-]+){0,2}", plain):
            return ZoneInfo(plain)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        pass
    letters = re.match(r"[A-Za-z]+", plain)
    told = re.fullmatch(r"[A-Za-z]{3,}([+-]?)(\d\d?)(?::(\d\d))?", plain)  # as POSIX has it: hours behind UTC
    behind = timedelta(hours=int(told[2]), minutes=int(told[3] or 0)) if told else timedelta(0)
    return timezone(behind if told and told[1] == "-" else -behind, letters[0] if letters else "UTC")
