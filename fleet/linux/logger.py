"""logger: writes to the journal."""

from dataclasses import replace

from bashkit import BuiltinResult

from fleet.linux.clock import formatted
from fleet.linux.command import Command, CommandContext, fail, parse
from fleet.linux.file_tree import lines_of
from fleet.linux.options import options
from fleet.linux.systemd.journal import LEVELS
from fleet.linux.systemd.journal_entries import FACILITIES
from fleet.model import JournalEntry

LOGGER = options("""
    -t --tag=
    -p --priority=
    -s --stderr
    -f --file=
    -e --skip-empty
    ~ -i
    ~ --id[=]
    --no-act
""")
_SAME = {"error": "err", "warn": "warning", "panic": "emerg", "security": "auth"}


def _logger(context: CommandContext) -> BuiltinResult:
    flags = parse(context, LOGGER, mixed=False)
    facility, _, level = flags.get("p", "user.notice").rpartition(".")
    facility, level = _SAME.get(facility or "user", facility or "user"), _SAME.get(level, level)
    if level not in LEVELS:
        return fail(f"logger: unknown priority name: {level}")
    if facility not in FACILITIES:
        return fail(f"logger: unknown facility name: {facility}")
    if flags.words:
        lines: list[str] | str = [" ".join(flags.words)]
    else:
        lines = lines_of(context, flags.get("f", "-"))
    if isinstance(lines, str):
        return fail(f"logger: file {flags.get('f')}: {lines}")
    host, tag = context.host, flags.get("t", context.user)
    kept = [line for line in lines if line or "e" not in flags]
    told = [JournalEntry(host.now, tag, host.next_pid, LEVELS.index(level), line, facility=facility) for line in kept]
    if "no-act" not in flags:
        context.change(replace(host, journal=(*host.journal, *told), next_pid=host.next_pid + 1))
    number = FACILITIES.index(facility) * 8 + LEVELS.index(level)
    shown = "".join(f"<{number}>{formatted(host.now, '%b %e %T')} {tag}: {line}\n" for line in kept)
    return BuiltinResult(stderr=shown if "s" in flags else "")


COMMANDS: dict[str, Command] = {"logger": _logger}
