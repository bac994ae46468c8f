"""A plain line does without bashkit exactly what it does in it. A comment at its end makes bashkit run it."""

from pathlib import Path
from random import Random

import pytest

from fleet.draw import draw_host
from fleet.linux.plain_lines import PLAIN, plain_line
from fleet.linux.shell import LinuxShell, line_effects
from fleet.model import File, Machine

LISTS = Path(__file__).parents[1] / "parity" / "lines"
OPERANDS = ("", " -l", " -x -y", " --version", " /var/log", " /var/log/app.log nothing", " nginx", " 'a b' 1")


TEXTS = {
    "empty": b"",
    "words": b"b\na b\n\nERROR: b\nError 1\nb",
    "blank": b"\n",
    "bytes": b"a\xff\nb\n",
    "nul": b"a\0b\nb\n",
    "carriage": b"b\r\na\x0bb\r\n",
    "letters": "\u00e4b\nB\u212a ok\n\U0001f600 k\n\u017f s\n".encode(),
    "a b": b"b a\n" * 30,
}
"""Of files in /srv."""
TOOLS = (
    *(
        "cat",
        "grep b",
        "grep -i k",
        "grep -v b",
        "grep -c b",
        "grep -in 'error'",
        "grep -cv s",
        "grep -Fe b",
        "grep b:",
    ),
    *(
        "grep -E 'a b'",
        "grep .",
        "head",
        "head -n 2",
        "head -1",
        "head -n0",
        "head -n -1",
        "sort",
        "sort -r",
        "sort -u",
    ),
    *("echo b |", "echo 'a  b' b |", "echo -n b |", "echo 'a\\tb' |", "ls", "find /srv -print0 |", "tee /srv/copy"),
)


class Pair:
    """One host twice: its lines are run plainly, and in bashkit."""

    def __init__(self, seed: int) -> None:
        host = draw_host(f"web0{seed}", Random(seed))
        for name, text in TEXTS.items():
            host = host.with_file(f"/srv/{name}", File().holding(text))
        self.machines = [Machine(host), Machine(host)]
        self.shells = [LinuxShell(machine) for machine in self.machines]

    def check(self, line: str) -> None:
        """Run a line in both ways; what differs once would differ ever after."""
        one, other = self.machines
        assert (line, *self.shells[0].run(line)) == (line, *self.shells[1].run(f"{line} #"))
        assert (one.hangs, one.gaps) == (other.hangs, other.gaps), line
        assert self.shells[0].sync() == self.shells[1].sync(), line
        assert self.shells[0].run("pwd; echo $OLDPWD") == self.shells[1].run("pwd; echo $OLDPWD"), line


def is_plain(line: str) -> bool:
    return plain_line(line) is not None and line_effects(line).plain


@pytest.mark.parametrize(
    "line",
    ["df -h", "hostname; uname -r", "sudo ls -l /var/log | tail -n 2", "cd 2>/dev/null; free -m && uptime", "id || df;",
     "find /etc -name 'h*' | wc -l", "tail -n 1 \"/etc/hosts\" '/etc/pass'wd", "cd /root || exit; ps aux"],
)  # fmt: skip
def test_commands_of_ours_with_plain_words_are_plain(line: str):
    assert is_plain(line)
    assert not is_plain(f"{line} #")


@pytest.mark.parametrize(
    "line",
    ["", ";", "df;;", "df |", "| df", "df &&", "df & uptime", "df > /tmp/a", "df $x", "df `x`", "ls *.log", "ls ~",
     "ls {a,b}", "ls [a]", "ls a?", "X=1 df", "df 'a", 'df "$x"', 'df "a\\"', "ls a\\ b", "dd", "df | tac", "! df",
     "df\nls", "(df)", "sudo -u www-data id", "sudo sudo df", "sudo umask", "sudo X=1 df", r"find . -exec df {} \;",
     "find . -okdir df", "time df", "su -c df", "/bin/df", "'df'", "fc -l", "df\x0b", "cd; df", "; ".join(["df"] * 60),
     "sysctl -n vm.swappiness | tee /proc/sys/vm/swappiness"],
)  # fmt: skip
def test_whatever_else_a_line_has_leaves_it_to_bashkit(line: str):
    assert not is_plain(line)


def test_a_folder_that_the_shell_would_change_to_leaves_the_line_to_bashkit():
    shell = LinuxShell(Machine(draw_host("web01", Random(1))))
    shell.run("cd /var/log")
    assert shell.run("pwd")[0] == "/var/log\n"
    assert shell.run("cd 2>/dev/null; ls -d .")[0] == ".\n"
    assert shell.run("pwd")[0] == "/root\n"


def test_what_the_last_line_left_is_there_for_the_next():
    pair = Pair(1)
    for line in ("df /", "df / | tail -n 1", "ls -d /nothing | wc -l", "sudo uptime -s", "uptime -p && df /nothing"):
        pair.check(line)
        asked = "echo $_ ${PIPESTATUS[@]}"
        assert pair.shells[0].run(line) == pair.shells[1].run(f"{line} #")
        assert pair.shells[0].run(asked) == pair.shells[1].run(asked), line


@pytest.mark.loop
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_command_does_the_same_plainly_and_in_bashkit(seed: int):
    pair = Pair(seed)
    drawn = Random(seed)
    for name in sorted(PLAIN - {"reboot", "shutdown", "poweroff", "halt"}):
        for operands in drawn.sample(OPERANDS, 3):
            line = f"{drawn.choice(['', '', 'sudo ', 'cd 2>/dev/null; '])}{name}{operands}"
            line += drawn.choice(["", "", " | tail -n 3", " && uptime", " || hostname", "; df /"])
            assert is_plain(line) or line.startswith("sudo umask"), line
            pair.check(line)


@pytest.mark.loop
def test_plain_lines_of_the_parity_lists_do_the_same_plainly_and_in_bashkit():
    pair, run = Pair(4), 0
    for path in sorted(LISTS.glob("*.txt")):
        for line in filter(is_plain, path.read_text().splitlines()):
            pair.check(line)
            run += 1
    assert run > 200


@pytest.mark.loop
def test_tools_do_the_same_plainly_and_in_bashkit():
    pair, drawn, run = Pair(5), Random(5), 0
    names = [
        *(f"'/srv/{name}'" for name in TEXTS),
        "/srv",
        "/srv/none",
        "../srv/words",
        "/srv/words/",
        "/dev/null",
        "-",
        "",
    ]
    for tool in TOOLS:
        for name in names * 2:
            line = f"{tool} {name}".removesuffix("| ")
            line += "".join(f" | {drawn.choice(TOOLS)}" for _ in range(drawn.randrange(3)))
            line = line.rstrip(" |")
            pair.check(line)
            run += is_plain(line)
    assert run > 200
