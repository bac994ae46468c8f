"""Static members of [Convert], [IO.Path] and [Text.Encoding]: functions of text, numbers and bytes."""

import base64
import binascii
from collections.abc import Callable

from fleet.windows.casts import cast
from fleet.windows.failure import DotNetError
from fleet.windows.values import Arguments, PSObject, PSValue, items, to_number, to_text

ENCODINGS = {"utf8": "utf-8", "ascii": "ascii", "unicode": "utf-16-le", "bigendianunicode": "utf-16-be"}
ENCODING = "System.Text.Encoding"
DIGITS = "0123456789abcdef"
BASES = (2, 8, 10, 16)


def _from_base(bits: int) -> Callable[[Arguments], PSValue]:
    """ToInt32 and the like: of a value, or of digits in another base."""

    def convert(a: Arguments) -> PSValue:
        if len(a) < 2 or not isinstance(a[0], str):
            return cast(f"int{bits}", a[0])
        base = int(to_number(a[1]))
        if base not in BASES:
            raise DotNetError("ArgumentException", "Invalid Base.")
        try:
            number = int(a[0], base)
        except ValueError:
            raise DotNetError("FormatException", "Could not find any recognizable digits.") from None
        if not -(2 ** (bits - 1)) <= number < 2**bits:
            raise DotNetError("OverflowException", f"Value was either too large or too small for a UInt{bits}.")
        return number - 2**bits if number >= 2 ** (bits - 1) else number

    return convert


def _in_base(a: Arguments) -> str:
    if len(a) < 2:
        return to_text(a[0])
    number, base = int(to_number(a[0])), int(to_number(a[1]))
    if base not in BASES:
        raise DotNetError("ArgumentException", "Invalid Base.")
    if base == 10:
        return str(number)
    left, text = number % 2 ** (32 if -(2**31) <= number < 2**31 else 64), ""
    while left or not text:
        left, digit = divmod(left, base)
        text = DIGITS[digit] + text
    return text


def _decoded(a: Arguments) -> list[PSValue]:
    try:
        return list(base64.b64decode("".join(to_text(a[0]).split()), validate=True))
    except binascii.Error:
        text = (
            "The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding "
            "characters, or an illegal character among the padding characters. "
        )
        raise DotNetError("FormatException", text) from None


def _bytes(value: PSValue) -> bytes:
    return bytes(int(to_number(one)) for one in items(value))


CONVERT: dict[str, Callable[[Arguments], PSValue]] = {
    "toint32": _from_base(32),
    "toint64": _from_base(64),
    "toint16": _from_base(16),
    "tostring": _in_base,
    "todouble": lambda a: cast("double", a[0]),
    "toboolean": lambda a: cast("bool", to_number(a[0])),
    "todatetime": lambda a: cast("datetime", a[0]),
    "tobase64string": lambda a: base64.b64encode(_bytes(a[0])).decode(),
    "frombase64string": _decoded,
}


# --- paths ----------------------------------------------------------------------------------------------------------


def _leaf(path: str) -> str:
    return path.replace("/", "\\").rpartition("\\")[2].rpartition(":")[2]


def _extension(path: str) -> str:
    _, dot, tail = _leaf(path).rpartition(".")
    return dot + tail if tail else ""


def _stem(path: str) -> str:
    return path[: len(path) - len(_extension(path))].removesuffix(".")


def _root(path: str) -> str:
    head = path.replace("/", "\\")
    if head[1:2] == ":":
        return head[:3] if head[2:3] == "\\" else head[:2]
    return "\\" if head.startswith("\\") else ""


def _folder(path: str) -> str | None:
    root, head = _root(path), path.replace("/", "\\")
    if len(head) <= len(root):
        return None
    return max(root, head.rpartition("\\")[0], key=len)


def _combined(a: Arguments) -> str:
    whole = ""
    for part in (to_text(one) for one in a):
        if _root(part) or not whole:
            whole = part
        elif part:
            whole += part if whole[-1] in "\\/:" else f"\\{part}"
    return whole


def _changed(a: Arguments) -> str:
    path, extension = to_text(a[0]), to_text(a[1])
    stem = _stem(path)
    return stem if a[1] is None else f"{stem}.{extension.removeprefix('.')}"


PATH: dict[str, Callable[[Arguments], PSValue]] = {
    "getfilename": lambda a: _leaf(to_text(a[0])),
    "getfilenamewithoutextension": lambda a: _stem(_leaf(to_text(a[0]))),
    "getextension": lambda a: _extension(to_text(a[0])),
    "getdirectoryname": lambda a: _folder(to_text(a[0])),
    "getpathroot": lambda a: _root(to_text(a[0])),
    "hasextension": lambda a: _extension(to_text(a[0])) != "",
    "ispathrooted": lambda a: _root(to_text(a[0])) != "",
    "changeextension": _changed,
    "combine": _combined,
}


# --- encodings ------------------------------------------------------------------------------------------------------


def encoding(name: str) -> PSObject | None:
    """[Text.Encoding]::UTF8 and the like."""
    return PSObject(ENCODING, {"WebName": ENCODINGS[name]}, "") if name in ENCODINGS else None


def encoding_methods(value: PSObject) -> dict[str, Callable[[Arguments], PSValue]]:
    name = to_text(value.get("WebName"))
    return {
        "getbytes": lambda a: list(to_text(a[0]).encode(name, "replace")),
        "getstring": lambda a: _bytes(a[0]).decode(name, "replace"),
        "getbytecount": lambda a: len(to_text(a[0]).encode(name, "replace")),
    }
