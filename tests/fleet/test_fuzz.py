"""No line makes either shell fail: 20,000 drawn lines a platform, from fixed seeds.

Whatever a line does, the shell returns text and a status, and no command of ours raises. Other draws, and the figures:

    python tests/fleet/test_fuzz.py SEED...
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from time import process_time
from typing import NamedTuple

import pytest

from fleet.draw import draw_host
from fleet.linux.commands import COMMANDS
from fleet.linux.manual import real_options
from fleet.linux.shell import LinuxShell
from fleet.model import Machine, Platform
from fleet.windows.commands import ALIASES, CMDLETS, NATIVES
from fleet.windows.shell import WindowsShell

LINES = 20_000
HOSTS = 40
"""Each gets its share of the lines, one after the other: what a line leaves behind, the next one meets."""
PARITY = Path(__file__).parent.parent / "parity" / "lines"
WORDS = r"""
-a -l -n -f -e -o -r -9 -20 -- - --all 0 -1 99999999999999999999 / /etc /etc/passwd /var/log /nope .. * cron root
status list logs +%F @0 -name -size +1M -exec {} \; ! '' 'a b' "$HOME" $(id) `id` $'\xff' $'a\nb' é 日本 a=b x:y [ a(
%MEM ~ ~root ${x:-y} $((1/0)) <(ls) {a,b} {1..3}
"""
JOINTS = (" | ", " && ", " || ", "; ", " > /tmp/x ", " >> /tmp/y ", " 2>&1 | ", " & ", "\n", " < /etc/passwd ")
VALUES = r"""
W3SVC nosuch * [a ] C:\ C:\Apps C:\nosuch\x.txt D:\* .. HKLM:\SOFTWARE Env:PATH 0 -1 5 1.5 1e400 1MB
99999999999999999999 $null $true @() @(1,2) @{} @{a=1;b=@(1)} {$_} {$_.Name} {1/0} {throw} 'a b' "$x $(1+1)" ''
'{0:N2}' '{5}' '(' '[z-a]' é 日本 (Get-Date) (Get-Process) $x $_ 1..3 Name Status,Name *
"""
VERBS = r"""
-eq -ne -gt -lt -like -match -replace -split -join -contains -in -f -and -or -xor -band + - * / % -is -as .. ,
-notmatch -cmatch -bnot
"""
SHAPES = (
    "if ({0}) {{ {1} }} else {{ {2} }}", "foreach ($x in {0}) {{ {1} }}", "{0} | % {{ {1} }}", "{0} | ? {{ {1} }}",
    "try {{ {0} }} catch {{ $_; {1} }} finally {{ {2} }}", "$x = {0}; $x; {1}", "while ({0}) {{ {1}; break }}",
    "switch ({0}) {{ 1 {{ {1} }} default {{ {2} }} }}", "function f($a) {{ {0} }}; f {1}", "& {{ param($p) {0} }} {1}",
    "({0}).{1}", "({0})[{1}]", "[int]({0})", "@({0}).Count", "{0} | select {1}", "{0} | sort {1} | group {2}",
    "{0} | ConvertTo-Json", "{0} | Out-String | % {{ {1} }}", "{0}; {1}; {2}", "@\"\n$({0})\n\"@",
    "cmd /c \"{0} & {1}\"",
    "{0} | measure {1} -Sum -Average", "{0} > C:\\Apps\\f.txt; gc C:\\Apps\\f.txt",
)  # fmt: skip
"""PowerShell around drawn parts."""
OURS = re.compile(r"\(\w+\.py:\d+\)")
"""In a gap: where one of our commands raised. The others are limits of the sandbox."""


class Found(NamedTuple):
    lines: int
    seconds: float
    """processor time"""
    raised: list[str]
    """lines that an exception left the shell for"""
    faults: list[str]
    """faults of commands, with their line"""


def linux_line(draw: Random) -> str:
    """A line of the parity list, mangled or not, or a command with options of the real tool and words."""
    if draw.random() < 0.4:
        return _mangled(draw.choice(_known()), draw)
    parts, words = [], WORDS.split()
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        name = draw.choice(sorted(COMMANDS))
        options = [*sorted(real_options(name)), *words[:12]]
        chosen = [draw.choice(options if draw.random() < 0.5 else words) for _ in range(draw.randrange(5))]
        parts.append(" ".join([name, *chosen]))
    line = parts[0] + "".join(draw.choice(JOINTS) + part for part in parts[1:])
    return _mangled(line, draw) if draw.random() < 0.2 else line


def windows_line(draw: Random) -> str:
    """Commands with their parameters and drawn values, expressions, and statements around them."""
    line = _windows_part(draw)
    for _ in range(draw.choice((0, 0, 1, 2))):
        line = draw.choice(SHAPES).format(line, _windows_part(draw), _windows_part(draw))
    return _mangled(line, draw) if draw.random() < 0.15 else line


def _windows_part(draw: Random) -> str:
    values = VALUES.split()
    if draw.random() < 0.25:
        return f"{draw.choice(values)} {draw.choice(VERBS.split())} {draw.choice(values)}"
    name = draw.choice((*sorted(CMDLETS), *sorted(ALIASES), *sorted(NATIVES)))
    cmdlet = CMDLETS.get(ALIASES.get(name, name))
    if cmdlet is None:
        return " ".join(
            [name, *(draw.choice((*values, "/a", "-n", "/?", "query", "/fi")) for _ in range(draw.randrange(4)))]
        )
    names = [group.split("|")[0] for group in f"{cmdlet.positional} {cmdlet.named} {cmdlet.switches}".split()]
    words = [name]
    for _ in range(draw.randrange(4)):
        words += [f"-{draw.choice(names)}"] if names and draw.random() < 0.7 else []
        words += [draw.choice(values)] if draw.random() < 0.7 else []
    return " ".join(words)


def _known() -> list[str]:
    texts = [path.read_text(encoding="utf-8") for path in sorted(PARITY.iterdir())]
    return [line for text in texts for line in text.splitlines() if line and not line.startswith("#")]


def _mangled(line: str, draw: Random) -> str:
    """The line with some characters removed, doubled, swapped or replaced."""
    chars = list(line)
    for _ in range(draw.randrange(4)):
        place = draw.randrange(len(chars) or 1)
        chars[place : place + draw.randrange(3)] = draw.choice(
            ("", "'", '"', "$", "(", ")", "{", "}", "|", "\\", "é", "\0", " ")
        )
    return "".join(chars)


DRAWN: dict[Platform, Callable[[Random], str]] = {"linux": linux_line, "windows": windows_line}


def fuzz(platform: Platform, seed: int, lines: int = LINES) -> Found:
    draw, raised, faults, begun = Random(seed), [], [], process_time()
    for number in range(HOSTS):
        machine = Machine(draw_host("web01", Random(seed * HOSTS + number), platform))
        shell = LinuxShell(machine) if platform == "linux" else WindowsShell(machine)
        for _ in range(lines // HOSTS):
            line = DRAWN[platform](draw)
            try:
                stdout, stderr, code = shell.run(line)
                assert isinstance(stdout + stderr, str)
                assert 0 <= code < 256
            except Exception as error:  # what this test is about: it must see each of them
                raised.append(f"{error!r}: {line!r}")
            faults += [f"{gap.what}: {line!r}" for gap in machine.gaps if OURS.search(gap.what)]
            machine.gaps.clear()
    return Found(lines, process_time() - begun, raised, faults)


@pytest.mark.loop
@pytest.mark.timeout(900)
@pytest.mark.parametrize("platform", DRAWN)
def test_no_exception_leaves_a_shell(platform: Platform):
    found = fuzz(platform, seed=1)
    assert (found.raised, found.faults) == ([], [])


if __name__ == "__main__":
    for asked in map(int, sys.argv[1:]):
        for drawn in DRAWN:
            seen = fuzz(drawn, asked)
            print(
                f"{drawn}, seed {asked}: {seen.lines:,} lines, {seen.seconds:.0f} s, {len(seen.raised)} exceptions,",
                end="",
            )
            print(f" {len(seen.faults)} faults", *seen.raised, *seen.faults, sep="\n  ")
