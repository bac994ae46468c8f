"""Commands about users and logins: whoami, id, groups, who, w, users, last."""

from datetime import UTC

from bashkit import BuiltinResult

from fleet.linux.base_accounts import BASE_ROWS, accounts
from fleet.linux.clock import DAY, formatted, headline
from fleet.linux.command import Command, CommandContext, fail, parse
from fleet.linux.dates import moment_of
from fleet.linux.options import options
from fleet.model import File, Host, Login

_SHARED_GROUPS = {12: "man", 60: "games", 65534: "nogroup"}
"""Groups of Debian's base-passwd whose number is not that of their users."""
ID = options("""
    -u --user
    -g --group
    -G --groups
    -n --name
    -r --real
    -z --zero
    -Z --context
    ~ -a
""")


def identity(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, ID)
    if "Z" in flags:
        return fail("id: --context (-Z) works only on an SELinux-enabled kernel")
    chosen = {"u", "g", "G"} & flags.values.keys()
    if len(chosen) > 1:
        return fail('id: cannot print "only" of more than one choice')
    if not chosen and ("n" in flags or "r" in flags):
        return fail("id: cannot print only names or real IDs in default format")
    if not chosen and "z" in flags:
        return fail("id: option --zero not permitted in default format")
    users, text, errors = accounts(context.host), "", ""
    for word in flags.words or [context.user]:
        user = next((name for name, uid in users.items() if str(uid) == word), word)
        if user not in users:
            errors += f"id: ‘{word}’: no such user\n"
            continue
        uid = users[user]
        own, others = _groups(context.host, user, uid)
        every = [own, *others]
        whole = f"uid={uid}({user}) gid={own[0]}({own[1]}) groups={','.join(f'{gid}({name})' for gid, name in every)}"
        shown = {"u": [(uid, user)], "g": [own], "G": every}.get(next(iter(chosen), ""), [])
        words = [name if "n" in flags else str(number) for number, name in shown]
        text += (" ".join(words) if chosen else whole) + ("\0" if "z" in flags else "\n")
    return BuiltinResult(text, errors, 1 if errors else 0)


def _groups(host: Host, user: str, uid: int) -> tuple[tuple[int, str], list[tuple[int, str]]]:
    """A user's own group, and the others that /etc/group lists it in: (number, name) of each."""
    passwd, group = (host.files.get(f"/etc/{name}", File()).content.splitlines() for name in ("passwd", "group"))
    table = [row for row in (line.split(":") for line in group) if len(row) == 4 and row[2].isdecimal()]
    users = [row for row in (line.split(":") for line in passwd) if len(row) == 7 and row[3].isdecimal()]
    users += [BASE_ROWS[user]] if user in BASE_ROWS else []
    number = next((int(row[3]) for row in users if row[0] == user), uid)
    name = next((row[0] for row in table if int(row[2]) == number), _SHARED_GROUPS.get(number, user))
    return (number, name), [(int(row[2]), row[0]) for row in table if user in row[3].split(",")]


def whoami(context: CommandContext) -> str:
    parse(context, most=0)
    return f"{context.user}\n"


def logname(context: CommandContext) -> BuiltinResult:
    parse(context, most=0)
    return fail("logname: no login name")  # the agent has no terminal


def groups(context: CommandContext) -> str | BuiltinResult:
    words = parse(context).words
    known = accounts(context.host)
    named = {
        user: " ".join(name for _, name in [own, *others])
        for user in words or [context.user]
        if user in known
        for own, others in [_groups(context.host, user, known[user])]
    }
    text = "".join(f"{user} : {names}\n" if words else f"{names}\n" for user, names in named.items())
    errors = "".join(f"groups: ‘{user}’: no such user\n" for user in words if user not in known)
    return BuiltinResult(text, errors, 1 if errors else 0)


def logged_in(host: Host) -> list[Login]:
    return [login for login in host.logins if login.end is None]


WHO = options("""
    -a --all
    -b --boot
    -H --heading
    -m
    -q --count
    -r --runlevel
    ~ -s --short
    -d --dead
    -p --process
    -t --time
    ~ --ips
    ~ --lookup
    -T -w --mesg --message --writable
    -u --users
""")


RECORDS = ("/run/utmp", "/var/run/utmp", "/var/log/wtmp")
"""Files that say who is logged in."""


def _elsewhere(words: list[str]) -> bool:
    """Whether another file is named, which holds no logins; whether it is there makes no difference."""
    return len(words) == 1 and words[0] not in RECORDS


def who(context: CommandContext) -> str:
    flags = parse(context, WHO, most=2)
    if _elsewhere(flags.words):
        return ""
    host = context.host
    here = logged_in(host)
    every, wide = "a" in flags, "a" in flags or "T" in flags
    if len(flags.words) == 2 or "m" in flags:
        return ""  # `who am i`: the agent has no terminal
    if "q" in flags:
        return f"{' '.join(login.user for login in here)}\n# users={len(here)}\n"
    mark = "  " if wide else ""
    rows: list[str] = []
    if "H" in flags:
        times = f"{'IDLE':<6} {'PID':>10} " if every or "u" in flags else ""
        rows.append(f"{'NAME':<8} {mark}{'LINE':<12} {'TIME':<16} {times}COMMENT{'  EXIT' if every else ''}")
    if "b" in flags or every:
        rows.append(f"{'':<8} {mark}{'system boot':<12} {formatted(host.boot, '%F %R')}")
    if "r" in flags or every:
        rows.append(f"{'':<8} {mark}{'run-level 5':<12} {formatted(host.boot, '%F %R')}")
    if every or "u" in flags or "T" in flags or not {"b", "r", "d", "p", "t"} & flags.values.keys():
        rows += [_who_row(context, login, wide, every or "u" in flags) for login in here]
    return "".join(f"{row}\n" for row in rows)


def _who_row(context: CommandContext, login: Login, wide: bool, times: bool) -> str:
    """A login as who shows it: `wide` with whether it takes messages, `times` with idle time and process."""
    host = context.host
    row = f"{login.user:<8} {'+ ' if wide else ''}{login.tty:<12} {formatted(login.start, '%F %R')}"
    if times:
        still = idle(host, login) // 60
        pid = next((process.pid for process in host.processes if process.tty == login.tty), 0)
        row += f" {f'{still // 60:02d}:{still % 60:02d}' if still else '  .  ':<6} {pid:>10}"
    return f"{row} ({login.origin})"


def users(context: CommandContext) -> str:
    if _elsewhere(parse(context, most=1).words):
        return ""
    names = sorted(login.user for login in logged_in(context.host))
    return " ".join(names) + "\n" if names else ""


def idle(host: Host, login: Login) -> int:
    """Idle time in seconds: not a field of the host, but always the same for the same state."""
    return (host.now - login.start) % 311


W = options("""
    -h --no-header
    -s --short
    -f --from
    ~ -o --old-style
    ~ -i --ip-addr
    ~ -u --no-current
""")


def w(context: CommandContext) -> str:
    flags = parse(context, W)
    host = context.host
    short = "s" in flags
    text = ""
    origin = (lambda text: "") if "f" in flags else (lambda text: f"{text:<16.16} ")  # -f takes the column away
    if "h" not in flags:
        text = f" {headline(host)}\n"
        from_ = origin("FROM")
        text += f"USER     TTY      {from_} IDLE WHAT\n" if short else (
            f"USER     TTY      {from_}LOGIN@   IDLE   JCPU   PCPU WHAT\n")  # fmt: skip
    for login in logged_in(host):
        if flags.words and login.user != flags.words[0]:
            continue
        still = idle(host, login)
        pause = f"{still:2d}.00s" if still < 60 else f"{still // 60:2d}:{still % 60:02d} "
        age = host.now - login.start
        since = formatted(login.start, "%H:%M" if age < DAY // 2 else "%a%H" if age < 6 * DAY else "%d%b%y")
        begin = f"{login.user:<8.8} {login.tty:<8.8} {origin(login.origin)}"
        text += f"{begin} {pause} -bash\n" if short else f"{begin}{since:<7} {pause}  0.05s  0.05s -bash\n"
    return text


LAST = options("""
    -n --limit=
    -F --fulltimes
    -a --hostlast
    -R --nohostname
    -x --system
    -f --file=
    -s --since=
    -t --until=
    ~ -d --dns
    ~ -i --ip
    ~ -w --fullnames
""")


def last(context: CommandContext) -> str | BuiltinResult:
    # `last -5` is `last -n 5`
    context.argv = [f"-n{word[1:]}" if word[1:].isdecimal() and word[0] == "-" else word for word in context.argv]
    flags = parse(context, LAST)
    limit = flags.get("n", "0")
    if not limit.isdecimal():
        return fail(f"last: failed to parse number: '{limit}'")
    host = context.host
    if "f" in flags and flags.get("f") not in context.pull().files:
        return fail(f"last: cannot open {flags.get('f')}: No such file or directory")
    since, until = (moment_of(flags.get(name), host.now, UTC) if name in flags else None for name in ("s", "t"))
    for name, time in (("s", since), ("t", until)):
        if name in flags and time is None:
            return fail(f'last: invalid time value "{flags.get(name)}"')
    pattern = "%a %b %e %T %Y" if "F" in flags else "%a %b %e %R"
    rows = []
    boot = Login("reboot", "system boot", host.system.kernel, host.boot)
    level = [Login("runlevel", "(to lvl 5)", host.system.kernel, host.boot + 5)] if "x" in flags else []
    for login in sorted([*host.logins, boot, *level], key=lambda login: login.start, reverse=True):
        if flags.words and not {login.user, login.tty} & set(flags.words):
            continue
        if (since is not None and login.start < since) or (until is not None and login.start > until):
            continue
        origin = "" if {"a", "R"} & flags.values.keys() else f"{login.origin:<16.16} "
        last_of_all = f"  {login.origin}" if "a" in flags else ""
        rows.append(f"{login.user:<8.8} {login.tty:<12.12} {origin}{_span(login, pattern)}{last_of_all}\n")
    first = min([host.boot, *(login.start for login in host.logins)])
    return "".join(rows[: int(limit[:9]) or None]) + f"\nwtmp begins {formatted(first, '%a %b %e %T %Y')}\n"


def _span(login: Login, pattern: str) -> str:
    """The period of a login, as last prints it."""
    since = formatted(login.start, pattern)
    if login.end is None:
        return f"{since}   {'still running' if login.user in ('reboot', 'runlevel') else 'still logged in'}"
    minutes = (login.end - login.start) // 60
    days = f"{minutes // 1440}+" if minutes >= 1440 else ""
    until = formatted(login.end, pattern if "%Y" in pattern else "%R")
    return f"{since} - {until} {f'({days}{minutes % 1440 // 60:02d}:{minutes % 60:02d})':>8}"


COMMANDS: dict[str, Command] = {
    "whoami": whoami,
    "logname": logname,
    "id": identity,
    "groups": groups,
    "who": who,
    "w": w,
    "users": users,
    "last": last,
}
