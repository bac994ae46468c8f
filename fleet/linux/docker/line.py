"""Parses docker command lines: flags, containers by name or id, and docker's error messages."""

from collections.abc import Callable

from bashkit import BuiltinResult

from fleet.linux.command import CommandContext, Flags, UsageError, fail, parse
from fleet.linux.options import OptionTable
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


def arguments(
    context: CommandContext, known: OptionTable, least: int = 0, most: int | None = None, mixed: bool = True
) -> Flags:
    """The options and operands of a verb that takes from `least` to `most` operands.

    Raises:
        UsageError: an option that is not known, or the wrong number of operands, in docker's words.
    """
    flags = parse(context, known, mixed=mixed)
    if least <= len(flags.words) <= (len(flags.words) if most is None else most):
        return flags
    count = f"{least} argument{'s' * (least != 1)}"
    if most == 0:
        what = "accepts no arguments"
    elif least == most:
        what = f"requires exactly {count}"
    else:
        what = f"requires at least {count}" if len(flags.words) < least else f"requires at most {most} argument"
    raise UsageError(fail(f"\"{context.name}\" {what}.\nSee '{context.name} --help'."))
