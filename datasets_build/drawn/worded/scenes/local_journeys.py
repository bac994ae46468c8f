"""Conversations about AJ's own workspace, alone and together with the fleet."""

from collections.abc import Sequence

from aj.acts import here, on
from datasets_build.drawn.worded.scenes.made import Made, keep
from fleet.actions import stop
from fleet.workspace import FOLDER, clean, edit, repository
from scenarios.requests import ask
from scenarios.scenario import Stage, Template
from scenarios.trouble import set_value, wants_file, with_service, write

REMOTE = "/srv/app/VERSION"
DEPLOY = "what lies here is not what runs there until it is deployed"
_MADE: Made = []


def made() -> Sequence[Template]:
    return _MADE


@keep(_MADE, "local_workspace", "medium")
def teaching_conversation_git(stage: Stage) -> None:
    """What changed, where it would go, and what a commit takes along."""
    path = stage.rng.choice(("config.yml", "app.py", "deploy.sh"))
    local = clean(stage.local)
    stage.put(edit(local, path, local.files[f"{FOLDER}/{path}"].content + "# to be checked\n"))
    stage.turn(
        ("how do I see what I changed in my workspace? show me", "teach me to find my local changes in git",
            "which git command shows what I changed here? run it", "I want to see my uncommitted work here, how?"),
        [here("git status --short")], {"": (path,)}, f"`{path}` is changed and not committed",
        "what is not committed is on this machine only",
    )  # fmt: skip
    branch = repository(local).branch
    stage.turn(
        ("and how do I see which branch I am on?", "what about the branch here?",
        "and my current branch? how do I find it?",
            "show me the branch as well"),
        [here("git branch --show-current")], {"": (branch,)}, f"the branch is `{branch}`",
        "a commit lands on the branch that is checked out",
    )  # fmt: skip
    stage.turn(
        ("so what would a commit take along, and where to?", "put together: what would a commit do now?",
            "if I commit now, what goes where?", "so a commit of that lands where?"),
        [], {"": (path, branch)}, f"a commit of everything takes `{path}` along and lands on `{branch}`",
        "a commit can be found and undone later",
    )  # fmt: skip


@keep(_MADE, "local_workspace", "medium")
def iterative_refinement_config(stage: Stage) -> None:
    """All files, then the one kind, then one value of it."""
    key, value = stage.rng.choice((("port", "8085"), ("port", "9010"), ("workers", "12"), ("workers", "16")))
    stage.put(set_value(stage.local, f"{FOLDER}/config.yml", key, value))
    ask(stage, "workspace")
    stage.turn(
        ("only those that end in .yml", "just the .yml ones", "narrow it to .yml files", "and of these only .yml?",
            "which of them are .yml?", "filter that for .yml"),
        [], {"": ("config.yml",)}, "`config.yml`", "the ending tells a person and a program what to expect",
        never=["app.py", "deploy.sh", "hosts.txt"],
    )  # fmt: skip
    stage.turn(
        ("and only its {key} line", "what {key} does it set?", "just the {key} in it", "now only {key} of it",
            "and {key} in that one?"),
        [here(f"grep {key} config.yml")], {"": (value,)}, f"`{key}` is {value}",
        "the config here is what the next deploy takes along", key=key,
    )  # fmt: skip


@keep(_MADE, "hybrid_workflow", "hard")
def follow_up_deeper_version(stage: Stage) -> None:
    """The version here, the one there, and mine carried over."""
    name, mine = stage.pick(), stage.local.files[f"{FOLDER}/VERSION"].content.strip()
    theirs = f"0.{stage.rng.randrange(10, 30)}.{stage.rng.randrange(1, 10)}"
    stage.put(write(stage.hosts[name], REMOTE, f"{theirs}\n"))
    stage.turn(
        ("which version do I have in my workspace?", "what does my local VERSION say?", "the version here?",
            "read VERSION of my workspace", "what version lies here?"),
        [here("cat VERSION")], {"": (mine,)}, f"you have `{mine}`", "the version tells what a deploy would bring",
    )  # fmt: skip
    stage.turn(
        ("and which one is in {path} on {host}?", "what does {host} have in {path}?",
        "compare that with {path} on {host}",
            "and {path} on {host}?", "is that also in {path} on {host}?"),
        [on(name, f"cat {REMOTE}")], {name: (theirs,)}, f"`{name}` has `{theirs}`", DEPLOY, path=REMOTE, host=name,
    )  # fmt: skip
    stage.turn(
        ("write mine there", "put my version there then", "set it there to mine and show it",
        "bring mine over to that file",
            "make it the same as mine"),
        [on(name, f"echo {mine} > {REMOTE} && cat {REMOTE}")], {name: (mine,)},
        f"`{REMOTE}` on `{name}` is `{mine}` now",
        "a look afterwards shows that it was written",
    )  # fmt: skip
    wants_file(stage, write(stage.hosts[name], REMOTE, f"{mine}\n"), REMOTE)


@keep(_MADE, "hybrid_workflow", "hard")
def troubleshooting_journey_port(stage: Stage) -> None:
    """My port, nothing listening on it, the service that should be, and a look after it has started."""
    name, (service, port) = (
        stage.pick(),
        stage.rng.choice((("postgresql", "5432"), ("grafana", "3000"), ("redis", "6379"))),
    )
    stage.put(stop(with_service(stage.hosts[name], service), service))
    stage.put(set_value(stage.local, f"{FOLDER}/config.yml", "port", port))
    stage.turn(
        ("my app cannot reach {host}. does anything listen there on the port of my config.yml?",
            "connection refused from {host}: is the port of my config.yml open there?",
            "take the port from my config.yml and see whether {host} listens on it"),
        [here("grep port config.yml"), on(name, f"ss -ltn | grep :{port}")],
        {name: (port, "nothing|not|no|isn't|free|closed")}, f"on `{name}` nothing listens on port {port}",
        "a refused connection means that nobody listens", host=name,
    )  # fmt: skip
    stage.turn(
        ("is {service} running there?", "what about {service} on it?", "check {service} there",
        "and the state of {service} there?"),
        [on(name, f"systemctl is-active {service}")], {name: ("inactive|stopped|down|not running",)},
        f"`{service}` on `{name}` is inactive", "a service that is down does not come back by itself", service=service,
    )  # fmt: skip
    stage.turn(
        ("start it", "then start it", "bring it up", "get it going", "ok, start it there"),
        [on(name, f"systemctl start {service} && systemctl is-active {service}")], {name: ("active|running|started",)},
        f"`{service}` on `{name}` is active", "a service that is down does not come back by itself",
    )  # fmt: skip
    stage.turn(
        ("and does it listen on that port now?", "look at the port again", "is the port open now?",
        "check that port once more"),
        [on(name, f"ss -ltn | grep :{port}")], {name: (port, "listens|listening|open|yes|in use")},
        f"`{service}` on `{name}` listens on port {port} now", "a service may run and still not listen",
    )  # fmt: skip
    stage.goal(f"{name}/services/{service}/state", "active", [f"{name}/services/{service}/*"])
