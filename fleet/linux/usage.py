"""Commands that report load and memory: free, top, vmstat."""

import re

from bashkit import BuiltinResult

from fleet.linux.base_accounts import accounts
from fleet.linux.clock import duration, formatted, headline
from fleet.linux.command import Command, CommandContext, Flags, fail, lacking, parse
from fleet.linux.manual import release
from fleet.linux.options import options
from fleet.linux.ps_columns import percent_of_memory
from fleet.model import Host, Process

CACHE_SHARE = 16
"""Buffers are one part in this many of `Memory.cache`."""


def human_memory(kib: int, si: bool = False) -> str:
    """A size as free -h prints it (1.9Gi): one decimal where that fits into its column, else cut to a whole number
    (scale_size in procps' free.c)."""
    size, base, end = kib * 1024, 1000 if si else 1024, "" if si else "i"
    if len(str(size)) < 4:
        return f"{size}B"
    for power, letter in enumerate("KMGTP", start=1):
        value = size / base**power
        for text in (f"{value:.1f}{letter}{end}", f"{int(value)}{letter}{end}"):
            if len(text) <= 4 + len(end):
                return text
    return f"{size}B"


def used(host: Host) -> int:
    """KiB that free and top call used: since procps 4, all that is not available."""
    if release("procps", host).startswith("3."):
        return host.memory_used
    return host.memory.total - host.memory_available


def cached(host: Host) -> int:
    """KiB of buffers and cache: memory that is neither used nor free."""
    return max(host.memory.total - host.memory_used - host.memory_free, 0)


FREE = options("""
    -b --bytes
    --kilo
    --mega
    --giga
    --tera
    --peta
    -k --kibi
    -m --mebi
    -g --gibi
    --tebi
    --pebi
    -h --human
    --si
    -l --lohi
    -t --total
    -v --committed
    -w --wide
    -s --seconds=
    -c --count=
""")
_UNITS = {"b": 0, "k": 1, "m": 2, "g": 3, "tebi": 4, "pebi": 5, "kilo": 1, "mega": 2, "giga": 3, "tera": 4, "peta": 5}
"""Option -> the power of 1024, or of 1000, that is one unit."""
_DECIMAL = ("kilo", "mega", "giga", "tera", "peta")


def free(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, FREE, most=0)
    for name, why in (
        ("s", "seconds argument failed: '{}': Invalid argument"),
        ("c", "failed to parse count argument: '{}'"),
    ):
        if name in flags and not re.fullmatch(r"\d{1,6}(?:\.\d+)?", flags.get(name)):
            return fail(f"free: {why.format(flags.get(name))}")
    if "c" in flags and float(flags.get("c")) < 1:
        return fail(f"free: failed to parse count argument: '{flags.get('c')}': Numerical result out of range")
    host = context.host
    text = host.once(("free", *flags.pairs), lambda: _free_table(host, flags))
    if "c" in flags:
        return "\n".join([text] * max(min(int(float(flags.get("c"))), 20), 1))
    return BuiltinResult(stdout=text, exit_code=124) if "s" in flags else text


def _free_table(host: Host, flags: Flags) -> str:
    memory, cache, free_now = host.memory, cached(host), host.memory_free
    pieces = [cache // CACHE_SHARE, cache - cache // CACHE_SHARE] if "w" in flags else [cache]
    rows = [("Mem:", [memory.total, used(host), free_now, memory.shared, *pieces, host.memory_available])]
    if "l" in flags:
        rows += [("Low:", [memory.total, memory.total - free_now, free_now]), ("High:", [0, 0, 0])]
    rows.append(("Swap:", [memory.swap_total, memory.swap_used, memory.swap_total - memory.swap_used]))
    if "t" in flags:
        rows.append(("Total:", [first + second for first, second in zip(rows[0][1][:3], rows[-1][1], strict=True)]))
    if "v" in flags:
        limit, committed = memory.total // 2 + memory.swap_total, host.memory_used * 11 // 10
        rows.append(("Comm:", [limit, committed, limit - committed]))
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
        text += f"{label:<9}" + " ".join(f"{_amount(cell, flags):>11}" for cell in cells) + "\n"
    return text


def _amount(kib: int, flags: Flags) -> str:
    if "h" in flags:
        return human_memory(kib, "si" in flags)
    unit = next((name for name, _ in reversed(flags.pairs) if name in _UNITS), "k")
    base = 1000 if "si" in flags or unit in _DECIMAL else 1024
    return str(kib * 1024 // base ** _UNITS[unit])


def busy(host: Host) -> float:
    """Processor usage in percent of all cores."""
    return min(sum(process.cpu for process in host.processes) / host.system.cores, 100.0)


TOP = options("""
    -b
    -n=
    -o=
    -p=
    -u=
    -U=
    -c
    -d=
    -w[=]
    -H
    -E=
    ~ -e=
    ~ -i
    ~ -S
    ~ -s
    ~ -1
""")
SCREEN = 80
"""Columns of top without a terminal."""
_SCALES = {"k": ("KiB", 1), "m": ("MiB", 1024), "g": ("GiB", 1024**2), "t": ("TiB", 1024**3), "p": ("PiB", 1024**4)}


def _wrong_top(context: CommandContext, flags: Flags) -> str:
    """What is wrong with a value; "" if nothing is."""
    known = accounts(context.host)
    if "n" in flags and not (flags.get("n").isdecimal() and int(flags.get("n"))):
        return f"bad iterations argument '{flags.get('n')}'"
    if "d" in flags and duration(flags.get("d")) is None:
        return f"bad delay interval '{flags.get('d')}'"
    if wrong := [pid for pid in flags.get("p").split(",") if "p" in flags and not pid.isdecimal()]:
        return f"bad pid '{wrong[0]}'"
    if any(name in flags and not flags.get(name).isdecimal() and flags.get(name) not in known for name in "uU"):
        return "Invalid user"
    if "w" in flags and not re.fullmatch(r"\d*", flags.get("w")):
        return f"bad width arg '{flags.get('w')}'"
    if "E" in flags and flags.get("E") not in _SCALES:
        return f"bad memory scaling arg '{flags.get('E')}'"
    return ""


def top(context: CommandContext) -> str | BuiltinResult:
    context.argv = [
        f"-{word}" if place == 0 and word[:1] in ("b", "n") else word for place, word in enumerate(context.argv)
    ]
    flags = parse(context, TOP)
    if wrong := _wrong_top(context, flags):
        return fail(f"top: {wrong}")
    if "b" not in flags:
        return fail("top: failed tty get")
    host = context.host
    ids = accounts(host)
    wanted = {flags.get(name) for name in "uU" if name in flags}
    rows = [p for p in host.processes if not wanted or {p.user, str(ids.get(p.user))} & wanted]
    if "p" in flags:
        rows = [process for process in rows if str(process.pid) in flags.get("p").split(",")]
    keys = {"%MEM": lambda p: -p.resident, "RES": lambda p: -p.resident, "PID": lambda p: -p.pid,
        "VIRT": lambda p: -p.virtual, "TIME+": lambda p: -p.seconds, "%CPU": lambda p: -p.cpu}  # fmt: skip
    name = flags.get("o", "%CPU").lstrip("+-").upper()
    if name not in keys:
        return fail(f"top: unrecognized field name '{flags.get('o')}'")
    rows = sorted(sorted(rows, key=lambda process: process.pid), key=keys[name])
    text = _top_head(host, flags)
    text += "    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND\n"
    text += "".join(_top_line(host, process, flags) for process in rows)
    return "\n".join([text] * min(int(flags.get("n", "1")[:6]), 5))


def _top_head(host: Host, flags: Flags) -> str:
    states = [process.state[:1] for process in host.processes]
    running, stopped, zombie = (sum(state in kinds for state in states) for kinds in ("R", "T", "Z"))
    busy_now = busy(host)
    system, waiting = busy_now / 4, min(host.waiting / host.system.cores * 20, 100 - busy_now)
    idle = 100 - busy_now - waiting
    memory = host.memory
    unit, scale = _SCALES[flags.get("E", "m")]
    mib = [f"{kib / scale:8.1f}" for kib in (memory.total, host.memory_free, used(host), cached(host))]
    swap = [
        f"{kib / scale:8.1f}" for kib in (memory.swap_total, memory.swap_total - memory.swap_used, memory.swap_used)
    ]
    return (
        f"top - {headline(host).strip()}\n"
        f"{'Threads' if 'H' in flags else 'Tasks'}: {len(states):3d} total, {running:3d} running, "
        f"{len(states) - running - stopped - zombie:3d} sleeping, "
        f"{stopped:3d} stopped, {zombie:3d} zombie\n"
        f"%Cpu(s): {busy_now - system:4.1f} us, {system:4.1f} sy,  0.0 ni, {idle:4.1f} id, {waiting:4.1f} wa,  "
        "0.0 hi,  0.0 si,  0.0 st\n"
        f"{unit} Mem : {mib[0]} total, {mib[1]} free, {mib[2]} used, {mib[3]} buff/cache\n"
        f"{unit} Swap: {swap[0]} total, {swap[1]} free, {swap[2]} used. "
        f"{host.memory_available / scale:8.1f} avail Mem\n\n"
    )


def _size(kib: int) -> str:
    """A size that fits top's columns: KiB, then 1.2g."""
    return str(kib) if kib < 1_000_000 else f"{kib / 1024**2:.1f}g"


def _top_line(host: Host, process: Process, flags: Flags) -> str:
    time = f"{process.seconds // 60}:{process.seconds % 60:02d}.00"
    user = process.user if len(process.user) <= 8 else f"{process.user[:7]}+"
    shown = process.command if "c" in flags else process.name[:15]
    line = (
        f"{process.pid:7d} {user:<8}  20   0 {_size(process.virtual):>7} {_size(process.resident):>6} "
        f"{_size(process.resident // 2):>6} {process.state[:1]} {process.cpu:5.1f} "
        f"{percent_of_memory(host, process):5.1f} {time:>9} "
    )
    room = int(flags.get("w", str(SCREEN))[:3] or 512) - len(line) - 1
    return f"{line}{shown if len(shown) <= room else shown[: max(room - 1, 0)] + '+'}\n"


VMSTAT = options("""
    -a --active
    -s --stats
    -S --unit=
    -n --one-header
    -t --timestamp
    -y --no-first
    -f --forks
    -p --partition=
    -w --wide
""")


def vmstat(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, VMSTAT, most=2)
    if wrong := [word for word in flags.words if not word.isdecimal()]:
        return fail(f"vmstat: failed to parse argument: '{wrong[0]}'")
    if flags.words and not int(flags.words[0]):
        return fail("vmstat: delay must be positive integer")
    if "f" in flags:
        return f"{context.host.next_pid:>10} forks\n"
    if "p" in flags:
        return _partition(context, flags.get("p"))
    host, now = context.host, context.host.now
    if "s" in flags:
        return _vmstat_summary(host)
    scale = {"": 1024, "k": 1000, "K": 1024, "m": 10**6, "M": 2**20}.get(flags.get("S"))
    if scale is None:
        return fail("vmstat: -S requires k, K, m or M (default is KiB)")
    kept = [host.memory.swap_used, host.memory_free]
    if "a" in flags:
        kept += [cached(host) // 2, host.memory_used // 2]
    else:
        kept += [cached(host) // CACHE_SHARE, cached(host) - cached(host) // CACHE_SHARE]
    memory = " ".join(f"{kib * 1024 // scale:6d}" for kib in kept)
    if "w" in flags and context.host.system.version == "22.04":
        return lacking(context, "vmstat -w", BuiltinResult(exit_code=1))
    running = sum(process.state.startswith("R") for process in host.processes)
    busy_now = busy(host)
    user, system = int(busy_now * 0.75), int(busy_now / 4)
    waiting = int(min(host.waiting / host.system.cores * 20, 100 - busy_now))
    line = (
        f"{running:2d} {int(host.waiting):2d} {memory} {0:4d} {0:4d} {12:5d} {31:5d} {118:4d} {246:4d} "
        f"{user:2d} {system:2d} {100 - user - system - waiting:2d} {waiting:2d} {0:2d}"
    )
    head = "procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----"
    names = " inact active" if "a" in flags else "  buff  cache"
    heads = f" r  b   swpd   free {names}   si   so    bi    bo   in   cs us sy id wa st"
    if "w" in flags:
        wide = " ".join(f"{kib * 1024 // scale:12d}" for kib in kept)
        line = (
            f"{running:4d} {int(host.waiting):4d} {wide} {0:4d} {0:4d} {12:5d} {31:5d} {118:4d} {246:4d} "
            f"{user:3d} {system:3d} {100 - user - system - waiting:3d} {waiting:3d} {0:3d} {0:3d}"
        )
        head = (
            "--procs-- -----------------------memory---------------------- ---swap-- -----io---- -system-- "
            "----------cpu----------"
        )
        names = "       inact       active" if "a" in flags else "        buff        cache"
        heads = f"   r    b         swpd         free {names}   si   so    bi    bo   in   cs  us  sy  id  wa  st  gu"
    delay = int(flags.words[0][:4]) if flags.words else 0
    times = min(int(flags.words[1][:4]), 20) if len(flags.words) > 1 else 1
    rows = [f"{line}{formatted(now + n * delay, ' %F %T') if 't' in flags else ''}\n" for n in range(times)]
    clock = [" -----timestamp-----", "                 UTC"] if "t" in flags else ["", ""]
    text = f"{head}{clock[0]}\n{heads}{clock[1]}\n" + "".join(rows)
    return BuiltinResult(stdout=text, exit_code=124) if len(flags.words) == 1 else text


def _partition(context: CommandContext, name: str) -> BuiltinResult:
    plain = name.removeprefix("/dev/")
    if not any(mount.device.removeprefix("/dev/").startswith(plain) for mount in context.host.mounts):
        return fail(f"vmstat: Disk/Partition {plain} not found")
    return lacking(context, "vmstat -p", BuiltinResult(exit_code=1))


def _vmstat_summary(host: Host) -> str:
    """-s: the memory as it is, and counters since boot."""
    memory, cache, up = host.memory, cached(host), host.now - host.boot
    ticks = sum(process.seconds for process in host.processes) * 100
    buffers = cache // CACHE_SHARE
    rows = (
        *((memory.total, "K total memory"), (used(host), "K used memory"), (host.memory_used // 2, "K active memory")),
        *((cache // 2, "K inactive memory"), (host.memory_free, "K free memory"), (buffers, "K buffer memory")),
        *((cache - buffers, "K swap cache"), (memory.swap_total, "K total swap"), (memory.swap_used, "K used swap")),
        *((memory.swap_total - memory.swap_used, "K free swap"), (ticks * 3 // 4, "non-nice user cpu ticks")),
        *((0, "nice user cpu ticks"), (ticks // 4, "system cpu ticks")),
        *((max(up * host.system.cores * 100 - ticks, 0), "idle cpu ticks"), (up // 50, "IO-wait cpu ticks")),
        *((0, "IRQ cpu ticks"), (up // 90, "softirq cpu ticks"), (0, "stolen cpu ticks")),
        *((0, "non-nice guest cpu ticks"), (0, "nice guest cpu ticks"), (up * 12, "K paged in")),
        *((up * 31, "K paged out"), (0, "pages swapped in"), (0, "pages swapped out"), (up * 118, "interrupts")),
        *((up * 246, "CPU context switches"), (host.boot, "boot time"), (host.next_pid, "forks")),
    )
    return "".join(f"{number:13d} {what}\n" for number, what in rows)


COMMANDS: dict[str, Command] = {"free": free, "top": top, "vmstat": vmstat}
