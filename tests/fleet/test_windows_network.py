"""The network of a Windows host: routes, adapters and addresses agree, whichever command tells of them."""

from dataclasses import replace
from random import Random

import pytest

from fleet.draw import draw_host
from fleet.model import Host
from fleet.windows.format import WIDTH
from tests.fleet.answers import met


@pytest.fixture(scope="module")
def host() -> Host:
    return replace(draw_host("web01", Random(3), "windows"), address="10.0.3.7")


def told(host: Host, line: str) -> str:
    """What a line prints, which must neither fail nor be a gap."""
    stdout, stderr, gaps = met(host, line)
    assert (stderr, gaps) == ("", [])
    return stdout.rstrip("\n")


def test_route_print_lists_the_routes_by_destination(host: Host):
    lines = told(host, "route print -4").splitlines()
    start = lines.index("Network Destination        Netmask          Gateway       Interface  Metric")
    assert lines[start + 1 : start + 5] == [
        "          0.0.0.0          0.0.0.0         10.0.0.1         10.0.3.7    271",
        "         10.0.0.0      255.255.0.0         On-link          10.0.3.7    271",
        "         10.0.3.7  255.255.255.255         On-link          10.0.3.7    271",
        "     10.0.255.255  255.255.255.255         On-link          10.0.3.7    271",
    ]
    assert told(host, "netstat -rn") == told(host, "route print")


def test_the_cmdlet_has_the_same_routes(host: Host):
    cmdlet = told(host, "Get-NetRoute | % { '{0} {1}' -f $_.DestinationPrefix, ($_.RouteMetric + $_.ifMetric) }")
    masks = {"0.0.0.0": 0, "255.255.0.0": 16, "255.0.0.0": 8, "240.0.0.0": 4, "255.255.255.255": 32}
    printed = told(host, "route print -4").partition("Metric\n")[2].partition("\n=")[0].splitlines()
    rows = [line.split() for line in printed]
    assert sorted(cmdlet.splitlines()) == sorted(f"{row[0]}/{masks[row[1]]} {row[-1]}" for row in rows)


@pytest.mark.parametrize(
    "line",
    [
        "(Get-NetIPConfiguration).IPv4DefaultGateway.NextHop",
        "Get-NetRoute 0.0.0.0/0 | select -ExpandProperty NextHop",
        "(Get-NetRoute -DestinationPrefix 0.0.0.0/0 -InterfaceAlias Ethernet).NextHop",
        "(Get-DnsClientServerAddress -InterfaceAlias Ethernet).ServerAddresses",
        "(Get-NetIPConfiguration).DNSServer.ServerAddresses",
        "(Get-CimInstance Win32_NetworkAdapterConfiguration).DefaultIPGateway",
    ],
)
def test_the_gateway_is_also_the_name_server(host: Host, line: str):
    assert told(host, line) == "10.0.0.1"


@pytest.mark.parametrize(
    "line",
    [
        "(Get-NetIPAddress -InterfaceAlias Ethernet).IPAddress",
        "(Get-NetIPAddress -AddressFamily IPv4 -InterfaceIndex 4).IPv4Address",
        "(Get-NetIPConfiguration).IPv4Address.IPAddress",
        "(Resolve-DnsName web01).IPAddress",
    ],
)
def test_the_address_is_one(host: Host, line: str):
    assert told(host, line) == "10.0.3.7"


def test_a_configuration_is_a_list_of_what_matters(host: Host):
    assert told(host, "Get-NetIPConfiguration") == (
        "\nInterfaceAlias       : Ethernet\nInterfaceIndex       : 4\n"
        "InterfaceDescription : Red Hat VirtIO Ethernet Adapter\nNetProfile.Name      : Network\n"
        "IPv4Address          : 10.0.3.7\nIPv6DefaultGateway   :\nIPv4DefaultGateway   : 10.0.0.1\n"
        "DNSServer            : 10.0.0.1"
    )


def test_columns_that_do_not_fit_are_left_out_from_the_right(host: Host):
    head = told(host, "Get-NetRoute").splitlines()[1]
    assert head == f"{'ifIndex':<7} {'DestinationPrefix':<46} {'NextHop':<40} RouteMetric ifMetric"
    assert len(head) <= WIDTH


def test_headers_that_are_too_long_go_on_below(host: Host):
    assert told(host, "Get-DnsClientServerAddress").splitlines()[1:4] == [
        "InterfaceAlias               Interface Address ServerAddresses",
        "                                 Index Family",
        "--------------               --------- ------- ---------------",
    ]


@pytest.mark.parametrize(
    ("line", "query"),
    [
        ("Get-NetTCPConnection -LocalPort 9999", "MSFT_NetTCPConnection  WHERE ((LocalPort = 9999))"),
        ("Get-NetTCPConnection -LocalPort 1,2", "WHERE ((LocalPort = 1) OR (LocalPort = 2))"),
        ("Get-NetIPAddress -AddressFamily IPv6", "MSFT_NetIPAddress  WHERE ((AddressFamily = 23))"),
        ("Get-NetRoute -NextHop 10.9.9.9", "MSFT_NetRoute  WHERE ((NextHop LIKE '10.9.9.9'))"),
    ],
)
def test_a_query_without_result_is_told_as_such(host: Host, line: str, query: str):
    stdout, stderr, gaps = met(host, line)
    name = line.split()[0]
    assert (stdout, gaps) == ("", [])
    assert f"class on the  CIM server: SELECT * FROM {query.rpartition('MSFT')[1]}" in stderr
    assert f"{query}. Verify query parameters and retry." in stderr
    assert f"FullyQualifiedErrorId : CmdletizationQuery_NotFound,{name}\n" in stderr


@pytest.mark.parametrize("line", ["Get-NetTCPConnection -LocalPort abc", "Get-NetRoute -InterfaceIndex x"])
def test_a_number_is_wanted_where_there_must_be_one(host: Host, line: str):
    _, stderr, gaps = met(host, line)
    assert ("Cannot convert value" in stderr, gaps) == (True, [])
    assert f"CannotConvertArgumentNoMessage,{line.split()[0]}\n" in stderr


@pytest.mark.parametrize(("line", "name"), [("Get-NetAdapter x", "Name"), ("Get-Volume Q", "DriveLetter")])
def test_a_name_that_nothing_has_is_told_as_such(host: Host, line: str, name: str):
    _, stderr, gaps = met(host, line)
    assert gaps == []
    assert f"objects found with property '{name}' equal to '{line.split()[1]}'.  Verify the value" in stderr
    assert f"FullyQualifiedErrorId : CmdletizationQuery_NotFound_{name},{line.split()[0]}\n" in stderr
