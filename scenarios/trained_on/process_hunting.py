"""Process hunting, trained on: the largest consumer, its pid, where a program runs, and how to kill it."""

from aj.acts import on, on_all
from scenarios.requests import listed
from scenarios.scenario import Stage, template
from scenarios.trouble import ABSENT, add_process, memory_share, some_hosts

JOBS = {
    "reindex.py": "python3 /opt/jobs/reindex.py --all",
    "ffmpeg": "/usr/bin/ffmpeg -i /srv/in.mkv /srv/out.mp4",
    "render.js": "node /opt/thumbs/render.js",
    "gzip": "/usr/bin/gzip -9 /var/backups/db.sql",
}
"""name of a job -> its command line"""


@template("process_hunting", "train", "easy")
def top_cpu(stage: Stage) -> None:
    """The process that uses the most processor time on a host, and how much."""
    name, job = stage.pick(), stage.rng.choice(sorted(JOBS))
    cpu = stage.rng.randrange(710, 999) / 10
    stage.put(add_process(stage.hosts[name], JOBS[job], cpu=cpu)[0])
    stage.turn(
        (
            "which process uses the most CPU on {host}?",
            "top CPU process on {host}",
            "what is eating the CPU on {host}?",
            "find the process with the highest CPU on {host}",
            "who is hogging the processor on {host}?",
            "show me the hungriest process by CPU on {host}",
            "{host} is at full CPU, which process is it?",
            "what process burns CPU on {host}?",
            "the CPU of {host} is hot, what runs there?",
            "name the top process by CPU on {host} and its percentage",
            "which program keeps {host} so busy?",
        ),
        [on(name, "ps aux --sort=-%cpu | head -n 2")],
        {name: (job, f"{cpu}|{cpu}%")},
        f"`{JOBS[job]}` takes {cpu}% CPU on `{name}`",
        "one runaway process slows down everything beside it",
        host=name,
    )


@template("process_hunting", "train", "easy")
def pid_of_a_job(stage: Stage) -> None:
    """The process id of a named job."""
    name, job = stage.pick(), stage.rng.choice(sorted(JOBS))
    host, pid = add_process(stage.hosts[name], JOBS[job], cpu=4.2)
    stage.put(host)
    stage.turn(
        (
            "what is the pid of {job} on {host}?",
            "get the process id of {job} on {host}",
            "find the pid of {job} on {host}",
            "pid of {job} on {host}?",
            "under which pid does {job} run on {host}?",
            "look up {job} on {host}, I need its pid",
            "which process id has {job} on {host}?",
            "show me the pid of the {job} job on {host}",
            "is {job} running on {host}? with which pid?",
            "tell me the process number of {job} on {host}",
        ),
        [on(name, f"pgrep -f {job}")],
        {name: (str(pid),)},
        f"`{job}` on `{name}` has pid {pid}",
        "the pid is what a kill needs",
        job=job,
        host=name,
    )


@template("process_hunting", "train", "medium")
def top_memory(stage: Stage) -> None:
    """The process that uses the most memory on a host, and how much."""
    name, job = stage.pick(), stage.rng.choice(sorted(JOBS))
    host = stage.hosts[name]
    host, pid = add_process(
        host, JOBS[job], cpu=2.5, resident=host.memory.total * stage.rng.randrange(333, 550) // 1000
    )
    stage.put(host)
    share = memory_share(host, pid)
    stage.turn(
        (
            "which process uses the most memory on {host}?",
            "top memory process on {host}",
            "what is eating the RAM on {host}?",
            "find the process with the highest memory on {host}",
            "who is hogging the memory on {host}?",
            "show me the biggest process by memory on {host}",
            "{host} is low on RAM, which process is it?",
            "what holds most of the memory on {host}?",
            "name the top process by memory on {host} and its percentage",
            "memory of {host} is nearly gone, what takes it?",
        ),
        [on(name, "ps aux --sort=-%mem | head -n 2")],
        {name: (job, f"{share}|{share}%")},
        f"`{JOBS[job]}` holds {share}% of the memory on `{name}`",
        "the biggest process is the first that the kernel kills",
        host=name,
    )


@template("process_hunting", "train", "medium")
def how_many_run(stage: Stage) -> None:
    """The number of processes of one program."""
    name, program = stage.pick(), stage.rng.choice(("ffmpeg", "gzip", "rsync", "curl"))
    count = stage.rng.randrange(2, 8)
    for number in range(count):
        stage.put(add_process(stage.hosts[name], f"/usr/bin/{program} job{number}", cpu=0.6)[0])
    stage.turn(
        (
            "how many {program} processes run on {host}?",
            "count the {program} processes on {host}",
            "number of {program} processes on {host}",
            "how often does {program} run on {host}?",
            "are there many {program} processes on {host}? how many?",
            "tell me how many {program} are running on {host}",
            "{program} on {host}: how many processes?",
            "check the count of {program} on {host}",
            "how many copies of {program} are alive on {host}?",
        ),
        [on(name, f"pgrep -c {program}")],
        {name: (str(count),)},
        f"`{name}` runs {count} `{program}` processes",
        "jobs that pile up have stopped to finish",
        program=program,
        host=name,
    )


@template("process_hunting", "train", "medium")
def where_it_runs(stage: Stage) -> None:
    """Which hosts run a job; the others must not be named."""
    job = stage.rng.choice(sorted(JOBS))
    running = some_hosts(stage)
    for name in running:
        stage.put(add_process(stage.hosts[name], JOBS[job], cpu=8.5)[0])
    stage.turn(
        (
            "on which hosts does {job} run?",
            "where is {job} running?",
            "find the servers that run {job}",
            "which boxes have a {job} process?",
            "who runs {job} right now?",
            "name the hosts with {job} running",
            "is {job} running anywhere? where?",
            "list the servers where {job} is alive",
            "check all servers for {job}, which have it?",
            "search the fleet for a running {job}",
        ),
        [on_all(f"pgrep -c -f {job}")],
        dict.fromkeys(running, ()),
        f"`{job}` runs on {listed(running)}",
        "the same job on two hosts does its work twice",
        never=[name for name in stage.hosts if name not in running],
        job=job,
    )


@template("process_hunting", "train", "hard")
def kill_the_hog(stage: Stage) -> None:
    """Find the process, then kill it and no other."""
    name, job = stage.pick(), stage.rng.choice(sorted(JOBS))
    host, pid = add_process(stage.hosts[name], JOBS[job], cpu=stage.rng.randrange(710, 999) / 10)
    stage.put(host)
    stage.turn(
        (
            "kill the process that eats the CPU on {host}",
            "find the CPU hog on {host} and kill it",
            "stop whatever burns the CPU on {host}",
            "get rid of the top CPU process on {host}",
            "the hungriest process by CPU on {host} has to go, kill it",
            "end the process with the highest CPU on {host}",
            "something on {host} takes all the CPU, kill it",
            "which process hogs {host}? kill it",
            "look for the runaway process on {host} and end it",
        ),
        [on(name, "ps aux --sort=-%cpu | head -n 2"), on(name, f"kill {pid}")],
        {name: (f"{job}|{pid}",)},
        f"`{JOBS[job]}` on `{name}` is killed, it was pid {pid}",
        "a kill hits exactly one pid, so the pid is looked up first",
        host=name,
    )
    stage.goal(f"{name}/processes/{pid}", None)
    stage.sees("looks who it is", name, str(pid))


@template("process_hunting", "train", "hard")
def kill_it_if_it_runs(stage: Stage) -> None:
    """Half the time the job is not running, so there is nothing to kill."""
    name, job = stage.pick(), stage.rng.choice(sorted(JOBS))
    host, pid = add_process(stage.hosts[name], JOBS[job], cpu=5.5)
    runs = stage.rng.random() < 0.5
    if runs:
        stage.put(host)
        stage.goal(f"{name}/processes/{pid}", None)
    stage.turn(
        (
            "is {job} still running on {host}? if so, kill it",
            "kill {job} on {host} if it still runs",
            "check for {job} on {host} and kill it if it is there",
            "if there is a {job} on {host}, stop it",
            "see if {job} is alive on {host}, and end it then",
            "{job} should be gone from {host}. if it isn't, kill it",
            "make sure that no {job} runs on {host}",
            "should {job} be running on {host}, kill it",
            "look whether {job} runs on {host}, kill it in that case",
        ),
        [on(name, f"pgrep -f {job}"), *([on(name, f"kill {pid}")] if runs else [])],
        {name: (job, "killed|ended|stopped|gone" if runs else ABSENT)},
        f"`{job}` on `{name}` is killed, it was pid {pid}" if runs else f"`{job}` is not running on `{name}`",
        "a job that lingers holds its files and its memory",
        job=job,
        host=name,
    )
