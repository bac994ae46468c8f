"""Deployment checks, held out: containers, files and situations that are not trained on."""

from aj.acts import on, on_all
from scenarios.requests import listed
from scenarios.scenario import Stage, template
from scenarios.trouble import (
    DOCKER_PS,
    add_process,
    some_hosts,
    version,
    wants_file,
    with_containers,
    with_service,
    write,
)

CONTAINERS = ("frontend", "queue", "metrics", "search")
UNEVEN = "users get different answers while releases differ"


@template("deployment_check", "eval", "easy")
def which_release(stage: Stage) -> None:
    """The release on one host, worded differently."""
    name, number = stage.pick(), version(stage)
    stage.put(write(stage.hosts[name], "/srv/app/VERSION", f"{number}\n"))
    stage.turn(
        ("what release did {host} end up with?", "the release number that sits on {host} right now?",
            "support asks for the release on {host}", "quote the VERSION file of the app from {host}"),
        [on(name, "cat /srv/app/VERSION")], {name: (number,)}, f"`{name}` has `{number}`", UNEVEN, host=name,
    )  # fmt: skip


@template("deployment_check", "eval", "easy")
def image_of_a_container(stage: Stage) -> None:
    """The image and tag of a container."""
    name, container = stage.pick(), stage.rng.choice(("frontend", "search"))
    host = stage.put(with_containers(stage.hosts[name], ("frontend", "metrics", "search")))
    image = next(c.image for c in host.containers if c.name == container)
    stage.turn(
        ("what image does the {container} container on {host} come from, tag included?",
            "image and tag of {container} on {host}?",
            "the {container} container on {host}: from which image was it made?",
            "did {host} get the right image for {container}? what is it?"),
        [on(name, "docker ps -a --format '{{.Names}} {{.Image}}'")], {name: (image,)},
        f"`{container}` on `{name}` runs `{image}`", "the tag tells which build it is", container=container, host=name,
    )  # fmt: skip


@template("deployment_check", "eval", "medium")
def did_the_rollout_finish(stage: Stage) -> None:
    """A rollout that has not reached every host."""
    new, names = version(stage), list(stage.hosts)
    late = stage.pick()
    old = f"0.{stage.rng.randrange(10, 20)}.{stage.rng.randrange(10)}"
    for name in names:
        stage.put(write(stage.hosts[name], "/srv/app/VERSION", f"{old if name == late else new}\n"))
    stage.turn(
        ("the rollout of {release} was to reach every machine, which one was left out and what does it run?",
            "somebody still serves an old release instead of {release}: who, and which?",
            "one straggler did not take {release}; find it and its release",
            "audit the rollout of {release}: any machine left behind, on what?"),
        [on_all("cat /srv/app/VERSION")], {late: (old,)}, f"only `{late}` is left on `{old}`", UNEVEN,
        never=[name for name in names if name != late], release=new,
    )  # fmt: skip


@template("deployment_check", "eval", "medium")
def incomplete_folder(stage: Stage) -> None:
    """A migration script that is missing on some hosts."""
    file, names = stage.rng.choice(("migrate.sql", "manifest.json", "worker.py")), list(stage.hosts)
    has = some_hosts(stage)
    for name in has:
        stage.put(write(stage.hosts[name], f"/srv/app/{file}", f"{file}\n"))
    stage.turn(
        ("on which machines has {file} landed in /srv/app?", "{file} was copied to /srv/app: who got it?",
            "who received /srv/app/{file}?", "tell me each machine that holds {file} under /srv/app"),
        [on_all("ls /srv/app")], dict.fromkeys(has, ()), f"`{file}` lies on {listed(has)}",
        "a release counts when all of its files are there", never=[name for name in names if name not in has],
        file=file,
    )  # fmt: skip


@template("deployment_check", "eval", "medium", size=(2, 3))
def is_it_listening(stage: Stage) -> None:
    """After a deployment: is anything listening on the service's port?"""
    name, (service, port) = stage.pick(), stage.rng.choice((("orders", 8080), ("grafana", 3000), ("prometheus", 9090)))
    stage.put(with_service(stage.hosts[name], service))
    stage.turn(
        ("after the deploy of {service} on {host}: is port {port} open there, and the unit up?",
            "smoke test {service} on {host}: unit state, and does port {port} listen?",
            "{service} was just deployed to {host}, see if the unit runs and something listens on {port}",
            "has {service} come up on {host}? I mean the unit, and port {port}"),
        [on(name, f"systemctl is-active {service}; ss -ltn | grep :{port}")], {name: ("active|running|up", str(port))},
        f"`{service}` on `{name}` is active, port {port} listens", "a unit can be up without listening",
        service=service, host=name, port=str(port),
    )  # fmt: skip
    stage.sees("looks at the port", name, f":{port}")


@template("deployment_check", "eval", "hard")
def revive_the_container(stage: Stage) -> None:
    """No host is named: find the one with the exited container, and start it there."""
    names, down = list(stage.hosts), stage.rng.choice(CONTAINERS)
    broken = stage.pick()
    for name in names:
        stage.put(with_containers(stage.hosts[name], sorted({*CONTAINERS[:2], down}), down if name == broken else None))
    stage.turn(
        ("somewhere the {container} container has exited. locate it and get it up, change nothing else",
            "one {container} container is not up. find the machine and start just that one",
            "after the deploy one machine lost its {container} container, revive it there",
            "the {container} container is up everywhere but on one machine, start it where it is not"),
        [on_all(DOCKER_PS), on(broken, f"docker start {down} && {DOCKER_PS}")], {broken: (down, "up|running|started|back")},
        f"`{down}` had exited on `{broken}`, it is up again", "a load balancer hides one dead container for a while",
        container=down,
    )  # fmt: skip
    stage.goal(f"{broken}/containers/{down}/state", "running", [f"{broken}/containers/{down}/*"])


@template("deployment_check", "eval", "hard")
def the_start_fails(stage: Stage) -> None:
    """A container that cannot start, because its port is taken: report it, and leave the other program alone."""
    name, container = stage.pick(), stage.rng.choice(("frontend", "search"))
    host = with_containers(stage.hosts[name], ("frontend", "metrics", "search"), container)
    port = next(each.ports[0][0] for each in host.containers if each.name == container)
    stage.put(add_process(host, f"python3 -m http.server {port}")[0])
    stage.turn(
        ("bring the {container} container on {host} up. if docker refuses, just tell me its reason",
            "the {container} container on {host} should run; attempt it and report honestly",
            "attempt to start container {container} on {host} and quote the reason if it does not work",
            "have docker start {container} on {host}; should it fail, say why and do no more"),
        [on(name, f"docker start {container}")], {name: (container, str(port))},
        f"`{container}` did not start on `{name}`: port {port} is already allocated",
        "two programs cannot hold one port", kind="failed", container=container, host=name,
    )  # fmt: skip
    stage.may(f"{name}/containers/{container}/restarts")
    stage.sees("tries it", name, "already allocated")


@template("deployment_check", "eval", "hard")
def roll_back(stage: Stage) -> None:
    """The previous release is still there: copy it back, on one host only."""
    name, old, new = stage.pick(), version(stage), f"9.{stage.rng.randrange(30)}.{stage.rng.randrange(10)}"
    host = stage.hosts[name]
    for path in [path for path in host.files if path.startswith("/srv/app/")]:
        host = host.with_file(path, None)
    for number, folder in ((new, "/srv/app"), (old, f"/srv/releases/{old}"), (new, f"/srv/releases/{new}")):
        host = write(write(host, f"{folder}/VERSION", f"{number}\n"), f"{folder}/app.py", f"VERSION = '{number}'\n")
    stage.put(host)
    stage.turn(
        ("roll {host} back to {release}: copy /srv/releases/{release} over /srv/app, then show the version",
            "{host} must go back to {release}, it lies in /srv/releases/{release}; copy it into /srv/app and check",
            "undo the last deploy on {host}: the files of /srv/releases/{release} belong into /srv/app again",
            "back to {release} on {host}, please: /srv/releases/{release} has the files for /srv/app, verify the version"),
        [on(name, f"cp /srv/releases/{old}/* /srv/app/ && cat /srv/app/VERSION")], {name: (old,)},
        f"`{name}` is back on `{old}`", "a quick way back makes a release less risky", host=name, release=old,
    )  # fmt: skip
    for file in ("VERSION", "app.py"):
        wants_file(
            stage,
            write(host, f"/srv/app/{file}", host.files[f"/srv/releases/{old}/{file}"].content),
            f"/srv/app/{file}",
        )
    stage.sees("checks the version", name, old)


@template("deployment_check", "eval", "hard", size=(2, 2), windows=1)
def both_systems(stage: Stage) -> None:
    """One Linux and one Windows host: one command for all would fail on one of them."""
    linux, windows = stage.pick("linux"), stage.pick("windows")
    numbers = {linux: version(stage), windows: version(stage)}
    stage.put(write(stage.hosts[linux], "/srv/app/VERSION", f"{numbers[linux]}\n"))
    stage.put(write(stage.hosts[windows], r"C:\Apps\Shop\VERSION", f"{numbers[windows]}\n"))
    stage.turn(
        (r"our shop runs from /srv/app on Linux and from C:\Apps\Shop on Windows. which release has each machine?",
            r"release per machine please: VERSION is in /srv/app, on Windows in C:\Apps\Shop",
            r"what VERSION do the machines carry? (/srv/app, or C:\Apps\Shop on Windows)",
            r"tell me the shop's release for each machine, Linux keeps it in /srv/app, Windows in C:\Apps\Shop"),
        [on(linux, "cat /srv/app/VERSION"), on(windows, r"Get-Content C:\Apps\Shop\VERSION")],
        {name: (numbers[name],) for name in stage.hosts},
        ", ".join(f"`{name}` has `{numbers[name]}`" for name in stage.hosts), UNEVEN,
    )  # fmt: skip


@template("deployment_check", "eval", "hard", size=(3, 4), windows=3)
def windows_release_behind(stage: Stage) -> None:
    """Only Windows hosts count; because of the one Linux host, a command for all would fail there."""
    names = [name for name, host in stage.hosts.items() if host.platform == "windows"]
    late, new, old = stage.rng.choice(names), version(stage), f"0.{stage.rng.randrange(20)}.3"
    for name in names:
        stage.put(write(stage.hosts[name], r"C:\Apps\Shop\VERSION", f"{old if name == late else new}\n"))
    stage.turn(
        (r"which Windows machine does not have {release} in C:\Apps\Shop\VERSION?",
            r"a Windows machine has another C:\Apps\Shop\VERSION than {release}, who is it and what is there?",
            r"C:\Apps\Shop\VERSION should read {release} on all Windows machines, who deviates?",
            r"one C:\Apps\Shop\VERSION is not {release}: on which Windows machine, and what does it say?"),
        [on_all(r"Get-Content C:\Apps\Shop\VERSION")], {late: (old,)}, f"only `{late}` deviates, with `{old}`", UNEVEN,
        never=[name for name in names if name != late], release=new,
    )  # fmt: skip
