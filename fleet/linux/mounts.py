"""Commands that show mounts and disks: mount, findmnt, lsblk."""

import re
from collections.abc import Sequence
from hashlib import sha256

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, fail, parse, table
from fleet.linux.ls import human
from fleet.model import Host, Mount

KERNEL = (
    ("sysfs", "/sys", "sysfs", "rw,nosuid,nodev,noexec,relatime"),
    ("proc", "/proc", "proc", "rw,nosuid,nodev,noexec,relatime"),
)


def mounted(host: Host) -> list[tuple[str, str, str, str]]:
    """(source, target, type, options) of everything mounted."""

    def options(mount: Mount) -> str:
        if mount.kind == "devtmpfs":
            return f"rw,nosuid,relatime,size={mount.size}k,mode=755"
        if mount.kind == "tmpfs":
            return f"rw,nosuid,nodev,size={mount.size}k"
        return "rw,relatime,errors=remount-ro" if mount.target == "/" else "rw,relatime"

    return [*KERNEL, *((mount.device, mount.target, mount.kind, options(mount)) for mount in host.mounts)]


def mount(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, "lt:o:avrwfn", ["types=", "options=", "bind"], {"types": "t", "options": "o"})
    if flags.words or "a" in flags:
        return fail(f"mount: {' '.join(flags.words[:1]) or '/'}: permission denied.", 32)
    rows = mounted(context.host)
    return "".join(
        f"{source} on {target} type {kind} ({options})\n"
        for source, target, kind, options in rows
        if flags.get("t", kind) == kind
    )


def findmnt(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, "ltno:hDT:S:", ["list", "types=", "noheadings", "output=", "df", "target="],
                  {"list": "l", "types": "t", "noheadings": "n", "output": "o", "target": "T"})  # fmt: skip
    rows = [["TARGET", "SOURCE", "FSTYPE", "OPTIONS"]]
    for source, target, kind, options in mounted(context.host):
        if not flags.words or {source, target} & set(flags.words):
            rows.append([target, source, kind, options])
    if len(rows) == 1:
        return BuiltinResult(exit_code=1)
    wanted = [name for name in flags.get("o").upper().split(",") if name in rows[0]] or rows[0]
    places = [rows[0].index(name) for name in wanted]
    return table([[row[place] for place in places] for row in (rows[1:] if "n" in flags else rows)])


def lsblk(context: CommandContext) -> str:
    flags = parse(context, "fabdnlpo:mJ", ["fs", "all", "bytes", "nodeps", "noheadings", "list", "output="],
                  {"fs": "f", "bytes": "b", "nodeps": "d", "noheadings": "n", "list": "l", "output": "o"})  # fmt: skip
    heads = ["NAME", "MAJ:MIN", "RM", "SIZE", "RO", "TYPE", "MOUNTPOINTS"]
    if "f" in flags:
        heads = ["NAME", "FSTYPE", "FSVER", "LABEL", "UUID", "FSAVAIL", "FSUSE%", "MOUNTPOINTS"]
    asked = [name for name in flags.get("o").upper().split(",") if name]
    rows = [_block(context.host, entry, "b" in flags) for entry in _blocks(context.host, "d" in flags)]
    heads = [name for name in asked if name in rows[0] or name == "MOUNTPOINT"] or heads if rows else heads
    cells = [[row.get(name, row["MOUNTPOINTS"]) for name in heads] for row in rows]
    right = [place for place, name in enumerate(heads) if name in ("RM", "SIZE", "RO", "FSAVAIL", "FSUSE%")]
    return table(cells if "n" in flags else [heads, *cells], right=right)


def _nearest(kib: int) -> str:
    """A size as lsblk prints it (19.9G): rounded to the nearest tenth, where df rounds up."""
    value, units = float(kib), "KMGT"
    while value >= 1024 and len(units) > 1:
        value, units = value / 1024, units[1:]
    return f"{value:.1f}".removesuffix(".0") + units[0]


BlockDevice = tuple[str, int, Mount | None]
"""(name, size in KiB, what is mounted from it)"""


def _blocks(host: Host, whole: bool) -> Sequence[BlockDevice]:
    """Disks, each followed by its one partition."""
    found: list[BlockDevice] = []
    for mount in host.mounts:
        if match := re.fullmatch(r"/dev/((?:sd|vd|xvd)[a-z]|nvme\d+n\d+p?)(\d*)", mount.device):
            found.append(
                (match[1].rstrip("p"), mount.size + 2048 if match[2] else mount.size, None if match[2] else mount)
            )
            if match[2] and not whole:
                found.append((f"└─{match[1]}{match[2]}", mount.size, mount))
    return found


def _block(host: Host, entry: BlockDevice, exact: bool) -> dict[str, str]:
    name, size, mount = entry
    part = name.startswith("└")
    plain = name.lstrip("└─")
    letter = ord(plain[2]) - ord("a") if plain.startswith(("sd", "vd")) else 0
    uuid = sha256(f"{host.name} {plain}".encode()).hexdigest()
    return {
        "NAME": name,
        "MAJ:MIN": f"{8:>3}:{letter * 16 + (int(plain[3:] or 1) if part else 0):<3}",
        "RM": "0",
        "SIZE": str(size * 1024) if exact else _nearest(size),
        "RO": "0",
        "TYPE": "part" if part else "disk",
        "MOUNTPOINTS": mount.target if mount else "",
        "FSTYPE": mount.kind if mount else "",
        "FSVER": "1.0" if mount and mount.kind == "ext4" else "",
        "LABEL": mount.label if mount else "",
        "UUID": f"{uuid[:8]}-{uuid[8:12]}-{uuid[12:16]}-{uuid[16:20]}-{uuid[20:32]}" if mount else "",
        "FSAVAIL": human(host.available(mount), 1024) if mount else "",
        "FSUSE%": f"{host.percent(mount.target)}%" if mount else "",
    }


COMMANDS: dict[str, Command] = {"mount": mount, "findmnt": findmnt, "lsblk": lsblk}
