"""Records which run is champion: `champion.json`, written atomically, and `history.jsonl`, which only grows.

The history is written first, under a lock; after a crash in between, the next writer repairs `champion.json`.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from aj.errors import AJError, EvidenceError
from aj.files import logs_dir, read_jsonl, write_json
from verdict.gate import GateOutcome, Verdict, to_record
from verdict.runs import BASE, read_manifest


def registry_dir() -> Path:
    return logs_dir() / "registry"


def champion(registry: Path | None = None) -> dict[str, Any] | None:
    """{run, name, adapter, promoted_at, verdict} of the champion, or None if there is none.

    Raises:
        AJError: `champion.json` cannot be read.
    """
    path = (registry or registry_dir()) / "champion.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise AJError(
            f"{path} cannot be read ({error}); restore it from the last champion in history.jsonl."
        ) from error


def promote(run: Path, verdict: Verdict, registry: Path | None = None) -> dict[str, Any]:
    """Make the run folder `run` the champion.

    Raises:
        EvidenceError: the verdict is not PROMOTE, is about another run or adapter, or has another reference than the
            current champion.
    """
    registry = registry or registry_dir()
    manifest = read_manifest(run)
    if verdict.outcome is not GateOutcome.PROMOTE:
        raise EvidenceError(f"{run.name} did not pass the gate ({verdict.outcome.name}); `aj gate` shows why.")
    if (verdict.run, verdict.adapter) != (manifest["hash"], manifest["adapter"]):
        raise EvidenceError(
            f"the verdict is about run {verdict.run}, adapter {verdict.adapter}, not about {run.name}, adapter "
            f"{manifest['adapter']}; run `aj gate` for this run."
        )
    with _locked(registry):
        current = _stack(registry)
        reigning = current[-1]["run"] if current else BASE
        if verdict.reference != reigning:
            raise EvidenceError(
                f"the verdict compares with {verdict.reference}, but the champion is {reigning}; run `aj gate` again."
            )
        entry = {
            "run": manifest["hash"],
            "name": manifest.get("name", manifest["hash"]),
            "adapter": manifest["adapter"],
            "promoted_at": _now(),
            "verdict": to_record(verdict),
        }
        _append(registry, {"event": "promote", "at": entry["promoted_at"], "champion": entry})
        write_json(registry / "champion.json", entry)
    return entry


def rollback(registry: Path | None = None, reason: str = "", runs: Path | None = None) -> dict[str, Any]:
    """Restore the previous champion, whose run must still exist, unchanged.

    Raises:
        AJError: there is no champion, or no previous one.
        EvidenceError: the previous run is gone or was changed.
    """
    registry = registry or registry_dir()
    with _locked(registry):
        stack = _stack(registry)
        if len(stack) < 2:
            raise AJError(f"{registry} has no previous champion; promote another run with `aj promote RUN`.")
        earlier = stack[-2]
        manifest = read_manifest((runs or registry.parent / "runs") / earlier["run"])
        if manifest["adapter"] != earlier["adapter"]:
            raise EvidenceError(
                f"run {earlier['run']} was changed after it was promoted; promote another run with `aj promote RUN`."
            )
        _append(registry, {"event": "rollback", "at": _now(), "reason": reason, "champion": earlier})
        write_json(registry / "champion.json", earlier)
    return earlier


def history(registry: Path | None = None) -> list[dict[str, Any]]:
    """Every promotion and rollback, oldest first.

    Raises:
        DataError: a line is not JSON, with file and line.
    """
    path = (registry or registry_dir()) / "history.jsonl"
    return [event for _, event in read_jsonl(path)] if path.exists() else []


def _stack(registry: Path) -> list[dict[str, Any]]:
    """Champions that a rollback can reach, the current one last; repairs `champion.json` if it disagrees."""
    stack: list[dict[str, Any]] = []
    for event in history(registry):
        if event["event"] == "promote":
            stack.append(event["champion"])
        else:
            stack.pop()
    path = registry / "champion.json"
    if not stack and path.exists():
        raise AJError(f"{path} names a champion that is not in {registry / 'history.jsonl'}; restore the history.")
    if stack and (not path.exists() or path.read_bytes() != _as_written(stack[-1])):
        write_json(path, stack[-1])
    return stack


def _as_written(value: dict[str, Any]) -> bytes:
    """The bytes that `aj.files.write_json` writes."""
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def _append(registry: Path, event: dict[str, Any]) -> None:
    """Append one line, completely or not at all: a line that a full disk cut short is removed."""
    path = registry / "history.jsonl"
    line = (json.dumps(event, ensure_ascii=False) + "\n").encode()
    try:
        with path.open("ab", buffering=0) as file:
            size = file.tell()
            try:
                if file.write(line) != len(line):
                    raise OSError(28, "No space left on device")
                os.fsync(file.fileno())
            except OSError:
                file.truncate(size)
                raise
    except OSError as error:
        raise AJError(f"{path} cannot be written ({error.strerror}); free or unlock it, then run again.") from error


@contextmanager
def _locked(registry: Path) -> Iterator[None]:
    lock = FileLock(registry / ".lock")
    try:
        registry.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise AJError(f"{registry} cannot be written ({error.strerror}); unlock it, then run again.") from error
    try:
        yield
    finally:
        lock.release()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
