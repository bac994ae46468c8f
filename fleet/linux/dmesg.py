"""dmesg: the kernel's messages."""

import json

from bashkit import BuiltinResult

from fleet.linux.clock import formatted
from fleet.linux.command import Command, CommandContext, Flags, fail, parse
from fleet.linux.options import options
from fleet.linux.systemd.journal import FOLLOWED, moment
from fleet.model import Host, JournalEntry

LEVELS = ("emerg", "alert", "crit", "err", "warn", "notice", "info", "debug")
FACILITIES = ("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
    "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7")  # fmt: skip
TIME_FORMATS = ("ctime", "reltime", "delta", "notime", "iso")
DMESG = options("""
    -T --ctime
    -t --notime
    -r --raw
    -x --decode
    -l --level=
    -f --facility=
    -n --console-level=
    -H --human
    -J --json
    -e --reltime
    -d --show-delta
    -u --userspace
    -w --follow
    --time-format=
    --since=
    --until=
    ~ -D --console-off
    ~ -E --console-on
    ~ -S --syslog
    ~ -k --kernel
    ~ -P --nopager
    ~ -p --force-prefix
    ~ -s --buffer-size=
    ~ -L --color[=]
""")


def dmesg(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, DMESG, most=0)
    host = context.host
    if wrong := _wrong_value(flags, host):
        return fail(f"dmesg: {wrong}")
    if "n" in flags:
        return ""
    levels = flags.get("l").split(",") if "l" in flags else LEVELS
    first = JournalEntry(host.boot, "kernel", 0, 5, f"Linux version {host.system.kernel} (x86_64-linux-gnu)")
    kernels = "u" not in flags and "kern" in (flags.get("f") or "kern").split(",")
    since, until = (moment(flags.get(name), host.now) if name in flags else None for name in ("since", "until"))
    kept = [
        entry
        for entry in (first, *host.journal)
        if entry.unit == "kernel"
        and kernels
        and LEVELS[entry.priority] in levels
        and (since is None or entry.time >= since)
        and (until is None or entry.time <= until)
    ]
    if "J" in flags:
        told = [{"pri": entry.priority, "time": float(entry.time - host.boot), "msg": entry.message} for entry in kept]
        return json.dumps({"dmesg": told}, indent=3) + "\n"
    before = [host.boot, *(entry.time for entry in kept)]
    lines = (_line(host, entry, entry.time - last, flags) for entry, last in zip(kept, before, strict=False))
    text = "".join(f"{line}\n" for line in lines)
    return BuiltinResult(stdout=text, exit_code=FOLLOWED) if "w" in flags else text


def _wrong_value(flags: Flags, host: Host) -> str:
    """What is wrong with an option's value; "" if nothing is."""
    known = {"l": ("level", LEVELS), "f": ("facility", FACILITIES)}
    for name, (what, words) in known.items():
        if name in flags and (strange := [word for word in flags.get(name).split(",") if word not in words]):
            return f"unknown {what} '{strange[0]}'"
    if "n" in flags and flags.get("n") not in (*LEVELS, *"12345678"):
        return f"unknown level '{flags.get('n')}'"
    if "time-format" in flags and flags.get("time-format") not in TIME_FORMATS:
        return f"unknown time format: {flags.get('time-format')}"
    for name in ("since", "until"):
        if name in flags and moment(flags.get(name), host.now) is None:
            return f'invalid time value "{flags.get(name)}"'
    return ""


def _line(host: Host, entry: JournalEntry, delta: int, flags: Flags) -> str:
    front = f"<{entry.priority}>" if "r" in flags else f"kern  :{LEVELS[entry.priority]:<6}: " if "x" in flags else ""
    return f"{front}{_time(host, entry, delta, flags)}{entry.message}"


def _time(host: Host, entry: JournalEntry, delta: int, flags: Flags) -> str:
    form = flags.get("time-format")
    if "t" in flags or form == "notime":
        return ""
    if "T" in flags or form == "ctime":
        return f"[{formatted(entry.time, '%a %b %e %T %Y')}] "
    if form == "iso":
        return f"{formatted(entry.time, '%FT%T')},000000+00:00 "
    if {"H", "e"} & flags.values.keys() or form == "reltime":
        return f"[{formatted(entry.time, '%b %e %R')}] " if delta >= 60 or not delta else f"[ {delta:+4d}.000000] "
    if "d" in flags or form == "delta":
        return f"[{entry.time - host.boot:>5d}.000000 <{delta:>5d}.000000>] "
    return f"[{entry.time - host.boot:>5d}.000000] "


COMMANDS: dict[str, Command] = {"dmesg": dmesg}
