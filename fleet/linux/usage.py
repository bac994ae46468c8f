"""Commands that report load and memory: free, top, vmstat."""

from bashkit import BuiltinResult

from fleet.linux.clock import headline
from fleet.linux.command import Command, CommandContext, fail, parse
from fleet.linux.ps import percent_of_memory
from fleet.model import Host, Process

CACHE_SHARE = 16
"""Buffers are one part in this many of `Memory.cache`."""


def human_memory(kib: int) -> str:
    """A size as free -h prints it: 1.9Gi."""
    value, units = float(kib), ["Ki", "Mi", "Gi", "Ti"]
    while value >= 1000 and len(units) > 1:
        value, units = value / 1024, units[1:]
    if kib == 0:
        return "0B"
    return f"{value:.1f}{units[0]}" if value < 9.95 else f"{value:.0f}{units[0]}"


def cached(host: Host) -> int:
    """KiB of buffers and cache: memory that is neither used nor free."""
    return max(host.memory.total - host.memory_used - host.memory_free, 0)


def free(context: CommandContext) -> str | BuiltinResult:
    same = {"human": "h", "bytes": "b", "kibi": "k", "mebi": "m", "gibi": "g", "mega": "m", "giga": "g", "total": "t",
        "wide": "w", "lohi": "l"}  # fmt: skip
    flags = parse(context, "hbkmgtwlvs:c:", [*same, "si", "seconds=", "count="], same)
    host, memory = context.host, context.host.memory
    cache = cached(host)
    pieces = [cache // CACHE_SHARE, cache - cache // CACHE_SHARE] if "w" in flags else [cache]
    rows = [
        ("Mem:", [memory.total, host.memory_used, host.memory_free, memory.shared, *pieces, host.memory_available]),
        ("Swap:", [memory.swap_total, memory.swap_used, memory.swap_total - memory.swap_used]),
    ]
    if "t" in flags:
        sums = [first + second for first, second in zip(rows[0][1][:3], rows[1][1], strict=True)]
        rows.append(("Total:", sums))

    def amount(kib: int) -> str:
        if "h" in flags:
            return human_memory(kib)
        return str(
            kib * 1024 if "b" in flags else kib // 1024 if "m" in flags else kib // 1024**2 if "g" in flags else kib
        )

    heads = [
        "total",
        "used",
        "free",
        "shared",
        *(["buffers", "cache"] if "w" in flags else ["buff/cache"]),
        "available",
    ]
    text = " " * 9 + " ".join(f"{head:>11}" for head in heads) + "\n"
    for label, cells in rows:
        text += f"{label:<9}" + " ".join(f"{amount(cell):>11}" for cell in cells) + "\n"
    return text


def busy(host: Host) -> float:
    """Processor usage in percent of all cores."""
    return min(sum(process.cpu for process in host.processes) / host.system.cores, 100.0)


def top(context: CommandContext) -> str | BuiltinResult:
    context.argv = [
        f"-{word}" if place == 0 and word[:1] in ("b", "n") else word for place, word in enumerate(context.argv)
    ]
    flags = parse(context, "bn:d:o:p:u:cHiEe:w:sS1")
    if "b" not in flags:
        return fail("top: failed tty get")
    if not flags.get("n", "1").isdecimal():
        return fail(f"top: bad iterations argument '{flags.get('n')}'")
    host = context.host
    rows = [p for p in host.processes if flags.get("u", p.user) == p.user]
    if "p" in flags:
        rows = [process for process in rows if str(process.pid) in flags.get("p").split(",")]
    keys = {"%MEM": lambda p: -p.resident, "RES": lambda p: -p.resident, "PID": lambda p: -p.pid,
        "VIRT": lambda p: -p.virtual, "TIME+": lambda p: -p.seconds, "%CPU": lambda p: -p.cpu}  # fmt: skip
    name = flags.get("o", "%CPU").lstrip("+-").upper()
    if name not in keys:
        return fail(f"top: unrecognized field name '{flags.get('o')}'")
    rows = sorted(sorted(rows, key=lambda process: process.pid), key=keys[name])
    text = _top_head(host)
    text += "    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND\n"
    text += "".join(_top_line(host, process, "c" in flags) for process in rows)
    return text if not flags.get("n", "1").lstrip("0") else "\n".join([text] * min(int(flags.get("n", "1")[:6]), 5))


def _top_head(host: Host) -> str:
    states = [process.state[:1] for process in host.processes]
    running, stopped, zombie = (sum(state in kinds for state in states) for kinds in ("R", "T", "Z"))
    used = busy(host)
    system, waiting = used / 4, min(host.waiting / host.system.cores * 20, 100 - used)
    idle = 100 - used - waiting
    memory = host.memory
    mib = [f"{kib / 1024:8.1f}" for kib in (memory.total, host.memory_free, host.memory_used, cached(host))]
    swap = [f"{kib / 1024:8.1f}" for kib in (memory.swap_total, memory.swap_total - memory.swap_used, memory.swap_used)]
    return (
        f"top - {headline(host).strip()}\n"
        f"Tasks: {len(states):3d} total, {running:3d} running, {len(states) - running - stopped - zombie:3d} sleeping, "
        f"{stopped:3d} stopped, {zombie:3d} zombie\n"
        f"%Cpu(s): {used - system:4.1f} us, {system:4.1f} sy,  0.0 ni, {idle:4.1f} id, {waiting:4.1f} wa,  "
        "0.0 hi,  0.0 si,  0.0 st\n"
        f"MiB Mem : {mib[0]} total, {mib[1]} free, {mib[2]} used, {mib[3]} buff/cache\n"
        f"MiB Swap: {swap[0]} total, {swap[1]} free, {swap[2]} used. {host.memory_available / 1024:8.1f} avail Mem\n\n"
    )


def _size(kib: int) -> str:
    """A size that fits top's columns: KiB, then 1.2g."""
    return str(kib) if kib < 1_000_000 else f"{kib / 1024**2:.1f}g"


def _top_line(host: Host, process: Process, whole: bool) -> str:
    time = f"{process.seconds // 60}:{process.seconds % 60:02d}.00"
    user = process.user if len(process.user) <= 8 else f"{process.user[:7]}+"
    shown = process.command if whole else process.name[:15]
    return (
        f"{process.pid:7d} {user:<8}  20   0 {_size(process.virtual):>7} {_size(process.resident):>6} "
        f"{_size(process.resident // 2):>6} {process.state[:1]} {process.cpu:5.1f} "
        f"{percent_of_memory(host, process):5.1f} {time:>9} {shown}\n"
    )


def vmstat(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, "sanmwdtS:")
    if flags.words and not all(word.isdecimal() for word in flags.words):
        return fail("vmstat: failed to parse argument: '" + flags.words[0] + "'")
    host = context.host
    running = sum(process.state.startswith("R") for process in host.processes)
    used, cache, memory = busy(host), cached(host), host.memory
    user, system = int(used * 0.75), int(used / 4)
    waiting = int(min(host.waiting / host.system.cores * 20, 100 - used))
    kept = f"{memory.swap_used:6d} {host.memory_free:6d} {cache // CACHE_SHARE:6d} {cache - cache // CACHE_SHARE:6d}"
    line = (
        f"{running:2d} {int(host.waiting):2d} {kept} {0:4d} {0:4d} {12:5d} {31:5d} {118:4d} {246:4d} "
        f"{user:2d} {system:2d} {100 - user - system - waiting:2d} {waiting:2d} {0:2d}\n"
    )
    times = min(int(flags.words[1][:4]), 20) if len(flags.words) > 1 else 1
    return (
        "procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----\n"
        " r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st\n"
    ) + line * times


COMMANDS: dict[str, Command] = {"free": free, "top": top, "vmstat": vmstat}
