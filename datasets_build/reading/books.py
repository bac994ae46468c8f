"""Files that this project writes beside rows and that hold none: what was refused, and the lock of a data set."""

from collections.abc import Mapping
from typing import Any

QUARANTINE = frozenset(("file", "line", "code", "why", "record"))
"""A line of `quarantine.jsonl`, which `aj lint --fix` writes."""
REJECTS = (frozenset(("source", "codes", "why", "row")), frozenset(("where", "code", "why")))
"""A line of `rejects.jsonl`, as `aj build` and as `aj data` write it."""
LOCK = frozenset(("hash", "recipe", "files", "order"))


def is_book(value: Mapping[str, Any]) -> bool:
    """Whether a record is no row, but says what became of one, or of all."""
    keys = value.keys()
    return keys == QUARANTINE or keys in REJECTS or keys >= LOCK
