"""renice: the priority of running processes."""

import re
from dataclasses import replace

from bashkit import BuiltinResult

from fleet.linux.base_accounts import accounts
from fleet.linux.command import Command, CommandContext, fail

_WHICH = {"-p": "process ID", "--pid": "process ID", "-g": "process group ID", "--pgrp": "process group ID",
    "-u": "user ID", "--user": "user ID"}  # fmt: skip
_HINT = "\nTry 'renice --help' for more information."


def renice(context: CommandContext) -> BuiltinResult:
    """renice [-n] PRIORITY, then operands, of which -p, -g and -u say what those behind them are."""
    argv = list(context.argv)
    if argv[:1] and argv[0] in ("-n", "--priority"):
        argv.pop(0)
    if len(argv) < 2:
        return fail(f"renice: not enough arguments{_HINT}")
    wanted, *words = argv
    if not re.fullmatch(r"[-+]?\d{1,9}", wanted):
        return fail(f"renice: invalid priority '{wanted}'{_HINT}")
    nice = max(-20, min(19, int(wanted)))
    which, text, errors = "process ID", "", ""
    for word in words:
        if word in _WHICH:
            which = _WHICH[word]
            continue
        number = _number(context, word, which)
        if isinstance(number, str):
            errors += f"renice: {number}\n"
            continue
        host, users = context.host, accounts(context.host)
        by_user = which == "user ID"
        chosen = [p for p in host.processes if (users[p.user] if by_user else p.pid) == number]
        if not chosen:
            errors += f"renice: failed to get priority for {number} ({which}): No such process\n"
            continue
        old = min(process.nice for process in chosen)
        text += f"{number} ({which}) old priority {old}, new priority {nice}\n"
        processes = tuple(replace(process, nice=nice) if process in chosen else process for process in host.processes)
        context.change(replace(host, processes=processes))
    return BuiltinResult(text, errors, 1 if errors else 0)


def _number(context: CommandContext, word: str, which: str) -> int | str:
    """The number of a process or user, or why there is none."""
    users = accounts(context.host)
    if which == "user ID" and not word.isdecimal():
        return users.get(word, f"unknown user {word}")
    return int(word[:9]) if word.isdecimal() else f"bad {which} value: {word}"


COMMANDS: dict[str, Command] = {"renice": renice}
