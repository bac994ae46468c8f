"""ss: a host's TCP sockets, and the filters that choose among them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from bashkit import BuiltinResult

from fleet.linux import connectivity
from fleet.linux.command import Command, CommandContext, Flags, UsageError, fail, parse
from fleet.linux.manual import said_of_help
from fleet.linux.options import options
from fleet.model import Host
from fleet.ports import listeners


@dataclass(frozen=True, slots=True)
class Socket:
    """A TCP socket on the host."""

    state: str
    """LISTEN or ESTAB"""
    local: tuple[str, int]
    peer: tuple[str, int | None]
    users: tuple[tuple[str, int], ...]
    """(program, pid) of the processes that own it"""


def sockets(host: Host) -> list[Socket]:
    """Listening sockets by port, then the ssh connections of logged-in users."""
    found = []
    for listener in listeners(host):
        workers = [p for p in host.processes if listener.service and p.service == listener.service]
        own = [(p.name, p.pid) for p in workers if p.name == listener.name] or [(listener.name, listener.pid)]
        found.append(Socket("LISTEN", (listener.address, listener.port), ("0.0.0.0", None), tuple(own)))
    daemon = next((s.users[-1:] for s in found if s.local[1] == 22), ())
    for number, login in enumerate(host.logins):
        if login.end is None and connectivity.is_address(login.origin) and daemon:
            peer = (login.origin, 40_000 + (login.start + number) % 20_000)
            found.append(Socket("ESTAB", (host.address, 22), peer, daemon))
    return found


SS = options("""
    -t --tcp
    -u --udp
    -l --listening
    -n --numeric
    -p --processes
    -a --all
    -s --summary
    -H --no-header
    -4 --ipv4
    -6 --ipv6
    -x --unix
    -w --raw
    -e --extended
    -i --info
    -m --memory
    -A --query= --socket=
    -f --family=
    -E --events
    ~ -K --kill
    ~ -o --options
    ~ -O --oneline
    ~ -r --resolve
    ~ -B --bpf
    ~ -Q --no-queues
    ~ -z --contexts
""")
TABLES = {
    **dict.fromkeys(("all", "inet", "tcp"), True),
    **dict.fromkeys(
        ("udp", "raw", "unix", "packet", "netlink", "unix_stream", "unix_dgram", "unix_seqpacket", "packet_raw",
         "packet_dgram", "dccp", "sctp", "tipc", "vsock_stream", "vsock_dgram", "vsock", "xdp", "mptcp"), False,
    ),
}  # fmt: skip
"""Table of -A -> whether it has TCP sockets."""
FAMILIES = {"inet": True, "inet6": False, "link": False, "unix": False, "netlink": False, "vsock": False, "tipc": False,
    "xdp": False, "all": True}  # fmt: skip
"""Family of -f -> whether the sockets here are of it."""
STATES = {"established": "ESTAB", "listening": "LISTEN", "listen": "LISTEN"}
OTHER_STATES = frozenset(
    ("syn-sent", "syn-recv", "fin-wait-1", "fin-wait-2", "time-wait", "closed", "close-wait", "last-ack", "closing")
)
GROUPS = {
    "all": ("ESTAB", "LISTEN"),
    "connected": ("ESTAB",),
    "synchronized": ("ESTAB",),
    "bucket": (),
    "big": ("ESTAB",),
}
SocketTest = Callable[[Socket], bool]


class FilterError(Exception):
    """A filter that ss does not understand."""


def port_name(port: int | None, numeric: bool) -> str:
    """A port as ss and netstat show it."""
    if port is None:
        return "*"
    return str(port) if numeric else connectivity.SERVICES.get(port, str(port))


def open_sockets(host: Host, flags: Flags) -> list[Socket]:
    """With -l only listening sockets, with -a all, otherwise only connections. TCP only: nothing here uses UDP."""
    kinds = {"u", "x", "w", "6"} & flags.values.keys()
    tables = flags.get("A", "all").split(",")
    if (kinds and not {"t", "4"} & flags.values.keys()) or ("6" in flags and "4" not in flags):
        return []
    if not FAMILIES[flags.get("f", "all")] or not any(TABLES[table] for table in tables):
        return []
    wanted = {"LISTEN"} if "l" in flags else {"LISTEN", "ESTAB"} if "a" in flags else {"ESTAB"}
    return [socket for socket in sockets(host) if socket.state in wanted]


def ss(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, SS)
    host, words = context.host, " ".join(flags.words).replace("(", " ( ").replace(")", " ) ").split()
    if "s" in flags:
        return _summary(host)
    if strange := [table for table in flags.get("A").split(",") if "A" in flags and table not in TABLES]:
        return _explained(f'ss: "{strange[0]}" is illegal socket table id')
    if "f" in flags and flags.get("f") not in FAMILIES:
        return _explained(f'ss: "{flags.get("f")}" is invalid family')
    if "E" in flags:
        return BuiltinResult(exit_code=124)  # it waits for sockets to be closed
    try:
        states, words = _states(words)
        found = [socket for socket in sockets(host) if socket.state in states] if states is not None else None
        chosen = open_sockets(host, flags) if found is None else found
        test = _Filter(context, words).test() if words else None
    except FilterError as wrong:
        raise UsageError(fail(f"Error: {wrong}\nCannot parse dst/src address.")) from wrong
    chosen = [socket for socket in chosen if test is None or test(socket)]
    kinds = [name for name in "tuxw" if name in flags]
    one_kind = (len(kinds) == 1 and kinds != ["x"]) or (not kinds and flags.get("A") == "tcp")
    hidden = {"Netid"} if one_kind else set()
    hidden |= {"State"} if states is not None and len(states) == 1 else set()
    return _rows(chosen, flags, hidden)


def _explained(why: str) -> BuiltinResult:
    said = said_of_help("ss")
    return BuiltinResult(stderr=f"{why}\n{said.stdout + said.stderr if said else ''}", exit_code=255)


def _summary(host: Host) -> str:
    made = sum(socket.state == "ESTAB" for socket in sockets(host))
    total = len(sockets(host))
    text = f"Total: {total + 90}\nTCP:   {total} (estab {made}, closed 0, orphaned 0, timewait 0)\n\n"
    text += "Transport Total     IP        IPv6\n"
    counts = (("RAW", 0), ("UDP", 0), ("TCP", total), ("INET", total), ("FRAG", 0))
    return text + "".join(f"{name}\t  {n:<9} {n:<9} {0:<9}\n" for name, n in counts) + "\n"


def _states(words: list[str]) -> tuple[set[str] | None, list[str]]:
    """(the states asked for, None if none was; the other words)"""
    states: set[str] | None = None
    while words[:1] in (["state"], ["exclude"], ["excl"]):
        if len(words) < 2:
            raise UsageError(fail('Command line is not complete. Try option "help"', 255))
        name = words[1].lower()
        if name in GROUPS:
            named = set(GROUPS[name])
        elif name in STATES:
            named = {STATES[name]}
        elif name in OTHER_STATES:
            named = {name.upper()}
        else:
            raise UsageError(fail(f"ss: wrong state name: {words[1]}", 255))
        before = states if states is not None else set()
        states = before | named if words[0] == "state" else ({"ESTAB", "LISTEN"} if states is None else states) - named
        words = words[2:]
    return states, words


_COLUMNS = (
    ("Netid", "", False),
    ("State", " ", False),
    ("Recv-Q", " ", False),
    ("Send-Q", " ", False),
    ("Local Address:", " ", True),
    ("Port", "", False),
    ("Peer Address:", " ", True),
    ("Port", "", False),
    ("Process", "", False),
)
"""(heading, what stands before it, whether it is aligned to the right), as ss.c has them"""


def _rows(found: Sequence[Socket], flags: Flags, hidden: set[str]) -> str:
    rows = [] if "H" in flags else [[heading for heading, _, _ in _COLUMNS]]
    for socket in found:
        users = ",".join(f'("{name}",pid={pid},fd={6 + n})' for n, (name, pid) in enumerate(socket.users))
        ends = [
            part
            for address, port in (socket.local, socket.peer)
            for part in (f"{address}:", port_name(port, "n" in flags))
        ]
        queue = "511" if socket.state == "LISTEN" else "0"
        rows.append(["tcp", socket.state, "0", queue, *ends, _more(socket, users, flags)])
    kept = [place for place, (heading, _, _) in enumerate(_COLUMNS) if heading not in hidden]
    widths = {place: max((len(row[place]) for row in rows), default=0) for place in kept}
    text = ""
    for row in rows:
        for place in kept:
            _, before, right = _COLUMNS[place]
            cell = row[place].rjust(widths[place]) if right else row[place].ljust(widths[place])
            text += ("" if place == kept[0] else before) + cell
        text += "\n"
    return text


def _more(socket: Socket, users: str, flags: Flags) -> str:
    """What stands in the last column: owners, numbers, and below them what TCP says."""
    text = f" users:({users})" if "p" in flags else ""
    number = 14_000 + socket.local[1] % 9000
    if "e" in flags:
        text += f" ino:{number} sk:{number % 4096:x} <->"
    if "m" in flags:
        text += "\n\t skmem:(r0,rb131072,t0,tb16384,f0,w0,o0,bl0,d0)"
    if "i" in flags:
        text += f"{' ' if 'm' in flags else chr(10) + chr(9) + ' '}cubic cwnd:10"
    return text


@dataclass(slots=True)
class _Filter:
    """ss's filter: conditions on addresses and ports, joined by and, or, not and parentheses (ss(8))."""

    context: CommandContext
    words: list[str]

    def test(self) -> SocketTest:
        found = self._any()
        if self.words:
            raise FilterError(f"syntax error at {self.words[0]}")
        return found

    def _any(self) -> SocketTest:
        tests = [self._all()]
        while self.words[:1] in (["or"], ["||"], ["|"]):
            self.words.pop(0)
            tests.append(self._all())
        return lambda socket: any(test(socket) for test in tests)

    def _all(self) -> SocketTest:
        tests = [self._one()]
        while self.words and self.words[0] not in ("or", "||", "|", ")"):
            if self.words[0] in ("and", "&&", "&"):
                self.words.pop(0)
            tests.append(self._one())
        return lambda socket: all(test(socket) for test in tests)

    def _one(self) -> SocketTest:
        word = self._next()
        if word in ("not", "!"):
            inner = self._one()
            return lambda socket: not inner(socket)
        if word == "(":
            inner = self._any()
            if self._next() != ")":
                raise FilterError("expected )")
            return inner
        if word in ("dst", "src"):
            value = self._next()
            value = self._next() if value in ("=", "==", "eq") else value
            return self._address(word, value)
        if word in ("dport", "sport"):
            sign = self._next() if self.words[:1] and self.words[0] in _SIGNS else "="
            return self._port(word, sign, self._next())
        raise FilterError(f'an inet prefix is expected rather than "{word}".')

    def _next(self) -> str:
        if not self.words:
            raise FilterError("unexpected end of filter")
        return self.words.pop(0)

    def _address(self, side: str, value: str) -> SocketTest:
        name, _, port = value.rpartition(":") if ":" in value else (value, "", "")
        tests: list[SocketTest] = []
        if port and port != "*":
            tests.append(self._port("dport" if side == "dst" else "sport", "=", port))
        if name and name != "*":
            network = self._network(name)
            tests.append(lambda socket: ip_address(_end(socket, side)[0]) in network)
        return lambda socket: all(test(socket) for test in tests)

    def _network(self, name: str) -> IPv4Network | IPv6Network:
        try:
            return ip_network(name, strict=False)
        except ValueError:
            found = connectivity.resolve(self.context, name)
            if found is None:
                raise FilterError(f'an inet prefix is expected rather than "{name}".') from None
            return ip_network(found)

    def _port(self, side: str, sign: str, text: str) -> SocketTest:
        plain = text.removeprefix(":")
        numbers = {name: number for number, name in connectivity.SERVICES.items()}
        if not plain.isdecimal() and plain not in numbers:
            raise FilterError(f'"{text}" does not look like a port.')
        wanted = int(plain[:6]) if plain.isdecimal() else numbers[plain]
        compare = _SIGNS[sign]
        return lambda socket: compare(_end(socket, "dst" if side == "dport" else "src")[1] or 0, wanted)


_SIGNS: dict[str, Callable[[int, int], bool]] = {
    **dict.fromkeys(("=", "==", "eq"), lambda value, wanted: value == wanted),
    **dict.fromkeys(("!=", "ne", "neq"), lambda value, wanted: value != wanted),
    **dict.fromkeys((">=", "ge", "geq"), lambda value, wanted: value >= wanted),
    **dict.fromkeys(("<=", "le", "leq"), lambda value, wanted: value <= wanted),
    **dict.fromkeys((">", "gt"), lambda value, wanted: value > wanted),
    **dict.fromkeys(("<", "lt"), lambda value, wanted: value < wanted),
}


def _end(socket: Socket, side: str) -> tuple[str, int | None]:
    return socket.peer if side == "dst" else socket.local


COMMANDS: dict[str, Command] = {"ss": ss}
