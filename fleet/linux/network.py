"""Commands about a host's own network: ss, netstat, ip, ifconfig, route, ufw, iptables."""

import re
from dataclasses import dataclass

from bashkit import BuiltinResult

from fleet.linux import connectivity, web
from fleet.linux.command import Command, CommandContext, Flags, fail, lacking, parse, table
from fleet.model import Host
from fleet.ports import DOCKER, listeners

GATEWAY = "10.0.0.1"
INTERFACE = "eth0"


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


def _chosen(host: Host, flags: Flags) -> list[Socket]:
    """With -l only listening sockets, with -a all, otherwise only connections. TCP only: nothing here uses UDP."""
    if "u" in flags and "t" not in flags:
        return []
    wanted = {"LISTEN"} if "l" in flags else {"LISTEN", "ESTAB"} if "a" in flags else {"ESTAB"}
    return [socket for socket in sockets(host) if socket.state in wanted]


def _end(end: tuple[str, int | None], flags: Flags) -> str:
    port = "*" if end[1] is None else str(end[1])
    return f"{end[0]}:{port if 'n' in flags or end[1] is None else connectivity.SERVICES.get(end[1], port)}"


def _ss(context: CommandContext) -> str | BuiltinResult:
    flags = parse(
        context,
        "tulnpasHh46eomirxwO",
        ["tcp", "udp", "listening", "numeric", "processes", "all", "summary", "no-header", "extended"],
        {"tcp": "t", "udp": "u", "listening": "l", "numeric": "n", "processes": "p", "all": "a", "summary": "s",
         "no-header": "H"},
    )  # fmt: skip
    found = _chosen(context.host, flags)
    if "s" in flags:
        made = sum(socket.state == "ESTAB" for socket in sockets(context.host))
        total = len(sockets(context.host))
        return f"Total: {total + 90}\nTCP:   {total} (estab {made}, closed 0, orphaned 0, timewait 0)\n"
    for side, port in re.findall(r"(sport|dport)\s*(?:=|eq)?\s*:?(\w+)", " ".join(flags.words)):
        ends = [(s, s.local[1] if side == "sport" else s.peer[1]) for s in found]
        found = [s for s, end in ends if port in (str(end), connectivity.SERVICES.get(end or 0))]
    one_kind = ("t" in flags) != ("u" in flags)
    rows = []
    for socket in found:
        users = ",".join(f'("{name}",pid={pid},fd={6 + n})' for n, (name, pid) in enumerate(socket.users))
        queue = "511" if socket.state == "LISTEN" else "0"
        row = ["tcp", socket.state, "0", queue, _end(socket.local, flags), _end(socket.peer, flags)]
        rows.append([*row, f"users:({users})" if "p" in flags else ""])
    head = ["Netid", "State", "Recv-Q", "Send-Q", "Local Address:Port", "Peer Address:Port", "Process"]
    shown = rows if "H" in flags else [head, *rows]
    return table([row[1:] if one_kind else row for row in shown], right=(3, 4) if one_kind else (4, 5)) if shown else ""


def _netstat(context: CommandContext) -> str | BuiltinResult:
    flags = parse(
        context,
        "tulnpaaries46W",
        ["tcp", "udp", "listening", "numeric", "programs", "all", "route", "interfaces", "statistics"],
        {"tcp": "t", "udp": "u", "listening": "l", "numeric": "n", "programs": "p", "all": "a", "route": "r",
         "interfaces": "i"},
    )  # fmt: skip
    host = context.host
    if "r" in flags:
        return _routing_table(host, "MSS Window  irtt", "0 0          0")
    if "i" in flags:
        return _interface_table(host)
    which = "only servers" if "l" in flags else "servers and established" if "a" in flags else "w/o servers"
    head = f"Active Internet connections ({which})\n"
    head += "Proto Recv-Q Send-Q Local Address           Foreign Address         State       "
    head += "PID/Program name    \n" if "p" in flags else "\n"
    states = {"LISTEN": "LISTEN", "ESTAB": "ESTABLISHED"}
    for socket in _chosen(host, flags):
        local, peer = _end(socket.local, flags), _end(socket.peer, flags)
        name, pid = socket.users[0]
        owner = f"{pid}/{name}" if "p" in flags else ""
        head += f"tcp        0      0 {local:<23} {peer:<23} {states[socket.state]:<11} {owner:<20}".rstrip() + "\n"
    return head


# --- interfaces and routes ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Interface:
    name: str
    address: str
    prefix: int
    mac: str
    up: bool = True

    @property
    def broadcast(self) -> str:
        """The last address of the network; prefixes here are whole bytes."""
        kept = self.address.split(".")[: self.prefix // 8]
        return ".".join([*kept, *["255"] * (4 - len(kept))])

    @property
    def network(self) -> str:
        kept = self.address.split(".")[: self.prefix // 8]
        return ".".join([*kept, *["0"] * (4 - len(kept))])

    @property
    def mask(self) -> str:
        return ".".join(["255"] * (self.prefix // 8) + ["0"] * (4 - self.prefix // 8))


def interfaces(host: Host) -> list[Interface]:
    """lo, eth0 and, if Docker is installed, its bridge."""
    found = [
        Interface("lo", "127.0.0.1", 8, "00:00:00:00:00:00"),
        Interface(INTERFACE, host.address, 16, host.mac),
    ]
    if DOCKER in host.services:
        runs = any(container.state == "running" for container in host.containers)
        found.append(Interface("docker0", "172.17.0.1", 16, f"02:42:{host.mac[6:]}", runs))
    return found


_IP_FLAGS = r"-(?:4|6|o|oneline|br|brief|s|stats|statistics|d|details|c|color|j|json|p|pretty|h|human|V|Version)"
"""ip's options here; it takes them with one dash, or two."""
_IP_REAL = r"-(?:r|resolve|f|family|n|netns|N|Numeric|a|all|l|loops|t|timestamp|ts|rc|b|batch|force|echo|B|M|0|iec)"


def _ip(context: CommandContext) -> str | BuiltinResult:
    flags = [re.sub(r"^--", "-", word) for word in context.argv if word.startswith("-")]
    words = [word for word in context.argv if not word.startswith("-")]
    for flag in flags:
        if not re.fullmatch(_IP_FLAGS, flag):
            refusal = fail(f'Option "{flag}" is unknown, try "ip -help".', 255)
            return lacking(context, f"ip {flag}", refusal) if re.fullmatch(_IP_REAL, flag) else refusal
    if "-6" in flags:
        return ""
    if not words:
        return fail("Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }", 255)
    kinds = ("address", "route", "link", "neighbour", "neighbor")
    kind = next((kind for kind in kinds if kind.startswith(words[0])), None)
    if kind is None:
        return fail(f'Object "{words[0]}" is unknown, try "ip help".')
    if words[1:2] and words[1] in ("add", "del", "delete", "set", "change", "replace", "flush"):
        return fail("RTNETLINK answers: Operation not permitted", 2)
    if kind == "route":
        return _route_to(context.host, words[2]) if words[1:2] == ["get"] and len(words) > 2 else _routes(context.host)
    if kind.startswith("neigh"):
        return "".join(
            f"{m.host.address} dev {INTERFACE} lladdr {m.host.mac} REACHABLE\n"
            for m in context.machine.fleet.values()
            if m.host.address != context.host.address
        )
    rest = [word for word in words[1:] if word not in ("show", "list", "ls", "sh", "dev", "up")]
    found = [link for link in interfaces(context.host) if not rest or link.name == rest[0]]
    if rest and not found:
        return fail(f'Device "{rest[0]}" does not exist.')
    if any(flag in ("-br", "-brief") for flag in flags):
        return "".join(_brief(link, kind) for link in found)
    order = [link.name for link in interfaces(context.host)]
    return "".join(_link(link, order.index(link.name) + 1, kind == "address", "-4" in flags) for link in found)


def _brief(link: Interface, kind: str) -> str:
    state = "UNKNOWN" if link.name == "lo" else "UP" if link.up else "DOWN"
    marks = f"{link.mac} <{_marks(link)}>" if kind == "link" else f"{link.address}/{link.prefix}"
    return f"{link.name:<16} {state:<14} {marks} \n"


def _marks(link: Interface) -> str:
    if link.name == "lo":
        return "LOOPBACK,UP,LOWER_UP"
    return "BROADCAST,MULTICAST,UP,LOWER_UP" if link.up else "NO-CARRIER,BROADCAST,MULTICAST,UP"


def _link(link: Interface, number: int, addresses: bool, only_four: bool) -> str:
    loop = link.name == "lo"
    state, size, queue = ("UNKNOWN", 65536, "noqueue") if loop else ("UP" if link.up else "DOWN", 1500, "fq_codel")
    text = f"{number}: {link.name}: <{_marks(link)}> mtu {size} qdisc {queue} state {state} group default qlen 1000\n"
    if not only_four:
        hardware = (
            "loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00" if loop else f"ether {link.mac} brd ff:ff:ff:ff:ff:ff"
        )
        text += f"    link/{hardware}\n"
    if addresses:
        scope = "scope host lo" if loop else f"brd {link.broadcast} scope global {link.name}"
        text += f"    inet {link.address}/{link.prefix} {scope}\n       valid_lft forever preferred_lft forever\n"
    return text


def _routes(host: Host) -> str:
    text = f"default via {GATEWAY} dev {INTERFACE} proto static \n"
    for link in interfaces(host)[1:]:
        end = "" if link.up else "linkdown "
        route = f"{link.network}/{link.prefix} dev {link.name} proto kernel scope link src {link.address} {end}"
        text += f"{route}\n"
    return text


def _route_to(host: Host, target: str) -> str | BuiltinResult:
    if not connectivity.is_address(target):
        return fail(f'Error: any valid prefix is expected rather than "{target}".')
    if target.startswith("127.") or target == host.address:
        return f"local {target} dev lo src {target} uid 0 \n    cache <local> \n"
    via = "" if target.startswith("10.0.") else f"via {GATEWAY} "
    return f"{target} {via}dev {INTERFACE} src {host.address} uid 0 \n    cache \n"


def _routing_table(host: Host, heads: str = "Metric Ref    Use", values: str = "0      0        0") -> str:
    text = f"Kernel IP routing table\nDestination     Gateway         Genmask         Flags {heads} Iface\n"
    rows = [("0.0.0.0", GATEWAY, "0.0.0.0", "UG", INTERFACE)]
    rows += [(link.network, "0.0.0.0", link.mask, "U", link.name) for link in interfaces(host)[1:]]
    return text + "".join(
        f"{to:<15} {via:<15} {mask:<15} {mark:<5} {values} {name}\n" for to, via, mask, mark, name in rows
    )


def _packets(host: Host, link: Interface) -> tuple[int, int]:
    """Packets received and sent since boot; both grow with the host's clock."""
    rate = 1 + int(link.mac.replace(":", "")[:8], 16) % 7 + int(host.mac.replace(":", "")[-4:], 16) % 90
    seconds = host.now - host.boot
    return (seconds * rate, seconds * rate * 7 // 10) if link.name != "lo" else (seconds // 3, seconds // 3)


def _interface_table(host: Host) -> str:
    text = "Kernel Interface table\nIface      MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n"
    for link in interfaces(host):
        size, marks = (65536, "LRU") if link.name == "lo" else (1500, "BMRU" if link.up else "BMU")
        received, sent = _packets(host, link)
        text += f"{link.name:<8} {size:>5} {received:>8}      0      0 0      {sent:>8}      0      0      0 {marks}\n"
    return text


def _ifconfig(context: CommandContext) -> str | BuiltinResult:
    words = [word for word in context.argv if not word.startswith("-")]
    found = [link for link in interfaces(context.host) if not words or link.name == words[0]]
    if not found:
        return fail(f"{words[0]}: error fetching interface information: Device not found")
    return "".join(_ifconfig_of(context.host, link) for link in found)


def _ifconfig_of(host: Host, link: Interface) -> str:
    received, sent = _packets(host, link)
    if link.name == "lo":
        lines = ["lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536", "inet 127.0.0.1  netmask 255.0.0.0"]
        lines += ["loop  txqueuelen 1000  (Local Loopback)"]
    else:
        number, marks = ("4163", "UP,BROADCAST,RUNNING,MULTICAST") if link.up else ("4099", "UP,BROADCAST,MULTICAST")
        lines = [f"{link.name}: flags={number}<{marks}>  mtu 1500"]
        lines += [f"inet {link.address}  netmask {link.mask}  broadcast {link.broadcast}"]
        lines += [f"ether {link.mac}  txqueuelen 1000  (Ethernet)"]
    for word, count in (("RX", received), ("TX", sent)):
        lines += [f"{word} packets {count}  bytes {count * 312} ({count * 312 / 1e6:.1f} MB)"]
        last = "frame 0" if word == "RX" else "carrier 0  collisions 0"
        lines += [f"{word} errors 0  dropped 0  overruns 0  {last}"]
    return "\n        ".join(lines) + "\n\n"


def _iptables(context: CommandContext) -> str:
    chains = ("INPUT", "FORWARD", "OUTPUT")
    if "-S" in context.argv:
        return "".join(f"-P {chain} ACCEPT\n" for chain in chains)
    head = "target     prot opt source               destination         \n"
    return "\n".join(f"Chain {chain} (policy ACCEPT)\n{head}" for chain in chains)


COMMANDS: dict[str, Command] = {
    "ss": _ss,
    "netstat": _netstat,
    "ip": _ip,
    "ifconfig": _ifconfig,
    "route": lambda context: _routing_table(context.host),
    "ufw": lambda context: "Status: inactive\n",
    "iptables": _iptables,
    **connectivity.COMMANDS,
    **web.COMMANDS,
}
