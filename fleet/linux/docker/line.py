"""Parses docker command lines: flags, containers by name or id, and docker's error messages."""

from collections.abc import Callable

from bashkit import BuiltinResult

from fleet.linux.command import CommandContext, Flags, UsageError, fail, parse
from fleet.model import Container, Host

USAGE = 125
"""docker's exit code for a command line it does not understand."""
DockerVerb = Callable[[CommandContext], "str | BuiltinResult"]


def docker_flags(
    context: CommandContext, short: str = "", long: tuple[str, ...] = (), same: dict[str, str] | None = None
) -> Flags:
    """Like `parse`, but with docker's message for an unknown flag."""
    try:
        return parse(context, short, long, same)
    except UsageError as error:
        first = error.result.stderr.splitlines()[0]
        flag = first.rsplit("'", 2)[-2] if "'" in first else first
        kind = "unknown flag: " if flag.startswith("--") else "unknown shorthand flag: "
        shown = flag if flag.startswith("--") else f"'{flag}' in -{flag}"
        raise UsageError(fail(f"{kind}{shown}\nSee '{context.name} --help'.", USAGE)) from error


def find(host: Host, word: str) -> Container | None:
    """A container by name or by the beginning of its id."""
    by_id = [c for c in host.containers if word and c.id.startswith(word)]
    named = [c for c in host.containers if c.name == word.removeprefix("/")]
    return (named or by_id or [None])[0]


def no_such_container(word: str) -> str:
    """The daemon's error for a missing container."""
    return f"Error response from daemon: No such container: {word}\n"


def missing_arguments(context: CommandContext, what: str) -> BuiltinResult:
    """docker's error for missing arguments."""
    text = f"\"{context.name}\" requires {what}.\nSee '{context.name} --help'."
    return fail(text)
