"""timedatectl: the clock and the time zone, which nobody changes here."""

import re
from zoneinfo import available_timezones

from bashkit import BuiltinResult

from fleet.linux.clock import formatted
from fleet.linux.command import Command, CommandContext, fail, lacking, parse
from fleet.linux.options import options
from fleet.linux.refusals import surplus
from fleet.linux.systemd.journal import moment

TIMEDATECTL = options("""
    -p --property=
    ~ -a --all
    --value
    ~ --no-pager
    ~ --no-ask-password
""")
_OTHERS = frozenset(("set-local-rtc", "timesync-status", "show-timesync", "ntp-servers", "revert"))
"""The verbs of a real timedatectl that are not simulated."""


_SETTERS = ("set-time", "set-timezone", "set-ntp")
_LISTED = re.compile(r"(?!posix|right|SystemV|localtime|Factory|posixrules)")
_ZONE = ("UTC", "Etc/UTC")
"""Names of the zone that every host is in."""
_TRUE, _FALSE = ("yes", "y", "true", "t", "on", "1"), ("no", "n", "false", "f", "off", "0")


def _set(context: CommandContext, verb: str, words: list[str]) -> str | BuiltinResult:
    """What is refused, or changes nothing: the time is synchronized, and the zone stays."""
    if not words:
        return fail("Too few arguments.")
    word = words[0]
    if verb == "set-time":
        if moment(word, context.host.now) is None:
            return fail(f"Failed to parse time specification: {word}")
        return fail("Failed to set time: Automatic time synchronization is enabled")
    if verb == "set-timezone" and word not in available_timezones():
        return fail(f"Failed to set time zone: Invalid or not installed time zone '{word}'")
    if verb == "set-ntp" and word not in (*_TRUE, *_FALSE):
        return fail(f"Failed to parse set-ntp setting: {word}")
    if word in (*_ZONE, *_TRUE):
        return ""
    return lacking(context, f"timedatectl {verb}", BuiltinResult(exit_code=1))


def timedatectl(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, TIMEDATECTL)
    verb, *more = flags.words or ["status"]
    if verb in _OTHERS:
        return lacking(context, f"timedatectl {verb}", fail("Failed to set time: Access denied"))
    if verb in _SETTERS:
        return _set(context, verb, more)
    if verb == "list-timezones":
        return "".join(f"{name}\n" for name in sorted(available_timezones()) if _LISTED.match(name))
    if verb not in ("status", "show"):
        return fail(f"Unknown command verb {verb}.")
    if more:
        return surplus("timedatectl", more[0])
    now = context.host.now
    day = formatted(now, "%a %F %T")
    if verb == "show":
        facts = {"Timezone": "Etc/UTC", "LocalRTC": "no", "CanNTP": "yes", "NTP": "yes", "NTPSynchronized": "yes",
            "TimeUSec": f"{day} UTC", "RTCTimeUSec": f"{day} UTC"}  # fmt: skip
        wanted = [name for value in flags.every("p") for name in value.split(",")] if "p" in flags else list(facts)
        bare = "value" in flags
        rows = [f"{'' if bare else f'{name}='}{value}" for name, value in facts.items() if name in wanted]
        return "".join(f"{row}\n" for row in rows)
    return (
        f"               Local time: {day} UTC\n"
        f"           Universal time: {day} UTC\n"
        f"                 RTC time: {day}\n"
        "                Time zone: Etc/UTC (UTC, +0000)\n"
        "System clock synchronized: yes\n"
        "              NTP service: active\n"
        "          RTC in local TZ: no\n"
    )


COMMANDS: dict[str, Command] = {"timedatectl": timedatectl}
