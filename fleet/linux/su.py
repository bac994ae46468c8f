"""su and runuser: what they refuse, and the line that the shell then runs as somebody else."""

from shlex import quote

from bashkit import BuiltinResult

from fleet.linux.account_files import NOLOGIN, account
from fleet.linux.command import Command, CommandContext, fail, parse
from fleet.linux.file_tree import node
from fleet.linux.handed import handed
from fleet.linux.options import options

SU = options("""
    -c --command= --session-command=
    -s --shell=
    -l --login
    -m -p --preserve-environment
    -u --user=
    -g --group=
    ~ -f --fast
    ~ -P --pty
""")


def _su(context: CommandContext) -> BuiltinResult:
    login = "-" in context.argv[:3]
    context.argv = [word for place, word in enumerate(context.argv) if word != "-" or place > 2]
    flags = parse(context, SU)
    login = login or "l" in flags
    words = list(flags.words)
    name = flags.get("u") if "u" in flags else words.pop(0) if words else "root"
    user = account(context, name)
    if user is None:
        why = "does not exist or the user entry does not contain all the required fields"
        return fail(f"{context.name}: user {name} {why}")
    shell = flags.get("s", user.shell or "/bin/sh")
    start = f"USER={quote(name)} LOGNAME={quote(name)} HOME={quote(user.home)} SHELL={quote(shell)} SUDO_COMMAND=su"
    if "u" in flags:
        if not words:
            return fail("runuser: no command was specified")
        return handed(context, f"{start} {' '.join(map(quote, words))}\n")
    if shell == NOLOGIN:
        return fail("This account is currently not available.")
    if shell.endswith("/false"):
        return BuiltinResult(exit_code=1)
    context.pull()
    there, warning = node(context, user.home), ""
    if login and there is None:
        warning = f"{context.name}: warning: cannot change directory to {user.home}: No such file or directory\n"
    script = flags.get("c") if "c" in flags else context.stdin
    if not script.strip():
        return BuiltinResult(stderr=warning)
    line = f"{start} bash -c {' '.join(map(quote, [script, *words]))}"
    inside = f"(cd {quote(user.home)} && {line})" if login and there else line
    return handed(context, f"{inside}\n", warning)


COMMANDS: dict[str, Command] = {"su": _su, "runuser": _su}
