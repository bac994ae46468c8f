"""Runs command lines on a simulated host when asked: python -P benchmarks/fleet_turns.py

Reads `[platform, line, ...]` as JSON from its input, and writes the processor seconds that such a line took. Without a
line it starts shells, and writes the seconds of one start. `fleet.py --beside` runs it in this build and in another, by
turns: what else the machine does, it does to both.
"""

import json
import sys
import time
from collections.abc import Callable
from random import Random

from fleet.draw import draw_host
from fleet.linux.shell import LinuxShell
from fleet.model import Machine
from fleet.windows.shell import WindowsShell

SECONDS = 0.25
"""Of the processor, for each answer."""


def main() -> None:
    linux, windows = draw_host("web01", Random(7)), draw_host("web01", Random(7), "windows")
    shells = {"linux": LinuxShell(Machine(linux)), "windows": WindowsShell(Machine(windows))}

    def start(line: str) -> object:
        return LinuxShell(Machine(linux)).run(line)

    for asked in sys.stdin:
        platform, *lines = json.loads(asked)
        print(seconds(shells[platform].run, lines) if lines else seconds(start, ["true"]), flush=True)


def seconds(run: Callable[[str], object], lines: list[str]) -> float:
    """Of the processor, for each line, run in turn."""
    for line in lines:
        run(line)
    begun, done = time.process_time(), 0
    while time.process_time() - begun < SECONDS:
        for line in lines:
            run(line)
        done += len(lines)
    return (time.process_time() - begun) / done


if __name__ == "__main__":
    main()
