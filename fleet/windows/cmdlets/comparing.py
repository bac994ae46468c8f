"""Cmdlets that compare: Compare-Object, Get-Unique, and Get-FileHash."""

import hashlib
from collections.abc import Iterable

from fleet.windows.binding import Cmdlet, CmdletCall
from fleet.windows.cmdlets.files import named_items
from fleet.windows.cmdlets.objects import compute
from fleet.windows.values import CUSTOM, PSObject, PSValue, items, to_text

ALGORITHMS = ("SHA1", "SHA256", "SHA384", "SHA512", "MD5")
FILE_HASH = "Microsoft.Powershell.Utility.FileHash"


def compare_object(call: CmdletCall) -> Iterable[PSValue]:
    """What both have (if asked for), then what only the second has, then what only the first has."""
    given = items(call.value("DifferenceObject")) if call.has("DifferenceObject") else call.input
    for name, values in (("ReferenceObject", call.value("ReferenceObject")), ("DifferenceObject", given or None)):
        if values is None:
            text = f"Cannot bind argument to parameter '{name}' because it is null."
            raise call.cmdlet.unbound(text, "ParameterArgumentValidationErrorNullNotAllowed", call.span)
    left = [(_key(call, item), item) for item in items(call.value("ReferenceObject"))]
    right = [(_key(call, item), item) for item in given]
    call.session.budget.spend(100 * len(left) + 100 * len(right))
    both: list[PSValue] = []
    unmatched: dict[str, list[PSValue]] = {}
    for key, item in left:
        unmatched.setdefault(key, []).append(item)
    added: list[PSValue] = []
    for key, item in right:
        if unmatched.get(key):
            both.append(unmatched[key].pop(0))
        else:
            added.append(item)
    gone = {id(item) for rest in unmatched.values() for item in rest}
    rows = [(item, "==") for item in both] if call.flag("IncludeEqual") else []
    if not call.flag("ExcludeDifferent"):
        rows += [(item, "=>") for item in added] + [(item, "<=") for _, item in left if id(item) in gone]
    return [item if call.flag("PassThru") else _row(call, item, side) for item, side in rows]


def _key(call: CmdletCall, item: PSValue) -> str:
    specs = items(call.value("Property"))
    parts = [to_text(compute(call, item, spec)[1]) for spec in specs] if specs else [to_text(item)]
    text = "\0".join(parts)
    return text if call.flag("CaseSensitive") else text.lower()


def _row(call: CmdletCall, item: PSValue, side: str) -> PSObject:
    shown = dict(compute(call, item, spec) for spec in items(call.value("Property"))) or {"InputObject": item}
    return PSObject(CUSTOM, {**shown, "SideIndicator": side})


def get_unique(call: CmdletCall) -> Iterable[PSValue]:
    """The input without repetitions that follow one another; case counts."""
    texts = [to_text(item) for item in call.input]
    return [item for place, item in enumerate(call.input) if place == 0 or texts[place] != texts[place - 1]]


def file_hash(call: CmdletCall) -> Iterable[PSValue]:
    name = call.text("Algorithm", "SHA256").upper()
    if name not in ALGORITHMS:
        text = (
            f"Cannot validate argument on parameter 'Algorithm'. The argument \"{name[:80]}\" does not belong to the "
            'set "SHA1,SHA256,SHA384,SHA512,MACTripleDES,MD5,RIPEMD160" specified by the ValidateSet attribute.'
        )
        raise call.cmdlet.unbound(text, "ParameterArgumentValidationError", call.span)
    rows: list[PSValue] = []
    for item in named_items(call, "Path", "LiteralPath"):
        if item.file is not None:
            call.session.budget.spend(len(item.file.content))
            extra = f"\0{item.file.bulk}" if item.file.bulk else ""  # data that is counted, but not stored
            digest = hashlib.new(name.lower(), (item.file.content + extra).encode(), usedforsecurity=False)
            values: dict[str, PSValue] = {"Algorithm": name, "Hash": digest.hexdigest().upper(), "Path": item.path}
            rows.append(PSObject(FILE_HASH, values))
    return rows


CMDLETS = (
    Cmdlet(
        "Compare-Object",
        compare_object,
        "ReferenceObject DifferenceObject",
        "Property",
        "IncludeEqual ExcludeDifferent PassThru CaseSensitive",
        lacks="SyncWindow Culture",
    ),
    Cmdlet("Get-Unique", get_unique, "", "", "AsString", lacks="OnType InputObject"),
    Cmdlet(
        "Get-FileHash",
        file_hash,
        "Path",
        "LiteralPath|PSPath Algorithm",
        lacks="InputStream",
        function=True,
    ),
)
