"""Commands about passwords: passwd, chage."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from bashkit import BuiltinResult

from fleet.linux.account_files import PASSWD, SHADOW, AccountTable, rows, write
from fleet.linux.base_accounts import accounts
from fleet.linux.command import Command, CommandContext, fail, lacking, parse
from fleet.linux.group_commands import usage
from fleet.linux.options import Flags, options

PASSWORD = options("""
    -S --status
    -a --all
    -l --lock
    -u --unlock
    -d --delete
    -e --expire
    -n --mindays=
    -x --maxdays=
    -w --warndays=
    -i --inactive=
    -q --quiet
""")
CHAGE = options("""
    -l --list
    -i --iso8601
    -d --lastday=
    -E --expiredate=
    -I --inactive=
    -m --mindays=
    -M --maxdays=
    -W --warndays=
""")
_FIELDS = {"n": 3, "m": 3, "x": 4, "M": 4, "w": 5, "W": 5, "i": 6, "I": 6, "d": 2, "E": 7}
"""Option -> the field of /etc/shadow that it sets."""
_WITHOUT = """passwd: unlocking the password would result in a passwordless account.
You should set a password with usermod -p to unlock the password of this account."""


_AGING = ("Last password change\t\t\t\t\t", "Password expires\t\t\t\t\t", "Password inactive\t\t\t\t\t",
    "Account expires\t\t\t\t\t\t", "Minimum number of days between password change\t\t",
    "Maximum number of days between password change\t\t",
    "Number of days of warning before password expires\t")  # fmt: skip


def _date(day: str) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=min(int(day), 2_000_000))


def _row(context: CommandContext, table: AccountTable, name: str) -> list[str] | None:
    """A user's row of /etc/shadow, which is added to the table if only the user is known."""
    for row in table:
        if row[0] == name and len(row) == 9:
            return row
    if name not in accounts(context.host):
        return None
    table.append([name, "!", str(context.host.boot // 86_400), "0", "99999", "7", "", "", ""])
    return table[-1]


def _passwd(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, PASSWORD)
    if len(flags.words) > 1:
        raise usage("passwd", code=6)
    context.pull()
    table, name = rows(context, SHADOW), (flags.words or [context.user])[0]
    if "a" in flags:
        if "S" not in flags:
            raise usage("passwd", code=6)
        return "".join(_status(context, row) for row in table if len(row) == 9)
    row = _row(context, table, name)
    if row is None:
        return fail(f"passwd: user '{name}' does not exist")
    if "S" in flags:
        return _status(context, row)
    if "u" in flags and not row[1].lstrip("!"):
        return fail(_WITHOUT, 3)
    if wrong := _numbers(flags, "nxwi"):
        raise usage("passwd", f"passwd: invalid numeric argument '{wrong}'\n", 6)
    if not {"l", "u", "d", "e", "n", "x", "w", "i"} & flags.values.keys():
        return _asked(context, table, row)
    row[1] = "" if "d" in flags else row[1]
    if "u" in flags:
        row[1] = row[1][1:] if row[1].startswith("!") else row[1]
    if "l" in flags:
        row[1] = row[1] if row[1].startswith("!") else f"!{row[1]}"
    row[2] = "0" if "e" in flags else row[2]
    _set(row, flags, "nxwi")
    write(context, SHADOW, table)
    return "" if "q" in flags else "passwd: password changed.\n"


def _asked(context: CommandContext, table: AccountTable, row: list[str]) -> BuiltinResult:
    """passwd NAME reads the new password twice from its standard input."""
    first, again = [*context.stdin.splitlines(), "", ""][:2]
    failed = "passwd: Authentication token manipulation error\npasswd: password unchanged\n"
    if not first:
        return BuiltinResult(stderr=f"New password: Password change has been aborted.\n{failed}", exit_code=10)
    if first != again:
        text = f"New password: Retype new password: Sorry, passwords do not match.\n{failed}"
        return BuiltinResult(stderr=text, exit_code=10)
    digits = sha256(f"{row[0]} {first}".encode()).hexdigest()
    row[1:3] = [f"$y$j9T${digits[:22]}${digits[21:]}", str(context.host.now // 86_400)]
    write(context, SHADOW, table)
    return BuiltinResult(stderr="New password: Retype new password: passwd: password updated successfully\n")


def _status(context: CommandContext, row: list[str]) -> str:
    how = "NP" if not row[1] else "L" if row[1][0] in "!*" else "P"
    form = "%m/%d/%Y" if context.host.system.version == "22.04" else "%Y-%m-%d"
    return f"{row[0]} {how} {_date(row[2] or '0'):{form}} {' '.join(field or '-1' for field in row[3:7])}\n"


def _numbers(flags: Flags, letters: str) -> str:
    """The first value that is no number; "" if all are."""
    values = [flags.get(letter) for letter in letters if letter in flags]
    return next((value for value in values if not value.removeprefix("-").isdecimal()), "")


def _set(row: list[str], flags: Flags, letters: str) -> None:
    for letter in letters:
        if letter in flags:
            row[_FIELDS[letter]] = "" if flags.get(letter) == "-1" else flags.get(letter)[:9]


def _chage(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, CHAGE)
    if "l" in flags and set(flags.values) - {"l", "i"}:
        raise usage("chage", 'chage: do not include "l" with other flags\n')
    if wrong := _numbers(flags, "mMWI"):
        raise usage("chage", f"chage: invalid numeric argument '{wrong}'\n")
    for letter in "dE":
        if letter in flags and (day := _day(flags.get(letter))) is not None:
            flags.values[letter] = day
        elif letter in flags:
            raise usage("chage", f"chage: invalid date '{flags.get(letter)}'\n")
    if len(flags.words) != 1:
        raise usage("chage")
    context.pull()
    table, name = rows(context, SHADOW), flags.words[0]
    row = _row(context, table, name)
    if row is None:
        return fail(f"chage: user '{name}' does not exist in {PASSWD}")
    if "l" in flags:
        return _aging(row, "%Y-%m-%d" if "i" in flags else "%b %d, %Y")
    if not set(flags.values) - {"i"}:
        return lacking(context, "chage", fail(f"Changing the aging information for {name}", 1))
    _set(row, flags, "mMWIdE")
    write(context, SHADOW, table)
    return ""


def _day(text: str) -> str | None:
    """A day as a number since 1970, given as that or as a date."""
    if text == "-1" or text.isdecimal():
        return text
    try:
        return str(int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()) // 86_400)
    except ValueError:
        return None


def _aging(row: list[str], form: str) -> str:
    last, most, idle, end = row[2], row[4], row[6], row[7]
    must = last == "0"
    until = int(last) + int(most) if last and most and int(most) < 10_000 else None
    gone = until + int(idle) if until is not None and idle else None
    days = [f"{_date(str(day)):{form}}" if day is not None else "never" for day in (until, gone)]
    ends = f"{_date(end):{form}}" if end else "never"
    changed = f"{_date(last):{form}}" if last else "never"
    first = ["password must be changed"] * 3 if must else [changed, *days]
    values = [*first, ends, *(field or "-1" for field in (row[3], row[4], row[5]))]
    return "".join(f"{head}: {value}\n" for head, value in zip(_AGING, values, strict=True))


COMMANDS: dict[str, Command] = {"passwd": _passwd, "chage": _chage}
