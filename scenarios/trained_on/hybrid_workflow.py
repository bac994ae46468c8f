"""Local and remote work combined, trained on: comparing local files with hosts, and copying values over."""

from aj.acts import here, on, on_all
from fleet.workspace import FOLDER, edit
from scenarios.requests import listed
from scenarios.scenario import Stage, template
from scenarios.trouble import bumped, set_value, some_hosts, unknown_host, version, wants_file, with_service, write

REMOTE = "/srv/app/VERSION"


def local_version(stage: Stage) -> str:
    """The version in the workspace."""
    return stage.local.files[f"{FOLDER}/VERSION"].content.strip()


@template("hybrid_workflow", "train", "easy")
def mine_against_one(stage: Stage) -> None:
    """The version here and the one on a host."""
    name, mine = stage.pick(), local_version(stage)
    number = mine if stage.rng.random() < 0.4 else bumped(mine)
    stage.put(write(stage.hosts[name], REMOTE, f"{number}\n"))
    stage.turn(
        ("does {host} have the same version as my workspace?", "compare my local VERSION with the one on {host}",
            "is my version deployed on {host}?", "my VERSION against /srv/app/VERSION on {host}",
            "which version do I have here, and which one is on {host}?", "is {host} on my local version?",
            "check whether {host} runs the version from my workspace", "version here and version on {host}?",
            "do my workspace and {host} have the same version?"),
        [here("cat VERSION"), on(name, f"cat {REMOTE}")], {"": (mine,), name: (number,)},
        f"you have `{mine}`, `{name}` has `{number}`", "what lies here is not what runs there until it is deployed",
        host=name,
    )  # fmt: skip


@template("hybrid_workflow", "train", "medium")
def who_lags_behind_me(stage: Stage) -> None:
    """Hosts whose version differs from the local one."""
    mine, names = local_version(stage), list(stage.hosts)
    behind = some_hosts(stage)
    old = f"0.{stage.rng.randrange(10, 30)}.{stage.rng.randrange(10)}"
    for name in names:
        stage.put(write(stage.hosts[name], REMOTE, f"{old if name in behind else mine}\n"))
    stage.turn(
        ("which hosts do not have the version of my workspace?",
            "compare my local VERSION with all servers, who differs?",
            "is my version everywhere? name the hosts without it",
            "take the VERSION here and find the servers that have another one",
            "which servers still need my local version?", "who is not on the version I have here?",
            "find hosts whose /srv/app/VERSION is not my VERSION", "did my version reach all servers? which ones not?",
            "check all hosts against my local VERSION, list those that differ"),
        [here("cat VERSION"), on_all(f"cat {REMOTE}")], dict.fromkeys(behind, (old,)),
        ", ".join(f"`{name}` has `{old}`" for name in behind), "a deploy is done when all have it",
        never=[name for name in names if name not in behind],
    )  # fmt: skip


@template("hybrid_workflow", "train", "medium")
def a_name_without_an_agent(stage: Stage) -> None:
    """The local list of hosts contains a name that is not an agent."""
    ghost, names = unknown_host(stage), list(stage.hosts)
    place = stage.rng.randrange(len(names) + 1)
    stage.put(edit(stage.local, "hosts.txt", "".join(f"{name}\n" for name in [*names[:place], ghost, *names[place:]])))
    stage.turn(
        ("which name in my hosts.txt is not an agent?",
            "compare my hosts.txt with the agents, who is missing online?",
            "is every host of my local hosts.txt reachable? name the one that is not",
            "check hosts.txt here against the agents, which entry is stale?",
            "one entry in my hosts.txt has no agent, which?", "who is in my hosts.txt but not online?",
            "find the dead entry in the local hosts.txt", "does my hosts.txt list a host that we cannot reach?",
            "look at hosts.txt: which of them does not answer?"),
        [here("cat hosts.txt"), on_all("hostname")], {"": (ghost,)},
        f"only `{ghost}` is in `hosts.txt` without an agent", "a stale list sends work to nobody", never=names,
    )  # fmt: skip


@template("hybrid_workflow", "train", "medium")
def is_my_port_open_there(stage: Stage) -> None:
    """Whether the port from the local config is open on a host."""
    name, opened = stage.pick(), stage.rng.random() < 0.6
    service, port = stage.rng.choice((("postgresql", "5432"), ("grafana", "3000"), ("redis", "6379")))
    stage.put(with_service(stage.hosts[name], service))
    asked = port if opened else str(int(port) + 7)
    stage.put(set_value(stage.local, f"{FOLDER}/config.yml", "port", asked))
    stage.turn(
        ("does anything listen on {host} on the port of my config.yml?",
            "take the port from my config.yml, is it open on {host}?", "is the port in my config.yml in use on {host}?",
            "look up the port in config.yml here and check it on {host}",
            "check on {host} whether something listens on my config.yml port",
            "read my local port and see if {host} listens there",
            "is {host} listening on the port that config.yml here has?",
            "my config.yml has a port, is it taken on {host}?"),
        [here("grep port config.yml"), on(name, f"ss -ltn | grep :{asked}")],
        {name: (asked, "listens|listening|open|taken|yes|in use" if opened else "nothing|not|no|isn't|free|closed")},
        f"on `{name}` {'something' if opened else 'nothing'} listens on port {asked}",
        "two programs cannot share one port", host=name,
    )  # fmt: skip


@template("hybrid_workflow", "train", "medium", size=(3, 4))
def who_has_another_file(stage: Stage) -> None:
    """A local file compared with its copies, by checksum."""
    odd, path = stage.pick(), "/srv/app/app.py"
    mine = stage.local.files[f"{FOLDER}/app.py"].content
    for name in stage.hosts:
        stage.put(write(stage.hosts[name], path, f"# hotfix\n{mine}" if name == odd else mine))
    stage.turn(
        ("which host has another {path} than my app.py?",
            "compare the checksum of my app.py with {path} everywhere, who differs?",
            "is my local app.py the same as {path} on all servers? name the odd one",
            "sha256sum of app.py here and of {path} there: where is it different?",
            "who does not have my app.py in {path}?", "somebody changed {path} on one server, compare with my app.py",
            "check {path} on all hosts against the app.py in my workspace",
            "find the server whose {path} is not my app.py"),
        [here("sha256sum app.py"), on_all(f"sha256sum {path}")], {odd: ()}, f"only `{odd}` has another `{path}`",
        "a change made by hand is lost at the next deploy", never=stage.others(odd), path=path,
    )  # fmt: skip


@template("hybrid_workflow", "train", "hard")
def bring_my_version_there(stage: Stage) -> None:
    """The local value is written to one host only."""
    name, mine = stage.pick(), local_version(stage)
    for other in stage.hosts:
        stage.put(write(stage.hosts[other], REMOTE, f"0.{stage.rng.randrange(10, 30)}.1\n"))
    stage.turn(
        ("write my local version into {path} on {host}", "put the VERSION of my workspace on {host} as {path}",
            "set {path} on {host} to the version I have here", "copy my VERSION to {path} on {host}",
            "{host} needs my local version in {path}", "take VERSION from here and write it to {path} on {host}",
            "update {path} on {host} to my version", "make {path} on {host} the same as my VERSION",
            "bring my local VERSION over to {path} on {host}"),
        [here("cat VERSION"), on(name, f"echo {mine} > {REMOTE} && cat {REMOTE}")], {name: (mine,)},
        f"`{REMOTE}` on `{name}` is `{mine}` now", "a look afterwards shows that it was written", path=REMOTE,
        host=name,
    )  # fmt: skip
    wants_file(stage, write(stage.hosts[name], REMOTE, f"{mine}\n"), REMOTE)
    stage.sees("looks afterwards", name, mine)


@template("hybrid_workflow", "train", "hard", size=(2, 3))
def a_list_of_versions(stage: Stage) -> None:
    """The fleet's answers are written to a local file."""
    numbers = {name: version(stage) for name in stage.hosts}
    for name, number in numbers.items():
        stage.put(write(stage.hosts[name], REMOTE, f"{number}\n"))
    lines = [f"{name} {number}" for name, number in numbers.items()]
    file = stage.rng.choice(("versions.txt", "deployed.txt"))
    stage.turn(
        ("write the version of every host to my local {file}, one \"host version\" per line, in the order of the agents",
            "save {file} here: a line \"host version\" per server, as the agents are listed",
            "collect {path} from all hosts into {file} here, lines like \"host version\", in agent order",
            "make a local {file} with host and version per line, in the order of the agent list",
            "get all versions and keep them in my {file}: \"host version\" lines in agent order",
            "put host and version of each server into a file {file} here, in agent order",
            "I need {file} in my workspace: each agent in order, its name, a space, its version",
            "note every server's version in {file} here, \"host version\", in the order listed"),
        [on_all(f"cat {REMOTE}"),
        here(f"printf '%s\\n' {' '.join(repr(line) for line in lines)} > {file} && cat {file}")],
        {"": (file,), **{name: (number,) for name, number in numbers.items()}},
        f"`{file}` holds " + ", ".join(f"`{name}` {number}" for name, number in numbers.items()),
        "a list on file can be compared with the next one", file=file, path=REMOTE,
    )  # fmt: skip
    wants_file(stage, edit(stage.local, file, "".join(f"{line}\n" for line in lines)), f"{FOLDER}/{file}")


@template("hybrid_workflow", "train", "easy", size=(2, 3), windows=1)
def mine_against_windows(stage: Stage) -> None:
    """The version here and the one on a Windows host."""
    name, mine, path = stage.pick("windows"), local_version(stage), r"C:\Apps\Shop\VERSION"
    number = mine if stage.rng.random() < 0.4 else bumped(mine)
    stage.put(write(stage.hosts[name], path, f"{number}\n"))
    stage.turn(
        ("compare my VERSION with {path} on {host}", "is my local version the one in {path} on {host}?",
            "my VERSION and {path} on {host}, are they equal?", "what is in my VERSION and in {path} on {host}?",
            "check {path} on {host} against my workspace's VERSION", "does {path} on {host} hold my local version?",
            "read VERSION here and {path} on {host}", "same version here and in {path} on {host}?"),
        [here("cat VERSION"), on(name, f"Get-Content {path}")], {"": (mine,), name: (number,)},
        f"you have `{mine}`, `{name}` has `{number}`", "what lies here is not what runs there until it is deployed",
        path=path, host=name,
    )  # fmt: skip


@template("hybrid_workflow", "train", "hard")
def to_which_host(stage: Stage) -> None:
    """A change without a host: ask before writing anything."""
    name, mine, names = stage.pick(), local_version(stage), list(stage.hosts)
    for other in names:
        stage.put(write(stage.hosts[other], REMOTE, f"0.{stage.rng.randrange(10, 30)}.1\n"))
    stage.turn(
        ("write my local version to {path} on the server", "put my VERSION on the server as {path}",
            "copy my VERSION to the host, into {path}", "update {path} on the box to my version",
            "bring my VERSION to {path} over there", "set {path} to my local version on the machine",
            "the server should get my VERSION in {path}", "deploy my VERSION to {path} on a host"),
        [here("cat VERSION")], dict.fromkeys(names, ()), f"I see {listed(names)}. Which one should get it?",
        "written to the wrong host, it misleads everybody", kind="ask_back", path=REMOTE,
    )  # fmt: skip
    stage.turn(
        ("{host}", "on {host}", "I mean {host}", "the server {host}", "{host} of course", "only {host}",
            "take {host} for it", "to {host}"),
        [on(name, f"echo {mine} > {REMOTE} && cat {REMOTE}")], {name: (mine,)},
        f"`{REMOTE}` on `{name}` is `{mine}` now", "a look afterwards shows that it was written", host=name,
    )  # fmt: skip
    wants_file(stage, write(stage.hosts[name], REMOTE, f"{mine}\n"), REMOTE)
