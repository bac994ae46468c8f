"""What acting on a host does to it: processes, ports, logs and space follow, and a refusal has a reason."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet import actions, signals
from fleet.actions import FailedAction
from fleet.config_checks import config_error
from fleet.draw import draw_host
from fleet.model import Host
from fleet.nginx_config import nginx_error, nginx_ports
from fleet.ports import find_listener, listeners, main_process
from scenarios.trouble import add_process, fill_disk, with_containers, with_service

CONFIG = "/etc/nginx/nginx.conf"
RIGHT = """events {
    worker_connections 768;
}
http {
    server {
        listen 80;
        root /var/www/html;
        location / {
            try_files $uri =404;
        }
    }
}
"""


def host_with(*services: str, platform: str = "linux") -> Host:
    host = draw_host("web01", Random(7), "windows" if platform == "windows" else "linux")
    host = replace(host, services={}, containers=())
    for name in services:
        host = with_service(host, name)
    return host


def done(result: Host | FailedAction) -> Host:
    assert isinstance(result, Host), result.why
    return result


def refused(result: Host | FailedAction) -> FailedAction:
    assert isinstance(result, FailedAction)
    return result


def wrong_config(host: Host) -> Host:
    file = host.files[CONFIG]
    return host.with_file(CONFIG, replace(file, content=file.content.replace("listen 80;", "listen 80")))


def pid_of(host: Host, service: str) -> int:
    process = main_process(host, service)
    assert process is not None
    return process.pid


# --- services -------------------------------------------------------------------------------------------------------


def test_a_restart_gives_a_new_pid_a_line_in_the_journal_and_one_in_the_log():
    host = host_with("redis")
    after = done(actions.restart(host, "redis"))
    assert pid_of(after, "redis") != pid_of(host, "redis")
    assert after.services["redis"].restarts == host.services["redis"].restarts + 1
    assert len(after.journal) > len(host.journal)
    log = host.services["redis"].log
    assert log
    assert after.files[log].size > host.files[log].size


def test_a_stopped_service_has_no_processes_and_gives_up_its_port():
    host = actions.stop(host_with("postgresql"), "postgresql")
    assert not [p for p in host.processes if p.service == "postgresql"]
    assert find_listener(host, 5432) is None
    assert host.services["postgresql"].state == "inactive"


def test_stopping_what_does_not_run_changes_nothing():
    host = actions.stop(host_with("redis"), "redis")
    assert actions.stop(host, "redis") == host


def test_a_full_disk_keeps_a_service_that_writes_from_starting_until_space_is_free():
    host = actions.stop(host_with("postgresql"), "postgresql")
    full = fill_disk(host, "/var/lib/postgresql/trace.log", 100)
    no = refused(actions.start(full, "postgresql"))
    assert "No space left on device" in no.why
    assert no.host.services["postgresql"].state == "failed"
    assert any("No space left on device" in entry.message for entry in no.host.journal)
    free = no.host.with_file("/var/lib/postgresql/trace.log", None)
    assert done(actions.start(free, "postgresql")).services["postgresql"].state == "active"


def test_a_full_disk_does_not_stop_a_service_that_writes_nothing():
    host = fill_disk(actions.stop(host_with("cron"), "cron"), "/trace.log", 100)
    assert done(actions.start(host, "cron")).services["cron"].state == "active"


def test_a_taken_port_keeps_a_service_from_starting():
    host = actions.stop(host_with("orders"), "orders")
    host, pid = add_process(host, "/usr/bin/python3 -m http.server 8080")
    no = refused(actions.start(host, "orders"))
    assert "8080" in no.why
    assert "already in use" in no.why
    free = done(signals.kill(no.host, pid))
    assert done(actions.start(free, "orders")).services["orders"].state == "active"


def test_a_restart_with_a_broken_config_leaves_nothing_running():
    host = wrong_config(host_with("nginx"))
    no = refused(actions.restart(host, "nginx"))
    assert no.host.services["nginx"].state == "failed"
    assert find_listener(no.host, 80) is None


def test_a_reload_with_a_broken_config_is_refused_and_the_old_process_serves_on():
    host = wrong_config(host_with("nginx"))
    no = refused(actions.reload(host, "nginx"))
    assert pid_of(no.host, "nginx") == pid_of(host, "nginx")
    assert no.host.services["nginx"] == host.services["nginx"]
    assert find_listener(no.host, 80) is not None


def test_a_reload_keeps_the_main_process_and_replaces_the_workers():
    host = host_with("nginx")
    after = done(actions.reload(host, "nginx"))
    old, new = ({p.pid for p in h.processes if p.service == "nginx"} for h in (host, after))
    assert old & new == {pid_of(host, "nginx")}
    assert after.services["nginx"].reloads == 1


def test_nginx_listens_where_its_config_says_after_a_restart_not_before():
    host = host_with("nginx")
    text = host.files[CONFIG].content.replace("listen 80;", "listen 8090;")
    edited = host.with_file(CONFIG, replace(host.files[CONFIG], content=text))
    assert [found.port for found in listeners(edited) if found.service == "nginx"] == [80]
    after = done(actions.restart(edited, "nginx"))
    assert [found.port for found in listeners(after) if found.service == "nginx"] == [8090]


def test_a_windows_service_is_written_down_as_windows_does():
    host = done(actions.restart(host_with("Spooler", platform="windows"), "Spooler"))
    assert [entry.event for entry in host.journal[-2:]] == [7036, 7036]
    assert "entered the stopped state" in host.journal[-2].message


# --- processes ------------------------------------------------------------------------------------------------------


def test_killing_the_culprit_lowers_the_load():
    host = host_with("cron")
    busy, pid = add_process(host, "/usr/bin/ffmpeg -i in.mkv out.mp4", cpu=390.0)
    assert busy.load > host.load + 3
    assert done(signals.kill(busy, pid)).load == host.load


@pytest.mark.parametrize("name", ["nginx", "postgresql"])
def test_killing_a_main_process_makes_its_service_failed(name: str):
    host = host_with(name)
    after = done(signals.kill(host, pid_of(host, name)))
    assert after.services[name].state == "failed"
    assert not [p for p in after.processes if p.service == name]


def test_a_killed_windows_service_has_failed_too():
    host = host_with("Spooler", platform="windows")
    assert done(signals.kill(host, pid_of(host, "Spooler"))).services["Spooler"].state == "failed"


def test_a_killed_worker_is_started_anew():
    host = host_with("nginx")
    worker = next(p for p in host.processes if p.service == "nginx" and p.pid != pid_of(host, "nginx"))
    after = done(signals.kill(host, worker.pid))
    assert after.services["nginx"].state == "active"
    assert worker.pid not in {p.pid for p in after.processes}
    assert len(after.processes) == len(host.processes)


def test_a_zombie_goes_only_with_its_parent():
    host, parent = add_process(host_with("cron"), "/opt/batch/run")
    zombie = replace(host.processes[-1], pid=parent + 1, parent=parent, state="Z", cpu=0.0)
    host = replace(host, processes=(*host.processes, zombie))
    assert done(signals.kill(host, zombie.pid)) == host
    assert not {parent, zombie.pid} & {p.pid for p in done(signals.kill(host, parent)).processes}


# --- containers -----------------------------------------------------------------------------------------------------


def test_stopping_docker_stops_its_containers_and_starting_it_brings_those_back():
    host = with_containers(host_with(), ["api", "worker", "cache"], down="worker")
    stopped = actions.stop(host, "docker")
    assert [c.state for c in stopped.containers] == ["exited"] * 3
    assert not [found for found in listeners(stopped) if found.container]
    back = done(actions.start(stopped, "docker"))
    assert [c.state for c in back.containers] == ["running", "exited", "running"]


def test_a_container_does_not_start_on_a_port_that_is_taken():
    host = with_containers(host_with(), ["api"], down="api")
    port = host.containers[0].ports[0][0]
    host, _ = add_process(host, f"/usr/bin/socat --port {port}")
    assert f"0.0.0.0:{port}" in refused(actions.container_start(host, "api")).why


def test_a_restarted_container_is_counted_and_uses_memory():
    host = with_containers(host_with(), ["api"], down="api")
    container = done(actions.container_restart(host, "api")).containers[0]
    assert (container.state, container.exit_code, container.restarts) == ("running", 0, 1)
    assert container.memory > 0


# --- every host -----------------------------------------------------------------------------------------------------


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.sampled_from(["linux", "windows"]))
def test_every_service_of_a_drawn_host_restarts_and_its_ports_are_its_own(seed: int, platform):
    host = draw_host("app01", Random(seed), platform)
    for name, service in host.services.items():
        assert config_error(host, service) is None
        host = done(actions.restart(host, name))
        held = [found.port for found in listeners(host) if found.service == name]
        assert held == sorted(host.services[name].ports)
    pids = [process.pid for process in host.processes]
    assert len(pids) == len(set(pids))


# --- configurations -------------------------------------------------------------------------------------------------


def said(text: str, **others: str) -> str | None:
    host = host_with("cron").with_file(CONFIG, replace(host_with("nginx").files[CONFIG], content=text))
    for name, content in others.items():
        path = f"/etc/nginx/sites-enabled/{name}"
        host = host.with_file(path, replace(host.files[CONFIG], content=content))
    return nginx_error(host.files, CONFIG)


def test_a_right_config_has_no_fault_and_its_ports():
    assert said(RIGHT) is None
    host = host_with("nginx")
    assert nginx_ports(host.files, CONFIG) == host.services["nginx"].ports == (80,)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("listen 80;", "listen 80", f'invalid parameter "root" in {CONFIG}:7'),
        ("html;", "html", f'directive "root" is not terminated by ";" in {CONFIG}:8'),
        ("768;", "768", f'unexpected "}}" in {CONFIG}:3'),
        ("listen 80;", "lisen 80;", f'unknown directive "lisen" in {CONFIG}:6'),
        ("http {", "}\nhttp {", f'unexpected "}}" in {CONFIG}:4'),
        ("        }\n    }\n}\n", "        }\n    }\n", f'unexpected end of file, expecting "}}" in {CONFIG}:12'),
        ("=404;", "=404", f'unexpected "}}" in {CONFIG}:10'),
        ("    server {", "    server", f'directive "server" has no opening "{{" in {CONFIG}:6'),
        ("root /var/www/html;", "root /a /b;", f'invalid number of arguments in "root" directive in {CONFIG}:7'),
        ("events {", "root /x;\nevents {", f'"root" directive is not allowed here in {CONFIG}:1'),
        ("listen 80;", "listen 99999;", f'invalid port in "99999" of the "listen" directive in {CONFIG}:6'),
        ("listen 80;", ";", f'unexpected ";" in {CONFIG}:6'),
    ],
)
def test_a_fault_is_named_as_nginx_names_it_with_its_line(old: str, new: str, words: str):
    assert said(RIGHT.replace(old, new, 1)) == words


def test_a_quoted_brace_and_a_comment_are_no_blocks():
    assert said(RIGHT.replace("listen 80;", 'listen 80; # }\n return 200 "a { b; }";')) is None


def test_included_files_are_read_and_named():
    text = RIGHT.replace(
        "    server {", "    include /etc/nginx/sites-enabled/*;\n    include mime.types;\n    server {"
    )
    assert said(text, shop="server { listen 8081; }\n") is None
    assert said(text, shop="server {\n  listem 8081;\n}\n") == (
        'unknown directive "listem" in /etc/nginx/sites-enabled/shop:2'
    )
    missing = RIGHT.replace("    server {", "    include conf.d/gone.conf;\n    server {")
    assert said(missing) == (
        f'open() "/etc/nginx/conf.d/gone.conf" failed (2: No such file or directory) in {CONFIG}:5'
    )


def test_a_config_that_includes_itself_comes_to_an_end():
    loop = RIGHT.replace("    server {", "    include nginx.conf;\n    server {")
    assert "is not allowed here" in str(said(loop))
    assert "Too many open files" in str(said("include nginx.conf;\n" * 3000))


@pytest.mark.parametrize(
    ("service", "broken", "line"),
    [
        ("orders", "port: 8080\n  pool: [1\n", "line 2"),
        ("postgresql", "port = 5432\nmax_connections 100 200\n", ":2:"),
        ("redis", "port 6379\nmaxmemory\n", ":2:"),
        ("grafana", "[server]\nhttp_port 3000\n", ":2:"),
        ("apache2", "ServerName x\n<<<<<<< HEAD\n", ":2:"),
    ],
)
def test_a_broken_config_of_another_service_keeps_it_from_starting(service: str, broken: str, line: str):
    host = host_with(service)
    path = host.services[service].config
    assert path
    host = host.with_file(path, replace(host.files[path], content=broken))
    assert line in refused(actions.restart(host, service)).why


@settings(max_examples=40)
@given(st.text(alphabet="server{};listen80 \n#\"'$\\/*", max_size=80))
def test_any_text_at_all_is_read_without_an_exception(text: str):
    fault = said(text)
    assert fault is None or CONFIG in fault
