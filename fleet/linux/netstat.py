"""The net-tools: netstat, ifconfig, route, arp."""

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, fail, lacking, parse
from fleet.linux.connectivity import neighbours, resolve
from fleet.linux.interfaces import GATEWAY, INTERFACE, Interface, interfaces, packets
from fleet.linux.options import options
from fleet.linux.sockets import open_sockets, port_name
from fleet.model import Host

NETSTAT = options("""
    -t --tcp
    -u --udp
    -l --listening
    -n --numeric
    -p --programs
    -a --all
    -r --route
    -i --interfaces
    -4 --inet
    -6 --inet6
    -x --unix
    -w --raw
    ~ -W --wide
    ~ -e --extend
""")


def _netstat(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, NETSTAT)
    host = context.host
    if "r" in flags:
        return _routing_table(host, "MSS Window  irtt", "0 0          0")
    if "i" in flags:
        return _interface_table(host)
    which = "only servers" if "l" in flags else "servers and established" if "a" in flags else "w/o servers"
    if "x" in flags and not {"t", "u", "w"} & flags.values.keys():
        told = f"Active UNIX domain sockets ({which})\n"
        return f"{told}Proto RefCnt Flags       Type       State         I-Node   Path\n"
    head = f"Active Internet connections ({which})\n"
    head += "Proto Recv-Q Send-Q Local Address           Foreign Address         State       "
    head += "PID/Program name    \n" if "p" in flags else "\n"
    states = {"LISTEN": "LISTEN", "ESTAB": "ESTABLISHED"}
    for socket in open_sockets(host, flags):
        local, peer = (f"{end[0]}:{port_name(end[1], 'n' in flags)}" for end in (socket.local, socket.peer))
        name, pid = socket.users[0]
        owner = f"{pid}/{name}" if "p" in flags else ""
        head += f"tcp        0      0 {local:<23} {peer:<23} {states[socket.state]:<11} {owner:<20}".rstrip() + "\n"
    return head


def _routing_table(host: Host, heads: str = "Metric Ref    Use", values: str = "0      0        0") -> str:
    text = f"Kernel IP routing table\nDestination     Gateway         Genmask         Flags {heads} Iface\n"
    rows = [("0.0.0.0", GATEWAY, "0.0.0.0", "UG", INTERFACE)]
    rows += [(link.network, "0.0.0.0", link.mask, "U", link.name) for link in interfaces(host)[1:]]
    return text + "".join(
        f"{to:<15} {via:<15} {mask:<15} {mark:<5} {values} {name}\n" for to, via, mask, mark, name in rows
    )


def _interface_table(host: Host) -> str:
    text = "Kernel Interface table\nIface      MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n"
    for link in interfaces(host):
        size, marks = (65536, "LRU") if link.name == "lo" else (1500, "BMRU" if link.up else "BMU")
        received, sent = packets(host, link)
        text += f"{link.name:<8} {size:>5} {received:>8}      0      0 0      {sent:>8}      0      0      0 {marks}\n"
    return text


def _ifconfig(context: CommandContext) -> str | BuiltinResult:
    flags = [word for word in context.argv if word.startswith("-")]
    if strange := [flag for flag in flags if flag not in ("-a", "-v")]:
        if strange == ["-s"]:
            return _interface_table(context.host).partition("\n")[2]
        return fail(f"ifconfig: option `{strange[0]}' not recognised.\nifconfig: `--help' gives usage information.")
    name, *change = [word for word in context.argv if word not in flags] or [""]
    if change:
        return lacking(context, f"ifconfig {name} {change[0]}", BuiltinResult(exit_code=1))
    found = [link for link in interfaces(context.host) if link.name == name or not name]
    if not found:
        return fail(f"{name}: error fetching interface information: Device not found")
    return "".join(_ifconfig_of(context.host, link) for link in found)


def _ifconfig_of(host: Host, link: Interface) -> str:
    received, sent = packets(host, link)
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


def _route(context: CommandContext) -> str | BuiltinResult:
    if words := parse(context, ROUTE).words:
        return lacking(context, f"route {words[0]}", BuiltinResult(exit_code=3))
    return _routing_table(context.host)


ROUTE = options("""
    -n --numeric
    ~ -v --verbose
    ~ -4
""")
ARP = options("""
    -a
    -e
    -n --numeric
    -i --device=
    -v --verbose
""")


def _arp(context: CommandContext) -> str | BuiltinResult:
    """The cache of hardware addresses."""
    flags = parse(context, ARP)
    names = [link.name for link in interfaces(context.host)]
    wanted = flags.words[0] if flags.words else ""
    address = resolve(context, wanted) if wanted else ""
    if address is None:
        return fail(f"{wanted}: Unknown host", 255)
    every = neighbours(context)
    here = every if flags.get("i", INTERFACE) == INTERFACE else []
    found = [row for row in here if not address or row[1] == address]
    if "i" in flags and flags.get("i") not in names:
        return f"arp: in {len(every)} entries no match found.\n"
    if not found and wanted and "a" not in flags:
        return f"{wanted} ({address}) -- no entry\n"
    if not found:
        return f"arp: in {len(every)} entries no match found.\n" if every else ""
    if "a" in flags:
        shown = [("?" if "n" in flags else name, address, mac) for name, address, mac in found]
        return "".join(f"{name} ({address}) at {mac} [ether] on {INTERFACE}\n" for name, address, mac in shown)
    text = "Address                  HWtype  HWaddress           Flags Mask            Iface\n"
    for name, address, mac in found:
        text += f"{address if 'n' in flags else name:<25.25}ether   {mac:<20}C                     {INTERFACE}\n"
    return text + (f"Entries: {len(every)}\tSkipped: 0\tFound: {len(found)}\n" if "v" in flags else "")


COMMANDS: dict[str, Command] = {"netstat": _netstat, "ifconfig": _ifconfig, "route": _route, "arp": _arp}
