"""No command of the fleet, this or a later one, ignores what it does not know; each is called as nobody calls it."""

from dataclasses import replace
from random import Random

import pytest

from fleet.draw import draw_host
from fleet.gaps import Gap
from fleet.linux.commands import COMMANDS
from fleet.linux.manual import real_options
from fleet.linux.shell import LinuxShell
from fleet.linux.terminal import ABSENT
from fleet.model import Machine
from fleet.software import software
from scenarios.trouble import with_containers

PACKAGES = {entry.package: entry.versions[0] for entry in software().linux.values() if entry.package and entry.versions}
DRAWN = draw_host("web01", Random(5))
HOST = with_containers(replace(DRAWN, packages={**DRAWN.packages, **PACKAGES}, containers=()), ["api"])
SHELL_S_OWN = frozenset(("compgen", "complete", "compopt", "bind", "fc",
    "aj-awake", "aj-gzip", "aj-lacks", "aj-mawk", "aj-may", "aj-who"))  # fmt: skip
"""bash's completion and history, of which nothing is modelled, and what our own sudo, timeout, gzip and awk call."""
CALLED = sorted(COMMANDS.keys() - ABSENT - SHELL_S_OWN)
ANY_OPERANDS = frozenset(("file", "tee", "touch", "last", "yes", "mkdir", "netstat", "w", "realpath", "logger",
    "zless", "zmore"))  # fmt: skip
"""Commands that take as many operands as one gives them: w and netstat, as the real ones, without looking at them."""
SILENT = frozenset(("pidof", "findmnt", "blkid"))
"""Commands that say no with their exit status alone."""


MACHINE = Machine(HOST)
SHELL = LinuxShell(MACHINE)


def answers(line: str) -> tuple[str, int, list[Gap]]:
    """(standard error, exit code, gaps) of a line on the same host."""
    MACHINE.gaps.clear()
    MACHINE.host = HOST
    _, error, code = SHELL.run(line)
    return error, code, list(MACHINE.gaps)


def _unused_letter(name: str) -> str:
    return next(f"-{letter}" for letter in "yYJjEQkKZ" if f"-{letter}" not in real_options(name))


@pytest.mark.parametrize("name", CALLED)
def test_a_command_refuses_options_that_it_does_not_know(name: str):
    for option in ("--nosuch", _unused_letter(name)):
        error, code, gaps = answers(f"{name} {option}")
        assert code or gaps or (name == "top" and error), option  # top's status is 0 all the same
        assert error or gaps or name in SILENT, option


@pytest.mark.parametrize("name", sorted(set(CALLED) - ANY_OPERANDS))
def test_a_command_refuses_operands_that_it_does_not_know(name: str):
    error, code, gaps = answers(f"{name} nosuch1 nosuch2 nosuch3 nosuch4")
    assert code or gaps
    assert error or gaps or name in SILENT


@pytest.mark.loop
@pytest.mark.parametrize("name", CALLED)
def test_no_option_of_a_real_command_raises_when_its_value_is_missing(name: str):
    for option in sorted(real_options(name)):
        assert [gap for gap in answers(f"{name} {option}")[2] if gap.kind == "fault"] == [], option
