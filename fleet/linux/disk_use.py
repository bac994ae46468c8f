"""Commands that report disk usage: df, du."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from bashkit import BuiltinResult

from fleet.linux.clock import formatted
from fleet.linux.command import Command, CommandContext, Flags, UsageError, fail, lacking, parse, table
from fleet.linux.file_tree import FileNode, node, walk
from fleet.linux.ls import human
from fleet.linux.options import options
from fleet.model import Host, Mount

INODE = 16
"""KiB of a file system per inode."""


# --- df -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Space:
    """One line of df, in KiB or, with -i, in inodes."""

    source: str
    kind: str
    size: int
    used: int
    available: int
    target: str

    @property
    def percent(self) -> str:
        whole = self.used + self.available
        return f"{-(-100 * self.used // whole)}%" if whole else "-"


DF = options("""
    -a --all
    -h --human-readable
    -H --si
    -m
    ~ -k
    -i --inodes
    -T --print-type
    -P --portability
    ~ -l --local
    -t --type=
    -x --exclude-type=
    -B --block-size=
    ~ -v
    --total
    ~ --sync
    ~ --no-sync
    --output[=]
""")


def df(context: CommandContext) -> BuiltinResult:
    flags = parse(context, DF)
    _check_step(context, flags)
    host = context.pull()
    mounts, errors = list(host.mounts), ""
    if flags.words:
        mounts = []
        for word in flags.words:
            found = node(context, context.absolute(word))
            device = next((mount for mount in host.mounts if mount.device == word and word.startswith("/")), None)
            if found is None and device is None:
                errors += f"df: {word}: No such file or directory\n"
            else:
                mounts.append(device or host.mount_of(context.absolute(word)))
    elif "a" in flags:
        return lacking(context, "df -a", BuiltinResult(exit_code=1))
    only, without = flags.every("t"), flags.every("x")
    mounts = [m for m in mounts if m.kind not in without and (m.kind in only or not only)]
    if not mounts:
        return BuiltinResult(stderr=errors or "df: no file systems processed\n", exit_code=1)
    try:
        text = host.once(("df", *flags.pairs, *mounts), lambda: _df_table(_spaces(host, mounts, flags), flags))
        return BuiltinResult(stdout=text, stderr=errors, exit_code=1 if errors else 0)
    except KeyError as unknown:
        return fail(f"df: option --output: field ‘{unknown.args[0]}’ unknown\nTry 'df --help' for more information.")


def _spaces(host: Host, mounts: list[Mount], flags: Flags) -> list[tuple[Space, Space]]:
    """(blocks, inodes) of each file system, and of all together with --total."""
    counted = "i" in flags or "output" in flags  # counting files takes longer than all the rest
    spaces = [(space := _space(host, mount), _inodes(host, mount) if counted else space) for mount in mounts]
    if "total" in flags:
        spaces.append((_sum([space for space, _ in spaces]), _sum([inodes for _, inodes in spaces])))
    return spaces


def _space(host: Host, mount: Mount) -> Space:
    return Space(mount.device, mount.kind, mount.size, host.used(mount), host.available(mount), mount.target)


def _inodes(host: Host, mount: Mount) -> Space:
    total = mount.size // INODE
    used = min(mount.base // (4 * INODE) + sum(host.mount_of(path) == mount for path in host.files), total)
    return Space(mount.device, mount.kind, total, used, total - used, mount.target)


def _sum(spaces: list[Space]) -> Space:
    size, used, available = (sum(getattr(space, name) for space in spaces) for name in ("size", "used", "available"))
    return Space("total", "-", size, used, available, "-")


def _cells(space: Space, amount: Callable[[int], str], front: str = "") -> dict[str, str]:
    """The numbers of one line of df by the names of --output; with `front` i, those of inodes."""
    total = "itotal" if front else "size"
    return {
        total: amount(space.size),
        f"{front}used": amount(space.used),
        f"{front}avail": amount(space.available),
        f"{front}pcent": space.percent,
    }


def _df_table(spaces: list[tuple[Space, Space]], flags: Flags) -> str:
    """The table of (blocks, inodes) of each file system."""
    inodes = "i" in flags
    count: Callable[[int], str] = str
    if wanted := flags.last("hH"):
        base = 1024 if wanted == "h" else 1000
        amount, count, label = (lambda value: human(value, 1024, base)), (lambda value: human(value, 1, base)), "Size"
    else:
        step = _step("M" if "m" in flags else flags.get("B", "K"))
        unit = flags.get("B") if re.fullmatch(r"[KkMGT]i?B?", flags.get("B")) else ""
        amount = lambda value: f"{-(-value * 1024 // step[0])}{unit.replace('i', '').replace('k', 'K')}"  # noqa: E731
        label = "1024-blocks" if "P" in flags and step[0] == 1024 else f"{step[1]}-blocks"
    names = {"size": label, "used": "Used", "avail": "Available" if label != "Size" else "Avail"}
    percent = "Capacity" if "P" in flags and not wanted else "Use%"
    heads = {"source": "Filesystem", "fstype": "Type", **names, "pcent": percent, "target": "Mounted on",
        "file": "File", "itotal": "Inodes", "iused": "IUsed", "iavail": "IFree", "ipcent": "IUse%"}  # fmt: skip
    numbers = ["itotal", "iused", "iavail", "ipcent"] if inodes else ["size", "used", "avail", "pcent"]
    default = ["source", *(["fstype"] if "T" in flags else []), *numbers, "target"]
    if "output" in flags:
        default = ["source", "fstype", "itotal", "iused", "iavail", "ipcent", "size", "used", "avail", "pcent", "file",
            "target"]  # fmt: skip
        heads["avail"] = "Avail"
    fields = flags.get("output").split(",") if flags.get("output") else default
    rows = [[heads[field] for field in fields]]
    for space, nodes in spaces:
        cells = {"source": space.source, "fstype": space.kind, "target": space.target, "file": "-"}
        cells |= _cells(space, amount) | _cells(nodes, count, "i")
        rows.append([cells[field] for field in fields])
    left = ("source", "fstype", "target", "file")
    # df's minimum widths: 14 for the file system's name, 5 for numbers.
    wide = {"source": 14, "size": 5, "used": 5, "avail": 5, "pcent": 4, "itotal": 5, "iused": 5, "iavail": 5}
    rows[0] = [
        cell.ljust(wide.get(name, 0)) if name in left else cell.rjust(wide.get(name, 0))
        for name, cell in zip(fields, rows[0], strict=True)
    ]
    return table(rows, right=[place for place, name in enumerate(fields) if name not in left])


def _check_step(context: CommandContext, flags: Flags) -> None:
    """Refuse a block size that is none."""
    if "B" in flags and not re.fullmatch(r"\d{0,6}([KkMGTPE](i?B)?)?", flags.get("B")):
        option = "--block-size" if any(word.startswith("--b") for word in context.argv) else "-B"
        raise UsageError(fail(f"{context.name}: invalid {option} argument '{flags.get('B')}'"))


def _step(text: str) -> tuple[int, str]:
    """(block size in bytes, its name) given by `-B`."""
    match = re.fullmatch(r"(\d{0,6})([KMGT]?)(I?B)?", text.upper())
    base = 1000 if match and match[2] and match[3] == "B" else 1024
    size = int(match[1] or 1) * base ** " KMGT".index(match[2] or " ") if match else 1024
    name = (match[1] or "1") + (match[2] + "B" if base == 1000 else match[2]) if match else "1K"
    return max(size, 1), "1K" if size == 1024 else name if match and match[2] else f"{name}B"


# --- du -------------------------------------------------------------------------------------------------------------


DU = options("""
    -s --summarize
    -h --human-readable
    -a --all
    -c --total
    -d --max-depth=
    -x --one-file-system
    -b --bytes
    ~ -k
    -m
    -S --separate-dirs
    -B --block-size=
    -0 --null
    -t --threshold=
    -X --exclude-from=
    --inodes
    --time[=]
    --si
    ~ -P --no-dereference
    ~ -L --dereference
    ~ -D -H --dereference-args
    ~ -l --count-links
    --exclude=
    --apparent-size
""")


def du(context: CommandContext) -> BuiltinResult:
    flags = parse(context, DU)
    _check_step(context, flags)
    deepest = flags.get("d", "0" if "s" in flags else "1000")
    if not re.fullmatch(r"\d{1,6}", deepest):
        return fail(f"du: invalid maximum depth ‘{deepest}’\nTry 'du --help' for more information.")
    context.pull()
    if "X" in flags:
        listed = context.host.files.get(context.absolute(flags.get("X")))
        if listed is None:
            hint = "Try 'du --help' for more information."
            return fail(f"du: {flags.get('X')}: No such file or directory\n{hint}")
        flags.pairs += [("exclude", glob) for glob in listed.content.splitlines()]
    least = _threshold(flags.get("t", "0"))
    if least is None:
        return fail(f"du: invalid --threshold argument '{flags.get('t')}'")
    end = "\0" if "0" in flags else "\n"
    text, errors, total = "", "", 0
    for word in flags.words or ["."]:
        top = node(context, context.absolute(word), follow=False)
        if top is None:
            errors += f"du: cannot access '{word}': No such file or directory\n"
            continue
        rows = _sums(context, top, flags)
        total += rows[-1][1]
        for entry, size in rows:
            below = entry.path[len(top.path.rstrip("/")) :] if entry is not top else ""
            depth = below.count("/")
            heavy = size >= least if least >= 0 else size <= -least
            if depth <= int(deepest) and (entry.folder or "a" in flags or entry is top) and heavy:
                time = f"{formatted(entry.modified, '%F %R')}\t" if "time" in flags else ""
                text += f"{_amount(size, flags)}\t{time}{word.rstrip('/') + below if below else word}{end}"
    if "c" in flags:
        text += f"{_amount(total, flags)}\ttotal{end}"
    return BuiltinResult(stdout=text, stderr=errors, exit_code=1 if errors else 0)


def _sums(context: CommandContext, top: FileNode, flags: Flags) -> list[tuple[FileNode, int]]:
    """(node, total bytes), a folder after its content, in du's order."""
    host = context.host
    exact = "b" in flags or "apparent-size" in flags
    mount = host.mount_of(top.path)
    rows: list[tuple[FileNode, int]] = []
    open_folders: list[tuple[int, FileNode, int]] = []
    left_out = ""
    for depth, entry in walk(context, top):
        if entry is not top and ((left_out and entry.path.startswith(left_out)) or _excluded(entry, flags)):
            left_out = left_out if left_out and entry.path.startswith(left_out) else f"{entry.path}/"
            continue
        if "x" in flags and entry is not top and host.mount_of(entry.path) != mount:
            continue
        _close(open_folders, rows, depth, "S" in flags)
        own = 1 if "inodes" in flags else entry.size if exact else entry.blocks * 1024
        if entry.folder:
            more = 0 if "inodes" in flags else _unlisted(host, entry.path)
            open_folders.append((depth, entry, own + more))
        else:
            rows.append((entry, own))
            if open_folders:
                depth_of, folder, size = open_folders[-1]
                open_folders[-1] = (depth_of, folder, size + own)
    _close(open_folders, rows, 0, "S" in flags)
    return rows


def _excluded(entry: FileNode, flags: Flags) -> bool:
    """Whether --exclude names an entry, by its name or by the end of its path."""
    globs = flags.every("exclude")
    return any(fnmatchcase(entry.name, glob) or fnmatchcase(entry.path, f"*/{glob}") for glob in globs)


def _close(
    open_folders: list[tuple[int, FileNode, int]], rows: list[tuple[FileNode, int]], depth: int, apart: bool
) -> None:
    """Finish the folders that the walk has left, adding each one's size to its parent, unless they are kept apart."""
    while open_folders and open_folders[-1][0] >= depth:
        _, folder, size = open_folders.pop()
        rows.append((folder, size))
        if open_folders and not apart:
            around = open_folders[-1]
            open_folders[-1] = (around[0], around[1], around[2] + size)


def _unlisted(host: Host, path: str) -> int:
    """Bytes of a mount's `base` that du attributes to a folder: on the root disk to /usr, elsewhere to the mount
    point."""
    return sum(
        mount.base * 1024
        for mount in host.mounts
        if path == ("/usr" if mount.target == "/" else mount.target) and mount.kind not in ("devtmpfs", "tmpfs")
    )


def _threshold(text: str) -> int | None:
    """The bytes that -t names: at least, or at most if negative."""
    sign = -1 if text.startswith("-") else 1
    found = re.fullmatch(r"(\d{1,12})([KMGT]?)(?:iB|B)?", text.lstrip("-+"))
    return sign * int(found[1]) * 1024 ** " KMGT".index(found[2] or " ") if found else None


def _amount(size: int, flags: Flags) -> str:
    if "inodes" in flags:
        return str(size)
    unit = flags.last("bhkmB")
    if unit in ("", "h") and ("h" in flags or "si" in flags):
        return human(size, base=1000 if "si" in flags else 1024)
    if unit == "B":
        step, name = _step(flags.get("B"))
        return f"{-(-size // step)}{name.lstrip('0123456789') if re.match('[A-Za-z]', flags.get('B')) else ''}"
    step = 1 if unit == "b" else 1024**2 if unit == "m" else 1024
    return str(-(-size // step))


COMMANDS: dict[str, Command] = {"df": df, "du": du}
