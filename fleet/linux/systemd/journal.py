"""The journalctl command."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, Flags, UsageError, fail, lacking, parse
from fleet.linux.file_tree import node
from fleet.linux.options import options
from fleet.linux.systemd.journal_entries import FORMS, date, fields_of, identifier, unit_name, worded
from fleet.model import Host, JournalEntry

LEVELS = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
_LEVEL_WORDS = {"error": "err", "warn": "warning", "panic": "emerg"}
_UNITS = {"s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hr": 3600, "hour": 3600,
    "d": 86_400, "day": 86_400, "w": 604_800, "week": 604_800, "month": 2_629_800}  # fmt: skip
FOLLOWED = 124
"""Exit code of a command that would print forever and was stopped, as with `timeout`."""


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


JOURNALCTL = options("""
    -u --unit=
    -n --lines=
    -p --priority=
    -S --since=
    -U --until=
    -k --dmesg
    -b --boot[=]
    -r --reverse
    -f --follow
    -o --output=
    -g --grep=
    -e --pager-end
    -t --identifier=
    -q --quiet
    -F --field=
    -N --fields
    --no-hostname
    --case-sensitive[=]
    --facility=
    -D --directory=
    --file=
    --user
    ~ --output-fields=
    --no-tail
    -M --machine=
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


def _journalctl(context: CommandContext) -> str | BuiltinResult:
    argv = list(context.argv)
    for place, word in enumerate(argv):
        bare = word in ("-n", "--lines") and not re.fullmatch(r"\d+|all", (argv[place + 1 :] or [""])[0])
        argv[place] = "--lines=10" if bare else word
    context.argv = _with_boots(argv)
    flags = parse(context, JOURNALCTL)
    host = context.host
    if "b" in flags and (refusal := _no_boot(flags.get("b"))):
        return refusal
    if wrong := next((word for word in flags.words if "=" not in word and not word.startswith("/")), None):
        return fail(f"Failed to add match '{wrong}': Invalid argument")
    if path := next((word for word in flags.words if word.startswith("/")), None):
        context.pull()
        if node(context, path) is None:
            return fail("Couldn't canonicalize path: No such file or directory")
        return lacking(context, f"journalctl {path}", BuiltinResult(exit_code=1))
    if elsewhere := _elsewhere(context, flags):
        return elsewhere
    if "F" in flags:
        values = [fields_of(host, entry).get(flags.get("F")) for entry in host.journal]
        return "".join(f"{value}\n" for value in dict.fromkeys(values) if value is not None)
    if "N" in flags:
        names = [name for entry in host.journal for name in fields_of(host, entry)]
        return "".join(f"{name}\n" for name in dict.fromkeys(names))
    for name, form in (("vacuum-size", r"\d+[KMGTPE]?"), ("vacuum-time", r"\d+[a-z]*"), ("vacuum-files", r"\d+")):
        if name in flags and not re.fullmatch(form, flags.get(name)):
            return fail(f"Failed to parse vacuum {name.partition('-')[2]}: {flags.get(name)}")
    if kept := next((name for name in _KEEPING if name in flags), None):
        return _KEEPING[kept](host)
    entries = _chosen(host, flags)
    count = flags.get("n", "10" if "f" in flags else "1000" if "e" in flags else "all")
    if "no-tail" in flags:
        count = "all"
    if count != "all":
        if not count.isdecimal():
            return fail(f"Failed to parse lines '{count}'")
        # until 254, a number with --since meant the first entries
        first = "S" in flags and host.system.version != "24.04"
        entries = entries[: int(count)] if first else entries[-int(count) :] if int(count) else []
    if "r" in flags:
        entries = entries[::-1]
    form = flags.get("o", "short")
    if form not in FORMS:
        return fail(f"Unknown output format '{form}'.")
    named = "no-hostname" not in flags
    text = "".join(f"{FORMS[form](host, entry, named)}\n" for entry in entries)
    if not text:
        return BuiltinResult("" if "q" in flags else "-- No entries --\n", exit_code=1 if "g" in flags else 0)
    return BuiltinResult(stdout=text, exit_code=FOLLOWED) if "f" in flags else text


_BOOT = re.compile(r"([0-9a-f]{32})?([+-]?\d{1,9})?|all")


def _with_boots(argv: Sequence[str]) -> list[str]:
    """The words with the boot that may follow -b, without a sign of equality, joined to it."""
    words: list[str] = []
    for word in argv:
        joins = words and re.fullmatch(r"-[a-z]*b|--boot", words[-1]) and word and _BOOT.fullmatch(word)
        if joins and words[-1] == "--boot":
            words[-1] += f"={word}"
        elif joins:
            words[-1] += word
        else:
            words.append(word)
    return words


def _no_boot(text: str) -> BuiltinResult | None:
    """The refusal of a boot that the journal does not have: it has one."""
    found = _BOOT.fullmatch(text)
    if found is None:
        return fail(f"Failed to parse boot descriptor '{text}'")
    if found[1] is None and int(found[2] or 0) in (0, 1):
        return None
    return fail(f"Data from the specified boot ({text}) is not available: No such boot ID in journal")


def _usage(host: Host) -> str:
    return f"Archived and active journals take up {8.0 * (1 + len(host.journal) // 64):.1f}M in the file system.\n"


def _boots(host: Host) -> str:
    first, last = (date(time, "%a %Y-%m-%d %H:%M:%S UTC") for time in (host.boot, host.now))
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
    for unit in units:
        if any(mark in unit for mark in "*?[") and not any(fnmatchcase(entry.unit, unit) for entry in host.journal):
            raise UsageError(fail("Failed to add filter for units: No data available"))
    matches = _matches_in(flags.words)
    since, until = (_bound(flags.get(name), host.now) for name in "SU")
    if since is not None and until is not None and since > until:
        raise UsageError(fail("--since= must be before --until=."))
    if wrong := _wrong_pattern(flags.get("g")):
        raise UsageError(fail(f'Bad pattern "{flags.get("g")}": {wrong}'))
    facilities = _facilities(flags)
    least, most = _levels(flags.get("p", "debug"))
    names = flags.every("t")

    def fits(entry: JournalEntry) -> bool:
        return (
            (not units or any(fnmatchcase(entry.unit, unit) for unit in units))
            and all(fields_of(host, entry).get(name) in values for name, values in matches.items())
            and (not names or identifier(host, entry) in names)
            and ("k" not in flags or entry.unit == "kernel")
            and (not facilities or fields_of(host, entry)["SYSLOG_FACILITY"] in facilities)
            and ("b" not in flags or entry.time >= host.boot)
            and (since is None or entry.time >= since)
            and (until is None or entry.time <= until)
            and least <= entry.priority <= most
            and ("g" not in flags or _found(flags.get("g"), worded(host, entry), flags.get("case-sensitive")))
        )

    first = [JournalEntry(host.boot, "kernel", 0, 5, f"Linux version {host.system.kernel}")] if "k" in flags else []
    return [entry for entry in (*first, *host.journal) if fits(entry)]


FACILITIES = ("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp")


def _facilities(flags: Flags) -> set[str]:
    """The numbers of the facilities that --facility names."""
    found = set[str]()
    for word in flags.get("facility").split(",") if "facility" in flags else ():
        if word not in FACILITIES and not word.isdecimal():
            raise UsageError(fail(f'Bad --facility= argument "{word}".'))
        found.add(word if word.isdecimal() else str(FACILITIES.index(word)))
    return found


def _wrong_pattern(text: str) -> str:
    """What is wrong with a pattern's brackets; "" if nothing is."""
    plain = re.sub(r"\\.|\[[^\]]*\]", "", text)
    if "[" in plain:
        return "missing terminating ] for character class"
    depth = 0
    for letter in plain:
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            return "unmatched closing parenthesis"
    return "missing closing parenthesis" if depth else ""


def _elsewhere(context: CommandContext, flags: Flags) -> BuiltinResult | None:
    """Journals of users or in other folders: there are none."""
    context.pull()
    if "M" in flags:
        why = "The name org.freedesktop.machine1 was not provided by any .service files"
        return fail(f"Failed to open root directory: {why}")
    if "D" in flags and node(context, context.absolute(flags.get("D"))) is None:
        return fail(f"Failed to open {flags.get('D')}: No such file or directory")
    if "file" in flags and node(context, context.absolute(flags.get("file"))) is None:
        return fail("Failed to open files: No such file or directory")
    if "user" in flags or ("D" in flags and not flags.get("D").startswith(("/var/log/journal", "/run/log/journal"))):
        return BuiltinResult("-- No entries --\n", "No journal files were found.\n")
    return None


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


def _matches_in(words: Sequence[str]) -> dict[str, set[str]]:
    """Matches such as _PID=1: any value of a field, all fields."""
    found: dict[str, set[str]] = {}
    for word in words:
        name, _, value = word.partition("=")
        found.setdefault(name, set()).add(value)
    return found


def _found(pattern: str, text: str, case: str) -> bool:
    """Match a pattern's alternatives, `.`, `.*` and anchors, with wildcards only, so that no pattern can take
    forever. Unless told, a pattern without capitals matches either case."""
    if case in ("no", "false", "0") or (not case and pattern == pattern.lower()):
        text, pattern = text.lower(), pattern.lower()
    for option in pattern.split("|"):
        option = option.strip("()")
        start, end = option.startswith("^"), option.endswith("$")
        pieces = re.split(r"(\.\*|\\.|\.)", option.removeprefix("^").removesuffix("$"))
        wild = {".*": "*", ".": "?"}
        glob = "".join(wild.get(piece) or re.sub(r"([*?\[])", r"[\1]", piece.removeprefix("\\")) for piece in pieces)
        if fnmatchcase(text, ("" if start else "*") + glob + ("" if end else "*")):
            return True
    return False


COMMANDS: dict[str, Command] = {"journalctl": _journalctl}
