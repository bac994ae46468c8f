"""lscpu: the processor, as a list, as a table of its cores, or to be parsed."""

import json

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, fail, lacking, parse, table
from fleet.linux.options import options
from fleet.model import Host

LSCPU = options("""
    -p --parse[=]
    -e --extended[=]
    -J --json
    -B --bytes
    ~ -a --all
    ~ -b --online
    ~ -y --physical
""")
EXTENDED = ("CPU", "NODE", "SOCKET", "CORE", "L1d:L1i:L2:L3", "ONLINE")
PARSED = ("CPU", "Core", "Socket", "Node", "", "L1d", "L1i", "L2", "L3")
UNSHOWN = frozenset(("CLUSTER", "DRAWER", "BOOK", "CACHE", "POLARIZATION", "ADDRESS", "CONFIGURED", "MAXMHZ", "MINMHZ",
    "MHZ", "SCALMHZ%", "MODELNAME"))  # fmt: skip
"""Columns of a real lscpu that are not simulated."""
_PARSE_HEAD = """# The following is the parsable format, which can be fed to other
# programs. Each different item in every column has an unique ID
# starting usually from zero.
"""
_CACHES = (("L1d", 32), ("L1i", 32), ("L2", 1024))
"""name, KiB of each core"""
_SHARED = 16_384
"""KiB of the cache of all cores"""


def lscpu(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, LSCPU, most=0)
    host = context.host
    for name in ("p", "e"):
        if name in flags:
            return _by_core(context, flags.get(name), parsed=name == "p")
    rows = _rows(host, "B" in flags)
    if "J" in flags:
        return json.dumps({"lscpu": _nested(rows)}, indent=3) + "\n"
    width = max(len(label) + 2 * depth for depth, label, _ in rows) + 2
    return "".join(f"{'  ' * depth + label + ':':<{width}}{value}".rstrip() + "\n" for depth, label, value in rows)


def _rows(host: Host, exact: bool) -> list[tuple[int, str, str]]:
    """(depth, label, value)"""
    system, cores = host.system, host.system.cores
    amd = "AMD" in system.cpu
    every = f"0-{cores - 1}" if cores > 1 else "0"

    def size(kib: int) -> str:
        return str(kib * 1024) if exact else f"{kib} KiB" if kib < 1024 else f"{kib // 1024} MiB"

    def instances(count: int) -> str:
        return f"({count} instance{'s' if count > 1 else ''})"

    return [
        (0, "Architecture", "x86_64"),
        (1, "CPU op-mode(s)", "32-bit, 64-bit"),
        (1, "Address sizes", "48 bits physical, 48 bits virtual"),
        (1, "Byte Order", "Little Endian"),
        (0, "CPU(s)", str(cores)),
        (1, "On-line CPU(s) list", every),
        (0, "Vendor ID", "AuthenticAMD" if amd else "GenuineIntel"),
        (1, "Model name", system.cpu),
        (2, "CPU family", "25" if amd else "6"),
        (2, "Model", "1" if amd else "85"),
        (2, "Thread(s) per core", "1"),
        (2, "Core(s) per socket", str(cores)),
        (2, "Socket(s)", "1"),
        (2, "Stepping", "1" if amd else "7"),
        (0, "Virtualization features", ""),
        (1, "Hypervisor vendor", "KVM"),
        (1, "Virtualization type", "full"),
        (0, "Caches (sum of all)", ""),
        *((1, name, f"{size(kib * cores)} {instances(cores)}") for name, kib in _CACHES),
        (1, "L3", f"{size(_SHARED)} {instances(1)}"),
        (0, "NUMA", ""),
        (1, "NUMA node(s)", "1"),
        (1, "NUMA node0 CPU(s)", every),
    ]


def _nested(rows: list[tuple[int, str, str]]) -> list[dict[str, object]]:
    """The rows as lscpu -J nests them."""
    found: list[dict[str, object]] = []
    levels = [found]
    for depth, label, value in rows:
        entry: dict[str, object] = {"field": f"{label}:", "data": value or None}
        del levels[depth + 1 :]
        if len(levels) <= depth:
            children: list[dict[str, object]] = []
            levels[depth - 1][-1]["children"] = children
            levels.append(children)
        levels[depth].append(entry)
    return found


def _by_core(context: CommandContext, wanted: str, parsed: bool) -> str | BuiltinResult:
    names = [name.upper() for name in wanted.removeprefix("=").split(",") if name]
    cores = range(context.host.system.cores)
    cells = {"NODE": "0", "SOCKET": "0", "ONLINE": "yes", "L1D:L1I:L2:L3": ""}

    def cell(name: str, core: int) -> str:
        if name in ("CPU", "CORE", "L1D", "L1I", "L2"):
            return str(core)
        return f"{core}:{core}:{core}:0" if name == "L1D:L1I:L2:L3" else "0" if name == "L3" else cells.get(name, "")

    known = {name.upper() for name in (*EXTENDED, *PARSED[:4])}
    if strange := next((name for name in names if name not in known), None):
        refusal = fail(f"lscpu: unknown column: {wanted.removeprefix('=').split(',')[names.index(strange)]}")
        return lacking(context, f"lscpu -e={strange}", refusal) if strange in UNSHOWN else refusal
    if parsed:
        heads = [name.capitalize() if name != "CPU" else name for name in names] or PARSED
        rows = [",".join(cell(head.upper(), core) for head in heads) for core in cores]
        return _PARSE_HEAD + f"# {','.join(heads)}\n" + "".join(f"{row}\n" for row in rows)
    heads = names or [name.upper() for name in EXTENDED]
    shown = ["L1d:L1i:L2:L3" if name.startswith("L1D") else name for name in heads]
    rows = [shown, *([cell(name, core) for name in heads] for core in cores)]
    left = ("ONLINE", "L1D:L1I:L2:L3")
    return table(rows, right=[place for place, name in enumerate(heads) if name not in left])


COMMANDS: dict[str, Command] = {"lscpu": lscpu}
