"""Targeted diagnosis, held out: what is wrong with one host, and what can be done about it."""

from aj.acts import on
from fleet.draw import install
from fleet.linux.usage import human_memory
from fleet.software import software
from scenarios.scenario import Stage, template
from scenarios.trouble import (
    add_process,
    fail_service,
    fill_disk,
    healthy,
    set_value,
    with_containers,
    with_load,
    with_service,
)

LAST_WORDS = {
    "api": "ECONNREFUSED|connection refused|refused",
    "frontend": "upstream|host not found",
    "mailer": "disconnected|connection unexpectedly closed|SMTPServerDisconnected",
    "queue": "disk",
    "search": "heap|memory|OutOfMemoryError",
}
"""container -> what every answer about its last log line must mention"""


@template("targeted_diagnosis", "eval", "easy")
def who_is_logged_in(stage: Stage) -> None:
    """Who is logged in on a host, and from where."""
    name = stage.pick()
    login = next(login for login in stage.hosts[name].logins if login.end is None)
    stage.turn(
        (
            "who is logged in on {host} at the moment, and from which address?",
            "is somebody on {host} besides you? name the user and where they come from",
            "active login sessions of {host}: user and source address?",
            "which user sits on {host} now, coming from which IP?",
        ),
        [on(name, "who")],
        {name: (login.user, login.origin)},
        f"`{login.user}` is on `{name}` from `{login.origin}`",
        "two people who repair the same thing get in each other's way",
        host=name,
    )


@template("targeted_diagnosis", "eval", "easy")
def memory_limit_of_redis(stage: Stage) -> None:
    """One value from a configuration file."""
    name, limit = stage.pick(), f"{stage.rng.choice((96, 192, 320, 384, 640, 768))}mb"
    stage.put(set_value(with_service(stage.hosts[name], "redis"), "/etc/redis/redis.conf", "maxmemory", limit))
    stage.turn(
        (
            "how much memory may redis take on {host}? it is maxmemory in /etc/redis/redis.conf",
            "maxmemory of redis on {host}?",
            "what limit does /etc/redis/redis.conf give redis on {host}? I need maxmemory",
            "fetch the maxmemory setting from /etc/redis/redis.conf on {host}",
        ),
        [on(name, "grep maxmemory /etc/redis/redis.conf")],
        {name: (limit,)},
        f"`maxmemory` is {limit} on `{name}`",
        "beyond that redis throws keys away",
        host=name,
    )


@template("targeted_diagnosis", "eval", "medium")
def last_words_of_a_container(stage: Stage) -> None:
    """Why a container exited, according to its log."""
    name = stage.pick()
    names = stage.rng.sample(sorted(LAST_WORDS), 3)
    dead = names[0]
    host = stage.put(with_containers(stage.hosts[name], names, down=dead))
    line = next(container.logs[-1] for container in host.containers if container.name == dead)
    stage.turn(
        (
            "the {container} container on {host} keeps dying, what are its last words?",
            "container {container} is gone on {host}. what does its log end on?",
            "what made the docker container {container} exit on {host}?",
            "see the log of container {container} on {host}: why did it stop?",
        ),
        [on(name, f"docker logs --tail 2 {dead}")],
        {name: (LAST_WORDS[dead],)},
        f"`{dead}` on `{name}` ended with: {line}",
        "the last line before the exit is closest to the cause",
        container=dead,
        host=name,
    )


@template("targeted_diagnosis", "eval", "medium")
def which_resource_is_short(stage: Stage) -> None:
    """Why a host is slow: processor, memory or disk?"""
    name, short = stage.pick(), stage.rng.choice(("disk", "load", "memory"))
    host = with_load(stage.hosts[name], 0.3)
    if short == "disk":
        host = fill_disk(host, "/opt/spool/queue.dat", 99)
    elif short == "load":
        host = with_load(host, host.system.cores * 3 + 1.7)
    else:
        host = add_process(host, "/opt/report/bin/report --year", cpu=2, resident=host.memory_available - 90_000)[0]
    host = stage.put(host)
    memory = f"only {human_memory(host.memory_available)} of memory is available"
    found = {
        "disk": f"the root disk is {host.percent()}% full",
        "load": f"the load is {host.load:.2f}",
        "memory": memory,
    }
    value = {"disk": f"{host.percent()}%", "load": f"{host.load:.2f}", "memory": human_memory(host.memory_available)}
    stage.turn(
        (
            "{host} crawls. processor, RAM or root disk: what is the bottleneck?",
            "users say {host} is slow. which one is exhausted: load, RAM or the root disk?",
            "triage {host} for me: load, RAM, root disk. what is the problem?",
            "something is wrong with {host}: see load, RAM and root disk and name the culprit",
        ),
        [on(name, "uptime; free -h; df -h /")],
        {name: (value[short],)},
        f"`{name}`: {found[short]}",
        "the scarcest resource sets the pace",
        host=name,
    )


@template("targeted_diagnosis", "eval", "hard")
def who_holds_the_port(stage: Stage) -> None:
    """nginx cannot bind its port because another web server uses it."""
    name = stage.pick()
    host = with_service(stage.hosts[name], "apache2")
    host = install(host, "nginx", software().linux["nginx"], stage.rng)
    why = "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)"
    stage.put(fail_service(host, "nginx", why))
    stage.turn(
        (
            "nginx does not come up on {host}: find the reason, and who is in its way",
            "who keeps nginx from starting on {host}?",
            "nginx on {host} failed, some other program seems to sit on its port. which?",
            "dig into the nginx failure on {host}, I want the culprit by name",
        ),
        [on(name, "journalctl -u nginx -n 3 --no-pager"), on(name, "ss -ltnp | grep ':80 '")],
        {name: ("apache2", "80|:80")},
        f"`apache2` holds port 80 on `{name}`, so `nginx` cannot bind it",
        "a port belongs to one process at a time",
        host=name,
    )
    stage.sees("reads why it failed", name, "Address already in use")
    stage.sees("finds the holder", name, "apache2")


@template("targeted_diagnosis", "eval", "hard")
def no_room_for_the_database(stage: Stage) -> None:
    """The cause is a full disk; the user names what may be deleted, and the database starts again."""
    name, path = stage.pick(), "/var/lib/exports/old-export.csv"
    host = with_service(stage.hosts[name], "postgresql")
    host = fail_service(host, "postgresql", "FATAL:  could not write lock file: No space left on device")
    stage.put(fill_disk(host, path, 100))
    why = "a database never starts on a full disk"
    stage.turn(
        (
            "postgresql will not start on {host}, what is the cause?",
            "what stops postgresql from starting on {host}?",
            "diagnose the dead postgresql on {host}",
            "the postgresql of {host} gave up, what is behind it?",
        ),
        [on(name, "journalctl -u postgresql -n 3 --no-pager"), on(name, "df -h /var/lib")],
        {name: ("no space|full|100%",)},
        f"`{name}` has a disk that is 100% full, so `postgresql` cannot write",
        why,
        host=name,
    )
    stage.turn(
        (
            "{path} may go. delete it and start postgresql again",
            "remove {path} there, then start postgresql",
            "we don't need {path}: drop that file, start postgresql and see that it runs",
            "free some room by deleting {path}, after that start postgresql",
        ),
        [on(name, f"rm {path}"), on(name, "systemctl start postgresql; systemctl is-active postgresql")],
        {name: ("active|running|up", path)},
        f"`{path}` is gone and `postgresql` on `{name}` is active",
        why,
        path=path,
    )
    stage.goal(f"{name}/files{path}", None)
    stage.goal(f"{name}/services/postgresql/state", "active", [f"{name}/services/postgresql/*"])
    stage.sees("reads why it failed", name, "No space left on device")


@template("targeted_diagnosis", "eval", "hard", size=(2, 3), windows=1)
def orders_on_windows(stage: Stage) -> None:
    """A service on the one Windows host of a mixed fleet: checked, started, checked again."""
    name = stage.pick("windows")
    host = with_service(stage.hosts[name], "OrdersSvc")
    stage.put(fail_service(host, "OrdersSvc", "The Orders Service service terminated unexpectedly."))
    why = "no order comes in while it is stopped"
    stage.turn(
        (
            "how is OrdersSvc on the Windows machine {host}?",
            "{host} runs Windows: is OrdersSvc alive there?",
            "look after OrdersSvc on {host}, that is a Windows machine",
            "orders hang. OrdersSvc on {host} (Windows), up or stopped?",
        ),
        [on(name, "Get-Service OrdersSvc")],
        {name: ("stopped|not running|down",)},
        f"`OrdersSvc` is Stopped on `{name}`",
        why,
        host=name,
    )
    stage.turn(
        (
            "start it and prove that it runs",
            "then start it, and show its state after that",
            "start that service and look again",
            "ok start it. is it running then?",
        ),
        [on(name, "Start-Service OrdersSvc; Get-Service OrdersSvc")],
        {name: ("running|up|started",)},
        f"`OrdersSvc` is Running on `{name}`",
        why,
    )
    stage.goal(f"{name}/services/OrdersSvc/state", "active", [f"{name}/services/OrdersSvc/*"])
    stage.sees("looks afterwards", name, "Running")


@template("targeted_diagnosis", "eval", "hard")
def which_database(stage: Stage) -> None:
    """Two databases run on the host, and "the database" could be either."""
    name = stage.pick()
    stage.put(healthy(with_service(with_service(stage.hosts[name], "mysql"), "postgresql")))
    meant = stage.rng.choice(("mysql", "postgresql"))
    stage.turn(
        (
            "restart the database on {host}, either mysql or postgresql runs there",
            "the database of {host} is stuck (mysql or postgresql, whichever it has), restart it",
            "{host}: restart its database, mysql or postgresql",
            "reboot the database on {host}. it has mysql or postgresql, I forgot",
        ),
        [on(name, "systemctl is-active mysql postgresql")],
        {name: ()},
        f"Both `mysql` and `postgresql` are active on `{name}`. Which one shall I restart?",
        "",
        kind="ask_back",
        host=name,
    )
    stage.turn(
        ("{service}, sorry", "{service}, of course", "{service} was the one", "my bad: {service}"),
        [on(name, f"systemctl restart {meant}")],
        {name: (meant,)},
        f"`{meant}` on `{name}`",
        "the other one has clients who must not notice",
        kind="restart",
        service=meant,
    )
    stage.goal(f"{name}/services/{meant}/state", "active")
    stage.goal(f"{name}/services/{meant}/restarts", "1", [f"{name}/services/{meant}/*"])
