"""Targeted diagnosis, trained on: one host, one question, and the one command that answers it."""

from aj.acts import on
from fleet.linux.usage import human_memory, used
from fleet.software import software
from scenarios.scenario import Stage, template
from scenarios.trouble import ABSENT, fail_service, fill_disk, set_value, with_containers, with_service

CAUSES = {
    "redis": ("Can't open the append-only file: Permission denied", "permission denied"),
    "mysql": ("[ERROR] Unable to lock ./ibdata1 error: 11", "ibdata1|lock"),
    "billing": ("ERROR queue invoices: authentication refused", "authentication"),
    "grafana": ("Error: the database disk image is malformed", "malformed"),
}
"""service -> its last line before it died, and what every answer must mention of it"""


@template("targeted_diagnosis", "train", "easy")
def container_state(stage: Stage) -> None:
    """Is one container up?"""
    name = stage.pick()
    names = stage.rng.sample(sorted(software().containers), 3)
    stage.put(with_containers(stage.hosts[name], names, down=names[0]))
    asked = stage.rng.choice(names[:2])
    exited = asked == names[0]
    stage.turn(
        (
            "is the {container} container running on {host}?",
            "check the container {container} on {host}",
            "state of container {container} on {host}",
            "docker on {host}: is {container} up?",
            "did the {container} container stop on {host}?",
            "look at docker container {container} on {host}",
            "on {host}, does the container {container} run?",
            "see whether container {container} is up on {host}",
            "what is the {container} container doing on {host}?",
            "{host}: container {container} up or exited?",
            "tell me if the container {container} lives on {host}",
        ),
        [on(name, "docker ps -a --format '{{.Names}} {{.Status}}'")],
        {name: ("exited|stopped|down|not running" if exited else "up|running",)},
        f"`{asked}` on `{name}` {'has exited' if exited else 'is up'}",
        "a container that exited serves nobody until it is started",
        container=asked,
        host=name,
    )


@template("targeted_diagnosis", "train", "easy")
def pool_size(stage: Stage) -> None:
    """One value from a configuration file."""
    name, pool = stage.pick(), str(stage.rng.randrange(3, 60))
    stage.put(set_value(with_service(stage.hosts[name], "orders"), "/etc/orders/orders.yml", "pool", pool))
    stage.turn(
        (
            "what pool size does orders use on {host}?",
            "look up the pool setting of orders on {host}",
            "which value has pool in /etc/orders/orders.yml on {host}?",
            "show me the orders pool on {host}",
            "grep the pool in the orders config on {host}",
            "how big is the pool of orders on {host}?",
            "{host}: what is pool set to in /etc/orders/orders.yml?",
            "read the pool value from the orders config on {host}",
            "tell me the connection pool that orders has on {host}",
            "check pool in orders.yml on {host}",
        ),
        [on(name, "grep pool /etc/orders/orders.yml")],
        {name: (pool,)},
        f"`pool` is {pool} on `{name}`",
        "a pool that is too small makes requests wait",
        host=name,
    )


@template("targeted_diagnosis", "train", "medium")
def why_it_died(stage: Stage) -> None:
    """The reason is in the service's journal."""
    name, service = stage.pick(), stage.rng.choice(sorted(CAUSES))
    line, core = CAUSES[service]
    stage.put(fail_service(with_service(stage.hosts[name], service), service, line))
    stage.turn(
        (
            "why did {service} die on {host}?",
            "{service} is down on {host}, what is the reason?",
            "what killed {service} on {host}?",
            "find out why {service} failed on {host}",
            "{service} crashed on {host}. why?",
            "look into the journal of {service} on {host} and tell me why it stopped",
            "on {host} {service} has failed, get me the cause",
            "what happened to {service} on {host}?",
            "which error took {service} down on {host}?",
            "explain the {service} failure on {host}",
            "what does the journal say about {service} on {host}?",
        ),
        [on(name, f"journalctl -u {service} -n 3 --no-pager")],
        {name: (core,)},
        f"`{service}` on `{name}` failed with: {line}",
        "a restart without the cause only hides the problem",
        service=service,
        host=name,
    )


@template("targeted_diagnosis", "train", "medium")
def load_and_memory(stage: Stage) -> None:
    """Two values from one host in one call."""
    name = stage.pick()
    host = stage.hosts[name]
    stage.turn(
        (
            "load and memory of {host}?",
            "{host} is slow, check its load and its memory",
            "get me load plus memory use on {host}",
            "how are CPU load and RAM on {host}?",
            "show both the load and the used memory on {host}",
            "check {host}: load average and memory",
            "quick look at {host}, load and RAM",
            "is {host} short on CPU or memory? give me both numbers",
            "report load and memory in use on {host}",
            "what are the load and the memory usage on {host}?",
        ),
        [on(name, "uptime; free -h")],
        {name: (f"{host.load:.2f}", human_memory(used(host)))},
        f"`{name}` has a load of {host.load:.2f} and {human_memory(used(host))} of memory in use",
        "load and memory together tell a busy host from one that swaps",
        host=name,
    )


@template("targeted_diagnosis", "train", "hard")
def restart_on_a_full_disk(stage: Stage) -> None:
    """The requested restart fails; the answer says so and gives the reason."""
    name = stage.pick()
    host = fail_service(
        with_service(stage.hosts[name], "mysql"), "mysql", "[ERROR] Disk is full writing './binlog.000012'"
    )
    stage.put(fill_disk(host, "/var/lib/import/dump.sql", 100))
    stage.turn(
        (
            "mysql is down on {host}, restart it",
            "get mysql going again on {host}",
            "restart mysql on {host}, and if that fails tell me why",
            "bring mysql back on {host}",
            "{host} lost its mysql, restart it",
            "try a restart of mysql on {host}",
            "mysql stopped on {host}, can you restart it?",
            "the mysql on {host} must run again, restart it",
        ),
        [on(name, "systemctl restart mysql"), on(name, "journalctl -u mysql -n 4 --no-pager")],
        {name: ("No space left on device|disk is full|full disk|no space", ABSENT)},
        f"`mysql` does not start on `{name}`: could not write to /var/lib/mysql, No space left on device",
        "a database never starts on a full disk",
        kind="failed",
        host=name,
    )
    stage.goal(f"{name}/services/mysql/restarts", "1", [f"{name}/services/mysql/*"])


@template("targeted_diagnosis", "train", "hard")
def one_of_the_containers(stage: Stage) -> None:
    """The user does not name the container: ask which one, then restart it."""
    name = stage.pick()
    containers = stage.rng.sample(sorted(software().containers), 3)
    host = stage.put(with_containers(stage.hosts[name], containers))
    first, second, third = (f"`{container}`" for container in containers)
    stage.turn(
        (
            "a container on {host} is stuck, restart it",
            "restart the container on {host}",
            "docker on {host}: one container hangs, restart that",
            "the container on {host} needs a restart",
            "kick the stuck container on {host}",
            "one of the containers on {host} must be restarted",
            "can you restart that container on {host}?",
            "bounce the hanging container on {host}",
            "there is a container on {host} that does nothing, restart it",
        ),
        [on(name, "docker ps -a --format '{{.Names}} {{.Status}}'")],
        {name: ()},
        f"Which container on `{name}` should be restarted: {first}, {second} or {third}?",
        "",
        kind="ask_back",
        host=name,
    )
    meant = stage.rng.choice(containers)
    stage.turn(
        (
            "{container}",
            "the {container} one",
            "it's {container}",
            "{container}, only that one",
            "restart {container}, not the others",
            "I mean the {container} container",
            "{container} is what hangs",
            "go for {container}",
        ),
        [on(name, f"docker restart {meant}")],
        {name: (meant,)},
        f"`{meant}` on `{name}`",
        "a restart cuts off whoever is being served",
        kind="restart",
        container=meant,
    )
    restarts = next(container.restarts for container in host.containers if container.name == meant)
    at = f"{name}/containers/{meant}"
    stage.goal(f"{at}/restarts", str(restarts + 1), [f"{at}/*"])
    stage.goal(f"{at}/state", "running")
