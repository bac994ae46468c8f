"""Commands that test connections within the fleet: ping, nc, telnet, traceroute."""

import re
from hashlib import sha256

from bashkit import BuiltinResult

from fleet.linux.clock import duration
from fleet.linux.command import Command, CommandContext, fail, lacking, parse
from fleet.linux.interfaces import GATEWAY, GATEWAY_MAC
from fleet.linux.options import options
from fleet.linux.refusals import NC_USAGE
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


def neighbours(context: CommandContext) -> list[tuple[str, str, str]]:
    """(name, address, hardware address) of the gateway and of every other host."""
    own = context.host
    others = [machine.host for machine in context.machine.fleet.values() if machine.host.address != own.address]
    gateway = ("_gateway", GATEWAY, GATEWAY_MAC)
    return [gateway, *((host.name, host.address, host.mac) for host in others)]


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
    if "l" in flags:
        return lacking(context, "nc -l", BuiltinResult(exit_code=1))
    if len(flags.words) != 2:
        return fail(NC_USAGE)
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


TELNET = options("""
    ~ -4
""")


def _telnet(context: CommandContext) -> str | BuiltinResult:
    words = parse(context, TELNET).words
    if not words:
        return "telnet> "
    if len(words) > 2:
        return fail("usage: telnet [-4] [-6] [-8] [-E] [-L] [-a] [-d] [-e char] [-l user]\n\t[-n tracefile] [ -b addr ]"
                    " [-r] [host-name [port]]")  # fmt: skip
    target, port = (*words, "23")[:2]
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


TRACEROUTE = options("""
    -n
    -m --max-hops=
    -q --queries=
    ~ -w --wait=
    ~ -4
""")


def _traceroute(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, TRACEROUTE)
    hops, queries = flags.get("m", "30"), flags.get("q", "3")
    if not flags.words:
        return fail('Specify "host" missing argument.', 2)
    if len(flags.words) > 1 or not hops.isdecimal() or not re.fullmatch(r"[1-9]|10", queries):
        return lacking(context, "traceroute with such arguments", BuiltinResult(exit_code=2))
    word = flags.words[0]
    address = resolve(context, word)
    if address is None:
        return fail(f'{word}: Name or service not known\nCannot handle "host" cmdline arg `{word}\' on position 1', 2)
    head = f"traceroute to {word} ({address}), {hops} hops max, 60 byte packets\n"
    if host_at(context, address) is None:
        return head + "".join(f"{hop:2}  {' '.join('*' * int(queries))}\n" for hop in range(1, int(hops[:3]) + 1))
    times = "  ".join(f"{delay(context, address, n):.3f} ms" for n in range(int(queries)))
    return f"{head} 1  {address if 'n' in flags else f'{word} ({address})'}  {times}\n"


COMMANDS: dict[str, Command] = {
    "ping": _ping,
    "nc": _nc,
    "ncat": _nc,
    "telnet": _telnet,
    "traceroute": _traceroute,
}
