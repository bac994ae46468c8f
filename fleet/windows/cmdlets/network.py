"""Network cmdlets: connections within the fleet, listening ports, addresses."""

import re
from collections.abc import Iterable

from fleet.model import Host
from fleet.ports import Listener, find_listener, listeners
from fleet.windows.binding import Cmdlet, CmdletCall
from fleet.windows.cim_views import net_class
from fleet.windows.cmdlets.cim_functions import no_such_value, queried
from fleet.windows.failure import Unmodelled
from fleet.windows.matching import is_wildcard, like
from fleet.windows.session import Session, shown
from fleet.windows.values import PSObject, PSValue, to_text

REQUEST = "System.Net.HttpWebRequest:HttpWebRequest"
COMMON_PORTS = {"http": 80, "rdp": 3389, "smb": 445, "winrm": 5985}
GATEWAY = "10.0.0.1"
ADAPTER = "Ethernet"
ADAPTER_NAME = "Red Hat VirtIO Ethernet Adapter"
LOOPBACK_NAME = "Loopback Pseudo-Interface 1"
INDEX, LOOPBACK = 4, 1
"""Indices of the two interfaces."""
PREFIX = 16
"""Prefix length of the fleet's network, in bits."""
MAX_PACKETS = 60
"""Most packets of one ping: more would hit any time-out."""


def is_address(text: str) -> bool:
    """Whether `text` is an IPv4 address."""
    return bool(re.fullmatch(r"\d{1,3}(?:\.\d{1,3}){3}", text)) and all(int(part) < 256 for part in text.split("."))


def resolve(session: Session, name: str) -> str | None:
    """The address of a name; an address is returned as it is."""
    wanted = name.lower()
    if is_address(name):
        return name
    if wanted in ("localhost", "."):
        return "127.0.0.1"
    if wanted == session.host.name.lower():
        return session.host.address
    return next((m.host.address for key, m in session.machine.fleet.items() if key.lower() == wanted), None)


def host_at(session: Session, address: str) -> Host | None:
    """The host at an address, if any."""
    if address.startswith("127.") or address == session.host.address:
        return session.host
    return next((m.host for m in session.machine.fleet.values() if m.host.address == address), None)


def connect(session: Session, address: str, port: int) -> Listener | None:
    """The listener at an address and port, if any."""
    host = host_at(session, address)
    found = find_listener(host, port) if host else None
    local = host is session.host
    return found if found and (local or found.address != "127.0.0.1") else None


def test_connection(call: CmdletCall) -> Iterable[PSValue]:
    session, rows = call.session, []
    count = min(max(call.number("Count") or 4, 1), MAX_PACKETS)
    answers: list[PSValue] = []
    for name in call.names("ComputerName", "Name"):
        address = resolve(session, name)
        alive = address is not None and host_at(session, address) is not None
        answers.append(alive)
        if not alive and not call.flag("Quiet"):
            why = "No such host is known" if address is None else "Error due to lack of resources"
            text = f"Testing connection to computer '{name}' failed: {why}"
            call.fail(text, "TestConnectionException", "ResourceUnavailable", f"{name}:String", "PingException")
        elif alive:
            values: dict[str, PSValue] = {
                "Source": session.host.name.upper(),
                "Address": name,
                "IPV4Address": address,
                "IPV6Address": None,
                "ReplySize": 32,
                "ResponseTime": 0,
                "StatusCode": 0,
            }
            rows += [PSObject("PingStatus", dict(values), "", {"Destination": "Address"}) for _ in range(count)]
    return answers if call.flag("Quiet") else rows


def test_net_connection(call: CmdletCall) -> Iterable[PSValue]:
    session, name = call.session, call.text("ComputerName", "localhost")
    address = resolve(session, name)
    port = call.number("Port") or COMMON_PORTS.get(call.text("CommonTCPPort").lower())
    alive = address is not None and host_at(session, address) is not None
    quiet = call.text("InformationLevel").lower() == "quiet"
    if address is None:
        session.printed.append(shown(f"WARNING: Name resolution of {name} failed\n"))
    local = address is not None and address.startswith("127.")
    values: dict[str, PSValue] = {
        "ComputerName": name,
        "RemoteAddress": address,
        "InterfaceAlias": LOOPBACK_NAME if local else ADAPTER,
        "SourceAddress": "127.0.0.1" if local else session.host.address,
    }
    if port is None:
        values.update({"PingSucceeded": alive, "PingReplyDetails (RTT)": "0 ms"})
        return [alive] if quiet else [PSObject("TestNetConnectionResult", values)]
    open_ = address is not None and connect(session, address, port) is not None
    if not open_ and address is not None:
        session.printed.append(shown(f"WARNING: TCP connect to ({address} : {port}) failed\n"))
    if not open_ and not alive and address is not None:
        session.printed.append(shown(f"WARNING: Ping to {address} failed with status: TimedOut\n"))
    ping: dict[str, PSValue] = {"PingSucceeded": alive, "PingReplyDetails (RTT)": "0 ms"}
    values.update({"RemotePort": port, **ping, "TcpTestSucceeded": open_})
    return [open_] if quiet else [PSObject("TestNetConnectionPort" if open_ else "TestNetConnectionClosed", values)]


STATES = {"2": "Listen", "5": "Established", "8": "CloseWait", "11": "TimeWait"}
"""Of connections, by their numbers."""


def get_net_tcp_connection(call: CmdletCall) -> Iterable[PSValue]:
    rows = [
        PSObject(
            net_class("MSFT_NetTCPConnection"),
            {
                "LocalAddress": listener.address,
                "LocalPort": listener.port,
                "RemoteAddress": "0.0.0.0",
                "RemotePort": 0,
                "State": "Listen",
                "OwningProcess": listener.pid,
            },
        )
        for listener in listeners(call.session.host)
    ]
    if call.has("State"):
        call.bound["State"] = [STATES.get(state, state) for state in call.texts("State")]
    names = ("LocalAddress", "LocalPort", "RemoteAddress", "RemotePort", "State", "OwningProcess")
    return queried(call, "MSFT_NetTCPConnection", rows, names)


def get_net_ip_address(call: CmdletCall) -> Iterable[PSValue]:
    rows = [
        PSObject(
            net_class("MSFT_NetIPAddress"),
            {
                "IPAddress": address,
                "InterfaceIndex": index,
                "InterfaceAlias": alias,
                "AddressFamily": "IPv4",
                "Type": "Unicast",
                "PrefixLength": bits,
                "PrefixOrigin": origin,
                "SuffixOrigin": origin,
                "AddressState": "Preferred",
                "ValidLifetime": "Infinite ([TimeSpan]::MaxValue)",
                "PreferredLifetime": "Infinite ([TimeSpan]::MaxValue)",
                "SkipAsSource": False,
                "PolicyStore": "ActiveStore",
            },
            address,
            {"ifIndex": "InterfaceIndex", "ifAlias": "InterfaceAlias", "IPv4Address": "IPAddress"},
        )
        for address, index, alias, bits, origin in (
            (call.session.host.address, INDEX, ADAPTER, PREFIX, "Manual"),
            ("127.0.0.1", LOOPBACK, LOOPBACK_NAME, 8, "WellKnown"),
        )
    ]
    names = ("IPAddress", "InterfaceAlias", "InterfaceIndex", "AddressFamily", "PrefixLength", "PrefixOrigin")
    return queried(call, "MSFT_NetIPAddress", rows, names)


def get_net_adapter(call: CmdletCall) -> Iterable[PSValue]:
    mac = call.session.host.mac.upper().replace(":", "-")
    values: dict[str, PSValue] = {
        "Name": ADAPTER,
        "InterfaceDescription": ADAPTER_NAME,
        "InterfaceIndex": INDEX,
        "Status": "Up",
        "MacAddress": mac,
        "LinkSpeed": "10 Gbps",
        "MediaConnectionState": "Connected",
        "MtuSize": 1500,
        "Speed": 10_000_000_000,
        "FullDuplex": True,
    }
    also = {"ifIndex": "InterfaceIndex", "ifAlias": "Name", "InterfaceAlias": "Name", "ifDesc": "InterfaceDescription"}
    adapter = PSObject(net_class("MSFT_NetAdapter"), values, ADAPTER, also)
    for name in ("Name", "InterfaceDescription", "InterfaceIndex"):
        for value in call.texts(name):
            if not like(to_text(adapter.get(name)), value):
                if not is_wildcard(value):
                    no_such_value(call, "MSFT_NetAdapter", name, value)
                return []
    return [adapter]


def resolve_dns_name(call: CmdletCall) -> Iterable[PSValue]:
    name = call.text("Name")
    address = resolve(call.session, name)
    if address is None:
        text = f"{name} : DNS name does not exist"
        call.fail(text, "DNS_ERROR_RCODE_NAME_ERROR", "ResourceUnavailable", f"{name}:String", "Win32Exception")
        return []
    values: dict[str, PSValue] = {"Name": name, "Type": "A", "TTL": 1200, "Section": "Answer", "IPAddress": address}
    return [PSObject("Microsoft.DnsClient.Commands.DnsRecord_A", values, address, {"IP4Address": "IPAddress"})]


def web_request(call: CmdletCall) -> Iterable[PSValue]:
    """Fetch a page from a host in the fleet, from whatever listens there; nothing else is on this network."""
    if call.text("Method", "Get").lower() not in ("get", "head", "default"):
        raise Unmodelled(f"{call.cmdlet.name} -Method {call.text('Method')}")
    uri = call.text("Uri")
    found = re.match(r"(?:(https?)://)?([\w.-]+)(?::(\d{1,5}))?(?:/|$)", uri)
    address = resolve(call.session, found[2]) if found else None
    if found is None or address is None:
        host = found[2] if found else uri[:100]
        text = f"The remote name could not be resolved: '{host}'"
        raise call.failure(text, "WebCmdletWebResponseException", "InvalidOperation", REQUEST, "WebException")
    port = int(found[3] or (443 if found[1] == "https" else 80))
    if connect(call.session, address, port) is None:
        raise call.failure(
            "Unable to connect to the remote server",
            "WebCmdletWebResponseException",
            "InvalidOperation",
            REQUEST,
            "WebException",
        )
    return [PSObject("HtmlWebResponseObject", {"StatusCode": 200, "StatusDescription": "OK", "Content": ""}, "")]


WEB_LACKS = "OutFile Headers Body InFile Credential ContentType SessionVariable WebSession Proxy UseDefaultCredentials"
CMDLETS = (
    Cmdlet(
        "Test-Connection",
        test_connection,
        "ComputerName|TargetName|CN",
        "Count Delay",
        "Quiet",
        lacks="BufferSize TimeToLive Source AsJob",
    ),
    Cmdlet(
        "Test-NetConnection",
        test_net_connection,
        "ComputerName|CN",
        "Port InformationLevel CommonTCPPort",
        lacks="TraceRoute DiagnoseRouting Hops",
        function=True,
    ),
    Cmdlet(
        "Get-NetTCPConnection",
        get_net_tcp_connection,
        "LocalAddress|IPAddress LocalPort",
        "RemoteAddress RemotePort State OwningProcess",
        lacks="AppliedSetting CreationTime OffloadState CimSession|Session ThrottleLimit AsJob",
        function=True,
    ),
    Cmdlet(
        "Get-NetIPAddress",
        get_net_ip_address,
        "IPAddress|LocalAddress",
        "AddressFamily InterfaceAlias|ifAlias InterfaceIndex|ifIndex PrefixLength PrefixOrigin",
        lacks="Type SuffixOrigin AddressState SkipAsSource AssociatedIPInterface PolicyStore ValidLifetime "
        "PreferredLifetime CimSession|Session ThrottleLimit AsJob",
        function=True,
    ),
    Cmdlet(
        "Get-NetAdapter",
        get_net_adapter,
        "Name|ifAlias|InterfaceAlias",
        "InterfaceDescription|ifDesc InterfaceIndex|ifIndex",
        "Physical IncludeHidden",
        lacks="CimSession|Session ThrottleLimit AsJob",
        function=True,
    ),
    Cmdlet(
        "Resolve-DnsName",
        resolve_dns_name,
        "Name Type",
        lacks="Server DnsOnly NoHostsFile",
        error_class="Microsoft.DnsClient.Commands.ResolveDnsName",
    ),
    Cmdlet(
        "Invoke-WebRequest",
        web_request,
        "Uri",
        "Method TimeoutSec MaximumRedirection UserAgent",
        "UseBasicParsing DisableKeepAlive",
        lacks=WEB_LACKS,
    ),
    Cmdlet(
        "Invoke-RestMethod",
        web_request,
        "Uri",
        "Method TimeoutSec MaximumRedirection UserAgent",
        "UseBasicParsing DisableKeepAlive",
        lacks=WEB_LACKS,
    ),
)
