"""Commands that test connections within the fleet: ping, nc, telnet, dig, host, getent, traceroute."""

import re
from collections.abc import Iterator
from hashlib import sha256

from bashkit import BuiltinResult

from fleet.linux.clock import duration
from fleet.linux.command import Command, CommandContext, fail, lacking, parse
from fleet.linux.options import options
from fleet.model import Host
from fleet.ports import Listener, listeners

REFUSED, TIMED_OUT = "Connection refused", "Connection timed out"
SERVICES = {22: "ssh", 25: "smtp", 53: "domain", 80: "http", 443: "https", 3306: "mysql", 5432: "postgresql",
    5672: "amqp", 6379: "redis", 8080: "http-alt", 5985: "wsman"}  # fmt: skip
"""Port -> name, as in /etc/services."""
MAX_PACKETS = 60
"""Most packets of one ping: more would hit any time-out."""
STOPPED = 124


def is_address(text: str) -> bool:
    """Whether `text` is an IPv4 address."""
    return bool(re.fullmatch(r"\d{1,3}(?:\.\d{1,3}){3}", text)) and all(int(part) < 256 for part in text.split("."))


def resolve(context: CommandContext, name: str) -> str | None:
    """The address of a name: /etc/hosts first, then the fleet. An address is returned as it is."""
    if is_address(name):
        return name
    hosts = context.pull().files.get("/etc/hosts")
    for line in (hosts.content if hosts else "127.0.0.1 localhost").splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        if name in names and is_address(address):
            return address
    if name in ("localhost", context.host.name):
        return "127.0.0.1" if name == "localhost" else context.host.address
    other = context.machine.fleet.get(name)
    return other.host.address if other else None


def host_at(context: CommandContext, address: str) -> Host | None:
    """The host at an address, if any."""
    own = context.host
    if address.startswith("127.") or address in (own.address, "0.0.0.0"):
        return own
    return next((m.host for m in context.machine.fleet.values() if m.host.address == address), None)


def connect(context: CommandContext, address: str, port: int) -> Listener | str:
    """The listener at an address and port, or the error if there is none."""
    host = host_at(context, address)
    if host is None:
        return TIMED_OUT
    found = next((listener for listener in listeners(host) if listener.port == port), None)
    if found is None or (found.address == "127.0.0.1" and not address.startswith("127.")):
        return REFUSED
    return found


def delay(context: CommandContext, address: str, number: int = 0) -> float:
    """Round-trip time in milliseconds, always the same between two addresses."""
    digest = sha256(f"{context.host.name}{address}{number}".encode()).digest()
    base = 0.02 if address.startswith("127.") or address == context.host.address else 0.3
    return round(base * (1 + digest[0] / 255), 3)


PING = options("""
    -c=
    -i=
    -W=
    -w=
    -s=
    -q
    ~ -n
    ~ -4
    ~ -O
    ~ -D
    ~ -v
""")


def _ping(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, PING)
    if len(flags.words) != 1:
        return fail("ping: usage error: Destination address required", 1)
    for name in "cWws":
        if name in flags and not re.fullmatch(r"[1-9]\d{0,8}", flags.get(name)):
            return fail(f"ping: invalid argument: '{flags.get(name)}'", 1)
    if not re.fullmatch(r"\d{0,4}(?:\.\d{1,6})?", flags.get("i", "1")):
        return fail(f"ping: bad timing interval: '{flags.get('i')}'", 2)
    target = flags.words[0]
    address = resolve(context, target)
    if address is None:
        return fail(f"ping: {target}: Name or service not known", 2)
    endless = MAX_PACKETS + 1
    wanted = int(flags.get("c", str(endless)))
    pause = float(flags.get("i") or 1) or 0.001
    if "w" in flags:
        wanted = min(wanted, int(int(flags.get("w")) / pause) + 1)
    limit = duration(context.env.get("AJ_SECONDS", "inf")) or 0.0
    stopped = wanted > MAX_PACKETS or wanted * pause > limit
    count = min(wanted, MAX_PACKETS, int(limit / pause) + 1)
    there = host_at(context, address) is not None
    times = [delay(context, address, number) for number in range(count)] if there else []
    source = address if target == address else f"{target} ({address})"
    size = int(flags.get("s", "56"))
    lines = [f"PING {target} ({address}) {size}({size + 28}) bytes of data."]
    if "q" not in flags:
        lines += [
            f"{size + 8} bytes from {source}: icmp_seq={number} ttl=64 time={time} ms"
            for number, time in enumerate(times, start=1)
        ]
    if stopped:
        return BuiltinResult(stdout="\n".join(lines) + "\n", exit_code=STOPPED)
    took = round((count - 1) * float(flags.get("i") or 1) * 1002 + sum(times))
    lost = 100 - 100 * len(times) // count
    lines += ["", f"--- {target} ping statistics ---"]
    lines += [f"{count} packets transmitted, {len(times)} received, {lost}% packet loss, time {took}ms"]
    if times:
        mean = sum(times) / count
        deviation = (sum((time - mean) ** 2 for time in times) / count) ** 0.5
        lines += [f"rtt min/avg/max/mdev = {min(times):.3f}/{mean:.3f}/{max(times):.3f}/{deviation:.3f} ms"]
    else:
        lines += [""]
    return BuiltinResult(stdout="\n".join(lines) + "\n", exit_code=0 if times else 1)


NC = options("""
    -z
    -v
    -l
    ~ -w=
    ~ -n
    ~ -4
    ~ -N
""")


def _nc(context: CommandContext) -> str | BuiltinResult:
    """Supports only nc -z (is the port open?); a real connection prints nothing."""
    flags = parse(context, NC)
    if len(flags.words) != 2 or "l" in flags:
        return fail("usage: nc [-46CDdFhklNnrStUuvZz] [-w timeout] [destination] [port]")
    target, wanted = flags.words
    if not re.fullmatch(r"\d{1,5}(-\d{1,5})?", wanted):
        return fail(f'nc: port number invalid: "{wanted}"')
    address = resolve(context, target)
    if address is None:
        return fail(f'nc: getaddrinfo for host "{target}" port {wanted}: Name or service not known')
    first, _, last = wanted.partition("-")
    report, opened = "", 0
    where = target if target == address else f"{target} ({address})"
    for port in range(int(first), min(int(last or first), int(first) + 1023) + 1):
        found = connect(context, address, port)
        opened += isinstance(found, Listener)
        if isinstance(found, Listener):
            report += f"Connection to {where} {port} port [tcp/{SERVICES.get(port, '*')}] succeeded!\n"
        elif found == TIMED_OUT:
            report += f"nc: connect to {where} port {port} (tcp) timed out: Operation now in progress\n"
            break
        else:
            report += f"nc: connect to {where} port {port} (tcp) failed: {found}\n"
    return BuiltinResult(stderr=report if "v" in flags else "", exit_code=0 if opened else 1)


def _telnet(context: CommandContext) -> str | BuiltinResult:
    target, port = (*context.argv, "23")[:2] if context.argv else ("", "")
    address = resolve(context, target)
    if address is None or not port.isdecimal() or len(port) > 5:
        return fail(f"telnet: could not resolve {target}/{port}: Name or service not known")
    found = connect(context, address, int(port))
    if isinstance(found, str):
        return fail(f"telnet: Unable to connect to remote host: {found}", 1, f"Trying {address}...\n")
    text = (
        f"Trying {address}...\nConnected to {target}.\nEscape character is '^]'.\nConnection closed by foreign host.\n"
    )
    return BuiltinResult(stdout=text, exit_code=1)


# --- names ----------------------------------------------------------------------------------------------------------


def _names(context: CommandContext) -> Iterator[tuple[str, str]]:
    """Every name known here, with its address: this host and the fleet."""
    yield context.host.name, context.host.address
    for name, machine in context.machine.fleet.items():
        if name != context.host.name:
            yield name, machine.host.address


def _looked_up(context: CommandContext, word: str) -> tuple[str, str] | None:
    """(name, address) for a name or an address, as the fleet's name server knows them."""
    return next((pair for pair in _names(context) if word in pair), None)


def _dig(context: CommandContext) -> str | BuiltinResult:
    words = [word for word in context.argv if word[:1] not in "@+-" and word.upper() not in ("A", "IN", "AAAA", "PTR")]
    if not words:
        return fail("dig: no name given", 1)
    name, backwards = words[0], "-x" in context.argv
    found = _looked_up(context, name)
    answer = (f"{found[0]}." if backwards else found[1]) if found and is_address(name) == backwards else ""
    if "+short" in context.argv:
        return f"{answer}\n" if answer else ""
    asked = f"{'.'.join(reversed(name.split('.')))}.in-addr.arpa" if backwards else name
    kind = "PTR" if backwards else "A"
    status = "NOERROR" if answer else "NXDOMAIN"
    section = f";; ANSWER SECTION:\n{asked}.\t\t60\tIN\t{kind}\t{answer}\n\n" if answer else ""
    if "+noall" in context.argv and "+answer" in context.argv:
        return section.partition("\n")[2].rstrip("\n") + "\n" if answer else ""
    number = int(sha256(asked.encode()).hexdigest()[:4], 16)
    return (
        f"\n; <<>> DiG 9.18.28 <<>> {' '.join(context.argv)}\n;; global options: +cmd\n;; Got answer:\n"
        f";; ->>HEADER<<- opcode: QUERY, status: {status}, id: {number}\n"
        f";; flags: qr rd ra; QUERY: 1, ANSWER: {int(bool(answer))}, AUTHORITY: 0, ADDITIONAL: 1\n\n"
        ";; OPT PSEUDOSECTION:\n; EDNS: version: 0, flags:; udp: 65494\n"
        f";; QUESTION SECTION:\n;{asked}.\t\t\tIN\t{kind}\n\n"
        f"{section};; Query time: 1 msec\n;; SERVER: 127.0.0.53#53(127.0.0.53) (UDP)\n;; MSG SIZE  rcvd: 50\n\n"
    )


def _host(context: CommandContext) -> str | BuiltinResult:
    word = next((word for word in context.argv if not word.startswith("-")), "")
    found = _looked_up(context, word)
    if found is None:
        return BuiltinResult(stdout=f"Host {word} not found: 3(NXDOMAIN)\n", exit_code=1)
    if is_address(word):
        return f"{'.'.join(reversed(word.split('.')))}.in-addr.arpa domain name pointer {found[0]}.\n"
    return f"{found[0]} has address {found[1]}\n"


def _nslookup(context: CommandContext) -> str | BuiltinResult:
    word = next((word for word in context.argv if not word.startswith("-")), "")
    found = _looked_up(context, word)
    server = "Server:\t\t127.0.0.53\nAddress:\t127.0.0.53#53\n\n"
    if found is None:
        return BuiltinResult(stdout=f"{server}** server can't find {word}: NXDOMAIN\n\n", exit_code=1)
    if is_address(word):
        return f"{'.'.join(reversed(word.split('.')))}.in-addr.arpa\tname = {found[0]}.\n\n"
    return f"{server}Non-authoritative answer:\nName:\t{found[0]}\nAddress: {found[1]}\n\n"


_DATABASES = frozenset(
    ("ahostsv6", "aliases", "ethers", "gshadow", "initgroups", "netgroup", "networks", "protocols", "rpc",
     "services", "shadow")
)  # fmt: skip
"""Those of a real getent that have nothing to read here."""


def _getent(context: CommandContext) -> str | BuiltinResult:
    """getent for hosts and for databases that are files in /etc."""
    words = parse(context).words
    if not words:
        return fail("getent: wrong number of arguments\nTry `getent --help' or `getent --usage' for more information.")
    database, *keys = words
    if database in ("hosts", "ahosts", "ahostsv4"):
        found = [(key, resolve(context, key)) for key in keys] if keys else list(_names(context))
        text = "".join(f"{address:<15} {name}\n" for name, address in found if address)
        return BuiltinResult(stdout=text, exit_code=0 if text else 2)
    if database not in ("passwd", "group"):
        hint = "Try `getent --help' or `getent --usage' for more information.\n"
        refusal = fail(f"Unknown database: {database}", stdout=hint)
        return lacking(context, f"getent {database}", refusal) if database in _DATABASES else refusal
    file = context.pull().files.get(f"/etc/{database}")
    lines = [line for line in (file.content if file else "").splitlines() if not keys or line.split(":")[0] in keys]
    return BuiltinResult(stdout="".join(f"{line}\n" for line in lines), exit_code=0 if lines else 2)


def _traceroute(context: CommandContext) -> str | BuiltinResult:
    word = next((word for word in context.argv if not word.startswith("-")), "")
    address = resolve(context, word)
    if address is None:
        return fail(f'{word}: Name or service not known\nCannot handle "host" cmdline arg `{word}\' on position 1', 2)
    head = f"traceroute to {word} ({address}), 30 hops max, 60 byte packets\n"
    if host_at(context, address) is None:
        return head + "".join(f"{hop:2}  * * *\n" for hop in range(1, 31))
    return (
        f"{head} 1  {word} ({address})  " + "  ".join(f"{delay(context, address, n):.3f} ms" for n in range(3)) + "\n"
    )


COMMANDS: dict[str, Command] = {
    "ping": _ping,
    "nc": _nc,
    "ncat": _nc,
    "telnet": _telnet,
    "dig": _dig,
    "host": _host,
    "nslookup": _nslookup,
    "getent": _getent,
    "traceroute": _traceroute,
}
