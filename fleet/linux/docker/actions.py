"""docker commands that act on containers: start, stop, kill, rm, pause, exec, prune."""

import shlex
from collections.abc import Callable
from dataclasses import replace

from bashkit import BuiltinResult

from fleet import actions
from fleet.actions import FailedAction
from fleet.linux.command import CommandContext, Flags, fail, parse
from fleet.linux.docker.line import DockerVerb, find, missing_arguments, no_such_container
from fleet.linux.docker.views import ENVIRONMENT
from fleet.model import Container, Host

ContainerChange = Callable[[Host, Container, Flags], Host | str]
"""Returns the host afterwards, or the daemon's reason for refusing."""


def _each(change: ContainerChange) -> DockerVerb:
    """A verb that acts on each named container and prints the names of those it succeeded on."""

    def verb(context: CommandContext) -> str | BuiltinResult:
        long = ("time=", "timeout=", "signal=", "force", "volumes", "link", "attach", "interactive")
        flags = parse(context, "t:s:fvlai", long, {"force": "f"})
        if not flags.words:
            return missing_arguments(context, "at least 1 argument")
        done, errors, host = "", "", context.host
        for word in flags.words:
            container = find(host, word)
            result = (
                change(host, container, flags)
                if container
                else no_such_container(word).removeprefix("Error response from daemon: ")
            )
            if isinstance(result, str):
                errors += f"Error response from daemon: {result.rstrip()}\n"
            else:
                host, done = result, f"{done}{word}\n"
        context.change(host)
        return BuiltinResult(stdout=done, stderr=errors, exit_code=1 if errors else 0)

    return verb


def _host_or_reason(done: Host | FailedAction) -> Host | str:
    return done.why if isinstance(done, FailedAction) else done


def _set_state(wanted: str, state: str) -> ContainerChange:
    """pause and unpause: only possible from the `wanted` state."""

    def change(host: Host, container: Container, flags: Flags) -> Host | str:
        if container.state != wanted:
            return f"Container {container.id} is not {wanted}"
        return actions.set_container(host, replace(container, state="paused" if state == "paused" else "running"))

    return change


def _kill(host: Host, container: Container, flags: Flags) -> Host | str:
    if container.state == "exited":
        return f"cannot kill container: {container.name}: container {container.id} is not running"
    return actions.container_stop(host, container.name, 137)


def _remove(host: Host, container: Container, flags: Flags) -> Host | str:
    if container.state != "exited" and "f" not in flags:
        return (
            f'cannot remove container "/{container.name}": container is {container.state}: '
            "stop the container before removing or force remove"
        )
    return replace(host, containers=tuple(c for c in host.containers if c.name != container.name))


def _prune(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, "fa", ("force", "all", "volumes", "filter="), {"force": "f"})
    if "f" not in flags:
        return "WARNING! This will remove all stopped containers.\n\nAre you sure you want to continue? [y/N] "
    host = context.host
    gone = [c for c in host.containers if c.state == "exited"]
    context.change(replace(host, containers=tuple(c for c in host.containers if c not in gone)))
    listed = "Deleted Containers:\n" + "".join(f"{c.id}\n" for c in gone) + "\n" if gone else ""
    return f"{listed}Total reclaimed space: 0B\n"


def _exec(context: CommandContext) -> str | BuiltinResult:
    """exec, limited to the few programs that every image has."""
    words = list(context.argv)
    terminal = False
    while words and words[0].startswith("-"):
        flag = words.pop(0)
        terminal = terminal or flag == "--tty" or (not flag.startswith("--") and "t" in flag)
        if flag in ("-u", "-e", "-w", "--user", "--env", "--workdir") and words:
            words.pop(0)
    if len(words) < 2:
        return missing_arguments(context, "at least 2 arguments")
    container = find(context.host, words[0])
    if container is None:
        return BuiltinResult(stderr=no_such_container(words[0]), exit_code=1)
    if container.state != "running":
        return fail(f"Error response from daemon: container {container.id} is {_unfit(container)}")
    if terminal:
        return fail("the input device is not a TTY")
    return _inside(container, words[1:])


def _unfit(container: Container) -> str:
    return "paused, unpause the container before exec" if container.state == "paused" else "not running"


def _inside(container: Container, words: list[str]) -> str | BuiltinResult:
    """The output of a program run inside a container."""
    name, *rest = words
    program = container.command.split(" ")[0].rsplit("/", 1)[-1]
    if name in ("sh", "bash", "/bin/sh", "/bin/bash"):
        try:
            inner = shlex.split(rest[1]) if rest[:1] == ["-c"] and len(rest) > 1 else []
        except ValueError:
            return fail(f"{name}: 1: Syntax error: Unterminated quoted string", 2)
        return _inside(container, inner) if inner and inner[0] not in ("sh", "bash", "/bin/sh", "/bin/bash") else ""
    plain = {
        "hostname": container.id[:12],
        "whoami": "root",
        "pwd": "/app" if container.image.startswith("shop/") else "/",
        "ls": "bin\ndev\netc\nhome\nlib\nproc\nroot\nsrv\nsys\ntmp\nusr\nvar",
        "env": f"{ENVIRONMENT}\nHOSTNAME={container.id[:12]}\nHOME=/root",
        "id": "uid=0(root) gid=0(root) groups=0(root)",
        "date": "",
        "true": "",
        "echo": " ".join(rest),
        "ps": f"PID   USER     TIME  COMMAND\n    1 root      0:01 {container.command}",
    }
    if name in plain:
        return f"{plain[name]}\n" if plain[name] else ""
    if name == "cat" and rest:
        return fail(f"cat: {rest[0]}: No such file or directory")
    if name == "redis-cli" and program == "redis-server":
        return "PONG\n" if [word.lower() for word in rest[-1:]] == ["ping"] else "OK\n"
    found = f'exec: "{name}": executable file not found in $PATH: unknown'
    return fail(f"OCI runtime exec failed: exec failed: unable to start container process: {found}", 127)


ACTIONS: dict[str, DockerVerb] = {
    "start": _each(lambda host, container, flags: _host_or_reason(actions.container_start(host, container.name))),
    "stop": _each(lambda host, container, flags: actions.container_stop(host, container.name)),
    "restart": _each(lambda host, container, flags: _host_or_reason(actions.container_restart(host, container.name))),
    "kill": _each(_kill),
    "rm": _each(_remove),
    "pause": _each(_set_state("running", "paused")),
    "unpause": _each(_set_state("paused", "running")),
    "exec": _exec,
    "prune": _prune,
    "system prune": _prune,
}
