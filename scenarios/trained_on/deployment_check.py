"""Deployment checks, trained on: which version runs where, which containers are up, is every file there."""

from aj.acts import on, on_all
from fleet.software import software
from scenarios.requests import listed
from scenarios.scenario import Stage, template
from scenarios.trouble import ABSENT, DOCKER_PS, bumped, some_hosts, unknown_host, version, with_containers, write

CONTAINERS = ("api", "worker", "cache", "mailer")


@template("deployment_check", "train", "easy")
def version_of_one(stage: Stage) -> None:
    """What is deployed on one host."""
    name, number = stage.pick(), version(stage)
    stage.put(write(stage.hosts[name], "/srv/app/VERSION", f"{number}\n"))
    stage.turn(
        ("which version is deployed on {host}?", "what app version does {host} have?",
            "show the app version on {host}", "version on {host}?", "check which version of the app is on {host}",
            "cat /srv/app/VERSION on {host}", "read the deployed version on {host}", "what version is {host} on?",
            "get the version of the app on {host}", "look up the app version on {host}",
            "tell me the deployed version on {host}"),
        [on(name, "cat /srv/app/VERSION")], {name: (number,)}, f"`{name}` is on `{number}`",
        "the version tells which code really runs", host=name,
    )  # fmt: skip


@template("deployment_check", "train", "medium")
def not_on_it_yet(stage: Stage) -> None:
    """Only hosts with a version other than the named one are asked for."""
    old, names = version(stage), list(stage.hosts)
    behind = some_hosts(stage)
    new = bumped(old)
    for name in names:
        stage.put(write(stage.hosts[name], "/srv/app/VERSION", f"{old if name in behind else new}\n"))
    stage.turn(
        ("which hosts are not on version {version} yet?", "we deployed {version}, which servers are missing it?",
            "who does not have {version}?", "find the servers without app version {version}",
            "is everybody on {version}? name those who are not",
            "check the app version everywhere, it should be {version}",
            "which of them still have another version than {version}?", "list all hosts that do not run {version}",
            "{version} is the current version, which hosts are behind?",
            "compare the app versions with {version}, who is off?"),
        [on_all("cat /srv/app/VERSION")], dict.fromkeys(behind, (old,)),
        ", ".join(f"`{name}` is on `{old}`" for name in behind), "two versions at once give answers that differ",
        never=[name for name in names if name not in behind], version=new,
    )  # fmt: skip


@template("deployment_check", "train", "medium")
def container_down(stage: Stage) -> None:
    """One of several containers has exited."""
    name, down = stage.pick(), stage.rng.choice(CONTAINERS)
    names = stage.rng.sample(CONTAINERS, 3)
    names = names if down in names else [*names[:2], down]
    stage.put(with_containers(stage.hosts[name], sorted(names), down))
    stage.turn(
        ("which container is down on {host}?", "are all containers up on {host}? name the one that is not",
            "check the containers on {host}, which has exited?", "docker on {host}: what is not running?",
            "find the stopped container on {host}", "did a container die on {host}? which one?",
            "look at docker on {host}, which container has exited?", "name the container on {host} that is not up",
            "what container is broken on {host}?", "see which docker container stopped on {host}"),
        [on(name, DOCKER_PS)], {name: (down,)}, f"`{down}` on `{name}` has exited", "an exited container serves nobody",
        never=[other for other in names if other != down], host=name,
    )  # fmt: skip


@template("deployment_check", "train", "hard")
def container_back(stage: Stage) -> None:
    """Read the log, start the container, then check it."""
    name, down = stage.pick(), stage.rng.choice(CONTAINERS)
    names = sorted({*stage.rng.sample(CONTAINERS, 2), down})
    stage.put(with_containers(stage.hosts[name], names, down))
    trouble = software().containers[down].trouble
    stage.turn(
        ("container {container} exited on {host}: read its log, then start it",
            "why did {container} exit on {host}? start it again after the log",
            "look at the log of container {container} on {host} and bring it back",
            "{container} is down on {host}, log first, then start it",
            "get the container {container} on {host} running, and tell me what its log says",
            "check the docker log of {container} on {host}, then start it",
            "the {container} container died on {host}. last log line, and start it",
            "start {container} on {host} once you know why it exited",
            "find out from the log why container {container} stopped on {host} and start it"),
        [on(name, f"docker logs --tail 2 {down}"), on(name, f"docker start {down} && {DOCKER_PS}")], {name: (down, trouble)},
        f"`{down}` on `{name}` is up again, its log ended with \"{trouble}\"",
        "a start hides the reason unless it was read before", container=down, host=name,
    )  # fmt: skip
    stage.goal(f"{name}/containers/{down}/state", "running", [f"{name}/containers/{down}/*"])
    stage.sees("reads the log", name, trouble)
    stage.sees("looks afterwards", name, f"{down} Up")


@template("deployment_check", "train", "medium")
def where_is_the_file_missing(stage: Stage) -> None:
    """A deployed folder that is incomplete on some hosts."""
    file, names = stage.rng.choice(("config.yml", "app.py", "index.html")), list(stage.hosts)
    lacking = some_hosts(stage)
    path = f"/srv/app/{file}"
    for name in names:
        host = write(stage.hosts[name], path, f"{file}\n")
        stage.put(host.with_file(path, None) if name in lacking else host)
    stage.turn(
        ("where is {file} missing in /srv/app?", "which hosts do not have {file} in /srv/app?",
            "did {file} arrive in /srv/app everywhere? who lacks it?", "find the servers without /srv/app/{file}",
            "check /srv/app on all hosts, where is {file} not there?", "list the hosts whose /srv/app has no {file}",
            "is /srv/app/{file} deployed on all of them? name the gaps", "who is missing {file} in /srv/app?",
            "look for {file} in /srv/app on every server, who does not have it?"),
        [on_all("ls /srv/app")], dict.fromkeys(lacking, ()), f"`{file}` is missing on {listed(lacking)}",
        "an app without one of its files starts badly or not at all",
        never=[name for name in names if name not in lacking], file=file,
    )  # fmt: skip


@template("deployment_check", "train", "easy", size=(2, 3), windows=1)
def version_on_windows(stage: Stage) -> None:
    """The version file on a Windows host."""
    name, number = stage.pick("windows"), version(stage)
    stage.put(write(stage.hosts[name], r"C:\Apps\Shop\VERSION", f"{number}\n"))
    stage.turn(
        (r"which version is in C:\Apps\Shop on {host}?", r"read C:\Apps\Shop\VERSION on {host}",
            r"show C:\Apps\Shop\VERSION of {host}", r"what does C:\Apps\Shop\VERSION say on {host}?",
            r"which version of C:\Apps\Shop does the Windows host {host} have?",
            r"check the version in C:\Apps\Shop\VERSION on {host}", r"get C:\Apps\Shop\VERSION from {host}",
            r"{host} runs Windows: what is in C:\Apps\Shop\VERSION?", r"look into C:\Apps\Shop\VERSION on {host}"),
        [on(name, r"Get-Content C:\Apps\Shop\VERSION")], {name: (number,)}, f"`{name}` is on `{number}`",
        "the version tells which code really runs", host=name,
    )  # fmt: skip


@template("deployment_check", "train", "hard")
def no_such_host(stage: Stage) -> None:
    """The requested host is not among the agents."""
    ghost, names = unknown_host(stage), list(stage.hosts)
    stage.turn(
        ("what is deployed on {host}?", "app version of {host}?", "which app version runs on {host}?",
            "show me the version that {host} has", "check the deployment on {host}", "is the new version on {host}?",
            "read /srv/app/VERSION from {host}", "look at /srv/app on {host} and give me the version",
            "deployed version at {host}?"),
        [], {"": (ghost, ABSENT), **dict.fromkeys(names, ())}, f"there is no agent `{ghost}`, only {listed(names)}",
        "a host that is not listed cannot be reached", kind="failed", host=ghost,
    )  # fmt: skip
