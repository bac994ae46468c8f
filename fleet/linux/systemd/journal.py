"""The journalctl command, and the journal lines that systemctl shows."""

import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, Flags, UsageError, fail, lacking, parse
from fleet.linux.options import options
from fleet.model import Host, JournalEntry

LEVELS = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
_LEVEL_WORDS = {"error": "err", "warn": "warning", "panic": "emerg"}
_UNITS = {"s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hr": 3600, "hour": 3600,
    "d": 86_400, "day": 86_400, "w": 604_800, "week": 604_800, "month": 2_629_800}  # fmt: skip
ALIASES = {
    "sshd": "ssh",
    "redis-server": "redis",
    "rabbitmq-server": "rabbitmq",
    "grafana-server": "grafana",
    "mysqld": "mysql",
}
"""Other names for the same units, as packages use them."""
FOLLOWED = 124
"""Exit code of a command that would print forever and was stopped, as with `timeout`."""


def unit_name(word: str) -> str:
    """A unit's name as a key of `Host.services`: without suffix, aliases resolved."""
    name = word.removesuffix(".service")
    return ALIASES.get(name, name)


def identifier(host: Host, entry: JournalEntry) -> str:
    """Who wrote an entry: systemd for messages about a unit, otherwise the unit's own program."""
    if entry.pid == 1:
        return "systemd"
    service = host.services.get(entry.unit)
    first = service.command.split(" ", 1)[0].rstrip(":").rsplit("/", 1)[-1] if service else entry.unit
    return first


def short(host: Host, entry: JournalEntry, form: str = "%b %d %H:%M:%S") -> str:
    """Jan 05 08:00:00 web01 systemd[1]: Started Regular background program processing daemon."""
    name = identifier(host, entry)
    source = f"{name}[{entry.pid}]" if entry.pid else name
    return f"{_date(entry.time, form)} {host.name} {source}: {worded(host, entry)}"


def worded(host: Host, entry: JournalEntry) -> str:
    """The message as the host's systemd words it: since 250, with the unit's name before its description."""
    service = host.services.get(entry.unit)
    if service is None or entry.pid != 1 or host.system.version == "22.04":
        return entry.message
    return re.sub(
        rf"^([A-Z][a-z]+(?: to start)?) (?={re.escape(service.title)})", rf"\1 {service.name}.service - ", entry.message
    )


def of_unit(host: Host, name: str) -> list[JournalEntry]:
    """The entries of a unit: its own, and systemd's about it."""
    return [entry for entry in host.journal if entry.unit == name]


def moment(text: str, now: int) -> int | None:
    """Parse a time as systemd does: "2026-03-04 10:15", "10:15", "today", "10 min ago", "-1h", "@1772619300"."""
    text = text.strip().lower()
    midnight = now - now % 86_400
    named = {"now": now, "today": midnight, "yesterday": midnight - 86_400, "tomorrow": midnight + 86_400}
    if text in named:
        return named[text]
    if re.fullmatch(r"@\d{1,11}", text):
        return int(text[1:])
    if match := re.fullmatch(r"(-|\+)?((?:\d{1,9}\s*[a-z]+\s*)+?)(\sago)?", text):
        spans = re.findall(r"(\d+)\s*([a-z]+)", match[2].removesuffix("ago"))
        sizes = [_UNITS.get(unit) or _UNITS.get(unit.removesuffix("s")) for _, unit in spans]
        if spans and all(sizes):
            seconds = sum(int(number) * (size or 0) for (number, _), size in zip(spans, sizes, strict=True))
            return now + seconds if match[1] == "+" else now - seconds
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dt%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"):
        if (found := _read_date(text.removesuffix(" utc"), form)) is not None:
            return found
    for form in ("%H:%M:%S", "%H:%M"):
        if (found := _read_date(f"1970-01-01 {text}", f"%Y-%m-%d {form}")) is not None:
            return midnight + found
    return None


def _read_date(text: str, form: str) -> int | None:
    try:
        return int(datetime.strptime(text, form).replace(tzinfo=UTC).timestamp())
    except ValueError:
        return None


def _date(time: int, form: str) -> str:
    return datetime.fromtimestamp(time, UTC).strftime(form)


JOURNALCTL = options("""
    -u --unit=
    -n --lines=
    -p --priority=
    -S --since=
    -U --until=
    -k --dmesg
    -r --reverse
    -f --follow
    -o --output=
    -g --grep=
    -e --pager-end
    -t --identifier=
    -q --quiet
    --disk-usage
    --list-boots
    --vacuum-size=
    --vacuum-time=
    --vacuum-files=
    --rotate
    --flush
    --sync
    ~ -a --all
    ~ -l --full
    ~ -m --merge
    ~ -x --catalog
    ~ --no-pager
    ~ --utc
    ~ --system
""")


_MATCHES = ("_SYSTEMD_UNIT=", "UNIT=", "_PID=")
"""Fields by which entries can be chosen here."""


def _journalctl(context: CommandContext) -> str | BuiltinResult:
    argv = list(context.argv)
    for place, word in enumerate(argv):
        bare = word in ("-n", "--lines") and not re.fullmatch(r"\d+|all", (argv[place + 1 :] or [""])[0])
        argv[place] = "--lines=10" if bare else word
    earlier = any(re.fullmatch(r"-b-\d+|--boot=-\d+", word) for word in argv) or re.search(r"-b -\d", " ".join(argv))
    if earlier:
        return fail("Data from the specified boot (-1) is not available: No such boot ID in journal")
    context.argv = [word for word in argv if not re.fullmatch(r"-b0|-0|--boot(=0)?", word)]
    flags = parse(context, JOURNALCTL)
    host = context.host
    if wrong := next((word for word in flags.words if "=" not in word and not word.startswith("/")), None):
        return fail(f"Failed to add match '{wrong}': Invalid argument")
    if other := next((word for word in flags.words if not word.startswith(_MATCHES)), None):
        return lacking(context, f"journalctl {other.partition('=')[0]}", BuiltinResult(exit_code=1))
    if kept := next((name for name in _KEEPING if name in flags), None):
        return _KEEPING[kept](host)
    entries = _chosen(host, flags)
    count = flags.get("n", "10" if "f" in flags else "1000" if "e" in flags else "all")
    if count != "all":
        if not count.isdecimal():
            return fail(f"Failed to parse lines '{count}'")
        entries = entries[-int(count) :] if int(count) else []
    if "r" in flags:
        entries = entries[::-1]
    text = "".join(f"{line}\n" for line in _shown(host, entries, flags.get("o", "short"))) or "-- No entries --\n"
    return BuiltinResult(stdout=text, exit_code=FOLLOWED) if "f" in flags else text


def _usage(host: Host) -> str:
    return f"Archived and active journals take up {8.0 * (1 + len(host.journal) // 64):.1f}M in the file system.\n"


def _boots(host: Host) -> str:
    first, last = (_date(time, "%a %Y-%m-%d %H:%M:%S UTC") for time in (host.boot, host.now))
    head = f"IDX {'BOOT ID':32} {'FIRST ENTRY':27} LAST ENTRY\n"
    return f"{head}  0 {host.boot:032x} {first} {last}\n"


def _vacuumed(host: Host) -> BuiltinResult:
    folder = f"/var/log/journal/{host.boot:032x}"
    return BuiltinResult(stderr=f"Vacuuming done, freed 0B of archived journals from {folder}.\n")


_KEEPING: dict[str, Callable[[Host], "str | BuiltinResult"]] = {
    "disk-usage": _usage,
    "list-boots": _boots,
    "vacuum-size": _vacuumed,
    "vacuum-time": _vacuumed,
    "vacuum-files": _vacuumed,
    "rotate": lambda _: "",
    "flush": lambda _: "",
    "sync": lambda _: "",
}
"""Options that do something other than print entries."""


def _chosen(host: Host, flags: Flags) -> list[JournalEntry]:
    """The entries that match all options, oldest first."""
    units = [unit_name(word) for word in flags.every("u")]
    units += [unit_name(word.split("=", 1)[1]) for word in flags.words if word.startswith(("_SYSTEMD_UNIT=", "UNIT="))]
    pids = [word.removeprefix("_PID=") for word in flags.words if word.startswith("_PID=")]
    since, until = (_bound(flags.get(name), host.now) for name in "SU")
    least, most = _levels(flags.get("p", "debug"))
    names = flags.every("t")

    def fits(entry: JournalEntry) -> bool:
        return (
            (not units or any(fnmatchcase(entry.unit, unit) for unit in units))
            and (not pids or str(entry.pid) in pids)
            and (not names or identifier(host, entry) in names)
            and ("k" not in flags or entry.unit == "kernel")
            and ("b" not in flags or entry.time >= host.boot)
            and (since is None or entry.time >= since)
            and (until is None or entry.time <= until)
            and least <= entry.priority <= most
            and ("g" not in flags or _matches(flags.get("g"), entry.message))
        )

    return [entry for entry in host.journal if fits(entry)]


def _bound(text: str, now: int) -> int | None:
    if not text:
        return None
    if (found := moment(text, now)) is None:
        raise UsageError(fail(f"Failed to parse timestamp: {text}"))
    return found


def _levels(text: str) -> tuple[int, int]:
    """The range of priorities: "err" is 0..3, "warning..info" is 4..6."""
    ends = [_LEVEL_WORDS.get(word, word) for word in text.lower().split("..", 1)]
    numbers = [LEVELS.index(end) if end in LEVELS else int(end) if re.fullmatch("[0-7]", end) else None for end in ends]
    if None in numbers:
        raise UsageError(fail(f"Unknown log level {text}"))
    found = sorted(number for number in numbers if number is not None)
    return (0, found[0]) if len(found) == 1 else (found[0], found[1])


def _matches(pattern: str, text: str) -> bool:
    """Match a pattern's alternatives, `.`, `.*` and anchors, with wildcards only, so that no pattern can take
    forever."""
    if pattern == pattern.lower():
        text = text.lower()
    for option in pattern.split("|"):
        option = option.strip("()")
        start, end = option.startswith("^"), option.endswith("$")
        pieces = re.split(r"(\.\*|\\.|\.)", option.removeprefix("^").removesuffix("$"))
        wild = {".*": "*", ".": "?"}
        glob = "".join(wild.get(piece) or re.sub(r"([*?\[])", r"[\1]", piece.removeprefix("\\")) for piece in pieces)
        if fnmatchcase(text, ("" if start else "*") + glob + ("" if end else "*")):
            return True
    return False


def _shown(host: Host, entries: Sequence[JournalEntry], form: str) -> list[str]:
    if form in ("short", "short-full", "with-unit"):
        return [short(host, entry) for entry in entries]
    if form == "short-iso":
        return [short(host, entry, "%Y-%m-%dT%H:%M:%S+0000") for entry in entries]
    if form == "short-precise":
        return [short(host, entry, "%b %d %H:%M:%S.000000") for entry in entries]
    if form == "short-unix":
        return [f"{entry.time}.000000 {short(host, entry, '').lstrip()}" for entry in entries]
    if form == "cat":
        return [entry.message for entry in entries]
    if form in ("json", "json-pretty"):
        return [json.dumps(_fields(host, entry), indent=8 if form == "json-pretty" else None) for entry in entries]
    raise UsageError(fail(f"Unknown output format '{form}'."))


def _fields(host: Host, entry: JournalEntry) -> dict[str, str]:
    about = {"UNIT": f"{entry.unit}.service"} if entry.pid == 1 else {"_SYSTEMD_UNIT": f"{entry.unit}.service"}
    return {
        "__REALTIME_TIMESTAMP": f"{entry.time}000000",
        "_HOSTNAME": host.name,
        "PRIORITY": str(entry.priority),
        "SYSLOG_IDENTIFIER": identifier(host, entry),
        "_PID": str(entry.pid),
        **({} if entry.unit == "kernel" else about),
        "MESSAGE": entry.message,
    }


COMMANDS: dict[str, Command] = {"journalctl": _journalctl}
