"""docker commands that act on containers: start, stop, kill, rm, pause, exec, prune."""

import re
import shlex
from collections.abc import Callable
from dataclasses import replace

from bashkit import BuiltinResult

from fleet import actions
from fleet.actions import FailedAction
from fleet.linux.clock import formatted
from fleet.linux.command import NO_OPTIONS, CommandContext, Flags, fail, lacking
from fleet.linux.docker.line import DockerVerb, arguments, find, no_such_container
from fleet.linux.docker.views import ENVIRONMENT
from fleet.linux.manual import real_commands
from fleet.linux.options import OptionTable, options
from fleet.model import Container, Host

ContainerChange = Callable[[Host, Container, Flags], Host | str]
"""Returns the host afterwards, or the daemon's reason for refusing."""


FORCE = options("""
    -f --force
""")
RM = options("""
    -f --force
    ~ -v --volumes
""")
STOP = options("""
    ~ -t --time= --timeout=
""")
KILL = options("""
    -s --signal=
""")


def _each(change: ContainerChange, known: OptionTable = NO_OPTIONS) -> DockerVerb:
    """A verb that acts on each named container and prints the names of those it succeeded on."""

    def verb(context: CommandContext) -> str | BuiltinResult:
        flags = arguments(context, known, least=1)
        if signal := _unknown_signal(flags.get("s")):
            return lacking(context, f"{context.name} -s {signal}", BuiltinResult(exit_code=1))
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


_ENDING = {"KILL": 137, "9": 137, "TERM": 143, "15": 143, "INT": 130, "2": 130}
"""Signals that end a container's process -> its exit code."""


def _unknown_signal(text: str) -> str:
    """The signal, unless what it does to a container is known."""
    return "" if not text or text.upper().removeprefix("SIG") in _ENDING else text


def _kill(host: Host, container: Container, flags: Flags) -> Host | str:
    if container.state == "exited":
        return f"cannot kill container: {container.name}: container {container.id} is not running"
    return actions.container_stop(host, container.name, _ENDING[flags.get("s", "KILL").upper().removeprefix("SIG")])


def _remove(host: Host, container: Container, flags: Flags) -> Host | str:
    if container.state != "exited" and "f" not in flags:
        return (
            f'cannot remove container "/{container.name}": container is {container.state}: '
            "stop the container before removing or force remove"
        )
    return replace(host, containers=tuple(c for c in host.containers if c.name != container.name))


_PRUNED = "WARNING! This will remove all stopped containers.\n"
_SYSTEM_PRUNED = """WARNING! This will remove:
  - all stopped containers
  - all networks not used by at least one container
  - all dangling images
  - all dangling build cache

"""


def _prune(warning: str, known: OptionTable) -> DockerVerb:
    """Remove the stopped containers, if -f or an answer says so."""

    def verb(context: CommandContext) -> str:
        flags = arguments(context, known, most=0)
        asked = "" if "f" in flags else f"{warning}Are you sure you want to continue? [y/N] "
        if asked and context.stdin.strip()[:1].lower() != "y":
            return asked
        host = context.host
        gone = [c for c in host.containers if c.state == "exited"]
        context.change(replace(host, containers=tuple(c for c in host.containers if c not in gone)))
        listed = "Deleted Containers:\n" + "".join(f"{c.id}\n" for c in gone) + "\n" if gone else ""
        return f"{asked}{listed}Total reclaimed space: 0B\n"

    return verb


SYSTEM_PRUNE = options("""
    -f --force
    ~ -a --all
    ~ --volumes
""")
"""Images and volumes are not part of a host's state."""
EXEC = options("""
    -t --tty
    -u --user=
    -e --env=
    -w --workdir=
    -d --detach
    ~ -i --interactive
    ~ --privileged
""")


def _exec(context: CommandContext) -> str | BuiltinResult:
    """exec, limited to the few programs that every image has."""
    flags = arguments(context, EXEC, least=2, mixed=False)
    container = find(context.host, flags.words[0])
    if container is None:
        return BuiltinResult(stderr=no_such_container(flags.words[0]), exit_code=1)
    if container.state != "running":
        return fail(f"Error response from daemon: container {container.id} is {_unfit(container)}")
    if "t" in flags:
        return fail("the input device is not a TTY")
    done = _inside(context, container, flags.words[1:], flags) if flags.get("u", "root") in ("root", "0") else None
    if done is None:
        return lacking(context, f"docker exec {' '.join(flags.words[1:])}", BuiltinResult(exit_code=1))
    return "" if "d" in flags else done


def _unfit(container: Container) -> str:
    return "paused, unpause the container before exec" if container.state == "paused" else "not running"


_SHELLS = frozenset(("sh", "bash", "/bin/sh", "/bin/bash"))


def _inside(
    context: CommandContext, container: Container, words: list[str], flags: Flags
) -> str | BuiltinResult | None:
    """The output of a program run inside a container; None if it is not known."""
    name, *rest = words
    program = container.command.split(" ")[0].rsplit("/", 1)[-1]
    if name in _SHELLS:
        if len(rest) != 2 or rest[0] != "-c" or re.search(r"[|&;<>$`(*?~#\n]", rest[1]):
            return None if rest else ""
        try:
            inner = shlex.split(rest[1])
        except ValueError:
            return fail(f"{name}: 1: Syntax error: Unterminated quoted string", 2)
        return _inside(context, container, inner, flags) if inner else ""
    home = "/app" if container.image.startswith("shop/") else "/"
    more = "".join(f"\n{pair}" for pair in flags.every("e"))
    plain = {
        "hostname": container.id[:12],
        "whoami": "root",
        "pwd": flags.get("w", home),
        "ls": "bin\ndev\netc\nhome\nlib\nproc\nroot\nsrv\nsys\ntmp\nusr\nvar",
        "env": f"{ENVIRONMENT}\nHOSTNAME={container.id[:12]}{more}\nHOME=/root",
        "id": "uid=0(root) gid=0(root) groups=0(root)",
        "date": formatted(context.host.now, "%a %b %e %T %Z %Y"),
        "true": "",
        "ps": f"PID   USER     TIME  COMMAND\n    1 root      0:01 {container.command}",
    }
    if name == "echo":
        return " ".join(rest) + "\n" if not rest or not rest[0].startswith("-") else None
    if (name in plain and not rest and (name != "ls" or home == "/")) or words == ["ls", "/"]:
        return f"{plain[name]}\n" if plain[name] else ""
    if words in (["cat", "/etc/hostname"], ["cat", "/proc/sys/kernel/hostname"]):
        return f"{container.id[:12]}\n"
    if name == "redis-cli" and program == "redis-server":
        return "PONG\n" if [word.lower() for word in rest] == ["ping"] else None
    if name.rsplit("/", 1)[-1] in real_commands() or name.rsplit("/", 1)[-1] == program:
        return None
    found = f'exec: "{name}": executable file not found in $PATH: unknown'
    return fail(f"OCI runtime exec failed: exec failed: unable to start container process: {found}", 127)


ACTIONS: dict[str, DockerVerb] = {
    "start": _each(lambda host, container, flags: _host_or_reason(actions.container_start(host, container.name))),
    "stop": _each(lambda host, container, flags: actions.container_stop(host, container.name), STOP),
    "restart": _each(
        lambda host, container, flags: _host_or_reason(actions.container_restart(host, container.name)), STOP
    ),
    "kill": _each(_kill, KILL),
    "rm": _each(_remove, RM),
    "pause": _each(_set_state("running", "paused")),
    "unpause": _each(_set_state("paused", "running")),
    "exec": _exec,
    "container prune": _prune(_PRUNED, FORCE),
    "system prune": _prune(_SYSTEM_PRUNED, SYSTEM_PRUNE),
}
