"""timedatectl: the clock and the time zone, which nobody changes here."""

from bashkit import BuiltinResult

from fleet.linux.clock import formatted
from fleet.linux.command import Command, CommandContext, fail, lacking, parse
from fleet.linux.options import options
from fleet.linux.refusals import surplus

TIMEDATECTL = options("""
    -p --property=
    ~ -a --all
    --value
    ~ --no-pager
    ~ --no-ask-password
""")
_OTHERS = frozenset(
    ("set-time", "set-timezone", "list-timezones", "set-local-rtc", "set-ntp", "timesync-status", "show-timesync",
     "ntp-servers", "revert")
)  # fmt: skip
"""The verbs of a real timedatectl that are not simulated."""


def timedatectl(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, TIMEDATECTL)
    verb, *more = flags.words or ["status"]
    if verb in _OTHERS:
        return lacking(context, f"timedatectl {verb}", fail("Failed to set time: Access denied"))
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
