"""JSON as ConvertTo-Json of Windows PowerShell 5.1 writes it: members stand under the bracket that holds them."""

import json
import re
from datetime import datetime

from fleet.windows.values import number_text

JsonData = None | bool | int | float | str | datetime | list["JsonData"] | dict[str, "JsonData"]
INDENT = 4
_ESCAPED = re.compile(r"[<>&'\x7f\u0085\u2028\u2029]")


def compressed(data: JsonData) -> str:
    match data:
        case dict():
            return "{" + ",".join(f"{_text(key)}:{compressed(held)}" for key, held in data.items()) + "}"
        case list():
            return "[" + ",".join(map(compressed, data)) + "]"
        case _:
            return _scalar(data)


def pretty(data: JsonData, column: int = 0) -> str:
    """`column` is where the value's bracket stands."""
    inside, around = " " * (column + INDENT), " " * column
    match data:
        case dict():
            keys = {key: f"{_text(key)}:  " for key in data}
            members = [f"{inside}{keys[key]}{pretty(held, len(inside) + len(keys[key]))}" for key, held in data.items()]
            return "{\n" + ",\n".join(members) + f"\n{around}}}"
        case list():
            return "[\n" + ",\n".join(f"{inside}{pretty(held, len(inside))}" for held in data) + f"\n{around}]"
        case _:
            return _scalar(data)


def _scalar(value: bool | int | float | str | datetime | None) -> str:
    match value:
        case datetime():
            return f'"\\/Date({int(value.timestamp()) * 1000})\\/"'
        case str():
            return _text(value)
        case float():
            plain = repr(value).removesuffix(".0")
            return plain if plain.lstrip("-")[:1].isdigit() else f'"{number_text(value)}"'
        case _:
            return json.dumps(value)


def _text(text: str) -> str:
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))
