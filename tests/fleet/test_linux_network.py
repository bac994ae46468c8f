"""Sockets, addresses and what crosses the fleet's network: ss, ip, ping, curl, nc, dig."""

from dataclasses import replace
from random import Random

import pytest

from fleet.draw import draw_host
from fleet.linux.shell import LinuxShell
from fleet.model import File, Host, Machine
from scenarios.trouble import with_containers, with_service
from tests.fleet.answers import answer


def host_with(name: str, seed: int, *services: str) -> Host:
    host = replace(draw_host(name, Random(seed)), services={}, containers=(), address=f"10.0.1.{seed}")
    for service in ("ssh", *services):
        host = with_service(host, service)
    return host


def fleet(*more: str) -> dict[str, Machine]:
    """web01 with nginx, redis and whatever else is named, db01 with a database and prometheus."""
    hosts = (host_with("web01", 11, "nginx", "redis", *more), host_with("db01", 12, "postgresql", "prometheus"))
    machines = {host.name: Machine(host) for host in hosts}
    for machine in machines.values():
        machine.fleet = machines
    return machines


def out(line: str, *more: str) -> tuple[str, str, int]:
    """A line run on web01."""
    return LinuxShell(fleet(*more)["web01"]).run(line)


# --- sockets and interfaces -----------------------------------------------------------------------------------------


def test_ss_shows_who_listens_and_a_stopped_service_no_more():
    machines = fleet()
    run = LinuxShell(machines["web01"])
    assert 'users:(("nginx",pid=' in run.run("ss -tulpn | grep :80")[0]
    run.run("systemctl stop nginx")
    assert run.run("ss -tulpn | grep :80") == ("", "", 1)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ss -tlnH | awk '{print $4}'", "0.0.0.0:22 0.0.0.0:80 127.0.0.1:6379"),
        ("ss -tlH | awk '{print $4}'", "0.0.0.0:ssh 0.0.0.0:http 127.0.0.1:redis"),
        ("ss -ltnH 'sport = :80' | wc -l", "1"),
        ("ss -ulnH", ""),
        ("netstat -tln | tail -n +3 | awk '{print $4}'", "0.0.0.0:22 0.0.0.0:80 127.0.0.1:6379"),
        ("ss -tnH | awk '{print $1}'", "ESTAB"),
        ("ip -4 -br addr show eth0 | awk '{print $1,$3}'", "eth0 10.0.1.11/16"),
        ("ip route | head -1", "default via 10.0.0.1 dev eth0 proto static"),
        ("ip route get 8.8.8.8 | head -1", "8.8.8.8 via 10.0.0.1 dev eth0 src 10.0.1.11 uid 0"),
        ("ip neigh | awk '{print $1}'", "10.0.0.1 10.0.1.12"),
    ],
)
def test_the_network_is_the_hosts_own(line: str, words: str):
    text, error, _ = out(line)
    assert (text.split(), error) == (words.split(), "")


def test_an_interface_that_is_not_there():
    assert out("ip addr show dev eth9")[1:] == ('Device "eth9" does not exist.\n', 1)
    assert "Device not found" in out("ifconfig eth9")[1]
    assert out("ip frob")[1:] == ('Object "frob" is unknown, try "ip help".\n', 1)


# --- reaching others ------------------------------------------------------------------------------------------------


def test_ping_reaches_the_fleet_by_name_and_by_address():
    text, _, code = out("ping -c 2 db01")
    assert text.startswith("PING db01 (10.0.1.12) 56(84) bytes of data.\n64 bytes from db01 (10.0.1.12): icmp_seq=1")
    assert "2 packets transmitted, 2 received, 0% packet loss" in text
    assert code == 0
    assert "4 packets transmitted, 4 received" in out("ping -c 4 10.0.1.12")[0]
    assert "3 packets transmitted, 3 received" in out("ping -w 2 10.0.1.12")[0]


def test_ping_is_the_same_every_time():
    assert out("ping -c 3 db01") == out("ping -c 3 db01")


@pytest.mark.parametrize(
    ("line", "words", "code"),
    [
        ("ping -c 1 nope", "ping: nope: Name or service not known", 2),
        ("ping -c 3 8.8.8.8", "3 packets transmitted, 0 received, 100% packet loss", 1),
        ("ping", "ping: usage error: Destination address required", 1),
        ("ping -c 0 db01", "ping: invalid argument: '0'", 1),
        ("ping -c 1000000 db01", "icmp_seq=60", 124),
        ("ping db01", "icmp_seq=60", 124),
        ("timeout 3 ping db01", "icmp_seq=4", 124),
    ],
)
def test_a_ping_that_fails(line: str, words: str, code: int):
    text, error, status = out(line)
    assert words in text + error
    assert status == code


@pytest.mark.parametrize(
    ("line", "words", "code"),
    [
        ("nc -zv db01 5432", "Connection to db01 (10.0.1.12) 5432 port [tcp/postgresql] succeeded!", 0),
        ("nc -zv db01 80", "nc: connect to db01 (10.0.1.12) port 80 (tcp) failed: Connection refused", 1),
        ("nc -zv -w 2 8.8.8.8 53", "timed out", 1),
        ("nc -zv nope 80", "Name or service not known", 1),
        ("nc -zv db01 99999999", "port number invalid", 1),
        ("nc -z db01 5430-5433; echo $?", "0\n", 0),
        ("telnet db01 5432", "Connected to db01.", 1),
        ("telnet db01 81", "Unable to connect to remote host: Connection refused", 1),
    ],
)
def test_ports_are_open_or_not(line: str, words: str, code: int):
    text, error, status = out(line)
    assert words in text + error
    assert status == code


def test_a_port_closes_when_the_other_hosts_service_stops():
    machines = fleet()
    web, db = LinuxShell(machines["web01"]), LinuxShell(machines["db01"])
    db.run("systemctl stop postgresql")
    assert web.run("nc -z db01 5432")[2] == 1
    db.run("systemctl start postgresql")
    assert web.run("nc -z db01 5432")[2] == 0


def test_what_listens_on_loopback_is_not_reached_from_elsewhere():
    machines = fleet()
    assert LinuxShell(machines["web01"]).run("nc -z 127.0.0.1 6379")[2] == 0
    assert LinuxShell(machines["db01"]).run("nc -z web01 6379")[2] == 1


@pytest.mark.parametrize(
    ("line", "text", "code"),
    [
        ("dig +short db01", "10.0.1.12\n", 0),
        ("dig +short nope", "", 0),
        ("dig +short -x 10.0.1.12", "db01.\n", 0),
        ("host db01", "db01 has address 10.0.1.12\n", 0),
        ("host nope", "Host nope not found: 3(NXDOMAIN)\n", 1),
        ("nslookup db01 | grep -c 10.0.1.12", "1\n", 0),
        ("getent hosts db01", "10.0.1.12       db01\n", 0),
        ("getent hosts nope", "", 2),
        ("getent passwd root | cut -d: -f6", "/root\n", 0),
    ],
)
def test_names_of_the_fleet_are_known(line: str, text: str, code: int):
    assert out(line)[::2] == (text, code)


def test_a_line_in_etc_hosts_gives_an_address_a_name():
    assert "PING store (10.0.1.12)" in out("echo '10.0.1.12 store' >> /etc/hosts; ping -c 1 store")[0]


# --- HTTP -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "text", "code"),
    [
        ("curl -s -o /dev/null -w '%{http_code}' localhost", "200", 0),
        ("curl -s -o /dev/null -w '%{http_code}\\n' http://web01:80/nope", "404\n", 0),
        ("curl -s http://db01:9090/-/healthy | grep -c prometheus", "1\n", 0),
        ("curl -s -o /dev/null -w '%{http_code}' http://db01:81", "000", 7),
        ("curl -sI localhost | head -1", "HTTP/1.1 200 OK\r\n", 0),
        ("curl -s localhost -o page.html && grep -c web01 page.html", "2\n", 0),
        ("wget -qO- db01:9090/health | grep -c ok", "1\n", 0),
    ],
)
def test_a_web_service_answers(line: str, text: str, code: int):
    assert out(line, "orders")[::2] == (text, code)


@pytest.mark.parametrize(
    ("line", "words", "code"),
    [
        (
            "curl http://db01:81",
            "curl: (7) Failed to connect to db01 port 81 after 0 ms: Couldn't connect to server",
            7,
        ),
        ("curl -sS http://nope/", "curl: (6) Could not resolve host: nope", 6),
        ("curl -m 2 http://93.184.216.34/", "curl: (28) Failed to connect to 93.184.216.34 port 80 after 2000 ms", 28),
        ("curl -f localhost/nope", "curl: (22) The requested URL returned error: 404", 22),
        ("curl db01:5432", "curl: (52) Empty reply from server", 52),
        ("curl db01:22", "curl: (1) Received HTTP/0.9 when not allowed", 1),
        ("curl https://web01:80", "curl: (35)", 35),
        ("curl", "curl: try 'curl --help'", 2),
        ("curl --frob x", "curl: option --frob: is unknown", 2),
        ("curl 'http://a b'", "curl: (3) URL", 3),
        ("curl http://web01:99999/", "curl: (3) URL", 3),
        ("wget -q http://db01:81", "", 4),
        ("wget -qO- web01/nope", "", 8),
    ],
)
def test_a_request_that_fails(line: str, words: str, code: int):
    text, error, status = out(line, "orders")
    assert (text, status) == ("", code)
    assert words in error


def test_a_silent_failure_says_nothing():
    assert out("curl -s http://db01:81") == ("", "", 7)


def test_a_proxy_whose_upstream_is_down_is_a_bad_gateway():
    machines = fleet("orders")
    run = LinuxShell(machines["web01"])
    status = "curl -s -o /dev/null -w '%{http_code}' localhost"
    assert run.run(status)[0] == "200"
    run.run("systemctl stop orders")
    assert run.run(status)[0] == "502"


def test_a_page_of_the_web_root_is_served_and_a_container_answers_for_itself():
    machines = fleet()
    host = with_containers(machines["web01"].host, ["api"])
    page, config = File("hello\n"), host.services["nginx"].config or ""
    text = host.files[config].content.replace("proxy_pass http://app;", "root /var/www/html;")
    host = host.with_file("/var/www/html/hello.html", page).with_file(config, File(text))
    machines["web01"] = Machine(host, machines)
    run, (port, _) = LinuxShell(machines["web01"]), host.containers[0].ports[0]
    assert run.run("curl -s localhost/hello.html")[0] == "hello\n"
    version = host.containers[0].image.partition(":")[2]
    assert version in run.run(f"curl -s localhost:{port}/health")[0]
    run.run("docker stop api")
    assert run.run(f"curl -s localhost:{port}/health")[2] == 7


@pytest.mark.parametrize(
    ("line", "output", "code"),
    [
        ("getent passwd nobody 33", "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
         "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n", 0),
        ("getent passwd 65534 nosuch | cut -d: -f1; getent passwd nosuch; echo $?", "nobody\n2\n", 0),
        ("getent group nogroup 27 nobody", "nogroup:x:65534:\nsudo:x:27:\n", 2),
        ("getent services ssh 80/tcp www domain/udp", "ssh                   22/tcp\nhttp                  80/tcp www\n"
         "http                  80/tcp www\ndomain                53/udp\n", 0),
        ("getent services ssh/udp", "", 2),
        ("getent services nosuch", "", 2),
        ("getent protocols 6 UDP", "tcp                   6 TCP\nudp                   17 UDP\n", 0),
        ("getent rpc nfs", "nfs             100003  nfsprog\n", 0),
        ("getent networks 127.0.0.0", "loopback              127.0.0.0\n", 0),
        ("getent hosts", "127.0.0.1       localhost\n127.0.1.1       web01\n", 0),
        ("getent hosts localhost 192.0.2.9", "127.0.0.1       localhost\n", 2),
        ("getent ahosts localhost", "127.0.0.1       STREAM localhost\n127.0.0.1       DGRAM  \n"
         "127.0.0.1       RAW    \n", 0),
        ("getent initgroups root", "root                 \n", 0),
        ("getent netgroup", "", 3),
        ("echo '10.9.9.9 shop www.shop' >> /etc/hosts; getent hosts www.shop", "10.9.9.9        shop www.shop\n", 0),
        ("grep -w ssh /etc/services", "ssh\t22/tcp\n", 0),
        ("id nobody; id -gn man", "uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup)\nman\n", 0),
    ],
)  # fmt: skip
def test_databases_of_the_name_service_are_read_by_key(line: str, output: str, code: int):
    told = answer(line, draw_host("web01", Random(8)))
    assert (told[0], told[2]) == (output, code)
