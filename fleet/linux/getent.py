"""getent: the name service's databases, whole or by key: users, groups, hosts, services and the like."""

from collections.abc import Callable

from bashkit import BuiltinResult

from fleet.linux.account_files import GROUP, GSHADOW, PASSWD, SHADOW, account, groups, memberships, rows
from fleet.linux.base_accounts import accounts
from fleet.linux.command import Command, CommandContext, fail, parse
from fleet.linux.connectivity import is_address, resolve
from fleet.linux.names import known_names
from fleet.linux.options import options

GETENT = options("""
    ~ -s --service=
    ~ -i --no-idn
""")
_HINT = "Try `getent --help' or `getent --usage' for more information.\n"
_WIDE = 21
"""Of a name in most databases."""
_SOCKETS = ("STREAM", "DGRAM", "RAW")
_EVERY = ""
"""The key that stands for a whole database."""


def _table(path: str, numbered: bool) -> "Database":
    """A table of users or groups, whose keys are names and, if it has them, numbers."""

    def found(context: CommandContext, key: str) -> str:
        table = rows(context, path)
        if key != _EVERY:
            table = [row for row in table if key == row[0] or (numbered and row[2:3] == [key])] or _at_work(
                context, path, key
            )
        return "".join(f"{':'.join(row)}\n" for row in table)

    return found


def _at_work(context: CommandContext, path: str, key: str) -> list[list[str]]:
    """The row of a user or group that only processes, logins and packages show."""
    if path == PASSWD:
        named = {str(number): name for name, number in accounts(context.host).items()}
        user = account(context, named.get(key, key))
        known = [user] if user else []
        return [[one.name, "x", str(one.uid), str(one.gid), one.comment, one.home, one.shell] for one in known]
    numbers = groups(context) if path == GROUP else {}
    return [[name, "x", str(number), ""] for name, number in numbers.items() if key in (name, str(number))][:1]


def _numbers(path: str, width: int = _WIDE, gap: str = " ") -> "Database":
    """A list of names with a number each, and other names: /etc/services and the like."""

    def found(context: CommandContext, key: str) -> str:
        file = context.host_files.file(context.host, path)
        lines = (line.partition("#")[0].split() for line in (file.content if file else "").splitlines())
        table = [words for words in lines if len(words) > 1]
        if key != _EVERY:
            table = [words for words in table if _answers_to(words, key)][:1]
        return "".join(f"{words[0]:<{width}} {gap.join([words[1], ' '.join(words[2:])]).rstrip()}\n" for words in table)

    return found


def _answers_to(words: list[str], key: str) -> bool:
    """Whether a row is meant by a name or a number, of a service also with its protocol: 22, 22/tcp, ssh/tcp."""
    names, (number, _, protocol) = [words[0], *words[2:]], words[1].partition("/")
    wanted, slash, asked = key.partition("/")
    return (not slash or asked == protocol) and (wanted in names or wanted == number)


def _hosts(context: CommandContext, key: str) -> str:
    table = _etc_hosts(context)
    if is_address(key):
        table = [(key, names) for address, names in table if address == key][:1]
        table = table or [(key, [name]) for name, address in known_names(context) if address == key][:1]
    elif key != _EVERY:
        aliases = [(address, names) for address, names in table if key in names]
        address = resolve(context, key)
        table = aliases or ([(address, [key])] if address else [])
    return "".join(f"{address:<15} {' '.join(names)}\n" for address, names in table)


def _etc_hosts(context: CommandContext) -> list[tuple[str, list[str]]]:
    file = context.host.files.get("/etc/hosts")
    lines = (line.partition("#")[0].split() for line in (file.content if file else "").splitlines())
    return [(words[0], words[1:]) for words in lines if len(words) > 1 and is_address(words[0])]


def _sockets(prefix: str = "") -> "Database":
    def found(context: CommandContext, key: str) -> str:
        if key == _EVERY:
            return _hosts(context, key)
        address = resolve(context, key)
        kinds = [(kind, key if kind == "STREAM" else "") for kind in _SOCKETS] if address else []
        return "".join(f"{prefix + str(address):<15} {kind:<6} {name}\n" for kind, name in kinds)

    return found


def _initgroups(context: CommandContext, key: str) -> str:
    table = rows(context, GROUP)
    numbers = [row[2] for name in memberships(table, key) for row in table if row[0] == name]
    return f"{key:<{_WIDE}}" + "".join(f" {number}" for number in numbers) + "\n"


def _empty(context: CommandContext, key: str) -> str:
    """A database that no server has."""
    return ""


Database = Callable[[CommandContext, str], str]
"""What a database has for a key, or as a whole; "" for a key that it does not know."""
_DATABASES: dict[str, Database] = {
    "ahosts": _sockets(),
    "ahostsv4": _sockets(),
    "ahostsv6": _sockets("::ffff:"),
    "aliases": _empty,
    "ethers": _empty,
    "group": _table(GROUP, numbered=True),
    "gshadow": _table(GSHADOW, numbered=False),
    "hosts": _hosts,
    "initgroups": _initgroups,
    "netgroup": _empty,
    "networks": _numbers("/etc/networks"),
    "passwd": _table(PASSWD, numbered=True),
    "protocols": _numbers("/etc/protocols"),
    "rpc": _numbers("/etc/rpc", 15, "  "),
    "services": _numbers("/etc/services"),
    "shadow": _table(SHADOW, numbered=False),
}
_ONLY_BY_KEY = ("ethers", "initgroups", "netgroup")


def _getent(context: CommandContext) -> BuiltinResult:
    words = parse(context, GETENT).words
    if not words:
        return fail(f"getent: wrong number of arguments\n{_HINT.rstrip()}")
    name, *keys = words
    if name not in _DATABASES:
        return fail(f"Unknown database: {name}", stdout=_HINT)
    if not keys and name in _ONLY_BY_KEY:
        return fail(f"Enumeration not supported on {name}", 3)
    context.pull()
    found = [_DATABASES[name](context, key) for key in keys or [_EVERY]]
    return BuiltinResult("".join(found), exit_code=0 if all(found) or not keys else 2)


COMMANDS: dict[str, Command] = {"getent": _getent}
