"""What a host's state tells is worked out once, and again as soon as the state changes."""

from dataclasses import replace
from random import Random

import pytest

from fleet.draw import draw_host
from fleet.linux.shell import LinuxShell
from fleet.model import File, Host, Machine


def fuller(host: Host) -> Host:
    return host.with_file("/var/log/huge", File("x\n", bulk=3 * 2**30))


def busier(host: Host) -> Host:
    first, *others = host.processes
    return replace(host, processes=(replace(first, resident=first.resident + 500_000, cpu=first.cpu + 90), *others))


@pytest.mark.parametrize(
    ("line", "change"),
    [
        ("df -h", fuller),
        ("df --output=avail /var/log", fuller),
        ("df -i /var/log", fuller),
        ("free -m", busier),
        ("ps aux", busier),
        ("ps -ef", busier),
        ("uptime", busier),
    ],
)
def test_a_table_shows_the_state_as_it_is(line: str, change):
    machine = Machine(draw_host("web01", Random(3)))
    shell = LinuxShell(machine)
    shell.run(line)
    machine.host = change(machine.host)
    fresh = LinuxShell(Machine(replace(machine.host)))
    assert shell.run(line) == fresh.run(line)


def test_a_line_of_ps_is_another_one_on_another_day():
    machine = Machine(draw_host("web01", Random(3)))
    shell = LinuxShell(machine)
    shell.run("ps aux")
    shell.run("sleep 1d; sleep 1d")
    fresh = LinuxShell(Machine(replace(machine.host)))
    assert shell.run("ps aux") == fresh.run("ps aux")


def test_what_is_computed_once_lasts_while_only_the_clock_moves():
    host = draw_host("web01", Random(3))
    asked: list[str] = []
    for now in (host, host.later(5), host.later(90), replace(host, next_pid=9000)):
        now.once("asked", lambda: asked.append("once more"))
    assert asked == ["once more"] * 2
