"""What a signal does to a service: its end is clean or a failure, and its unit's Restart= acts."""

from dataclasses import replace
from random import Random

import pytest

from fleet.draw import draw_host
from fleet.linux.shell import LinuxShell
from fleet.model import File, Host, Machine
from fleet.ports import main_process
from scenarios.trouble import with_service


def machine_with(service: str, **files: str) -> Machine:
    host = with_service(draw_host("web01", Random(5)), service)
    for path, text in files.items():
        host = host.with_file(path, File(text))
    return Machine(host)


def main_pid(host: Host, service: str) -> int:
    main = main_process(host, service)
    assert main
    return main.pid


def after(machine: Machine, service: str, line: str) -> tuple[str, str, str, bool]:
    """(state, Result, NRestarts, whether the main process is another one) after a line about $MAINPID."""
    old = main_pid(machine.host, service)
    LinuxShell(machine).run(line.replace("MAINPID", str(old)))
    shown = LinuxShell(machine).run(f"systemctl show {service} -p ActiveState,Result,NRestarts")[0]
    facts = dict(row.split("=") for row in shown.split())
    new = main_process(machine.host, service)
    return facts["ActiveState"], facts["Result"], facts["NRestarts"], bool(new and new.pid != old)


CLEAN = ("inactive", "success", "0", False)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("kill MAINPID", CLEAN),
        ("kill -15 MAINPID", CLEAN),
        ("kill -s INT MAINPID", CLEAN),
        ("pkill -f 'nginx: master'", CLEAN),
        ("kill -QUIT MAINPID", CLEAN),
        ("systemctl kill nginx", CLEAN),
        ("kill -9 MAINPID", ("failed", "signal", "0", False)),
        ("systemctl kill -s KILL nginx", ("failed", "signal", "0", False)),
        ("kill -ABRT MAINPID", ("failed", "core-dump", "0", False)),
        ("kill -SEGV MAINPID", ("failed", "core-dump", "0", False)),
        ("kill -HUP MAINPID", ("active", "success", "0", False)),
        ("kill -USR1 MAINPID", ("active", "success", "0", False)),
        ("kill -0 MAINPID", ("active", "success", "0", False)),
    ],
)
def test_the_end_of_a_unit_without_restart(line: str, expected: tuple[str, str, str, bool]):
    assert after(machine_with("nginx"), "nginx", line) == expected


@pytest.mark.parametrize("signal", ["ABRT", "SEGV"])
def test_on_debian_no_signal_leaves_a_core_dump(signal: str):
    machine = machine_with("nginx")
    machine.host = replace(machine.host, system=replace(machine.host.system, id="debian", version="12"))
    assert after(machine, "nginx", f"kill -{signal} MAINPID")[:2] == ("failed", "signal")
    told = LinuxShell(machine).run("systemctl status nginx; journalctl -u nginx -n 3")[0]
    assert "code=killed" in told
    assert "core-dump" not in told


DROP_IN = "/etc/systemd/system/nginx.service.d/override.conf"
UNIT = "/etc/systemd/system/nginx.service"


@pytest.mark.parametrize(
    ("path", "policy", "signal", "expected"),
    [
        (DROP_IN, "always", "TERM", ("active", "success", "1", True)),
        (DROP_IN, "always", "KILL", ("active", "success", "1", True)),
        (DROP_IN, "on-failure", "KILL", ("active", "success", "1", True)),
        (UNIT, "on-failure", "KILL", ("active", "success", "1", True)),
        (UNIT, "on-failure", "TERM", CLEAN),
        (UNIT, "on-success", "TERM", ("active", "success", "1", True)),
        (UNIT, "on-success", "KILL", ("failed", "signal", "0", False)),
        (UNIT, "on-abort", "SEGV", ("active", "success", "1", True)),
        (UNIT, "no", "KILL", ("failed", "signal", "0", False)),
    ],
)
def test_restart_acts_as_the_units_files_say(path: str, policy: str, signal: str, expected: tuple[str, str, str, bool]):
    machine = machine_with("nginx", **{path: f"[Service]\nRestart={policy}\n"})
    assert after(machine, "nginx", f"kill -{signal} MAINPID") == expected


def test_a_package_ships_a_policy_and_a_drop_in_overrides_it():
    assert after(machine_with("redis"), "redis", "kill -9 MAINPID")[:3] == ("active", "success", "1")
    drop_in = {"/etc/systemd/system/redis.service.d/x.conf": "[Service]\nRestart=no\n"}
    assert after(machine_with("redis", **drop_in), "redis", "kill -9 MAINPID")[:3] == ("failed", "signal", "0")


def test_restarts_are_counted_until_somebody_starts_the_unit_and_end_after_five_in_ten_seconds():
    machine = machine_with("redis")
    shell = LinuxShell(machine)
    assert after(machine, "redis", "kill -9 MAINPID; sleep 60")[2] == "1"
    assert after(machine, "redis", "kill -9 MAINPID; sleep 60")[2] == "2"
    shell.run("systemctl restart redis")
    assert after(machine, "redis", "true")[2] == "0"
    for _ in range(6):
        shell.run("pkill -9 redis-server")
    assert machine.host.services["redis"].state == "failed"
    assert "redis.service: Start request repeated too quickly." in shell.run("journalctl -u redis -n 4")[0]


def test_the_journal_tells_of_an_end_and_of_the_start_after_it():
    machine = machine_with("ssh")
    shell = LinuxShell(machine)
    shell.run(f"kill -9 {main_pid(machine.host, 'ssh')}")
    said = [line.split("]: ", 1)[1] for line in shell.run("journalctl -u ssh -n 7")[0].splitlines()]
    name = "OpenBSD Secure Shell server."
    label = name if machine.host.system.version == "22.04" else f"ssh.service - {name}"
    assert said[:4] == [
        "ssh.service: Main process exited, code=killed, status=9/KILL",
        "ssh.service: Failed with result 'signal'.",
        "ssh.service: Scheduled restart job, restart counter is at 1.",
        f"Stopped {label}",
    ]
    assert said[4] == f"Starting {label.rstrip('.')}..."


def test_a_stopped_process_waits_until_it_is_continued():
    machine = machine_with("cron")
    shell, pid = LinuxShell(machine), main_pid(machine.host, "cron")
    assert shell.run(f"kill -STOP {pid}; ps -o stat= -p {pid}; kill -CONT {pid}; ps -o stat= -p {pid}")[0] == "Ts\nSs\n"
    assert machine.host.services["cron"].state == "active"
