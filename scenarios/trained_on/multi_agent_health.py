"""Multi-agent health, trained on: one command for every host, and which hosts to report."""

from aj.acts import on, on_all
from scenarios.requests import listed
from scenarios.scenario import Stage, template
from scenarios.trouble import ABSENT, fail_service, healthy, some_hosts, unknown_host, with_load, with_service


@template("multi_agent_health", "train", "easy")
def days_since_boot(stage: Stage) -> None:
    """How long every host has been up."""
    days = {name: (host.now - host.boot) // 86_400 for name, host in stage.hosts.items()}
    stage.turn(
        (
            "how long has each server been up?",
            "uptime of every host in days",
            "for how many days are the machines running?",
            "show how many days each box is up",
            "list the uptime, host by host",
            "days up per server?",
            "tell me how many days each machine runs already",
            "get the uptime of the whole fleet",
            "how many days since the last reboot, for every server?",
            "compare how long the hosts have been running",
            "which uptimes do we have across the servers?",
        ),
        [on_all("uptime")],
        {name: (f"{count} days",) for name, count in days.items()},
        ", ".join(f"`{name}` {count} days" for name, count in days.items()),
        "a host that rebooted by itself shows it in its uptime",
    )


@template("multi_agent_health", "train", "easy", size=(2, 3), windows=3)
def spoolers(stage: Stage) -> None:
    """A Windows service on every host, and its state."""
    for name in stage.hosts:
        stage.put(with_service(stage.hosts[name], "Spooler"))
    for name in some_hosts(stage):
        stage.put(fail_service(stage.hosts[name], "Spooler", "The Print Spooler service terminated unexpectedly."))
    state = {
        name: "Running" if h.services["Spooler"].state == "active" else "Stopped" for name, h in stage.hosts.items()
    }
    stage.turn(
        (
            "is the Spooler service running on all of them?",
            "check Spooler on every host",
            "state of the Spooler service everywhere",
            "how is the print spooler doing on each box? the service is Spooler",
            "show me the Spooler service on all Windows servers",
            "does Spooler run on every machine?",
            "look at the service Spooler across the fleet",
            "Spooler: running or stopped? all hosts",
            "get the status of Spooler from each server",
        ),
        [on_all("Get-Service Spooler")],
        {name: (value,) for name, value in state.items()},
        ", ".join(f"`{name}` {value}" for name, value in state.items()),
        "print jobs wait until the spooler runs again",
    )


@template("multi_agent_health", "train", "medium")
def failed_units(stage: Stage) -> None:
    """Which hosts have a failed unit; the healthy ones are not named."""
    failed = {name: _fail_one(stage, name) for name in _all_healthy_but_some(stage)}
    stage.turn(
        (
            "which hosts have failed units?",
            "any failed services in the fleet? on which hosts?",
            "list the failed units, with the host",
            "show me the servers that have a failed unit",
            "did any unit fail? where?",
            "find failed systemd units on all servers",
            "which servers have something in failed state?",
            "are there failed units anywhere?",
            "check all hosts for failed units and name them",
            "what has failed, and on which box?",
            "look for failed units across the fleet",
        ),
        [on_all("systemctl --failed --no-legend")],
        {name: (service,) for name, service in failed.items()},
        ", ".join(f"`{service}` failed on `{name}`" for name, service in failed.items()),
        "a failed unit stays down until somebody starts it",
        never=[name for name in stage.hosts if name not in failed],
    )


@template("multi_agent_health", "train", "medium")
def load_above_a_line(stage: Stage) -> None:
    """Only the hosts whose load exceeds a threshold."""
    line = stage.rng.choice((3, 4, 5, 6))
    busy = some_hosts(stage)
    for name in stage.hosts:
        part = stage.rng.randrange(115, 240) if name in busy else stage.rng.randrange(5, 80)
        stage.put(with_load(stage.hosts[name], round(line * part / 100, 2)))
    stage.turn(
        (
            "which hosts have a load above {line}?",
            "is any server over a load of {line}?",
            "show the machines with a load average higher than {line}",
            "who is above load {line} right now?",
            "find the servers whose load is over {line}",
            "load over {line}: which boxes?",
            "name every host with more than {line} in load",
            "any host with load greater than {line}? which one?",
            "list hosts above {line} load",
            "are there servers with a load over {line}?",
        ),
        [on_all("uptime")],
        {name: (f"{stage.hosts[name].load:.2f}",) for name in busy},
        ", ".join(f"`{name}` has a load of {stage.hosts[name].load:.2f}" for name in busy),
        "a load above the core count means that work is waiting",
        never=[name for name in stage.hosts if name not in busy],
        line=str(line),
    )


@template("multi_agent_health", "train", "medium")
def highest_load(stage: Stage) -> None:
    """The host with the highest load."""
    top = stage.pick()
    for name in stage.hosts:
        stage.put(
            with_load(
                stage.hosts[name],
                stage.rng.randrange(610, 1400) / 100 if name == top else stage.rng.randrange(10, 590) / 100,
            )
        )
    stage.turn(
        (
            "which server has the highest load?",
            "who is the busiest host?",
            "find the machine with the most load",
            "where is the load highest?",
            "name the busiest server and its load",
            "which box works hardest right now?",
            "compare the loads, which host is on top?",
            "what's our most loaded machine?",
            "show me the host under the heaviest load",
            "the server with the biggest load, which is it?",
        ),
        [on_all("uptime")],
        {top: (f"{stage.hosts[top].load:.2f}",)},
        f"`{top}` is the busiest with a load of {stage.hosts[top].load:.2f}",
        "new work should not go to the busiest host",
        never=stage.others(top),
    )


@template("multi_agent_health", "train", "hard")
def cron_failed_somewhere(stage: Stage) -> None:
    """Find the one host where a service failed, then restart it there and nowhere else."""
    for name in stage.hosts:
        stage.put(healthy(stage.hosts[name]))
    name = stage.pick()
    stage.put(fail_service(stage.hosts[name], "cron", "cron: can't lock /var/run/crond.pid"))
    stage.turn(
        (
            "where is cron not running?",
            "on which server is cron down?",
            "cron is dead on one of the hosts, which one?",
            "which host has lost its cron?",
            "find the box where cron has failed",
            "one of the servers has no running cron, find it",
            "who is missing cron?",
            "tell me which machine's cron isn't active",
        ),
        [on_all("systemctl is-active cron")],
        {name: ("failed|down|not running|not active",)},
        f"`cron` has failed on `{name}`",
        "without cron no nightly job runs",
        never=stage.others(name),
    )
    stage.turn(
        (
            "restart it there",
            "ok, restart it on that host",
            "then bring it back with a restart",
            "restart cron on that one",
            "good, now restart it there, only there",
            "give it a restart on that box",
            "do a restart of it there",
            "restart it on this host then",
        ),
        [on(name, "systemctl restart cron")],
        {name: ("cron",)},
        f"`cron` on `{name}`",
        "without cron no nightly job runs",
        kind="restart",
    )
    stage.goal(f"{name}/services/cron/state", "active")
    stage.goal(f"{name}/services/cron/restarts", "1", [f"{name}/services/cron/*"])


@template("multi_agent_health", "train", "hard")
def load_of_an_unknown_host(stage: Stage) -> None:
    """The named host is not an agent: say so, name those that are, and touch none of them."""
    ghost = unknown_host(stage)
    stage.turn(
        (
            "check the load on {ghost}",
            "what's the load of {ghost}?",
            "is {ghost} busy?",
            "run uptime on {ghost}",
            "how is {ghost} doing?",
            "show me the CPU load of {ghost}",
            "{ghost} feels slow, check its load",
            "get the load average from {ghost}",
            "take a look at the load on {ghost}",
        ),
        [],
        {"": (ghost, ABSENT)},
        f"`{ghost}` is not among the agents {listed(stage.hosts)}",
        "a command to a name that is not in the list goes nowhere",
        kind="failed",
        ghost=ghost,
    )


def _all_healthy_but_some(stage: Stage) -> list[str]:
    for name in stage.hosts:
        stage.put(healthy(stage.hosts[name]))
    return some_hosts(stage)


def _fail_one(stage: Stage, name: str) -> str:
    """Fail one of a host's services; returns the service's name."""
    host = stage.hosts[name]
    service = stage.rng.choice(sorted(set(host.services) - {"ssh"}))
    stage.put(fail_service(host, service, f"{service}: cannot allocate memory"))
    return service
