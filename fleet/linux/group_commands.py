"""Commands that make and remove groups: groupadd, groupdel; and what those about users share with them."""

import re

from bashkit import BuiltinResult

from fleet.linux.account_files import GROUP, GSHADOW, PASSWD, groups, rows, write
from fleet.linux.command import Command, CommandContext, UsageError, fail, lacking, parse
from fleet.linux.manual import said_of_help
from fleet.linux.options import Flags, options

GROUPADD = options("""
    -f --force
    -g --gid=
    -r --system
""")
GROUPDEL = options("""
    -f --force
""")
NAME = re.compile(r"[^-+~:,/\\\s][^:,/\\\s]{0,31}")


def usage(name: str, why: str = "", code: int = 2) -> UsageError:
    """The end of a command that shows how it is called."""
    said = said_of_help(name)
    return UsageError(BuiltinResult(stderr=f"{why}{said.stdout if said else ''}", exit_code=code))


def one(flags: Flags, name: str) -> str:
    """The one operand that all of these take."""
    if len(flags.words) != 1:
        raise usage(name)
    return flags.words[0]


def stop(context: CommandContext, why: str, code: int) -> UsageError:
    return UsageError(fail(f"{context.name}: {why}", code))


def free_id(context: CommandContext, path: str, system: bool) -> int:
    """The number that comes next: above all of people's, or below all of the system's."""
    taken = [int(row[2][:9]) for row in rows(context, path) if len(row) > 2 and row[2].isdecimal()]
    if system:
        used = {*taken, *groups(context).values()}
        return next(number for number in range(999, 0, -1) if number not in used)
    return max([999, *(number for number in taken if 1000 <= number < 60_000)]) + 1


def add_group(context: CommandContext, name: str, gid: int) -> None:
    write(context, GROUP, [*rows(context, GROUP), [name, "x", str(gid), ""]])
    write(context, GSHADOW, [*rows(context, GSHADOW), [name, "!", "", ""]])


def _groupadd(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, GROUPADD)
    name = one(flags, "groupadd")
    context.pull()
    if not NAME.fullmatch(name):
        raise stop(context, f"'{name}' is not a valid group name", 3)
    if not flags.get("g", "0").isdecimal():
        raise stop(context, f"invalid group ID '{flags.get('g')}'", 3)
    known = groups(context)
    if name in known:
        if "f" in flags:
            return ""
        raise stop(context, f"group '{name}' already exists", 9)
    gid = int(flags.get("g")[:9]) if "g" in flags else free_id(context, GROUP, "r" in flags)
    if "g" in flags and gid in known.values():
        if "f" not in flags:
            raise stop(context, f"GID '{gid}' already exists", 4)
        gid = free_id(context, GROUP, "r" in flags)
    add_group(context, name, gid)
    return ""


def _groupdel(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, GROUPDEL)
    name = one(flags, "groupdel")
    context.pull()
    known = groups(context)
    if name not in known:
        raise stop(context, f"group '{name}' does not exist", 6)
    owner = next((row[0] for row in rows(context, PASSWD) if len(row) == 7 and row[3] == str(known[name])), "")
    if owner and "f" not in flags:
        raise stop(context, f"cannot remove the primary group of user '{owner}'", 8)
    if all(row[0] != name for row in rows(context, GROUP)):
        return lacking(context, f"groupdel {name}", BuiltinResult(exit_code=1))
    for path in (GROUP, GSHADOW):
        write(context, path, [row for row in rows(context, path) if row[0] != name])
    return ""


COMMANDS: dict[str, Command] = {"groupadd": _groupadd, "groupdel": _groupdel}
