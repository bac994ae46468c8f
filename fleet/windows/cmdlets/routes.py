"""A host's routing table and network configuration: Get-NetRoute, Get-NetIPConfiguration and others, route print."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network

from fleet.model import Host
from fleet.windows.binding import Cmdlet, CmdletCall
from fleet.windows.cim_views import net_class
from fleet.windows.cmdlets.cim_functions import queried
from fleet.windows.cmdlets.console import ConsoleProgram, Words, console_output
from fleet.windows.cmdlets.network import ADAPTER, ADAPTER_NAME, GATEWAY, INDEX, LOOPBACK, LOOPBACK_NAME, PREFIX
from fleet.windows.failure import Unmodelled
from fleet.windows.matching import like
from fleet.windows.session import Session
from fleet.windows.values import PSObject, PSValue

ROUTE_METRIC = 256
"""Of every route, as Windows adds them."""
METRICS = {INDEX: 15, LOOPBACK: 75}
"""Interface -> its metric: 10 Gbps, and the loopback."""
NAMES = {INDEX: ADAPTER, LOOPBACK: LOOPBACK_NAME}
QUERIES = ("DestinationPrefix", "AddressFamily", "InterfaceAlias", "InterfaceIndex", "NextHop", "Protocol")
RULE = "=" * 75


@dataclass(frozen=True, slots=True)
class NetRoute:
    network: IPv4Network
    hop: str
    """0.0.0.0 if it is on the link"""
    index: int
    """of its interface"""

    @property
    def metric(self) -> int:
        """With that of its interface."""
        return ROUTE_METRIC + METRICS[self.index]


def routes(host: Host) -> list[NetRoute]:
    """By destination, as route print lists them."""
    own = IPv4Network(f"{host.address}/{PREFIX}", strict=False)
    local = IPv4Network("127.0.0.0/8")
    found = [NetRoute(IPv4Network("0.0.0.0/0"), GATEWAY, INDEX)]
    for index, network, address in ((INDEX, own, host.address), (LOOPBACK, local, "127.0.0.1")):
        places = (network, IPv4Network(address), IPv4Network(network.broadcast_address))
        every = (IPv4Network("224.0.0.0/4"), IPv4Network("255.255.255.255"))
        found += [NetRoute(place, "0.0.0.0", index) for place in (*places, *every)]
    return sorted(found, key=lambda route: (route.network.network_address, route.network.prefixlen, route.index))


def get_net_route(call: CmdletCall) -> Iterable[PSValue]:
    found = [_route(one) for one in reversed(routes(call.session.host))]
    return queried(call, "MSFT_NetRoute", found, QUERIES)


def _route(route: NetRoute) -> PSObject:
    values: dict[str, PSValue] = {
        "Publish": "No",
        "Protocol": "NetMgmt" if route.hop == GATEWAY else "Local",
        "Store": "ActiveStore",
        "AddressFamily": "IPv4",
        "State": "Alive",
        "ifIndex": route.index,
        "CompartmentId": 1,
        "DestinationPrefix": str(route.network),
        "InterfaceAlias": NAMES[route.index],
        "InterfaceIndex": route.index,
        "InterfaceMetric": METRICS[route.index],
        "NextHop": route.hop,
        "PreferredLifetime": "10675199.02:48:05.4775807",
        "RouteMetric": ROUTE_METRIC,
        "ValidLifetime": "10675199.02:48:05.4775807",
        "PSComputerName": None,
    }
    return PSObject(net_class("MSFT_NetRoute"), values, "", {"ifMetric": "InterfaceMetric", "PolicyStore": "Store"})


def get_net_ip_configuration(call: CmdletCall) -> Iterable[PSValue]:
    host = call.session.host
    if call.has("InterfaceAlias") and not like(ADAPTER, call.text("InterfaceAlias")):
        raise Unmodelled(f"Get-NetIPConfiguration {call.text('InterfaceAlias')}")
    if call.has("InterfaceIndex") and call.number("InterfaceIndex") != INDEX:
        raise Unmodelled(f"Get-NetIPConfiguration {call.text('InterfaceIndex')}")
    address: dict[str, PSValue] = {"IPAddress": host.address, "PrefixLength": PREFIX, "InterfaceIndex": INDEX}
    gateway: dict[str, PSValue] = {"NextHop": GATEWAY, "InterfaceIndex": INDEX, "RouteMetric": ROUTE_METRIC}
    resolver: dict[str, PSValue] = {"ServerAddresses": [GATEWAY], "InterfaceIndex": INDEX}
    values: dict[str, PSValue] = {
        "ComputerName": host.name.upper(),
        "InterfaceAlias": ADAPTER,
        "InterfaceIndex": INDEX,
        "InterfaceDescription": ADAPTER_NAME,
        "NetProfile": PSObject(net_class("MSFT_NetConnectionProfile"), {"Name": "Network"}, "Network"),
        "NetProfile.Name": "Network",
        "IPv4Address": PSObject(net_class("MSFT_NetIPAddress"), address, host.address),
        "IPv6DefaultGateway": None,
        "IPv4DefaultGateway": PSObject(net_class("MSFT_NetRoute"), gateway, GATEWAY),
        "DNSServer": PSObject(net_class("MSFT_DNSClientServerAddress"), resolver, GATEWAY),
    }
    return [PSObject("NetIPConfiguration", values)]


def get_dns_servers(call: CmdletCall) -> Iterable[PSValue]:
    family = call.text("AddressFamily", "IPv4").lower()
    if family not in ("ipv4", "2"):
        raise Unmodelled(f"Get-DnsClientServerAddress -AddressFamily {call.text('AddressFamily')}")
    found: list[PSValue] = []
    for index, name in NAMES.items():
        if call.has("InterfaceAlias") and not any(like(name, one) for one in call.texts("InterfaceAlias")):
            continue
        if call.has("InterfaceIndex") and index not in call.numbers("InterfaceIndex"):
            continue
        servers: list[PSValue] = [GATEWAY] if index == INDEX else []
        values: dict[str, PSValue] = {
            "InterfaceAlias": name,
            "InterfaceIndex": index,
            "AddressFamily": 2,
            "ServerAddresses": servers,
            "Address": servers,
        }
        found.append(PSObject(net_class("MSFT_DNSClientServerAddress"), values))
    return found


# --- route print ----------------------------------------------------------------------------------------------------


def route(session: Session, words: Words, given: list[PSValue]) -> list[PSValue]:
    options = [word.lower() for word in words if word[:1] in "-/"]
    plain = [word.lower() for word in words if word[:1] not in "-/"]
    if plain != ["print"] or any(option not in ("-4", "-6", "/4", "/6") for option in options):
        raise Unmodelled(" ".join(["route", *words]))
    return console_output(session, route_table(session.host, "".join(options)))


def route_table(host: Host, options: str = "") -> str:
    """What route print says; netstat -r says the same."""
    mac = host.mac.lower().replace(":", " ")
    lines = [
        RULE,
        "Interface List",
        f"{INDEX:>3}...{mac} ......{ADAPTER_NAME}",
        f"{LOOPBACK:>3}...........................Software Loopback Interface 1",
        RULE,
    ]
    if "6" not in options:
        lines += ["", "IPv4 Route Table", RULE, "Active Routes:"]
        lines.append("Network Destination        Netmask          Gateway       Interface  Metric")
        lines += [_line(host, route) for route in routes(host)]
        lines += [RULE, "Persistent Routes:", "  Network Address          Netmask  Gateway Address  Metric"]
        lines += [f"{'0.0.0.0':>17}{'0.0.0.0':>17}{GATEWAY:>17}  Default ", RULE]
    if "4" not in options:  # no interface of the fleet has an address of IPv6
        lines += ["", "IPv6 Route Table", RULE, "Active Routes:", "  None", "Persistent Routes:", "  None"]
    return "\n".join(lines)


def _line(host: Host, route: NetRoute) -> str:
    hop = "On-link " if route.hop == "0.0.0.0" else route.hop
    own = host.address if route.index == INDEX else "127.0.0.1"
    place, mask = route.network.network_address, route.network.netmask
    return f"{place!s:>17}{mask!s:>17}{hop:>17}{own:>17}{route.metric:>7}"


PROGRAMS: dict[str, ConsoleProgram] = {"route": route}
CMDLETS = (
    Cmdlet(
        "Get-NetRoute",
        get_net_route,
        "DestinationPrefix",
        "AddressFamily InterfaceAlias|ifAlias InterfaceIndex|ifIndex NextHop Protocol",
        lacks="AssociatedIPInterface Publish RouteMetric CompartmentId InterfaceMetric PolicyStore State "
        "IncludeAllCompartments CimSession|Session ThrottleLimit AsJob ValidLifetime PreferredLifetime",
        function=True,
    ),
    Cmdlet(
        "Get-NetIPConfiguration",
        get_net_ip_configuration,
        "InterfaceAlias|ifAlias",
        "InterfaceIndex|ifIndex",
        lacks="All Detailed CompartmentId AllCompartments ComputerName CimSession",
        function=True,
    ),
    Cmdlet(
        "Get-DnsClientServerAddress",
        get_dns_servers,
        "InterfaceAlias",
        "InterfaceIndex AddressFamily",
        lacks="CimSession|Session ThrottleLimit AsJob",
        function=True,
    ),
)
