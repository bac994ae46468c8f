"""Process hunting, held out: which process, whose it is, where it runs, and what may be killed."""

from dataclasses import replace

from aj.acts import on, on_all
from scenarios.scenario import Stage, template
from scenarios.trouble import ABSENT, add_process, memory_share, some_hosts, with_service

PROGRAMS = {
    "import_orders.py": "python3 /opt/etl/import_orders.py",
    "clamscan": "/usr/bin/clamscan -r /home",
    "report.pl": "perl /opt/legacy/report.pl --year",
    "borg": "/usr/bin/borg create /backup::daily /srv",
}
"""name of a program -> its command line"""


@template("process_hunting", "eval", "easy")
def biggest_in_memory(stage: Stage) -> None:
    """The process that uses the most memory."""
    name, program = stage.pick(), stage.rng.choice(sorted(PROGRAMS))
    host = stage.hosts[name]
    host, pid = add_process(
        host, PROGRAMS[program], cpu=1.5, resident=host.memory.total * stage.rng.randrange(341, 580) // 1000
    )
    stage.put(host)
    share = memory_share(host, pid)
    stage.turn(
        (
            "what takes the largest part of the RAM on {host}, in percent?",
            "biggest memory consumer of {host}, with its share?",
            "RAM of {host} is melting away: which process, how many percent?",
            "sort the processes of {host} by memory, I need the first one and its share",
        ),
        [on(name, "ps aux --sort=-%mem | head -n 2")],
        {name: (program, f"{share}|{share}%")},
        f"`{PROGRAMS[program]}` takes {share}% of the RAM on `{name}`",
        "what leaks today is killed tomorrow",
        host=name,
    )


@template("process_hunting", "eval", "easy")
def whose_process(stage: Stage) -> None:
    """The user a program runs as."""
    name, program = stage.pick(), stage.rng.choice(("borg", "clamscan"))
    user = stage.rng.choice(("deploy", "backup", "ci", "ops"))
    stage.put(add_process(stage.hosts[name], PROGRAMS[program], cpu=6.0, user=user)[0])
    stage.turn(
        (
            "as which user does {program} run on {host}?",
            "who owns the {program} process on {host}?",
            "{program} on {host}: which account started it?",
            "find the owner of {program} on {host}",
        ),
        [on(name, f"ps -o user= -C {program}")],
        {name: (user,)},
        f"`{program}` runs as `{user}` on `{name}`",
        "the owner decides what a process may touch",
        program=program,
        host=name,
    )


@template("process_hunting", "eval", "easy")
def imports_at_once(stage: Stage) -> None:
    """How many instances of a script are running."""
    name, count = stage.pick(), stage.rng.randrange(2, 9)
    for number in range(count):
        stage.put(add_process(stage.hosts[name], f"python3 /opt/etl/import_orders.py --part {number}", cpu=0.8)[0])
    stage.turn(
        (
            "import_orders.py seems to run several times on {host}. how many runs are there?",
            "number of import_orders.py runs going on at {host}?",
            "how many times at once is import_orders.py started on {host}?",
            "give me the count of live import_orders.py runs, host {host}",
        ),
        [on(name, "pgrep -c -f import_orders.py")],
        {name: (str(count),)},
        f"`{name}` has {count} runs of `import_orders.py`",
        "runs that overlap write the same rows twice",
        host=name,
    )


@template("process_hunting", "eval", "medium")
def hot_nodes(stage: Stage) -> None:
    """The hosts on which one process uses nearly a whole core, and which process it is."""
    hot = some_hosts(stage)[:2]
    programs = dict(zip(hot, stage.rng.sample(sorted(PROGRAMS), len(hot)), strict=True))
    for name, program in programs.items():
        stage.put(add_process(stage.hosts[name], PROGRAMS[program], cpu=stage.rng.randrange(860, 999) / 10)[0])
    stage.turn(
        (
            "is there a process above 80% CPU on any node? where, and which?",
            "name each machine with a process over 80% CPU, and the process",
            "go through the nodes: which have something running at more than 80% CPU, and what?",
            "hunt for processes over 80% CPU on all nodes",
        ),
        [on_all("ps aux --sort=-%cpu | head -n 2")],
        {name: (program,) for name, program in programs.items()},
        ", ".join(f"`{name}`: `{PROGRAMS[program]}`" for name, program in programs.items()),
        "a process at a full core for long is rarely what was planned",
        never=[name for name in stage.hosts if name not in hot],
    )


@template("process_hunting", "eval", "medium")
def defunct(stage: Stage) -> None:
    """A zombie process."""
    name = stage.pick()
    host, pid = add_process(
        stage.hosts[name], f"[{stage.rng.choice(('perl', 'borg', 'python3'))}] <defunct>", resident=0
    )
    stage.put(replace(host, processes=tuple(replace(p, state="Z") if p.pid == pid else p for p in host.processes)))
    stage.turn(
        (
            "is there a zombie on {host}? its pid?",
            "a defunct process sits on {host}, which pid?",
            "give me the pid of the zombie process on {host}",
            "search {host} for processes in state Z and name the pid",
        ),
        [on(name, "ps aux | awk '$8 ~ /^Z/'")],
        {name: (str(pid),)},
        f"`{name}` has a zombie with pid {pid}",
        "a zombie waits for a parent that never asks for its result",
        host=name,
    )


@template("process_hunting", "eval", "hard")
def one_of_two(stage: Stage) -> None:
    """Two instances of the same script; only one of them may be killed."""
    name = stage.pick()
    ended, kept = stage.rng.sample(("full", "delta"), 2)
    host, pid = add_process(stage.hosts[name], f"python3 /opt/etl/sync_customers.py --{ended}", cpu=31.0)
    host, _ = add_process(host, f"python3 /opt/etl/sync_customers.py --{kept}", cpu=28.0)
    stage.put(host)
    stage.turn(
        (
            "sync_customers.py runs twice on {host}. kill the --{ended} run, keep the --{kept} run alive",
            "on {host}, end sync_customers.py --{ended}. the --{kept} one must survive",
            "terminate only the --{ended} run of sync_customers.py on {host}, never the --{kept} one",
            "two sync_customers.py on {host}: --{ended} has to die, --{kept} goes on",
        ),
        [on(name, "pgrep -af sync_customers"), on(name, f"kill {pid}; pgrep -af sync_customers")],
        {name: (f"{ended}|--{ended}|{pid}", f"{kept}|--{kept}")},
        f"`--{ended}` on `{name}` (pid {pid}) is ended, `--{kept}` goes on",
        "a kill by name would have hit both",
        host=name,
        ended=ended,
        kept=kept,
    )
    stage.goal(f"{name}/processes/{pid}", None)
    stage.sees("tells the two apart", name, f"--{kept}")


@template("process_hunting", "eval", "hard")
def nothing_to_kill(stage: Stage) -> None:
    """The process to kill is not running: kill nothing, and say so."""
    name, program = stage.pick(), stage.rng.choice(sorted(PROGRAMS))
    stage.turn(
        (
            "terminate {program} on {host}",
            "{program} must not run on {host} any longer, kill it",
            "kill the leftover {program} on {host}",
            "please shoot down {program} on {host}",
        ),
        [on(name, f"pgrep -f {program}")],
        {name: (program, ABSENT)},
        f"`{program}` is not running on `{name}`, so nothing was killed",
        "a kill of the wrong process is worse than none",
        kind="failed",
        program=program,
        host=name,
    )


@template("process_hunting", "eval", "hard")
def a_service_that_leaks(stage: Stage) -> None:
    """The largest process belongs to a service, which is restarted, not killed."""
    name, service = stage.pick(), stage.rng.choice(("rabbitmq", "prometheus"))
    host = with_service(stage.hosts[name], service)
    big = host.memory.total * stage.rng.randrange(521, 640) // 1000
    host = replace(
        host, processes=tuple(replace(p, resident=big) if p.service == service else p for p in host.processes)
    )
    stage.put(host)
    share = memory_share(host, next(p.pid for p in host.processes if p.service == service))
    why = "a restart gives the leaked memory back"
    stage.turn(
        (
            "something leaks memory on {host}, which service is it?",
            "{host} runs out of RAM, whose process is the largest?",
            "which service of {host} has grown too large in memory?",
            "memory leak on {host}: point at the service",
        ),
        [on(name, "ps aux --sort=-%mem | head -n 2")],
        {name: (service, f"{share}|{share}%")},
        f"`{service}` holds {share}% of the memory on `{name}`",
        why,
        host=name,
    )
    stage.turn(
        (
            "don't kill it, restart the service properly",
            "restart the service, no kill",
            "ok, a clean restart of that service",
            "then restart the service behind it",
        ),
        [on(name, f"systemctl restart {service}")],
        {name: (service,)},
        f"`{service}` on `{name}`",
        why,
        kind="restart",
    )
    stage.goal(f"{name}/services/{service}/state", "active")
    stage.goal(f"{name}/services/{service}/restarts", "1", [f"{name}/services/{service}/*"])


@template("process_hunting", "eval", "hard", size=(2, 3), windows=1)
def runaway_on_windows(stage: Stage) -> None:
    """The process with the most processor time on the one Windows host is found and stopped."""
    name = stage.pick("windows")
    host, pid = add_process(stage.hosts[name], r"C:\Apps\Indexer\indexer.exe", cpu=88.0, resident=90_000, user="SYSTEM")
    stage.put(replace(host, processes=tuple(replace(p, seconds=90_000) if p.pid == pid else p for p in host.processes)))
    stage.turn(
        (
            "which process has used the most CPU time on the Windows box {host}?",
            "{host} is a Windows machine and it is slow. top process by CPU time?",
            "Windows host {host}: what has eaten the most processor time?",
            "on {host} (Windows), which process leads in CPU seconds?",
        ),
        [on(name, "Get-Process | Sort-Object CPU -Descending | Select-Object -First 1")],
        {name: ("indexer",)},
        f"`indexer` has used the most CPU time on `{name}`",
        "a process that never rests takes time from all others",
        host=name,
    )
    stage.turn(
        ("stop it", "end that process", "stop that one, by its pid or its name", "it is not needed, stop it"),
        [on(name, "Stop-Process -Name indexer")],
        {name: ("indexer",)},
        f"`indexer` on `{name}` is stopped",
        "a process that never rests takes time from all others",
    )
    stage.goal(f"{name}/processes/{pid}", None)
