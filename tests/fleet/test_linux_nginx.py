"""What nginx answers by its configuration, and what it logs. The words are those of nginx 1.22.1."""

from dataclasses import replace
from random import Random

import pytest

from fleet.draw import draw_host
from fleet.linux.shell import LinuxShell
from fleet.model import File, Host, Machine
from fleet.snapshot import diff
from scenarios.trouble import with_service

CONFIG = "/etc/nginx/nginx.conf"
SITE = """events {}
http {
    upstream app { server 127.0.0.1:8199; }
    upstream two { server 127.0.0.1:8199; server 127.0.0.1:22; }
    server {
        listen 80;
        server_name shop www;
        location / { proxy_pass http://app; }
        location /api/ { proxy_pass http://127.0.0.1:8199/v1/; }
        location /two { proxy_pass http://two; }
        location /db { proxy_pass http://localhost:6379; }
        location /gone { return 410; }
        location /text { return 200 "hi\\n"; }
        location /files/ { root /srv; }
        location ~ \\.php$ { return 404; }
        location /quiet { server_tokens off; access_log off; proxy_pass http://app; }
        location /odd { error_page 502 /x.html; proxy_pass http://app; }
    }
    server { listen 80; server_name other; return 503; }
}
"""


def host_with(*services: str) -> Host:
    host = replace(draw_host("web01", Random(8)), services={}, containers=(), address="10.0.1.8")
    for service in ("nginx", *services):
        host = with_service(host, service)
    return replace(host, packages={**host.packages, "nginx": "1.22.1-9+deb12u1"})


def site() -> Host:
    host = host_with("redis").with_file(CONFIG, File(SITE)).with_file("/srv/files/a/i.html", File("hello\n"))
    return host.with_file("/var/log/nginx/error.log", None)


def run(line: str, host: Host) -> tuple[str, str, int, list[str]]:
    machine = Machine(host)
    return (*LinuxShell(machine).run(line), [gap.what for gap in machine.gaps])


PAGE = """<html>\r
<head><title>502 Bad Gateway</title></head>\r
<body>\r
<center><h1>502 Bad Gateway</h1></center>\r
<hr><center>nginx/1.22.1</center>\r
</body>\r
</html>\r
"""


@pytest.mark.parametrize("stop", ["systemctl stop orders", "pkill orders", "service orders stop"])
def test_a_backend_that_is_gone_is_a_bad_gateway(stop: str):
    shell = LinuxShell(Machine(host_with("orders")))
    assert "orders on web01" in shell.run("curl -s localhost")[0]
    shell.run(stop)
    assert shell.run("curl -s localhost")[0] == PAGE
    assert "HTTP/1.1 502 Bad Gateway\r\nServer: nginx/1.22.1\r\n" in shell.run("curl -I http://localhost/")[0]
    shell.run("systemctl start orders")
    assert "orders on web01" in shell.run("curl -s localhost")[0]


def test_a_backend_that_was_never_there_is_none_but_for_the_application_that_a_host_does_not_show():
    assert run("curl -sI localhost", host_with())[0].startswith("HTTP/1.1 200 OK\r\n")
    shell = LinuxShell(Machine(host_with()))
    shell.run(f"sed -i s/8080/8081/ {CONFIG}; systemctl reload nginx")
    assert shell.run("curl -s localhost")[0] == PAGE


REFUSED = "connect() failed (111: Connection refused) while connecting to upstream"
PREMATURE = "upstream prematurely closed connection while reading response header from upstream"


@pytest.mark.parametrize(
    ("path", "code", "why", "upstream"),
    [
        ("/", 502, REFUSED, "127.0.0.1:8199/"),
        ("/api/x?q=1", 502, REFUSED, "127.0.0.1:8199/v1/x?q=1"),
        ("/db", 502, PREMATURE, "127.0.0.1:6379/db"),
        ("/gone", 410, "", ""),
        ("/text", 200, "", ""),
        ("/a.php", 404, "", ""),
        ("/files/a/i.html", 200, "", ""),
        ("/files/a/no", 404, 'open() "/srv/files/a/no" failed (2: No such file or directory)', ""),
        ("/files/a/", 403, 'directory index of "/srv/files/a/" is forbidden', ""),
    ],
)
def test_the_logs_tell_of_a_request(path: str, code: int, why: str, upstream: str):
    line = f"curl -s -o /tmp/body -w '%{{http_code}}\n' 'localhost{path}'; wc -c < /tmp/body; cd /var/log/nginx; "
    text, _, _, gaps = run(line + "cat access.log; touch error.log; cat error.log", site())
    told, size, access, *errors = text.splitlines()
    assert (told, gaps) == (str(code), [])
    assert access.startswith("127.0.0.1 - - [")
    assert access.endswith(f'+0000] "GET {path} HTTP/1.1" {code} {size} "-" "curl/7.88.1"')
    asked = f', client: 127.0.0.1, server: shop, request: "GET {path} HTTP/1.1"'
    passed = f', upstream: "http://{upstream}"' if upstream else ""
    assert [error.partition(": *1 ")[2] for error in errors] == (
        [f'{why}{asked}{passed}, host: "localhost"'] if why else []
    )


def test_connections_are_counted_and_a_log_may_be_off():
    line = "for n in 1 2; do curl -s localhost; curl -sI localhost/quiet; done; grep -c . /var/log/nginx/access.log"
    text, _, _, _ = run(f"{line}; grep -o ': [*][0-9]*' /var/log/nginx/error.log", site())
    assert text.count("Server: nginx\r\n") == 2
    assert text.endswith("2\n: *1\n: *3\n: *5\n: *7\n")


def test_the_name_that_is_asked_for_chooses_the_server():
    status = "curl -s -o /dev/null -w '%{http_code}' -H 'Host: {}' localhost/gone"
    assert [run(status.replace("{}", name), site())[0] for name in ("www", "other", "nobody")] == ["410", "503", "410"]


@pytest.mark.parametrize("path", ["/two", "/odd", "/files/a"])
def test_what_is_not_known_is_a_gap(path: str):
    assert run(f"curl -s localhost{path}", site())[3] != []


def test_a_changed_configuration_counts_once_it_is_loaded():
    shell = LinuxShell(Machine(host_with("orders")))
    status = "curl -s -o /dev/null -w '%{http_code}' localhost"
    assert shell.run(f"sed -i s/8080/8081/ {CONFIG}; {status}")[0] == "200"
    assert shell.run(f"nginx -s reload; {status}")[0] == "502"
    assert shell.run(f"echo '}}' >> {CONFIG}; systemctl reload nginx 2> /dev/null; {status}")[0] == "502"


def test_another_host_asks_and_is_named_and_nobody_is_accountable_for_the_log():
    other = replace(draw_host("db01", Random(9)), address="10.0.1.9")
    machines = {"web01": Machine(host_with().with_file(CONFIG, File(SITE))), "db01": Machine(other)}
    for machine in machines.values():
        machine.fleet = machines
    assert LinuxShell(machines["db01"]).run("curl -s http://web01/x")[0] == PAGE
    text = LinuxShell(machines["web01"]).run("cat /var/log/nginx/access.log; tail -n 1 /var/log/nginx/error.log")[0]
    assert text.startswith("10.0.1.9 - - [")
    assert "client: 10.0.1.9, server: shop" in text
    assert diff({"w": machines["web01"].first}, {"w": machines["web01"].host}) == {}


DEFAULT_SITE = """events {}
http {
    include mime.types;
    server {
        listen 80 default_server;
        root /var/www/html;
        index index.html index.htm index.nginx-debian.html;
        server_name _;
        location / { try_files $uri $uri/ =404; }
        location /plain { root /usr/share/nginx/html; try_files $uri =403; }
        location /own/ { }
    }
}
"""


@pytest.mark.parametrize(
    ("before", "line", "told"),
    [
        ("", "curl -s localhost | sed -n '4p;13p'", "<title>Welcome to nginx!</title>\n"
         "<p>If you see this page, the nginx web server is successfully installed and\n"),
        ("", "curl -s -o /dev/null -w '%{http_code} %{size_download}\\n' localhost/index.nginx-debian.html",
         "200 615\n"),
        ("", "curl -sI localhost | grep -c 'Content-Length: 615'", "1\n"),
        ("", "curl -s -o /dev/null -w '%{http_code}\\n' localhost/nosuch", "404\n"),
        ("", "curl -s -o /dev/null -w '%{http_code}\\n' localhost/plain/x", "403\n"),
        ("", "curl -s -o /dev/null -w '%{http_code}\\n' localhost/own/", "404\n"),
        ("echo mine > /var/www/html/index.html", "curl -s localhost", "mine\n"),
        ("mkdir /var/www/html/a; echo in > /var/www/html/a/index.htm", "curl -s localhost/a/", "in\n"),
        ("mkdir /var/www/html/a; echo in > /var/www/html/a/x", "curl -s -o /dev/null -w '%{http_code}\\n' localhost/a/",
         "403\n"),
        ("rm /var/www/html/index.nginx-debian.html; touch /var/www/html/x",
         "curl -s -o /dev/null -w '%{http_code}\\n' localhost", "403\n"),
        ("sed -i 's/Welcome to/Closed:/' /var/www/html/index.nginx-debian.html",
         "curl -s localhost | grep -c Closed:", "2\n"),
    ],
)  # fmt: skip
def test_the_default_site_serves_the_package_s_page_and_what_is_put_beside_it(before: str, line: str, told: str):
    host = host_with().with_file(CONFIG, File(DEFAULT_SITE))
    assert run(f"{before or ':'}; systemctl reload nginx; {line}", host)[::3] == (told, [])


def test_the_page_of_ubuntu_s_older_nginx_has_another_style():
    host = host_with().with_file(CONFIG, File(DEFAULT_SITE))
    old = replace(host, packages={**host.packages, "nginx": "1.18.0-6ubuntu14.4"})
    assert run("wc -c < /usr/share/nginx/html/index.html", old)[0] == "612\n"


def test_what_else_try_files_may_ask_for_is_a_gap():
    host = host_with().with_file(CONFIG, File(DEFAULT_SITE.replace("=404", "/index.php")))
    assert run("curl -s localhost/nosuch", host)[3] == ["nginx try_files"]
