"""Processes of a simulated Linux host: seen, found and ended."""

from dataclasses import replace
from random import Random

import pytest

from fleet.draw import draw_host
from fleet.linux.ps import USAGE
from fleet.linux.shell import LinuxShell
from fleet.model import Host, Machine, Memory, Process, Service


def process(pid: int, command: str, parent: int = 1, **values) -> Process:
    rest = {
        "user": "root",
        "cpu": 0.0,
        "resident": 10_000,
        "virtual": 40_000,
        "state": "Ss",
        "tty": "?",
        "seconds": 3725,
    }
    return Process(pid=pid, parent=parent, command=command, **{"started": 1_772_700_000, **rest, **values})


def a_host() -> Host:
    nginx = Service("nginx", "A web server", "active", True, "nginx: master process /usr/sbin/nginx", "root", (80,), 1)
    return replace(
        draw_host("web01", Random(2), now=1_772_712_000),
        memory=Memory(8_000_000, 1_000_000, 50_000, 2_000_000, 2_000_000, 250_000),
        services={"nginx": nginx},
        containers=(),
        processes=(
            process(1, "/sbin/init", 0),
            process(2, "[kthreadd]", 0, resident=0, virtual=0, state="S"),
            process(700, "nginx: master process /usr/sbin/nginx", service="nginx"),
            process(701, "nginx: worker process", 700, user="www-data", service="nginx", state="S"),
            process(900, "/usr/bin/java -jar app.jar", user="deploy", cpu=187.5, resident=1_600_000, state="Sl"),
            process(905, "python3 /srv/job.py --port 9000", user="deploy", cpu=12.0, state="R"),
        ),
        next_pid=5000,
        waiting=0.0,
    )


@pytest.fixture
def machine() -> Machine:
    return Machine(a_host())


@pytest.fixture
def shell(machine: Machine) -> LinuxShell:
    return LinuxShell(machine)


def pids(machine: Machine) -> set[int]:
    return {process.pid for process in machine.host.processes}


# --- looking --------------------------------------------------------------------------------------------------------

ANSWERS = {
    "ps aux | grep -v grep | grep java": "deploy       900 187.5 20.0  40000 1600000 ?        Sl   08:40  62:05 "
    "/usr/bin/java -jar app.jar",
    "ps -ef | grep '[j]ava'": "deploy       900       1 99 08:40 ?        01:02:05 /usr/bin/java -jar app.jar",
    "ps -eo pid,comm,%cpu,%mem --sort=-%cpu | head -3": "    PID COMMAND         %CPU %MEM\n"
    "    900 java            187.5 20.0\n    905 python3         12.0  0.1",
    "ps -p 900 -o rss=,etime=": "1600000    03:20:00",
    "ps -C nginx -o pid= ": "    700\n    701",
    "ps -u www-data -o cmd --no-headers": "nginx: worker process",
    "ps axo user:USER,pid --sort pid | sed -n 2,3p": "root           1\nroot           2",
    "ps aux --sort=-rss | sed -n 2p | cut -c1-17": "deploy       900 ",
    "pgrep nginx": "700\n701",
    "pgrep -f 'app.*jar' -l": "900 java",
    "pgrep -c -u deploy": "2",
    "pgrep -af '^python3? '": "905 python3 /srv/job.py --port 9000",
    "pidof nginx java": "900 701 700",
    "pstree -p": "systemd(1)-+-java(900)\n           |-nginx(700)---nginx(701)\n           `-python3(905)",
    "lsof -ti :80": "700\n701",
    "top -bn1 -o %MEM | sed -n 8p": "    900 deploy    20   0   40000   1.5g 800000 S 187.5  20.0  62:05.00 java",
    "top -b -n 1 | sed -n 2p": "Tasks:   6 total,   1 running,   5 sleeping,   0 stopped,   0 zombie",
    "free -m": "               total        used        free      shared  buff/cache   available\n"
    "Mem:            7812        2626        3281          48        1953        5185\n"
    "Swap:           1953         244        1708",
    "free -h | sed -n 2p": "Mem:           7.6Gi       2.6Gi       3.2Gi        48Mi       1.9Gi       5.1Gi",
    "uptime | sed 's/.*average: //'": "2.00, {five}, {fifteen}",
    "vmstat | tail -1 | cut -c1-30": " 1  0 250000 3360000 125000 18",
    "kill -l 9; kill -l TERM": "KILL\n15",
    "cat /proc/900/comm; tr '\\0' ' ' < /proc/900/cmdline": "java\n/usr/bin/java -jar app.jar ",
}  # fmt: skip


@pytest.mark.parametrize("line", ANSWERS)
def test_a_command_shows_the_hosts_processes(machine: Machine, shell: LinuxShell, line: str):
    five, fifteen = (f"{load:.2f}" for load in machine.host.loads)
    stdout, stderr, code = shell.run(line)
    assert (stdout.rstrip("\n"), stderr, code) == (
        ANSWERS[line].replace("{five}", five).replace("{fifteen}", fifteen), "", 0
    )  # fmt: skip


def test_memory_and_load_follow_a_kill(machine: Machine, shell: LinuxShell):
    used = int(shell.run("free | awk '/Mem/ {print $3}'")[0])
    assert shell.run("kill 900; free | awk '/Mem/ {print $3}'") == (f"{used - 1_600_000}\n", "", 0)
    assert shell.run("cut -d' ' -f1 /proc/loadavg")[0] == "0.12\n"


# --- ending ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    ["kill 900", "kill -9 900", "kill -KILL 900", "kill -s TERM 900", "kill -SIGTERM 900", "/bin/kill 900",
     "pkill java", "pkill -9 -f app.jar", "killall java", "kill $(pgrep java)", "pgrep java | xargs kill -9",
     "sudo kill -9 900",
     "ps aux | awk '/[j]ava/ {print $2}' | xargs -r kill", "bash -c 'kill 900'", "timeout 5 pkill -x java"],
)  # fmt: skip
def test_a_process_is_ended_however_it_is_told(machine: Machine, shell: LinuxShell, line: str):
    assert shell.run(line) == ("", "", 0)
    assert pids(machine) == {1, 2, 700, 701, 905}


@pytest.mark.parametrize("line", ["kill -0 900", "kill -HUP 1", "kill -STOP 900", "kill -9 1 2", "pkill -USR1 java"])
def test_some_signals_end_nothing(machine: Machine, shell: LinuxShell, line: str):
    assert shell.run(line) == ("", "", 0)
    assert pids(machine) == pids(Machine(a_host()))


def test_a_service_whose_main_process_is_killed_has_failed(machine: Machine, shell: LinuxShell):
    shell.run("kill -9 700")
    assert machine.host.services["nginx"].state == "failed"
    assert shell.run("pgrep nginx") == ("", "", 1)


def test_a_killed_worker_comes_back(machine: Machine, shell: LinuxShell):
    shell.run("kill 701")
    assert machine.host.services["nginx"].state == "active"
    assert shell.run("pgrep -P 1 nginx; pgrep -c nginx")[0].endswith("2\n")
    assert 701 not in pids(machine)


REFUSALS = {
    "kill 4242": ("bash: line 1: kill: (4242) - No such process\n", 1),
    "kill": ("kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]\n", 2),
    "kill abc": ("bash: line 1: kill: abc: arguments must be process or job IDs\n", 1),
    "kill -FOO 900": ("bash: line 1: kill: FOO: invalid signal specification\n", 1),
    "killall nosuch": ("nosuch: no process found\n", 1),
    "pkill nosuch": ("", 1),
    "pgrep": ("pgrep: no matching criteria specified\nTry `pgrep --help' for more information.\n", 2),
    "pidof nosuch": ("", 1),
    "ps -o nosuch": (f'error: unknown user-defined format specifier "nosuch"\n\n{USAGE}', 1),
    "df --nope": ("df: unrecognized option '--nope'\nTry 'df --help' for more information.\n", 1),
}  # fmt: skip


@pytest.mark.parametrize("line", REFUSALS)
def test_what_cannot_be_found_or_ended_is_told(machine: Machine, shell: LinuxShell, line: str):
    stdout, stderr, code = shell.run(line)
    assert (stdout, stderr, code) == ("", *REFUSALS[line])
    assert pids(machine) == pids(Machine(a_host()))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("kill ! -n", "kill: -n: arguments must be process or job IDs"),
        ("kill -- -s 1x", "kill: -s: arguments must be process or job IDs"),
        ("kill -s", "kill: usage: kill [-s sigspec"),
        ("kill -s NOPE 1", "kill: NOPE: invalid signal specification"),
    ],
)
def test_kill_reads_its_options_before_the_first_process(line: str, words: str):
    machine = Machine(draw_host("web01", Random(3)))
    assert words in LinuxShell(machine).run(line)[1]
    assert machine.gaps == []


def test_the_newest_of_pkill_is_no_signal():
    machine = Machine(draw_host("web01", Random(3)))
    assert LinuxShell(machine).run("pkill -n cron")[1:] == ("", 0)


def test_lsof_leaves_out_whom_a_caret_names():
    host = a_host()
    told = LinuxShell(Machine(host)).run("lsof -u ^root")[0]
    assert {line.split()[2] for line in told.splitlines()[1:]} == {p.user for p in host.processes} - {"root"}
    assert " 1 root " not in LinuxShell(Machine(host)).run("lsof -p ^1")[0]
