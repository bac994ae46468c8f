"""Local and remote work combined, held out: files and values that are not trained on."""

from aj.acts import here, on, on_all
from fleet.actions import stop
from fleet.workspace import FOLDER, edit
from scenarios.requests import listed
from scenarios.scenario import Stage, template
from scenarios.trouble import bumped, set_value, some_hosts, wants_file, with_service, write

CONFIG = f"{FOLDER}/config.yml"
REMOTE = "/srv/app/config.yml"
TEXT = "name: shop\nport: 8080\nworkers: {workers}\ntimeout: {timeout}\n"


def deployed(workers: int, timeout: int) -> str:
    """The text of a config deployed on a host."""
    return TEXT.format(workers=workers, timeout=timeout)


@template("hybrid_workflow", "eval", "easy")
def timeout_here_and_there(stage: Stage) -> None:
    """One setting in the local and in the deployed config."""
    name = stage.pick()
    mine, theirs = (str(value) for value in stage.rng.sample((20, 35, 55, 80), 2))
    stage.put(set_value(stage.local, CONFIG, "timeout", mine))
    stage.put(write(stage.hosts[name], REMOTE, deployed(4, int(theirs))))
    stage.turn(
        ("my config.yml against {path} on {host}: which timeout does each set?",
            "does {path} on {host} use the timeout of my config.yml? both numbers",
            "timeout in the config.yml of this folder versus {path} on {host}?",
            "tell me both timeouts: config.yml in this folder, and {path} on {host}"),
        [here("grep timeout config.yml"), on(name, f"grep timeout {REMOTE}")], {"": (mine,), name: (theirs,)},
        f"your timeout is {mine}, on `{name}` it is {theirs}", "tests here tell little when the settings differ",
        path=REMOTE, host=name,
    )  # fmt: skip


@template("hybrid_workflow", "eval", "medium", size=(3, 4))
def not_in_my_list(stage: Stage) -> None:
    """An agent missing from the local list."""
    missing = stage.pick()
    stage.put(edit(stage.local, "hosts.txt", "".join(f"{name}\n" for name in stage.others(missing))))
    stage.turn(
        ("which agent have I forgotten in hosts.txt?", "hosts.txt in this folder is short of one agent, which?",
            "is each agent in my hosts.txt? tell me who is not",
            "one of the agents never made it into hosts.txt, name it"),
        [here("cat hosts.txt")], {missing: ()}, f"`{missing}` is not in `hosts.txt`",
        "who is on no list is patched last", never=stage.others(missing),
    )  # fmt: skip


@template("hybrid_workflow", "eval", "medium")
def other_workers_than_mine(stage: Stage) -> None:
    """Hosts whose deployed setting differs from the local one."""
    names, mine = list(stage.hosts), stage.rng.choice((6, 8))
    other = some_hosts(stage)
    stage.put(set_value(stage.local, CONFIG, "workers", str(mine)))
    wrong = {name: stage.rng.choice((3, 12, 16)) for name in other}
    for name in names:
        stage.put(write(stage.hosts[name], REMOTE, deployed(wrong.get(name, mine), 30)))
    stage.turn(
        ("who runs with another number of workers ({path}) than my config.yml asks for?",
            "my config.yml sets workers; on which machines does {path} say otherwise, and what?",
            "hold the workers of my config.yml against {path} on the fleet, deviations only",
            "deviations from my config.yml in workers, looking at {path} on the fleet?"),
        [here("grep workers config.yml"), on_all(f"grep workers {REMOTE}")],
        {name: (str(value),) for name, value in wrong.items()},
        ", ".join(f"`{name}` has {value}" for name, value in wrong.items()), "a config counts when it is deployed",
        never=[name for name in names if name not in wrong], path=REMOTE,
    )  # fmt: skip


@template("hybrid_workflow", "eval", "medium", size=(3, 4))
def whose_script_is_old(stage: Stage) -> None:
    """The local deploy script compared with the copies in /opt."""
    odd, path = stage.pick(), "/opt/tools/deploy.sh"
    mine = stage.local.files[f"{FOLDER}/deploy.sh"].content
    for name in stage.hosts:
        stage.put(write(stage.hosts[name], path, mine.replace("set -e\n", "") if name == odd else mine))
    stage.turn(
        ("{path} should be a copy of my deploy.sh on each machine, where is it not?",
            "whose {path} does not match the deploy.sh of this folder?",
            "verify by checksum that {path} equals my deploy.sh, and give me the one that deviates",
            "a single machine has an outdated {path} compared to my deploy.sh, find it"),
        [here("sha256sum deploy.sh"), on_all(f"sha256sum {path}")], {odd: ()},
        f"on `{odd}` `{path}` is not your `deploy.sh`", "an old script deploys in the old way", never=stage.others(odd),
        path=path,
    )  # fmt: skip


@template("hybrid_workflow", "eval", "hard", size=(3, 4))
def add_it_to_my_list(stage: Stage) -> None:
    """The missing agent is added to the local list, which otherwise stays the same."""
    missing = stage.pick()
    text = "".join(f"{name}\n" for name in stage.others(missing))
    stage.put(edit(stage.local, "hosts.txt", text))
    stage.turn(
        ("complete my hosts.txt: append the agent that is not in it yet",
            "hosts.txt in this folder lacks an agent, add it as the last line",
            "extend hosts.txt at its end by whoever is an agent and not listed yet",
            "who is an agent but not in my hosts.txt? write the name at its end"),
        [here("cat hosts.txt"), here(f"echo {missing} >> hosts.txt && cat hosts.txt")], {missing: ()},
        f"`{missing}` was missing, it is in `hosts.txt` now", "who is on no list is patched last",
    )  # fmt: skip
    wants_file(stage, edit(stage.local, "hosts.txt", f"{text}{missing}\n"), f"{FOLDER}/hosts.txt")


@template("hybrid_workflow", "eval", "hard")
def my_timeout_over_there(stage: Stage) -> None:
    """A setting is copied from the local config to one host; the rest of the file stays."""
    name = stage.pick()
    mine, old = stage.rng.sample((20, 35, 55, 80), 2)
    stage.put(set_value(stage.local, CONFIG, "timeout", str(mine)))
    for other in stage.hosts:
        stage.put(write(stage.hosts[other], REMOTE, deployed(4, old)))
    stage.turn(
        ("use the timeout of my config.yml in {path} on {host} too, and leave the other lines as they are",
            "{path} on {host} should get the timeout that my config.yml has, nothing else in it may change",
            "transfer just the timeout from my config.yml into {path} on {host}",
            "{host} has the wrong timeout in {path}, my config.yml has the right one; correct that line"),
        [here("grep timeout config.yml"),
        on(name, f"sed -i 's/^timeout: .*/timeout: {mine}/' {REMOTE} && grep timeout {REMOTE}")], {name: (str(mine),)},
        f"the timeout on `{name}` is {mine} now", "one line changed is easier to trust than a new file", path=REMOTE,
        host=name,
    )  # fmt: skip
    wants_file(stage, write(stage.hosts[name], REMOTE, deployed(4, mine)), REMOTE)
    stage.sees("looks afterwards", name, f"timeout: {mine}")


@template("hybrid_workflow", "eval", "hard")
def note_who_is_down(stage: Stage) -> None:
    """The hosts where a service is down are written to a local file."""
    service, names = stage.rng.choice(("rabbitmq", "mysql", "billing")), list(stage.hosts)
    down = some_hosts(stage)
    for name in names:
        host = with_service(stage.hosts[name], service)
        stage.put(stop(host, service) if name in down else host)
    stage.turn(
        ("note in a local file down.txt where {service} is not active, a name per line, as the agents are listed",
            "I want down.txt in this folder: agents without an active {service}, listed in agent order, a name per line",
            "make down.txt in this folder out of the agents whose {service} does not run, each on its own line, in agent order",
            "for my notes: down.txt with the names of all agents where {service} is inactive, in agent order, line by line"),
        [on_all(f"systemctl is-active {service}"), here(f"printf '%s\\n' {' '.join(down)} > down.txt && cat down.txt")],
        dict.fromkeys(down, ()), f"`down.txt` holds {listed(down)}", "a list can be worked through",
        never=[name for name in names if name not in down], service=service,
    )  # fmt: skip
    wants_file(stage, edit(stage.local, "down.txt", "".join(f"{name}\n" for name in down)), f"{FOLDER}/down.txt")


@template("hybrid_workflow", "eval", "hard", size=(2, 2), windows=1)
def my_release_on_both(stage: Stage) -> None:
    """The local version compared with a Linux and a Windows host, each queried with its own command."""
    linux, windows = stage.pick("linux"), stage.pick("windows")
    mine, path = stage.local.files[f"{FOLDER}/VERSION"].content.strip(), r"C:\Apps\Shop\VERSION"
    late = stage.pick()
    numbers = {name: bumped(mine) if name == late else mine for name in stage.hosts}
    stage.put(write(stage.hosts[linux], "/srv/app/VERSION", f"{numbers[linux]}\n"))
    stage.put(write(stage.hosts[windows], path, f"{numbers[windows]}\n"))
    stage.turn(
        ("my VERSION here: who of {linux} (/srv/app/VERSION) and {windows} ({path}) does not have it?",
            "I have a VERSION here. one of {linux} (/srv/app/VERSION) and {windows} ({path}) has another, which and what?",
            "{linux} keeps it in /srv/app/VERSION, {windows} in {path}: which of the two is not on the VERSION I have?",
            "whose release is not that of my VERSION, {linux} (/srv/app/VERSION) or {windows} ({path})?"),
        [here("cat VERSION"), on(linux, "cat /srv/app/VERSION"), on(windows, f"Get-Content {path}")],
        {"": (mine,), late: (numbers[late],)}, f"you have `{mine}`, but `{late}` has `{numbers[late]}`",
        "each system is asked in its own language", never=stage.others(late), linux=linux, windows=windows, path=path,
    )  # fmt: skip
