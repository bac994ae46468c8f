"""Parses git command lines: options, words, and what follows --."""

import re

from bashkit import BuiltinResult

from fleet.linux.command import CommandContext, UsageError, fail, lacking
from fleet.linux.manual import real_options, said_of_help
from fleet.linux.options import OptionError, OptionTable, read_options

_HISTORY = frozenset(("git log", "git show", "git rev-list", "git shortlog", "git blame"))
"""Verbs that read options as git rev-list does: none may be abbreviated."""


def read(context: CommandContext, known: OptionTable) -> tuple[list[str], list[str], list[str]]:
    """(options, words before --, words after it). An option stands under its first spelling, as --name or --name=value.

    Raises:
        UsageError: an option that is not known, in git's words; if a real git has it, that is a gap.
    """
    argv = [re.sub(r"^-(\d+)$", r"-n\1", word) if context.name in _HISTORY else word for word in context.argv]
    place = argv.index("--") if "--" in argv else len(argv)
    if {"-h", "--help"} & set(argv[:place]) and (said := said_of_help(context.name)):
        raise UsageError(BuiltinResult(stdout=said.stdout, exit_code=said.code))
    try:
        flags = read_options(argv[:place], known)
    except OptionError as error:
        raise UsageError(_refused(context, error)) from error
    valued = {name for name, arity in known.spelled.values() if arity != "none"}
    options = []
    for name, value in flags.pairs:
        spelled = f"-{name}" if len(name) == 1 else f"--{name}"
        options.append(f"{spelled}={value}" if name in valued and value else spelled)
    return options, flags.words, argv[place + 1 :]


def _refused(context: CommandContext, error: OptionError) -> BuiltinResult:
    name, option = context.name, error.option
    real = real_options(name) | (real_options("git log") if name in (*_HISTORY, "git diff") else frozenset())
    plain = option.lstrip("-")
    if name in ("git log", "git show"):
        refusal = fail(f"fatal: unrecognized argument: {error.word}", 128)
        if error.why == "needs":
            refusal = fail(f"fatal: Option '{option}' requires a value", 128)
    elif name == "git diff":
        refusal = fail(f"error: invalid option: {error.word}", 255)
    else:
        kind = f"option `{plain}'" if option.startswith("--") else f"switch `{plain}'"
        why = {"needs": f"{kind} requires a value", "takes none": f"{kind} takes no value",
            "ambiguous": f"ambiguous option: {plain}"}.get(error.why, f"unknown {kind}")  # fmt: skip
        said = said_of_help(name)
        refusal = fail(f"error: {why}\n{said.stdout if said else ''}".rstrip("\n"), 129)
    if error.why == "unknown" and (option in real or not real):
        return lacking(context, f"{name} {option}", refusal)
    return refusal


def option(options: list[str], *names: str) -> str | None:
    """The value of --name=value; the last occurrence counts."""
    found = [word.partition("=")[2] for word in options if word.partition("=")[0] in names and "=" in word]
    return found[-1] if found else None
