"""Commands around the fleet's clock: date, timedatectl, uptime, sleep. It runs in UTC and ignores the real clock."""

import re
from datetime import UTC, datetime, tzinfo
from functools import lru_cache

from bashkit import BuiltinResult

from fleet.actions import stamp, tick
from fleet.linux.command import Command, CommandContext, fail, parse
from fleet.linux.dates import moment_of, zone_of
from fleet.linux.file_tree import node
from fleet.linux.options import options
from fleet.model import Host

DAY = 86_400
LONGEST_SLEEP = DAY
"""Longest `sleep`, in seconds: `sleep infinity` must not run past the end of the calendar."""
FORMATS = {
    "F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M", "D": "%m/%d/%y", "c": "%a %b %e %H:%M:%S %Y",
    "x": "%m/%d/%y", "X": "%H:%M:%S", "r": "%I:%M:%S %p", "h": "%b",
}  # fmt: skip


def utc(time: int) -> datetime:
    return datetime.fromtimestamp(time, UTC)


@lru_cache(4096)
def formatted(time: int, pattern: str, zone: tzinfo = UTC) -> str:
    """Format a time as `date +PATTERN`. strftime is not used: with its widths a pattern could demand gigabytes."""
    moment = datetime.fromtimestamp(time, zone)
    offset = moment.strftime("%z")

    def part(match: re.Match[str]) -> str:
        flag, width, letter = match[1], match[2], match[3]
        if letter in FORMATS:
            return formatted(time, FORMATS[letter], zone)
        if letter in ("n", "t", "%"):
            return {"n": "\n", "t": "\t", "%": "%"}[letter]
        fixed = {
            "s": str(time),
            "N": "000000000",
            "z": offset,
            ":z": f"{offset[:3]}:{offset[3:]}",
            "Z": moment.tzname(),
        }
        if letter in fixed:
            return fixed[letter] or ""
        if letter in ("e", "k", "l"):
            text = f"{int(moment.strftime({'e': '%d', 'k': '%H', 'l': '%I'}[letter])):2d}"
        elif letter == "P":
            text = moment.strftime("%p").lower()
        elif letter in "aAbBCdgGHIjmMpSuUVwWyYq":
            text = str((moment.month + 2) // 3) if letter == "q" else moment.strftime(f"%{letter}")
        else:
            return match[0]
        text = _flagged(text, flag)
        return text.rjust(min(int(width), 100), "0" if text.isdecimal() and flag != "_" else " ") if width else text

    return re.sub(r"%([-_0^#]?)(\d{0,3})(:z|[A-Za-z%])", part, pattern)


def _flagged(text: str, flag: str) -> str:
    if flag == "-":
        return text.lstrip("0 ") or "0"
    if flag == "_":
        return re.sub(r"^0+(?=.)", lambda zeros: " " * len(zeros[0]), text)
    if flag == "0":
        return text.replace(" ", "0")
    return text.upper() if flag == "^" else text.swapcase() if flag == "#" else text


def stamped(text: str, now: int) -> int | None:
    """The time meant by `touch -t [[CC]YY]MMDDhhmm[.ss]`; None if it is not in that form."""
    found = re.fullmatch(r"((?:\d\d)?\d\d)?(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d\d))?", text)
    if found is None:
        return None
    year = found[1] or str(utc(now).year)
    year = f"20{year}" if len(year) == 2 and int(year) < 69 else f"19{year}" if len(year) == 2 else year
    try:
        parts = (int(part or 0) for part in (year, *found.groups()[1:]))
        return int(datetime(*parts, tzinfo=UTC).timestamp())  # pyright: ignore[reportArgumentType]
    except ValueError:
        return None


DATE = options("""
    -u --utc --universal --uct
    -d --date=
    -s --set=
    -r --reference=
    -R --rfc-email
    --rfc-3339=
    -I --iso-8601[=]
""")
ISO = {"date": "%F", "hours": "%FT%H%:z", "minutes": "%FT%R%:z", "seconds": "%FT%T%:z", "ns": "%FT%T,%N%:z"}
RFC_3339 = {"date": "%F", "seconds": "%F %T%:z", "ns": "%F %T.%N%:z"}


def date(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, DATE)
    zone = UTC if "u" in flags else zone_of(context.env.get("TZ", "UTC"))
    time = context.host.now
    if "s" in flags:
        return fail("date: cannot set date: Operation not permitted", stdout=f"{formatted(time, '%c')}\n")
    if "d" in flags:
        moment = moment_of(flags.get("d"), time, zone)
        if moment is None:
            return fail(f"date: invalid date ‘{flags.get('d')}’")
        time = moment
    if "r" in flags:
        context.pull()
        found = node(context, context.absolute(flags.get("r")))
        if found is None:
            return fail(f"date: {flags.get('r')}: No such file or directory")
        time = found.modified
    pattern = "%a %b %e %H:%M:%S %Z %Y"
    if "R" in flags:
        pattern = "%a, %d %b %Y %H:%M:%S %z"
    for name, patterns in (("rfc-3339", RFC_3339), ("I", ISO)):
        if name in flags:
            wanted = flags.get(name) or "date"
            full = next((key for key in patterns if key.startswith(wanted)), None)
            if full is None:
                option = "--rfc-3339" if name == "rfc-3339" else "--iso-8601"
                return fail(
                    f"date: invalid argument ‘{wanted}’ for ‘{option}’\nTry 'date --help' for more information."
                )
            pattern = patterns[full]
    for word in flags.words:
        if not word.startswith("+"):
            return fail(f"date: invalid date ‘{word}’")
        pattern = word[1:]
    return f"{formatted(time, pattern, zone)}\n"


def up_for(host: Host) -> str:
    """2 days, 19:32"""
    minutes = (host.now - host.boot) // 60
    days, hours, minutes = minutes // 1440, minutes % 1440 // 60, minutes % 60
    clock = f"{hours:2d}:{minutes:02d}" if hours else f"{minutes} min"
    return (f"{days} day{'s' if days > 1 else ''}, " if days else "") + clock


def headline(host: Host) -> str:
    """The first line of uptime, w and top."""
    minutes, seconds = divmod(host.now % DAY, 60)
    clock = f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"
    return f"{clock} up {up_for(host)},  {host.once('demand', lambda: _demand(host))}"


def _demand(host: Host) -> str:
    """How many are logged in, and the load averages."""
    users = sum(login.end is None for login in host.logins)
    loads = ", ".join(f"{load:.2f}" for load in (host.load, *host.loads))
    return f"{users} user{'' if users == 1 else 's'},  load average: {loads}"


UPTIME = options("""
    -p --pretty
    -s --since
""")


def uptime(context: CommandContext) -> str:
    flags = parse(context, UPTIME, most=0)
    host = context.host
    if "s" in flags:
        return f"{stamp(host.boot)}\n"
    if "p" in flags:
        left, words = host.now - host.boot, []
        for unit, size in (("year", 365 * DAY), ("week", 7 * DAY), ("day", DAY), ("hour", 3600), ("minute", 60)):
            count, left = divmod(left, size)
            if count:
                words.append(f"{count} {unit}{'s' if count > 1 else ''}")
        return f"up {', '.join(words) or '0 minutes'}\n"
    return f" {headline(host)}\n"


def sleep(context: CommandContext) -> str | BuiltinResult:
    """Advance the fleet's clock without taking any real time; under `timeout`, no further than that allows."""
    words = parse(context).words
    if not words:
        return fail("sleep: missing operand\nTry 'sleep --help' for more information.")
    total = 0.0
    for word in words:
        seconds = duration(word)
        if seconds is None:
            return fail(f"sleep: invalid time interval ‘{word}’\nTry 'sleep --help' for more information.")
        total += seconds
    limit = duration(context.env.get("AJ_SECONDS", "inf")) or LONGEST_SLEEP
    # pull first, so that earlier writes get the earlier time
    context.change(tick(context.pull(), min(int(total), int(limit), LONGEST_SLEEP)))
    return BuiltinResult(exit_code=124) if total > limit else ""


def duration(text: str) -> float | None:
    """Seconds of `sleep` and `timeout`: 5, .5s, 2m, 1h, 1d, inf; None for others."""
    match = re.fullmatch(r"(\d{1,12}(?:\.\d{0,9})?|\.\d{1,9}|inf(?:inity)?)([smhd]?)", text)
    if match is None:
        return None
    number = LONGEST_SLEEP if match[1].startswith("inf") else float(match[1])
    return number * {"": 1, "s": 1, "m": 60, "h": 3600, "d": DAY}[match[2]]


def awake(context: CommandContext) -> str:
    """What `timeout` calls when its time is up: nothing hangs any more, and the time has passed."""
    context.machine.hangs = False
    return ""


COMMANDS: dict[str, Command] = {
    "date": date,
    "uptime": uptime,
    "sleep": sleep,
    "aj-awake": awake,
}
