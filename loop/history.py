"""The registry's history: a file of JSON lines that only grows, each with the hash of the line before it.

A line counts once its line break is written: what a crash left without one never happened. Whoever changes or removes
a line breaks the chain at the next one; the hash of the last line stands in `champion.json`.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aj.errors import AJError, DataError

EVENTS = ("promote", "rollback")


def read_events(path: Path) -> list[dict[str, Any]]:
    """Every event, oldest first; none if there is no file.

    Raises:
        DataError: a line is no event, with file and line.
    """
    return [_event(path, number, line) for number, line in enumerate(_lines(path), start=1)]


def last_hash(path: Path) -> str | None:
    """The hash of the last line; None without a line."""
    lines = _lines(path)
    return _hash(lines[-1]) if lines else None


def append(path: Path, event: dict[str, Any]) -> str:
    """Append one event, completely or not at all, and return the hash of its line.

    Raises:
        AJError: the file cannot be written.
    """
    lines = _lines(path)
    chained = {**event, "previous": _hash(lines[-1]) if lines else None}
    line = json.dumps(chained, ensure_ascii=False).encode() + b"\n"
    size = sum(map(len, lines))
    try:
        with path.open("r+b" if path.exists() else "wb", buffering=0) as file:
            file.truncate(size)  # of what a crash left
            file.seek(size)
            try:
                if file.write(line) != len(line):
                    raise OSError(28, "No space left on device")
                os.fsync(file.fileno())
            except OSError:
                file.truncate(size)
                raise
    except OSError as error:
        raise AJError(f"{path} cannot be written ({error.strerror}); free or unlock it, then run again.") from error
    return _hash(line)


def breaks(path: Path) -> Iterator[str]:
    """Where the chain is broken, one sentence for each place. Lines from before there was a chain may come first.

    Raises:
        DataError: a line is no event.
    """
    lines, events = _lines(path), read_events(path)
    chained = False
    for number, event in enumerate(events, start=1):
        expected = _hash(lines[number - 2]) if number > 1 else None
        told = event.get("previous", "")
        if told == "" and not chained:
            continue
        chained = True
        if told != expected:
            yield f"{path}:{number} does not follow from the line before it: one of the two was changed or removed."


def _lines(path: Path) -> list[bytes]:
    try:
        whole = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    except OSError as error:
        raise AJError(f"{path} cannot be read ({error.strerror}); unlock it, then run again.") from error
    return [line for line in whole if line.endswith(b"\n")]


def _event(path: Path, number: int, line: bytes) -> dict[str, Any]:
    place, mend = f"{path}:{number}", "restore the file from a backup, or remove the line"
    try:
        event = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{place}: not a JSON object ({error}); {mend}.") from error
    crowned = event.get("champion") if isinstance(event, dict) else None
    if (
        not isinstance(crowned, dict)
        or not all(isinstance(crowned.get(key), str) for key in ("run", "name", "adapter"))
        or event.get("event") not in EVENTS
    ):
        raise DataError(f"{place}: not a promotion or rollback with a champion's run, name and adapter; {mend}.")
    if not isinstance(crowned.get("verdict") or {}, dict):
        raise DataError(f"{place}: the champion's verdict is no JSON object; {mend}.")
    if not all(isinstance(told.get("reason") or "", str) for told in (event, crowned)):
        raise DataError(f"{place}: the reason is no text; {mend}.")
    return event


def _hash(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()
