"""loginctl: sessions and users as systemd-logind lists them."""

from bashkit import BuiltinResult

from fleet.linux.base_accounts import accounts
from fleet.linux.command import Command, CommandContext, fail, lacking, parse, table
from fleet.linux.manual import release
from fleet.linux.options import options
from fleet.linux.sessions import idle
from fleet.linux.systemd.unit_state import ago
from fleet.model import Host

LOGINCTL = options("""
    --no-legend
    ~ --no-pager
    ~ --no-ask-password
    ~ -l --full
    ~ -a --all
""")
_LATER = frozenset(
    ("session-status", "show-session", "activate", "lock-session", "unlock-session", "lock-sessions",
     "unlock-sessions", "terminate-session", "kill-session", "user-status", "show-user", "enable-linger",
     "disable-linger", "terminate-user", "kill-user", "seat-status", "show-seat", "attach", "flush-devices",
     "terminate-seat")
)  # fmt: skip
"""Those of a real loginctl that are not simulated."""


def _loginctl(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, LOGINCTL)
    verb, *words = flags.words or ["list-sessions"]
    lists = {"list-sessions": _sessions, "list-users": _users, "list-seats": _seats}
    if verb not in lists:
        refusal = fail(f"Unknown command verb {verb}.")
        return lacking(context, f"loginctl {verb}", refusal) if verb in _LATER else refusal
    if words:
        return fail("Too many arguments.")
    heads, rows, right = lists[verb](context.host)
    kind = verb.partition("-")[2]
    if "no-legend" in flags:
        return table(rows, right) if rows else ""
    shown = table([heads, *rows], right) + "\n" if rows else ""
    return f"{shown}{f'{len(rows)} {kind} listed.' if rows else f'No {kind}.'}\n"


_Listed = tuple[list[str], list[list[str]], list[int]]
"""(heads, rows, the columns that are aligned to the right)"""


def _newer(host: Host) -> bool:
    """Whether the lists tell more: since systemd 254."""
    return host.system.version == "24.04" or release("systemd", host).startswith(("254", "255"))


def _sessions(host: Host) -> _Listed:
    uids, rows = accounts(host), []
    for number, login in enumerate(host.logins, start=1):
        if login.end is None:
            quiet = idle(host, login) > 60
            more = ["active", "yes" if quiet else "no", ago(idle(host, login)) if quiet else "-"]
            seat = "-" if _newer(host) else ""
            rows.append([str(number), str(uids[login.user]), login.user, seat, login.tty, *more[: 3 * _newer(host)]])
    heads = ["SESSION", "UID", "USER", "SEAT", "TTY", *["STATE", "IDLE", "SINCE"][: 3 * _newer(host)]]
    return heads, rows, [0, 1]


def _users(host: Host) -> _Listed:
    uids = accounts(host)
    names = sorted({login.user for login in host.logins if login.end is None}, key=lambda name: uids[name])
    more = ["no", "active"][: 2 * _newer(host)]
    return ["UID", "USER", *["LINGER", "STATE"][: 2 * _newer(host)]], [[str(uids[n]), n, *more] for n in names], [0]


def _seats(host: Host) -> _Listed:
    return ["SEAT"], [["seat0"]], []


COMMANDS: dict[str, Command] = {"loginctl": _loginctl}
