"""The tables of users and groups: /etc/passwd, /etc/group, /etc/shadow, /etc/gshadow."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from fleet.linux.base_accounts import BASE, BASE_ROWS, accounts
from fleet.linux.command import CommandContext
from fleet.model import File, Host

PASSWD, GROUP, SHADOW, GSHADOW = "/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow"
NOLOGIN = "/usr/sbin/nologin"
BASE_GROUPS = {
    "root": 0, "daemon": 1, "bin": 2, "sys": 3, "adm": 4, "tty": 5, "disk": 6, "lp": 7, "mail": 8, "news": 9,
    "uucp": 10, "man": 12, "proxy": 13, "kmem": 15, "dialout": 20, "fax": 21, "voice": 22, "cdrom": 24, "floppy":
    25, "tape": 26, "sudo": 27, "audio": 29, "dip": 30, "www-data": 33, "backup": 34, "operator": 37, "list": 38,
    "irc": 39, "src": 40, "shadow": 42, "utmp": 43, "video": 44, "sasl": 45, "plugdev": 46, "staff": 50, "games":
    60, "users": 100, "nogroup": 65534, "systemd-journal": 999,
}  # fmt: skip
"""Groups that Debian's base-passwd and systemd make."""
DOCKER_GROUP = 998
AccountTable = list[list[str]]
"""A table: its lines, split into fields."""


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    uid: int
    gid: int
    comment: str
    home: str
    shell: str


def rows(context: CommandContext, path: str) -> AccountTable:
    file = context.host_files.file(context.host, path)
    return [line.split(":") for line in (file.content if file else "").splitlines() if line]


def write(context: CommandContext, path: str, table: Iterable[Iterable[str]]) -> None:
    file = context.host_files.file(context.host, path) or File()
    text = "".join(f"{':'.join(row)}\n" for row in table)
    if text != file.content:
        changed = replace(file, content=text, modified=context.host.now)
        context.change(context.host.with_file(path, changed))


def account(context: CommandContext, name: str) -> Account | None:
    """A user as /etc/passwd has it, or, where only processes and logins show it, as its package makes it."""
    for row in (*rows(context, PASSWD), *BASE_ROWS.values()):
        if row[0] == name and len(row) == 7 and row[2].isdecimal() and row[3].isdecimal():
            return Account(name, int(row[2][:9]), int(row[3][:9]), *row[4:])
    users = accounts(context.host)
    if name not in users:
        return None
    person = any(login.user == name for login in context.host.logins)
    home = f"/home/{name}" if person else {"postgres": "/var/lib/postgresql"}.get(name, "/nonexistent")
    shell = "/bin/bash" if person or name == "postgres" else "/bin/false" if name in ("mysql", "grafana") else NOLOGIN
    return Account(name, users[name], users[name], "", "/root" if name == "root" else home, shell)


def groups(context: CommandContext) -> dict[str, int]:
    """group -> number."""
    return groups_of(context.host) | {row[0]: int(row[2]) for row in rows(context, GROUP) if row[2].isdecimal()}


def groups_of(host: Host) -> dict[str, int]:
    """The groups that packages make, and those of the users that are only seen at work."""
    own = {name: number for name, number in accounts(host).items() if name not in BASE}
    return own | BASE_GROUPS | ({"docker": DOCKER_GROUP} if "docker" in host.services else {})


def with_member(table: AccountTable, group: str, number: int, user: str) -> AccountTable:
    """/etc/group with a user in a group."""
    if all(row[0] != group for row in table):
        table = [*table, [group, "x", str(number), ""]]
    return [[*row[:3], _joined(row[3], user)] if row[0] == group else row for row in table]


def without_member(table: AccountTable, group: str, user: str) -> AccountTable:
    return [
        [*row[:3], ",".join(name for name in row[3].split(",") if name != user)] if row[0] == group else row
        for row in table
    ]


def _joined(members: str, user: str) -> str:
    names = [name for name in members.split(",") if name]
    return ",".join(names if user in names else [*names, user])


def memberships(table: AccountTable, user: str) -> list[str]:
    """The groups that list a user."""
    return [row[0] for row in table if len(row) == 4 and user in row[3].split(",")]
