"""The crontab command, and the syntax of what it installs."""

import re

from bashkit import BuiltinResult

from fleet.linux.base_accounts import accounts
from fleet.linux.command import Command, CommandContext, fail, lacking, parse
from fleet.linux.options import options
from fleet.model import File

CRONTABS = "/var/spool/cron/crontabs"
CRONTAB = options("""
    -l
    -r
    -e
    -i
    -u=
""")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day-of-month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day-of-week", 0, 7, _DAYS),
)
"""name, bounds and words of each field of a time"""
_NAMED = ("@reboot", "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")


def fault_in(text: str) -> tuple[int, str] | None:
    """(number of the line, what is bad about it) of the first line that cron would not read; None if there is none.

    cron counts lines from 0 (crontab(1) on Debian).
    """
    for number, line in enumerate(text.splitlines()):
        plain = line.strip()
        if not plain or plain.startswith("#") or re.match(r"[\"']?\w+[\"']?\s*=", plain):
            continue
        if plain.startswith("@"):
            name, _, command = plain.partition(" ")
            if name not in _NAMED:
                return number, "bad time specifier"
            if not command.strip():
                return number, "bad command"
            continue
        *fields, command = [*plain.split(None, 5), ""][:6]
        for value, (name, least, most, words) in zip(fields, _FIELDS, strict=False):
            if not _fits(value.lower(), least, most, words):
                return number, f"bad {name}"
        if len(fields) < len(_FIELDS) or not command:
            names = [name for name, *_ in _FIELDS]
            return number, f"bad {names[len(fields)]}" if len(fields) < len(names) else "bad command"
    return None


def _fits(field: str, least: int, most: int, words: tuple[str, ...]) -> bool:
    """Whether a field is a list of *, numbers, words and ranges, each with a step if it is a range."""
    for part in field.split(","):
        found = re.fullmatch(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/(\d{1,9}))?", part)
        if found is None or (found[4] and int(found[4]) == 0):
            return False
        if found[1]:
            continue
        ends = [_number(end, least, words) for end in (found[2], found[3]) if end]
        numbers = [end for end in ends if end is not None]
        if len(numbers) < len(ends) or numbers != sorted(numbers) or not least <= numbers[0] <= numbers[-1] <= most:
            return False
    return True


def _number(text: str, least: int, words: tuple[str, ...]) -> int | None:
    if text.isdecimal():
        return int(text[:9])
    return words.index(text) + least if text in words else None


def crontab(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, CRONTAB)
    user = flags.get("u", context.user)
    if user not in accounts(context.host):
        return fail(f"crontab:  user `{user}' unknown")
    path = f"{CRONTABS}/{user}"
    host = context.pull()
    if "l" in flags:
        return host.files[path].content if path in host.files else fail(f"no crontab for {user}")
    if "e" in flags:
        return lacking(context, "crontab -e", fail("", 1))
    if "r" in flags:
        if path not in host.files:
            return fail(f"no crontab for {user}")
        if "i" in flags and not context.stdin.lower().startswith("y"):
            return fail(f"crontab: really delete {user}'s crontab? (y/n) ", 0)
        context.change(host.with_file(path, None))
        return ""
    return _install(context, path, user, flags.words[0] if flags.words else "-")


def _install(context: CommandContext, path: str, user: str, source: str) -> str | BuiltinResult:
    host, text = context.host, context.stdin
    if source != "-":
        file = host.files.get(context.absolute(source))
        if file is None:
            return fail(f"{source}: No such file or directory")
        text = file.content
    if text and not text.endswith("\n"):
        return fail("new crontab file is missing newline before EOF, can't install.")
    if bad := fault_in(text):
        return fail(f'"{source}":{bad[0]}: {bad[1]}\nerrors in crontab file, can\'t install.')
    context.change(host.with_file(path, File(text, owner=user, mode=0o600, modified=host.now)))
    return ""


COMMANDS: dict[str, Command] = {"crontab": crontab}
