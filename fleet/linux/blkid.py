"""blkid: what is on the disks."""

from hashlib import sha256

from bashkit import BuiltinResult

from fleet.linux.command import Command, CommandContext, fail, lacking, parse
from fleet.linux.mounts import block_devices
from fleet.linux.options import options
from fleet.model import Host

BLKID = options("""
    -s --match-tag=
    -o --output=
    -L --label=
    -U --uuid=
    -t --match-token=
    -l --list-one
    ~ -g --garbage-collect
    ~ -c --cache-file=
    ~ -d --no-encoding
""")
_FORMATS = ("full", "value", "device", "export")
_OTHER_FORMATS = ("list", "udev")


def tags(host: Host) -> dict[str, dict[str, str]]:
    """device -> what is known of the file system on it."""
    found = {}
    for row in block_devices(host):
        if row["FSTYPE"]:
            part = sha256(f"table {host.name} {row['NAME'][:3]}".encode()).hexdigest()[:8]
            values = {"LABEL": row["LABEL"], "UUID": row["UUID"], "BLOCK_SIZE": "4096", "TYPE": row["FSTYPE"]}
            values |= {"PARTUUID": f"{part}-01"} if row["TYPE"] == "part" else {}
            found[f"/dev/{row['NAME']}"] = {name: value for name, value in values.items() if value}
    return found


def _blkid(context: CommandContext) -> BuiltinResult:
    flags = parse(context, BLKID)
    form = flags.get("o", "full")
    if form in _OTHER_FORMATS:
        return lacking(context, f"blkid -o {form}", BuiltinResult(exit_code=2))
    if form not in _FORMATS:
        return fail(f"blkid: unsupported output format {form}", 4)
    known = tags(context.host)
    for flag, tag in (("L", "LABEL"), ("U", "UUID")):
        if flag in flags:
            at = next((device for device, values in known.items() if values.get(tag) == flags.get(flag)), "")
            return BuiltinResult(f"{at}\n" if at else "", exit_code=0 if at else 2)
    if "t" in flags:
        tag, sign, value = flags.get("t").partition("=")
        if not sign:
            return fail("blkid: -t needs NAME=value pair", 4)
        known = {device: values for device, values in known.items() if values.get(tag) == value.strip('"')}
    known = {device: values for device, values in known.items() if not flags.words or device in flags.words}
    if "s" in flags:
        named = flags.every("s")
        known = {device: {tag: values[tag] for tag in values if tag in named} for device, values in known.items()}
        known = {device: values for device, values in known.items() if values}
    if "l" in flags:
        known = dict(list(known.items())[:1])
    text = ("\n" if form == "export" else "").join(_shown(form, device, values) for device, values in known.items())
    return BuiltinResult(text, exit_code=0 if text else 2)


def _shown(form: str, device: str, values: dict[str, str]) -> str:
    if form == "device":
        return f"{device}\n"
    if form == "value":
        return "".join(f"{value}\n" for value in values.values())
    if form == "export":
        return f"DEVNAME={device}\n" + "".join(f"{tag}={value}\n" for tag, value in values.items())
    shown = " ".join(f'{tag}="{value}"' for tag, value in values.items())
    return f"{device}: {shown}\n"


COMMANDS: dict[str, Command] = {"blkid": _blkid}
