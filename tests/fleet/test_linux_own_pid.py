"""$$ is the number of the shell that runs the line, as ps shows it."""

from random import Random

import pytest

from fleet.draw import draw_host
from fleet.linux.shell import LinuxShell
from fleet.model import Machine

WEB = draw_host("web01", Random(8))
PID = WEB.next_pid


def run(line: str) -> tuple[str, str, int, list[str]]:
    machine = Machine(WEB)
    return (*LinuxShell(machine).run(line), [gap.what for gap in machine.gaps])


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ('echo $$ ${$} "it\'s $$" \'$$\' \\$$ "\\$$"', f"{PID} {PID} it's {PID} $$ $$ $$"),
        ("ps -p $$ -o pid= -o comm=", f"  {PID} bash"),
        ("touch /tmp/f.$$; ls /tmp/f.*; (echo $$)", f"/tmp/f.{PID}\n{PID}"),
        ('echo $(($$ - 1)) "$(echo $$)"', f"{PID - 1} {PID}"),
        ("cat <<X\n$$\nX", str(PID)),
        ("cat > /tmp/s <<'X'\necho $$\nX\ncat /tmp/s", "echo $$"),
        ("echo 3 | awk '{print $1\"$$\"}'", "3$$"),
        ("kill -0 $$ && echo there", "there"),
    ],
)
def test_a_shell_has_a_number(line: str, text: str):
    assert run(line) == (f"{text}\n", "", 0, [])


@pytest.mark.parametrize(
    "line", ["sh -c 'echo $$'", "echo $PPID", "echo ${BASHPID}", "eval 'echo $$'", "kill $$", "kill -9 $$"]
)
def test_the_number_of_another_shell_is_a_gap(line: str):
    assert run(line)[3] != []
