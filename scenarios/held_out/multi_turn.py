"""Conversations, held out, one per pattern: drilling down, narrowing, teaching, troubleshooting."""

from dataclasses import replace

from aj.acts import here, on, on_all
from fleet.draw import software
from fleet.linux.usage import human_memory, used
from fleet.model import Host
from fleet.signals import kill
from fleet.workspace import repository
from scenarios.requests import ask
from scenarios.scenario import Stage, template
from scenarios.trouble import (
    DOCKER_PS,
    Setting,
    add_process,
    failing,
    set_value,
    wants_file,
    with_containers,
    with_load,
    with_service,
)

BUSY = "one runaway process slows down everything else"
DEAD = "an exited container serves nobody"


@template("process_hunting", "eval", "hard")
def follow_up_deeper_hottest_process(stage: Stage) -> None:
    """The load on all hosts, the process behind the highest one, and killing it."""
    name, command = (
        stage.pick(),
        stage.rng.choice(
            ("/opt/etl/bin/rebuild-index --full", "/usr/local/bin/thumbnailer --all", "/opt/report/bin/crunch --year")
        ),
    )
    for other in stage.hosts:
        stage.put(with_load(stage.hosts[other], stage.rng.randrange(10, 90) / 100 + _demand(stage.hosts[other])))
    host, pid = add_process(stage.hosts[name], command, cpu=float(stage.rng.randrange(380, 780)))
    stage.put(host)
    after = kill(host, pid)
    assert isinstance(after, Host)
    program = command.split(" ", 1)[0]
    ask(stage, "load")
    stage.turn(
        ("{host} stands out. what is it busy with, name and pid?",
            "which process drives {host} that high? I need the pid", "so {host}: its hungriest process, with pid?",
            "name what burns the processors of {host}, with its pid"),
        [on(name, "ps aux --sort=-%cpu | head -n 2")], {name: (program, str(pid))},
        f"on `{name}` it is `{program}` with pid {pid}", BUSY, host=name,
    )  # fmt: skip
    stage.turn(
        ("nobody needs that, end it and give me the load right after",
            "terminate that pid and look at the load once more", "kill just that one; which load is left?",
            "that one has to go; how high is the load without it?"),
        [on(name, f"kill {pid} && uptime")], {name: (f"{after.load:.2f}",)},
        f"it is gone, the load of `{name}` is {after.load:.2f}", BUSY,
    )  # fmt: skip
    stage.goal(f"{name}/processes/{pid}", None)


@template("deployment_check", "eval", "hard")
def follow_up_deeper_container(stage: Stage) -> None:
    """Which container is down, its last log line, and starting it again."""
    name, down = stage.pick(), stage.rng.choice(("frontend", "queue", "search"))
    stage.put(with_containers(stage.hosts[name], ("frontend", "metrics", "queue", "search"), down))
    trouble = software().containers[down].trouble
    stage.turn(
        ("take a look at docker on {host}: which container is not up?",
            "containers of {host}: who is missing from the running ones?", "one container on {host} is not up, which?",
            "who among the containers of {host} has stopped?"),
        [on(name, DOCKER_PS)], {name: (down,)}, f"`{down}` on `{name}` has exited", DEAD,
        never=[other for other in ("frontend", "metrics", "queue", "search") if other != down], host=name,
    )  # fmt: skip
    stage.turn(
        ("what were its last words?", "quote the end of its log", "and what did it log at the end?",
            "the last thing it logged?"),
        [on(name, f"docker logs --tail 2 {down}")], {name: (trouble,)}, f"its log on `{name}` ends with \"{trouble}\"",
        "the last line is closest to the cause",
    )  # fmt: skip
    stage.turn(
        ("understood. start that container and prove that it is up",
            "then give it another start and look at docker again", "ok, up with it, and confirm",
            "revive it and let me see that it stays"),
        [on(name, f"docker start {down} && {DOCKER_PS}")], {name: (down, "up|running|started")},
        f"`{down}` on `{name}` is up again", DEAD,
    )  # fmt: skip
    stage.goal(f"{name}/containers/{down}/state", "running", [f"{name}/containers/{down}/*"])


@template("config_comparison", "eval", "hard", size=(3, 4))
def iterative_refinement_setting(stage: Stage) -> None:
    """A setting on all hosts, then where it is too low, then corrected there."""
    setting = Setting("billing", "/etc/billing/billing.yml", "workers", ("4", "6", "8"))
    low, names = stage.pick(), list(stage.hosts)
    values = {name: "1" if name == low else stage.rng.choice(setting.values) for name in names}
    for name, value in values.items():
        stage.put(setting.put(stage.hosts[name], value))
    stage.turn(
        ("billing workers per machine, from {path}?", "I want the workers that {path} sets, machine by machine",
            "overview of workers in {path} over the fleet?", "how many workers does {path} set on each machine?"),
        [on_all(f"grep workers {setting.path}")], {name: (value,) for name, value in values.items()},
        ", ".join(f"`{name}` {value}" for name, value in values.items()), "too few workers make the queue grow",
        path=setting.path,
    )  # fmt: skip
    stage.turn(
        ("keep only those with fewer than 4", "now just who has less than 4", "reduce that to machines under 4",
            "and who of them is short of 4?"),
        [], {low: ("1",)}, f"`{low}` has 1", "too few workers make the queue grow", never=stage.others(low),
    )  # fmt: skip
    stage.turn(
        ("raise that one to 4 in the file", "make it 4 there, in the file", "change it to 4 on that machine",
            "then write 4 into its file"),
        [on(low, f"sed -i 's/workers: 1/workers: 4/' {setting.path} && grep workers {setting.path}")], {low: ("4",)},
        f"`{low}` has 4 now", "the service reads it at its next restart",
    )  # fmt: skip
    wants_file(stage, set_value(stage.hosts[low], setting.path, "workers", "4"), setting.path)


@template("local_workspace", "eval", "medium")
def iterative_refinement_commits(stage: Stage) -> None:
    """Some commits, then fewer, then one: the later answers need no new command."""
    commits = repository(stage.local).commits[:3]
    stage.turn(
        ("the three most recent commits in my repo, one line each?", "list three commits of my repo, newest first",
            "my repo: what were the last three commits?", "the latest three entries of the history of my repo?"),
        [here("git log --oneline -n 3")], {"": tuple(commit.subject for commit in commits)},
        ", ".join(f"`{commit.id[:7]}` {commit.subject}" for commit in commits), "small commits tell a story",
    )  # fmt: skip
    stage.turn(
        ("leave out the newest", "without the newest of them", "drop the top one", "skip the first of those"),
        [], {"": tuple(commit.subject for commit in commits[1:])},
        ", ".join(f"`{commit.id[:7]}` {commit.subject}" for commit in commits[1:]), "small commits tell a story",
        never=[commits[0].subject],
    )  # fmt: skip
    stage.turn(
        ("only the id of the oldest of these", "and just the oldest one's id",
            "give me the id of the last in that list, nothing more", "what is the id of the bottom one?"),
        [], {"": (commits[2].id[:7],)}, f"`{commits[2].id[:7]}`", "the id is how git finds a commit",
        never=[commits[1].id[:7]],
    )  # fmt: skip


@template("targeted_diagnosis", "eval", "medium", size=(3, 4))
def teaching_conversation_memory(stage: Stage) -> None:
    """Memory in use, the process that uses most of it, and another host for comparison."""
    name, other = stage.rng.sample(list(stage.hosts), 2)
    host, pid = add_process(
        stage.hosts[name], "/opt/search/bin/indexer --heap", resident=stage.rng.randrange(900_000, 1_400_000)
    )
    stage.put(host)
    stage.turn(
        ("how would you find out how much RAM {host} uses? demonstrate it",
            "I'm curious: how does one read the RAM in use on {host}? go ahead and do it",
            "walk me through the RAM in use on {host}", "what do you type to learn how much RAM {host} uses? type it"),
        [on(name, "free -h")], {name: (human_memory(used(host)),)},
        f"`{name}` uses {human_memory(used(host))}", "what the cache holds is given back when it is needed",
        host=name,
    )  # fmt: skip
    stage.turn(
        ("and how does one see who holds most of it?",
            "which process takes the biggest piece, and how do you tell?",
            "interesting. whose is the biggest share? pid too",
            "and the process that eats most of that RAM, with pid?"),
        [on(name, "ps aux --sort=-%mem | head -n 2")], {name: (str(pid),)},
        f"on `{name}` it is `/opt/search/bin/indexer` with pid {pid}", "a list sorted by memory has the biggest on top",
    )  # fmt: skip
    theirs = human_memory(used(stage.hosts[other]))
    stage.turn(
        ("does {host} use as much RAM?", "for contrast, the RAM in use of {host}?",
            "what would the first look give on {host}?", "repeat the first look for {host}"),
        [on(other, "free -h")], {other: (theirs,)}, f"`{other}` uses {theirs}", "a number says more beside another one",
        host=other,
    )  # fmt: skip


@template("config_comparison", "eval", "medium", size=(2, 2))
def teaching_conversation_checksum(stage: Stage) -> None:
    """Are two files equal, where do they differ, and which value is larger?"""
    setting = Setting("orders", "/etc/orders/orders.yml", "pool", ("10", "20", "40", "80"))
    values = dict(zip(stage.hosts, setting.two(stage.rng), strict=True))
    for name, value in values.items():
        stage.put(setting.put(stage.hosts[name], value))
    first, second = values
    more = max(values, key=lambda name: int(values[name]))
    stage.turn(
        ("how can one tell without reading it whether {path} is equal on {first} and {second}? do it",
            "teach me to compare {path} on {first} and {second} by checksum",
            "is {path} equal on {first} and {second}? I want to learn how you find out",
            "by which trick do you see if {first} and {second} have an equal {path}? use it"),
        [on_all(f"sha256sum {setting.path}")],
        {first: (), second: (), "": ("differ|different|not|another|unequal|no",)},
        f"`{first}` and `{second}` have different checksums", "equal files have equal checksums", path=setting.path,
        first=first, second=second,
    )  # fmt: skip
    stage.turn(
        ("I suspect its {key}. what does each of the two have?",
            "look at {key} in it on both, how does one do that?", "could it be {key}? get that line from both",
            "their {key} lines, please"),
        [on_all(f"grep {setting.key} {setting.path}")], {name: (value,) for name, value in values.items()},
        ", ".join(f"`{name}` has {value}" for name, value in values.items()),
        "one line is easier to compare than a file", key=setting.key,
    )  # fmt: skip
    stage.turn(
        ("so who is more generous?", "then which of them allows more?", "and the bigger one is where?",
            "which machine has the larger number?"),
        [], {more: (values[more],)}, f"`{more}` with {values[more]}", "a bigger pool serves more at once",
        never=stage.others(more),
    )  # fmt: skip


@template("service_management", "eval", "hard", size=(2, 3))
def troubleshooting_journey_bad_config(stage: Stage) -> None:
    """A service that fails because of a misspelt line: the healthy host shows the right spelling."""
    name, path = stage.pick(), "/etc/mysql/my.cnf"
    other = stage.rng.choice(stage.others(name))
    limit = stage.rng.choice(("200", "250", "400"))
    for each in (name, other):
        stage.put(set_value(with_service(stage.hosts[each], "mysql"), path, "max_connections", limit))
    good, right, wrong = stage.hosts[name], f"max_connections = {limit}", f"max connections = {limit}"
    file = good.files[path]
    stage.put(failing(good.with_file(path, replace(file, content=file.content.replace(right, wrong))), "mysql"))
    stage.turn(
        ("checkout hangs. what is mysql on {host} doing?", "is it mysql on {host}? state please",
            "mysql on {host} gets no connections, see what state it is in",
            "something is off with mysql on {host}, which state has it?"),
        [on(name, "systemctl is-active mysql")], {name: ("failed",)}, f"`mysql` on `{name}` has failed",
        "a database that is down stops the shop", host=name,
    )  # fmt: skip
    stage.turn(
        ("what does it complain about?", "find what it stumbles over", "on what does it choke?",
            "its journal should tell, what is wrong?"),
        [on(name, "journalctl -u mysql -n 4 --no-pager")], {name: (wrong,)}, f"on `{name}` it stumbles over `{wrong}`",
        "a service does not start with a broken config",
    )  # fmt: skip
    stage.turn(
        ("{other} works. how does that line read there, in {path}?",
            "see {path} on {other}, what is that line there?", "compare with {other}: the same line in {path}?",
            "on {other} all is well, quote that line of its {path}"),
        [on(other, f"grep connections {path}")], {other: (right,)}, f"on `{other}` it reads `{right}`",
        "a healthy twin is the best manual", other=other, path=path,
    )  # fmt: skip
    stage.turn(
        ("correct it on {host} to read like that, and get mysql up",
            "then repair the line on {host} and bring mysql back, with a check",
            "make it so on {host}, start mysql and confirm",
            "give {host} the right line and mysql its start, then verify"),
        [on(name, f"sed -i 's/max connections/max_connections/' {path} && systemctl start mysql && systemctl is-active mysql")],
        {name: ("active|running|up|started",)}, f"the line on `{name}` is corrected, `mysql` is active",
        "a database that is down stops the shop", host=name,
    )  # fmt: skip
    wants_file(stage, good, path)
    stage.goal(f"{name}/services/mysql/state", "active", [f"{name}/services/mysql/*"])


@template("deployment_check", "eval", "hard")
def troubleshooting_journey_container_port(stage: Stage) -> None:
    """A container that cannot start because its port is in use."""
    name, down = stage.pick(), stage.rng.choice(("frontend", "search", "metrics"))
    host = with_containers(stage.hosts[name], ("frontend", "metrics", "search"), down)
    port = next(each.ports[0][0] for each in host.containers if each.name == down)
    host, pid = add_process(host, f"python3 -m http.server {port}")
    stage.put(host)
    stage.turn(
        ("the shop is half dead since the deploy on {host}. are all its containers up?",
            "after the deploy on {host}: does each container run?",
            "any container on {host} that did not survive the deploy?",
            "{host} was deployed an hour ago, which of its containers is not up?"),
        [on(name, DOCKER_PS)], {name: (down,)}, f"`{down}` on `{name}` has exited", DEAD, host=name,
    )  # fmt: skip
    stage.turn(
        ("attempt to start it", "give it a start, and report what docker says", "see if it starts",
            "try a start, I want to see what comes back"),
        [on(name, f"docker start {down}")], {name: (str(port),)},
        f"`{down}` did not start on `{name}`: port {port} is already allocated", "two programs cannot hold one port",
        kind="failed",
    )  # fmt: skip
    stage.turn(
        ("which process sits on that port? pid please", "whose port is it at the moment, with pid?",
            "who took it? name and pid", "pid and name of the one on that port?"),
        [on(name, f"ss -ltnp | grep :{port}")], {name: ("python3", str(pid))},
        f"on `{name}` `python3` with pid {pid} has it", "the holder of a port is found by its pid",
    )  # fmt: skip
    stage.turn(
        ("somebody forgot that. end it, start the container, and show me that it is up",
            "terminate that one, then the container again, with a check",
            "kill that pid and have the container running again",
            "clear the port of it, then start the container and look at docker"),
        [on(name, f"kill {pid} && docker start {down} && {DOCKER_PS}")], {name: (down, "up|running|started")},
        f"the process is gone, `{down}` on `{name}` is up", DEAD,
    )  # fmt: skip
    stage.goal(f"{name}/processes/{pid}", None)
    stage.goal(f"{name}/containers/{down}/state", "running", [f"{name}/containers/{down}/*"])


def _demand(host: Host) -> float:
    """The load caused by the processes of a host."""
    return host.load - host.waiting
