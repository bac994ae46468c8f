"""apt-mark and systemd-analyze on real hosts."""

import re
from random import Random

import pytest

from fleet.draw import draw_host
from fleet.model import Machine
from fleet.snapshot import flatten
from tests.fleet.answers import answer

HOST = draw_host("web01", Random(8))


def run(line: str, machine: Machine | None = None) -> tuple[str, str, int]:
    return answer(line, machine or HOST)


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("apt-mark showhold", ("", "", 0)),
        ("apt-mark hold bash", ("bash set on hold.\n", "", 0)),
        ("apt-mark hold bash > /dev/null; apt-mark hold bash; apt-mark showhold",
         ("bash was already set on hold.\nbash\n", "", 0)),
        ("apt-mark hold bash curl > /dev/null; apt-mark unhold bash; apt-mark showhold",
         ("Canceled hold on bash.\ncurl\n", "", 0)),
        ("apt-mark unhold bash", ("bash was already not on hold.\n", "", 0)),
        ("apt-mark -s hold bash; apt-mark showhold", ("bash set on hold.\n", "", 0)),
        ("apt-mark hold bash nosuch", ("bash set on hold.\n", "E: Unable to locate package nosuch\n", 100)),
        ("apt-mark hold nosuch", ("", "E: Unable to locate package nosuch\nE: No packages found\n", 100)),
        ("apt-mark hold", ("", "E: No packages found\n", 100)),
        ("apt-mark nosuch", ("", "E: Invalid operation nosuch\n", 100)),
        ("apt-mark manual bash", ("bash was already set to manually installed.\n", "", 0)),
        ("apt-mark -y", ("", "E: Command line option 'y' [from -y] is not understood in combination with the other "
         "options.\n", 100)),
        ("systemd-analyze nosuch", ("", "Unknown command verb nosuch.\n", 1)),
        ("systemd-analyze --nosuch", ("", "systemd-analyze: unrecognized option '--nosuch'\n", 1)),
    ],
)  # fmt: skip
def test_the_answers_of_real_tools(line: str, answer: tuple[str, str, int]):
    assert run(line) == answer


def test_a_hold_is_a_change_of_the_host_that_dpkg_shows():
    machine = Machine(HOST)
    run("apt-mark hold curl", machine)
    assert flatten({"a": machine.host})["a/holds/curl"] == "held"
    assert run("dpkg -l curl | tail -1 | cut -c 1-2; dpkg --get-selections 'cur*'", machine)[0].split() == [
        "hi", "curl", "hold"
    ]  # fmt: skip


def test_the_time_of_a_boot_is_the_sum_of_its_parts_and_stays_the_same():
    text = run("systemd-analyze")[0]
    kernel, user, whole = (float(number) for number in re.findall(r"([\d.]+)s (?:\(|$)", text, re.MULTILINE))
    assert abs(kernel + user - whole) < 0.002
    assert run("systemd-analyze time")[0] == text
    slowest = run("systemd-analyze blame | head -1")[0].split()[0]
    assert float(slowest.removesuffix("s")) < user


def test_only_what_was_started_at_boot_is_blamed():
    services = {f"{name}.service" for name, s in HOST.services.items() if s.enabled and s.state == "active"}
    named = set(run("systemd-analyze blame | awk '{print $2}'")[0].split())
    assert services <= named
    assert not {f"{name}.service" for name in HOST.services} - services & named


def test_the_critical_chain_ends_when_the_boot_did_and_leads_back_to_its_beginning():
    text = run("systemd-analyze critical-chain --no-pager")[0]
    first, second, third, fourth, *_, last = text.split("\n\n")[1].splitlines()
    reached = run("systemd-analyze")[0].split("after ")[1].split()[0]
    assert (first, second) == (f"graphical.target @{reached}", f"└─multi-user.target @{reached}")
    assert third.split()[-1].lstrip("+") in run("systemd-analyze blame")[0].split()
    assert fourth.strip().startswith(("└─network.target", "└─basic.target"))
    assert last.strip().startswith("└─-.slice @")
    times = [float(time) for time in re.findall(r"@([\d.]+)s", text)]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize(
    ("unit", "second"),
    [("ssh", "└─network.target @"), ("cron", "└─basic.target @"), ("basic.target", "└─sysinit.target")],
)
def test_the_critical_chain_of_a_unit_begins_with_it(unit: str, second: str):
    lines = run(f"systemctl enable --now -q ssh cron 2>&1; systemd-analyze critical-chain {unit}")[0].splitlines()
    assert lines[3].startswith(unit)
    assert lines[4].startswith(second)
