"""Parses docker command lines: flags, containers by name or id, and docker's error messages."""

from collections.abc import Callable

from bashkit import BuiltinResult

from fleet.linux.command import CommandContext, fail
from fleet.model import Container, Host

DockerVerb = Callable[[CommandContext], "str | BuiltinResult"]


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
