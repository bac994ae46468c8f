"""lastlog: when each user last logged in."""

from bashkit import BuiltinResult

from fleet.linux.account_files import PASSWD, account, rows
from fleet.linux.base_accounts import accounts
from fleet.linux.clock import formatted
from fleet.linux.command import Command, CommandContext, fail, parse
from fleet.linux.options import options

LASTLOG = options("""
    -u --user=
    -b --before=
    -t --time=
""")
_USAGE = (
    "Usage: lastlog [options]\n\nOptions:\n  -b, --before DAYS\n  -C, --clear\n  -h, --help\n  -R, --root CHROOT_DIR\n"
    "  -S, --set\n  -t, --time DAYS\n  -u, --user LOGIN\n\n"
)
_HEAD = "Username         Port     From                                       Latest\n"


def _lastlog(context: CommandContext) -> BuiltinResult:
    flags = parse(context, LASTLOG)
    if flags.words:
        return fail(f"lastlog: unexpected argument: {flags.words[0]}\n{_USAGE.rstrip()}\n")
    for name in ("b", "t"):
        if name in flags and not flags.get(name).isdecimal():
            return fail(f"lastlog: invalid numeric argument '{flags.get(name)}'")
    host = context.pull()
    users = [row[0] for row in rows(context, PASSWD)]
    users += [login.user for login in host.logins if login.user not in users]
    if "u" in flags:
        names = {str(number): name for name, number in accounts(host).items()}
        user = account(context, names.get(flags.get("u"), flags.get("u")))
        if user is None:
            return fail(f"lastlog: Unknown user or range: {flags.get('u')}")
        users = [user.name]
    text = ""
    for user in dict.fromkeys(users):
        login = max((one for one in host.logins if one.user == user), key=lambda one: one.start, default=None)
        days = (host.now - login.start) / 86_400 if login else host.now / 86_400
        if ("t" in flags and days > int(flags.get("t")[:9])) or ("b" in flags and days < int(flags.get("b")[:9])):
            continue
        tty, origin = (login.tty, login.origin) if login else ("", "")
        latest = formatted(login.start, "%a %b %e %H:%M:%S +0000 %Y") if login else "**Never logged in**"
        text += f"{user:<16} {tty:<8.8} {origin:<42.42}{latest}\n"
    return BuiltinResult(_HEAD + text if text else "")


COMMANDS: dict[str, Command] = {"lastlog": _lastlog}
