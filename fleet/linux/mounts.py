"""Commands that show mounts and disks: mount, findmnt, lsblk."""

import json
import re
from collections.abc import Sequence
from hashlib import sha256

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, fail, lacking, parse, table
from fleet.linux.file_tree import node
from fleet.linux.ls import human
from fleet.linux.options import options
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


MOUNT = options("""
    -t --types=
    -o --options=
    -a --all
    -l --show-labels
    -v --verbose
    -r --read-only
    -w --rw --read-write
""")


def _cannot_mount(context: CommandContext, words: list[str]) -> BuiltinResult:
    """No host has a disk that is not mounted."""
    context.pull()
    device, target = words[0], words[-1]
    if len(words) == 1:
        return fail(f"mount: {device}: can't find in /etc/fstab.")
    if node(context, context.absolute(target)) is None:
        return fail(f"mount: {target}: mount point does not exist.", 32)
    if any(mount.device == device for mount in context.host.mounts):
        return fail(f"mount: {target}: {device} already mounted or mount point busy.", 32)
    return fail(f"mount: {target}: special device {device} does not exist.", 32)


def mount(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, MOUNT)
    if flags.words:
        return _cannot_mount(context, flags.words)
    rows = mounted(context.host)
    return "".join(
        f"{source} on {target} type {kind} ({options})\n"
        for source, target, kind, options in rows
        if flags.get("t", kind) == kind
    )


FINDMNT = options("""
    -l --list
    -t --types=
    -n --noheadings
    -o --output=
    -T --target=
    -S --source=
    -r --raw
    ~ -a --ascii
    ~ -u --notruncate
""")


def findmnt(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, FINDMNT)
    heads = ["TARGET", "SOURCE", "FSTYPE", "OPTIONS"]
    rows = [[target, source, kind, how] for source, target, kind, how in mounted(context.host)]
    if "T" in flags:
        inside = context.host.mount_of(context.absolute(flags.get("T"))).target
        rows = [row for row in rows if row[0] == inside]
    for wanted in [*flags.words, *([flags.get("S")] if "S" in flags else [])]:
        rows = [row for row in rows if wanted in row[:2]]
    rows = [row for row in rows if "t" not in flags or row[2] in flags.get("t").split(",")]
    if not rows:
        return BuiltinResult(exit_code=1)
    names = [name for name in flags.get("o").upper().split(",") if name] or heads
    if strange := [name for name in names if name not in heads]:
        return lacking(context, f"findmnt -o {strange[0]}", fail(f"findmnt: unknown column: {strange[0]}"))
    shown = [[row[heads.index(name)] for name in names] for row in rows]
    shown = shown if "n" in flags else [names, *shown]
    return "".join(f"{' '.join(row)}\n" for row in shown) if "r" in flags else table(shown)


LSBLK = options("""
    -f --fs
    -a --all
    -b --bytes
    -d --nodeps
    -n --noheadings
    -l --list
    -p --paths
    -o --output=
    -J --json
    -i --ascii
    -r --raw
""")
BLOCK_HEADS = ["NAME", "MAJ:MIN", "RM", "SIZE", "RO", "TYPE", "MOUNTPOINTS"]
FS_HEADS = ["NAME", "FSTYPE", "FSVER", "LABEL", "UUID", "FSAVAIL", "FSUSE%", "MOUNTPOINTS"]


def lsblk(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, LSBLK)
    blocks = _blocks(context.host, "d" in flags)
    if flags.words:
        wanted = [word.removeprefix("/dev/") for word in flags.words]
        if lost := [word for word in wanted if word not in [name.lstrip("└─") for name, _, _ in blocks]]:
            return fail(f"lsblk: {lost[0]}: not a block device", 32)
        blocks = [block for block in blocks if any(block[0].lstrip("└─").startswith(word) for word in wanted)]
    rows = [_block(context.host, entry, "b" in flags) for entry in blocks]
    heads = [name for name in flags.get("o").upper().split(",") if name] or (FS_HEADS if "f" in flags else BLOCK_HEADS)
    known = {*FS_HEADS, *BLOCK_HEADS, "MOUNTPOINT"}
    if strange := [name for name in heads if name not in known]:
        return lacking(context, f"lsblk -o {strange[0]}", fail(f"lsblk: unknown column: {strange[0]}"))
    if "p" in flags:
        rows = [row | {"NAME": re.sub(r"[a-z]", r"/dev/\g<0>", row["NAME"], count=1)} for row in rows]
    if "J" in flags:
        return json.dumps({"blockdevices": _nested(rows, heads)}, indent=3) + "\n"
    flat = {"l", "r", "d"} & flags.values.keys()
    for row in rows:
        tree = row["NAME"].replace("└─", "`-") if "i" in flags else row["NAME"]
        row["NAME"] = row["NAME"].lstrip("└─") if flat else tree
    cells = [[row.get(name, row["MOUNTPOINTS"]) for name in heads] for row in rows]
    shown = cells if "n" in flags else [heads, *cells]
    if "r" in flags:
        return "".join(f"{' '.join(cell.strip() for cell in row)}\n" for row in shown)
    right = [place for place, name in enumerate(heads) if name in ("RM", "SIZE", "RO", "FSAVAIL", "FSUSE%")]
    return table(shown, right=right) if shown else ""


def _nested(rows: list[dict[str, str]], heads: list[str]) -> list[dict[str, object]]:
    """The rows as lsblk -J nests them: partitions below their disk."""
    found: list[dict[str, object]] = []
    for row in rows:
        part = row["NAME"].startswith("└")
        shown: dict[str, object] = {}
        for name in heads:
            value = row.get(name, row["MOUNTPOINTS"]).strip().lstrip("└─")
            if name == "MOUNTPOINTS":
                shown["mountpoints"] = [value or None]
            else:
                shown[name.lower()] = value == "1" if name in ("RM", "RO") else (value or None)
        if part and found:
            children = found[-1].setdefault("children", [])
            assert isinstance(children, list)
            children.append(shown)
        else:
            found.append(shown)
    return found


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
