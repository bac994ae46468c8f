"""systemctl, service, journalctl and nginx on a simulated host: words, exit codes and what they change."""

import json
import re
from dataclasses import replace
from random import Random

import pytest

from fleet.draw import draw_host
from fleet.linux.shell import LinuxShell
from fleet.linux.systemd.unit_state import ago
from fleet.model import JournalEntry, Machine
from scenarios.trouble import add_process, fail_service, fill_disk, with_service

CONFIG = "/etc/nginx/nginx.conf"


def shell(*services: str) -> tuple[LinuxShell, Machine]:
    host = replace(draw_host("web01", Random(11)), services={}, containers=(), journal=())
    for name in services:
        host = with_service(host, name)
    machine = Machine(host)
    return LinuxShell(machine), machine


def out(line: str, *services: str) -> tuple[str, str, int]:
    return shell(*services)[0].run(line)


# --- looking --------------------------------------------------------------------------------------------------------


def test_status_shows_the_unit_its_processes_and_its_last_lines():
    run, machine = shell("nginx")
    text, _, code = run.run("systemctl status nginx --no-pager")
    main, *workers = [p.pid for p in machine.host.processes if p.service == "nginx"]
    assert code == 0
    assert text.startswith("● nginx.service - A high performance web server")
    assert "Loaded: loaded (/lib/systemd/system/nginx.service; enabled; preset: enabled)" in text
    assert "Active: active (running) since " in text
    assert f"Main PID: {main} (nginx)" in text
    assert f"├─{main} " in text
    assert f"└─{workers[-1]} " in text
    assert re.search(r"systemd\[1\]: Started (nginx\.service - )?A high performance web server", text)


def test_status_of_a_stopped_a_failed_and_an_unknown_unit():
    run, machine = shell("nginx", "redis")
    machine.host = fail_service(machine.host, "redis", "Can't open the append-only file")
    assert "× redis.service" in run.run("systemctl status redis")[0]
    assert "Active: failed (Result: exit-code)" in run.run("systemctl status redis")[0]
    run.run("systemctl stop nginx")
    text, _, code = run.run("systemctl status nginx")
    assert "○ nginx.service" in text
    assert "Active: inactive (dead) since" in text
    assert code == 3
    assert run.run("systemctl status nope") == ("", "Unit nope.service could not be found.\n", 4)


@pytest.mark.parametrize(
    ("line", "text", "code"),
    [
        ("systemctl is-active nginx", "active\n", 0),
        ("systemctl is-active redis.service", "failed\n", 3),
        ("systemctl is-active redis nginx", "failed\nactive\n", 0),
        ("systemctl is-active nope", "inactive\n", 3),
        ("systemctl is-failed redis", "failed\n", 0),
        ("systemctl is-failed nginx", "active\n", 1),
        ("systemctl is-enabled nginx", "enabled\n", 0),
        ("systemctl is-active --quiet nginx", "", 0),
        ("systemctl is-system-running", "degraded\n", 1),
        ("systemctl show nginx -p ActiveState --value", "active\n", 0),
        ("systemctl show redis -p SubState,LoadState", "LoadState=loaded\nSubState=failed\n", 0),
        ("systemctl status redis-server | head -1", "× redis.service - Advanced key-value store\n", 0),
        ("systemctl list-units --state=failed --no-legend --plain | cut -d' ' -f1", "redis.service\n", 0),
        ("systemctl --failed --no-legend | grep -c redis", "1\n", 0),
        ("service redis status | grep -c 'Active: failed'", "1\n", 0),
        ("service --status-all", " [ + ]  nginx\n [ - ]  redis\n", 0),
    ],
)
def test_questions_have_systemds_answers(line: str, text: str, code: int):
    run, machine = shell("nginx", "redis")
    machine.host = fail_service(machine.host, "redis", "Can't open the append-only file")
    found, error, status = run.run(line)
    assert (sorted(found.splitlines()), status) == (sorted(text.splitlines()), code), error


@pytest.mark.parametrize(
    ("line", "words", "code"),
    [
        ("systemctl start nope", "Failed to start nope.service: Unit nope.service not found.\n", 5),
        ("systemctl stop nope", "Failed to stop nope.service: Unit nope.service not loaded.\n", 5),
        ("systemctl restart nope", "Failed to restart nope.service: Unit nope.service not found.\n", 5),
        ("systemctl enable nope", "Failed to enable unit: Unit file nope.service does not exist.\n", 1),
        ("systemctl is-enabled nope", "Failed to get unit file state for nope.service: No such file or directory\n", 1),
        ("systemctl frobnicate nginx", "Unknown command verb frobnicate.\n", 1),
        ("systemctl start", "Too few arguments.\n", 1),
        ("systemctl cat nope", "No files found for nope.service.\n", 1),
    ],
)
def test_what_systemd_does_not_know_it_says_in_its_words(line: str, words: str, code: int):
    _, error, status = out(line, "nginx")
    assert (error, status) == (words, code)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0s"),
        (42, "42s"),
        (62, "1min 2s"),
        (7380, "2h 3min"),
        (400, "6min"),
        (7 * 3600 + 1500, "7h"),
        (86_400, "24h"),
        (8 * 86_400, "1 week 1 day"),
        (14 * 86_400, "2 weeks 0 days"),
        (31_557_600, "1 year 0 months"),
        (2 * 31_557_600 + 3 * 2_629_800, "2 years 3 months"),
        (86_400 + 4 * 3600, "1 day 4h"),
        (5 * 86_400 + 3700, "5 days"),
        (15 * 86_400, "2 weeks 1 day"),
        (40 * 86_400, "1 month 9 days"),
    ],
)
def test_how_long_since_in_systemds_words(seconds: int, words: str):
    assert ago(seconds) == words


# --- changing -------------------------------------------------------------------------------------------------------


def test_a_start_that_fails_says_where_to_look():
    run, machine = shell("nginx")
    run.run(f"sed -i 's/listen 80;/lisen 80;/' {CONFIG}")
    text, error, code = run.run("systemctl restart nginx")
    assert (text, code) == ("", 1)
    assert error == (
        "Job for nginx.service failed because the control process exited with error code.\n"
        'See "systemctl status nginx.service" and "journalctl -xeu nginx.service" for details.\n'
    )
    assert 'unknown directive "lisen" in' in run.run("journalctl -u nginx")[0]
    assert machine.host.services["nginx"].state == "failed"


def test_a_bad_config_fails_the_test_and_the_reload_but_the_old_one_serves_on():
    run, machine = shell("nginx", "orders")
    assert run.run("nginx -t") == (
        "",
        f"nginx: the configuration file {CONFIG} syntax is ok\nnginx: configuration file {CONFIG} test is successful\n",
        0,
    )
    run.run(f"echo '}}' >> {CONFIG}")
    _, error, code = run.run("nginx -t")
    assert error.startswith('nginx: [emerg] unexpected "}" in')
    assert code == 1
    assert run.run("systemctl reload nginx")[2] == 1
    assert run.run("nginx -s reload")[2] == 1
    assert run.run("systemctl is-active nginx")[0] == "active\n"
    assert run.run("curl -s -o /dev/null -w '%{http_code}' localhost")[0] == "200"
    run.run(f"sed -i '$ d' {CONFIG}")
    assert run.run("nginx -s reload") == ("", "", 0)
    assert machine.host.services["nginx"].reloads == 1


def test_a_full_disk_keeps_a_database_down_until_somebody_deletes_the_log():
    run, machine = shell("postgresql")
    machine.host = fill_disk(machine.host, "/var/log/huge.log", 100)
    machine.host = fill_disk(machine.host, "/huge.log", 100)
    assert run.run("systemctl restart postgresql")[2] == 1
    assert "No space left on device" in run.run("journalctl -u postgresql -n 5 --no-pager")[0]
    run.run("rm /var/log/huge.log /huge.log")
    assert run.run("systemctl start postgresql && systemctl is-active postgresql") == ("active\n", "", 0)


def test_a_taken_port_is_freed_by_killing_its_holder():
    run, machine = shell("orders")
    run.run("systemctl stop orders")
    machine.host, pid = add_process(machine.host, "/usr/bin/python3 -m http.server 8080")
    assert run.run("systemctl start orders")[2] == 1
    assert f"pid={pid}" in run.run("ss -tlnp | grep :8080")[0]
    assert run.run(f"kill {pid} && systemctl start orders && systemctl is-active orders")[0] == "active\n"


def test_enable_and_disable_with_now_change_both():
    run, machine = shell("redis")
    assert "Removed" in run.run("systemctl disable --now redis")[1]
    assert (machine.host.services["redis"].enabled, machine.host.services["redis"].state) == (False, "inactive")
    assert "Created symlink" in run.run("systemctl enable --now redis")[1]
    assert (machine.host.services["redis"].enabled, machine.host.services["redis"].state) == (True, "active")


def test_a_service_that_cannot_reload_says_so_and_reload_or_restart_restarts_it():
    run, machine = shell("redis")
    assert "Job type reload is not applicable for unit redis.service." in run.run("systemctl reload redis")[1]
    assert run.run("systemctl reload-or-restart redis")[2] == 0
    assert machine.host.services["redis"].restarts == 1


def test_reset_failed_makes_it_inactive():
    run, machine = shell("redis")
    machine.host = fail_service(machine.host, "redis", "out of memory")
    run.run("systemctl reset-failed")
    assert machine.host.services["redis"].state == "inactive"


def test_nginx_is_signalled_only_while_it_runs():
    run, machine = shell("nginx")
    run.run("nginx -s quit")
    assert machine.host.services["nginx"].state == "inactive"
    assert 'open() "/run/nginx.pid" failed' in run.run("nginx -s reload")[1]
    assert run.run("nginx") == ("", "", 0)
    assert machine.host.services["nginx"].state == "active"


def test_nginx_prints_its_whole_configuration():
    text, _, code = out("nginx -T", "nginx")
    assert text.startswith(f"# configuration file {CONFIG}:\nuser www-data;")
    assert code == 0


# --- the journal ----------------------------------------------------------------------------------------------------


def journal_of(*entries: tuple[int, str, int, str]) -> LinuxShell:
    """A shell whose journal holds (seconds ago, unit, priority, message)."""
    _, machine = shell("nginx")
    now = machine.host.now
    lines = tuple(
        JournalEntry(now - ago, unit, 0 if unit == "kernel" else 77, level, text) for ago, unit, level, text in entries
    )
    machine.host = replace(machine.host, journal=lines)
    return LinuxShell(machine)


EVENTS = (
    (90_000, "nginx", 6, "one"),
    (4_000, "kernel", 4, "two"),
    (1_000, "nginx", 3, "Three"),
    (100, "redis", 6, "four"),
    (10, "nginx", 6, "five"),
)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("", "one two Three four five"),
        ("-u nginx", "one Three five"),
        ("-u nginx.service -u redis", "one Three four five"),
        ("-n 2", "four five"),
        ("-u nginx -n 1", "five"),
        ("-r -n 2", "five four"),
        ("-p err", "Three"),
        ("-p 4", "two Three"),
        ("-p warning..info", "one two four five"),
        ("-k -n 1", "two"),
        ("--since '1 hour ago'", "Three four five"),
        ("--since '10 min ago' -u nginx", "five"),
        ("-S -2h", "two Three four five"),
        ("--until '1 hour ago'", "one two"),
        ("--since yesterday --until '20 min ago'", "one two"),
        ("-g three", "Three"),
        ("-g 'f.*e|^two$'", "two five"),
        ("-t redis", "four"),
        ("-xeu redis --no-pager", "four"),
    ],
)
def test_the_journal_gives_what_is_asked_for(options: str, words: str):
    text, error, code = journal_of(*EVENTS).run(f"journalctl {options} -o cat")
    assert (text.split(), code) == (words.split(), 0), error


def test_a_line_of_the_journal_has_time_host_program_and_pid():
    text, _, _ = journal_of((0, "nginx", 6, "hello")).run("journalctl -o short-iso")
    assert text.endswith("+0000 web01 nginx[77]: hello\n")
    fields = json.loads(journal_of((0, "nginx", 6, "hello")).run("journalctl -o json")[0])
    assert (fields["MESSAGE"], fields["PRIORITY"], fields["_PID"]) == ("hello", "6", "77")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--since whenever", "Failed to parse timestamp: whenever\n"),
        ("-p grave", "Unknown log level grave\n"),
        ("-o poem", "Unknown output format 'poem'.\n"),
    ],
)
def test_the_journal_refuses_what_it_cannot_read(options: str, words: str):
    assert journal_of(*EVENTS).run(f"journalctl {options}") == ("", words, 1)


def test_following_the_journal_prints_what_is_there_and_runs_into_the_time_out():
    assert journal_of(*EVENTS).run("journalctl -f -u nginx")[2] == 124


def test_a_pattern_of_many_stars_takes_no_time():
    journal = journal_of((0, "nginx", 6, "a" * 200))
    assert "No entries" in journal.run(f"journalctl -g '{'(a.*)' * 12}b'")[0]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("systemctl is-active /", ("active\n", "", 0)),
        ("systemctl is-active -q //", ("", "", 0)),
        ("systemctl is-active /etc/mysql/my.cnf", ("inactive\n", "", 3)),
        ("systemctl status /etc/a-b/.x", ("", "Unit etc-a\\x2db-.x.mount could not be found.\n", 4)),
        ("systemctl restart /opt/x/", ("", "Failed to restart opt-x.mount: Unit opt-x.mount not found.\n", 5)),
    ],
)
def test_a_path_names_the_unit_that_mounts_it(line: str, told: tuple[str, str, int]):
    machine = Machine(draw_host("web01", Random(3)))
    assert LinuxShell(machine).run(line) == told
    assert not machine.gaps
