"""dmesg: the kernel's messages."""

from bashkit import BuiltinResult

from fleet.linux.clock import formatted
from fleet.linux.command import Command, CommandContext, fail, parse
from fleet.linux.options import options
from fleet.linux.systemd.journal import FOLLOWED
from fleet.model import JournalEntry

LEVELS = ("emerg", "alert", "crit", "err", "warn", "notice", "info", "debug")
DMESG = options("""
    -T --ctime
    -t --notime
    -r --raw
    -x --decode
    -l --level=
    -w --follow
    ~ -k --kernel
    ~ -P --nopager
    ~ -L --color[=]
""")


def dmesg(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, DMESG, most=0)
    host = context.host
    named = flags.get("l").split(",") if "l" in flags else LEVELS
    if strange := [name for name in named if name not in LEVELS]:
        return fail(f"dmesg: unknown level '{strange[0]}'")
    first = JournalEntry(host.boot, "kernel", 0, 5, f"Linux version {host.system.kernel} (x86_64-linux-gnu)")
    kept = [entry for entry in (first, *host.journal) if entry.unit == "kernel" and LEVELS[entry.priority] in named]

    def line(entry: JournalEntry) -> str:
        time = f"[{entry.time - host.boot:>5d}.000000] "
        if "T" in flags:
            time = f"[{formatted(entry.time, '%a %b %e %T %Y')}] "
        front = f"<{entry.priority}>" if "r" in flags else ""
        if "x" in flags:
            front = f"kern  :{LEVELS[entry.priority]:<6}: "
        return f"{front}{'' if 't' in flags else time}{entry.message}\n"

    text = "".join(line(entry) for entry in kept)
    return BuiltinResult(stdout=text, exit_code=FOLLOWED) if "w" in flags else text


COMMANDS: dict[str, Command] = {"dmesg": dmesg}
