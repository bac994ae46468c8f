"""Destructive requests: AJ looks at what they would affect, asks once, and acts only on the user's yes."""

from collections.abc import Sequence

from aj.acts import here, on, on_all
from datasets_build.drawn.worded.scenes.made import Made, keep
from fleet.model import File
from fleet.snapshot import flatten
from fleet.workspace import FOLDER, clean, edit
from scenarios.requests import listed
from scenarios.scenario import Stage, Template
from scenarios.trouble import add_process, with_service

YES = ("yes, go ahead", "yes", "do it", "yes please", "confirmed, go on", "go", "that's right, do it", "yes, all of it")
GONE = "what is deleted without a copy is gone"
_MADE: Made = []


def made() -> Sequence[Template]:
    return _MADE


@keep(_MADE, "disk_space", "hard")
def ask_then_act_clear_folder(stage: Stage) -> None:
    """Everything in a folder is to go."""
    name, folder = stage.pick(), stage.rng.choice(("/opt/dumps", "/srv/exports", "/var/backups/old", "/opt/recordings"))
    files = stage.rng.sample(("full.tar", "shop.sql", "core.4711", "week.img", "orders.csv"), 2)
    host = stage.hosts[name]
    for file in files:
        size = stage.rng.randrange(100, 900) * 1024 * 1024
        host = host.with_file(f"{folder}/{file}", File(bulk=size, modified=host.now - 9000))
    stage.put(host)
    stage.turn(
        ("delete everything in {folder} on {host}", "clear out {folder} on {host}", "wipe {folder} on {host}",
            "{folder} on {host} has to go, remove all of it", "empty the folder {folder} on {host}",
            "throw away all that is in {folder} on {host}"),
        [on(name, f"ls {folder}")], {name: ()},
        f"{listed(sorted(files))} would be deleted from `{folder}` on `{name}` for good, shall I?", GONE,
        kind="ask_back", folder=folder, host=name,
    )  # fmt: skip
    stage.turn(
        YES, [on(name, f"rm {' '.join(f'{folder}/{file}' for file in sorted(files))}")], {name: (folder,)},
        f"`{folder}` on `{name}` is empty", GONE,
    )  # fmt: skip
    for file in files:
        stage.goal(f"{name}/files{folder}/{file}", None)


@keep(_MADE, "process_hunting", "hard")
def ask_then_act_kill_all(stage: Stage) -> None:
    """All processes of a program are to end."""
    name, program = stage.pick(), stage.rng.choice(("ffmpeg", "rsync", "curl"))
    pids = []
    for number in range(stage.rng.randrange(2, 6)):
        host, pid = add_process(stage.hosts[name], f"/usr/bin/{program} job{number}", cpu=0.7)
        stage.put(host)
        pids.append(pid)
    stage.turn(
        ("kill all {program} processes on {host}", "end every {program} on {host}",
        "stop each {program} process on {host}",
            "{program} on {host}: kill them all", "get rid of all {program} processes on {host}"),
        [on(name, f"pgrep -c {program}")], {name: ()},
        f"that would end {len(pids)} `{program}` processes on `{name}`, shall I?",
        "a job that is killed half way leaves half a file",
        kind="ask_back", program=program, host=name,
    )  # fmt: skip
    stage.turn(
        YES, [on(name, f"pkill {program}")], {name: (program,)}, f"no `{program}` is left on `{name}`",
        "a job that is killed half way leaves half a file",
    )  # fmt: skip
    for pid in pids:
        stage.goal(f"{name}/processes/{pid}", None)


@keep(_MADE, "service_management", "hard", (2, 3))
def ask_then_act_stop_everywhere(stage: Stage) -> None:
    """A service is to stop on all hosts at once."""
    service, names = stage.rng.choice(("nginx", "redis", "haproxy", "grafana")), list(stage.hosts)
    for name in names:
        stage.put(with_service(stage.hosts[name], service))
    stage.turn(
        ("stop {service} on all servers", "take {service} down everywhere", "shut {service} down on every host",
            "{service} must stop on all hosts", "turn {service} off across the fleet"),
        [on_all(f"systemctl is-active {service}")], dict.fromkeys(names, ()),
        f"`{service}` serves on {listed(names)}, nobody would be left, shall I stop them all?",
        "a service that stops on every host at once is an outage", kind="ask_back", service=service,
    )  # fmt: skip
    stage.turn(
        YES, [on_all(f"systemctl stop {service}; systemctl is-active {service}")], dict.fromkeys(names, ()),
        f"`{service}` is inactive on {listed(names)}", "a stopped service answers nobody until it is started again",
    )  # fmt: skip
    for name in names:
        stage.goal(f"{name}/services/{service}/state", "inactive", [f"{name}/services/{service}/*"])


@keep(_MADE, "local_workspace", "hard")
def ask_then_act_discard_change(stage: Stage) -> None:
    """Work that was never committed is to go."""
    path = stage.rng.choice(("config.yml", "app.py", "deploy.sh"))
    local = clean(stage.local)
    stage.put(edit(local, path, local.files[f"{FOLDER}/{path}"].content + "# to be checked\n"))
    stage.turn(
        ("throw away my local changes", "discard what I changed here", "undo all my uncommitted work here",
            "reset my workspace to the last commit", "drop my local modifications"),
        [here("git status --short")], {"": ()},
        f"that would discard your change to `{path}`, which no commit holds, shall I?",
        "what is not committed cannot be brought back", kind="ask_back",
    )  # fmt: skip
    stage.turn(
        YES, [here(f"git checkout -- {path} && git status --short")], {"": (path,)},
        f"`{path}` is back as it was committed",
        "what is not committed cannot be brought back",
    )  # fmt: skip
    stage.goal(*_committed(stage, path))


def _committed(stage: Stage, path: str) -> tuple[str, str]:
    """The goal that a file of the workspace is as the newest commit has it."""
    key = f"{stage.local.name}/files{FOLDER}/{path}"
    return key, flatten({stage.local.name: clean(stage.local)})[key]
