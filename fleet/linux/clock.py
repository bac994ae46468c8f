"""Commands around the fleet's clock: date, timedatectl, uptime, sleep. It runs in UTC and ignores the real clock."""

import re
from datetime import UTC, datetime

from bashkit import BuiltinResult

from fleet.actions import stamp, tick
from fleet.linux.command import Command, CommandContext, fail, parse
from fleet.model import Host

DAY = 86_400
LONGEST_SLEEP = DAY
"""Longest `sleep`, in seconds: `sleep infinity` must not run past the end of the calendar."""
UNITS = {"second": 1, "sec": 1, "minute": 60, "min": 60, "hour": 3600, "day": DAY, "week": 7 * DAY, "month": 30 * DAY,
    "year": 365 * DAY}  # fmt: skip
FORMATS = {
    "F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M", "D": "%m/%d/%y", "c": "%a %b %e %H:%M:%S %Y",
    "x": "%m/%d/%y", "X": "%H:%M:%S", "r": "%I:%M:%S %p", "h": "%b",
}  # fmt: skip


def utc(time: int) -> datetime:
    return datetime.fromtimestamp(time, UTC)


def formatted(time: int, pattern: str) -> str:
    """Format a time as `date +PATTERN`. strftime is not used: with its widths a pattern could demand gigabytes."""
    moment = utc(time)

    def part(match: re.Match[str]) -> str:
        flag, letter = match[1], match[2]
        if letter in FORMATS:
            return formatted(time, FORMATS[letter])
        fixed = {
            "s": str(time),
            "N": "000000000",
            "n": "\n",
            "t": "\t",
            "%": "%",
            "z": "+0000",
            ":z": "+00:00",
            "Z": "UTC",
        }
        if letter in fixed:
            return fixed[letter]
        if letter in ("e", "k", "l"):
            text = f"{int(moment.strftime({'e': '%d', 'k': '%H', 'l': '%I'}[letter])):2d}"
        elif letter == "P":
            text = moment.strftime("%p").lower()
        elif letter in "aAbBCdgGHIjmMpSuUVwWyY":
            text = moment.strftime(f"%{letter}")
        else:
            return match[0]
        return {"-": text.lstrip("0 ") or "0", "_": re.sub(r"^0+(?=.)", lambda zeros: " " * len(zeros[0]), text),
                "^": text.upper()}.get(flag, text)  # fmt: skip

    return re.sub(r"%([-_0^#]?)(:z|[A-Za-z%])", part, pattern)


def moment_of(text: str, now: int) -> int | None:
    """The time meant by `date -d TEXT`; None if it cannot be parsed."""
    text = text[:100].strip().lower()
    if re.fullmatch(r"@\d{1,11}", text):
        return int(text[1:])
    time, total = now, 0
    if match := re.match(r"(\d{4}-\d\d-\d\d)(?:[ t](\d\d:\d\d(?::\d\d)?))?z?", text):
        try:
            time = int(datetime.fromisoformat(f"{match[1]}T{match[2] or '00:00'}+00:00").timestamp())
        except ValueError:
            return None
        text = text[match.end() :]
    text = re.sub(r"\b(?:now|today|utc)\b", "", text)
    text = text.replace("yesterday", "1 day ago").replace("tomorrow", "1 day").replace("last ", "-1 ")
    text = text.replace("next ", "1 ")
    for count, unit, ago in re.findall(r"([+-]?\s?\d{1,6})\s*([a-z]+?)s?\b(\s+ago)?", text):
        if unit not in UNITS:
            return None
        total += int(count.replace(" ", "")) * UNITS[unit] * (-1 if ago else 1)
    left = re.sub(r"[+-]?\s?\d{1,6}\s*[a-z]+\b(\s+ago)?", "", text)
    wanted = time + total
    return None if left.strip() or not 0 <= wanted < 10**11 else wanted


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


def date(context: CommandContext) -> str | BuiltinResult:
    # getopt does not support options with an optional argument
    iso = [match for word in context.argv if (match := re.fullmatch(r"(?:-I|--iso-8601=?)([a-z]*)", word))]
    context.argv = [word for word in context.argv if not word.startswith(("-I", "--iso-8601"))]
    same = {"date": "d", "set": "s", "reference": "r", "rfc-email": "R"}
    long = ["utc", "universal", "date=", "set=", "reference=", "rfc-email", "rfc-3339="]
    flags = parse(context, "ud:s:r:R", long, same)
    time = context.host.now
    if "s" in flags:
        return fail("date: cannot set date: Operation not permitted", stdout=f"{formatted(time, '%c')}\n")
    if "d" in flags:
        moment = moment_of(flags.get("d"), time)
        if moment is None:
            return fail(f"date: invalid date ‘{flags.get('d')}’")
        time = moment
    if "r" in flags:
        file = context.pull().files.get(context.absolute(flags.get("r")))
        if file is None:
            return fail(f"date: {flags.get('r')}: No such file or directory")
        time = file.modified
    pattern = "%a %b %e %H:%M:%S %Z %Y"
    if "R" in flags:
        pattern = "%a, %d %b %Y %H:%M:%S +0000"
    elif "rfc-3339" in flags:
        pattern = "%F" if flags.get("rfc-3339") == "date" else "%F %T+00:00"
    elif iso:
        pattern = {"s": "%FT%T+00:00", "n": "%FT%T,%N+00:00", "m": "%FT%R+00:00", "h": "%FT%H+00:00"}.get(
            iso[0][1][:1], "%F"
        )
    for word in flags.words:
        if not word.startswith("+"):
            return fail(f"date: invalid date ‘{word}’")
        pattern = word[1:]
    return f"{formatted(time, pattern)}\n"


def up_for(host: Host) -> str:
    """2 days, 19:32"""
    minutes = (host.now - host.boot) // 60
    days, hours, minutes = minutes // 1440, minutes % 1440 // 60, minutes % 60
    clock = f"{hours:2d}:{minutes:02d}" if hours else f"{minutes} min"
    return (f"{days} day{'s' if days > 1 else ''}, " if days else "") + clock


def headline(host: Host) -> str:
    """The first line of uptime, w and top."""
    users = sum(login.end is None for login in host.logins)
    loads = ", ".join(f"{load:.2f}" for load in (host.load, *host.loads))
    people = f"{users} user{'' if users == 1 else 's'}"
    return f"{formatted(host.now, '%T')} up {up_for(host)},  {people},  load average: {loads}"


def uptime(context: CommandContext) -> str:
    flags = parse(context, "psVh", ["pretty", "since", "version", "help"], {"pretty": "p", "since": "s"})
    host = context.host
    if "s" in flags:
        return f"{stamp(host.boot)}\n"
    if "p" in flags:
        left, words = host.now - host.boot, []
        for unit, size in (("week", 7 * DAY), ("day", DAY), ("hour", 3600), ("minute", 60)):
            count, left = divmod(left, size)
            if count:
                words.append(f"{count} {unit}{'s' if count > 1 else ''}")
        return f"up {', '.join(words) or '0 minutes'}\n"
    return f" {headline(host)}\n"


def timedatectl(context: CommandContext) -> str | BuiltinResult:
    now = context.host.now
    if context.argv[:1] == ["show"]:
        rows = ["Timezone=Etc/UTC", "LocalRTC=no", "NTP=yes", f"TimeUSec={formatted(now, '%a %F %T UTC')}"]
        return "".join(f"{row}\n" for row in rows)
    if context.argv[:1] not in ([], ["status"]):
        return fail(f"Unknown command verb {context.argv[0]}." if context.argv[0].isalpha() else "Access denied")
    day = formatted(now, "%a %F %T")
    return (
        f"               Local time: {day} UTC\n"
        f"           Universal time: {day} UTC\n"
        f"                 RTC time: {day}\n"
        "                Time zone: Etc/UTC (UTC, +0000)\n"
        "System clock synchronized: yes\n"
        "              NTP service: active\n"
        "          RTC in local TZ: no\n"
    )


def sleep(context: CommandContext) -> str | BuiltinResult:
    """Advance the fleet's clock without taking any real time."""
    if not context.argv:
        return fail("sleep: missing operand\nTry 'sleep --help' for more information.")
    total = 0.0
    for word in context.argv:
        match = re.fullmatch(r"(\d{1,12}(?:\.\d{0,9})?|\.\d{1,9}|inf(?:inity)?)([smhd]?)", word)
        if match is None:
            return fail(f"sleep: invalid time interval ‘{word}’\nTry 'sleep --help' for more information.")
        number = LONGEST_SLEEP if match[1].startswith("inf") else float(match[1])
        total += number * {"": 1, "s": 1, "m": 60, "h": 3600, "d": DAY}[match[2]]
    # pull first, so that earlier writes get the earlier time
    context.change(tick(context.pull(), min(int(total), LONGEST_SLEEP)))
    return ""


COMMANDS: dict[str, Command] = {
    "date": date,
    "uptime": uptime,
    "timedatectl": timedatectl,
    "sleep": sleep,
}
