"""JSON as `json.dumps(value, ensure_ascii=False)` writes it, byte for byte; a small call takes a third of the time.

The identity of a row is a digest of such bytes, so another library's may not differ in a space: orjson writes without
any, msgspec puts them in. Their floats do differ (1e16 is 1e+16 in Python), and they write more types than `json`.
"""

from collections.abc import Collection
from typing import Any

import msgspec
import orjson


def quick_json(value: Any, sort_keys: bool = False) -> bytes | None:
    """The bytes in UTF-8; None for a value that `json` has to write itself: with floats, with integers beyond 64 bits,
    with half of a surrogate pair, or of any type but those of JSON."""
    option = orjson.OPT_SORT_KEYS if sort_keys else None
    try:
        return msgspec.json.format(orjson.dumps(value, option=option), indent=0) if _are_plain((value,)) else None
    except (TypeError, RecursionError):  # orjson's errors are TypeErrors
        return None


_SCALARS = frozenset((str, int, bool, type(None)))
_CONTAINERS = frozenset((dict, list, tuple))


def _are_plain(values: Collection[Any]) -> bool:
    if _SCALARS.issuperset(map(type, values)):  # most objects have nothing but texts in them
        return True
    for value in values:
        kind = type(value)
        if kind in _SCALARS:
            continue
        if kind not in _CONTAINERS or not _are_plain(value.values() if kind is dict else value):
            return False
    return True
