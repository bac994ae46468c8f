"""Commands about swap: swapon, swapoff. A host that has any has one swap file, which /etc/fstab names; the file itself
is in no listing (a gap)."""

from dataclasses import replace

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, fail, lacking, parse, table
from fleet.linux.file_tree import node
from fleet.linux.mounts import nearest
from fleet.linux.options import options
from fleet.model import Host

SWAP_FILE = "/swapfile"
SUMMARY_HEAD = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
_COLUMNS = ("NAME", "TYPE", "SIZE", "USED", "PRIO")
_OTHER_COLUMNS = ("UUID", "LABEL")
SWAPON = options("""
    -a --all
    -e --ifexists
    -s --summary
    --show[=]
    --noheadings
    --raw
    --bytes
    -v --verbose
    ~ -f --fixpgsz
""")
SWAPOFF = options("""
    -a --all
    -v --verbose
""")


def swap_size(host: Host) -> int:
    """KiB of the swap file, whether it is in use or not."""
    return host.memory.swap_total or host.memory.swap_off


def summary(host: Host) -> str:
    """/proc/swaps: one line for each swap in use."""
    memory = host.memory
    if not memory.swap_total:
        return SUMMARY_HEAD
    return f"{SUMMARY_HEAD}{SWAP_FILE:<40}file\t\t{memory.swap_total}\t\t{memory.swap_used}\t\t-2\n"


def _swapon(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, SWAPON)
    host = context.pull()
    if "s" in flags:
        return summary(host) if host.memory.swap_total else ""
    if "show" in flags or not (flags.words or "a" in flags):
        return _shown(context, flags.get("show"), "noheadings" in flags, "raw" in flags, "bytes" in flags)
    told, errors = "", ""
    for word in flags.words:
        found = node(context, context.absolute(word))
        if context.absolute(word) == SWAP_FILE and swap_size(host):
            errors += f"swapon: {word}: swapon failed: Device or resource busy\n" if host.memory.swap_total else ""
        elif found is None:
            errors += "" if "e" in flags else f"swapon: cannot open {word}: No such file or directory\n"
        else:
            if found.mode & 0o077:
                errors += f"swapon: {word}: insecure permissions {found.mode:04o}, 0600 suggested.\n"
            errors += f"swapon: {word}: read swap header failed\n"
    if not errors and swap_size(host) and not host.memory.swap_total:
        host = replace(host, memory=replace(host.memory, swap_total=host.memory.swap_off, swap_off=0))
        told = f"swapon {SWAP_FILE}\n" if "v" in flags else ""
        context.change(host)
    return BuiltinResult(told, errors, 255 if errors else 0)


def _shown(context: CommandContext, columns: str, bare: bool, raw: bool, exact: bool) -> str | BuiltinResult:
    names = [name.upper() for name in columns.split(",")] if columns else list(_COLUMNS)
    if strange := [name for name in names if name not in _COLUMNS]:
        refusal = fail(f"swapon: unknown column: {strange[0]}")
        return lacking(context, f"swapon --show={strange[0]}", refusal) if strange[0] in _OTHER_COLUMNS else refusal
    memory = context.host.memory
    if not memory.swap_total:
        return ""
    size, used = (
        str(kib * 1024) if exact else nearest(kib) if kib else "0B" for kib in (memory.swap_total, memory.swap_used)
    )
    values = {"NAME": SWAP_FILE, "TYPE": "file", "SIZE": size, "USED": used, "PRIO": "-2"}
    rows = [*([] if bare else [names]), [values[name] for name in names]]
    if raw:
        return "".join(f"{' '.join(row)}\n" for row in rows)
    return table(rows, right=[place for place, name in enumerate(names) if name in ("SIZE", "USED", "PRIO")])


def _swapoff(context: CommandContext) -> BuiltinResult:
    flags = parse(context, SWAPOFF)
    if not flags.words and "a" not in flags:
        return fail("swapoff: bad usage\nTry 'swapoff --help' for more information.", 16)
    host = context.pull()
    memory = host.memory
    errors, wanted = "", "a" in flags
    for word in flags.words:
        if context.absolute(word) == SWAP_FILE and swap_size(host):
            errors += "" if memory.swap_total else f"swapoff: {word}: swapoff failed: Invalid argument\n"
            wanted = True
        else:
            why = "Invalid argument" if node(context, context.absolute(word)) else "No such file or directory"
            errors += f"swapoff: {word}: swapoff failed: {why}\n"
    if errors or not wanted or not memory.swap_total:
        return BuiltinResult(stderr=errors, exit_code=4 if errors else 0)
    if memory.swap_used > host.memory_available:
        return fail(f"swapoff: {SWAP_FILE}: swapoff failed: Cannot allocate memory", 4)
    # What was swapped out is in memory again.
    off = replace(memory, base=memory.base + memory.swap_used, swap_total=0, swap_used=0, swap_off=memory.swap_total)
    context.change(replace(host, memory=off))
    return BuiltinResult(stdout=f"swapoff {SWAP_FILE}\n" if "v" in flags else "")


COMMANDS: dict[str, Command] = {"swapon": _swapon, "swapoff": _swapoff}
