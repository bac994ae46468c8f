"""Troubleshooting journeys, trained on: four turns from a symptom to a running service."""

from aj.acts import on
from fleet.actions import stop
from scenarios.scenario import Stage, template
from scenarios.trouble import add_process, failing, fill_disk, with_service

FULL = "a full disk stops services from writing"
BACK = "a service that is down does not come back by itself"


@template("service_management", "train", "hard")
def troubleshooting_journey_port_taken(stage: Stage) -> None:
    """A service failed because a stray process uses its port; the process is killed."""
    name, (service, port) = (
        stage.pick(),
        stage.rng.choice((("nginx", 80), ("grafana", 3000), ("postgresql", 5432), ("redis", 6379))),
    )
    host, pid = add_process(stop(with_service(stage.hosts[name], service), service), f"python3 -m http.server {port}")
    stage.put(failing(host, service))
    stage.turn(
        ("users complain about {service} on {host}, is it up?",
            "something is wrong with {service} on {host}, check it",
            "{service} on {host} does not answer, what is its state?", "is {service} alive on {host}?",
            "check whether {service} works on {host}", "{service} trouble on {host}: is it running?",
            "look at {service} on {host}, it seems down", "{host}: did {service} go down?"),
        [on(name, f"systemctl is-active {service}")], {name: ("failed",)}, f"`{service}` on `{name}` has failed", BACK,
        service=service, host=name,
    )  # fmt: skip
    stage.turn(
        ("why?", "what's the reason?", "look into the journal", "why doesn't it start?",
            "what does the journal say?", "find out why", "show me the cause", "what stopped it?"),
        [on(name, f"journalctl -u {service} -n 4 --no-pager")], {name: ("in use|taken",)},
        f"`{service}` on `{name}` found its port already in use", "two programs cannot listen on one port",
    )  # fmt: skip
    stage.turn(
        ("who holds port {port} there?", "which process is on port {port}?", "what listens on {port}?",
            "find the process on port {port}", "who uses port {port} then?", "show me who has {port}",
            "and what is on {port}?", "look up the owner of port {port}"),
        [on(name, f"ss -ltnp | grep :{port}")], {name: ("python3", str(pid))},
        f"`python3` with pid {pid} listens there on `{name}`", "the holder of a port is found by its pid",
        port=str(port),
    )  # fmt: skip
    stage.turn(
        ("kill it and start {service}", "end that process, then start {service}", "stop it and bring {service} up",
            "kill that pid and get {service} going", "it can go: kill it, then start {service}",
            "get rid of the process and start {service}", "kill the process, start {service} and check",
            "free the port and start {service}"),
        [on(name, f"kill {pid} && systemctl start {service} && systemctl is-active {service}")],
        {name: ("active|running|started",)}, f"the process is gone, `{service}` on `{name}` is active", BACK,
        service=service,
    )  # fmt: skip
    stage.goal(f"{name}/processes/{pid}", None)
    stage.goal(f"{name}/services/{service}/state", "active", [f"{name}/services/{service}/*"])


@template("disk_space", "train", "hard")
def troubleshooting_journey_full_disk(stage: Stage) -> None:
    """A database that cannot write, a file that fills the disk, and the recovery."""
    name, service = stage.pick(), stage.rng.choice(("postgresql", "redis"))
    path = f"/var/tmp/{stage.rng.choice(('restore', 'upload', 'snapshot'))}.{stage.rng.choice(('tmp', 'part'))}"
    host = stop(with_service(stage.hosts[name], service), service)
    stage.put(failing(fill_disk(host, path, 100), service))
    stage.turn(
        ("the database on {host} is gone, is {service} running?",
            "{service} on {host} refuses connections, check it", "is {service} still up on {host}?",
            "check {service} on {host}, the shop cannot reach it", "{service} on {host}: state please",
            "what state is {service} in on {host}?", "look if {service} is down on {host}",
            "{host} lost its {service}? check"),
        [on(name, f"systemctl is-active {service}")], {name: ("failed",)}, f"`{service}` on `{name}` has failed", BACK,
        service=service, host=name,
    )  # fmt: skip
    stage.turn(
        ("what does the journal say?", "why did it fail?", "find the reason", "what happened to it?",
            "read the journal of it", "why is it down?", "reason?", "check why"),
        [on(name, f"journalctl -u {service} -n 4 --no-pager")], {name: ("no space left|full",)},
        f"`{service}` on `{name}` found no space left on the device", FULL,
    )  # fmt: skip
    stage.turn(
        ("what is the biggest file in /var/tmp?", "look into /var/tmp, what is so large?",
            "check /var/tmp for something big", "find the largest thing in /var/tmp",
            "is there something huge in /var/tmp?", "what fills /var/tmp there?", "biggest entry of /var/tmp?",
            "see what takes the space in /var/tmp"),
        [on(name, "du -sh /var/tmp/* | sort -h | tail -n 1")], {name: (path,)}, f"`{path}` on `{name}` is the biggest",
        FULL,
    )  # fmt: skip
    stage.turn(
        ("delete it and start {service} again", "remove that file and start {service}",
            "away with it, then bring {service} up", "rm it and start {service}",
            "drop the file, start {service} and check", "delete the file, then get {service} running",
            "we can lose it: delete it and start {service}", "clean that up and start {service}"),
        [on(name, f"rm {path} && systemctl start {service} && systemctl is-active {service}")],
        {name: ("active|running|started",)}, f"`{path}` is gone, `{service}` on `{name}` is active", FULL,
        service=service,
    )  # fmt: skip
    stage.goal(f"{name}/files{path}", None)
    stage.goal(f"{name}/services/{service}/state", "active", [f"{name}/services/{service}/*"])
