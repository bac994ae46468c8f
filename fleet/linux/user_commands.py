"""Commands that make, change and remove users: useradd, usermod, userdel."""

from dataclasses import dataclass

from bashkit import BuiltinResult

from fleet.linux.account_files import (
    GROUP,
    GSHADOW,
    PASSWD,
    SHADOW,
    Account,
    account,
    groups,
    memberships,
    rows,
    with_member,
    without_member,
    write,
)
from fleet.linux.base_accounts import accounts
from fleet.linux.command import Command, CommandContext, UsageError, fail, lacking, parse
from fleet.linux.copying import remove
from fleet.linux.file_tree import node
from fleet.linux.group_commands import NAME, add_group, free_id, one, stop, usage
from fleet.linux.options import Flags, options
from fleet.linux.sessions import logged_in

USERADD = options("""
    -c --comment=
    -d --home-dir=
    -b --base-dir=
    -g --gid=
    -G --groups=
    -m --create-home
    -M --no-create-home
    -N --no-user-group
    -U --user-group
    -r --system
    -s --shell=
    -u --uid=
    -p --password=
    -D --defaults
    ~ --badname
    ~ -l --no-log-init
""")
USERMOD = options("""
    -a --append
    -r --remove
    -c --comment=
    -d --home=
    -G --groups=
    -L --lock
    -U --unlock
    -s --shell=
    -p --password=
""")
USERDEL = options("""
    -f --force
    -r --remove
""")
DEFAULTS = (
    "GROUP=100\nHOME=/home\nINACTIVE=-1\nEXPIRE=\nSHELL=/bin/sh\nSKEL=/etc/skel\nCREATE_MAIL_SPOOL=no\nLOG_INIT=yes\n"
)


def _useradd(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, USERADD)
    if "D" in flags:
        return DEFAULTS if flags.values == {"D": ""} else lacking(context, "useradd -D", fail("useradd: -D", 2))
    context.pull()
    if (shell := flags.get("s", "/bin/sh")) and not shell.startswith("/"):
        raise stop(context, f"invalid shell '{shell}'", 3)
    warning = "" if node(context, shell) else f"useradd: Warning: missing or non-executable shell '{shell}'\n"
    name = one(flags, "useradd")
    home = flags.get("d", f"{flags.get('b', '/home')}/{name}")
    if not home.startswith("/"):
        raise stop(context, f"invalid home directory '{home}'", 3)
    if not flags.get("u", "0").isdecimal():
        raise stop(context, f"invalid user ID '{flags.get('u')}'", 3)
    known = groups(context)
    extra = _existing(context, flags.get("G").split(",") if flags.get("G") else [], known)
    main = _existing(context, [flags.get("g")], known)[0] if "g" in flags else ""
    if not NAME.fullmatch(name):
        raise stop(context, f"invalid user name '{name}': use --badname to ignore", 3)
    users = accounts(context.host)
    if name in users:
        raise stop(context, f"user '{name}' already exists", 9)
    own = not main and "N" not in flags
    if own and name in known:
        raise stop(context, f"group {name} exists - if you want to add this user to that group, use -g.", 9)
    uid = int(flags.get("u")[:9]) if "u" in flags else free_id(context, PASSWD, "r" in flags)
    if "u" in flags and uid in users.values():
        raise stop(context, f"UID {uid} is not unique", 4)
    gid = (uid if uid not in known.values() else free_id(context, GROUP, "r" in flags)) if own else known.get(main, 100)
    write(context, PASSWD, [*rows(context, PASSWD), [name, "x", str(uid), str(gid), flags.get("c"), home, shell]])
    age = ["", "", ""] if "r" in flags else ["0", "99999", "7"]
    day = str(context.host.now // 86_400)
    write(context, SHADOW, [*rows(context, SHADOW), [name, flags.get("p", "!"), day, *age, "", "", ""]])
    if own:
        add_group(context, name, gid)
    for group in extra:
        _join(context, group, known[group], name)
    return BuiltinResult(stderr=warning + (_home(context, home, name, own) if "m" in flags else ""))


def _existing(context: CommandContext, names: list[str], known: dict[str, int]) -> list[str]:
    """The groups, given by their names or numbers."""
    numbers = {str(number): name for name, number in known.items()}
    found = [name if name in known else numbers.get(name, "") for name in names]
    lost = [name for name, real in zip(names, found, strict=True) if not real]
    if lost:
        errors = "".join(f"{context.name}: group '{name}' does not exist\n" for name in lost)
        raise UsageError(BuiltinResult(stderr=errors, exit_code=6))
    return found


def _join(context: CommandContext, group: str, gid: int, user: str) -> None:
    write(context, GROUP, with_member(rows(context, GROUP), group, gid, user))
    write(context, GSHADOW, with_member(rows(context, GSHADOW), group, 0, user) if _listed(context, group) else
          [*rows(context, GSHADOW), [group, "*", "", user]])  # fmt: skip


def _listed(context: CommandContext, group: str) -> bool:
    return any(row[0] == group for row in rows(context, GSHADOW))


def _home(context: CommandContext, path: str, user: str, own: bool) -> str:
    """Make a home folder; returns the warning if it is there."""
    if node(context, path):
        return (
            f"useradd: warning: the home directory {path} already exists.\n"
            "useradd: Not copying any file from skel directory into it.\n"
        )
    context.host_files.make_folder(path, 0o755, context.host.now)
    context.host_files.own(path, user, user if own else "users")
    return ""


@dataclass(slots=True)
class _Change:
    """What usermod makes of a user."""

    user: Account
    password: str
    groups: list[str] | None
    """the only groups that list the user from now on; None: they stay"""


def _usermod(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, USERMOD)
    name = one(flags, "usermod")
    context.pull()
    user = account(context, name)
    if user is None:
        raise stop(context, f"user '{name}' does not exist", 6)
    if not flags.values:
        raise usage("usermod", "usermod: no options\n")
    for flag in "ar":
        if flag in flags and "G" not in flags:
            raise usage("usermod", f"usermod: -{flag} flag is only allowed with the -G flag\n")
    known = groups(context)
    named = _existing(context, flags.get("G").split(",") if flags.get("G") else [], known)
    if (shell := flags.get("s", user.shell)) and not shell.startswith("/"):
        raise stop(context, f"invalid shell '{shell}'", 3)
    before = [rows(context, path) for path in (PASSWD, SHADOW, GROUP)]
    here = memberships(rows(context, GROUP), name)
    if "G" in flags:
        kept = [group for group in here if group not in named] if "r" in flags else named
        for group in here if "a" not in flags else ():
            if group not in kept:
                write(context, GROUP, without_member(rows(context, GROUP), group, name))
                write(context, GSHADOW, without_member(rows(context, GSHADOW), group, name))
        for group in named if "r" not in flags else ():
            _join(context, group, known[group], name)
    if {"s", "d", "c"} & flags.values.keys():
        row = [name, "x", str(user.uid), str(user.gid), flags.get("c", user.comment), flags.get("d", user.home), shell]
        table = rows(context, PASSWD)
        listed = any(old[0] == name for old in table)
        write(context, PASSWD, [row if old[0] == name else old for old in table] + ([] if listed else [row]))
    told = _password(context, name, flags)
    after = [rows(context, path) for path in (PASSWD, SHADOW, GROUP)]
    same = before == after and not told and not {"L", "U", "G"} & flags.values.keys()
    return BuiltinResult(stderr="usermod: no changes\n" if same else told)


def _password(context: CommandContext, name: str, flags: Flags) -> str:
    """-L, -U and -p; returns what is said of them."""
    table, told = rows(context, SHADOW), ""
    for row in table:
        if row[0] != name:
            continue
        if "p" in flags:
            row[1] = flags.get("p")
        if "L" in flags and not row[1].startswith("!"):
            row[1] = f"!{row[1]}"
        if "U" in flags and row[1].startswith("!"):
            if len(row[1]) > 1:
                row[1] = row[1][1:]
            else:
                told = (
                    "usermod: unlocking the user's password would result in a passwordless account.\n"
                    "You should set a password with usermod -p to unlock this user's password.\n"
                )
    write(context, SHADOW, table)
    return told


def _userdel(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, USERDEL)
    name = one(flags, "userdel")
    host = context.pull()
    user = account(context, name)
    if user is None:
        raise stop(context, f"user '{name}' does not exist", 6)
    holder = next((process.pid for process in host.processes if process.user == name), 0)
    if holder and "f" not in flags:
        raise stop(context, f"user {name} is currently used by process {holder}", 8)
    if any(login.user == name for login in logged_in(host)) or all(row[0] != name for row in rows(context, PASSWD)):
        return lacking(context, f"userdel {name}", BuiltinResult(exit_code=8))
    for path in (PASSWD, SHADOW):
        write(context, path, [row for row in rows(context, path) if row[0] != name])
    for group in memberships(rows(context, GROUP), name):
        write(context, GROUP, without_member(rows(context, GROUP), group, name))
        write(context, GSHADOW, without_member(rows(context, GSHADOW), group, name))
    if all(row[3] != str(user.gid) for row in rows(context, PASSWD) if len(row) == 7):
        for path in (GROUP, GSHADOW):
            write(context, path, [row for row in rows(context, path) if row[0] != name or (path == GROUP and row[3])])
    if "r" not in flags:
        return ""
    told = f"userdel: {name} mail spool (/var/mail/{name}) not found\n"
    home = node(context, user.home)
    if home is None:
        told += f"userdel: {name} home directory ({user.home}) not found\n"
    elif user.home not in ("/", "/root"):
        remove(context, home)
    return BuiltinResult(stderr=told)


COMMANDS: dict[str, Command] = {
    "useradd": _useradd,
    "usermod": _usermod,
    "userdel": _userdel,
}
