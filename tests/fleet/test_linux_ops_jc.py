"""Parsers written for the real commands read the host's own values from the simulated ones, whatever the seed."""

import json
import re
from random import Random
from typing import Any

import jc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.draw import draw_host
from fleet.linux.docker.views import status
from fleet.linux.shell import LinuxShell
from fleet.linux.sockets import sockets
from fleet.linux.systemd.unit_state import sub_state
from fleet.model import Host, Machine
from fleet.ports import listeners
from fleet.workspace import FOLDER, draw_workspace
from scenarios.trouble import healthy, with_containers, with_service

pytestmark = pytest.mark.loop  # whole hosts, read by jc

SEEDS = st.integers(0, 2**31 - 1)
FEW = settings(max_examples=12)


def shell(host: Host, *others: Host) -> LinuxShell:
    """A shell on a host of a fleet."""
    fleet = {each.name: Machine(each) for each in (host, *others)}
    for machine in fleet.values():
        machine.fleet = fleet
    return LinuxShell(fleet[host.name], host.repository.path if host.repository else "/root")


def parsed(parser: str, line: str, on: LinuxShell) -> Any:
    """What jc reads from a command's output."""
    text, error, _ = on.run(line)
    assert text, error
    return json.loads(text) if parser == "json" else jc.parse(parser, text, quiet=True)


def drawn(seed: int, name: str = "web01") -> Host:
    return draw_host(name, Random(seed))


# --- services -------------------------------------------------------------------------------------------------------


@FEW
@given(SEEDS)
def test_the_list_of_units_is_the_hosts_services(seed: int):
    host = drawn(seed)
    run = shell(host)
    rows = parsed("systemctl", "systemctl list-units --type=service --all --plain --no-pager", run)
    assert [(row["unit"], row["active"], row["sub"], row["description"]) for row in rows] == [
        (f"{s.name}.service", s.state, sub_state(host, s), s.title)
        for s in sorted(host.services.values(), key=lambda s: s.name)
    ]


@FEW
@given(SEEDS)
def test_the_list_of_unit_files_says_what_is_enabled(seed: int):
    host = drawn(seed)
    run = shell(host)
    rows = parsed("systemctl_luf", "systemctl list-unit-files", run)
    wanted = {f"{name}.service": "enabled" if s.enabled else "disabled" for name, s in host.services.items()}
    assert {row["unit_file"]: row["state"] for row in rows} == wanted


# --- the network ----------------------------------------------------------------------------------------------------


@FEW
@given(SEEDS)
def test_ss_and_netstat_show_the_listeners_and_their_pids(seed: int):
    host = drawn(seed)
    run = shell(host)
    wanted = [(found.port, found.address, found.pid) for found in listeners(host)]
    told = run.run("ss -tulpn")[0].replace("PortProcess", "Port Process")  # jc does not know the real head line
    rows: Any = jc.parse("ss", told, quiet=True)
    first = [min(int(pid) for pid in row["process"]["process_id"]) for row in rows]
    found = [(row["local_port_num"], row["local_address"], pid) for row, pid in zip(rows, first, strict=True)]
    assert found == wanted
    rows = parsed("netstat", "netstat -tulpn", run)
    assert [(row["local_port_num"], row["local_address"], row["pid"]) for row in rows] == wanted


@FEW
@given(SEEDS)
def test_connections_are_those_of_who_is_logged_in(seed: int):
    host = drawn(seed)
    run = shell(host)
    rows = parsed("netstat", "netstat -an", run)
    origins = [login.origin for login in host.logins if login.end is None]
    assert [row["foreign_address"] for row in rows if row["state"] == "ESTABLISHED"] == origins
    assert len(rows) == len(sockets(host))


@FEW
@given(SEEDS)
def test_routes_and_interfaces_are_the_hosts(seed: int):
    host = drawn(seed)
    run = shell(host)
    routes = parsed("ip_route", "ip route", run)
    assert {route["src"] for route in routes if route["dev"] == "eth0" and "src" in route} == {host.address}
    assert [route["via"] for route in routes if route["ip"] == "default"] == ["10.0.0.1"]
    cards = {card["name"]: card for card in parsed("ifconfig", "ifconfig", run)}
    assert (cards["eth0"]["ipv4_addr"], cards["eth0"]["mac_addr"]) == (host.address, host.mac)
    assert ("docker0" in cards) == ("docker" in host.services)
    table = parsed("route", "route -n", run)
    assert [row["iface"] for row in table] == [route["dev"] for route in routes]


@FEW
@given(SEEDS)
def test_ip_addr_has_every_interface_with_its_address(seed: int):
    host = drawn(seed)
    run = shell(host)
    text, _, _ = run.run("ip addr")
    pattern = r"^\d+: (\S+): .*\n\s+link/\w+ (\S+) .*\n(?:\s+altname .*\n)*\s+inet (\S+)/"
    found = re.findall(pattern, text, re.MULTILINE)
    assert found[:2] == [("lo", "00:00:00:00:00:00", "127.0.0.1"), ("eth0", host.mac, host.address)]


@FEW
@given(SEEDS, st.integers(1, 9))
def test_ping_and_dig_and_host_agree_on_an_address(seed: int, count: int):
    host, other = drawn(seed), drawn(seed + 1, "db01")
    run = shell(host, other)
    ping = parsed("ping", f"ping -c {count} db01", run)
    assert (ping["destination_ip"], ping["packets_received"], ping["packet_loss_percent"]) == (other.address, count, 0)
    times = [reply["time_ms"] for reply in ping["responses"]]
    assert (min(times), max(times)) == (ping["round_trip_ms_min"], ping["round_trip_ms_max"])
    assert parsed("dig", "dig db01", run)[0]["answer"][0]["data"] == other.address
    assert parsed("host", "host db01", run) == [{"hostname": "db01", "address": [other.address]}]


@FEW
@given(SEEDS)
def test_a_web_servers_headers_name_its_version(seed: int):
    host = healthy(with_service(drawn(seed), "nginx"))
    run = shell(host)
    (head,) = parsed("curl_head", "curl -sI localhost", run)
    assert (head["_response_status"], head["content-type"]) == (200, "text/html")
    (server,) = head["server"]
    assert host.packages["nginx"].startswith(server.removeprefix("nginx/"))


# --- containers, packages, git --------------------------------------------------------------------------------------


@FEW
@given(SEEDS)
def test_docker_shows_the_containers_as_they_are(seed: int):
    host = with_containers(drawn(seed), ["api", "worker", "cache"], down="cache")
    run = shell(host)
    text, _, _ = run.run("docker ps -a --format json")
    rows = {row["Names"]: row for row in map(json.loads, text.splitlines())}
    details = {item["Name"].strip("/"): item for item in parsed("json", "docker inspect api worker cache", run)}
    for container in host.containers:
        row, detail = rows[container.name], details[container.name]
        assert (row["ID"], row["Image"], row["State"]) == (container.id[:12], container.image, container.state)
        assert row["Status"] == status(host, container)
        assert (detail["Id"], detail["State"]["ExitCode"]) == (container.id, container.exit_code)
        assert detail["Config"]["Image"] == container.image


@FEW
@given(SEEDS)
def test_dpkg_lists_the_hosts_packages(seed: int):
    host = drawn(seed)
    run = shell(host)
    rows = parsed("dpkg_l", "dpkg -l", run)
    assert {row["name"]: row["version"] for row in rows} == dict(host.packages)
    assert {row["codes"] for row in rows} == {"ii"}


@FEW
@given(SEEDS)
def test_git_log_is_the_repositorys_commits(seed: int):
    host = draw_workspace(Random(seed), 1_780_000_000)
    run = shell(host)
    assert host.repository
    assert host.repository.path == FOLDER
    rows = parsed("git_log", "git log", run)
    assert [(row["commit"], row["author"], row["message"], row["epoch_utc"]) for row in rows] == [
        (commit.id, commit.author, commit.subject, commit.time) for commit in host.repository.commits
    ]


# --- the same every time --------------------------------------------------------------------------------------------

LINES = (
    "systemctl status $(systemctl list-units --no-legend --plain | cut -d' ' -f1)",
    "journalctl --no-pager",
    "ss -tulpn; ip a; netstat -i",
    "ping -c 3 db01; curl -sI localhost; dig db01",
    "dpkg -l; apt list --installed",
    "docker ps -a; docker stats --no-stream; docker images",
)


@settings(max_examples=5)
@given(SEEDS)
def test_the_same_host_gives_the_same_text_twice(seed: int):
    def say() -> list[tuple[str, str, int]]:
        run = shell(drawn(seed), drawn(seed + 1, "db01"))
        return [run.run(line) for line in LINES]

    assert say() == say()


WORDS = [
    "systemctl", "status", "start", "list-units", "nginx", "-n", "-x", "--since", "../..", "''", "$(x)", "docker",
    "ps", "-a", "--format", "{{.Names}}", "{{range", "}}", "git", "log", "diff", "HEAD~1", "..", "--", "commit",
    "-m", "curl", "-I", "localhost:0", "http://[", "ping", "-c", "-1", "db01", "ss", "-tulpn", "journalctl", "-p",
    "-u", "ip", "addr", "apt-get", "install", "dpkg", "-l", "nc", "-zv", "99999", "-t", "-s", "reload", "@{u}",
    "'['", "\\*", "%h", "0", "999999999999",
]  # fmt: skip
NAMES = [
    "systemctl", "service", "journalctl", "docker", "ss", "netstat", "ip", "ping", "nc", "curl", "wget", "dig",
    "host", "getent", "dpkg", "apt-get", "nginx", "git",
]  # fmt: skip


@settings(max_examples=30)
@given(st.sampled_from(NAMES), st.lists(st.sampled_from(WORDS), max_size=5))
def test_no_words_make_a_command_raise(name: str, words: list[str]):
    host = with_containers(with_service(draw_workspace(Random(1), 1_780_000_000), "nginx"), ["api"])
    text, error, code = LinuxShell(Machine(host), FOLDER).run(f"{name} {' '.join(words)}")
    assert 0 <= code <= 255
    assert "Traceback" not in text + error
