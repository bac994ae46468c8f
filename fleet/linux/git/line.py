"""Parses git command lines: options, words, and what follows --."""

from bashkit import BuiltinResult

from fleet.gaps import Gap
from fleet.linux.command import CommandContext, UsageError, fail
from fleet.linux.manual import real_options, said_of_help


def split(argv: list[str]) -> tuple[list[str], list[str], list[str]]:
    """(options, words before --, words after it)."""
    place = argv.index("--") if "--" in argv else len(argv)
    before = argv[:place]
    options = [word for word in before if word.startswith("-") and word != "-"]
    return options, [word for word in before if word not in options], argv[place + 1 :]


def option(options: list[str], *names: str) -> str | None:
    """The value of --name=value; the last occurrence counts."""
    found = [word.partition("=")[2] for word in options if word.partition("=")[0] in names and "=" in word]
    return found[-1] if found else None


def reject_unknown(context: CommandContext, options: list[str], known: str) -> None:
    """Reject unknown options. `known` lists names; NAME= marks one that takes a value.

    Raises:
        UsageError: an option is unknown.
    """
    if {"-h", "--help"} & set(options) and (said := said_of_help(context.name)):
        raise UsageError(BuiltinResult(stdout=said.stdout, exit_code=said.code))
    names = known.split()
    for word in options:
        name, sign, _ = word.partition("=")
        if name + sign not in names:
            kind = f"option `{word.lstrip('-')}'" if word.startswith("--") else f"switch `{word[1:2]}'"
            if name in real_options(context.name):
                context.machine.gaps.append(Gap("option", f"{context.name} {name}"))
            said = said_of_help(context.name)
            raise UsageError(fail(f"error: unknown {kind}\n{said.stdout if said else ''}".rstrip("\n"), 129))
