"""The docker command: containers, images and the daemon, on hosts where Docker is installed."""

import json
from collections.abc import Callable
from fnmatch import fnmatchcase

from bashkit import BuiltinResult

from fleet.linux.command import (
    NO_OPTIONS,
    Command,
    CommandContext,
    Flags,
    fail,
    lacking,
    not_found,
    table,
    unknown_option,
)
from fleet.linux.docker import views
from fleet.linux.docker.actions import ACTIONS
from fleet.linux.docker.daemon import DAEMON, version
from fleet.linux.docker.go_templates import TemplateError
from fleet.linux.docker.line import DockerVerb, arguments, find, no_such_container
from fleet.linux.manual import has_verb, said_of_help
from fleet.linux.options import options
from fleet.linux.systemd.journal import FOLLOWED
from fleet.model import Container, Host
from fleet.ports import DOCKER, docker_runs

_NO_DAEMON = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
_GROUPS = {"container", "image"}


def _docker(context: CommandContext) -> str | BuiltinResult:
    host = context.host
    if DOCKER not in host.services:
        return not_found("docker")
    name, *rest = context.argv or [""]
    if name in _GROUPS and rest:
        name, *rest = [f"{name} {rest[0]}", *rest[1:]]
    if name not in _VERBS:
        name = _SYNONYMS.get(name, name.removeprefix("container "))
    if name in ("--version", "-v"):
        return f"Docker version {version(host)}, build {views.image_id(version(host))[:7]}\n"
    if name in ("compose", "network", "volume", "system") and rest:
        name, *rest = [f"{name} {rest[0]}", *rest[1:]]
    if name not in _VERBS:
        return _without_verb(context, name)
    if not docker_runs(host):
        return fail(_NO_DAEMON)
    try:
        line = CommandContext(f"docker {name}", rest, context.stdin, context.cwd, context.machine, context.host_files)
        return _VERBS[name](line)
    except TemplateError as error:
        return fail(str(error))


def _without_verb(context: CommandContext, name: str) -> str | BuiltinResult:
    said = said_of_help("docker")
    if name in ("", "--help", "help") and said:
        return said.stdout
    if name.startswith("-"):
        context.name = "docker"
        return unknown_option(context, name if name.startswith("--") else name[:2], name)
    refusal = fail(f"docker: '{name}' is not a docker command.\nSee 'docker --help'")
    return lacking(context, f"docker {name}", refusal) if has_verb("docker", name.split()[0]) else refusal


# --- looking --------------------------------------------------------------------------------------------------------


PS = options("""
    -a --all
    -q --quiet
    -f --filter=
    --format=
    --no-trunc
    -n --last=
    -l --latest
""")


def _ps(context: CommandContext) -> str | BuiltinResult:
    flags = arguments(context, PS, most=0)
    host, found = context.host, sorted(context.host.containers, key=lambda c: -c.created)
    everything = bool({"a", "n", "l"} & flags.values.keys())
    for item in flags.every("f"):
        key = item.partition("=")[0]
        if key not in _FILTERS:
            return fail(f"Error response from daemon: invalid filter '{key}'")
        everything = everything or key in ("status", "exited")
        found = [c for c in found if any(_FILTERS[key](c, v.partition("=")[2]) for v in _same_key(flags, key))]
    found = [c for c in found if everything or c.state != "exited"]
    count = flags.get("n", "1" if "l" in flags else "")
    found = found[: int(count)] if count.isdecimal() else found
    whole = "no-trunc" in flags
    if "q" in flags:
        return "".join(f"{c.id if whole else c.id[:12]}\n" for c in found)
    items = [views.ps_row(host, c, whole) for c in found]
    return views.rows(items, flags.get("format"), views.PS_TABLE, views.PS_HEADS)


def _same_key(flags: Flags, key: str) -> list[str]:
    """Filters with the same key are alternatives."""
    return [item for item in flags.every("f") if item.partition("=")[0] == key]


def _named(name: str, pattern: str) -> bool:
    """Docker matches any part of the name; ^ and $ anchor the pattern."""
    start, end = "" if pattern[:1] == "^" else "*", "" if pattern[-1:] == "$" else "*"
    return fnmatchcase(name, start + pattern.strip("^/$").replace("[", "[[]") + end)


_FILTERS: dict[str, Callable[[Container, str], bool]] = {
    "name": lambda c, value: _named(c.name, value),
    "id": lambda c, value: c.id.startswith(value),
    "status": lambda c, value: c.state == value,
    "exited": lambda c, value: c.state == "exited" and str(c.exit_code) == value,
    "ancestor": lambda c, value: value in (c.image, c.image.partition(":")[0]),
    "health": lambda c, value: (c.health or "none") == value,
    "publish": lambda c, value: value.partition("/")[0] in [str(outer) for outer, _ in c.ports],
    "label": lambda c, value: False,
    "network": lambda c, value: value == "bridge",
}


LOGS = options("""
    -n --tail=
    -f --follow
    -t --timestamps
""")


def _logs(context: CommandContext) -> str | BuiltinResult:
    flags = arguments(context, LOGS, 1, 1)
    container = find(context.host, flags.words[0])
    if container is None:
        return BuiltinResult(stderr=no_such_container(flags.words[0]), exit_code=1)
    lines = list(container.logs)
    if "t" in flags:
        last = container.finished or container.started + 60 * len(lines)
        lines = [f"{views.iso(last - 60 * (len(lines) - n))} {line}" for n, line in enumerate(lines, start=1)]
    if (count := flags.get("n", "all")).isdecimal():
        lines = lines[max(len(lines) - int(count), 0) :]
    text = "".join(f"{line}\n" for line in lines)
    follows = "f" in flags and container.state == "running"
    return BuiltinResult(stdout=text, exit_code=FOLLOWED) if follows else text


INSPECT = options("""
    -f --format=
""")


def _inspect(context: CommandContext) -> str | BuiltinResult:
    flags = arguments(context, INSPECT, 1)
    host, found, missing = context.host, [], ""
    for word in flags.words:
        container = find(host, word)
        images = [row for row in views.image_rows(host) if word in (f"{row['Repository']}:{row['Tag']}", row["ID"])]
        if container:
            found.append(views.inspected(host, container))
        elif images:
            found.append(
                {"Id": f"sha256:{views.image_id(word)}", "RepoTags": [word], "Created": images[0]["CreatedAt"]}
            )
        else:
            missing += f"Error: No such object: {word}\n"
    if "f" in flags:
        template = "{{json .}}" if flags.get("f") == "json" else flags.get("f")
        text = "".join(f"{views.render(template, item)}\n" for item in found) or ("\n" if missing else "")
    else:
        text = json.dumps(found, indent=4) + "\n"
    return BuiltinResult(stdout=text, stderr=missing, exit_code=1 if missing else 0)


IMAGES = options("""
    -q --quiet
    --format=
    ~ -a --all
""")
STATS = options("""
    -a --all
    --no-stream
    --format=
""")


def _images(context: CommandContext) -> str:
    flags = arguments(context, IMAGES, most=1)
    found = views.image_rows(context.host)
    if flags.words:
        found = [row for row in found if flags.words[0] in (row["Repository"], f"{row['Repository']}:{row['Tag']}")]
    if "q" in flags:
        return "".join(f"{row['ID']}\n" for row in found)
    return views.rows(found, flags.get("format"), views.IMAGES_TABLE, views.IMAGES_HEADS)


def _stats(context: CommandContext) -> str | BuiltinResult:
    flags = arguments(context, STATS)
    host = context.host
    if missing := [word for word in flags.words if find(host, word) is None]:
        return BuiltinResult(stderr=no_such_container(missing[0]), exit_code=1)
    chosen = [c for word in flags.words if (c := find(host, word))] or list(host.containers)
    shown = [views.stats_row(host, c) for c in chosen if c.state != "exited" or "a" in flags or flags.words]
    text = views.rows(shown, flags.get("format"), views.STATS_TABLE, views.STATS_HEADS)
    return text if "no-stream" in flags else BuiltinResult(stdout=text, exit_code=FOLLOWED)


def _one(context: CommandContext, show: Callable[[Host, Container], str], running: bool) -> str | BuiltinResult:
    """Show something about the container named by the first argument."""
    word, *more = arguments(context, NO_OPTIONS, 1, mixed=False).words
    if more:
        return lacking(context, f"{context.name} {word} {more[0]}", BuiltinResult(exit_code=1))
    container = find(context.host, word)
    if container is None:
        return BuiltinResult(stderr=no_such_container(word), exit_code=1)
    if running and container.state != "running":
        return fail(f"Error response from daemon: container {container.id} is not running")
    return show(context.host, container)


def _top_of(host: Host, container: Container) -> str:
    pid = str(views.inspected(host, container)["State"]["Pid"])
    start = views.iso(container.started)[11:16]
    row = ["root", pid, str(int(pid) - 20), "0", start, "?", "00:00:01", container.command]
    return table([["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"], row], gap=17)


def _ports_of(host: Host, container: Container) -> str:
    shown = container.ports if container.state in ("running", "paused") else ()
    return "".join(f"{inner}/tcp -> 0.0.0.0:{outer}\n" for outer, inner in shown)


_SYNONYMS = {
    "container ls": "ps",
    "container list": "ps",
    "image ls": "images",
    "image list": "images",
    "image inspect": "inspect",
    "image pull": "pull",
}
_VERBS: dict[str, DockerVerb] = {
    "ps": _ps,
    "logs": _logs,
    "inspect": _inspect,
    "images": _images,
    "stats": _stats,
    "top": lambda context: _one(context, _top_of, running=True),
    "port": lambda context: _one(context, _ports_of, running=False),
    **ACTIONS,
    **DAEMON,
}
COMMANDS: dict[str, Command] = {"docker": _docker}
