"""Multi-agent health, held out: the whole fleet inspected, compared, and repaired in one place."""

from aj.acts import on, on_all
from fleet.linux.usage import human_memory
from scenarios.scenario import Stage, template
from scenarios.trouble import add_process, fail_service, healthy, some_hosts, with_service


@template("multi_agent_health", "eval", "easy")
def kernels(stage: Stage) -> None:
    """The kernel version of every host."""
    stage.turn(
        (
            "which kernel does each machine run?",
            "kernel version of all nodes",
            "give me the kernel release from each of the servers",
            "what kernels are we on, node by node?",
        ),
        [on_all("uname -r")],
        {name: (host.system.kernel,) for name, host in stage.hosts.items()},
        ", ".join(f"`{name}` `{host.system.kernel}`" for name, host in stage.hosts.items()),
        "an old kernel misses security fixes",
    )


@template("multi_agent_health", "eval", "easy")
def ssh_daemons(stage: Stage) -> None:
    """One service on every host, up or not."""
    for name in stage.hosts:
        stage.put(healthy(stage.hosts[name]))
    down = stage.pick()
    stage.put(fail_service(stage.hosts[down], "ssh", "fatal: Cannot bind any address."))
    state = {name: host.services["ssh"].state for name, host in stage.hosts.items()}
    stage.turn(
        (
            "is ssh alive on all nodes?",
            "tell me for each node whether the ssh service is up",
            "ssh service, all machines: active or not?",
            "verify the ssh service on each of the servers",
            "do we have a running ssh on every node?",
        ),
        [on_all("systemctl is-active ssh")],
        {
            name: ("active|running|up|alive" if value == "active" else "failed|down|not",)
            for name, value in state.items()
        },
        ", ".join(f"`ssh` on `{name}` is {value}" for name, value in state.items()),
        "without it nobody can log in to repair anything",
    )


@template("multi_agent_health", "eval", "medium")
def rebooted_last(stage: Stage) -> None:
    """The host with the shortest uptime."""
    days = {name: (host.now - host.boot) // 86_400 for name, host in stage.hosts.items()}
    last = min(days, key=lambda name: stage.hosts[name].now - stage.hosts[name].boot)
    stage.turn(
        (
            "which machine was rebooted most recently?",
            "the node with the shortest uptime, and how many days is it?",
            "who booted last? how many days ago?",
            "find the freshest boot among the machines and its age in days",
        ),
        [on_all("uptime")],
        {last: (f"{days[last]} days",)},
        f"`{last}` booted last, it is up {days[last]} days",
        "a reboot that nobody planned is a clue",
        never=[name for name in stage.others(last) if days[name] != days[last]],
    )


@template("multi_agent_health", "eval", "medium")
def short_of_memory(stage: Stage) -> None:
    """Hosts with hardly any memory left; the others must not be named."""
    short = some_hosts(stage)
    for name in stage.hosts:
        host = stage.hosts[name]
        left = (
            stage.rng.randrange(60, 190) * 1024
            if name in short
            else stage.rng.randrange(45, 70) * host.memory.total // 100
        )
        hog = max(host.memory_available - left, 1000)
        stage.put(add_process(host, "/opt/indexer/bin/indexer --rebuild", cpu=1.5, resident=hog)[0])
    free = {name: human_memory(stage.hosts[name].memory_available) for name in short}
    stage.turn(
        (
            "which nodes have under 500Mi of memory available?",
            "name the machines with less than 500Mi RAM available",
            "any node with available memory below 500Mi? which?",
            "RAM available under 500Mi: where?",
        ),
        [on_all("free -h")],
        {name: (value,) for name, value in free.items()},
        ", ".join(f"`{name}` has {value} available" for name, value in free.items()),
        "the kernel kills processes when memory runs out",
        never=[name for name in stage.hosts if name not in short],
    )


@template("multi_agent_health", "eval", "medium", size=(2, 3), windows=3)
def stopped_web_publishing(stage: Stage) -> None:
    """Windows web servers whose W3SVC is stopped."""
    for name in stage.hosts:
        stage.put(with_service(stage.hosts[name], "W3SVC"))
    stopped = some_hosts(stage)
    for name in stopped:
        stage.put(
            fail_service(stage.hosts[name], "W3SVC", "The World Wide Web Publishing Service terminated unexpectedly.")
        )
    stage.turn(
        (
            "on which machines is W3SVC stopped?",
            "which nodes lost their web server? the service is called W3SVC",
            "find every box whose W3SVC is not running",
            "W3SVC outage: which of the servers are hit?",
        ),
        [on_all("Get-Service W3SVC")],
        dict.fromkeys(stopped, ("stopped|not running|down",)),
        ", ".join(f"`W3SVC` is stopped on `{name}`" for name in stopped),
        "IIS serves nothing while it is stopped",
        never=[name for name in stage.hosts if name not in stopped],
    )


@template("multi_agent_health", "eval", "hard", size=(2, 2), windows=1)
def a_service_on_each_of_two_systems(stage: Stage) -> None:
    """A Linux and a Windows host: no single command works on both, so each needs its own."""
    linux, windows = stage.pick("linux"), stage.pick("windows")
    stage.put(with_service(stage.hosts[windows], "WinRM"))
    stage.put(healthy(stage.hosts[linux]))
    stage.put(fail_service(stage.hosts[linux], "cron", "cron: can't lock /var/run/crond.pid"))
    stage.turn(
        (
            "check cron on {linux} and WinRM on {windows}",
            "are both up: WinRM on {windows} and cron on {linux}?",
            "state of cron on {linux}, and of WinRM on {windows}",
            "look at two services for me: cron ({linux}) and WinRM ({windows})",
        ),
        [on(linux, "systemctl is-active cron"), on(windows, "Get-Service WinRM")],
        {linux: ("failed|down|not",), windows: ("running|up",)},
        f"`cron` on `{linux}` is failed, `WinRM` on `{windows}` is Running",
        "each system has its own way to ask for a service",
        linux=linux,
        windows=windows,
    )


@template("multi_agent_health", "eval", "hard")
def start_it_where_it_is_down(stage: Stage) -> None:
    """Start a service where it is down, without touching it where it runs."""
    down = stage.pick()
    for name in stage.hosts:
        stage.put(with_service(stage.hosts[name], "redis"))
    stage.put(fail_service(stage.hosts[down], "redis", "Out Of Memory allocating 65536 bytes!"))
    stage.turn(
        (
            "redis is down on one of the machines: start it there, leave the running ones alone",
            "find the node without a running redis and start it, don't touch the others",
            "one redis died. start that one, no restarts anywhere else",
            "start redis on whichever box has it down, and only there",
        ),
        [on_all("systemctl is-active redis"), on(down, "systemctl start redis && systemctl is-active redis")],
        {down: ("redis",)},
        f"`redis` was down on `{down}` and is active again",
        "a restart of the healthy ones would drop their clients",
        never=stage.others(down),
    )
    stage.goal(f"{down}/services/redis/state", "active", [f"{down}/services/redis/*"])
    stage.sees("finds it by looking", down, "failed")


@template("multi_agent_health", "eval", "hard")
def failed_unit_found_restarted_and_checked(stage: Stage) -> None:
    """Three turns: find the failed unit, restart it there, and check all hosts again."""
    for name in stage.hosts:
        stage.put(healthy(stage.hosts[name]))
    name = stage.pick()
    service = stage.rng.choice(sorted(set(stage.hosts[name].services) - {"ssh", "cron", "docker"}))
    stage.put(fail_service(stage.hosts[name], service, f"{service}: received signal 11, core dumped"))
    why = "a unit that failed once often fails again"
    stage.turn(
        (
            "is any systemd unit in trouble on our machines? which and where?",
            "do a health check of the units on all nodes: what is broken?",
            "tell me the broken unit and the node it is on",
            "check every node for units that failed",
        ),
        [on_all("systemctl --failed --no-legend")],
        {name: (service,)},
        f"`{service}` has failed on `{name}`",
        why,
        never=stage.others(name),
    )
    stage.turn(
        (
            "restart that unit there",
            "ok, get it going with a restart",
            "fine, restart the broken one",
            "restart it where it failed",
        ),
        [on(name, f"systemctl restart {service}")],
        {name: (service,)},
        f"`{service}` on `{name}`",
        why,
        kind="restart",
    )
    stage.turn(
        (
            "is it up now?",
            "did that help? check it once more",
            "verify that it runs",
            "and its state now?",
        ),
        [on(name, f"systemctl is-active {service}")],
        {name: ("active|running|up",)},
        f"`{service}` on `{name}` is active",
        why,
    )
    stage.goal(f"{name}/services/{service}/state", "active")
    stage.goal(f"{name}/services/{service}/restarts", "1", [f"{name}/services/{service}/*"])
