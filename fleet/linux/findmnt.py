"""findmnt: what is mounted, as a tree or as a list, in columns, pairs or JSON."""

import json
from collections.abc import Sequence

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, Flags, fail, lacking, parse, table
from fleet.linux.ls import human
from fleet.linux.mounts import mounted
from fleet.linux.options import options
from fleet.model import Host

FINDMNT = options("""
    -l --list
    -t --types=
    -n --noheadings
    -o --output=
    -T --target=
    -S --source=
    -M --mountpoint=
    -O --options=
    -r --raw
    -P --pairs
    -J --json
    -D --df
    -b --bytes
    -s --fstab
    -R --submounts
    -f --first-only
    -i --invert
    -d --direction=
    ~ -a --ascii
    ~ -u --notruncate
    ~ -k --kernel
    ~ -v --nofsroot
    ~ -U --uniq
    ~ -e --evaluate
    ~ -c --canonicalize
    ~ --real
""")
PLAIN = ("TARGET", "SOURCE", "FSTYPE", "OPTIONS")
LIKE_DF = ("SOURCE", "FSTYPE", "SIZE", "USED", "AVAIL", "USE%", "TARGET")
SHOWN = (*PLAIN, "SIZE", "USED", "AVAIL", "USE%", "FSROOT")
OTHERS = frozenset(
    ("VFS-OPTIONS", "FS-OPTIONS", "LABEL", "UUID", "PARTLABEL", "PARTUUID", "MAJ:MIN", "ACTION", "OLD-TARGET",
     "OLD-OPTIONS", "TID", "ID", "OPT-FIELDS", "PROPAGATION", "FREQ", "PASSNO")
)  # fmt: skip
"""Columns of a real findmnt that are not simulated."""
MountRow = dict[str, str]


def findmnt(context: CommandContext) -> str | BuiltinResult:
    flags = parse(context, FINDMNT)
    host = context.pull()
    fstab = context.host_files.file(host, "/etc/fstab")
    rows = (
        _of_fstab(fstab.content if fstab else "")
        if "s" in flags
        else [_row(host, *entry, exact="b" in flags) for entry in mounted(host)]
    )
    chosen = _chosen(context, flags, rows)
    if not chosen:
        return BuiltinResult(exit_code=1)
    names = [name for name in flags.get("o").upper().split(",") if name] or (LIKE_DF if "D" in flags else PLAIN)
    if strange := next((name for name in names if name not in SHOWN), None):
        refusal = fail(f"findmnt: unknown column: {flags.get('o').split(',')[names.index(strange)]}")
        return lacking(context, f"findmnt -o {strange}", refusal) if strange in OTHERS else refusal
    if "J" in flags:
        told = [{name.lower(): row[name] or None for name in names} for row in chosen]
        return json.dumps({"filesystems": told}, indent=3) + "\n"
    if "P" in flags:
        return "".join(" ".join(f'{name}="{row[name]}"' for name in names) + "\n" for row in chosen)
    whole = len(chosen) == len(rows) and not {"l", "r", "D", "s", "t", "O"} & flags.values.keys()
    drawn = _as_tree(chosen) if whole else chosen
    cells = [[row[name] for name in names] for row in drawn]
    shown = cells if "n" in flags else [list(names), *cells]
    if "r" in flags:
        return "".join(f"{' '.join(row)}\n" for row in shown)
    return table(shown, right=[place for place, name in enumerate(names) if name in LIKE_DF[2:6]])


def _row(host: Host, source: str, target: str, kind: str, how: str, exact: bool) -> MountRow:
    mount = next((mount for mount in host.mounts if mount.target == target), None)

    def amount(kib: int) -> str:
        return str(kib * 1024) if exact else human(kib * 1024) if kib else "0"

    sizes = {"SIZE": "0", "USED": "0", "AVAIL": "0", "USE%": "-"}
    if mount:
        sizes = {"SIZE": amount(mount.size), "USED": amount(host.used(mount)), "AVAIL": amount(host.available(mount)),
            "USE%": f"{host.percent(target)}%"}  # fmt: skip
    return {"TARGET": target, "SOURCE": source, "FSTYPE": kind, "OPTIONS": how, "FSROOT": "/", **sizes}


def _of_fstab(text: str) -> list[MountRow]:
    fields = [line.split() for line in text.splitlines() if line.strip() and line[:1] != "#"]
    empty = dict.fromkeys(SHOWN, "")
    return [
        {**empty, "SOURCE": entry[0], "TARGET": entry[1], "FSTYPE": entry[2], "OPTIONS": entry[3]}
        for entry in fields
        if len(entry) > 3
    ]


def _chosen(context: CommandContext, flags: Flags, rows: Sequence[MountRow]) -> list[MountRow]:
    wanted = list(flags.words)
    if "T" in flags:
        wanted.append(context.host.mount_of(context.absolute(flags.get("T"))).target)
    wanted += [flags.get(name) for name in ("S", "M") if name in flags]
    kinds = flags.get("t").split(",") if "t" in flags else []
    how = flags.get("O").split(",") if "O" in flags else []

    def fits(row: MountRow) -> bool:
        named = all(word in (row["TARGET"], row["SOURCE"]) for word in wanted)
        below = "R" in flags and any(row["TARGET"].startswith(f"{word.rstrip('/')}/") for word in wanted)
        barred = {kind.removeprefix("no") for kind in kinds} if kinds and kinds[0].startswith("no") else set[str]()
        of_kind = not kinds or (row["FSTYPE"] not in barred if barred else row["FSTYPE"] in kinds)
        return (named or below) and of_kind and set(how) <= set(row["OPTIONS"].split(","))

    found = [row for row in rows if fits(row) != ("i" in flags)]
    return found[:1] if "f" in flags or (wanted and "R" not in flags and "i" not in flags) else found


def _as_tree(rows: Sequence[MountRow]) -> list[MountRow]:
    """The rows with branches before their targets, each below the mount that holds it."""
    root = next((row for row in rows if row["TARGET"] == "/"), None)
    if root is None:
        return list(rows)
    drawn: list[MountRow] = []

    def parent(row: MountRow) -> MountRow:
        above = [one for one in rows if one is not row and row["TARGET"].startswith(f"{one['TARGET'].rstrip('/')}/")]
        return max(above, key=lambda one: len(one["TARGET"]))

    def draw(row: MountRow, front: str, joint: str) -> None:
        drawn.append({**row, "TARGET": f"{front}{joint}{row['TARGET']}"})
        below = [one for one in rows if one is not root and parent(one) is row]
        for one in below:
            bar = "│ " if joint == "├─" else "  " if joint else ""
            draw(one, front + bar, "└─" if one is below[-1] else "├─")

    draw(root, "", "")
    return drawn


COMMANDS: dict[str, Command] = {"findmnt": findmnt}
