"""Is a rebuilt data set the same as its lock says, and if not, what has changed?"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aj.errors import DataError

MOST_NAMED = 5
"""Rows or files that a sentence names; the others are counted."""


def read_lock(path: Path) -> dict[str, Any]:
    """The lock of a data set folder, or the file itself; raises DataError when it is not one."""
    path = path / "lock.json" if path.is_dir() else path
    try:
        lock = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(lock, dict) or not lock.keys() >= {"hash", "recipe", "files", "order"}:
            raise ValueError("it has no recipe, files and order of rows")
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is not a data set's lock ({error}); give a folder that `aj build` made.") from error
    return lock


def moved(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What went into the rows and has changed since: one sentence each."""
    said = [
        f"{name}: {before} then, {after} now"
        for name, before, after in (
            ("contract", then["contract"]["hash"], now["contract"]["hash"]),
            ("seed", then["seed"], now["seed"]),
            ("code", then["code"], now["code"]),
            ("checks", then.get("checks"), now["checks"]),
            *((name, then["libraries"].get(name), version) for name, version in now["libraries"].items()),
        )
        if before != after
    ]
    if changed := sorted(key for key in now["recipe"] if then["recipe"].get(key) != now["recipe"][key]):
        said.append(f"the recipe: {', '.join(changed)}")
    return [*said, *_files("source", then["inputs"], now["inputs"]), *_files("evals", then["evals"], now["evals"])]


def _files(what: str, then: list[dict[str, Any]], now: list[dict[str, Any]]) -> Iterator[str]:
    before, after = ({one["path"]: one["sha256"] for one in files} for files in (then, now))
    for path in sorted(before.keys() | after.keys()):
        if path not in after:
            yield f"{what} {path} is gone"
        elif path not in before:
            yield f"{what} {path} is new"
        elif before[path] != after[path]:
            yield f"{what} {path}: {before[path]} then, {after[path]} now"


def differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What the rebuilt files hold that the locked ones did not, and vice versa; empty when all bytes are the same."""
    said = []
    for kind, before in then["order"].items():
        after = now["order"][kind]
        if lost := sorted(set(before) - set(after)):
            said.append(f"{len(lost)} rows of {kind} are gone ({_some(lost)})")
        if new := sorted(set(after) - set(before)):
            said.append(f"{len(new)} rows of {kind} are new ({_some(new)})")
        if before != after and not lost and not new:
            said.append(f"the rows of {kind} are in another order, or appear another number of times")
    files = [name for name, digest in then["files"].items() if now["files"].get(name) != digest]
    if files and not said:
        said.append(f"other bytes in {', '.join(files)} (the rows are the same, their metadata or rendering is not)")
    return said


def _some(names: list[str]) -> str:
    rest = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")
