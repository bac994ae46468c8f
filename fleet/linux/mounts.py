"""Commands that show mounts and disks: mount, lsblk."""

import json
import re
from collections.abc import Sequence
from hashlib import sha256

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, Flags, fail, lacking, parse, table
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


DISKLESS = frozenset(
    ("proc", "sysfs", "tmpfs", "devtmpfs", "devpts", "overlay", "cgroup2", "ramfs", "debugfs", "mqueue")
)
"""File systems that no disk holds."""


def _cannot_mount(context: CommandContext, flags: Flags) -> BuiltinResult:
    """No host has a disk that is not mounted. What needs no disk would succeed, and so would mounting one twice."""
    context.pull()
    device, target = flags.words[0], flags.words[-1]
    if len(flags.words) > 2:
        return fail("mount: bad usage\nTry 'mount --help' for more information.")
    there = {name for mount in context.host.mounts for name in (mount.device, mount.target)}
    if "remount" in flags.get("o").split(",") or (len(flags.words) == 1 and device in there):
        return lacking(context, f"mount {target}", BuiltinResult(exit_code=32))
    if len(flags.words) == 1:
        return fail(f"mount: {device}: can't find in /etc/fstab.")
    if node(context, context.absolute(target)) is None:
        return fail(f"mount: {target}: mount point does not exist.", 32)
    if device in there | DISKLESS or flags.get("t") in DISKLESS:
        return lacking(context, f"mount {device}", BuiltinResult(exit_code=32))
    return fail(f"mount: {target}: special device {device} does not exist.", 32)


def mount(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, MOUNT)
    if flags.words:
        return _cannot_mount(context, flags)
    if "a" in flags:
        return ""
    rows = mounted(context.host)
    return "".join(
        f"{source} on {target} type {kind} ({options})\n"
        for source, target, kind, options in rows
        if flags.get("t", kind) == kind
    )


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
    -P --pairs
    -S --scsi
    -m --perms
    -e --exclude=
    -I --include=
    -x --sort=
    -s --inverse
    -M --merge
    ~ -A --noempty
    ~ -v
""")
BLOCK_HEADS = ["NAME", "MAJ:MIN", "RM", "SIZE", "RO", "TYPE", "MOUNTPOINTS"]
MORE = ("MOUNTPOINT", "PATH", "KNAME", "PKNAME", "ROTA", "HOTPLUG", "STATE")
UNSHOWN = frozenset(
    ("FSSIZE", "FSUSED", "FSROOTS", "LOG-SEC", "MIN-IO", "OPT-IO", "PARTFLAGS", "PARTLABEL", "PARTTYPE", "PARTUUID",
     "PHY-SEC", "PTTYPE", "PTUUID", "RA", "RAND", "RQ-SIZE", "SCHED", "SUBSYSTEMS", "WSAME", "WWN", "ZONED",
     "ALIGNMENT", "DAX", "DISC-ALN", "DISC-GRAN", "DISC-MAX", "DISC-ZERO", "START", "PARTTYPENAME")
)  # fmt: skip
"""Columns of a real lsblk that are not simulated."""
PERMS = ["NAME", "SIZE", "OWNER", "GROUP", "MODE"]
SCSI = ["NAME", "HCTL", "TYPE", "VENDOR", "MODEL", "REV", "SERIAL", "TRAN"]
FS_HEADS = ["NAME", "FSTYPE", "FSVER", "LABEL", "UUID", "FSAVAIL", "FSUSE%", "MOUNTPOINTS"]


def lsblk(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, LSBLK)
    blocks = _blocks(context.host, "d" in flags or "S" in flags)
    numbers = flags.get("e").split(",") if "e" in flags else []
    if "8" in numbers or "8" not in flags.get("I", "8").split(","):
        return ""
    if flags.words:
        wanted = [word.removeprefix("/dev/") for word in flags.words]
        names = [name.lstrip("└─") for name, _, _ in blocks]
        if lost := [word for word in flags.words if word.removeprefix("/dev/") not in names]:
            return fail(f"lsblk: {lost[0]}: not a block device", 32)
        blocks = [block for block in blocks if any(block[0].lstrip("└─").startswith(word) for word in wanted)]
    blocks = _as_roots(context.host, blocks, inverse="s" in flags)
    rows = [_block(context.host, entry, "b" in flags) for entry in blocks]
    plain = FS_HEADS if "f" in flags else PERMS if "m" in flags else SCSI if "S" in flags else BLOCK_HEADS
    heads = [name for name in flags.get("o").upper().removeprefix("+").split(",") if name]
    heads = [*plain, *heads] if flags.get("o").startswith("+") or not heads else heads
    if strange := [name for name in heads if name not in {*FS_HEADS, *BLOCK_HEADS, *PERMS, *SCSI, *MORE}]:
        refusal = fail(f"lsblk: unknown column: {strange[0]}")
        return lacking(context, f"lsblk -o {strange[0]}", refusal) if strange[0] in UNSHOWN else refusal
    if "x" in flags:
        key = flags.get("x").upper()
        rows.sort(key=lambda row: (float(row["BYTES"]) if key == "SIZE" else 0, row.get(key, "").lstrip("└─")))
    if "p" in flags:
        rows = [row | {"NAME": re.sub(r"[a-z]", r"/dev/\g<0>", row["NAME"], count=1)} for row in rows]
    if "J" in flags:
        return json.dumps({"blockdevices": _nested(rows, heads)}, indent=3) + "\n"
    flat = {"l", "r", "d", "P", "x", "S"} & flags.values.keys()
    for row in rows:
        tree = row["NAME"].replace("└─", "`-") if "i" in flags else row["NAME"]
        row["NAME"] = row["NAME"].lstrip("└─") if flat else tree
    cells = [[row.get(name, row["MOUNTPOINTS"]) for name in heads] for row in rows]
    if "P" in flags:
        pairs = [zip(heads, row, strict=True) for row in cells]
        return "".join(" ".join(f'{head}="{cell.strip()}"' for head, cell in row) + "\n" for row in pairs)
    shown = cells if "n" in flags else [heads, *cells]
    if "r" in flags:
        return "".join(f"{' '.join(cell.strip() for cell in row)}\n" for row in shown)
    right = [place for place, name in enumerate(heads) if name in ("RM", "SIZE", "RO", "FSAVAIL", "FSUSE%")]
    return table(shown, right=right) if shown else ""


def _as_roots(host: Host, blocks: "Sequence[BlockDevice]", inverse: bool) -> "Sequence[BlockDevice]":
    """The devices with branches only below a device that is shown too; inverse: disks below their partitions."""
    disks = {name: (name, size, mount) for name, size, mount in _blocks(host, whole=True)}
    if not inverse:
        names = {name for name, _, _ in blocks}
        return [block if block[0][2:].rstrip("0123456789p") in names else (block[0].lstrip("└─"), *block[1:])
                for block in blocks]  # fmt: skip
    found: list[BlockDevice] = []
    for name, size, mount in blocks:
        if name.startswith("└"):
            disk = disks[name.lstrip("└─").rstrip("0123456789")]
            found += [(name.lstrip("└─"), size, mount), (f"└─{disk[0]}", *disk[1:])]
    return found


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


def nearest(kib: int) -> str:
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
    plain = name.lstrip("└─")
    part = plain[-1:].isdecimal()
    letter = ord(plain[2]) - ord("a") if plain.startswith(("sd", "vd")) else 0
    return {
        "NAME": name,
        "MAJ:MIN": f"{8:>3}:{letter * 16 + (int(plain[3:] or 1) if part else 0):<3}",
        "RM": "0",
        "SIZE": str(size * 1024) if exact else nearest(size),
        "RO": "0",
        "TYPE": "part" if part else "disk",
        "MOUNTPOINTS": mount.target if mount else "",
        "FSTYPE": mount.kind if mount else "",
        "FSVER": "1.0" if mount and mount.kind == "ext4" else "",
        "BYTES": str(size),
        "PATH": f"/dev/{plain}",
        "KNAME": plain,
        "PKNAME": plain.rstrip("0123456789") if part else "",
        "MODEL": "" if part else "QEMU HARDDISK",
        "VENDOR": "" if part else "QEMU",
        "REV": "" if part else "2.5+",
        "SERIAL": "",
        "HCTL": "" if part else f"{letter}:0:0:0",
        "TRAN": "",
        "ROTA": "1",
        "HOTPLUG": "0",
        "STATE": "" if part else "running",
        "OWNER": "root",
        "GROUP": "disk",
        "MODE": "brw-rw----",
        "LABEL": mount.label if mount else "",
        "UUID": uuid_of(host, plain) if mount else "",
        "FSAVAIL": human(host.available(mount), 1024) if mount else "",
        "FSUSE%": f"{host.percent(mount.target)}%" if mount else "",
    }


def block_devices(host: Host) -> list[dict[str, str]]:
    """Every disk and partition, as the columns of lsblk."""
    rows = [_block(host, entry, True) for entry in _blocks(host, False)]
    return [row | {"NAME": row["NAME"].lstrip("└─"), "MAJ:MIN": row["MAJ:MIN"].strip()} for row in rows]


def uuid_of(host: Host, device: str) -> str:
    """The UUID of what is on a device, by its name with or without /dev/."""
    digits = sha256(f"{host.name} {device.removeprefix('/dev/')}".encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:32]}"


COMMANDS: dict[str, Command] = {"mount": mount, "lsblk": lsblk}
