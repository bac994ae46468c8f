"""Speed and memory of a simulated fleet: python -m benchmarks.fleet

Prints how many command lines per second one core runs, for each of some pipelines and for all of them in turn: in a
`LinuxShell` and, for comparison, as `bash -c` on this machine in a folder with the same log; then others in a
`WindowsShell`. Then the memory of a fleet of four hosts as drawn, and with a shell started on each. Goals: 5,000 lines
per second, 2 MiB per fleet.

    python -m benchmarks.fleet --beside FOLDER

does nothing but compare with another checkout of this repository, which has an environment of its own: both builds run
the same lines by turns, and of five turns the quickest counts.
"""

import argparse
import gc
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import psutil

from fleet.draw import draw_host
from fleet.linux.shell import LinuxShell
from fleet.model import Machine
from fleet.windows.shell import WindowsShell

LINES = (
    "df -h | tail -n +2 | sort",
    "ps aux | grep cron | wc -l",
    "grep -i denied /var/log/app.log | tail -5",
    "cat /etc/os-release",
    "uptime",
    "free -m",
    "hostname; uname -r; nproc",
)
SLOWER = ("ls -l /var/log", "echo checked > /tmp/note", "sudo bash -c 'df -h'", "find /var/log -size +1M",
    "sudo uptime", "sudo -u www-data id", "for i in 1 2; do echo $i; done")  # fmt: skip
"""Lines that read or write the shell's files, or leave something behind in it: shown, but not part of the mix."""
WINDOWS = (
    "Get-Service | Where-Object Status -eq Stopped",
    "Get-Process | Sort-Object CPU -Descending | Select-Object -First 5",
    "Get-PSDrive C",
    "Get-Content C:\\Apps\\Shop\\app.log -Tail 5",
    "Select-String denied C:\\Apps\\Shop\\app.log",
    "Get-ChildItem C:\\Apps\\Shop",
    "(Get-Service WinRM).StartType",
    "netstat -an | findstr LISTENING",
    "'web-01' -replace '-(\\d+)','$1'",
)
HOSTS = 4
"""Per fleet."""
STARTED = 50
"""Fleets with shells at a time: a started shell keeps three files open, and a process often gets only 1024."""


def rate(run: Callable[[str], object], lines: tuple[str, ...], seconds: float) -> float:
    """Lines per second, run in turn for about `seconds`."""
    run(lines[0])
    begun, done = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        for line in lines:
            run(line)
        done += len(lines)
    return done / (time.perf_counter() - begun)


def compare_rates(seconds: float) -> None:
    host = draw_host("web01", Random(7))
    shell = LinuxShell(Machine(host))
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "app.log")
        log.write_text(host.files["/var/log/app.log"].content)

        def real(line: str) -> None:
            own = line.replace("/var/log/app.log", str(log)).replace("/var/log", folder).replace("/tmp", folder)
            subprocess.run(["bash", "-c", own], capture_output=True, check=False)

        print(f"{'lines per second':<45} LinuxShell   bash -c")
        for lines in (*((line,) for line in LINES), LINES, *((line,) for line in SLOWER)):
            name = lines[0] if len(lines) == 1 else "all in turn"
            print(f"{name:<45} {rate(shell.run, lines, seconds):10,.0f} {rate(real, lines, seconds):9,.0f}", flush=True)


def windows_rates(seconds: float) -> None:
    shell = WindowsShell(Machine(draw_host("web01", Random(7), "windows")))
    print(f"\n{'lines per second':<70} WindowsShell")
    for lines in (*((line,) for line in WINDOWS), WINDOWS):
        name = lines[0] if len(lines) == 1 else "all in turn"
        print(f"{name:<70} {rate(shell.run, lines, seconds):12,.0f}", flush=True)


TURNS = 5
"""How often each build is measured on each line."""


def beside(other: Path) -> None:
    """Print how many times as fast as another checkout this one runs each line, each mix, and a start of a shell."""
    builds = [_start(other), _start(Path(__file__).parents[1])]
    print(f"lines per second, one core: in {other}, and here")
    for platform, lines, apart in (("linux", LINES, SLOWER), ("windows", WINDOWS, ())):
        for asked in (*([line] for line in lines), lines, *([line] for line in apart)):
            name = asked[0] if len(asked) == 1 else f"all in turn ({platform})"
            _compare(name, builds, [platform, *asked])
    _compare("starts of a shell (linux)", builds, ["linux"])
    for build in builds:
        build.communicate()


def _start(folder: Path) -> "subprocess.Popen[str]":
    command = [str(folder / ".venv" / "bin" / "python"), "-P", str(Path(__file__).with_name("fleet_turns.py"))]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(folder)}, stdin=pipe, stdout=pipe, text=True)


def _compare(name: str, builds: "list[subprocess.Popen[str]]", asked: list[str]) -> None:
    least = [float("inf")] * len(builds)
    for _ in range(TURNS):
        least = [min(one, _ask(build, asked)) for one, build in zip(least, builds, strict=True)]
    earlier, now = least
    print(f"{name:<70} {1 / earlier:9,.0f} {1 / now:9,.0f}: {earlier / now:.2f} times", flush=True)


def _ask(build: "subprocess.Popen[str]", asked: list[str]) -> float:
    assert build.stdin
    assert build.stdout
    print(json.dumps(asked), file=build.stdin, flush=True)
    return float(build.stdout.readline())


def resident() -> int:
    gc.collect()
    return psutil.Process().memory_info().rss


def measure_memory(fleets: int) -> None:
    draw_host("web01", Random(0))  # loads what all fleets share
    before = resident()
    seeds = [[Random(100 * fleet + number) for number in range(HOSTS)] for fleet in range(fleets)]
    machines = [[Machine(draw_host("web01", seed)) for seed in row] for row in seeds]
    print(f"\na fleet of {HOSTS} hosts, drawn: {(resident() - before) / fleets / 2**20:.2f} MiB")
    before = resident()
    shells = [LinuxShell(machine) for fleet in machines[:STARTED] for machine in fleet]
    for shell in shells:
        shell.run("df -h")
    more = (resident() - before) / min(fleets, STARTED) / 2**20
    print(f"with a shell started on each: {more:.2f} MiB more")


def main() -> None:
    parser = argparse.ArgumentParser(description="Speed and memory of the simulated fleet.")
    parser.add_argument("--seconds", type=float, default=1.0, help="for each measurement")
    parser.add_argument("--fleets", type=int, default=200)
    parser.add_argument("--beside", type=Path, help="another checkout: nothing but the comparison with it")
    arguments = parser.parse_args()
    if arguments.beside:
        return beside(arguments.beside)
    compare_rates(arguments.seconds)
    windows_rates(arguments.seconds)
    measure_memory(arguments.fleets)


if __name__ == "__main__":
    main()
